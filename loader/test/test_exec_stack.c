/* SPDX-License-Identifier: BSD-3-Clause */
/* The initial stack, read back as a C library's startup code reads it; limits; the layout. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../exec_stack.h"
#include "../layout.h"

#define TOP        0x7ffc12345000UL
#define AREA_BYTES (1UL << 20)
#define USER_END   0x7ffffffff000UL

struct area {
	struct exec_stack_sink sink;
	uint64_t next; /* writes must ascend */
	unsigned char bytes[AREA_BYTES];
};

static void *at(struct area *area, uint64_t addr)
{
	assert_true(addr >= TOP - AREA_BYTES && addr < TOP);
	return area->bytes + (addr - (TOP - AREA_BYTES));
}

static int area_write(struct exec_stack_sink *sink, uint64_t addr, const void *bytes, size_t len)
{
	struct area *area = (struct area *)sink;

	assert_true(addr >= area->next && len <= TOP - 8 - addr);
	area->next = addr + len;
	memcpy(at(area, addr), bytes, len);
	return 0;
}

static void check(unsigned int argc, const char *const *argv, unsigned int envc,
		  const char *const *envp, uint64_t gap)
{
	struct area *area = calloc(1, sizeof(*area));
	struct exec_stack_args args = {
		.top = TOP,
		.stack_limit_bytes = 8UL << 20,
		.gap_bytes = gap,
		.execfn = "/bin/program",
		.platform = "x86_64",
		.argc = argc,
		.argv = argv,
		.envc = envc,
		.envp = envp,
		.random = "0123456789abcde",
		.auxv_count = 3,
		.auxv = {{AT_PAGESZ, 4096}, {AT_ENTRY, 0x401000}, {AT_NULL, 0}},
	};
	struct exec_stack_layout layout;
	uint64_t *word;

	area->sink.write = area_write;
	assert_int_equal(exec_stack_measure(&args, &layout), 0);
	assert_int_equal(layout.sp % 16, 0);
	assert_int_equal(exec_stack_write(&args, &layout, &area->sink), 0);

	word = at(area, layout.sp);
	assert_int_equal(*word++, argc);
	for (unsigned int i = 0; i < argc; i++)
		assert_string_equal(at(area, *word++), argv[i]);
	assert_int_equal(*word++, 0);
	for (unsigned int i = 0; i < envc; i++)
		assert_string_equal(at(area, *word++), envp[i]);
	assert_int_equal(*word++, 0);
	assert_ptr_equal(word, at(area, layout.auxv_start));
	assert_memory_equal(word, args.auxv, sizeof(struct exec_auxv) * 3);
	assert_int_equal(layout.auxv_end - layout.auxv_start, 48);
	assert_true(layout.auxv_end <= layout.random);
	assert_memory_equal(at(area, layout.random), "0123456789abcde", 16);
	assert_string_equal(at(area, layout.platform), "x86_64");
	assert_string_equal(at(area, layout.execfn), "/bin/program");
	assert_int_equal(layout.execfn + strlen("/bin/program") + 1 + 8, TOP);
	assert_int_equal(layout.arg_end, layout.env_start);
	assert_int_equal(layout.env_end, layout.execfn);
	assert_true(layout.arg_start - layout.platform >= gap);
	free(area);
}

static void test_stack(void **state)
{
	static const char *const argv[] = {"program", "", "-x", "a longer argument"};
	static const char *const envp[] = {"PATH=/bin", "HOME=/", "EMPTY="};

	check(4, argv, 3, envp, 0);
	check(1, argv, 0, envp, 0);
	check(2, argv, 1, envp, 16);
	check(3, argv, 2, envp, 8176);
}

static void test_many(void **state)
{
	static char text[1000][40];
	static const char *pointers[1000];

	for (int i = 0; i < 1000; i++) {
		memset(text[i], 'a' + i % 26, (size_t)(i % 39));
		pointers[i] = text[i];
	}
	check(1000, pointers, 500, pointers + 100, 128);
}

static void test_too_big(void **state)
{
	char *big = calloc(1, EXEC_MAX_STRING_BYTES + 1);
	const char *one[] = {big};
	const char *many[64];
	struct exec_stack_args args = {
		.top = TOP,
		.stack_limit_bytes = 8UL << 20,
		.execfn = "x",
		.platform = "p",
		.argc = 1,
		.argv = one,
		.auxv_count = 1,
	};
	struct exec_stack_layout layout;

	memset(big, 'x', EXEC_MAX_STRING_BYTES);
	assert_int_equal(exec_stack_measure(&args, &layout), -E2BIG);
	big[EXEC_MAX_STRING_BYTES - 1] = '\0';
	assert_int_equal(exec_stack_measure(&args, &layout), 0);
	for (int i = 0; i < 64; i++)
		many[i] = big;
	args.argv = many;
	args.argc = 15; /* a quarter of 8 MiB is 2 MiB: 15 * 128 KiB fit, 16 do not */
	assert_int_equal(exec_stack_measure(&args, &layout), 0);
	args.argc = 16;
	assert_int_equal(exec_stack_measure(&args, &layout), -E2BIG);
	args.stack_limit_bytes = UINT64_MAX; /* unlimited: 6 MiB at most */
	args.argc = 47;
	assert_int_equal(exec_stack_measure(&args, &layout), 0);
	args.argc = 64;
	assert_int_equal(exec_stack_measure(&args, &layout), -E2BIG);
	free(big);
}

static void test_layout(void **state)
{
	struct exec_layout_random zero = {0}, ones = {-1UL, -1UL, -1UL, -1UL, -1UL};
	struct exec_layout layout;

	exec_layout_compute(USER_END, 8UL << 20, &zero, &layout);
	assert_int_equal(layout.stack_top, USER_END);
	assert_int_equal(layout.pie_base, 0x555555554000);
	assert_true(layout.mmap_top % 4096 == 0 && layout.mmap_top < USER_END - (8UL << 20));
	assert_int_equal(layout.brk_gap, 0);
	exec_layout_compute(USER_END, UINT64_MAX, &ones, &layout);
	assert_true(layout.stack_top > USER_END - (17UL << 30));
	assert_true(layout.mmap_top > layout.brk_gap && layout.mmap_top % 4096 == 0);
	assert_true(layout.brk_gap < (32UL << 20) && layout.brk_gap % 4096 == 0);
	assert_true(layout.stack_gap < 8192 && layout.stack_gap % 16 == 0);

	assert_int_equal(exec_layout_bias(0x555555554000, 0, 4096), 0x555555554000);
	assert_int_equal(exec_layout_bias(0x555555554000, 0, 0x200000), 0x555555400000);
	assert_int_equal(exec_layout_bias(0x555555554000, 0x1000, 4096) + 0x1000, 0x555555554000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stack),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
