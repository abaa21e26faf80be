/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page allocator.
 *
 *   fresh ranges   RAM never handed out: only a start and an end, cost nothing
 *        | grow(): one 2 MiB-aligned block at a time: direct map, struct pages
 *   buddy lists    free blocks of 2^order frames
 *        |
 *   hot cache      single frames that were just freed
 *
 * Growing needs pages itself (page tables, the page array). They come from the pool, which is
 * filled before growth begins, so that growth never calls back into the allocator. Pool pages
 * are given away for ever.
 *
 * Lock: everything here is guarded by irq-off (a spinlock with CONFIG_SMP).
 */
#include <linux/errno.h>
#include <uk/arch/upcall.h>
#include <uk/assert.h>
#include <uk/lock.h>
#include <uk/page.h>
#include <uk/plat/bootinfo.h>
#include <uk/string.h>

#define HOT_PAGES  64
#define POOL_LOW   8 /* what one growth may need: 1 + 3 tables, 4 pages of the page array */
#define POOL_CHUNK 12

LIST_HEAD(free_list, page);

static struct spinlock lock = SPINLOCK_INIT;
static struct free_list free_lists[PAGE_MAX_ORDER + 1];
static unsigned int free_orders; /* bit n: free_lists[n] is not empty */
static struct fresh_range {
	paddr_t next, end;
} fresh[UKPLAT_MAX_REGIONS];
static unsigned int fresh_count, fresh_current;
static struct page *hot[HOT_PAGES];
static unsigned int hot_count;
static struct pool_page {
	struct pool_page *next;
} * pool;
static unsigned int pool_count;
static uint64_t total_pages, free_pages;
static bool is_growing;

/* --- buddy lists ------------------------------------------------------------------------------ */

static void list_insert(struct page *page, unsigned int order)
{
	page->flags = PAGE_FREE;
	page->order = (unsigned char)order;
	LIST_INSERT_HEAD(&free_lists[order], page, free_link);
	free_orders |= 1U << order;
}

static void list_remove(struct page *page)
{
	LIST_REMOVE(page, free_link);
	page->flags = 0;
	if (LIST_EMPTY(&free_lists[page->order]))
		free_orders &= ~(1U << page->order);
}

static void buddy_free(struct page *page, unsigned int order)
{
	pfn_t pfn = page_to_pfn(page);

	for (; order < PAGE_MAX_ORDER; order++) {
		struct page *buddy = pfn_to_page(pfn ^ 1UL << order);

		if (!(buddy->flags & PAGE_FREE) || buddy->order != order)
			break;
		list_remove(buddy);
		pfn &= ~(1UL << order);
	}
	list_insert(pfn_to_page(pfn), order);
}

/* From what is on the lists; NULL when that is too small. */
static struct page *buddy_take(unsigned int order)
{
	struct page *page;
	unsigned int have;

	if (!(free_orders >> order))
		return NULL;
	have = (unsigned int)__builtin_ctz(free_orders >> order << order);
	page = LIST_FIRST(&free_lists[have]);
	list_remove(page);
	while (have > order) {
		have--;
		list_insert(page + (1UL << have), have);
	}
	return page;
}

/* --- pool ------------------------------------------------------------------------------------- */

static void pool_put(void *frame)
{
	struct pool_page *page = frame;

	page->next = pool;
	pool = page;
	pool_count++;
}

static void *pool_take(void)
{
	struct pool_page *page = pool;

	if (!page)
		return NULL;
	pool = page->next;
	pool_count--;
	return memset(page, 0, UK_PAGE_SIZE);
}

static struct fresh_range *fresh_find(void)
{
	while (fresh_current < fresh_count && fresh[fresh_current].next == fresh[fresh_current].end)
		fresh_current++;
	return fresh_current < fresh_count ? &fresh[fresh_current] : NULL;
}

/* Single frames that are free come first: a large block of fresh RAM is broken only when there
 * are none, and then what is left of it serves for long. */
static void pool_fill(void)
{
	struct fresh_range *range;
	struct page *page;

	while (pool_count < POOL_LOW && (page = hot_count ? hot[--hot_count] : buddy_take(0))) {
		free_pages--;
		pool_put(page_address(page));
	}
	while (pool_count < POOL_LOW && (range = fresh_find())) {
		paddr_t start = range->next;
		paddr_t end = UK_MIN(range->end, start + POOL_CHUNK * UK_PAGE_SIZE);

		if (ukarch_directmap_ensure(start, end - start))
			return;
		range->next = end;
		free_pages -= (end - start) >> UK_PAGE_SHIFT;
		for (; start < end; start += UK_PAGE_SIZE)
			pool_put(ukarch_phys_to_virt(start));
	}
}

/* --- the page array --------------------------------------------------------------------------- */

static pfn_t backed_block = UINT64_MAX; /* one that is known to be backed: the last one asked for */

/* Backs the struct pages of the 2 MiB block around `pfn`; what is new reads as zeros. */
static int pagemap_ensure(pfn_t pfn)
{
	pfn_t block = pfn >> PAGE_MAX_ORDER;
	vaddr_t start = (vaddr_t)pfn_to_page(block << PAGE_MAX_ORDER);
	vaddr_t end = (vaddr_t)pfn_to_page((block + 1) << PAGE_MAX_ORDER);

	if (block == backed_block)
		return 0;
	for (vaddr_t va = start & UK_PAGE_MASK; va < end; va += UK_PAGE_SIZE) {
		void *backing;
		int error;

		if (ukarch_kernel_is_mapped(va))
			continue;
		backing = pool_take();
		if (!backing)
			return -ENOMEM;
		error = ukarch_kernel_map(va, ukarch_virt_to_phys(backing), UK_PAGE_SIZE,
					  UKARCH_PT_READ | UKARCH_PT_WRITE);
		if (error)
			return error;
	}
	__atomic_store_n(&backed_block, block, __ATOMIC_RELEASE);
	return 0;
}

struct page *page_of_foreign(paddr_t pa)
{
	unsigned long flags;
	int error;

	if (uk_likely(pa >> UKARCH_LARGE_SHIFT == __atomic_load_n(&backed_block, __ATOMIC_ACQUIRE)))
		return phys_to_page(pa);
	flags = spin_lock_irqsave(&lock);
	is_growing = true;
	pool_fill();
	error = pagemap_ensure(pa >> UK_PAGE_SHIFT);
	is_growing = false;
	spin_unlock_irqrestore(&lock, flags);
	return error ? NULL : phys_to_page(pa);
}

/* --- growth ----------------------------------------------------------------------------------- */

/* The next piece of fresh RAM, up to a 2 MiB boundary, becomes free blocks. */
static bool grow(void)
{
	struct fresh_range *range;
	paddr_t pa, end;

	is_growing = true;
	pool_fill();
	range = fresh_find();
	if (!range)
		goto fail;
	pa = range->next;
	end = UK_MIN(range->end, UK_ALIGN_DOWN(pa, UKARCH_LARGE_SIZE) + UKARCH_LARGE_SIZE);
	if (ukarch_directmap_ensure(pa, end - pa) || pagemap_ensure(pa >> UK_PAGE_SHIFT))
		goto fail;
	range->next = end;
	is_growing = false;
	while (pa < end) {
		unsigned int order = (unsigned int)__builtin_ctzl(pa >> UK_PAGE_SHIFT);

		order = UK_MIN(order, (unsigned int)PAGE_MAX_ORDER);
		while (pa + (UK_PAGE_SIZE << order) > end)
			order--;
		list_insert(phys_to_page(pa), order);
		pa += UK_PAGE_SIZE << order;
	}
	return true;
fail:
	is_growing = false;
	return false;
}

static struct page *buddy_alloc(unsigned int order)
{
	while (!(free_orders >> order)) {
		if (grow())
			continue;
		if (!hot_count)
			return NULL;
		while (hot_count)
			buddy_free(hot[--hot_count], 0);
	}
	return buddy_take(order);
}

/* --- interface -------------------------------------------------------------------------------- */

struct page *page_alloc(unsigned int order)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	struct page *page = order == 0 && hot_count ? hot[--hot_count] : buddy_alloc(order);

	if (uk_likely(page)) {
		free_pages -= 1UL << order;
		page->flags = PAGE_MANAGED;
		page->order = (unsigned char)order;
		page->refcount = 1;
	}
	spin_unlock_irqrestore(&lock, flags);
	return page;
}

struct page *page_alloc_zeroed(void)
{
	struct page *page = page_alloc(0);

	if (page)
		memset(page_address(page), 0, UK_PAGE_SIZE);
	return page;
}

void page_free(struct page *page)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	unsigned int order = page->order;

	free_pages += 1UL << order;
	page->flags = 0;
	if (order == 0 && hot_count < HOT_PAGES)
		hot[hot_count++] = page;
	else
		buddy_free(page, order);
	spin_unlock_irqrestore(&lock, flags);
}

void page_split_large(struct page *page)
{
	unsigned int count = 1U << page->order;

	for (unsigned int i = 0; i < count; i++) {
		page[i].flags = PAGE_MANAGED;
		page[i].order = 0;
		page[i].refcount = page->refcount;
	}
}

struct page *page_zero(void)
{
	static struct page *zero;

	if (uk_unlikely(!zero)) {
		zero = page_alloc_zeroed();
		if (zero)
			zero->flags = 0; /* immortal from here on */
	}
	return zero;
}

void page_stats(struct page_stats *stats)
{
	stats->total_pages = total_pages;
	stats->free_pages = free_pages;
}

int page_init(const struct ukplat_bootinfo *bootinfo)
{
	for (unsigned int i = 0; i <= PAGE_MAX_ORDER; i++)
		LIST_INIT(&free_lists[i]);
	for (unsigned int i = 0; i < bootinfo->region_count; i++) {
		const struct ukplat_memregion *r = &bootinfo->regions[i];

		if (r->type != UKPLAT_MEM_FREE)
			continue;
		fresh[fresh_count++] = (struct fresh_range){r->base, r->base + r->len_bytes};
		total_pages += r->len_bytes >> UK_PAGE_SHIFT;
	}
	free_pages = total_pages;
	return total_pages ? 0 : -ENOMEM;
}

void *upcall_pt_alloc(void)
{
	struct page *page;

	if (is_growing)
		return pool_take();
	page = page_alloc_zeroed();
	return page ? page_address(page) : NULL;
}

void upcall_pt_free(void *table)
{
	page_put(phys_to_page(ukarch_virt_to_phys(table)));
}
