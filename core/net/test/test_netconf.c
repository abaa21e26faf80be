/* SPDX-License-Identifier: BSD-3-Clause */
/* What netdev.ip= takes, and what it says of the rest. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <uk/netconf.h>

static struct netconf parse(const char *text)
{
	struct netconf conf;
	const char *why = NULL;

	assert_int_equal(netconf_parse(text, &conf, &why), 0);
	return conf;
}

static void test_all_fields(void **state)
{
	struct netconf c = parse("10.0.2.15/24:10.0.2.2:10.0.2.3:8.8.8.8:box:lan.example");

	assert_int_equal(c.mode, NETCONF_STATIC);
	assert_int_equal(c.address, 0x0a00020f);
	assert_int_equal(c.prefix_len, 24);
	assert_int_equal(c.gateway, 0x0a000202);
	assert_int_equal(c.dns[0], 0x0a000203);
	assert_int_equal(c.dns[1], 0x08080808);
	assert_string_equal(c.hostname, "box");
	assert_string_equal(c.domain, "lan.example");
}

static void test_fields_may_be_absent(void **state)
{
	struct netconf c = parse("1.2.3.4/32");

	assert_int_equal(c.address, 0x01020304);
	assert_int_equal(c.gateway, 0);
	c = parse("1.2.3.4/0::::h");
	assert_int_equal(c.prefix_len, 0);
	assert_int_equal(c.dns[0], 0);
	assert_string_equal(c.hostname, "h");
	c = parse("1.2.3.4/8:::9.9.9.9:");
	assert_int_equal(c.dns[0], 0x09090909);
	assert_int_equal(c.dns[1], 0);
}

static void test_modes(void **state)
{
	assert_int_equal(parse("").mode, NETCONF_DHCP);
	assert_int_equal(parse("dhcp").mode, NETCONF_DHCP);
	assert_int_equal(parse("off").mode, NETCONF_OFF);
}

static void test_bad(void **state)
{
	static const char *const rows[][2] = {
		{"10.0.2.15", "address"},
		{"10.0.2.15/", "address"},
		{"10.0.2.15/33", "address"},
		{"10.0.2.15/024", "address"},
		{"10.0.2/24", "address"},
		{"10.0.2.256/24", "address"},
		{"10.0.2.01/24", "address"},
		{"10..2.1/24", "address"},
		{"10.0.2.1.1/24", "address"},
		{"-1.0.2.1/24", "address"},
		{"0.0.0.0/24", "address"},
		{":10.0.2.2", "address"},
		{"DHCP", "address"},
		{"1.2.3.4/8:5", "gateway"},
		{"1.2.3.4/8:5.6.7.8 ", "gateway"},
		{"1.2.3.4/8::x", "first DNS"},
		{"1.2.3.4/8:::99999999999.1.1.1", "second DNS"},
		{"1.2.3.4/8::::a b", "host name"},
		{"1.2.3.4/8::::aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 "host name"},
		{"1.2.3.4/8:::::a\nb", "domain"},
		{"1.2.3.4/8::::::", "too many"},
	};

	for (size_t i = 0; i < UK_ARRAY_SIZE(rows); i++) {
		struct netconf conf;
		const char *why = "";

		assert_int_equal(netconf_parse(rows[i][0], &conf, &why), -EINVAL);
		assert_non_null(strstr(why, rows[i][1]));
	}
}

static void test_masks(void **state)
{
	assert_int_equal(netconf_mask(0), 0);
	assert_int_equal(netconf_mask(1), 0x80000000);
	assert_int_equal(netconf_mask(24), 0xffffff00);
	assert_int_equal(netconf_mask(32), 0xffffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_fields), cmocka_unit_test(test_fields_may_be_absent),
		cmocka_unit_test(test_modes),      cmocka_unit_test(test_bad),
		cmocka_unit_test(test_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
