/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/errno.h>
#include <uk/arch/upcall.h>
#include <uk/assert.h>
#include <uk/file.h>
#include <uk/plat/bootinfo.h>
#include "machine.h"

#define PAGES         (UKARCH_USER_END >> UK_PAGE_SHIFT)
#define PAGEMAP_BYTES (1UL << 20)
#define LARGE_PAGES   (UKARCH_LARGE_SIZE >> UK_PAGE_SHIFT)

/* One leaf per 4 KiB; a large leaf fills 512 entries with is_large set. */
static struct entry {
	paddr_t pa;
	unsigned int prot;
	bool is_mapped, is_large;
} table[PAGES];

static int fail_countdown = -1;

static bool has_failed;

static bool fails_now(void)
{
	bool fails = fail_countdown >= 0 && fail_countdown-- == 0;

	has_failed |= fails;
	return fails;
}

void machine_fail_after(int count)
{
	fail_countdown = count;
	has_failed = false;
}

bool machine_has_failed(void)
{
	return has_failed;
}

size_t machine_leaf_pages(void)
{
	size_t count = 0;

	for (size_t i = 0; i < PAGES; i++)
		count += table[i].is_mapped && phys_to_page(table[i].pa) != page_zero();
	return count;
}

void machine_init(void)
{
	static struct ukplat_bootinfo info = {.region_count = 1};
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE;

	info.regions[0] =
		(struct ukplat_memregion){0x1000, MACHINE_RAM_BYTES - 0x1000, UKPLAT_MEM_FREE};
	assert(mmap((void *)UKARCH_DIRECTMAP_BASE, MACHINE_RAM_BYTES, PROT_READ | PROT_WRITE, flags,
		    -1, 0) != MAP_FAILED);
	assert(mmap((void *)UKARCH_PAGEMAP_BASE, PAGEMAP_BYTES, PROT_READ | PROT_WRITE, flags, -1,
		    0) != MAP_FAILED);
	assert(page_init(&info) == 0);
}

/* --- the kernel around core/mm ---------------------------------------------------------------- */

void uk_assert_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "assertion %s failed at %s:%d\n", expr, file, line);
	abort();
}
struct task *mutex_self(void)
{
	return (struct task *)1;
}
void mutex_lock_slow(struct mutex *mutex)
{
	abort();
}
void mutex_unlock_slow(struct mutex *mutex)
{
	abort();
}
void (*machine_on_file_release)(struct file *file);
void file_release(struct file *file)
{
	assert(machine_on_file_release);
	machine_on_file_release(file);
}
/* The page array is there as a whole, zeroed; what page.c thinks of it is kept. */
static bool *pagemap_slot(vaddr_t va)
{
	static bool is_mapped[PAGEMAP_BYTES >> UK_PAGE_SHIFT];

	assert(va >= UKARCH_PAGEMAP_BASE && va < UKARCH_PAGEMAP_BASE + PAGEMAP_BYTES);
	return &is_mapped[(va - UKARCH_PAGEMAP_BASE) >> UK_PAGE_SHIFT];
}
bool ukarch_kernel_is_mapped(vaddr_t va)
{
	return *pagemap_slot(va);
}
int ukarch_kernel_map(vaddr_t va, paddr_t pa, size_t size_bytes, unsigned int prot)
{
	assert(!*pagemap_slot(va) && size_bytes == UK_PAGE_SIZE);
	*pagemap_slot(va) = true;
	return 0;
}
int ukarch_directmap_ensure(paddr_t pa, size_t len_bytes)
{
	return 0;
}

/* The allocators as core/mm sees them (ld --wrap), so that they can be made to fail. */
struct page *__real_page_alloc(unsigned int order);
struct page *__wrap_page_alloc(unsigned int order);
struct page *__real_page_alloc_zeroed(void);
struct page *__wrap_page_alloc_zeroed(void);
void *__real_uk_malloc(size_t size);
void *__wrap_uk_malloc(size_t size);

struct page *__wrap_page_alloc(unsigned int order)
{
	return fails_now() ? NULL : __real_page_alloc(order);
}
struct page *__wrap_page_alloc_zeroed(void)
{
	return fails_now() ? NULL : __real_page_alloc_zeroed();
}
void *__wrap_uk_malloc(size_t size)
{
	return fails_now() ? NULL : __real_uk_malloc(size);
}

void machine_use_all_ram(void)
{
	struct page *page, *last = NULL;

	while ((page = __real_page_alloc(0))) {
		page->owner = last;
		last = page;
	}
	for (; last; last = page) {
		page = last->owner;
		page_put(last);
	}
}

/* --- page table ------------------------------------------------------------------------------- */

int ukarch_pt_create(struct ukarch_pagetable *pt)
{
	memset(table, 0, sizeof(table));
	return 0;
}
void ukarch_pt_destroy(struct ukarch_pagetable *pt)
{
	assert(machine_leaf_pages() == 0);
}
void ukarch_pt_activate_kernel(void)
{
}

void ukarch_pt_activate(const struct ukarch_pagetable *pt)
{
}

int ukarch_pt_map(struct ukarch_pagetable *pt, vaddr_t va, paddr_t pa, size_t size_bytes,
		  unsigned int prot)
{
	bool is_large = size_bytes == UKARCH_LARGE_SIZE;

	assert(va % size_bytes == 0 && pa % size_bytes == 0);
	/* A leaf in place of another needs no new table. */
	if (!table[va >> UK_PAGE_SHIFT].is_mapped && fails_now())
		return -ENOMEM;
	for (size_t i = 0; i < size_bytes >> UK_PAGE_SHIFT; i++) {
		struct entry *e = &table[(va >> UK_PAGE_SHIFT) + i];

		assert(!e->is_mapped || e->is_large == is_large);
		*e = (struct entry){pa + i * UK_PAGE_SIZE, prot & ~UKARCH_PT_USER, true, is_large};
	}
	return 0;
}

size_t ukarch_pt_fill(struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end, unsigned int prot,
		      paddr_t (*frame)(void *ctx, vaddr_t va), void *ctx)
{
	size_t count = 0;

	assert(start >> UKARCH_LARGE_SHIFT == (end - 1) >> UKARCH_LARGE_SHIFT);
	for (; start < end; start += UK_PAGE_SIZE) {
		struct entry *e = &table[start >> UK_PAGE_SHIFT];
		paddr_t pa = e->is_mapped ? 0 : frame(ctx, start);

		if (pa == UK_PADDR_NONE)
			break;
		if (e->is_mapped)
			continue;
		*e = (struct entry){pa, prot & ~UKARCH_PT_USER, true, false};
		count++;
	}
	return count;
}

static struct ukarch_pte pte_of(vaddr_t va)
{
	const struct entry *e = &table[va >> UK_PAGE_SHIFT];
	size_t size = e->is_large ? UKARCH_LARGE_SIZE : UK_PAGE_SIZE;

	return (struct ukarch_pte){
		.paddr = UK_ALIGN_DOWN(e->pa, size), .size_bytes = size, .prot = e->prot};
}

bool ukarch_pt_lookup(const struct ukarch_pagetable *pt, vaddr_t va, struct ukarch_pte *pte)
{
	if (!table[va >> UK_PAGE_SHIFT].is_mapped)
		return false;
	*pte = pte_of(va);
	return true;
}

static size_t visit_leaf(vaddr_t va, vaddr_t end, bool remove, ukarch_pt_visit visit, void *ctx)
{
	struct ukarch_pte pte;

	if (!table[va >> UK_PAGE_SHIFT].is_mapped)
		return UK_PAGE_SIZE;
	pte = pte_of(va);
	assert(va % pte.size_bytes == 0 && (!remove || va + pte.size_bytes <= end));
	if (remove)
		memset(&table[va >> UK_PAGE_SHIFT], 0,
		       (pte.size_bytes >> UK_PAGE_SHIFT) * sizeof(table[0]));
	visit(ctx, va, &pte);
	return pte.size_bytes;
}

void ukarch_pt_unmap(struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end, ukarch_pt_visit visit,
		     void *ctx)
{
	while (start < end)
		start += visit_leaf(start, end, true, visit, ctx);
}

void ukarch_pt_walk(const struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end,
		    ukarch_pt_visit visit, void *ctx)
{
	while (start < end)
		start += visit_leaf(start, end, false, visit, ctx);
}

void ukarch_pt_protect(struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end, unsigned int prot)
{
	struct ukarch_pte first, last;

	assert(!ukarch_pt_lookup(pt, start, &first) || start % first.size_bytes == 0);
	assert(!ukarch_pt_lookup(pt, end - UK_PAGE_SIZE, &last) || end % last.size_bytes == 0);
	for (; start < end; start += UK_PAGE_SIZE) {
		struct entry *e = &table[start >> UK_PAGE_SHIFT];
		unsigned int keep = e->prot & UKARCH_PT_SHARED;

		if (e->is_mapped)
			e->prot = (prot & (keep ? 5u : 7u)) | keep;
	}
}

int ukarch_pt_split(struct ukarch_pagetable *pt, vaddr_t va)
{
	vaddr_t start = UK_ALIGN_DOWN(va, UKARCH_LARGE_SIZE);

	if (!table[va >> UK_PAGE_SHIFT].is_mapped || !table[va >> UK_PAGE_SHIFT].is_large)
		return 0;
	if (fails_now())
		return -ENOMEM;
	for (size_t i = 0; i < LARGE_PAGES; i++)
		table[(start >> UK_PAGE_SHIFT) + i].is_large = false;
	return 0;
}

int ukarch_pt_move(struct ukarch_pagetable *pt, vaddr_t from, vaddr_t to, size_t len_bytes)
{
	if (fails_now())
		return -ENOMEM;
	for (size_t off = 0; off < len_bytes; off += UK_PAGE_SIZE) {
		struct entry *e = &table[(from + off) >> UK_PAGE_SHIFT];

		if (!e->is_mapped)
			continue;
		assert(!table[(to + off) >> UK_PAGE_SHIFT].is_mapped);
		assert(!e->is_large || UK_IS_ALIGNED(from ^ to, UKARCH_LARGE_SIZE));
		table[(to + off) >> UK_PAGE_SHIFT] = *e;
		memset(e, 0, sizeof(*e));
	}
	return 0;
}
