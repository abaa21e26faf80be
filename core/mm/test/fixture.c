/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <asm/mman.h>
#include "fixture.h"

struct file_object file_object;
struct vmspace *vm;

static int get_page(struct vm_object *object, uint64_t index, bool for_write, struct page **page)
{
	struct file_object *f = (struct file_object *)object;

	if (index >= FILE_PAGES)
		return -ERANGE;
	if (!f->own[index] && for_write) {
		f->own[index] = page_alloc(0);
		if (!f->own[index])
			return -ENOMEM;
		memcpy(page_address(f->own[index]), page_address(f->foreign), PAGE);
		vm_object_unmap(object, index, 1);
	}
	*page = f->own[index] ? f->own[index] : f->foreign;
	page_get(*page);
	return 0;
}
static void release(struct vm_object *object)
{
	abort(); /* the test holds a reference */
}
static const struct vm_object_ops file_ops = {get_page, release};

int setup(void **state)
{
	vm = vmspace_create();
	vm_object_init(&file_object.object, &file_ops);
	file_object.foreign = page_alloc_zeroed();
	file_object.foreign->flags &= (unsigned char)~PAGE_MANAGED;
	*(uint64_t *)page_address(file_object.foreign) = 42;
	memset(file_object.own, 0, sizeof(file_object.own));
	return 0;
}

int teardown(void **state)
{
	vmspace_put(vm);
	assert_int_equal(file_object.object.refcount, 1);
	assert_true(LIST_EMPTY(&file_object.object.mappings));
	for (int i = 0; i < FILE_PAGES; i++)
		if (file_object.own[i]) {
			assert_int_equal(file_object.own[i]->refcount, 1);
			page_put(file_object.own[i]);
		}
	file_object.foreign->flags |= PAGE_MANAGED;
	page_put(file_object.foreign);
	return 0;
}

long map(vaddr_t at, size_t pages, unsigned int prot, unsigned int flags, struct vm_object *object)
{
	struct vm_map_args args = {.hint = at,
				   .len_bytes = pages * PAGE,
				   .prot = prot,
				   .flags = flags,
				   .placement = at ? VM_MAP_FIXED : VM_MAP_ANYWHERE,
				   .object = object};

	return vm_map(vm, &args);
}

bool leaf(vaddr_t va, struct ukarch_pte *pte)
{
	return ukarch_pt_lookup(&vm->pt, va, pte);
}
bool is_large(vaddr_t va)
{
	struct ukarch_pte pte;

	return leaf(va, &pte) && pte.size_bytes == UKARCH_LARGE_SIZE;
}
uint64_t *word(vaddr_t va)
{
	struct ukarch_pte pte;

	assert_true(leaf(va, &pte));
	return (uint64_t *)((char *)ukarch_phys_to_virt(pte.paddr) + (va & (pte.size_bytes - 1)));
}
void store(vaddr_t va, uint64_t value)
{
	struct ukarch_pte pte;

	assert_int_equal(vmspace_fault(vm, va, VM_ACCESS_WRITE), VM_FAULT_OK);
	assert_true(leaf(va, &pte) && (pte.prot & UKARCH_PT_WRITE));
	*word(va) = value;
}
uint64_t load(vaddr_t va)
{
	struct ukarch_pte pte;

	if (!leaf(va, &pte))
		assert_int_equal(vmspace_fault(vm, va, VM_ACCESS_READ), VM_FAULT_OK);
	return *word(va);
}
