/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mremap(2): shrink, grow in place, or move page table entries to a new place.
 *
 * A move first gets all memory that it needs and only then changes anything, so that -ENOMEM
 * leaves the source as it was. Large pages move whole when source and target lie alike in their
 * 2 MiB blocks, and are split otherwise.
 */
#include <linux/errno.h>
#include <linux/mman.h>
#include <uk/heap.h>
#include "vm_internal.h"

struct remap {
	vaddr_t old, new_address;
	size_t old_len, new_len;
	unsigned int flags;
};

/* --- the page table --------------------------------------------------------------------------- */

/* Where there are leaves at all: the cost of moving a large empty reservation must not grow with
 * its size. */
struct leaves {
	struct vmspace *vm;
	vaddr_t first, last; /* empty: first == last */
	bool has_large, has_failed;
};

static void note_leaf(void *ctx, vaddr_t va, const struct ukarch_pte *pte)
{
	struct leaves *leaves = ctx;

	if (leaves->first == leaves->last)
		leaves->first = va;
	leaves->last = va + pte->size_bytes;
	leaves->has_large |= pte->size_bytes != UK_PAGE_SIZE;
}

static void split_leaf(void *ctx, vaddr_t va, const struct ukarch_pte *pte)
{
	struct leaves *leaves = ctx;

	if (pte->size_bytes != UK_PAGE_SIZE && !leaves->has_failed)
		leaves->has_failed = vm_split_large_page(leaves->vm, va + UK_PAGE_SIZE);
}

/* Nothing is mapped at the target. 0, or -ENOMEM and nothing moved. */
static int move_pages(struct vmspace *vm, vaddr_t from, vaddr_t to, size_t len)
{
	struct leaves leaves = {.vm = vm};
	bool is_alike = UK_IS_ALIGNED(from ^ to, UKARCH_LARGE_SIZE);

	ukarch_pt_walk(&vm->pt, from, from + len, note_leaf, &leaves);
	if (leaves.has_large && !is_alike)
		ukarch_pt_walk(&vm->pt, leaves.first, leaves.last, split_leaf, &leaves);
	if (leaves.has_failed)
		return -ENOMEM;
	return ukarch_pt_move(&vm->pt, leaves.first, leaves.first - from + to,
			      leaves.last - leaves.first);
}

/* --- the mapping ------------------------------------------------------------------------------ */

static bool grow_in_place(struct vmspace *vm, struct vma *vma, const struct remap *r)
{
	vaddr_t old_end = r->old + r->old_len;
	size_t more = r->new_len - r->old_len;

	if (!r->old_len || old_end != vma->end || old_end > UKARCH_USER_END - more ||
	    !vm_range_is_free(vm, old_end, more))
		return false;
	vma->end += more;
	vm_account(vm, vma, (long)more);
	vma_merge(vm, vma);
	return true;
}

static int choose_target(struct vmspace *vm, const struct vma *vma, const struct remap *r,
			 vaddr_t *target)
{
	struct vm_map_args args = {
		.hint = r->flags & MREMAP_FIXED ? r->new_address : 0,
		.placement = r->flags & MREMAP_FIXED ? VM_MAP_FIXED : VM_MAP_ANYWHERE,
		.object = vma->object,
	};

	return vm_place(vm, &args, r->new_len, target);
}

/* The source as a VMA of its own, which moves as a whole; with MREMAP_DONTUNMAP only its large
 * pages have to end where it does. */
static int isolate_source(struct vmspace *vm, const struct remap *r)
{
	vaddr_t end = r->old + r->old_len;

	if (!(r->flags & MREMAP_DONTUNMAP) && r->old_len)
		return vma_isolate(vm, r->old, end);
	return vm_split_large_page(vm, r->old) || vm_split_large_page(vm, end) ? -ENOMEM : 0;
}

/* The target like the source; the pages follow; the source goes. */
static int move_vma(struct vmspace *vm, vaddr_t target, const struct remap *r, struct vma *spare)
{
	struct vma *source = vma_find_locked(vm, r->old), *moved;
	struct vma model = *source;

	model.start = target;
	model.end = target + r->new_len;
	model.offset_bytes += r->old - source->start;
	model.flags &= ~(unsigned int)VMA_HEAP;
	moved = vma_insert_alone(vm, &model, spare);
	if (r->old_len && move_pages(vm, r->old, target, r->old_len)) {
		vma_delete(vm, moved);
		vma_merge(vm, source);
		return -ENOMEM;
	}
	if (r->old_len && !(r->flags & MREMAP_DONTUNMAP))
		vma_delete(vm, source);
	vma_merge(vm, moved);
	if (r->new_len > r->old_len)
		vm_populate_if_locked(vm, target + r->old_len, target + r->new_len);
	return 0;
}

static long move(struct vmspace *vm, const struct vma *vma, const struct remap *r)
{
	vaddr_t target, old = r->old;
	struct vma *spare;
	int error = choose_target(vm, vma, r, &target);

	if (error)
		return error;
	/* Up to five more: the source's and the target's edges, and the new one. */
	error = -ENOMEM;
	if (vm->vma_count + 5 > vm_max_map_count)
		goto err_gap;
	spare = uk_malloc(sizeof(*spare));
	if (!spare)
		goto err_gap;
	if (uk_unlikely(vma->flags & VMA_WATCHED))
		vm->watch->before_change(vm, r->old, r->old + r->old_len);
	error = isolate_source(vm, r);
	if (error)
		goto err_spare;
	error = vm_unmap_locked(vm, target, target + r->new_len);
	if (error)
		goto err_isolated;
	error = move_vma(vm, target, r, spare);
	if (error)
		goto err_gap;
	return (long)target;

err_isolated:
	vma_merge(vm, vma_find_locked(vm, old));
err_spare:
	uk_free(spare);
err_gap:
	vm_forget_gap(vm);
	return error;
}

static int check_vma(const struct vmspace *vm, const struct vma *vma, const struct remap *r)
{
	uint64_t end;

	if ((vma->flags & VMA_SPECIAL) || r->old_len > vma->end - r->old)
		return -EFAULT;
	if (vma->object &&
	    uk_add_overflow(vma->offset_bytes + (r->old - vma->start), r->new_len, &end))
		return -EINVAL;
	if (r->new_len > r->old_len && vm_exceeds_limits(vm, vma, r->new_len - r->old_len))
		return -ENOMEM;
	if ((r->flags & MREMAP_DONTUNMAP) && vm_exceeds_limits(vm, vma, r->new_len))
		return -ENOMEM;
	return 0;
}

static long remap_locked(struct vmspace *vm, struct remap *r)
{
	struct vma *vma = vma_find_locked(vm, r->old);
	bool stays = !(r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP));
	int error;

	if (!vma)
		return -EFAULT;
	/* Length 0 makes a second mapping of shared memory. */
	if (!r->old_len && (!(vma->flags & VMA_SHARED) || !(r->flags & MREMAP_MAYMOVE)))
		return -EINVAL;
	if (r->old_len > r->new_len) {
		if (vma->flags & VMA_SPECIAL)
			return -EFAULT;
		error = vm_unmap_locked(vm, r->old + r->new_len, r->old + r->old_len);
		if (error)
			return error;
		r->old_len = r->new_len;
		vma = vma_find_locked(vm, r->old);
	}
	if (stays && r->old_len == r->new_len)
		return (long)r->old;
	error = check_vma(vm, vma, r);
	if (error)
		return error;
	if (stays && grow_in_place(vm, vma, r)) {
		vm_populate_if_locked(vm, r->old + r->old_len, r->old + r->new_len);
		return (long)r->old;
	}
	return r->flags & MREMAP_MAYMOVE ? move(vm, vma, r) : -ENOMEM;
}

static int check(const struct remap *r)
{
	vaddr_t end;

	if ((r->flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) ||
	    ((r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(r->flags & MREMAP_MAYMOVE)))
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && r->old_len != r->new_len)
		return -EINVAL;
	if (!UK_IS_ALIGNED(r->old, UK_PAGE_SIZE) || !r->new_len)
		return -EINVAL;
	if (r->flags & MREMAP_FIXED) {
		if (!vm_user_range(r->new_address, r->new_len, &end) ||
		    (r->new_address < r->old + UK_MAX(r->old_len, UK_PAGE_SIZE) && r->old < end))
			return -EINVAL;
	}
	if (r->old >= UKARCH_USER_END || r->old_len > UKARCH_USER_END - r->old)
		return -EFAULT;
	return r->new_len > UKARCH_USER_END ? -ENOMEM : 0;
}

long vm_remap(struct vmspace *vm, vaddr_t old, size_t old_len, size_t new_len,
	      unsigned int mremap_flags, vaddr_t new_addr)
{
	struct remap r = {
		.old = old,
		.new_address = new_addr,
		.old_len = UK_ALIGN_UP(old_len, UK_PAGE_SIZE),
		.new_len = UK_ALIGN_UP(new_len, UK_PAGE_SIZE),
		.flags = mremap_flags,
	};
	long result = check(&r);

	if (result)
		return result;
	mutex_lock(&vm->lock);
	result = remap_locked(vm, &r);
	vm_unlock(vm);
	return result;
}
