/* SPDX-License-Identifier: BSD-3-Clause */
/* uk_snprintf against the host's snprintf over a table of conversions; bounds; numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <limits.h>
#include <errno.h>
#include <cmocka.h>
#include <uk/fmt.h>
#include <uk/string.h>

#define SAME(...)                                                                                  \
	do {                                                                                       \
		char ours[256], theirs[256];                                                       \
		int a = uk_snprintf(ours, sizeof(ours), __VA_ARGS__);                              \
		int b = snprintf(theirs, sizeof(theirs), __VA_ARGS__);                             \
		assert_string_equal(ours, theirs);                                                 \
		assert_int_equal(a, b);                                                            \
	} while (0)

/* The flags and values that compilers find pointless are what is tested. */
#pragma GCC diagnostic ignored "-Wformat"
static const char *const volatile null_text;

static void test_integers(void **state)
{
	static const long values[] = {0,    1,       -1,      9,        10,      255,
				      -256, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN};

	(void)state;
	for (size_t i = 0; i < UK_ARRAY_SIZE(values); i++) {
		long v = values[i];

		SAME("%d|%i|%u|%x|%X|%o", (int)v, (int)v, (unsigned)v, (unsigned)v, (unsigned)v,
		     (unsigned)v);
		SAME("%ld|%lu|%lx|%#lx|%#lX|%#lo", v, v, v, v, v, v);
		SAME("%lld|%llu|%zd|%zu|%jd|%tx", (long long)v, (long long)v, v, v, v, v);
		SAME("%hd|%hu|%hhd|%hhx", (int)v, (int)v, (int)v, (int)v);
		SAME("[%8d][%-8d][%08d][%+d][% d]", (int)v, (int)v, (int)v, (int)v, (int)v);
		SAME("[%.5d][%10.5d][%-10.5d][%010.5d][%+.3d]", (int)v, (int)v, (int)v, (int)v,
		     (int)v);
		SAME("[%.0d][%.0x][%#.0o][%#.3o][%#10x][%#010x][%-#10x]", (int)v, (int)v, (int)v,
		     (int)v, (int)v, (int)v, (int)v);
		SAME("[%016lx][%40ld][%-40ldx]", v, v, v);
	}
}

static void test_strings(void **state)
{
	(void)state;
	SAME("%s", "");
	SAME("[%10s][%-10s][%.2s][%10.2s][%.0s]", "abc", "abc", "abc", "abc", "abc");
	SAME("[%*s][%-*s][%*s][%.*s][%.*s]", 6, "ab", 6, "ab", -6, "ab", 1, "ab", -1, "ab");
	SAME("%c%c[%3c][%-3c]%%", 'x', 'y', 'z', 'w');
	SAME("%s", null_text);
	SAME("%p", (void *)0x1234);
}

static void test_bounds(void **state)
{
	char buf[8] = "#######";

	(void)state;
	assert_int_equal(uk_snprintf(buf, 4, "%s", "abcdef"), 6);
	assert_memory_equal(buf, "abc\0###", 8);
	assert_int_equal(uk_snprintf(buf, 0, "%d", 12345), 5);
	assert_memory_equal(buf, "abc\0###", 8);
	assert_int_equal(uk_snprintf(NULL, 0, "%100d", 1), 100);
	assert_int_equal(uk_scnprintf(buf, 4, "%s", "abcdef"), 3);
	assert_int_equal(uk_scnprintf(buf, 0, "x"), 0);
	assert_int_equal(uk_scnprintf(buf, 8, "xy"), 2);
}

static void test_unknown_conversion_is_shown(void **state)
{
	char buf[32];

	(void)state;
	uk_snprintf(buf, sizeof(buf), "a%qb");
	assert_string_equal(buf, "a%qb");
	uk_snprintf(buf, sizeof(buf), "a%");
	assert_string_equal(buf, "a%");
	uk_snprintf(buf, sizeof(buf), "a%-5l");
	assert_string_equal(buf, "a%-5l");
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int base, error;
		uint64_t value;
	} rows[] = {
		{"0", 0, 0, 0},
		{"10", 0, 0, 10},
		{"0x10", 0, 0, 16},
		{"0XfF", 16, 0, 255},
		{"010", 0, 0, 8},
		{"010", 10, 0, 10},
		{"ff", 16, 0, 255},
		{"18446744073709551615", 10, 0, UINT64_MAX},
		{"18446744073709551616", 10, -ERANGE, 0},
		{"0xffffffffffffffff", 0, 0, UINT64_MAX},
		{"0x10000000000000000", 0, -ERANGE, 0},
		{"", 0, -EINVAL, 0},
		{"0x", 0, -EINVAL, 0},
		{"-1", 0, -EINVAL, 0},
		{"+1", 0, -EINVAL, 0},
		{" 1", 0, -EINVAL, 0},
		{"1 ", 0, -EINVAL, 0},
		{"12a", 0, -EINVAL, 0},
		{"08", 0, -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < UK_ARRAY_SIZE(rows); i++) {
		uint64_t value = 0;

		assert_int_equal(uk_parse_u64(rows[i].text, rows[i].base, &value), rows[i].error);
		assert_true(value == rows[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers), cmocka_unit_test(test_strings),
		cmocka_unit_test(test_bounds),   cmocka_unit_test(test_unknown_conversion_is_shown),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
