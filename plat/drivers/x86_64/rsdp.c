/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ACPI root pointer on a PC: the boot protocol names it (PVH), or it lies in the BIOS area
 * (ACPI 6.4, 5.2.5.1).
 */
#include <uk/plat/bootinfo.h>
#include <uk/plat/rsdp.h>

#define BIOS_START 0xe0000
#define BIOS_END   0x100000
#define RSDP_BYTES 36

void ukplat_acpi_rsdp_area(paddr_t *start, paddr_t *end)
{
	paddr_t named = ukplat_bootinfo()->acpi_rsdp;

	*start = named ? named : BIOS_START;
	*end = named ? named + RSDP_BYTES : BIOS_END;
}
