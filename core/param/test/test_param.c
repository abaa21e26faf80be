/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameter values by type, their errors, and the guess at a misspelt name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <cmocka.h>
#include "../param_table.h"

static bool flag;
static uint64_t number;
static const char *text;
static struct uk_param_list list;
static const struct uk_param params[] = {
	{"strace", "", UK_PARAM_BOOL, &flag},
	{"loglevel", "", UK_PARAM_U64, &number},
	{"netdev.name", "", UK_PARAM_STRING, &text},
	{"vfs.fstab", "", UK_PARAM_LIST, &list},
};
static const struct param_table table = {params, UK_ARRAY_SIZE(params)};

static void test_bool(void **state)
{
	static const char *const on[] = {"1", "on", "yes", "true", NULL};
	static const char *const off[] = {"0", "off", "no", "false"};

	(void)state;
	for (size_t i = 0; i < UK_ARRAY_SIZE(on); i++) {
		flag = false;
		assert_int_equal(param_set(&params[0], on[i]), 0);
		assert_true(flag);
	}
	for (size_t i = 0; i < UK_ARRAY_SIZE(off); i++) {
		flag = true;
		assert_int_equal(param_set(&params[0], off[i]), 0);
		assert_false(flag);
	}
	assert_int_equal(param_set(&params[0], "2"), -EINVAL);
	assert_int_equal(param_set(&params[0], ""), -EINVAL);
	assert_false(flag);
}

static void test_number(void **state)
{
	(void)state;
	assert_int_equal(param_set(&params[1], "4"), 0);
	assert_int_equal(number, 4);
	assert_int_equal(param_set(&params[1], "64K"), 0);
	assert_int_equal(number, 65536);
	assert_int_equal(param_set(&params[1], "0x10"), 0);
	assert_int_equal(number, 16);
	assert_int_equal(param_set(&params[1], "2g"), 0);
	assert_int_equal(number, 2147483648);
	assert_int_equal(param_set(&params[1], "17179869183G"), 0);
	assert_int_equal(param_set(&params[1], "17179869184G"), -ERANGE);
	assert_int_equal(param_set(&params[1], "K"), -EINVAL);
	assert_int_equal(param_set(&params[1], ""), -EINVAL);
	assert_int_equal(param_set(&params[1], NULL), -EINVAL);
	assert_int_equal(param_set(&params[1], "-1"), -EINVAL);
	assert_int_equal(param_set(&params[1], "99999999999999999999999999999999999"), -EINVAL);
}

static void test_text_and_list(void **state)
{
	(void)state;
	assert_int_equal(param_set(&params[2], "eth0"), 0);
	assert_string_equal(text, "eth0");
	assert_int_equal(param_set(&params[2], NULL), -EINVAL);
	for (unsigned int i = 0; i < UK_PARAM_MAX_LIST; i++)
		assert_int_equal(param_set(&params[3], "x"), 0);
	assert_int_equal(param_set(&params[3], "x"), -E2BIG);
	assert_int_equal(list.count, UK_PARAM_MAX_LIST);
}

static void test_names(void **state)
{
	(void)state;
	assert_ptr_equal(param_find(&table, "vfs.fstab"), &params[3]);
	assert_null(param_find(&table, "vfs"));
	assert_string_equal(param_closest(&table, "loglvl"), "loglevel");
	assert_string_equal(param_closest(&table, "Strace"), "strace");
	assert_string_equal(param_closest(&table, "fstab"), "vfs.fstab");
	assert_null(param_closest(&table, "quiet"));
	assert_null(param_closest(&table, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bool),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_text_and_list),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
