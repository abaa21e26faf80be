/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page tables: the only place that knows the PTE format.
 *
 * A page table covers the program's half; the kernel's half is the same in every table. Leaves
 * are 4 KiB pages or large pages (UKARCH_LARGE_SHIFT, 2 MiB). Table pages come from
 * upcall_pt_alloc(). A software bit, UKARCH_PT_SHARED, marks a page that other owners may hold
 * (page cache, zero page, copy-on-write): it is never made writable by ukarch_pt_protect(), so a
 * write to it always reaches the fault handler.
 *
 * Locking: the caller holds the lock of the vmspace that owns the table. TLB entries of the
 * current CPU are flushed before each function returns.
 */
#ifndef UK_ARCH_PAGING_H
#define UK_ARCH_PAGING_H

#include <uk/arch/types.h>
#include <uk/arch/layout.h>

#define UKARCH_LARGE_SHIFT 21
#define UKARCH_LARGE_SIZE  (1UL << UKARCH_LARGE_SHIFT)

/* Protection of a mapping; the low three have the values of PROT_* in mmap(2). */
#define UKARCH_PT_READ   0x1u
#define UKARCH_PT_WRITE  0x2u
#define UKARCH_PT_EXEC   0x4u
#define UKARCH_PT_SHARED 0x8u  /* software: never writable without a fault */
#define UKARCH_PT_DEVICE 0x10u /* uncached */
#define UKARCH_PT_USER   0x20u /* belongs to the program (the U bit with CONFIG_APP_USERMODE) */

struct ukarch_pagetable {
	paddr_t root;
};

/** One leaf, decoded. */
struct ukarch_pte {
	paddr_t paddr;     /* start of the page or large page */
	size_t size_bytes; /* UK_PAGE_SIZE or UKARCH_LARGE_SIZE */
	unsigned prot;     /* UKARCH_PT_* */
	bool is_accessed;
	bool is_dirty;
};

/** Called for each leaf taken out or found, in ascending order. */
typedef void (*ukarch_pt_visit)(void *ctx, vaddr_t va, const struct ukarch_pte *pte);

/** An empty program half over the shared kernel half. 0 or -ENOMEM. */
int ukarch_pt_create(struct ukarch_pagetable *pt);

/** Frees the table pages. Every leaf must have been unmapped; the table must not be active. */
void ukarch_pt_destroy(struct ukarch_pagetable *pt);

/** Makes `pt` the current CPU's table; one with the kernel half only. */
void ukarch_pt_activate(const struct ukarch_pagetable *pt);
void ukarch_pt_activate_kernel(void);

/**
 * Installs one leaf of `size_bytes` (both addresses aligned to it), replacing what was there;
 * the page that a replaced leaf pointed to stays the caller's to put. 0 or -ENOMEM.
 */
int ukarch_pt_map(struct ukarch_pagetable *pt, vaddr_t va, paddr_t pa, size_t size_bytes,
		  unsigned prot);

/**
 * Makes leaves of small pages where there are none in [start, end), a range within one large page:
 * each shows the frame that `frame` names. Ends early when that is UK_PADDR_NONE, or when a table
 * cannot be had. Returns how many leaves it made.
 */
size_t ukarch_pt_fill(struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end, unsigned prot,
		      paddr_t (*frame)(void *ctx, vaddr_t va), void *ctx);

/** Finds the leaf over `va`. Returns false when nothing is mapped. */
bool ukarch_pt_lookup(const struct ukarch_pagetable *pt, vaddr_t va, struct ukarch_pte *pte);

/** Removes all leaves in [start, end), telling each to `visit`; frees emptied tables. A large
 *  page must lie wholly inside (see ukarch_pt_split). */
void ukarch_pt_unmap(struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end, ukarch_pt_visit visit,
		     void *ctx);

/** Gives all leaves in [start, end) new READ/WRITE/EXEC bits; a SHARED leaf stays read-only. */
void ukarch_pt_protect(struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end, unsigned prot);

/** Visits the leaves in [start, end). `visit` may change or unmap the one it is shown, and what
 *  lies outside the range. */
void ukarch_pt_walk(const struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end,
		    ukarch_pt_visit visit, void *ctx);

/** Moves all leaves of [from, from + len) to `to`, where nothing is mapped and which does not
 *  overlap; there are no large ones unless both lie alike in their large pages. 0 or -ENOMEM (then
 *  nothing moved). */
int ukarch_pt_move(struct ukarch_pagetable *pt, vaddr_t from, vaddr_t to, size_t len_bytes);

/**
 * Turns the large leaf over `va` into 4 KiB leaves of the same frames. Does nothing when the leaf
 * is not large. 0 or -ENOMEM. The caller splits the page's reference count (page_split_large).
 */
int ukarch_pt_split(struct ukarch_pagetable *pt, vaddr_t va);

/** Bytes of table pages this table uses (for /proc). */
size_t ukarch_pt_table_bytes(const struct ukarch_pagetable *pt);

/** The kernel's own mappings (stacks, devices). Same rules; 0 or -ENOMEM. */
int ukarch_kernel_map(vaddr_t va, paddr_t pa, size_t size_bytes, unsigned prot);
void ukarch_kernel_unmap(vaddr_t va, size_t size_bytes);
bool ukarch_kernel_is_mapped(vaddr_t va);

/**
 * Makes [pa, pa + len) reachable through the direct map. RAM regions are added as the page
 * allocator first touches them, so boot cost does not grow with RAM. 0 or -ENOMEM.
 */
int ukarch_directmap_ensure(paddr_t pa, size_t len_bytes);

/** Where the direct map shows `pa`. */
static inline void *ukarch_phys_to_virt(paddr_t pa)
{
	return (void *)(UKARCH_DIRECTMAP_BASE + pa);
}
static inline paddr_t ukarch_virt_to_phys(const void *directmap_address)
{
	return (paddr_t)((vaddr_t)directmap_address - UKARCH_DIRECTMAP_BASE);
}

#endif /* UK_ARCH_PAGING_H */
