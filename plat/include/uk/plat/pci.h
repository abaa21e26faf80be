/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCI (Local Bus 3.0, Express 4.0): finding functions, their registers and their interrupts. The
 * firmware has assigned bus numbers and addresses; nothing here moves a device.
 *
 * What a function says about itself is checked before it is used: lists end, ranges lie inside
 * their base address registers. Used at boot by one thread.
 */
#ifndef UK_PLAT_PCI_H
#define UK_PLAT_PCI_H

#include <linux/pci_regs.h>
#include <uk/arch/types.h>
#include <uk/plat/irq.h>

struct ukplat_pci_device {
	uint8_t bus, slot, function;
	uint16_t vendor_id, device_id;
	uint8_t irq_line; /* what INTx reaches, as the firmware wrote it: an ISA line, or > 15 */
};

/* --- the platform's: one aligned 32-bit word of configuration space --------------------------- */

/** Has this machine PCI? If so, all its devices are there. */
bool ukplat_pci_is_present(void);
uint32_t ukplat_pci_read(const struct ukplat_pci_device *dev, unsigned int offset);
void ukplat_pci_write(const struct ukplat_pci_device *dev, unsigned int offset, uint32_t value);

/** Registers of an I/O BAR, `width` 1, 2 or 4 bytes. */
uint32_t ukplat_pci_io_read(uint16_t port, unsigned int width);
void ukplat_pci_io_write(uint16_t port, unsigned int width, uint32_t value);

/* --- functions ----------------------------------------------------------------------------------
 */

/** Calls `visit` for every function of a type 0 header on every bus. */
void ukplat_pci_scan(void (*visit)(const struct ukplat_pci_device *dev, void *ctx), void *ctx);

/** Any offset, 1 or 2 bytes wide. */
uint8_t ukplat_pci_read8(const struct ukplat_pci_device *dev, unsigned int offset);
uint16_t ukplat_pci_read16(const struct ukplat_pci_device *dev, unsigned int offset);

/** The function answers to its addresses and may become bus master; `bits` are PCI_COMMAND_*. */
void ukplat_pci_enable(const struct ukplat_pci_device *dev, uint16_t bits);

struct ukplat_pci_bar {
	uint64_t base;      /* physical address, or port */
	uint64_t len_bytes; /* a power of two */
	bool is_io;
};
/** Base address register `index` (0-5). 0, -ENXIO when it is not there or has no address,
 *  -EINVAL when what it says makes no sense. */
int ukplat_pci_bar(const struct ukplat_pci_device *dev, unsigned int index,
		   struct ukplat_pci_bar *bar);
/** Maps [offset, offset + len) of a memory BAR; NULL when it is no such range. */
volatile void *ukplat_pci_map(const struct ukplat_pci_device *dev, unsigned int index,
			      uint32_t offset, uint32_t len_bytes);

/** The first capability `id` behind offset `after` (0: of all) in the list; its offset, or 0. */
unsigned int ukplat_pci_capability(const struct ukplat_pci_device *dev, uint8_t id,
				   unsigned int after);

/* --- MSI-X (PCI 3.0, 6.8.2)
 * ----------------------------------------------------------------------- */

struct ukplat_pci_msix {
	unsigned int capability, entries;
	volatile void *table;
};
/** Finds and maps the table; every entry is masked. 0, -ENODEV (no MSI-X), -EINVAL, -ENOMEM. */
int ukplat_pci_msix_open(const struct ukplat_pci_device *dev, struct ukplat_pci_msix *msix);
/** Entry `entry` raises *msi. */
void ukplat_pci_msix_set(const struct ukplat_pci_msix *msix, unsigned int entry,
			 const struct ukplat_msi *msi);
/** From now on the function interrupts by MSI-X and no longer by INTx. */
void ukplat_pci_msix_enable(const struct ukplat_pci_device *dev,
			    const struct ukplat_pci_msix *msix);
void ukplat_pci_msix_disable(const struct ukplat_pci_device *dev,
			     const struct ukplat_pci_msix *msix);

#endif /* UK_PLAT_PCI_H */
