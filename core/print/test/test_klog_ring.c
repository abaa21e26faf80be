/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring of log records against a list that forgets nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../klog_ring.h"

static struct klog_ring ring;
static struct uk_klog_record record;

static void put(const char *text)
{
	klog_ring_put(&ring, 6, 100, text, strlen(text));
}

static void expect(uint64_t *position, const char *text)
{
	assert_true(klog_ring_next(&ring, position, &record));
	assert_string_equal(record.text, text);
	assert_int_equal(record.len, strlen(text));
}

static int reset(void **state)
{
	memset(&ring, 0, sizeof(ring));
	return 0;
}

static void test_lines(void **state)
{
	uint64_t position = 0;

	assert_false(klog_ring_next(&ring, &position, &record));
	put("one\ntwo\n");
	put("\n");
	expect(&position, "one");
	assert_int_equal(record.seq, 0);
	assert_int_equal(record.priority, 6);
	assert_int_equal(record.counter, 100);
	assert_false(record.is_after_loss);
	expect(&position, "two");
	expect(&position, "");
	assert_int_equal(record.seq, 2);
	assert_false(klog_ring_next(&ring, &position, &record));
}

static void test_pieces(void **state)
{
	uint64_t position = 0;

	put("a");
	put("b");
	assert_false(klog_ring_next(&ring, &position, &record)); /* not complete */
	klog_ring_put(&ring, 3, 200, "c\nd", 3);
	expect(&position, "abc");
	assert_int_equal(record.priority, 6); /* that of its first piece */
	put("\n");
	expect(&position, "d");
	assert_int_equal(record.priority, 3);
}

static void test_long_line(void **state)
{
	char line[2 * UK_KLOG_TEXT_MAX + 11];
	uint64_t position = 0;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	klog_ring_put(&ring, 6, 1, line, sizeof(line));
	for (int i = 0; i < 2; i++) {
		assert_true(klog_ring_next(&ring, &position, &record));
		assert_int_equal(record.len, UK_KLOG_TEXT_MAX);
	}
	expect(&position, "xxxxxxxxxx");
	assert_false(klog_ring_next(&ring, &position, &record));
}

#define LINES 3000

static void test_old_ones_go(void **state)
{
	static char lines[LINES][UK_KLOG_TEXT_MAX + 1];
	uint64_t slow = 0, fast = 0;

	srand(3);
	for (unsigned int i = 0; i < LINES; i++) {
		size_t len = rand() % 7 ? (size_t)rand() % 60 : (size_t)rand() % UK_KLOG_TEXT_MAX;

		for (size_t at = 0; at < len; at++)
			lines[i][at] = (char)('a' + rand() % 26);
		klog_ring_put(&ring, i % 8, i, lines[i], len);
		klog_ring_put(&ring, i % 8, i, "\n", 1);
		assert_true(ring.end - ring.start <= UK_KLOG_BYTES);
		expect(&fast, lines[i]);
		assert_int_equal(record.seq, i);
		assert_int_equal(record.counter, i);
		assert_int_equal(record.priority, i % 8);
		if (rand() % 40)
			continue;
		/* A reader that comes now and then: it misses some, and what it sees is whole. */
		while (klog_ring_next(&ring, &slow, &record))
			assert_string_equal(record.text, lines[record.seq]);
		assert_int_equal(slow, fast);
	}
	slow = 0;
	assert_true(klog_ring_next(&ring, &slow, &record));
	assert_true(record.is_after_loss);
	assert_true(klog_ring_next(&ring, &slow, &record));
	assert_false(record.is_after_loss);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lines, reset),
		cmocka_unit_test_setup(test_pieces, reset),
		cmocka_unit_test_setup(test_long_line, reset),
		cmocka_unit_test_setup(test_old_ones_go, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
