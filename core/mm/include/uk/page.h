/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Physical pages. A buddy allocator over 2^order frames, fed lazily: RAM beyond what was ever
 * handed out is only a range behind a frontier, so boot does not touch it.
 *
 * struct page exists for every frame at a fixed virtual address (sparse array; backing appears
 * with the frontier, or for the initrd when one of its frames is first looked up). A zeroed
 * struct page is a frame the allocator does not own (initrd, image, device): get and put do
 * nothing.
 */
#ifndef UK_PAGE_H
#define UK_PAGE_H

#include <sys/queue.h>
#include <uk/arch/paging.h>

#define PAGE_MAX_ORDER 9 /* 2 MiB: a block never reaches past one large page */

#define PAGE_MANAGED 0x1 /* from the allocator; refcount is live */
#define PAGE_FREE    0x2 /* head of a free block of `order` */
#define PAGE_SLAB    0x4 /* belongs to the heap; `owner` is the slab */
#define PAGE_LARGE   0x8 /* heap block of 2^order pages allocated directly */

struct page {
	unsigned int refcount;
	unsigned char flags, order;
	unsigned short reserved;
	union {
		struct {
			void *owner;
			uint64_t index;
		};
		LIST_ENTRY(page) free_link;
	};
};
_Static_assert(sizeof(struct page) == 24, "0.6 % of RAM");

static inline struct page *pfn_to_page(pfn_t pfn)
{
	return (struct page *)UKARCH_PAGEMAP_BASE + pfn;
}
static inline pfn_t page_to_pfn(const struct page *page)
{
	return (pfn_t)(page - (struct page *)UKARCH_PAGEMAP_BASE);
}
static inline paddr_t page_to_phys(const struct page *page)
{
	return page_to_pfn(page) << UK_PAGE_SHIFT;
}
static inline struct page *phys_to_page(paddr_t pa)
{
	return pfn_to_page(pa >> UK_PAGE_SHIFT);
}
/** Where the kernel reads and writes the page. */
static inline void *page_address(const struct page *page)
{
	return ukarch_phys_to_virt(page_to_phys(page));
}

struct ukplat_bootinfo;
/** Takes over all FREE regions. Once, at boot. 0 or -ENOMEM. */
int page_init(const struct ukplat_bootinfo *bootinfo);

/** 2^order contiguous frames, naturally aligned, contents undefined, refcount 1; NULL: none left.
 */
struct page *page_alloc(unsigned order);
/** One zeroed frame. */
struct page *page_alloc_zeroed(void);
/** The struct page of a frame outside the allocator (initrd); NULL when out of memory. */
struct page *page_of_foreign(paddr_t pa);

/** The page full of zeros that read faults on anonymous memory share. Never written. */
struct page *page_zero(void);

static inline void page_get(struct page *page)
{
	if (page->flags & PAGE_MANAGED)
		__atomic_fetch_add(&page->refcount, 1, __ATOMIC_RELAXED);
}
void page_free(struct page *page); /* refcount reached 0 */
static inline void page_put(struct page *page)
{
	if ((page->flags & PAGE_MANAGED) &&
	    __atomic_fetch_sub(&page->refcount, 1, __ATOMIC_ACQ_REL) == 1)
		page_free(page);
}
/** Does anybody else hold this page (or does the allocator not own it at all)? */
static inline bool page_is_shared(const struct page *page)
{
	return !(page->flags & PAGE_MANAGED) ||
	       __atomic_load_n(&page->refcount, __ATOMIC_ACQUIRE) > 1;
}
/** Turns a block of 2^order into 2^order pages that are put one by one, each with the block's
 * count. */
void page_split_large(struct page *page);

struct page_stats {
	uint64_t total_pages, free_pages; /* of what the allocator owns */
};
void page_stats(struct page_stats *stats);

/** Free pages that may be taken in advance: what is left lets those who have memory go on. */
static inline uint64_t page_spare_count(void)
{
	struct page_stats stats;
	uint64_t reserve;

	page_stats(&stats);
	reserve = UK_MAX((uint64_t)32, stats.total_pages / 64);
	return stats.free_pages > reserve ? stats.free_pages - reserve : 0;
}

#endif /* UK_PAGE_H */
