/* SPDX-License-Identifier: BSD-3-Clause */
/* PCI configuration space and I/O space of a PC: configuration mechanism #1 (PCI 3.0, 3.2.2.3.2),
 * which every x86 machine with PCI has. */
#include <uk/arch/io.h>
#include <uk/plat/pci.h>

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc
#define ENABLE       0x80000000U

bool ukplat_pci_is_present(void)
{
	/* The address register reads back what was written; a port nobody decodes does not. */
	outl(PORT_ADDRESS, ENABLE);
	return inl(PORT_ADDRESS) == ENABLE;
}

static void select(const struct ukplat_pci_device *dev, unsigned int offset)
{
	outl(PORT_ADDRESS, ENABLE | (uint32_t)dev->bus << 16 | (uint32_t)dev->slot << 11 |
				   (uint32_t)dev->function << 8 | (offset & 0xfc));
}

uint32_t ukplat_pci_read(const struct ukplat_pci_device *dev, unsigned int offset)
{
	select(dev, offset);
	return inl(PORT_DATA);
}

void ukplat_pci_write(const struct ukplat_pci_device *dev, unsigned int offset, uint32_t value)
{
	select(dev, offset);
	outl(PORT_DATA, value);
}

uint32_t ukplat_pci_io_read(uint16_t port, unsigned int width)
{
	if (width == 1)
		return inb(port);
	return width == 2 ? inw(port) : inl(port);
}

void ukplat_pci_io_write(uint16_t port, unsigned int width, uint32_t value)
{
	if (width == 1)
		outb(port, (uint8_t)value);
	else if (width == 2)
		outw(port, (uint16_t)value);
	else
		outl(port, value);
}
