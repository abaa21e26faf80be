/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel heap. A slab is one page: a header, then objects of one size class. Free objects
 * are linked through their first word; the part of a slab never used yet is handed out by a
 * rising offset, so a new slab costs nothing to set up. Sizes above the largest class are page
 * blocks.
 *
 * Lock: irq-off, as for the page allocator.
 */
#include <linux/errno.h>
#include <uk/assert.h>
#include <uk/heap.h>
#include <uk/lock.h>
#include <uk/page.h>
#include <uk/string.h>

struct slab {
	LIST_ENTRY(slab) link; /* on its class's list while it has a free object */
	void *free;
	uint16_t fresh_offset; /* first byte never handed out */
	uint16_t used;
	uint8_t class_index;
};
#define FIRST_OFFSET 48
_Static_assert(sizeof(struct slab) <= FIRST_OFFSET, "objects start 16-byte aligned behind it");

/* Index, the next smaller class, bytes: chosen to leave little of a page unused. */
#define SIZE_CLASSES(X)                                                                            \
	X(0, 0, 16)                                                                                \
	X(1, 16, 32)                                                                               \
	X(2, 32, 48)                                                                               \
	X(3, 48, 64)                                                                               \
	X(4, 64, 96)                                                                               \
	X(5, 96, 128)                                                                              \
	X(6, 128, 192)                                                                             \
	X(7, 192, 256)                                                                             \
	X(8, 256, 336)                                                                             \
	X(9, 336, 448)                                                                             \
	X(10, 448, 576)                                                                            \
	X(11, 576, 800)                                                                            \
	X(12, 800, 1008)                                                                           \
	X(13, 1008, 1344)                                                                          \
	X(14, 1344, 2016)
#define LARGEST 2016

#define CLASS_BYTES(index, below, bytes) [index] = (bytes),
static const uint16_t class_bytes[] = {SIZE_CLASSES(CLASS_BYTES)};
#define CLASSES UK_ARRAY_SIZE(class_bytes)

/* By size in 16-byte units. */
#define CLASS_OF(index, below, bytes) [(below) / 16 + 1 ...(bytes) / 16] = (index),
static const uint8_t class_of[LARGEST / 16 + 1] = {SIZE_CLASSES(CLASS_OF)};

static struct spinlock lock = SPINLOCK_INIT;
static LIST_HEAD(slab_list, slab) partial[CLASSES];

static struct slab *slab_create(unsigned int class_index)
{
	struct page *page = page_alloc(0);
	struct slab *slab;

	if (!page)
		return NULL;
	page->flags |= PAGE_SLAB;
	slab = page_address(page);
	slab->free = NULL;
	slab->fresh_offset = FIRST_OFFSET;
	slab->used = 0;
	slab->class_index = (uint8_t)class_index;
	LIST_INSERT_HEAD(&partial[class_index], slab, link);
	return slab;
}

static bool slab_is_full(const struct slab *slab)
{
	return !slab->free && slab->fresh_offset + class_bytes[slab->class_index] > UK_PAGE_SIZE;
}

/* There may be no slab yet, or this takes the last object of one. */
static void *__uk_noinline slab_alloc_slow(unsigned int class_index)
{
	struct slab *slab = LIST_FIRST(&partial[class_index]);
	void *object;

	if (!slab)
		slab = slab_create(class_index);
	if (!slab)
		return NULL;
	object = slab->free;
	if (object) {
		slab->free = *(void **)object;
	} else {
		object = (char *)slab + slab->fresh_offset;
		slab->fresh_offset = (uint16_t)(slab->fresh_offset + class_bytes[class_index]);
	}
	slab->used++;
	if (slab_is_full(slab))
		LIST_REMOVE(slab, link);
	return object;
}

static inline void *slab_alloc(unsigned int class_index)
{
	struct slab *slab = LIST_FIRST(&partial[class_index]);
	void *object = slab ? slab->free : NULL;

	if (uk_unlikely(!object || !*(void **)object))
		return slab_alloc_slow(class_index);
	slab->free = *(void **)object;
	slab->used++;
	return object;
}

static void __uk_noinline slab_free_slow(struct slab *slab, void *object)
{
	struct slab_list *list = &partial[slab->class_index];

	if (slab_is_full(slab))
		LIST_INSERT_HEAD(list, slab, link);
	*(void **)object = slab->free;
	slab->free = object;
	/* The last empty slab of a class stays: the next allocation is likely. */
	if (--slab->used == 0 && (LIST_FIRST(list) != slab || LIST_NEXT(slab, link))) {
		LIST_REMOVE(slab, link);
		page_put(phys_to_page(ukarch_virt_to_phys(slab)));
	}
}

static inline void slab_free(struct slab *slab, void *object)
{
	/* Neither was it full nor is it empty now. */
	if (uk_unlikely(!slab->free || slab->used == 1)) {
		slab_free_slow(slab, object);
		return;
	}
	*(void **)object = slab->free;
	slab->free = object;
	slab->used--;
}

static void *large_alloc(size_t size)
{
	unsigned int order = 0;
	struct page *page;

	if (size > UK_PAGE_SIZE << PAGE_MAX_ORDER)
		return NULL;
	while (UK_PAGE_SIZE << order < size)
		order++;
	page = page_alloc(order);
	if (!page)
		return NULL;
	page->flags |= PAGE_LARGE;
	return page_address(page);
}

void *uk_malloc(size_t size)
{
	unsigned long flags;
	void *object;

	if (uk_unlikely(size > LARGEST))
		return large_alloc(size);
	flags = spin_lock_irqsave(&lock);
	object = slab_alloc(class_of[(size + 15) / 16]);
	spin_unlock_irqrestore(&lock, flags);
	return object;
}

static void __uk_noinline large_free(void *ptr)
{
	struct page *page = phys_to_page(ukarch_virt_to_phys(ptr));

	UK_ASSERT(page->flags & PAGE_LARGE);
	page_put(page);
}

void uk_free(void *ptr)
{
	struct slab *slab = (struct slab *)((vaddr_t)ptr & UK_PAGE_MASK);
	unsigned long flags;

	if (!ptr)
		return;
	/* In a slab, its header is in front. */
	if (uk_unlikely(ptr == slab)) {
		large_free(ptr);
		return;
	}
	UK_ASSERT(slab->used && slab->class_index < CLASSES);
	flags = spin_lock_irqsave(&lock);
	slab_free(slab, ptr);
	spin_unlock_irqrestore(&lock, flags);
}

static size_t usable_bytes(const void *ptr)
{
	const struct page *page = phys_to_page(ukarch_virt_to_phys(ptr));

	if (page->flags & PAGE_LARGE)
		return UK_PAGE_SIZE << page->order;
	return class_bytes[((const struct slab *)((vaddr_t)ptr & UK_PAGE_MASK))->class_index];
}

void *uk_zalloc(size_t size)
{
	void *ptr = uk_malloc(size);

	return ptr ? memset(ptr, 0, size) : NULL;
}

void *uk_calloc(size_t count, size_t size)
{
	size_t bytes;

	return uk_mul_overflow(count, size, &bytes) ? NULL : uk_zalloc(bytes);
}

void *uk_realloc(void *ptr, size_t size)
{
	void *fresh;

	if (!ptr)
		return uk_malloc(size);
	if (size <= usable_bytes(ptr))
		return ptr;
	fresh = uk_malloc(size);
	if (!fresh)
		return NULL;
	memcpy(fresh, ptr, usable_bytes(ptr));
	uk_free(ptr);
	return fresh;
}

char *uk_strndup(const char *s, size_t max)
{
	size_t len = strnlen(s, max);
	char *copy = uk_malloc(len + 1);

	if (copy) {
		memcpy(copy, s, len);
		copy[len] = '\0';
	}
	return copy;
}

char *uk_strdup(const char *s)
{
	return uk_strndup(s, strlen(s));
}
