/* SPDX-License-Identifier: BSD-3-Clause */
/* The page tree against a plain array, near index 0 and far away. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <uk/heap.h>
#include "../page_tree.h"

static int fail_after = -1;

void *uk_zalloc(size_t size)
{
	return fail_after >= 0 && fail_after-- == 0 ? NULL : calloc(1, size);
}
void uk_free(void *ptr)
{
	free(ptr);
}

#define SLOTS 5000

static struct page *oracle[SLOTS];
static unsigned int dropped;
static uint64_t base;

static struct page *fake(uint64_t index)
{
	return (struct page *)(uintptr_t)(0x1000 + index * 16);
}

static void drop(void *ctx, uint64_t index, struct page *page)
{
	assert_ptr_equal(page, fake(index - base));
	assert_ptr_equal(oracle[index - base], page);
	oracle[index - base] = NULL;
	dropped++;
}

static void check_all(const struct page_tree *tree)
{
	uint64_t index = base;

	for (uint64_t i = 0; i < SLOTS; i++)
		assert_ptr_equal(page_tree_find(tree, base + i), oracle[i]);
	for (uint64_t i = 0; i < SLOTS; i++) {
		if (!oracle[i])
			continue;
		assert_ptr_equal(page_tree_next(tree, &index), oracle[i]);
		assert_int_equal(index, base + i);
		index++;
	}
	assert_null(page_tree_next(tree, &index));
}

static void run_random(uint64_t from)
{
	struct page_tree tree = {NULL, 0};

	base = from;
	srand(7);
	for (int round = 0; round < 60; round++) {
		for (int i = 0; i < 100; i++) {
			uint64_t index = (uint64_t)rand() % SLOTS;

			assert_int_equal(page_tree_insert(&tree, base + index, fake(index)), 0);
			oracle[index] = fake(index);
		}
		uint64_t first = (uint64_t)rand() % SLOTS;
		uint64_t last = first + (uint64_t)rand() % 700;

		page_tree_remove(&tree, base + first, base + last, drop, NULL);
		for (uint64_t i = first; i <= last && i < SLOTS; i++)
			assert_null(oracle[i]);
		check_all(&tree);
	}
	page_tree_remove(&tree, 0, UINT64_MAX, drop, NULL);
	assert_null(tree.root);
	check_all(&tree);
}

static void test_small_indexes(void **state)
{
	run_random(0);
}
static void test_large_indexes(void **state)
{
	run_random(1UL << 51);
	run_random((1UL << 54) - SLOTS);
}

static void test_too_large_index(void **state)
{
	struct page_tree tree = {NULL, 0};

	assert_int_not_equal(page_tree_insert(&tree, 1UL << 54, fake(0)), 0);
	assert_int_not_equal(page_tree_insert(&tree, UINT64_MAX, fake(0)), 0);
	assert_null(page_tree_find(&tree, UINT64_MAX));
	assert_null(tree.root);
}

static void test_single_page_needs_no_node(void **state)
{
	struct page_tree tree = {NULL, 0};

	fail_after = 0;
	base = 0;
	assert_int_equal(page_tree_insert(&tree, 0, fake(0)), 0);
	oracle[0] = fake(0);
	assert_ptr_equal(page_tree_find(&tree, 0), fake(0));
	assert_null(page_tree_find(&tree, 1));
	assert_int_not_equal(page_tree_insert(&tree, 1, fake(1)), 0);
	assert_ptr_equal(page_tree_find(&tree, 0), fake(0));
	fail_after = -1;
	page_tree_remove(&tree, 0, 0, drop, NULL);
	assert_null(tree.root);
}

static void test_failed_growth_keeps_pages(void **state)
{
	base = 0;
	for (int fail = 0; fail < 6; fail++) {
		struct page_tree tree = {NULL, 0};

		page_tree_insert(&tree, 3, fake(3));
		oracle[3] = fake(3);
		fail_after = fail;
		if (!page_tree_insert(&tree, 4999, fake(4999)))
			oracle[4999] = fake(4999);
		fail_after = -1;
		check_all(&tree);
		page_tree_remove(&tree, 0, UINT64_MAX, drop, NULL);
		assert_null(tree.root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_indexes),
		cmocka_unit_test(test_large_indexes),
		cmocka_unit_test(test_too_large_index),
		cmocka_unit_test(test_single_page_needs_no_node),
		cmocka_unit_test(test_failed_growth_keeps_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
