/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * page_tree: pages by index, for page caches. A radix tree of 64-slot nodes as high as the
 * largest index needs; a file of one page has no node at all.
 *
 *   height 0: root is the page of index 0     height h: covers indexes below 64^h
 *
 * Holds pointers, no references. The owner serialises.
 */
#ifndef PAGE_TREE_H
#define PAGE_TREE_H

#include <uk/essentials.h>

struct page;

struct page_tree {
	void *root;
	unsigned int height;
};

/** The page, or NULL. */
struct page *page_tree_find(const struct page_tree *tree, uint64_t index);
/** Fills an empty slot, or replaces. 0, -ENOMEM, or -EFBIG for an index of 2^54 or more. */
int page_tree_insert(struct page_tree *tree, uint64_t index, struct page *page);
/** The first page at or after *index, which becomes its index; NULL: none. */
struct page *page_tree_next(const struct page_tree *tree, uint64_t *index);
/** Takes out [first, last], telling each page to `drop`; frees nodes that became empty. */
void page_tree_remove(struct page_tree *tree, uint64_t first, uint64_t last,
		      void (*drop)(void *ctx, uint64_t index, struct page *page), void *ctx);

#endif /* PAGE_TREE_H */
