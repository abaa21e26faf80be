/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACPI tables and the one pattern of AML that is needed (ACPI 6.4: 5.2 tables, 6.4 resource
 * descriptors, 20.2 AML encoding). Every offset is checked against the table's end. Pure.
 */
#include <uk/string.h>
#include "acpi_parse.h"

#define FADT_DSDT   40
#define FADT_X_DSDT 140

#define MADT_ENTRIES 44
#define MADT_IOAPIC  1

#define AML_BUFFER_OP 0x11
#define AML_BYTE      0x0a
#define AML_WORD      0x0b

#define RES_END         0x79 /* small, one byte of checksum follows */
#define RES_LARGE       0x80
#define RES_MEMORY32FIX 0x86
#define RES_INTERRUPT   0x89
#define INTERRUPT_EDGE  0x02

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}
static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}
static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

bool acpi_check(const uint8_t *table, size_t len_bytes)
{
	const uint64_t even = 0x00ff00ff00ff00ff;
	uint64_t sums = 0, word; /* four sums modulo 256, each with room above it */
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i + sizeof(word) <= len_bytes; i += sizeof(word)) {
		memcpy(&word, table + i, sizeof(word));
		sums = (sums + (word & even) + (word >> 8 & even)) & even;
	}
	for (; sums; sums >>= 16)
		sum = (uint8_t)(sum + sums);
	for (; i < len_bytes; i++)
		sum = (uint8_t)(sum + table[i]);
	return sum == 0;
}

bool acpi_rsdp(const uint8_t *bytes, paddr_t *root, unsigned int *entry_bytes)
{
	if (memcmp(bytes, "RSD PTR ", 8) || !acpi_check(bytes, ACPI_RSDP_BYTES))
		return false;
	*root = get32(bytes + 16);
	*entry_bytes = 4;
	if (bytes[15] >= 2 && acpi_check(bytes, ACPI_RSDP2_BYTES) && get64(bytes + 24)) {
		*root = get64(bytes + 24);
		*entry_bytes = 8;
	}
	return *root != 0;
}

uint32_t acpi_table_bytes(const uint8_t *header)
{
	uint32_t len = get32(header + 4);

	return len < ACPI_HEADER_BYTES || len > ACPI_MAX_TABLE ? 0 : len;
}

paddr_t acpi_list_entry(const uint8_t *table, size_t len_bytes, unsigned int entry_bytes,
			unsigned int index)
{
	size_t at = ACPI_HEADER_BYTES + (size_t)index * entry_bytes;

	if (len_bytes < entry_bytes || at > len_bytes - entry_bytes)
		return 0;
	return entry_bytes == 8 ? get64(table + at) : get32(table + at);
}

paddr_t acpi_fadt_dsdt(const uint8_t *table, size_t len_bytes)
{
	if (len_bytes >= FADT_X_DSDT + 8 && get64(table + FADT_X_DSDT))
		return get64(table + FADT_X_DSDT);
	return len_bytes >= FADT_DSDT + 4 ? get32(table + FADT_DSDT) : 0;
}

bool acpi_madt_ioapic(const uint8_t *table, size_t len_bytes, unsigned int index,
		      struct acpi_ioapic *ioapic)
{
	size_t at = MADT_ENTRIES;

	while (at + 2 <= len_bytes && table[at + 1] >= 2 && table[at + 1] <= len_bytes - at) {
		const uint8_t *entry = table + at;

		at += entry[1];
		if (entry[0] != MADT_IOAPIC || entry[1] < 12)
			continue;
		if (index--)
			continue;
		ioapic->address = get32(entry + 4);
		ioapic->gsi_base = get32(entry + 8);
		return true;
	}
	return false;
}

/* --- the DSDT -----------------------------------------------------------------------------------
 */

/* Where `text` begins in [at, len), or len. */
static size_t find(const uint8_t *table, size_t len, size_t at, const char *text)
{
	size_t text_len = strlen(text);

	while (at + text_len <= len) {
		const uint8_t *hit = memchr(table + at, text[0], len - text_len - at + 1);

		if (!hit)
			break;
		if (!memcmp(hit, text, text_len))
			return (size_t)(hit - table);
		at = (size_t)(hit - table) + 1;
	}
	return len;
}

/*
 * The contents of DefBuffer := 0x11 PkgLength BufferSize ByteList at `at`, which must hold a
 * constant size. Returns where the bytes begin and their count, or 0.
 */
static size_t buffer_at(const uint8_t *table, size_t len, size_t at, size_t *count)
{
	size_t pkg_start = at + 1, pkg_len, extra;

	if (at + 2 > len || table[at] != AML_BUFFER_OP)
		return 0;
	extra = table[pkg_start] >> 6;
	if (pkg_start + 1 + extra > len)
		return 0;
	pkg_len = extra ? table[pkg_start] & 0x0f : table[pkg_start] & 0x3f;
	for (size_t i = 0; i < extra; i++)
		pkg_len |= (size_t)table[pkg_start + 1 + i] << (4 + 8 * i);
	if (pkg_len > len - pkg_start)
		return 0;
	at = pkg_start + 1 + extra;
	if (at + 2 <= pkg_start + pkg_len && table[at] == AML_BYTE)
		at += 2;
	else if (at + 3 <= pkg_start + pkg_len && table[at] == AML_WORD)
		at += 3;
	else
		return 0;
	*count = pkg_start + pkg_len - at;
	return at;
}

/* One resource descriptor; returns its length, 0 at the end or when it is cut off. */
static size_t read_resource(const uint8_t *res, size_t left, struct acpi_mmio_device *device,
			    unsigned int *found)
{
	size_t len;

	if (left < 1 || (res[0] & 0xf8) == (RES_END & 0xf8))
		return 0;
	if (!(res[0] & RES_LARGE))
		return (size_t)(res[0] & 7) + 1 <= left ? (size_t)(res[0] & 7) + 1 : 0;
	if (left < 3)
		return 0;
	len = (size_t)get16(res + 1) + 3;
	if (len > left)
		return 0;
	if (res[0] == RES_MEMORY32FIX && len >= 12) {
		device->address = get32(res + 4);
		device->len_bytes = get32(res + 8);
		*found |= 1;
	} else if (res[0] == RES_INTERRUPT && len >= 9 && res[4] >= 1) {
		device->is_level = !(res[3] & INTERRUPT_EDGE);
		device->gsi = get32(res + 5);
		*found |= 2;
	}
	return len;
}

/* Name(_CRS, Buffer...) in [at, len): one memory range and one interrupt. */
static bool read_crs(const uint8_t *table, size_t len, size_t at, struct acpi_mmio_device *device)
{
	size_t count, step;
	unsigned int found = 0;

	at = find(table, len, at, "_CRS");
	if (at == len)
		return false;
	at = buffer_at(table, len, at + 4, &count);
	if (!at)
		return false;
	while ((step = read_resource(table + at, count, device, &found))) {
		at += step;
		count -= step;
	}
	return found == 3;
}

bool acpi_dsdt_virtio_mmio(const uint8_t *table, size_t len_bytes, unsigned int index,
			   struct acpi_mmio_device *device)
{
	static const char id[] = "LNRO0005";
	size_t at = find(table, len_bytes, ACPI_HEADER_BYTES, id), next;

	/* A device's resources stand before the next device's name. */
	for (; at < len_bytes; at = next) {
		next = find(table, len_bytes, at + sizeof(id), id);
		if (read_crs(table, next, at + sizeof(id), device) && !index--)
			return true;
	}
	return false;
}
