/* SPDX-License-Identifier: BSD-3-Clause */
/* madvise, mincore, msync: what a program says about its memory and asks of it. */
#include <asm/mman.h>
#include <linux/errno.h>
#include <linux/falloc.h>
#include <uk/file.h>
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
		return -EFAULT;
	return populate(vm, start, end, vma->prot & PROT_WRITE ? VM_ACCESS_WRITE : VM_ACCESS_READ);
}

int vm_populate_locked(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	struct vma *vma;

	while (start < end && (vma = vma_find_locked(vm, start))) {
		int error = populate_vma(vm, vma, start, UK_MIN(end, vma->end));

		if (error)
			return error;
		start = vma->end;
	}
	return 0;
}

void vm_populate(struct vmspace *vm, vaddr_t start, size_t len)
{
	mutex_lock(&vm->lock);
	vm_populate_locked(vm, start, start + UK_ALIGN_UP(len, UK_PAGE_SIZE));
	mutex_unlock(&vm->lock);
}

int vma_change_flags(struct vmspace *vm, vaddr_t start, vaddr_t end, unsigned int set,
		     unsigned int clear)
{
	struct vma *vma;

	if (vma_isolate(vm, start, end))
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

/* Drops the pages: anonymous memory reads as zeros, a private file mapping as the file again.
 * MADV_FREE may do so at once: Linux does under pressure. */
static int drop(struct vmspace *vm, vaddr_t start, vaddr_t end, int advice)
{
	struct vma *vma = vma_find_next_locked(vm, start);

	for (; vma && vma->start < end; vma = vma_next(vma)) {
		if ((vma->flags & VMA_LOCKED) && advice != MADV_DONTNEED_LOCKED)
			return -EINVAL;
		if (vma->object && advice == MADV_FREE)
			return -EINVAL;
	}
	if (vm_split_large_page(vm, start) || vm_split_large_page(vm, end))
		return -ENOMEM;
	vm_drop_pages(vm, start, end);
	return 0;
}

/* MADV_POPULATE_*: unlike MAP_POPULATE it says what went wrong. */
static int advise_populate(struct vmspace *vm, vaddr_t start, vaddr_t end, unsigned int access)
{
	while (start < end) {
		struct vma *vma = vma_find_locked(vm, start);
		int error;

		if (!vma)
			return -ENOMEM;
		if (access == VM_ACCESS_WRITE ? !(vma->prot & PROT_WRITE) : vma->prot == PROT_NONE)
			return -EINVAL;
		error = populate(vm, start, UK_MIN(end, vma->end), access);
		if (error)
			return error;
		start = vma->end;
	}
	return 0;
}

static int wipe_on_fork(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	struct vma *vma = vma_find_next_locked(vm, start);

	for (; vma && vma->start < end; vma = vma_next(vma))
		if (vma->object)
			return -EINVAL;
	return vma_change_flags(vm, start, end, VMA_WIPEONFORK, 0);
}

/* MADV_MERGEABLE and the like are not: a kernel without KSM or memory failure handling. */
static bool is_advice(int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
	case MADV_REMOVE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return true;
	default:
		return false;
	}
}

static int advise_locked(struct vmspace *vm, vaddr_t start, vaddr_t end, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return drop(vm, start, end, advice);
	case MADV_HUGEPAGE:
		return vma_change_flags(vm, start, end, VMA_HUGEPAGE, VMA_NOHUGEPAGE);
	case MADV_NOHUGEPAGE:
		return vma_change_flags(vm, start, end, VMA_NOHUGEPAGE, VMA_HUGEPAGE);
	case MADV_DONTFORK:
		return vma_change_flags(vm, start, end, VMA_DONTFORK, 0);
	case MADV_DOFORK:
		return vma_change_flags(vm, start, end, 0, VMA_DONTFORK);
	case MADV_WIPEONFORK:
		return wipe_on_fork(vm, start, end);
	case MADV_KEEPONFORK:
		return vma_change_flags(vm, start, end, 0, VMA_WIPEONFORK);
	case MADV_POPULATE_READ:
		return advise_populate(vm, start, end, VM_ACCESS_READ);
	case MADV_POPULATE_WRITE:
		return advise_populate(vm, start, end, VM_ACCESS_WRITE);
	default: /* hints about eviction, and nothing is ever evicted; about core dumps */
		return 0;
	}
}

/* Zeros a part of an object that has no file to punch a hole into. */
static int zero_object(struct vm_object *object, uint64_t offset, size_t len)
{
	for (uint64_t index = offset >> UK_PAGE_SHIFT; index < (offset + len) >> UK_PAGE_SHIFT;
	     index++) {
		struct page *page;
		int error = object->ops->get_page(object, index, true, &page);

		if (error)
			return error == -ERANGE ? 0 : error;
		memset(page_address(page), 0, UK_PAGE_SIZE);
		page_put(page);
	}
	return 0;
}

static int check_remove(const struct vma *vma)
{
	if (!vma)
		return -ENOMEM;
	if (!vma->object || (vma->flags & VMA_LOCKED))
		return -EINVAL;
	if (!(vma->flags & VMA_SHARED) || !(vma->prot & PROT_WRITE))
		return -EACCES;
	return vma->file && !vma->file->ops->fallocate ? -EOPNOTSUPP : 0;
}

/* One VMA's share of MADV_REMOVE. A file's lock comes before ours: it is called without. */
static int remove_from(struct vmspace *vm, const struct vma *vma, vaddr_t start, vaddr_t end)
{
	uint64_t offset = vma->offset_bytes + (start - vma->start);
	struct file *file = vma->file;
	int error;

	vm_drop_pages(vm, start, end);
	if (!file)
		return zero_object(vma->object, offset, end - start);
	file_get(file);
	vm_unlock(vm);
	error = file->ops->fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				     (loff_t)offset, (loff_t)(end - start));
	file_put(file);
	mutex_lock(&vm->lock);
	return error;
}

static int advise_remove(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	while (start < end) {
		const struct vma *vma = vma_find_locked(vm, start);
		int error = check_remove(vma);
		vaddr_t stop;

		if (error)
			return error;
		stop = UK_MIN(end, vma->end);
		error = remove_from(vm, vma, start, stop);
		if (error)
			return error;
		start = stop;
	}
	return 0;
}

int vm_advise(struct vmspace *vm, vaddr_t start, size_t len, int advice)
{
	size_t aligned = UK_ALIGN_UP(len, UK_PAGE_SIZE);
	vaddr_t end, end_here;
	int error = 0;

	if (!is_advice(advice) || !UK_IS_ALIGNED(start, UK_PAGE_SIZE) || aligned < len ||
	    uk_add_overflow(start, aligned, &end))
		return -EINVAL;
	end_here = UK_MIN(end, UKARCH_USER_END);
	mutex_lock(&vm->lock);
	if (start < end_here && advice == MADV_REMOVE)
		error = advise_remove(vm, start, end_here);
	else if (start < end_here)
		error = advise_locked(vm, start, end_here, advice);
	/* As on Linux, what is mapped has been advised even when a hole is reported. */
	if (!error && !vm_range_is_mapped(vm, start, end))
		error = -ENOMEM;
	vm_unlock(vm);
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
