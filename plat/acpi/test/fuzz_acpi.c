/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of any bytes: no reader leaves them, and each list of things ends. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../acpi_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acpi_mmio_device device;
	struct acpi_ioapic ioapic;
	unsigned int entry_bytes, i;
	uint8_t *table;
	paddr_t pa;

	if (size < ACPI_HEADER_BYTES)
		return 0;
	table = malloc(size); /* exactly as long, so that a step too far is seen */
	memcpy(table, data, size);
	acpi_check(table, size);
	acpi_table_bytes(table);
	acpi_rsdp(table, &pa, &entry_bytes);
	for (i = 0; acpi_list_entry(table, size, 4, i) && i <= size; i++)
		;
	assert(i <= size);
	for (i = 0; acpi_list_entry(table, size, 8, i) && i <= size; i++)
		;
	acpi_fadt_dsdt(table, size);
	for (i = 0; acpi_madt_ioapic(table, size, i, &ioapic) && i <= size; i++)
		;
	assert(i <= size);
	for (i = 0; acpi_dsdt_virtio_mmio(table, size, i, &device) && i <= size; i++)
		;
	assert(i <= size);
	free(table);
	return 0;
}
