/* SPDX-License-Identifier: BSD-3-Clause */
/* RELATIVE relocations on a small image: applied with a bias, foreign types counted and left. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <uk/reloc.h>

const Elf64_Rela rela_start[1], rela_end[1];
const Elf64_Xword relr_start[1], relr_end[1];

static void test_applies_bias(void **state)
{
	uintptr_t image[4] = {1, 2, 3, 4};
	uintptr_t bias = (uintptr_t)image - 0x1000;
	Elf64_Rela rela[] = {
		{0x1000, ELF64_R_INFO(0, R_X86_64_RELATIVE), 0x1010},
		{0x1018, ELF64_R_INFO(0, R_X86_64_RELATIVE), 0x1000},
	};

	(void)state;
	assert_int_equal(uk_reloc_apply(rela, 2, bias, R_X86_64_RELATIVE), 0);
	assert_ptr_equal((void *)image[0], &image[2]);
	assert_int_equal(image[1], 2);
	assert_ptr_equal((void *)image[3], &image[0]);
}

static void test_counts_foreign_types(void **state)
{
	uintptr_t word = 7;
	Elf64_Rela rela[] = {{(uintptr_t)&word, ELF64_R_INFO(1, R_X86_64_64), 5}};

	(void)state;
	assert_int_equal(uk_reloc_apply(rela, 1, 0, R_X86_64_RELATIVE), 1);
	assert_int_equal(word, 7);
}

static void test_packed(void **state)
{
	uintptr_t image[200], bias = (uintptr_t)image - 0x1000;
	const Elf64_Xword relr[] = {
		0x1008,              /* word 1 */
		1 | 1 << 1 | 1 << 3, /* words 2 and 4 */
		1 | 1UL << 63,       /* 65 + 62 */
		1,                   /* none of 128 .. 190 */
		1 | 1 << 1,          /* 191 */
		0x1000 + 199 * 8,
	};
	const unsigned int listed[] = {1, 2, 4, 127, 191, 199};
	unsigned int next = 0;

	(void)state;
	for (unsigned int i = 0; i < 200; i++)
		image[i] = i;
	uk_relr_apply(relr, UK_ARRAY_SIZE(relr), bias);
	for (unsigned int i = 0; i < 200; i++) {
		bool is_listed = next < UK_ARRAY_SIZE(listed) && listed[next] == i;

		next += is_listed;
		assert_int_equal(image[i], is_listed ? i + bias : i);
	}
	assert_int_equal(next, UK_ARRAY_SIZE(listed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_applies_bias),
		cmocka_unit_test(test_counts_foreign_types),
		cmocka_unit_test(test_packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
