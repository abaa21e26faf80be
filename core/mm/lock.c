/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mlock(2) and kin. Nothing is ever swapped out, so a locked page is one that is there: locking
 * brings memory in, now or (VMA_LOCKONFAULT) when it is touched, and keeps madvise(2) from dropping
 * it.
 */
#include <linux/errno.h>
#include "vm_internal.h"

#define LOCK_FLAGS (VMA_LOCKED | VMA_LOCKONFAULT)

void vm_populate_if_locked(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	const struct vma *vma = vma_find_locked(vm, start);

	if (vma && (vma->flags & LOCK_FLAGS) == VMA_LOCKED)
		vm_populate_locked(vm, start, end);
}

int vm_lock_range(struct vmspace *vm, vaddr_t start, size_t len, unsigned int flags)
{
	vaddr_t first = UK_ALIGN_DOWN(start, UK_PAGE_SIZE), end;
	int error;

	if (uk_add_overflow(len, start - first, &len) || !vm_user_range(first, len, &end))
		return -ENOMEM;
	mutex_lock(&vm->lock);
	if (!vm_range_is_mapped(vm, first, end))
		error = -ENOMEM;
	else
		error = vma_change_flags(vm, first, end, flags, LOCK_FLAGS & ~flags);
	if (!error && flags == VMA_LOCKED && vm_populate_locked(vm, first, end))
		error = -ENOMEM;
	vm_unlock(vm);
	return error;
}

static int change_all(struct vmspace *vm, unsigned int flags)
{
	struct vma *vma = vma_find_next_locked(vm, 0);

	while (vma) {
		vaddr_t start = vma->start, end = vma->end;

		if (!(vma->flags & VMA_SPECIAL) &&
		    vma_change_flags(vm, start, end, flags, LOCK_FLAGS & ~flags))
			return -ENOMEM;
		vm_populate_if_locked(vm, start, end);
		vma = vma_find_next_locked(vm, end);
	}
	return 0;
}

int vm_lock_all(struct vmspace *vm, unsigned int flags)
{
	int error;

	mutex_lock(&vm->lock);
	error = change_all(vm, flags);
	vm_unlock(vm);
	return error;
}

void vm_lock_future(struct vmspace *vm, unsigned int flags)
{
	mutex_lock(&vm->lock);
	vm->future_flags = flags;
	mutex_unlock(&vm->lock);
}
