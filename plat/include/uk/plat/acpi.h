/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The few things we ask ACPI (specification 6.4): where interrupt controllers and virtio-mmio
 * devices are. Tables are found when first asked for, checked by their
 * checksums and never run: of the DSDT's byte code only the resource lists of virtio-mmio devices
 * are recognized, by their form.
 */
#ifndef UK_PLAT_ACPI_H
#define UK_PLAT_ACPI_H

#include <uk/arch/types.h>

struct acpi_ioapic {
	paddr_t address;
	unsigned int gsi_base;
};
/** The index-th I/O APIC of the MADT (5.2.12.3); false: there is none. */
bool ukplat_acpi_ioapic(unsigned int index, struct acpi_ioapic *ioapic);

struct acpi_mmio_device {
	paddr_t address;
	uint32_t len_bytes;
	unsigned int gsi;
	bool is_level;
};
/** The index-th device "LNRO0005" (a virtio-mmio transport) of the DSDT; false: there is none. */
bool ukplat_acpi_virtio_mmio(unsigned int index, struct acpi_mmio_device *device);

#endif /* UK_PLAT_ACPI_H */
