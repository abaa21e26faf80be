/* SPDX-License-Identifier: BSD-3-Clause */
/* Birth and death of address spaces. */
#include <uk/heap.h>
#include "vm_internal.h"

const struct vmspace *vmspace_active;

struct vmspace *vmspace_create(void)
{
	struct vmspace *vm = uk_zalloc(sizeof(*vm));

	if (!vm)
		return NULL;
	if (ukarch_pt_create(&vm->pt)) {
		uk_free(vm);
		return NULL;
	}
	vm->refcount = 1;
	mutex_init(&vm->lock);
	RB_INIT(&vm->vmas);
	vm->mmap_top = vm->search_from = UKARCH_USER_END;
	vm->stack_limit_bytes = 8UL << 20;
	vm->data_limit_bytes = vm->as_limit_bytes = UINT64_MAX;
	return vm;
}

void vmspace_put(struct vmspace *vm)
{
	struct vma *vma;

	if (__atomic_fetch_sub(&vm->refcount, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	if (vmspace_active == vm) {
		ukarch_pt_activate_kernel();
		vmspace_active = NULL;
	}
	mutex_lock(&vm->lock);
	if (vm->vma_count)
		vm_drop_pages(vm, 0, UKARCH_USER_END);
	while ((vma = RB_ROOT(&vm->vmas)))
		vma_delete(vm, vma);
	vm_unlock(vm);
	ukarch_pt_destroy(&vm->pt);
	if (vm->watch)
		vm->watch->release(vm->watch);
	uk_free(vm);
}
