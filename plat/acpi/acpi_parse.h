/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading ACPI tables: pure, over bytes that may hold anything. Each takes a whole table,
 * `len_bytes` long, header included; its length was checked against the header's by acpi_check().
 */
#ifndef ACPI_PARSE_H
#define ACPI_PARSE_H

#include <uk/plat/acpi.h>

#define ACPI_HEADER_BYTES 36
#define ACPI_RSDP_BYTES   20 /* of revision 0: all that is needed to find the rest */
#define ACPI_RSDP2_BYTES  36
#define ACPI_MAX_TABLE    (1U << 20)

/** Is this a root pointer (5.2.5.3)? `bytes` has ACPI_RSDP2_BYTES. Then *root is the address of the
 * list of tables and *entry_bytes 4 (RSDT) or 8 (XSDT). */
bool acpi_rsdp(const uint8_t *bytes, paddr_t *root, unsigned int *entry_bytes);

/** The length that a table's header states; 0 when it cannot be a table. */
uint32_t acpi_table_bytes(const uint8_t *header);
/** Do all bytes add up to 0 (5.2.6)? */
bool acpi_check(const uint8_t *table, size_t len_bytes);

/** The index-th address of an RSDT or XSDT; 0: there is none. */
paddr_t acpi_list_entry(const uint8_t *table, size_t len_bytes, unsigned int entry_bytes,
			unsigned int index);
/** The address of the DSDT that a FADT names; 0: none. */
paddr_t acpi_fadt_dsdt(const uint8_t *table, size_t len_bytes);

bool acpi_madt_ioapic(const uint8_t *table, size_t len_bytes, unsigned int index,
		      struct acpi_ioapic *ioapic);
bool acpi_dsdt_virtio_mmio(const uint8_t *table, size_t len_bytes, unsigned int index,
			   struct acpi_mmio_device *device);

#endif /* ACPI_PARSE_H */
