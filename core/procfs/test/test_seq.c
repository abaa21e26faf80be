/* SPDX-License-Identifier: BSD-3-Clause */
/* The growing text buffer: growth, escapes, and an allocator that fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <uk/heap.h>
#include <uk/procfs.h>
#include <uk/string.h>

static int allocations_left = -1;

void *uk_realloc(void *ptr, size_t size)
{
	if (allocations_left == 0)
		return NULL;
	allocations_left -= allocations_left > 0;
	return realloc(ptr, size);
}

static void test_grows(void **state)
{
	struct seq seq = {.buf = NULL};

	for (int i = 0; i < 1000; i++)
		seq_printf(&seq, "%04d %s\n", i, "x");
	assert_int_equal(seq.len, 7000);
	assert_memory_equal(seq.buf + 6993, "0999 x\n", 7);
	assert_false(seq.is_out_of_memory);
	free(seq.buf);
}

static void test_escapes(void **state)
{
	struct seq seq = {.buf = NULL};

	seq_puts_escaped(&seq, " a b\\c\n", " \\\n");
	seq_write(&seq, "", 1);
	assert_string_equal(seq.buf, "\\040a\\040b\\134c\\012");
	free(seq.buf);
}

static void test_ranges(void **state)
{
	static const struct {
		uint64_t bits;
		const char *text;
	} rows[] = {{0, ""},
		    {1, "0"},
		    {0x2f, "0-3,5"},
		    {0x8000000000000001, "0,63"},
		    {0xc000000000000000, "62-63"},
		    {UINT64_MAX, "0-63"}};

	for (size_t i = 0; i < UK_ARRAY_SIZE(rows); i++) {
		struct seq seq = {.buf = NULL};

		seq_put_ranges(&seq, rows[i].bits);
		seq_write(&seq, "", 1);
		assert_string_equal(seq.buf, rows[i].text);
		free(seq.buf);
	}
}

static void test_out_of_memory(void **state)
{
	struct seq seq = {.buf = NULL};

	allocations_left = 1;
	for (int i = 0; i < 100; i++)
		seq_puts(&seq, "0123456789");
	assert_true(seq.is_out_of_memory);
	assert_true(seq.len <= seq.size);
	assert_null(seq_reserve(&seq, 1000));
	allocations_left = -1;
	assert_null(seq_reserve(&seq, 1)); /* no text with a hole in it */
	free(seq.buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
