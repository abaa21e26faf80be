/* SPDX-License-Identifier: BSD-3-Clause */
/* `virtio_mmio.device=`: pure. */
#ifndef VIRTIO_MMIO_PARAM_H
#define VIRTIO_MMIO_PARAM_H

#include <uk/plat/acpi.h>

/** "SIZE@ADDRESS:IRQ[:ID]", numbers as strtoul(3) takes them, SIZE also with K, M, G; ID is
 *  ignored. The interrupt is an ISA line, hence edge-triggered. 0 or -EINVAL. */
int virtio_mmio_parse(const char *text, struct acpi_mmio_device *where);

#endif /* VIRTIO_MMIO_PARAM_H */
