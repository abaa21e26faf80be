/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of core/mm share about address spaces. Every function expects vm->lock held. */
#ifndef VM_INTERNAL_H
#define VM_INTERNAL_H

#include <asm/mman.h>
#include <uk/vmspace.h>

#define VM_STACK_GUARD_GAP (256UL * UK_PAGE_SIZE)

static inline bool vma_is_anonymous(const struct vma *vma)
{
	return !vma->object;
}

/** Does it count for RLIMIT_DATA with these rights: private, writable, no stack? */
static inline bool vma_is_data(const struct vma *vma, unsigned int prot)
{
	return (prot & PROT_WRITE) && !(vma->flags & (VMA_SHARED | VMA_STACK));
}

/** UKARCH_PT_* bits for a page of this VMA. PROT_* and UKARCH_PT_* have the same values; any right
 *  implies reading. */
static inline unsigned int vma_pt_prot(const struct vma *vma)
{
	return vma->prot | (vma->prot ? UKARCH_PT_READ : 0) | UKARCH_PT_USER;
}

/** What a leaf counts in vmspace.resident_pages: the page of zeros is nobody's. */
static inline size_t vm_resident_pages(const struct page *page, size_t leaf_bytes)
{
	return page == page_zero() ? 0 : leaf_bytes >> UK_PAGE_SHIFT;
}

/** The VMA before `vma` / after it; NULL at the ends. */
static inline struct vma *vma_prev(const struct vma *vma)
{
	return vma->prev;
}
static inline struct vma *vma_next(const struct vma *vma)
{
	return vma->next;
}
/** Cuts `vma` down to [start, end), a part of it that keeps one of its ends. */
void vma_trim(struct vmspace *vm, struct vma *vma, vaddr_t start, vaddr_t end);
/** Turns a large page that crosses `addr` into small ones. 0 or -ENOMEM. */
int vm_split_large_page(struct vmspace *vm, vaddr_t addr);
/** The last VMA that starts below `addr`, or NULL. */
struct vma *vma_find_below_locked(struct vmspace *vm, vaddr_t addr);

/** Puts a new VMA into the tree, merged with its neighbours where they agree. `model` is copied;
 *  references are taken. `spare` (or NULL) is uk_malloc()ed memory for it, used or freed here.
 *  0 or -ENOMEM; cannot fail with a spare. */
int vma_insert(struct vmspace *vm, const struct vma *model, struct vma *spare);
/** The same without merging; never fails. */
struct vma *vma_insert_alone(struct vmspace *vm, const struct vma *model, struct vma *spare);
/** Unlocks, and only then puts what the VMAs that have gone meanwhile held. */
void vm_bury_dead(struct vmspace *vm);
/** Every function that may free a VMA unlocks so. */
static inline void vm_unlock(struct vmspace *vm)
{
	if (vm->dead)
		vm_bury_dead(vm);
	else
		mutex_unlock(&vm->lock);
}
/** Takes out; the references are dropped by vm_unlock(). */
void vma_delete(struct vmspace *vm, struct vma *vma);
/** Merges `vma` with both neighbours where possible; returns the VMA that now covers it. */
struct vma *vma_merge(struct vmspace *vm, struct vma *vma);

/** Makes sure that no VMA and no large page crosses `addr`. 0, or -ENOMEM and no VMA changed. */
int vma_split_at(struct vmspace *vm, vaddr_t addr);
/**
 * Makes sure that no VMA and no large page crosses either end of the range. 0; or -ENOMEM, and
 * then nothing changed that anybody can see.
 */
int vma_isolate(struct vmspace *vm, vaddr_t start, vaddr_t end);

/** Is [start, start + len) free, stack guard gaps included? */
bool vm_range_is_free(struct vmspace *vm, vaddr_t start, size_t len);
/** Chooses a place, top-down below `top`. 0 when there is none. */
vaddr_t vm_find_gap(struct vmspace *vm, size_t len, vaddr_t top, size_t align);
/** What vm_find_gap() gave was not used after all: it is a hole still. */
static inline void vm_forget_gap(struct vmspace *vm)
{
	vm->search_from = UKARCH_USER_END;
}
/** Is every byte of the range mapped? */
bool vm_range_is_mapped(struct vmspace *vm, vaddr_t start, vaddr_t end);

/** Would `more` bytes, mapped as `vma` is, exceed RLIMIT_AS or RLIMIT_DATA? */
bool vm_exceeds_limits(const struct vmspace *vm, const struct vma *vma, size_t more);
/** So many more bytes (negative: less) are mapped as `vma` is. */
void vm_account(struct vmspace *vm, const struct vma *vma, long bytes);

/**
 * Chooses or checks the address of a mapping of `len` bytes; changes nothing. What is mapped
 * there (VM_MAP_FIXED) is the caller's to take out. 0, -ENOMEM, -EINVAL, -EPERM or -EEXIST.
 */
int vm_place(struct vmspace *vm, const struct vm_map_args *args, size_t len, vaddr_t *start);

/** Takes all pages of a range out of the page table. */
void vm_drop_pages(struct vmspace *vm, vaddr_t start, vaddr_t end);
int vm_unmap_locked(struct vmspace *vm, vaddr_t start, vaddr_t end);
int vm_map_locked(struct vmspace *vm, const struct vm_map_args *args, vaddr_t *address);
/** Splits at both ends and changes the flags of everything between. 0 or -ENOMEM. */
int vma_change_flags(struct vmspace *vm, vaddr_t start, vaddr_t end, unsigned int set,
		     unsigned int clear);
/** A new or grown part of a locked mapping is brought in. */
void vm_populate_if_locked(struct vmspace *vm, vaddr_t start, vaddr_t end);
/** Fills a range as its VMAs' rights allow. 0, -ENOMEM or -EFAULT at the first failure. */
int vm_populate_locked(struct vmspace *vm, vaddr_t start, vaddr_t end);
enum vm_fault_result vm_fault_locked(struct vmspace *vm, vaddr_t addr, unsigned int access);

/** Is a range as it comes from a system call sane? Rounds the length up; end in *end. */
static inline bool vm_user_range(vaddr_t start, size_t len, vaddr_t *end)
{
	if (!UK_IS_ALIGNED(start, UK_PAGE_SIZE) || len > UKARCH_USER_END)
		return false;
	*end = start + UK_ALIGN_UP(len, UK_PAGE_SIZE);
	return *end >= start && *end <= UKARCH_USER_END;
}

#endif /* VM_INTERNAL_H */
