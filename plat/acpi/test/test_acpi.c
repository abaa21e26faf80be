/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading ACPI tables as QEMU writes them, and damaged ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../acpi_parse.h"

/* Two devices of a DSDT: Device, Name(_HID, "LNRO0005"), _UID, _CCA, Name(_CRS, Buffer). */
#define DEVICE(number, slot_low, slot_high, gsi)                                                   \
	"\x5b\x82\x42\x04VR2" number "\x08_HID\x0dLNRO0005\0\x08_UID\x0a\x17\x08_CCA\x01"          \
	"\x08_CRS\x11\x1a\x0a\x17"                                                                 \
	"\x86\x09\x00\x01" slot_low slot_high "\xb0\xfe\x00\x02\x00\x00"                           \
	"\x89\x06\x00\x01\x01" gsi "\x00\x00\x00\x79\x00"
static const char dsdt[] = "DSDT________________________________" /* the header */
	DEVICE("3", "\x00", "\x2e", "\x2f") "\x14\x05OTHR" DEVICE("2", "\x00", "\x2c", "\x0c");
#define DSDT_BYTES (sizeof(dsdt) - 1)

static void test_devices_of_the_dsdt(void **state)
{
	struct acpi_mmio_device device;
	const uint8_t *table = (const uint8_t *)dsdt;

	assert_true(acpi_dsdt_virtio_mmio(table, DSDT_BYTES, 0, &device));
	assert_int_equal(device.address, 0xfeb02e00);
	assert_int_equal(device.len_bytes, 512);
	assert_int_equal(device.gsi, 47);
	assert_true(device.is_level);
	assert_true(acpi_dsdt_virtio_mmio(table, DSDT_BYTES, 1, &device));
	assert_int_equal(device.address, 0xfeb02c00);
	assert_int_equal(device.gsi, 12);
	assert_false(acpi_dsdt_virtio_mmio(table, DSDT_BYTES, 2, &device));
}

static void test_a_cut_dsdt(void **state)
{
	struct acpi_mmio_device device;

	for (size_t len = ACPI_HEADER_BYTES; len < DSDT_BYTES; len++) {
		uint8_t *table = malloc(len);

		memcpy(table, dsdt, len);
		assert_false(acpi_dsdt_virtio_mmio(table, len, 1, &device));
		free(table);
	}
}

static void test_a_device_without_resources_is_passed_over(void **state)
{
	struct acpi_mmio_device device;
	char broken[sizeof(dsdt)];

	memcpy(broken, dsdt, sizeof(dsdt));
	memcpy(strstr(broken + 60, "_CRS"), "_XXX", 4);
	assert_true(acpi_dsdt_virtio_mmio((uint8_t *)broken, DSDT_BYTES, 0, &device));
	assert_int_equal(device.address, 0xfeb02c00);
	assert_false(acpi_dsdt_virtio_mmio((uint8_t *)broken, DSDT_BYTES, 1, &device));
}

static void test_ioapics_of_the_madt(void **state)
{
	static const uint8_t madt[] = {
		[44] = 0, 8,  0, 0, 1, 0, 0,    0,                 /* a local APIC */
		1,        12, 0, 0, 0, 0, 0xc0, 0xfe, 0,  0, 0, 0, /* an I/O APIC */
		1,        12, 1, 0, 0, 0, 0xc1, 0xfe, 24, 0, 0, 0, /* another */
		1,        12, 2, 0, 0, 0, 0xc2, 0xfe, 48, 0, 0,    /* cut off */
	};
	struct acpi_ioapic ioapic;

	assert_true(acpi_madt_ioapic(madt, sizeof(madt), 0, &ioapic));
	assert_int_equal(ioapic.address, 0xfec00000);
	assert_int_equal(ioapic.gsi_base, 0);
	assert_true(acpi_madt_ioapic(madt, sizeof(madt), 1, &ioapic));
	assert_int_equal(ioapic.address, 0xfec10000);
	assert_int_equal(ioapic.gsi_base, 24);
	assert_false(acpi_madt_ioapic(madt, sizeof(madt), 2, &ioapic));
}

static void test_an_empty_entry_of_the_madt_ends_it(void **state)
{
	static const uint8_t madt[64] = {[44] = 0, 0};
	struct acpi_ioapic ioapic;

	assert_false(acpi_madt_ioapic(madt, sizeof(madt), 0, &ioapic));
}

static void set_sum(uint8_t *bytes, size_t len, size_t at)
{
	uint8_t sum = 0;

	bytes[at] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[at] = (uint8_t)-sum;
}

static void test_root_pointer(void **state)
{
	uint8_t rsdp[ACPI_RSDP2_BYTES] = "RSD PTR ";
	unsigned int entry_bytes;
	paddr_t root;

	memcpy(rsdp + 16, "\x49\x1a\xfe\x07", 4);
	set_sum(rsdp, 20, 8);
	assert_true(acpi_rsdp(rsdp, &root, &entry_bytes));
	assert_int_equal(root, 0x07fe1a49);
	assert_int_equal(entry_bytes, 4);
	rsdp[15] = 2;
	memcpy(rsdp + 24, "\xc2\xff\x0e\0\1\0\0\0", 8);
	set_sum(rsdp, 20, 8);
	set_sum(rsdp, 36, 32);
	assert_true(acpi_rsdp(rsdp, &root, &entry_bytes));
	assert_int_equal(root, 0x1000effc2);
	assert_int_equal(entry_bytes, 8);
	rsdp[3]++;
	assert_false(acpi_rsdp(rsdp, &root, &entry_bytes));
	rsdp[3]--;
	rsdp[17]++;
	assert_false(acpi_rsdp(rsdp, &root, &entry_bytes));
}

static void test_lists_and_lengths(void **state)
{
	static const uint8_t rsdt[ACPI_HEADER_BYTES + 8] = {[36] = 0x10, [40] = 0x20, [43] = 1};
	uint8_t header[ACPI_HEADER_BYTES] = {0};

	assert_int_equal(acpi_list_entry(rsdt, sizeof(rsdt), 4, 0), 0x10);
	assert_int_equal(acpi_list_entry(rsdt, sizeof(rsdt), 4, 1), 0x01000020);
	assert_int_equal(acpi_list_entry(rsdt, sizeof(rsdt), 4, 2), 0);
	assert_int_equal(acpi_list_entry(rsdt, sizeof(rsdt), 8, 0), 0x0100002000000010);
	assert_int_equal(acpi_list_entry(rsdt, sizeof(rsdt), 8, 1), 0);
	assert_int_equal(acpi_list_entry(rsdt, 3, 4, 0), 0);
	assert_int_equal(acpi_list_entry(rsdt, sizeof(rsdt), 8, UINT32_MAX), 0);
	assert_int_equal(acpi_table_bytes(header), 0);
	memcpy(header + 4, "\xff\xff\xff\xff", 4);
	assert_int_equal(acpi_table_bytes(header), 0);
	memcpy(header + 4, "\x40\0\0\0", 4);
	assert_int_equal(acpi_table_bytes(header), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices_of_the_dsdt),
		cmocka_unit_test(test_a_cut_dsdt),
		cmocka_unit_test(test_a_device_without_resources_is_passed_over),
		cmocka_unit_test(test_ioapics_of_the_madt),
		cmocka_unit_test(test_an_empty_entry_of_the_madt_ends_it),
		cmocka_unit_test(test_root_pointer),
		cmocka_unit_test(test_lists_and_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
