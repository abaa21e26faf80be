/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces against an oracle that knows one thing per page: mapped or not, its protection,
 * and the word last written to it. Thousands of random operations; after each one every page is
 * compared and the invariants of tree and page table are checked; in the end no page is lost.
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
#include "machine.h"

#define FIRST   (0x400000UL >> UK_PAGE_SHIFT) /* the window that operations touch */
#define WINDOW  2048UL
#define MAX_LEN 700UL

static struct {
	bool is_mapped;
	unsigned int prot;
	uint64_t word;
} oracle[WINDOW];

static uint64_t seed = 88172645463325252UL;

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static vaddr_t page_va(size_t i)
{
	return (FIRST + i) << UK_PAGE_SHIFT;
}

static uint64_t *word_at(struct vmspace *vm, vaddr_t va)
{
	struct ukarch_pte pte;

	assert_true(ukarch_pt_lookup(&vm->pt, va, &pte));
	return (uint64_t *)((char *)ukarch_phys_to_virt(pte.paddr) + (va & (pte.size_bytes - 1)));
}

static void check_page(struct vmspace *vm, size_t i)
{
	struct vma *vma = vma_find_locked(vm, page_va(i));
	struct ukarch_pte pte;

	assert_int_equal(vma != NULL, oracle[i].is_mapped);
	if (!vma) {
		assert_false(ukarch_pt_lookup(&vm->pt, page_va(i), &pte));
		return;
	}
	assert_int_equal(vma->prot, oracle[i].prot);
	if (ukarch_pt_lookup(&vm->pt, page_va(i), &pte)) {
		assert_int_equal(pte.prot & ~vma->prot & 7, 0);
		assert_int_equal(*word_at(vm, page_va(i)), oracle[i].word);
	} else {
		assert_int_equal(oracle[i].word, 0);
	}
}

static void check_all(struct vmspace *vm)
{
	struct vma *vma = vma_find_next_locked(vm, 0), *next;
	size_t mapped = 0, count = 0;

	for (size_t i = 0; i < WINDOW; i++)
		check_page(vm, i);
	for (; vma; vma = next) {
		next = vma_next(vma);
		assert_true(vma->start < vma->end);
		assert_true(!next || vma->end <= next->start);
		mapped += vma->end - vma->start;
		count++;
	}
	assert_int_equal(mapped, vm->mapped_bytes);
	assert_int_equal(count, vm->vma_count);
	assert_int_equal(machine_leaf_pages(), vm->resident_pages);
}

static void oracle_set(size_t first, size_t count, bool is_mapped, unsigned int prot)
{
	for (size_t i = first; i < first + count; i++) {
		oracle[i].is_mapped = is_mapped;
		oracle[i].prot = is_mapped ? prot : 0;
		oracle[i].word = 0;
	}
}

static bool oracle_all_mapped(size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		if (!oracle[i].is_mapped)
			return false;
	return true;
}

static void op_map(struct vmspace *vm, size_t first, size_t count)
{
	unsigned int prot = (unsigned int)random_below(4);
	struct vm_map_args args = {.hint = page_va(first),
				   .len_bytes = count * UK_PAGE_SIZE,
				   .prot = prot,
				   .flags = random_below(2) ? VMA_HUGEPAGE : 0,
				   .placement = VM_MAP_FIXED};
	long ret = vm_map(vm, &args);

	if (ret == -ENOMEM)
		return;
	assert_int_equal(ret, page_va(first));
	oracle_set(first, count, true, prot);
}

static void op_unmap(struct vmspace *vm, size_t first, size_t count)
{
	if (vm_unmap(vm, page_va(first), count * UK_PAGE_SIZE) == 0)
		oracle_set(first, count, false, 0);
}

static void op_protect(struct vmspace *vm, size_t first, size_t count)
{
	unsigned int prot = (unsigned int)random_below(4);
	int ret = vm_protect(vm, page_va(first), count * UK_PAGE_SIZE, prot);

	if (!oracle_all_mapped(first, count)) {
		assert_int_equal(ret, -ENOMEM);
		return;
	}
	for (size_t i = first; !ret && i < first + count; i++)
		oracle[i].prot = prot;
}

static void op_touch(struct vmspace *vm, size_t first)
{
	bool is_write = random_below(2);
	enum vm_fault_result want = !oracle[first].is_mapped ? VM_FAULT_MAPERR
				    : is_write && !(oracle[first].prot & PROT_WRITE)
					    ? VM_FAULT_ACCERR
				    : !oracle[first].prot ? VM_FAULT_ACCERR
							  : VM_FAULT_OK;
	enum vm_fault_result got =
		vmspace_fault(vm, page_va(first), is_write ? VM_ACCESS_WRITE : VM_ACCESS_READ);

	if (got == VM_FAULT_NOMEM)
		return;
	assert_int_equal(got, want);
	if (got == VM_FAULT_OK && is_write) {
		struct ukarch_pte pte;

		assert_true(ukarch_pt_lookup(&vm->pt, page_va(first), &pte));
		assert_true(pte.prot & UKARCH_PT_WRITE);
		*word_at(vm, page_va(first)) = oracle[first].word = seed | 1;
	}
}

static void op_dontneed(struct vmspace *vm, size_t first, size_t count)
{
	int ret = vm_advise(vm, page_va(first), count * UK_PAGE_SIZE, MADV_DONTNEED);

	for (size_t i = first; (!ret || !oracle_all_mapped(first, count)) && i < first + count; i++)
		oracle[i].word = 0;
}

static void op_remap(struct vmspace *vm, size_t first, size_t count)
{
	size_t target = random_below(WINDOW - MAX_LEN);
	long ret;

	if (target < first + count && first < target + count)
		return;
	ret = vm_remap(vm, page_va(first), count * UK_PAGE_SIZE, count * UK_PAGE_SIZE,
		       MREMAP_MAYMOVE | MREMAP_FIXED, page_va(target));
	if (ret < 0)
		return;
	assert_int_equal(ret, page_va(target));
	memcpy(&oracle[target], &oracle[first], count * sizeof(oracle[0]));
	oracle_set(first, count, false, 0);
}

static void run_random(struct vmspace *vm, unsigned int steps)
{
	for (unsigned int step = 0; step < steps; step++) {
		size_t first = random_below(WINDOW - MAX_LEN);
		size_t count = 1 + random_below(random_below(4) ? 16 : MAX_LEN);

		switch (random_below(8)) {
		case 0:
			op_map(vm, first, count);
			break;
		case 1:
			op_unmap(vm, first, count);
			break;
		case 2:
			op_protect(vm, first, count);
			break;
		case 3:
			op_dontneed(vm, first, count);
			break;
		case 4:
			op_remap(vm, first, count);
			break;
		default:
			op_touch(vm, first);
		}
		check_all(vm);
	}
}

static uint64_t free_pages(void)
{
	struct page_stats stats;

	page_stats(&stats);
	return stats.free_pages;
}

static void test_random_operations(void **state)
{
	struct vmspace *vm;
	uint64_t before;

	/* A first round settles what the allocator keeps for itself (pool, slabs). */
	for (int round = 0; round < 3; round++) {
		vm = vmspace_create();
		memset(oracle, 0, sizeof(oracle));
		run_random(vm, 3000);
		vmspace_put(vm);
		if (round == 0)
			before = free_pages();
	}
	assert_in_range(free_pages() + 8, before, before + 16);
}

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
		cmocka_unit_test(test_random_operations),
		cmocka_unit_test(test_grows_stack_to_its_limit),
		cmocka_unit_test(test_keeps_the_stack_guard_gap),
		cmocka_unit_test(test_merges_what_agrees),
		cmocka_unit_test(test_reuses_gaps_top_down),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
