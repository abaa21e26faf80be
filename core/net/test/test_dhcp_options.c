/* SPDX-License-Identifier: BSD-3-Clause */
/* The parameter request list of DHCP, and names that come from the network. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../dhcp_options.h"

static const uint8_t wanted[] = {6, 15};

static void test_list_grows(void **state)
{
	uint8_t options[32] = {53, 1, 1, 0, 55, 3, 1, 3, 28, 12, 2, 'a', 'b'};
	static const uint8_t grown[] = {53, 1, 1, 0, 55, 5, 1, 3, 28, 6, 15, 12, 2, 'a', 'b'};

	assert_int_equal(dhcp_request_options(options, 13, 32, wanted, 2), 15);
	assert_memory_equal(options, grown, sizeof(grown));
}

static void test_left_alone(void **state)
{
	uint8_t options[16] = {53, 1, 1, 55, 3, 1, 3, 28};

	assert_int_equal(dhcp_request_options(options, 8, 9, wanted, 2), 8);  /* no room */
	assert_int_equal(dhcp_request_options(options, 3, 16, wanted, 2), 3); /* no list */
	assert_int_equal(dhcp_request_options(options, 5, 16, wanted, 2), 5); /* cut off */
	options[0] = 255;
	assert_int_equal(dhcp_request_options(options, 8, 16, wanted, 2), 8);
	options[0] = 53;
	options[4] = 255; /* longer than what is there */
	assert_int_equal(dhcp_request_options(options, 8, 16, wanted, 2), 8);
}

static void test_domains(void **state)
{
	assert_true(dhcp_domain_is_valid("lan.example-1_x"));
	assert_false(dhcp_domain_is_valid(""));
	assert_false(dhcp_domain_is_valid("a b"));
	assert_false(dhcp_domain_is_valid("a\nnameserver 6.6.6.6"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_grows),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
