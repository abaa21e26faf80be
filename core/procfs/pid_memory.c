/* SPDX-License-Identifier: BSD-3-Clause */
/* How much memory of which kind an address space has: counted from its VMAs and page table. */
#include <uk/task.h>
#include <uk/vmspace.h>
#include "procfs_internal.h"

struct count {
	struct proc_resident *resident;
	uint64_t *kind, *kind_of_copies;
	const struct page *zero;
};

/* The page of zeros is nobody's. */
static void count_leaf(void *ctx, vaddr_t va, const struct ukarch_pte *pte)
{
	struct count *count = ctx;
	struct proc_resident *resident = count->resident;

	if (phys_to_page(pte->paddr) == count->zero)
		return;
	if (pte->prot & UKARCH_PT_SHARED)
		*count->kind += pte->size_bytes;
	else
		*count->kind_of_copies += pte->size_bytes;
	if (pte->is_dirty)
		resident->dirty += pte->size_bytes;
	if (pte->size_bytes > UK_PAGE_SIZE)
		resident->large += pte->size_bytes;
}

void proc_add_resident(struct vmspace *vm, const struct vma *vma, struct proc_resident *resident)
{
	struct count count = {resident, &resident->anon, &resident->anon, page_zero()};

	if (vma->object)
		count.kind = vma->file ? &resident->file : &resident->shared;
	if (vma->flags & VMA_SHARED)
		count.kind_of_copies = count.kind; /* the object's own pages, written */
	ukarch_pt_walk(&vm->pt, vma->start, vma->end, count_leaf, &count);
}

static void add_vma(struct vmspace *vm, const struct vma *vma, struct proc_sizes *sizes)
{
	uint64_t bytes = vma->end - vma->start;

	sizes->start = sizes->start ? sizes->start : vma->start;
	sizes->end = vma->end;
	proc_add_resident(vm, vma, &sizes->resident);
	if (vma->flags & VMA_STACK)
		sizes->stack += bytes;
	else if ((vma->prot & UKARCH_PT_WRITE) && !(vma->flags & VMA_SHARED))
		sizes->data += bytes;
	else if ((vma->prot & UKARCH_PT_EXEC) && vma->file)
		sizes->library += bytes;
}

void proc_vm_sizes(struct vmspace *vm, struct proc_sizes *sizes)
{
	const struct vma *vma;

	*sizes = (struct proc_sizes){.total = 0};
	if (!vm)
		return;
	mutex_lock(&vm->lock);
	for (vma = vma_find_next_locked(vm, 0); vma; vma = vma_find_next_locked(vm, vma->end))
		add_vma(vm, vma, sizes);
	sizes->total = vm->mapped_bytes;
	sizes->locked = vm->locked_bytes;
	sizes->code = UK_ALIGN_UP(vm->code_end, UK_PAGE_SIZE) -
		      UK_ALIGN_DOWN(vm->code_start, UK_PAGE_SIZE);
	sizes->library -= UK_MIN(sizes->library, sizes->code);
	sizes->tables = ukarch_pt_table_bytes(&vm->pt);
	sizes->peak_total = vm_peak_mapped_bytes(vm);
	sizes->peak_resident = vm_peak_resident_pages(vm) << UK_PAGE_SHIFT;
	mutex_unlock(&vm->lock);
}
