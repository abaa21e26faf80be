/* SPDX-License-Identifier: BSD-3-Clause */
/* Byte-range locks against an oracle that keeps one cell per byte and owner. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <uk/filelock.h>
#include <uk/heap.h>

static int fail_after = -1;

void *uk_malloc(size_t size)
{
	return fail_after >= 0 && fail_after-- == 0 ? NULL : malloc(size);
}
void uk_free(void *ptr)
{
	free(ptr);
}

#define BYTES  40
#define OWNERS 3

enum { NONE, SHARED, EXCLUSIVE };
static unsigned char cells[OWNERS][BYTES + 1]; /* the last one stands for "to the end" */
static char owners[OWNERS];

static struct filelock_ranges ranges = LIST_HEAD_INITIALIZER(ranges);

static uint64_t cell_byte(unsigned int cell)
{
	return cell == BYTES ? FILELOCK_END : cell;
}

static bool oracle_conflict(unsigned int owner, unsigned int first, unsigned int last, int kind)
{
	for (unsigned int o = 0; o < OWNERS; o++)
		for (unsigned int i = first; i <= last && o != owner; i++)
			if (cells[o][i] && (kind == EXCLUSIVE || cells[o][i] == EXCLUSIVE))
				return true;
	return false;
}

/* Each lock covers only equal cells, neighbours differ, and nothing is missing. */
static void check(void)
{
	unsigned int covered = 0, wanted = 0;
	struct filelock *lock, *other;

	LIST_FOREACH (lock, &ranges, link) {
		unsigned int owner = (unsigned int)((const char *)lock->owner - owners);
		unsigned int last = lock->last == FILELOCK_END ? BYTES : (unsigned int)lock->last;

		for (unsigned int i = (unsigned int)lock->first; i <= last; i++, covered++)
			assert_int_equal(cells[owner][i], lock->is_exclusive ? EXCLUSIVE : SHARED);
		LIST_FOREACH (other, &ranges, link)
			assert_false(other->owner == lock->owner &&
				     lock->last + 1 == other->first &&
				     other->is_exclusive == lock->is_exclusive &&
				     lock->last != FILELOCK_END);
	}
	for (unsigned int o = 0; o < OWNERS; o++)
		for (unsigned int i = 0; i <= BYTES; i++)
			wanted += cells[o][i] != NONE;
	assert_int_equal(covered, wanted);
}

static void one_step(void)
{
	unsigned int owner = (unsigned int)rand() % OWNERS, a = (unsigned int)rand() % (BYTES + 1);
	unsigned int b = (unsigned int)rand() % (BYTES + 1), first = a < b ? a : b;
	unsigned int last = a < b ? b : a;
	int kind = rand() % 3, ret;
	struct filelock request = {.owner = &owners[owner],
				   .first = first == BYTES ? BYTES : first,
				   .last = cell_byte(last),
				   .is_exclusive = kind == EXCLUSIVE};
	bool conflict = kind != NONE && oracle_conflict(owner, first, last, kind);

	if (kind != NONE)
		assert_int_equal(filelock_conflict(&ranges, &request) != NULL, conflict);
	if (conflict)
		return;
	fail_after = rand() % 8 == 0 ? rand() % 2 : -1;
	ret = kind == NONE ? filelock_clear(&ranges, request.owner, request.first, request.last)
			   : filelock_set(&ranges, &request);
	fail_after = -1;
	for (unsigned int i = first; i <= last && !ret; i++)
		cells[owner][i] = (unsigned char)kind;
	check();
}

static void test_against_oracle(void **state)
{
	srand(3);
	for (int i = 0; i < 100000; i++)
		one_step();
	for (unsigned int o = 0; o < OWNERS; o++)
		filelock_clear(&ranges, &owners[o], 0, FILELOCK_END);
	assert_null(LIST_FIRST(&ranges));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_oracle)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
