/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * I/O APICs (82093AA data sheet). Every machine's first one has the ISA lines and stands where it
 * always does; of others (QEMU's microvm has a second one) the ACPI tables tell, which are read
 * only when an interrupt that the first does not have is asked for.
 *
 * Guarded by interrupts being off.
 */
#include <linux/errno.h>
#include <uk/plat/acpi.h>
#include <uk/plat/mmio.h>
#include "pc.h"

#define FIRST_PADDR 0xfec00000
#define MAX_IOAPICS 4

#define IOAPIC_SELECT    (0x00 / 4)
#define IOAPIC_WINDOW    (0x10 / 4)
#define IOAPIC_VERSION   0x01
#define IOAPIC_REDIRECT0 0x10
#define REDIRECT_LEVEL   0x8000

static struct ioapic {
	volatile uint32_t *registers;
	unsigned int gsi_base, pins;
} ioapics[MAX_IOAPICS];
static unsigned int ioapic_count;

static uint32_t ioapic_read(const struct ioapic *ioapic, unsigned int reg)
{
	ioapic->registers[IOAPIC_SELECT] = reg;
	return ioapic->registers[IOAPIC_WINDOW];
}

static void ioapic_write(const struct ioapic *ioapic, unsigned int reg, uint32_t value)
{
	ioapic->registers[IOAPIC_SELECT] = reg;
	ioapic->registers[IOAPIC_WINDOW] = value;
}

static int ioapic_add(paddr_t pa, unsigned int gsi_base)
{
	struct ioapic *ioapic = &ioapics[ioapic_count];
	uint32_t version;

	if (ioapic_count == MAX_IOAPICS)
		return -ENODEV;
	ioapic->registers = ukplat_mmio_map(pa, UK_PAGE_SIZE);
	if (!ioapic->registers)
		return -ENOMEM;
	version = ioapic_read(ioapic, IOAPIC_VERSION);
	if (version == UINT32_MAX) /* an address nobody decodes */
		return -ENODEV;
	ioapic->gsi_base = gsi_base;
	ioapic->pins = (version >> 16 & 0xff) + 1;
	ioapic_count++;
	return 0;
}

static const struct ioapic *ioapic_find(unsigned int gsi)
{
	for (unsigned int i = 0; i < ioapic_count; i++)
		if (gsi >= ioapics[i].gsi_base && gsi - ioapics[i].gsi_base < ioapics[i].pins)
			return &ioapics[i];
	return NULL;
}

/* The controller that has this interrupt, mapped. */
static int ioapic_get(unsigned int gsi, const struct ioapic **found)
{
	int error = ioapic_count ? 0 : ioapic_add(FIRST_PADDR, 0);
	struct acpi_ioapic listed;

	if (error)
		return error;
	*found = ioapic_find(gsi);
	for (unsigned int i = 0; !*found && ukplat_acpi_ioapic(i, &listed); i++) {
		if (listed.gsi_base > gsi || listed.address == FIRST_PADDR ||
		    ioapic_find(listed.gsi_base))
			continue;
		error = ioapic_add(listed.address, listed.gsi_base);
		if (error)
			return error;
		*found = ioapic_find(gsi);
	}
	return *found ? 0 : -ENODEV;
}

int pc_ioapic_route(unsigned int gsi, const struct pc_ioapic_route *route)
{
	unsigned int wired = gsi == 0 ? 2 : gsi; /* the PIT's line is wired to pin 2 */
	const struct ioapic *ioapic;
	unsigned int reg;
	int error = ioapic_get(wired, &ioapic);

	if (error)
		return error;
	reg = IOAPIC_REDIRECT0 + 2 * (wired - ioapic->gsi_base);
	ioapic_write(ioapic, reg + 1, route->apic_id << 24);
	ioapic_write(ioapic, reg, route->vector | (route->is_level ? REDIRECT_LEVEL : 0));
	return 0;
}
