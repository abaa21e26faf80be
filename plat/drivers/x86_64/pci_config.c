/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCI configuration space of a PC: configuration mechanism #1 (PCI 3.0, 3.2.2.3.2) where the
 * ports are there, else the memory-mapped space that ACPI names (PCI Express 4.0, 7.2.2). Of the
 * latter only the first bus is mapped: machines without the ports have no bridges.
 */
#include <uk/arch/io.h>
#include <uk/plat/acpi.h>
#include <uk/plat/mmio.h>
#include <uk/plat/pci.h>

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc
#define ENABLE       0x80000000U

#define ECAM_BUS_BYTES (1UL << 20)

enum access { ACCESS_UNKNOWN, ACCESS_NONE, ACCESS_PORTS, ACCESS_ECAM };

static enum access access;
static volatile char *ecam;

static enum access find_access(void)
{
	struct acpi_ecam found;

	/* The address register reads back what was written; a port nobody decodes does not. */
	outl(PORT_ADDRESS, ENABLE);
	if (inl(PORT_ADDRESS) == ENABLE)
		return ACCESS_PORTS;
	if (!ukplat_acpi_ecam(&found) || found.first_bus)
		return ACCESS_NONE;
	ecam = ukplat_mmio_map(found.address, ECAM_BUS_BYTES);
	return ecam ? ACCESS_ECAM : ACCESS_NONE;
}

bool ukplat_pci_is_present(void)
{
	if (access == ACCESS_UNKNOWN)
		access = find_access();
	return access != ACCESS_NONE;
}

static uint32_t port_address(const struct ukplat_pci_device *dev, unsigned int offset)
{
	return ENABLE | (uint32_t)dev->bus << 16 | (uint32_t)dev->slot << 11 |
	       (uint32_t)dev->function << 8 | (offset & 0xfc);
}

static volatile char *ecam_address(const struct ukplat_pci_device *dev, unsigned int offset)
{
	return ecam + (dev->slot << 15 | dev->function << 12 | (offset & 0xffc));
}

uint32_t ukplat_pci_read(const struct ukplat_pci_device *dev, unsigned int offset)
{
	if (access == ACCESS_ECAM)
		return dev->bus == 0 ? ukplat_mmio_read32(ecam_address(dev, offset)) : UINT32_MAX;
	outl(PORT_ADDRESS, port_address(dev, offset));
	return inl(PORT_DATA);
}

void ukplat_pci_write(const struct ukplat_pci_device *dev, unsigned int offset, uint32_t value)
{
	if (access == ACCESS_ECAM) {
		if (dev->bus == 0)
			ukplat_mmio_write32(ecam_address(dev, offset), value);
		return;
	}
	outl(PORT_ADDRESS, port_address(dev, offset));
	outl(PORT_DATA, value);
}
