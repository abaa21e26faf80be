/* SPDX-License-Identifier: BSD-3-Clause */
/* mremap(2): shrink, grow in place, or move page table entries to a new place. */
#include <linux/errno.h>
#include <linux/mman.h>
#include "vm_internal.h"

struct remap {
	vaddr_t old, new_address;
	size_t old_len, new_len;
	unsigned int flags;
};

static bool grow_in_place(struct vmspace *vm, struct vma *vma, const struct remap *r)
{
	vaddr_t old_end = r->old + r->old_len;
	size_t more = r->new_len - r->old_len;

	if (old_end != vma->end || old_end > UKARCH_USER_END - more ||
	    !vm_range_is_free(vm, old_end, more))
		return false;
	vma->end += more;
	vm->mapped_bytes += more;
	if (vma->flags & VMA_LOCKED)
		vm->locked_bytes += more;
	vma_merge(vm, vma);
	return true;
}

/* Maps the target like the source, moves the pages, and takes the source away. */
static long move(struct vmspace *vm, struct vma *vma, const struct remap *r)
{
	struct vm_map_args args = {
		.hint = r->flags & MREMAP_FIXED ? r->new_address : 0,
		.len_bytes = r->new_len,
		.prot = vma->prot,
		.flags = vma->flags,
		.placement = r->flags & MREMAP_FIXED ? VM_MAP_FIXED : VM_MAP_ANYWHERE,
		.object = vma->object,
		.offset_bytes = vma->offset_bytes + (r->old - vma->start),
		.file = vma->file,
		.name = vma->name,
	};
	size_t len = UK_MIN(r->old_len, r->new_len);
	vaddr_t target;
	int error = vm_map_locked(vm, &args, &target);

	if (error)
		return error;
	/* Large pages at the edges must not drag along what lies outside. */
	error = vma_split_at(vm, r->old + len);
	if (!error)
		error = ukarch_pt_move(&vm->pt, r->old, target, len);
	if (error) {
		vm_unmap_locked(vm, target, target + r->new_len);
		return error;
	}
	if (!(r->flags & MREMAP_DONTUNMAP))
		vm_unmap_locked(vm, r->old, r->old + r->old_len);
	return (long)target;
}

/* An old length of 0: a second view of shared memory, the first one stays. */
static long duplicate(struct vmspace *vm, struct vma *vma, const struct remap *r)
{
	struct vm_map_args args = {
		.hint = r->flags & MREMAP_FIXED ? r->new_address : 0,
		.len_bytes = r->new_len,
		.prot = vma->prot,
		.flags = vma->flags,
		.placement = r->flags & MREMAP_FIXED ? VM_MAP_FIXED : VM_MAP_ANYWHERE,
		.object = vma->object,
		.offset_bytes = vma->offset_bytes + (r->old - vma->start),
		.file = vma->file,
		.name = vma->name,
	};
	vaddr_t target;
	int error;

	if (!(vma->flags & VMA_SHARED) || !(r->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	error = vm_map_locked(vm, &args, &target);
	return error ? error : (long)target;
}

static long remap_locked(struct vmspace *vm, struct remap *r)
{
	struct vma *vma = vma_find_locked(vm, r->old);
	int error;

	if (!vma || r->old + r->old_len > vma->end)
		return -EFAULT;
	if (vma->flags & VMA_SPECIAL)
		return -EFAULT;
	if (!r->old_len)
		return duplicate(vm, vma, r);
	if (r->new_len < r->old_len && !(r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))) {
		error = vm_unmap_locked(vm, r->old + r->new_len, r->old + r->old_len);
		return error ? error : (long)r->old;
	}
	if (r->new_len == r->old_len && !(r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)))
		return (long)r->old;
	if (!(r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && grow_in_place(vm, vma, r))
		return (long)r->old;
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	/* The source becomes a VMA of its own, so that large pages at its edges are split. */
	if (vma_split_at(vm, r->old) || vma_split_at(vm, r->old + r->old_len))
		return -ENOMEM;
	return move(vm, vma_find_locked(vm, r->old), r);
}

static int check(const struct remap *r)
{
	vaddr_t end;

	if ((r->flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) ||
	    ((r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(r->flags & MREMAP_MAYMOVE)))
		return -EINVAL;
	if (!UK_IS_ALIGNED(r->old, UK_PAGE_SIZE) || !r->new_len)
		return -EINVAL;
	if (r->new_len > UKARCH_USER_END || r->old_len > UKARCH_USER_END - r->old)
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && r->old_len != r->new_len)
		return -EINVAL;
	if (!(r->flags & MREMAP_FIXED))
		return 0;
	if (!vm_user_range(r->new_address, r->new_len, &end) ||
	    (r->new_address < r->old + r->old_len && r->old < end))
		return -EINVAL;
	return 0;
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

	if (result || old >= UKARCH_USER_END)
		return result ? result : -EFAULT;
	mutex_lock(&vm->lock);
	result = remap_locked(vm, &r);
	mutex_unlock(&vm->lock);
	return result;
}
