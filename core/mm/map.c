/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmap, munmap, mprotect, brk: changes of the VMA tree. Page tables are only ever emptied or
 * restricted here; what becomes accessible is brought in by the fault handler.
 */
#include <asm/mman.h>
#include <linux/errno.h>
#include <uk/heap.h>
#include "vm_internal.h"

#define LOW_2G_TOP 0x80000000UL

static void put_page(void *ctx, vaddr_t va, const struct ukarch_pte *pte)
{
	struct vmspace *vm = ctx;
	struct page *page = phys_to_page(pte->paddr);

	vm->resident_pages -= vm_resident_pages(page, pte->size_bytes);
	page_put(page);
}

void vm_drop_pages(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	vm->peak_resident_pages = vm_peak_resident_pages(vm);
	ukarch_pt_unmap(&vm->pt, start, end, put_page, vm);
}

/* A private copy of a page is no longer the object's. */
static void drop_if_shared(void *ctx, vaddr_t va, const struct ukarch_pte *pte)
{
	if (pte->prot & UKARCH_PT_SHARED)
		vm_drop_pages(ctx, va, va + pte->size_bytes);
}

/* Where `vma` shows pages [first, end) of its object; an empty range when nowhere. */
static vaddr_t shown_range(const struct vma *vma, uint64_t first, uint64_t end, vaddr_t *to)
{
	uint64_t vma_first = vma->offset_bytes >> UK_PAGE_SHIFT;
	uint64_t vma_end = vma_first + ((vma->end - vma->start) >> UK_PAGE_SHIFT);

	first = UK_MIN(UK_MAX(first, vma_first), vma_end);
	end = UK_MAX(UK_MIN(end, vma_end), first);
	*to = vma->start + ((end - vma_first) << UK_PAGE_SHIFT);
	return vma->start + ((first - vma_first) << UK_PAGE_SHIFT);
}

void vm_object_unmap(struct vm_object *object, uint64_t first, uint64_t count)
{
	uint64_t end = first > UINT64_MAX - count ? UINT64_MAX : first + count;
	struct vma *vma;

	LIST_FOREACH (vma, &object->mappings, object_link) {
		vaddr_t to, from = shown_range(vma, first, end, &to);

		if (vma->flags & VMA_SHARED)
			vm_drop_pages(vma->vm, from, to);
		else
			ukarch_pt_walk(&vma->vm->pt, from, to, drop_if_shared, vma->vm);
	}
}

void vm_object_cut(struct vm_object *object, uint64_t first)
{
	struct vma *vma;

	LIST_FOREACH (vma, &object->mappings, object_link) {
		vaddr_t to, from = shown_range(vma, first, UINT64_MAX, &to);

		vm_drop_pages(vma->vm, from, to);
	}
}

int vm_unmap_locked(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	struct vma *vma = vma_find_next_locked(vm, start), *next;

	if (!vma || vma->start >= end)
		return 0;
	if (vm_split_large_page(vm, start) || vm_split_large_page(vm, end))
		return -ENOMEM;
	/* Only a hole in the middle needs a second VMA; everything else is trimmed. */
	if (vma->start < start && vma->end > end && vma_split_at(vm, start))
		return -ENOMEM;
	vm_drop_pages(vm, start, end);
	for (vma = vma_find_next_locked(vm, start); vma && vma->start < end; vma = next) {
		next = vma_next(vma);
		if (uk_unlikely(vma->flags & VMA_WATCHED))
			vm->watch->before_unmap(vm, UK_MAX(start, vma->start),
						UK_MIN(end, vma->end));
		if (vma->start < start)
			vma_trim(vm, vma, vma->start, start);
		else if (vma->end > end)
			vma_trim(vm, vma, end, vma->end);
		else
			vma_delete(vm, vma);
	}
	return 0;
}

int vm_unmap(struct vmspace *vm, vaddr_t start, size_t len)
{
	vaddr_t end;
	int error;

	if (!len || !vm_user_range(start, len, &end))
		return -EINVAL;
	mutex_lock(&vm->lock);
	error = vm_unmap_locked(vm, start, end);
	vm_unlock(vm);
	return error;
}

/* Where a mapping without MAP_FIXED goes: the hint if it is free, else the highest gap. */
static vaddr_t choose_address(struct vmspace *vm, const struct vm_map_args *args, size_t len)
{
	vaddr_t hint = UK_ALIGN_UP(args->hint, UK_PAGE_SIZE);
	vaddr_t top = args->placement == VM_MAP_LOW_2G ? LOW_2G_TOP : vm->mmap_top;
	bool wants_large =
		!args->object && !(args->flags & VMA_NOHUGEPAGE) && len >= 2 * UKARCH_LARGE_SIZE;
	vaddr_t found;

	if (hint >= UKARCH_USER_BASE && hint <= UKARCH_USER_END - len &&
	    vm_range_is_free(vm, hint, len))
		return hint;
	found = vm_find_gap(vm, len, top, wants_large ? UKARCH_LARGE_SIZE : UK_PAGE_SIZE);
	if (!found && wants_large)
		found = vm_find_gap(vm, len, top, UK_PAGE_SIZE);
	if (!found && args->placement != VM_MAP_LOW_2G && top < UKARCH_USER_END)
		found = vm_find_gap(vm, len, UKARCH_USER_END, UK_PAGE_SIZE);
	return found;
}

static bool is_occupied(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	struct vma *next = vma_find_next_locked(vm, start);

	return next && next->start < end;
}

int vm_place(struct vmspace *vm, const struct vm_map_args *args, size_t len, vaddr_t *start)
{
	bool is_fixed =
		args->placement == VM_MAP_FIXED || args->placement == VM_MAP_FIXED_NOREPLACE;

	if (!is_fixed) {
		*start = choose_address(vm, args, len);
		return *start ? 0 : -ENOMEM;
	}
	*start = args->hint;
	if (!UK_IS_ALIGNED(*start, UK_PAGE_SIZE))
		return -EINVAL;
	if (*start > UKARCH_USER_END - len)
		return -ENOMEM;
	if (*start < UKARCH_USER_BASE)
		return -EPERM; /* vm.mmap_min_addr */
	if (args->placement == VM_MAP_FIXED_NOREPLACE && is_occupied(vm, *start, *start + len))
		return -EEXIST;
	return 0;
}

static size_t mapped_in(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	struct vma *vma = vma_find_next_locked(vm, start);
	size_t sum = 0;

	for (; vma && vma->start < end; vma = vma_next(vma))
		sum += UK_MIN(end, vma->end) - UK_MAX(start, vma->start);
	return sum;
}

static bool exceeds(size_t used, size_t more, uint64_t limit)
{
	return more > limit || used > limit - more;
}

bool vm_exceeds_limits(const struct vmspace *vm, const struct vma *vma, size_t more)
{
	return exceeds(vm->mapped_bytes, more, vm->as_limit_bytes) ||
	       (vma_is_data(vma, vma->prot) && exceeds(vm->data_bytes, more, vm->data_limit_bytes));
}

/* What is mapped at [start, end) makes room for a new mapping. The memory for that one is had
 * first, so that with -ENOMEM the old one stays. */
static int replace(struct vmspace *vm, vaddr_t start, vaddr_t end, struct vma **spare)
{
	if (vm->vma_count + 2 > vm_max_map_count)
		return -ENOMEM;
	*spare = uk_malloc(sizeof(**spare));
	if (!*spare)
		return -ENOMEM;
	if (vm_unmap_locked(vm, start, end) == 0)
		return 0;
	uk_free(*spare);
	return -ENOMEM;
}

/* Under the lock, since a seal may have been set after the caller looked at the file. */
static int respect_seal(struct vma *vma)
{
	if (!(vma->flags & VMA_SHARED) || !vma->object || !vma->object->is_write_sealed)
		return 0;
	if (vma->prot & PROT_WRITE)
		return -EPERM;
	vma->flags &= ~VMA_MAYWRITE;
	return 0;
}

int vm_map_locked(struct vmspace *vm, const struct vm_map_args *args, vaddr_t *address)
{
	size_t len = UK_ALIGN_UP(args->len_bytes, UK_PAGE_SIZE);
	struct vma vma = {
		.prot = args->prot,
		.flags = args->flags | vm->future_flags,
		.object = args->object,
		.offset_bytes = args->offset_bytes,
		.file = args->file,
		.name = args->name,
	};
	struct vma *spare = NULL;
	int error;

	if (!args->len_bytes)
		return -EINVAL;
	if (len < args->len_bytes || len > UKARCH_USER_END)
		return -ENOMEM;
	error = respect_seal(&vma);
	if (!error)
		error = vm_place(vm, args, len, &vma.start);
	if (error)
		return error;
	vma.end = vma.start + len;
	error = -ENOMEM;
	if (vm_exceeds_limits(vm, &vma, len) &&
	    vm_exceeds_limits(vm, &vma, len - mapped_in(vm, vma.start, vma.end)))
		goto err_gap;
	if (args->placement == VM_MAP_FIXED && is_occupied(vm, vma.start, vma.end) &&
	    replace(vm, vma.start, vma.end, &spare))
		goto err_gap;
	if (vma_insert(vm, &vma, spare))
		goto err_gap;
	*address = vma.start;
	return 0;

err_gap:
	vm_forget_gap(vm);
	return error;
}

long vm_map(struct vmspace *vm, const struct vm_map_args *args)
{
	vaddr_t address = 0;
	int error;

	mutex_lock(&vm->lock);
	error = vm_map_locked(vm, args, &address);
	if (uk_unlikely((args->flags | vm->future_flags) & VMA_LOCKED) && !error)
		vm_populate_if_locked(vm, address,
				      address + UK_ALIGN_UP(args->len_bytes, UK_PAGE_SIZE));
	vm_unlock(vm);
	return error ? error : (long)address;
}

/* `more` bytes, those of `vma` included, are to become private writable memory if that is not what
 * it is. A shared file mapping may be written only if the file was opened for writing. */
static int check_protect(const struct vmspace *vm, const struct vma *vma, size_t more,
			 unsigned int prot)
{
	if ((prot & PROT_WRITE) && (vma->flags & (VMA_SHARED | VMA_MAYWRITE)) == VMA_SHARED)
		return -EACCES;
	return more && exceeds(vm->data_bytes, more, vm->data_limit_bytes) ? -ENOMEM : 0;
}

static size_t new_data(const struct vma *vma, size_t bytes, unsigned int prot)
{
	return vma_is_data(vma, prot) && !vma_is_data(vma, vma->prot) ? bytes : 0;
}

static void set_prot(struct vmspace *vm, struct vma *vma, unsigned int prot)
{
	size_t len = vma->end - vma->start;

	if (vma_is_data(vma, vma->prot))
		vm->data_bytes -= len;
	if (vma_is_data(vma, prot))
		vm->data_bytes += len;
	vma->prot = prot;
	if (uk_unlikely(vma->flags & VMA_WATCHED) && (prot & PROT_WRITE))
		vm->watch->before_change(vm, vma->start, vma->end);
	ukarch_pt_protect(&vm->pt, vma->start, vma->end, vma_pt_prot(vma));
}

/* The range lies in one VMA: the usual case, without walks over neighbours. */
static int protect_one(struct vmspace *vm, struct vma *vma, vaddr_t start, vaddr_t end,
		       unsigned int prot)
{
	int error = check_protect(vm, vma, new_data(vma, end - start, prot), prot);

	if (error)
		return error;
	if (vma->prot == prot)
		return 0;
	if (vma->start != start || vma->end != end) {
		if (vma_isolate(vm, start, end))
			return -ENOMEM;
		vma = vma_find_locked(vm, start);
	}
	set_prot(vm, vma, prot);
	vma_merge(vm, vma);
	return 0;
}

/* How far from `start` the range is mapped and may be given the rights: where not to its end, why.
 */
static int protectable_end(struct vmspace *vm, vaddr_t start, vaddr_t *end, unsigned int prot)
{
	size_t more = 0;

	for (vaddr_t at = start; at < *end;) {
		const struct vma *vma = vma_find_locked(vm, at);
		int error = -ENOMEM;

		if (vma) {
			more += new_data(vma, UK_MIN(vma->end, *end) - at, prot);
			error = check_protect(vm, vma, more, prot);
		}
		if (error) {
			*end = at;
			return error;
		}
		at = vma->end;
	}
	return 0;
}

/* As on Linux, what lies before a hole or a forbidden mapping is changed all the same. */
static int protect_locked(struct vmspace *vm, vaddr_t start, vaddr_t end, unsigned int prot)
{
	struct vma *vma = vma_find_locked(vm, start);
	int error;

	if (vma && end <= vma->end)
		return protect_one(vm, vma, start, end, prot);
	error = protectable_end(vm, start, &end, prot);
	if (start == end)
		return error;
	if (vma_isolate(vm, start, end))
		return -ENOMEM;
	vma = vma_find_locked(vm, start);
	while (vma && vma->start < end) {
		if (vma->prot != prot)
			set_prot(vm, vma, prot);
		vma = vma_next(vma_merge(vm, vma));
	}
	if (vma)
		vma_merge(vm, vma);
	return error;
}

/* PROT_GROWSDOWN: from where the stack has grown to. No mapping grows up. */
static int extend_range(const struct vma *vma, vaddr_t *start, vaddr_t end, unsigned int prot)
{
	bool grows_down = prot & PROT_GROWSDOWN;

	if (!vma || vma->start >= end || (!grows_down && vma->start > *start))
		return -ENOMEM;
	if (!grows_down || !(vma->flags & VMA_STACK))
		return -EINVAL;
	*start = vma->start;
	return 0;
}

int vm_protect(struct vmspace *vm, vaddr_t start, size_t len, unsigned int prot)
{
	unsigned int grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	int error = 0;
	vaddr_t end;

	if (!UK_IS_ALIGNED(start, UK_PAGE_SIZE))
		return -EINVAL;
	if (!len)
		return 0;
	if (!vm_user_range(start, len, &end))
		return -ENOMEM;
	mutex_lock(&vm->lock);
	if (uk_unlikely(grows))
		error = extend_range(vma_find_next_locked(vm, start), &start, end, prot);
	prot &= ~grows;
	if (!error)
		error = protect_locked(vm, start, end, prot);
	if (uk_unlikely(vm->locked_bytes) && !error && prot != PROT_NONE)
		vm_populate_if_locked(vm, start, end);
	vm_unlock(vm);
	return error;
}

static int brk_locked(struct vmspace *vm, vaddr_t new_end)
{
	size_t segment = vm->data_end > vm->data_start ? vm->data_end - vm->data_start : 0;
	vaddr_t old_top = UK_ALIGN_UP(vm->brk_end, UK_PAGE_SIZE);
	vaddr_t new_top = UK_ALIGN_UP(new_end, UK_PAGE_SIZE);
	struct vm_map_args args = {
		.hint = old_top,
		.len_bytes = new_top - old_top,
		.prot = PROT_READ | PROT_WRITE,
		.flags = VMA_HEAP,
		.placement = VM_MAP_FIXED_NOREPLACE,
	};
	vaddr_t address;

	if (new_end < vm->brk_start || new_end > UKARCH_USER_END)
		return -ENOMEM;
	if (new_top < old_top)
		return vm_unmap_locked(vm, new_top, old_top);
	if (new_top == old_top)
		return 0;
	if (exceeds(segment, new_end - vm->brk_start, vm->data_limit_bytes) ||
	    !vm_range_is_free(vm, old_top, new_top - old_top))
		return -ENOMEM;
	if (vm_map_locked(vm, &args, &address))
		return -ENOMEM;
	vm_populate_if_locked(vm, old_top, new_top);
	return 0;
}

long vm_brk(struct vmspace *vm, vaddr_t new_end)
{
	mutex_lock(&vm->lock);
	if (new_end && brk_locked(vm, new_end) == 0)
		vm->brk_end = new_end;
	new_end = vm->brk_end;
	vm_unlock(vm);
	return (long)new_end;
}
