/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VMA tree: lookup, insertion, splitting, merging, free space.
 *
 * Invariants: VMAs are sorted, disjoint, page-aligned and not empty; two neighbours that could be
 * one are one (except after a failed operation, which may leave a harmless split).
 * Lock: vm->lock.
 */
#include <linux/errno.h>
#include <uk/file.h>
#include <uk/heap.h>
#include "vm_internal.h"

static int vma_compare(const struct vma *a, const struct vma *b)
{
	return a->start < b->start ? -1 : a->start > b->start;
}

RB_GENERATE_INTERNAL(vma_tree, vma, node, vma_compare, static __uk_unused)

struct vma *vma_search_next(struct vmspace *vm, vaddr_t addr)
{
	struct vma *vma = RB_ROOT(&vm->vmas), *best = NULL;

	while (vma) {
		if (addr >= vma->end) {
			vma = RB_RIGHT(vma, node);
			continue;
		}
		best = vma;
		if (addr >= vma->start)
			break;
		vma = RB_LEFT(vma, node);
	}
	if (best)
		vm->last_hit = best;
	return best;
}

struct vma *vma_find_below_locked(struct vmspace *vm, vaddr_t addr)
{
	struct vma *vma = RB_ROOT(&vm->vmas), *best = NULL;

	while (vma) {
		if (vma->start < addr) {
			best = vma;
			vma = RB_RIGHT(vma, node);
		} else {
			vma = RB_LEFT(vma, node);
		}
	}
	return best;
}

static bool vma_can_merge(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->prot == b->prot && a->flags == b->flags &&
	       a->object == b->object && a->file == b->file && a->name == b->name &&
	       !(a->flags & VMA_STACK) &&
	       (!a->object || a->offset_bytes + (a->end - a->start) == b->offset_bytes);
}

static void take_references(struct vma *vma)
{
	if (vma->object) {
		vm_object_get(vma->object);
		LIST_INSERT_HEAD(&vma->object->mappings, vma, object_link);
	}
	if (vma->file)
		file_get(vma->file);
}

/* The last reference of a file or an object takes locks that come before ours: later. */
static void vma_free(struct vmspace *vm, struct vma *vma)
{
	if (vma->object)
		LIST_REMOVE(vma, object_link);
	if (!vma->object && !vma->file) {
		uk_free(vma);
		return;
	}
	vma->next = vm->dead;
	vm->dead = vma;
}

void vm_bury_dead(struct vmspace *vm)
{
	struct vma *vma = vm->dead, *next;

	vm->dead = NULL;
	mutex_unlock(&vm->lock);
	for (; vma; vma = next) {
		next = vma->next;
		if (vma->object)
			vm_object_put(vma->object);
		if (vma->file)
			file_put(vma->file);
		uk_free(vma);
	}
}

/* Where `vma` begins for its neighbours below: a stack keeps a gap it may grow into. */
static vaddr_t guarded_start(const struct vma *vma)
{
	if (!(vma->flags & VMA_STACK))
		return vma->start;
	return vma->start > VM_STACK_GUARD_GAP ? vma->start - VM_STACK_GUARD_GAP : 0;
}

static void tree_remove(struct vmspace *vm, struct vma *vma)
{
	RB_REMOVE(vma_tree, &vm->vmas, vma);
	if (vma->prev)
		vma->prev->next = vma->next;
	if (vma->next)
		vma->next->prev = vma->prev;
	vm->vma_count--;
	if (vm->last_hit == vma)
		vm->last_hit = NULL;
}

/* Part of `vma` or all of it goes: the search for free space has to start above the hole. */
static void note_hole(struct vmspace *vm, const struct vma *vma)
{
	vaddr_t hole_end = vma->next ? guarded_start(vma->next) : UKARCH_USER_END;

	vm->search_from = UK_MAX(vm->search_from, UK_MAX(hole_end, vma->end));
}

void vm_account(struct vmspace *vm, const struct vma *vma, long bytes)
{
	vm->mapped_bytes += (size_t)bytes;
	if (vma->flags & VMA_LOCKED)
		vm->locked_bytes += (size_t)bytes;
	if (vma_is_data(vma, vma->prot))
		vm->data_bytes += (size_t)bytes;
}

static void forget_bytes(struct vmspace *vm, const struct vma *vma, size_t len)
{
	vm->peak_mapped_bytes = vm_peak_mapped_bytes(vm);
	vm_account(vm, vma, -(long)len);
	note_hole(vm, vma);
}

void vma_trim(struct vmspace *vm, struct vma *vma, vaddr_t start, vaddr_t end)
{
	forget_bytes(vm, vma, (vma->end - vma->start) - (end - start));
	vma->offset_bytes += start - vma->start;
	vma->start = start;
	vma->end = end;
}

void vma_delete(struct vmspace *vm, struct vma *vma)
{
	forget_bytes(vm, vma, vma->end - vma->start);
	tree_remove(vm, vma);
	vma_free(vm, vma);
}

int64_t vm_max_map_count = 65530; /* as on Linux */

/* The node is not accounted for in the vmspace's sizes. NULL: no memory, or too many. */
static struct vma *add_node(struct vmspace *vm, const struct vma *model, struct vma *spare)
{
	struct vma *vma = spare;

	if (!vma && vm->vma_count < vm_max_map_count)
		vma = uk_malloc(sizeof(*vma));
	if (!vma)
		return NULL;
	*vma = *model;
	vma->vm = vm;
	take_references(vma);
	RB_INSERT(vma_tree, &vm->vmas, vma);
	vma->prev = RB_PREV(vma_tree, &vm->vmas, vma);
	vma->next = vma->prev ? vma->prev->next : RB_NEXT(vma_tree, &vm->vmas, vma);
	if (vma->prev)
		vma->prev->next = vma;
	if (vma->next)
		vma->next->prev = vma;
	vm->vma_count++;
	return vma;
}

struct vma *vma_merge(struct vmspace *vm, struct vma *vma)
{
	struct vma *prev = vma_prev(vma), *next = vma_next(vma);

	if (next && vma_can_merge(vma, next)) {
		vma->end = next->end;
		tree_remove(vm, next);
		vma_free(vm, next);
	}
	if (prev && vma_can_merge(prev, vma)) {
		prev->end = vma->end;
		tree_remove(vm, vma);
		vma_free(vm, vma);
		vma = prev;
	}
	return vma;
}

int vma_insert(struct vmspace *vm, const struct vma *model, struct vma *spare)
{
	struct vma *next = vma_find_next_locked(vm, model->start);
	struct vma *prev = next ? vma_prev(next) : vma_find_below_locked(vm, model->start);

	/* The common cases cost no allocation: grow a neighbour. Order in the tree is kept. */
	if (prev && vma_can_merge(prev, model)) {
		prev->end = model->end;
		vma_merge(vm, prev);
	} else if (next && vma_can_merge(model, next)) {
		next->start = model->start;
		next->offset_bytes = model->offset_bytes;
	} else {
		if (!add_node(vm, model, spare))
			return -ENOMEM;
		spare = NULL;
	}
	vm_account(vm, model, (long)(model->end - model->start));
	if (uk_unlikely(spare))
		uk_free(spare);
	return 0;
}

struct vma *vma_insert_alone(struct vmspace *vm, const struct vma *model, struct vma *spare)
{
	vm_account(vm, model, (long)(model->end - model->start));
	return add_node(vm, model, spare);
}

int vm_split_large_page(struct vmspace *vm, vaddr_t addr)
{
	struct ukarch_pte pte;
	int error;

	if (UK_IS_ALIGNED(addr, UKARCH_LARGE_SIZE) || !ukarch_pt_lookup(&vm->pt, addr, &pte) ||
	    pte.size_bytes == UK_PAGE_SIZE)
		return 0;
	error = ukarch_pt_split(&vm->pt, addr);
	if (!error)
		page_split_large(phys_to_page(pte.paddr));
	return error;
}

int vma_split_at(struct vmspace *vm, vaddr_t addr)
{
	struct vma *vma = vma_find_locked(vm, addr);
	struct vma upper;
	vaddr_t end;

	if (!vma || vma->start == addr)
		return 0;
	if (vm_split_large_page(vm, addr))
		return -ENOMEM;
	upper = *vma;
	upper.start = addr;
	upper.offset_bytes += addr - vma->start;
	end = vma->end;
	vma->end = addr;
	if (!add_node(vm, &upper, NULL)) {
		vma->end = end;
		return -ENOMEM;
	}
	return 0;
}

int vma_isolate(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	struct vma *vma;

	if (vma_split_at(vm, start))
		return -ENOMEM;
	if (vma_split_at(vm, end) == 0)
		return 0;
	vma = vma_find_locked(vm, start);
	if (vma)
		vma_merge(vm, vma);
	return -ENOMEM;
}

/* --- free space ------------------------------------------------------------------------------- */

bool vm_range_is_free(struct vmspace *vm, vaddr_t start, size_t len)
{
	struct vma *next = vma_find_next_locked(vm, start);

	return !next || guarded_start(next) >= start + len;
}

bool vm_range_is_mapped(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	while (start < end) {
		struct vma *vma = vma_find_locked(vm, start);

		if (!vma)
			return false;
		start = vma->end;
	}
	return true;
}

vaddr_t vm_find_gap(struct vmspace *vm, size_t len, vaddr_t top, size_t align)
{
	bool is_cached = top == vm->mmap_top;
	vaddr_t end = top;
	struct vma *vma;

	/* Above search_from there is no hole larger than search_hole: start there. */
	if (is_cached && len > vm->search_hole && vm->search_from < top)
		end = vm->search_from;
	else if (is_cached)
		vm->search_hole = 0;
	vma = vma_find_below_locked(vm, end);
	for (;;) {
		vaddr_t floor = vma ? vma->end : UKARCH_USER_BASE;

		if (end > floor && end - floor >= len) {
			vaddr_t start = UK_ALIGN_DOWN(end - len, align);

			if (start >= floor) {
				if (is_cached) {
					vm->search_from = start;
					/* Alignment may leave a hole above. */
					vm->search_hole =
						UK_MAX(vm->search_hole, end - start - len);
				}
				return start;
			}
		}
		if (!vma)
			return 0;
		if (is_cached && end > floor)
			vm->search_hole = UK_MAX(vm->search_hole, end - floor);
		end = UK_MIN(end, guarded_start(vma));
		vma = vma_prev(vma);
	}
}
