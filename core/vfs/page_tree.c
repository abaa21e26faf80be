/* SPDX-License-Identifier: BSD-3-Clause */
/* See page_tree.h. Pure but for the heap; recursion is at most PAGE_TREE_MAX_HEIGHT deep. */
#include <linux/errno.h>
#include <uk/heap.h>
#include "page_tree.h"

#define BITS                 6
#define SLOTS                (1u << BITS)
#define PAGE_TREE_MAX_HEIGHT 9 /* 54 bits of index; a file offset has 51 */

struct node {
	void *slots[SLOTS];
};

static inline bool covers(unsigned int height, uint64_t index)
{
	return !(index >> height * BITS);
}

static inline unsigned int slot_of(uint64_t index, unsigned int height)
{
	return (unsigned int)(index >> (height - 1) * BITS) & (SLOTS - 1);
}

struct page *page_tree_find(const struct page_tree *tree, uint64_t index)
{
	void *at = tree->root;

	if (!at || !covers(tree->height, index))
		return NULL;
	for (unsigned int h = tree->height; h && at; h--)
		at = ((struct node *)at)->slots[slot_of(index, h)];
	return at;
}

static int grow(struct page_tree *tree, uint64_t index)
{
	while (!covers(tree->height, index)) {
		if (tree->height == PAGE_TREE_MAX_HEIGHT)
			return -EFBIG;
		if (tree->root) {
			struct node *node = uk_zalloc(sizeof(*node));

			if (!node)
				return -ENOMEM;
			node->slots[0] = tree->root;
			tree->root = node;
		}
		tree->height++;
	}
	return 0;
}

int page_tree_insert(struct page_tree *tree, uint64_t index, struct page *page)
{
	void **slot = &tree->root;

	int ret = grow(tree, index);

	if (ret)
		return ret;
	for (unsigned int h = tree->height; h; h--) {
		if (!*slot) {
			*slot = uk_zalloc(sizeof(struct node));
			if (!*slot)
				return -ENOMEM;
		}
		slot = &((struct node *)*slot)->slots[slot_of(index, h)];
	}
	*slot = page;
	return 0;
}

struct page *page_tree_next(const struct page_tree *tree, uint64_t *index)
{
	uint64_t i = *index;

	while (tree->root && covers(tree->height, i)) {
		void *at = tree->root;
		unsigned int h = tree->height;

		while (h && at) {
			at = ((struct node *)at)->slots[slot_of(i, h)];
			h--;
		}
		if (at) {
			*index = i;
			return at;
		}
		if (tree->height == 0)
			break;
		/* The empty slot was at level h + 1: go on behind what it covers. */
		i = ((i >> h * BITS) + 1) << h * BITS;
	}
	return NULL;
}

static bool is_empty(const struct node *node)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		if (node->slots[i])
			return false;
	return true;
}

struct removal {
	uint64_t first, last;
	void (*drop)(void *ctx, uint64_t index, struct page *page);
	void *ctx;
};

/* What hangs in *slot at `height` covers the indexes from `base`. */
static void remove_below(void **slot, unsigned int height, uint64_t base, const struct removal *r)
{
	struct node *node = *slot;
	unsigned int shift;

	if (!node)
		return;
	if (!height) {
		*slot = NULL;
		r->drop(r->ctx, base, (struct page *)node);
		return;
	}
	shift = (height - 1) * BITS;
	for (unsigned int i = 0; i < SLOTS; i++) {
		uint64_t start = base + ((uint64_t)i << shift);
		uint64_t end = start + ((1UL << shift) - 1);

		if (start > r->last)
			break;
		if (end >= r->first)
			remove_below(&node->slots[i], height - 1, start, r);
	}
	if (is_empty(node)) {
		*slot = NULL;
		uk_free(node);
	}
}

void page_tree_remove(struct page_tree *tree, uint64_t first, uint64_t last,
		      void (*drop)(void *ctx, uint64_t index, struct page *page), void *ctx)
{
	const struct removal removal = {first, last, drop, ctx};

	if (first > last || !covers(tree->height, first))
		return;
	remove_below(&tree->root, tree->height, 0, &removal);
	if (!tree->root)
		tree->height = 0;
}
