/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACPI tables, found through the root pointer when first asked for. They lie in memory that the
 * firmware reserved, so they stay where they are.
 *
 * Lock: none; used at boot by one thread.
 */
#include <uk/arch/paging.h>
#include <uk/plat/rsdp.h>
#include <uk/string.h>
#include "acpi_parse.h"

#define MAX_TABLES 64

struct table {
	const uint8_t *bytes; /* NULL: there is none */
	size_t len;
};

static struct {
	const uint8_t *list; /* RSDT or XSDT; NULL: no ACPI here */
	size_t list_len;
	unsigned int entry_bytes;
	bool is_looked_for;
} root;

/* The table at `pa`, checksum verified; with `signature`, only when it is that one. */
static struct table table_at(paddr_t pa, const char *signature)
{
	struct table none = {NULL, 0}, table;

	if (!pa || ukarch_directmap_ensure(pa, ACPI_HEADER_BYTES))
		return none;
	table.bytes = ukarch_phys_to_virt(pa);
	if (signature && memcmp(table.bytes, signature, 4))
		return none;
	table.len = acpi_table_bytes(table.bytes);
	if (!table.len || ukarch_directmap_ensure(pa, table.len) ||
	    !acpi_check(table.bytes, table.len))
		return none;
	return table;
}

static void find_root(void)
{
	paddr_t start, end, list_pa = 0;
	struct table list;

	root.is_looked_for = true;
	ukplat_acpi_rsdp_area(&start, &end);
	if (start == end || ukarch_directmap_ensure(start, end - start))
		return;
	for (; start + ACPI_RSDP2_BYTES <= end && !list_pa; start += 16)
		if (!acpi_rsdp(ukarch_phys_to_virt(start), &list_pa, &root.entry_bytes))
			list_pa = 0;
	list = table_at(list_pa, NULL);
	root.list = list.bytes;
	root.list_len = list.len;
}

static struct table table_find(const char *signature)
{
	struct table table = {NULL, 0};
	paddr_t pa;

	if (!root.is_looked_for)
		find_root();
	for (unsigned int i = 0; root.list && i < MAX_TABLES && !table.bytes; i++) {
		pa = acpi_list_entry(root.list, root.list_len, root.entry_bytes, i);
		if (!pa)
			break;
		table = table_at(pa, signature);
	}
	return table;
}

bool ukplat_acpi_ioapic(unsigned int index, struct acpi_ioapic *ioapic)
{
	struct table madt = table_find("APIC");

	return madt.bytes && acpi_madt_ioapic(madt.bytes, madt.len, index, ioapic);
}

bool ukplat_acpi_virtio_mmio(unsigned int index, struct acpi_mmio_device *device)
{
	static struct table dsdt;
	static bool is_looked_for;
	struct table fadt;

	if (!is_looked_for) {
		is_looked_for = true;
		fadt = table_find("FACP");
		if (fadt.bytes)
			dsdt = table_at(acpi_fadt_dsdt(fadt.bytes, fadt.len), "DSDT");
	}
	return dsdt.bytes && acpi_dsdt_virtio_mmio(dsdt.bytes, dsdt.len, index, device);
}
