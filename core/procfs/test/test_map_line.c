/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of /proc/<pid>/maps against lines that Linux printed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <uk/string.h>
#include "../procfs_internal.h"

static void check(const struct proc_map_line *line, const char *name, const char *expected)
{
	char buf[PROC_MAP_LINE_MAX + 64];
	int len = proc_map_line_format(buf, PROC_MAP_LINE_MAX, line, name);

	assert_int_equal(len, strlen(buf));
	snprintf(buf + len, sizeof(buf) - (size_t)len, "%s", name ? name : "");
	assert_string_equal(buf, expected);
}

static void test_lines(void **state)
{
	check(&(struct proc_map_line){.start = 0x55c518723000,
				      .end = 0x55c518726000,
				      .prot = 1,
				      .dev_major = 0xfe,
				      .ino = 248030},
	      "/usr/bin/sed",
	      "55c518723000-55c518726000 r--p 00000000 fe:00 248030                     "
	      "/usr/bin/sed");
	check(&(struct proc_map_line){.start = 0x7f2fe594d000, .end = 0x7f2fe594f000, .prot = 3},
	      NULL, "7f2fe594d000-7f2fe594f000 rw-p 00000000 00:00 0 ");
	check(&(struct proc_map_line){.start = 0x400000,
				      .end = 0x401000,
				      .prot = 5,
				      .is_shared = true,
				      .offset_bytes = 0x123456000,
				      .dev_major = 8,
				      .dev_minor = 0x101,
				      .ino = 7},
	      "/x", "00400000-00401000 r-xs 123456000 08:101 7                                /x");
	check(&(struct proc_map_line){.start = 0x7ffc00000000, .end = 0x7ffc00021000, .prot = 0},
	      "[stack]",
	      "7ffc00000000-7ffc00021000 ---p 00000000 00:00 0                          [stack]");
}

static void test_long_front_still_ends_in_a_blank(void **state)
{
	char buf[PROC_MAP_LINE_MAX];
	struct proc_map_line line = {.start = 0x7f2fe594d000,
				     .end = 0x7f2fe594f000,
				     .offset_bytes = UINT64_MAX,
				     .ino = UINT64_MAX,
				     .dev_major = 0xfff,
				     .dev_minor = 0xfffff};
	int len = proc_map_line_format(buf, sizeof(buf), &line, true);

	assert_true(len > 73);
	assert_int_equal(buf[len - 1], ' ');
	assert_int_equal(buf[len], '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_front_still_ends_in_a_blank),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
