/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page allocator as it grows and when it can grow no more. The cases run in this order: the
 * first one finds RAM that was never handed out, the others RAM that all was.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/errno.h>
#include "machine.h"

#define FRAMES       (MACHINE_RAM_BYTES >> UK_PAGE_SHIFT)
#define LARGE_ORDER  9
#define LARGE_BLOCKS (MACHINE_RAM_BYTES >> UKARCH_LARGE_SHIFT)

static struct page *taken[FRAMES];
static size_t taken_count;

static size_t take_all(unsigned int order)
{
	size_t before = taken_count;
	struct page *page;

	while ((page = page_alloc(order)))
		taken[taken_count++] = page;
	return taken_count - before;
}

static void give_back(size_t count)
{
	while (count--)
		page_put(taken[--taken_count]);
}

/* The page array takes three frames a block; they all come from the same broken block. */
static void test_growth_breaks_few_large_blocks(void **state)
{
	assert_in_range(take_all(LARGE_ORDER), LARGE_BLOCKS - 2, LARGE_BLOCKS);
	give_back(taken_count);
}

static void test_free_pages_are_what_can_be_had(void **state)
{
	struct page_stats stats;
	size_t count;

	page_stats(&stats);
	count = take_all(0);
	assert_int_equal(count, stats.free_pages);
	page_stats(&stats);
	assert_int_equal(stats.free_pages, 0);
	give_back(count);
	page_stats(&stats);
	assert_int_equal(stats.free_pages, count);
	assert_in_range(take_all(LARGE_ORDER), LARGE_BLOCKS - 2, LARGE_BLOCKS);
	give_back(taken_count);
}

/* An initrd far above RAM, most of which is in use: its frames need a page array all the same. */
static void test_foreign_frames_when_ram_is_used_up(void **state)
{
	paddr_t initrd = 4 * MACHINE_RAM_BYTES;
	struct page_stats stats;

	take_all(0);
	while (page_of_foreign(initrd)) /* what the pool still had */
		initrd += UKARCH_LARGE_SIZE;
	give_back(100);
	for (unsigned int block = 0; block < 16; block++, initrd += UKARCH_LARGE_SIZE) {
		struct page *page = page_of_foreign(initrd);

		assert_non_null(page);
		assert_true(page_is_shared(page)); /* not the allocator's */
	}
	page_stats(&stats);
	assert_in_range(stats.free_pages, 100 - 16 * 4 - 12, 100 - 16 * 3);
	assert_int_equal(take_all(0), stats.free_pages);
	give_back(taken_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth_breaks_few_large_blocks),
		cmocka_unit_test(test_free_pages_are_what_can_be_had),
		cmocka_unit_test(test_foreign_frames_when_ram_is_used_up),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
