/* SPDX-License-Identifier: BSD-3-Clause */
/* What virtio_mmio.device= takes, and what it does not. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../virtio_mmio_param.h"

static void test_good(void **state)
{
	static const struct {
		const char *text;
		uint64_t address;
		uint32_t len, gsi;
	} rows[] = {
		{"512@0xfeb00e00:12", 0xfeb00e00, 512, 12}, /* QEMU */
		{"4K@0xd0000000:5", 0xd0000000, 4096, 5},   /* Firecracker */
		{"0x200@0xd0001000:0x6:3", 0xd0001000, 512, 6},
		{"1M@4096:1:0", 4096, 1 << 20, 1},
	};

	for (size_t i = 0; i < UK_ARRAY_SIZE(rows); i++) {
		struct acpi_mmio_device where;

		assert_int_equal(virtio_mmio_parse(rows[i].text, &where), 0);
		assert_int_equal(where.address, rows[i].address);
		assert_int_equal(where.len_bytes, rows[i].len);
		assert_int_equal(where.gsi, rows[i].gsi);
		assert_false(where.is_level);
	}
}

static void test_bad(void **state)
{
	static const char *const rows[] = {
		"",
		"@",
		":",
		"512",
		"512@",
		"512@0xfeb00000",
		"512@0xfeb00000:",
		"512@0xfeb00000:x",
		"512@0xfeb00000:5:1:2",
		"@0xfeb00000:5",
		"K@0xfeb00000:5",
		"255@0xfeb00000:5",
		"2M@0xfeb00000:5",
		"17179869184G@0xfeb00000:5",
		"512@0:5",
		"512@0xfeb00001:5",
		"512@0xfeb00000:70000",
		"512@0x11111111111111111:5",
		"0000000000000000000000000512@0x1000:5",
	};

	for (size_t i = 0; i < UK_ARRAY_SIZE(rows); i++) {
		struct acpi_mmio_device where;

		assert_int_equal(virtio_mmio_parse(rows[i], &where), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
