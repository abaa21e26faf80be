/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 8439: the block of section 2.3.2 and the first two of appendix A.1. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <uk/chacha20.h>

static void test_section_2_3_2(void **state)
{
	static const uint32_t key[8] = {0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
					0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c};
	static const uint32_t nonce[3] = {0x09000000, 0x4a000000, 0};
	static const uint32_t expected[16] = {0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3,
					      0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
					      0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
					      0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
	uint32_t out[16];

	(void)state;
	uk_chacha20_block(key, 1, nonce, out);
	assert_memory_equal(out, expected, sizeof(out));
}

static void test_appendix_a_1(void **state)
{
	static const uint32_t zero[8];
	static const unsigned char first[16] = {0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90,
						0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28};
	static const unsigned char second[16] = {0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a,
						 0x98, 0xba, 0x97, 0x7c, 0x73, 0x2d, 0x08, 0x0d};
	uint32_t out[16];

	(void)state;
	uk_chacha20_block(zero, 0, zero, out);
	assert_memory_equal(out, first, sizeof(first));
	uk_chacha20_block(zero, 1, zero, out);
	assert_memory_equal(out, second, sizeof(second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section_2_3_2),
		cmocka_unit_test(test_appendix_a_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
