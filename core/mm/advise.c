/* SPDX-License-Identifier: BSD-3-Clause */
/* madvise, mincore, msync, mlock: what a program says about its memory and asks of it. */
#include <asm/mman.h>
#include <linux/errno.h>
#include <uk/string.h>
#include "vm_internal.h"

/* Linux 6 numbers that older UAPI headers lack. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

static int populate(struct vmspace *vm, vaddr_t start, vaddr_t end, unsigned int access)
{
	while (start < end) {
		struct ukarch_pte pte;
		size_t step = UK_PAGE_SIZE;

		if (!ukarch_pt_lookup(&vm->pt, start, &pte) ||
		    ((access & VM_ACCESS_WRITE) && !(pte.prot & UKARCH_PT_WRITE))) {
			enum vm_fault_result result = vm_fault_locked(vm, start, access);

			if (result == VM_FAULT_NOMEM)
				return -ENOMEM;
			if (result != VM_FAULT_OK)
				return -EFAULT;
		} else if (pte.size_bytes != UK_PAGE_SIZE) {
			step = UK_ALIGN_DOWN(start, pte.size_bytes) + pte.size_bytes - start;
		}
		start += step;
	}
	return 0;
}

/* Fills a VMA the way its rights allow: writable private memory as if written. */
static int populate_vma(struct vmspace *vm, const struct vma *vma, vaddr_t start, vaddr_t end)
{
	if (vma->prot == PROT_NONE)
		return 0;
	return populate(vm, start, end,
			vma->prot & PROT_WRITE ? VM_ACCESS_WRITE : VM_ACCESS_READ);
}

void vm_populate(struct vmspace *vm, vaddr_t start, size_t len)
{
	vaddr_t end = start + UK_ALIGN_UP(len, UK_PAGE_SIZE);
	struct vma *vma;

	mutex_lock(&vm->lock);
	while (start < end && (vma = vma_find_locked(vm, start))) {
		if (populate_vma(vm, vma, start, UK_MIN(end, vma->end)))
			break;
		start = vma->end;
	}
	mutex_unlock(&vm->lock);
}

/* Splits at both ends and changes the flags of everything between. */
static int change_flags(struct vmspace *vm, vaddr_t start, vaddr_t end, unsigned int set,
			unsigned int clear)
{
	struct vma *vma;

	if (vma_split_at(vm, start) || vma_split_at(vm, end))
		return -ENOMEM;
	vma = vma_find_next_locked(vm, start);
	while (vma && vma->start < end) {
		size_t len = vma->end - vma->start;

		if ((set & VMA_LOCKED) && !(vma->flags & VMA_LOCKED))
			vm->locked_bytes += len;
		if ((clear & VMA_LOCKED) && (vma->flags & VMA_LOCKED))
			vm->locked_bytes -= len;
		vma->flags = (vma->flags | set) & ~clear;
		vma = vma_next(vma_merge(vm, vma));
	}
	if (vma)
		vma_merge(vm, vma);
	return 0;
}

/* Drops the pages: anonymous memory reads as zeros, a private file mapping as the file again. */
static int drop(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	struct vma *vma = vma_find_next_locked(vm, start);

	for (; vma && vma->start < end; vma = vma_next(vma))
		if (vma->flags & VMA_LOCKED)
			return -EINVAL;
	/* A large page that is only partly dropped has to become small ones first. */
	if (vma_split_at(vm, start) || vma_split_at(vm, end))
		return -ENOMEM;
	vm_drop_pages(vm, start, end);
	for (vma = vma_find_next_locked(vm, start); vma && vma->start <= end; vma = vma_next(vma))
		vma = vma_merge(vm, vma);
	return 0;
}

static int advise_locked(struct vmspace *vm, vaddr_t start, vaddr_t end, int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_COLD:    /* hints about eviction: nothing is ever evicted */
	case MADV_PAGEOUT:
	case MADV_DONTDUMP: /* core dumps are not written */
	case MADV_DODUMP:
		return 0;
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE: /* dropping at once is what Linux does under pressure */
		return drop(vm, start, end);
	case MADV_HUGEPAGE:
		return change_flags(vm, start, end, VMA_HUGEPAGE, VMA_NOHUGEPAGE);
	case MADV_NOHUGEPAGE:
		return change_flags(vm, start, end, VMA_NOHUGEPAGE, VMA_HUGEPAGE);
	case MADV_DONTFORK:
		return change_flags(vm, start, end, VMA_DONTFORK, 0);
	case MADV_DOFORK:
		return change_flags(vm, start, end, 0, VMA_DONTFORK);
	case MADV_WIPEONFORK:
		return change_flags(vm, start, end, VMA_WIPEONFORK, 0);
	case MADV_KEEPONFORK:
		return change_flags(vm, start, end, 0, VMA_WIPEONFORK);
	case MADV_POPULATE_READ:
		return populate(vm, start, end, VM_ACCESS_READ);
	case MADV_POPULATE_WRITE:
		return populate(vm, start, end, VM_ACCESS_WRITE);
	default:
		return -EINVAL;
	}
}

int vm_advise(struct vmspace *vm, vaddr_t start, size_t len, int advice)
{
	vaddr_t end;
	int error;

	if (!vm_user_range(start, len, &end))
		return -EINVAL;
	mutex_lock(&vm->lock);
	error = start < end ? advise_locked(vm, start, end, advice) : 0;
	/* As on Linux, what is mapped has been advised even when a hole is reported. */
	if (!error && !vm_range_is_mapped(vm, start, end))
		error = -ENOMEM;
	mutex_unlock(&vm->lock);
	return error;
}

int vm_incore(struct vmspace *vm, vaddr_t start, size_t len, unsigned char *vec)
{
	vaddr_t end;
	int error = 0;

	if (!vm_user_range(start, len, &end))
		return UK_IS_ALIGNED(start, UK_PAGE_SIZE) ? -ENOMEM : -EINVAL;
	mutex_lock(&vm->lock);
	if (!vm_range_is_mapped(vm, start, end))
		error = -ENOMEM;
	for (; !error && start < end; start += UK_PAGE_SIZE, vec++) {
		const struct vma *vma = vma_find_locked(vm, start);
		struct ukarch_pte pte;

		/* The page cache of an object is always in memory. */
		*vec = vma->object || ukarch_pt_lookup(&vm->pt, start, &pte);
	}
	mutex_unlock(&vm->lock);
	return error;
}

int vm_sync(struct vmspace *vm, vaddr_t start, size_t len, int flags)
{
	bool is_mapped, is_locked = false;
	vaddr_t end;

	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC) ||
	    !UK_IS_ALIGNED(start, UK_PAGE_SIZE))
		return -EINVAL;
	if (!vm_user_range(start, len, &end))
		return -ENOMEM;
	mutex_lock(&vm->lock);
	is_mapped = vm_range_is_mapped(vm, start, end);
	for (struct vma *vma = vma_find_next_locked(vm, start); vma && vma->start < end;
	     vma = vma_next(vma))
		is_locked |= (vma->flags & VMA_LOCKED) != 0;
	mutex_unlock(&vm->lock);
	if ((flags & MS_INVALIDATE) && is_locked)
		return -EBUSY;
	return is_mapped ? 0 : -ENOMEM;
}

int vm_lock_range(struct vmspace *vm, vaddr_t start, size_t len, bool lock)
{
	vaddr_t first = UK_ALIGN_DOWN(start, UK_PAGE_SIZE), end;
	int error;

	if (uk_add_overflow(len, start - first, &len) || !vm_user_range(first, len, &end))
		return -ENOMEM;
	mutex_lock(&vm->lock);
	if (!vm_range_is_mapped(vm, first, end))
		error = -ENOMEM;
	else
		error = change_flags(vm, first, end, lock ? VMA_LOCKED : 0, lock ? 0 : VMA_LOCKED);
	mutex_unlock(&vm->lock);
	if (!error && lock)
		vm_populate(vm, first, end - first);
	return error;
}
