/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vDSO in an address space: one data page, "[vvar]", and right above it the ELF image,
 * "[vdso]". Both are pages of the kernel image behind a vm_object, so fork, /proc/self/maps and
 * munmap treat them like any mapping; the kernel itself never relies on them being there.
 */
#include <elf.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <uk/clock.h>
#include <uk/page.h>
#include <uk/plat/bootinfo.h>
#include <uk/random.h>
#include <uk/vdso.h>
#include <uk/vmspace.h>

#define ABOVE_STACK_PAGES 512 /* as Linux: within the 2 MiB above the stack */

extern const char vdso_image_start[], vdso_image_end[];

static int vvar_get_page(struct vm_object *object, uint64_t index, bool for_write,
			 struct page **page)
{
	if (index)
		return -ERANGE;
	*page = clock_vdso_data_page();
	return *page ? 0 : -ENOMEM;
}

static int vdso_get_page(struct vm_object *object, uint64_t index, bool for_write,
			 struct page **page)
{
	if (index >= (size_t)(vdso_image_end - vdso_image_start) >> UK_PAGE_SHIFT)
		return -ERANGE;
	*page = page_of_foreign(ukplat_image_to_phys(vdso_image_start + (index << UK_PAGE_SHIFT)));
	return *page ? 0 : -ENOMEM;
}

/* The first reference is the kernel's and never given back. */
static void never_released(struct vm_object *object)
{
}

static const struct vm_object_ops vvar_ops = {.get_page = vvar_get_page, .release = never_released};
static const struct vm_object_ops vdso_ops = {.get_page = vdso_get_page, .release = never_released};
static struct vm_object vvar_object = {.ops = &vvar_ops, .refcount = 1};
static struct vm_object vdso_object = {.ops = &vdso_ops, .refcount = 1};

int vdso_map(struct vmspace *vm, vaddr_t *ehdr)
{
	struct vm_map_args args = {
		.hint = UK_ALIGN_UP(vm->stack_top, UK_PAGE_SIZE) +
			(random_u64() % ABOVE_STACK_PAGES << UK_PAGE_SHIFT),
		.len_bytes = UK_PAGE_SIZE + (size_t)(vdso_image_end - vdso_image_start),
		.prot = PROT_READ,
		.flags = VMA_SPECIAL,
		.placement = VM_MAP_ANYWHERE,
		.object = &vvar_object,
		.name = "[vvar]",
	};
	long address = vm_map(vm, &args); /* a place for both ... */

	if (address < 0)
		return (int)address;
	args.hint = (vaddr_t)address + UK_PAGE_SIZE;
	args.len_bytes -= UK_PAGE_SIZE;
	args.prot = PROT_READ | PROT_EXEC;
	args.placement = VM_MAP_FIXED;
	args.object = &vdso_object;
	args.name = "[vdso]";
	address = vm_map(vm, &args); /* ... of which the vDSO takes the upper part */
	if (address < 0)
		return (int)address;
	vm->vdso_base = (vaddr_t)address;
	vm->vsyscall = vm->vdso_base + ((const Elf64_Ehdr *)vdso_image_start)->e_entry;
	*ehdr = (vaddr_t)address;
	return 0;
}
