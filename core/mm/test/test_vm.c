/* SPDX-License-Identifier: BSD-3-Clause */
/* Where mappings go, what is merged, how stacks grow: by example. At random: test_vm_oracle.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <asm/mman.h>
#include <linux/errno.h>
#include "../vm_internal.h"
#include "machine.h"

static void test_grows_stack_to_its_limit(void **state)
{
	struct vmspace *vm = vmspace_create();
	struct vm_map_args args = {.hint = 0x1f00000,
				   .len_bytes = UK_PAGE_SIZE,
				   .prot = PROT_READ | PROT_WRITE,
				   .flags = VMA_STACK,
				   .placement = VM_MAP_FIXED};

	vm->stack_limit_bytes = 64 * UK_PAGE_SIZE;
	assert_int_equal(vm_map(vm, &args), args.hint);
	assert_int_equal(vmspace_fault(vm, args.hint - 10 * UK_PAGE_SIZE, VM_ACCESS_WRITE),
			 VM_FAULT_OK);
	assert_int_equal(vmspace_fault(vm, args.hint - 63 * UK_PAGE_SIZE, VM_ACCESS_WRITE),
			 VM_FAULT_OK);
	assert_int_equal(vmspace_fault(vm, args.hint - 64 * UK_PAGE_SIZE, VM_ACCESS_WRITE),
			 VM_FAULT_MAPERR);
	vmspace_put(vm);
}

static void test_keeps_the_stack_guard_gap(void **state)
{
	struct vmspace *vm = vmspace_create();
	struct vm_map_args stack = {.hint = 0x1f00000,
				    .len_bytes = UK_PAGE_SIZE,
				    .prot = PROT_READ | PROT_WRITE,
				    .flags = VMA_STACK,
				    .placement = VM_MAP_FIXED};
	struct vm_map_args below = {.hint = 0x1d00000,
				    .len_bytes = UK_PAGE_SIZE,
				    .prot = PROT_READ,
				    .placement = VM_MAP_FIXED};
	struct vm_map_args any = {.len_bytes = UK_PAGE_SIZE, .prot = PROT_READ};

	vm->mmap_top = vm->search_from = 0x1f00000;
	assert_int_equal(vm_map(vm, &stack), stack.hint);
	assert_int_equal(vm_map(vm, &below), below.hint);
	assert_int_equal(vmspace_fault(vm, below.hint + 257 * UK_PAGE_SIZE, VM_ACCESS_WRITE),
			 VM_FAULT_OK);
	assert_int_equal(vmspace_fault(vm, below.hint + 256 * UK_PAGE_SIZE, VM_ACCESS_WRITE),
			 VM_FAULT_MAPERR);
	assert_true((vaddr_t)vm_map(vm, &any) < below.hint);
	vmspace_put(vm);
}

static void test_merges_what_agrees(void **state)
{
	struct vmspace *vm = vmspace_create();
	struct vm_map_args args = {.len_bytes = UK_PAGE_SIZE,
				   .prot = PROT_READ | PROT_WRITE,
				   .placement = VM_MAP_FIXED};

	for (int i = 0; i < 5; i++) {
		static const vaddr_t order[] = {2, 0, 1, 4, 3};

		args.hint = 0x800000 + order[i] * UK_PAGE_SIZE;
		assert_int_equal(vm_map(vm, &args), args.hint);
	}
	assert_int_equal(vm->vma_count, 1);
	assert_int_equal(vm_protect(vm, 0x801000, UK_PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(vm->vma_count, 3);
	assert_int_equal(vm_protect(vm, 0x801000, UK_PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(vm->vma_count, 1);
	vmspace_put(vm);
}

static void test_reuses_gaps_top_down(void **state)
{
	struct vmspace *vm = vmspace_create();
	struct vm_map_args args = {.len_bytes = 4 * UK_PAGE_SIZE, .prot = PROT_READ};
	long a, b, c;

	vm->mmap_top = vm->search_from = 0x1000000;
	a = vm_map(vm, &args);
	args.prot = PROT_NONE; /* not merged */
	b = vm_map(vm, &args);
	args.prot = PROT_READ;
	c = vm_map(vm, &args);
	assert_true(a > b && b > c);
	assert_int_equal(vm_unmap(vm, (vaddr_t)b, args.len_bytes), 0);
	assert_int_equal(vm_map(vm, &args), b);
	assert_int_equal(vm_unmap(vm, (vaddr_t)a, args.len_bytes), 0);
	args.len_bytes *= 2;
	assert_true(vm_map(vm, &args) < c);
	args.len_bytes /= 2;
	assert_int_equal(vm_map(vm, &args), a);
	args.placement = VM_MAP_FIXED_NOREPLACE;
	args.hint = (vaddr_t)a;
	assert_int_equal(vm_map(vm, &args), -EEXIST);
	vmspace_put(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_stack_to_its_limit),
		cmocka_unit_test(test_keeps_the_stack_guard_gap),
		cmocka_unit_test(test_merges_what_agrees),
		cmocka_unit_test(test_reuses_gaps_top_down),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
