/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of core/mm share about address spaces. Every function expects vm->lock held. */
#ifndef VM_INTERNAL_H
#define VM_INTERNAL_H

#include <uk/vmspace.h>

#define VM_MAX_MAP_COUNT   65530 /* Linux' vm.max_map_count */
#define VM_STACK_GUARD_GAP (256UL * UK_PAGE_SIZE)

static inline bool vma_is_anonymous(const struct vma *vma)
{
	return !vma->object;
}

/** UKARCH_PT_* bits for a page of this VMA. PROT_* and UKARCH_PT_* have the same values. */
static inline unsigned int vma_pt_prot(const struct vma *vma)
{
	return vma->prot | UKARCH_PT_USER;
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
 *  references are taken. 0 or -ENOMEM. */
int vma_insert(struct vmspace *vm, const struct vma *model);
/** Takes out and frees; drops the references. */
void vma_delete(struct vmspace *vm, struct vma *vma);
/** Merges `vma` with both neighbours where possible; returns the VMA that now covers it. */
struct vma *vma_merge(struct vmspace *vm, struct vma *vma);

/**
 * Makes sure that no VMA and no large page crosses `addr`. 0 or -ENOMEM; harmless when nobody
 * needed it after all.
 */
int vma_split_at(struct vmspace *vm, vaddr_t addr);

/** Is [start, start + len) free, stack guard gaps included? */
bool vm_range_is_free(struct vmspace *vm, vaddr_t start, size_t len);
/** Chooses a place, top-down below `top`. 0 when there is none. */
vaddr_t vm_find_gap(struct vmspace *vm, size_t len, vaddr_t top, size_t align);
/** Is every byte of the range mapped? */
bool vm_range_is_mapped(struct vmspace *vm, vaddr_t start, vaddr_t end);

/** Takes all pages of a range out of the page table. */
void vm_drop_pages(struct vmspace *vm, vaddr_t start, vaddr_t end);
int vm_unmap_locked(struct vmspace *vm, vaddr_t start, vaddr_t end);
int vm_map_locked(struct vmspace *vm, const struct vm_map_args *args, vaddr_t *address);
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
