/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page fault: the only place where program PTEs are installed.
 *
 *   private anonymous   read: the shared zero page.  write: a zeroed page, 2 MiB where it fits
 *   private of object   read: the object's page, SHARED.  write: a copy, private from then on
 *   shared of object    the object's own page; SHARED until written
 *
 * A page mapped SHARED is never writable; a write fault on it copies, unless the page table is its
 * only owner. Lock: vm->lock is taken here.
 */
#include <asm/mman.h>
#include <linux/errno.h>
#include <uk/string.h>
#include "vm_internal.h"

#define FAULT_AROUND_BYTES (16 * UK_PAGE_SIZE)
/* What large pages leave free where the program has asked for them. */
#define LARGE_RESERVE_PAGES (4UL << (UKARCH_LARGE_SHIFT - UK_PAGE_SHIFT))

static enum vm_fault_result result_of(int error)
{
	switch (error) {
	case 0:
		return VM_FAULT_OK;
	case -ENOMEM:
		return VM_FAULT_NOMEM;
	default:
		return VM_FAULT_BUS;
	}
}

/* A leaf where none was. The reference of `page` goes to the page table; on failure it is put. */
static enum vm_fault_result install(struct vmspace *vm, vaddr_t va, struct page *page,
				    unsigned int prot)
{
	if (ukarch_pt_map(&vm->pt, va, page_to_phys(page), UK_PAGE_SIZE, prot)) {
		page_put(page);
		return VM_FAULT_NOMEM;
	}
	vm->resident_pages += vm_resident_pages(page, UK_PAGE_SIZE);
	return VM_FAULT_OK;
}

/* The same in place of the leaf that shows `old`, which is put. */
static enum vm_fault_result replace(struct vmspace *vm, vaddr_t va, struct page *page,
				    unsigned int prot, struct page *old)
{
	if (ukarch_pt_map(&vm->pt, va, page_to_phys(page), UK_PAGE_SIZE, prot)) {
		page_put(page);
		return VM_FAULT_NOMEM;
	}
	vm->resident_pages += 1 - vm_resident_pages(old, UK_PAGE_SIZE);
	page_put(old);
	return VM_FAULT_OK;
}

static inline unsigned int shared_prot(const struct vma *vma)
{
	return (vma_pt_prot(vma) & ~UKARCH_PT_WRITE) | UKARCH_PT_SHARED;
}

/* --- private anonymous ------------------------------------------------------------------------ */

static void note_leaf(void *ctx, vaddr_t va, const struct ukarch_pte *pte)
{
	*(bool *)ctx = true;
}

/* Is nothing mapped in the block around `va`? Mostly a neighbour tells; only when it does not,
 * the whole block is walked. */
static bool is_block_empty(struct vmspace *vm, vaddr_t va, vaddr_t block)
{
	struct ukarch_pte pte;
	bool is_used = false;

	if ((va > block && ukarch_pt_lookup(&vm->pt, va - UK_PAGE_SIZE, &pte)) ||
	    ukarch_pt_lookup(&vm->pt, block, &pte) ||
	    ukarch_pt_lookup(&vm->pt, block + UKARCH_LARGE_SIZE - UK_PAGE_SIZE, &pte))
		return false;
	ukarch_pt_walk(&vm->pt, block, block + UKARCH_LARGE_SIZE, note_leaf, &is_used);
	return !is_used;
}

static bool wants_large(struct vmspace *vm, const struct vma *vma, vaddr_t va, vaddr_t block)
{
	struct page_stats stats;
	uint64_t reserve;

	if (block < vma->start || vma->end - block < UKARCH_LARGE_SIZE ||
	    (vma->flags & (VMA_STACK | VMA_NOHUGEPAGE)))
		return false;
	if (!(vma->flags & VMA_HUGEPAGE) && vma->end - vma->start < 2 * UKARCH_LARGE_SIZE)
		return false;
	/* Most of a large page may never be touched: half the memory is for what is. */
	page_stats(&stats);
	reserve = vma->flags & VMA_HUGEPAGE ? LARGE_RESERVE_PAGES : stats.total_pages / 2;
	return stats.free_pages >= reserve && is_block_empty(vm, va, block);
}

static bool map_large(struct vmspace *vm, const struct vma *vma, vaddr_t addr)
{
	vaddr_t block = UK_ALIGN_DOWN(addr, UKARCH_LARGE_SIZE);
	struct page *page;

	if (!wants_large(vm, vma, addr, block))
		return false;
	page = page_alloc(UKARCH_LARGE_SHIFT - UK_PAGE_SHIFT);
	if (!page)
		return false;
	memset(page_address(page), 0, UKARCH_LARGE_SIZE);
	if (ukarch_pt_map(&vm->pt, block, page_to_phys(page), UKARCH_LARGE_SIZE,
			  vma_pt_prot(vma))) {
		page_put(page);
		return false;
	}
	vm->resident_pages += UKARCH_LARGE_SIZE >> UK_PAGE_SHIFT;
	return true;
}

static enum vm_fault_result fill_anonymous(struct vmspace *vm, const struct vma *vma, vaddr_t va,
					   bool is_write)
{
	struct page *page;

	if (is_write && map_large(vm, vma, va))
		return VM_FAULT_OK;
	page = is_write ? page_alloc_zeroed() : page_zero();
	if (!page)
		return VM_FAULT_NOMEM;
	return install(vm, va, page, is_write ? vma_pt_prot(vma) : shared_prot(vma));
}

/* A private copy of what `pte` shows. */
static enum vm_fault_result copy_on_write(struct vmspace *vm, const struct vma *vma, vaddr_t va,
					  const struct ukarch_pte *pte)
{
	struct page *old = phys_to_page(pte->paddr), *fresh;

	if (!page_is_shared(old))
		return result_of(
			ukarch_pt_map(&vm->pt, va, pte->paddr, UK_PAGE_SIZE, vma_pt_prot(vma)));
	if (old == page_zero()) {
		fresh = page_alloc_zeroed();
	} else {
		fresh = page_alloc(0);
		if (fresh)
			memcpy(page_address(fresh), page_address(old), UK_PAGE_SIZE);
	}
	return fresh ? replace(vm, va, fresh, vma_pt_prot(vma), old) : VM_FAULT_NOMEM;
}

/* --- objects ---------------------------------------------------------------------------------- */

static inline uint64_t object_index(const struct vma *vma, vaddr_t va)
{
	return (vma->offset_bytes + (va - vma->start)) >> UK_PAGE_SHIFT;
}

static paddr_t frame_to_read(void *ctx, vaddr_t va)
{
	const struct vma *vma = ctx;
	struct page *page;

	if (vma->object->ops->get_page(vma->object, object_index(vma, va), false, &page))
		return UK_PADDR_NONE;
	return page_to_phys(page);
}

/* Neighbours of a page that was read are likely to be read next, and they are in memory. */
static void fault_around(struct vmspace *vm, struct vma *vma, vaddr_t va)
{
	vaddr_t block = UK_ALIGN_DOWN(va, FAULT_AROUND_BYTES);

	vm->resident_pages += ukarch_pt_fill(&vm->pt, UK_MAX(block, vma->start),
					     UK_MIN(block + FAULT_AROUND_BYTES, vma->end),
					     shared_prot(vma), frame_to_read, vma);
}

static enum vm_fault_result fill_private(struct vmspace *vm, struct vma *vma, vaddr_t va,
					 bool is_write)
{
	struct page *page, *fresh;
	int error = vma->object->ops->get_page(vma->object, object_index(vma, va), false, &page);

	if (error)
		return result_of(error);
	if (!is_write) {
		enum vm_fault_result result = install(vm, va, page, shared_prot(vma));

		/* Pages that may be written are mostly written next, which would replace them. */
		if (result == VM_FAULT_OK && !(vma->prot & PROT_WRITE))
			fault_around(vm, vma, va);
		return result;
	}
	fresh = page_alloc(0);
	if (fresh)
		memcpy(page_address(fresh), page_address(page), UK_PAGE_SIZE);
	page_put(page);
	return fresh ? install(vm, va, fresh, vma_pt_prot(vma)) : VM_FAULT_NOMEM;
}

/* The object's own page. What may be written later is made the object's own at once, so that
 * every mapping of it shows the same frame. */
static enum vm_fault_result fill_shared(struct vmspace *vm, const struct vma *vma, vaddr_t va,
					bool is_write)
{
	bool for_write = is_write || (vma->flags & VMA_MAYWRITE);
	struct page *page;
	int error =
		vma->object->ops->get_page(vma->object, object_index(vma, va), for_write, &page);

	if (error)
		return result_of(error);
	return install(vm, va, page, for_write ? vma_pt_prot(vma) : shared_prot(vma));
}

static enum vm_fault_result write_shared(struct vmspace *vm, const struct vma *vma, vaddr_t va)
{
	struct ukarch_pte pte;
	struct page *page;
	int error = vma->object->ops->get_page(vma->object, object_index(vma, va), true, &page);

	if (error)
		return result_of(error);
	/* An object that had to make the page its own has taken the old one out of our table. */
	if (!ukarch_pt_lookup(&vm->pt, va, &pte))
		return install(vm, va, page, vma_pt_prot(vma));
	return replace(vm, va, page, vma_pt_prot(vma), phys_to_page(pte.paddr));
}

/* --- by the kernel ---------------------------------------------------------------------------- */

void *vm_peek_locked(const struct vmspace *vm, vaddr_t address)
{
	struct ukarch_pte pte;

	if (!ukarch_pt_lookup(&vm->pt, address, &pte))
		return NULL;
	return (char *)ukarch_phys_to_virt(pte.paddr) +
	       UK_ALIGN_DOWN(address & (pte.size_bytes - 1), UK_PAGE_SIZE);
}

int vm_poke_locked(struct vmspace *vm, vaddr_t address, const void *bytes, size_t len)
{
	vaddr_t va = UK_ALIGN_DOWN(address, UK_PAGE_SIZE);
	struct vma *vma = vma_find_locked(vm, va);
	struct ukarch_pte pte;

	if (!vma || (vma->flags & VMA_SHARED) || !ukarch_pt_lookup(&vm->pt, va, &pte))
		return -EFAULT;
	if ((pte.prot & UKARCH_PT_SHARED) && copy_on_write(vm, vma, va, &pte) != VM_FAULT_OK)
		return -ENOMEM;
	vma->flags |= VMA_WATCHED;
	memcpy((char *)vm_peek_locked(vm, va) + (address - va), bytes, len);
	return 0;
}

/* --- the fault -------------------------------------------------------------------------------- */

/* The stack grows down to `addr` if its limit and the guard gap allow. */
static struct vma *grow_stack(struct vmspace *vm, vaddr_t addr)
{
	struct vma *vma = vma_find_next_locked(vm, addr), *below;
	vaddr_t start = UK_ALIGN_DOWN(addr, UK_PAGE_SIZE);
	size_t more;

	if (!vma || !(vma->flags & VMA_STACK) || vma->end - start > vm->stack_limit_bytes)
		return NULL;
	/* As on Linux, inaccessible memory below is guard enough. */
	below = vma_prev(vma);
	if (start < UKARCH_USER_BASE ||
	    (below && below->prot != PROT_NONE && start - below->end < VM_STACK_GUARD_GAP))
		return NULL;
	more = vma->start - start;
	if (vm_exceeds_limits(vm, vma, more))
		return NULL;
	vm_account(vm, vma, (long)more);
	vma->start = start;
	return vma;
}

static bool is_allowed(const struct vma *vma, unsigned int access)
{
	if (access & VM_ACCESS_WRITE)
		return vma->prot & PROT_WRITE;
	if (access & VM_ACCESS_EXEC)
		return vma->prot & PROT_EXEC;
	return vma->prot != PROT_NONE; /* every other right implies reading */
}

/* A leaf is there but does not allow what VMA and access do. */
static enum vm_fault_result fix_leaf(struct vmspace *vm, const struct vma *vma, vaddr_t va,
				     const struct ukarch_pte *pte, bool is_write)
{
	if (!(pte->prot & UKARCH_PT_SHARED)) {
		/* Restricted by an mprotect that has since been undone; or a stale TLB entry. */
		return result_of(ukarch_pt_map(&vm->pt, UK_ALIGN_DOWN(va, pte->size_bytes),
					       pte->paddr, pte->size_bytes, vma_pt_prot(vma)));
	}
	if (!is_write)
		return result_of(
			ukarch_pt_map(&vm->pt, va, pte->paddr, UK_PAGE_SIZE, shared_prot(vma)));
	return vma->flags & VMA_SHARED ? write_shared(vm, vma, va)
				       : copy_on_write(vm, vma, va, pte);
}

enum vm_fault_result vm_fault_locked(struct vmspace *vm, vaddr_t addr, unsigned int access)
{
	struct vma *vma = vma_find_locked(vm, addr);
	vaddr_t va = UK_ALIGN_DOWN(addr, UK_PAGE_SIZE);
	bool is_write = access & VM_ACCESS_WRITE;
	struct ukarch_pte pte;

	if (!vma)
		vma = grow_stack(vm, addr);
	if (!vma)
		return VM_FAULT_MAPERR;
	if (!is_allowed(vma, access))
		return VM_FAULT_ACCERR;
	if (ukarch_pt_lookup(&vm->pt, va, &pte))
		return fix_leaf(vm, vma, va, &pte, is_write);
	if (vma_is_anonymous(vma))
		return fill_anonymous(vm, vma, va, is_write);
	return vma->flags & VMA_SHARED ? fill_shared(vm, vma, va, is_write)
				       : fill_private(vm, vma, va, is_write);
}

enum vm_fault_result vmspace_fault(struct vmspace *vm, vaddr_t addr, unsigned int access)
{
	enum vm_fault_result result;

	if (addr >= UKARCH_USER_END)
		return VM_FAULT_MAPERR;
	mutex_lock(&vm->lock);
	result = vm_fault_locked(vm, addr, access);
	mutex_unlock(&vm->lock);
	return result;
}
