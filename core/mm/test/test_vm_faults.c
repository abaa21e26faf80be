/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults, case by case: copy-on-write, the zero page, objects that replace their pages, the end of
 * a file, stacks, large pages.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <asm/mman.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include "../vm_internal.h"
#include "fixture.h"

/* --- small pages ------------------------------------------------------------------------------ */

static void test_reads_share_the_zero_page(void **state)
{
	struct ukarch_pte pte;

	map(BASE, 4, RW, 0, NULL);
	assert_int_equal(load(BASE), 0);
	assert_true(leaf(BASE, &pte));
	assert_ptr_equal(phys_to_page(pte.paddr), page_zero());
	assert_int_equal(vm->resident_pages, 0);
	assert_int_equal(pte.prot & (UKARCH_PT_WRITE | UKARCH_PT_SHARED), UKARCH_PT_SHARED);
	store(BASE, 7);
	assert_int_equal(load(BASE), 7);
	assert_int_equal(*(uint64_t *)page_address(page_zero()), 0);
	assert_int_equal(vm->resident_pages, 1);
}

static void test_private_write_copies(void **state)
{
	map(BASE, 4, RW, VMA_MAYWRITE, &file_object.object);
	map(BASE + 0x10000, 4, PROT_READ, VMA_MAYWRITE, &file_object.object);
	assert_int_equal(load(BASE), 42);
	store(BASE, 43);
	store(BASE + PAGE, 44);
	assert_int_equal(load(BASE + 0x10000), 42);
	assert_int_equal(load(BASE + 0x10000 + PAGE), 42);
	assert_null(file_object.own[0]);
	/* Dropped, it is the file's again. */
	assert_int_equal(vm_advise(vm, BASE, PAGE, MADV_DONTNEED), 0);
	assert_int_equal(load(BASE), 42);
}

static void test_sole_owner_writes_without_a_copy(void **state)
{
	struct ukarch_pte pte, after;

	map(BASE, 1, RW, 0, NULL);
	store(BASE, 5);
	assert_true(leaf(BASE, &pte));
	/* As after a fork whose other side has gone. */
	assert_int_equal(
		ukarch_pt_map(&vm->pt, BASE, pte.paddr, PAGE, PROT_READ | UKARCH_PT_SHARED), 0);
	store(BASE, 6);
	assert_true(leaf(BASE, &after));
	assert_int_equal(after.paddr, pte.paddr);
	/* With another owner it is copied. */
	page_get(phys_to_page(pte.paddr));
	ukarch_pt_map(&vm->pt, BASE, pte.paddr, PAGE, PROT_READ | UKARCH_PT_SHARED);
	store(BASE, 8);
	assert_true(leaf(BASE, &after));
	assert_int_not_equal(after.paddr, pte.paddr);
	assert_int_equal(*(uint64_t *)ukarch_phys_to_virt(pte.paddr), 6);
	assert_int_equal(phys_to_page(pte.paddr)->refcount, 1);
	page_put(phys_to_page(pte.paddr));
}

static void test_shared_write_reaches_every_mapping(void **state)
{
	map(BASE, 4, PROT_READ, VMA_SHARED, &file_object.object);
	map(BASE + 0x10000, 4, PROT_READ, 0, &file_object.object);
	map(BASE + 0x20000, 4, RW, VMA_SHARED | VMA_MAYWRITE, &file_object.object);
	assert_int_equal(load(BASE), 42);
	assert_int_equal(load(BASE + 0x10000), 42);
	store(BASE + 0x20000, 50); /* here the object makes the page its own */
	assert_int_equal(load(BASE), 50);
	assert_int_equal(load(BASE + 0x10000), 50);
	assert_int_equal(file_object.own[0]->refcount, 4);
}

static void test_write_fault_on_a_page_the_object_replaces(void **state)
{
	map(BASE, 4, RW, VMA_SHARED, &file_object.object);
	assert_int_equal(load(BASE), 42);
	assert_int_equal(vm->resident_pages, 1);
	store(BASE, 51);
	assert_int_equal(vm->resident_pages, 1);
	assert_int_equal(file_object.own[0]->refcount, 2);
	assert_int_equal(*(uint64_t *)page_address(file_object.own[0]), 51);
}

static void test_fault_around_stops_at_the_end(void **state)
{
	map(BASE, 48, PROT_READ, 0, &file_object.object);
	assert_int_equal(load(BASE + 33 * PAGE), 42);
	assert_int_equal(vm->resident_pages, 8); /* 32 .. 39, the last of the file */
	assert_int_equal(vmspace_fault(vm, BASE + 40 * PAGE, VM_ACCESS_READ), VM_FAULT_BUS);
	assert_int_equal(load(BASE), 42);
	assert_int_equal(vm->resident_pages, 24);
}

static void test_access_rights(void **state)
{
	map(BASE, 1, PROT_NONE, 0, NULL);
	map(BASE + PAGE, 1, PROT_READ, 0, NULL);
	map(BASE + 2 * PAGE, 1, PROT_WRITE, 0, NULL);
	map(BASE + 3 * PAGE, 1, PROT_EXEC, 0, NULL);
	assert_int_equal(vmspace_fault(vm, BASE, VM_ACCESS_READ), VM_FAULT_ACCERR);
	assert_int_equal(vmspace_fault(vm, BASE + PAGE, VM_ACCESS_WRITE), VM_FAULT_ACCERR);
	assert_int_equal(vmspace_fault(vm, BASE + PAGE, VM_ACCESS_EXEC), VM_FAULT_ACCERR);
	assert_int_equal(vmspace_fault(vm, BASE + 2 * PAGE, VM_ACCESS_READ), VM_FAULT_OK);
	assert_int_equal(vmspace_fault(vm, BASE + 3 * PAGE, VM_ACCESS_READ), VM_FAULT_OK);
	assert_int_equal(vmspace_fault(vm, BASE + 3 * PAGE, VM_ACCESS_EXEC), VM_FAULT_OK);
	assert_int_equal(vmspace_fault(vm, BASE + 4 * PAGE, VM_ACCESS_READ), VM_FAULT_MAPERR);
	assert_int_equal(vmspace_fault(vm, UKARCH_USER_END, VM_ACCESS_READ), VM_FAULT_MAPERR);
}

/* Every right implies reading: whatever a page was brought in for, it can be read. */
static void test_every_leaf_is_readable(void **state)
{
	static const unsigned int prots[] = {PROT_WRITE, PROT_EXEC, PROT_WRITE | PROT_EXEC};
	struct vm_object *objects[] = {NULL, &file_object.object};
	struct ukarch_pte pte;
	vaddr_t va = BASE;

	for (unsigned int i = 0; i < 3; i++)
		for (unsigned int o = 0; o < 2; o++, va += 0x10000) {
			map(va, 2, prots[i], VMA_MAYWRITE, objects[o]);
			assert_int_equal(load(va), objects[o] ? 42 : 0);
			assert_true(leaf(va, &pte) && (pte.prot & UKARCH_PT_READ));
			if (!(prots[i] & PROT_WRITE))
				continue;
			store(va, 6);
			assert_true(leaf(va, &pte) && (pte.prot & UKARCH_PT_READ));
		}
}

static void test_protection_taken_and_given_back(void **state)
{
	map(BASE, 3, RW, 0, NULL);
	store(BASE + PAGE, 9);
	assert_int_equal(vm_protect(vm, BASE + PAGE, PAGE, PROT_NONE), 0);
	assert_int_equal(vm->vma_count, 3);
	assert_int_equal(vmspace_fault(vm, BASE + PAGE, VM_ACCESS_READ), VM_FAULT_ACCERR);
	assert_int_equal(vm_protect(vm, BASE + PAGE, PAGE, RW), 0);
	assert_int_equal(vm->vma_count, 1);
	assert_int_equal(load(BASE + PAGE), 9);
}

static void test_stack_ignores_inaccessible_memory_below(void **state)
{
	map(0x1000000, 1, RW, VMA_STACK, NULL);
	map(0x1000000 - 20 * PAGE, 1, PROT_NONE, 0, NULL);
	assert_int_equal(vmspace_fault(vm, 0x1000000 - 19 * PAGE, VM_ACCESS_WRITE), VM_FAULT_OK);
	assert_int_equal(vmspace_fault(vm, 0x1000000 - 20 * PAGE, VM_ACCESS_WRITE),
			 VM_FAULT_ACCERR);
}

/* --- large pages ------------------------------------------------------------------------------ */

static void test_large_pages_split_where_they_must(void **state)
{
	map(BASE, 2048, RW, 0, NULL);
	store(BASE + 5 * PAGE, 1);
	assert_true(is_large(BASE));
	assert_int_equal(vm->resident_pages, 512);
	store(BASE + 511 * PAGE, 2);
	assert_int_equal(vm_unmap(vm, BASE + 100 * PAGE, PAGE), 0);
	assert_false(is_large(BASE));
	assert_int_equal(vm->resident_pages, 511);
	assert_int_equal(load(BASE + 5 * PAGE), 1);
	store(BASE + UKARCH_LARGE_SIZE, 3);
	assert_true(is_large(BASE + UKARCH_LARGE_SIZE));
	assert_int_equal(vm_protect(vm, BASE + UKARCH_LARGE_SIZE, PAGE, PROT_READ), 0);
	assert_false(is_large(BASE + UKARCH_LARGE_SIZE));
	assert_int_equal(load(BASE + UKARCH_LARGE_SIZE), 3);
	assert_int_equal(vmspace_fault(vm, BASE + UKARCH_LARGE_SIZE, VM_ACCESS_WRITE),
			 VM_FAULT_ACCERR);
	store(BASE + 2 * UKARCH_LARGE_SIZE, 4);
	assert_true(is_large(BASE + 2 * UKARCH_LARGE_SIZE));
	assert_int_equal(vm_advise(vm, BASE + 2 * UKARCH_LARGE_SIZE, PAGE, MADV_DONTNEED), 0);
	assert_int_equal(load(BASE + 2 * UKARCH_LARGE_SIZE), 0);
}

static void test_small_mappings_and_stacks_stay_small(void **state)
{
	map(BASE, 600, RW, 0, NULL);
	store(BASE, 1);
	map(0x1000000, 2048, RW, VMA_STACK, NULL);
	store(0x1000000, 1);
	assert_false(is_large(BASE) || is_large(0x1000000));
	assert_int_equal(vm_advise(vm, BASE, 600 * PAGE, MADV_HUGEPAGE), 0);
	store(BASE + 7 * PAGE, 1); /* the block is no longer empty */
	assert_false(is_large(BASE));
	assert_int_equal(vm->resident_pages, 3);
}

/* A program that touches one page in each large one must not run out of memory for it. */
static void test_large_pages_leave_half_the_memory(void **state)
{
	const size_t blocks = MACHINE_RAM_BYTES >> UKARCH_LARGE_SHIFT;
	const vaddr_t end = BASE + (blocks - 1) * UKARCH_LARGE_SIZE;
	size_t large = 0;

	map(BASE, (end - BASE) / PAGE, RW, 0, NULL);
	for (vaddr_t va = BASE; va < end; va += UKARCH_LARGE_SIZE) {
		store(va, 1);
		large += is_large(va);
	}
	assert_in_range(large, blocks / 2 - 2, blocks / 2);
	assert_int_equal(vm_unmap(vm, BASE, end - BASE), 0);
	/* Who asks for them gets more. */
	map(BASE, (end - BASE) / PAGE, RW, VMA_HUGEPAGE, NULL);
	for (vaddr_t va = BASE; va < end; va += UKARCH_LARGE_SIZE)
		store(va, 1);
	assert_true(is_large(BASE + blocks / 2 * UKARCH_LARGE_SIZE));
}

static void test_large_pages_move_whole(void **state)
{
	uint64_t *before;

	map(BASE, 1024, RW, 0, NULL);
	store(BASE + 3 * PAGE, 11);
	before = word(BASE + 3 * PAGE);
	assert_int_equal(vm_remap(vm, BASE, 1024 * PAGE, 1024 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				  0x1400000),
			 0x1400000);
	assert_true(is_large(0x1400000));
	assert_ptr_equal(word(0x1400000 + 3 * PAGE), before);
	/* Not alike in its block: in small pages, but the same frames. */
	assert_int_equal(vm_remap(vm, 0x1400000, 1024 * PAGE, 1024 * PAGE,
				  MREMAP_MAYMOVE | MREMAP_FIXED, BASE + PAGE),
			 BASE + PAGE);
	assert_false(is_large(BASE + PAGE));
	assert_ptr_equal(word(BASE + 4 * PAGE), before);
	assert_int_equal(vm_unmap(vm, BASE + PAGE, 3 * PAGE), 0);
	assert_int_equal(load(BASE + 4 * PAGE), 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_reads_share_the_zero_page),
		CASE(test_private_write_copies),
		CASE(test_sole_owner_writes_without_a_copy),
		CASE(test_shared_write_reaches_every_mapping),
		CASE(test_write_fault_on_a_page_the_object_replaces),
		CASE(test_fault_around_stops_at_the_end),
		CASE(test_access_rights),
		CASE(test_every_leaf_is_readable),
		CASE(test_protection_taken_and_given_back),
		CASE(test_stack_ignores_inaccessible_memory_below),
		CASE(test_large_pages_split_where_they_must),
		CASE(test_small_mappings_and_stacks_stay_small),
		CASE(test_large_pages_leave_half_the_memory),
		CASE(test_large_pages_move_whole),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
