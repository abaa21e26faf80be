/* SPDX-License-Identifier: BSD-3-Clause */
/* The transports, as virtio_probe() calls them. */
#ifndef VIRTIO_INTERNAL_H
#define VIRTIO_INTERNAL_H

#include <uk/virtio.h>

void virtio_pci_probe(void);
void virtio_mmio_probe(void);

#endif /* VIRTIO_INTERNAL_H */
