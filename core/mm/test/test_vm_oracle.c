/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces with objects, mremap, brk and a failing allocator against an oracle that knows a
 * few things per page. After each random operation every page, every VMA, every leaf and every
 * page's reference count is compared; an operation that failed for want of memory must have
 * changed nothing.
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
#include "oracle.h"

#define MAX_LEN   1500UL
#define BRK_START 0x900000UL

static uint64_t seed;

static uint64_t below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

/* --- operations ------------------------------------------------------------------------------- */

static bool memory_is_plenty(void)
{
	struct page_stats stats;

	page_stats(&stats);
	return !machine_has_failed() && stats.free_pages > 600;
}

static void op_map(size_t first, size_t count)
{
	struct oracle_page model = {.is_mapped = true,
				    .prot = (unsigned int)(below(2) ? 3 : below(8))};
	struct vm_map_args args = {.len_bytes = count * UK_PAGE_SIZE, .prot = model.prot};
	long ret;

	args.placement = (int)below(3);
	if (args.placement || below(2))
		args.hint = va_of(first);
	if (below(2)) {
		model.object = &objects[below(OBJECTS)].object;
		model.index = below(OBJECT_PAGES);
		model.flags = below(2) ? VMA_SHARED | VMA_MAYWRITE : VMA_MAYWRITE;
	} else {
		static const unsigned int flags[] = {0, VMA_HUGEPAGE, VMA_NOHUGEPAGE};

		model.flags = flags[below(3)];
	}
	args.object = model.object;
	args.offset_bytes = model.index << UK_PAGE_SHIFT;
	args.flags = model.flags;
	ret = vm_map(vm, &args);
	if (ret == -EEXIST) {
		assert_int_equal(args.placement, VM_MAP_FIXED_NOREPLACE);
		assert_false(is_free(first, count));
		return;
	}
	if (ret == -ENOMEM) {
		assert_false(memory_is_plenty() && (args.placement || has_gap(count)));
		return;
	}
	assert_true(ret > 0);
	if (args.placement || (args.hint && is_free(first, count)))
		assert_int_equal(ret, va_of(first));
	first = (size_t)ret >> UK_PAGE_SHIFT;
	assert_true(args.placement == VM_MAP_FIXED || is_free(first, count));
	set_range(first, count, &model);
}

static void op_unmap(size_t first, size_t count)
{
	int ret = vm_unmap(vm, va_of(first), count * UK_PAGE_SIZE);

	if (ret == 0)
		clear_range(first, count);
	else
		assert_true(ret == -ENOMEM && !memory_is_plenty());
}

/* Up to the first hole. */
static bool has_prot(size_t first, size_t count, unsigned int prot)
{
	for (size_t i = first; i < first + count && oracle[i].is_mapped; i++)
		if (vma_find_locked(vm, va_of(i))->prot != prot)
			return false;
	return true;
}

static void op_protect(size_t first, size_t count)
{
	unsigned int prot = (unsigned int)(below(2) ? 3 : below(8));
	int ret = vm_protect(vm, va_of(first), count * UK_PAGE_SIZE, prot);
	bool has_hole = !is_mapped(first, count);

	assert_true(ret == (has_hole ? -ENOMEM : 0) || (ret == -ENOMEM && !memory_is_plenty()));
	/* What lies before a hole is changed; for want of memory nothing is. The answer is the
	 * same. */
	if (ret && (!has_hole || (!memory_is_plenty() && !has_prot(first, count, prot))))
		return;
	for (size_t i = first; i < first + count && oracle[i].is_mapped; i++)
		oracle[i].prot = prot;
}

static void op_touch(size_t i)
{
	struct oracle_page *p = &oracle[i];
	bool is_write = below(3) > 0;
	enum vm_fault_result want = VM_FAULT_OK, got;

	if (!p->is_mapped)
		want = VM_FAULT_MAPERR;
	else if (is_write ? !(p->prot & PROT_WRITE) : !p->prot)
		want = VM_FAULT_ACCERR;
	else if (p->object && p->index >= OBJECT_PAGES && !p->is_own)
		want = VM_FAULT_BUS;
	got = vmspace_fault(vm, va_of(i) + below(UK_PAGE_SIZE),
			    is_write ? VM_ACCESS_WRITE : VM_ACCESS_READ);
	if (got == VM_FAULT_NOMEM) {
		assert_false(memory_is_plenty());
		return;
	}
	assert_int_equal(got, want);
	if (got != VM_FAULT_OK)
		return;
	assert_true(vm_incore(vm, va_of(i), UK_PAGE_SIZE, (unsigned char[1]){0}) == 0);
	if (is_write) {
		struct ukarch_pte pte;

		assert_true(ukarch_pt_lookup(&vm->pt, va_of(i), &pte) &&
			    (pte.prot & UKARCH_PT_WRITE));
		*word_at(va_of(i)) = p->word = seed | 1;
		p->is_own = !(p->flags & VMA_SHARED);
	}
}

static void op_touch_many(size_t first, size_t count)
{
	for (size_t i = 0; i < UK_MIN(count, 40UL); i++)
		op_touch(first + i);
}

static void op_advise(size_t first, size_t count)
{
	static const int advices[] = {MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_NOHUGEPAGE};
	int advice = advices[below(4)];
	int ret = vm_advise(vm, va_of(first), count * UK_PAGE_SIZE, advice);

	if (ret == -EINVAL) {
		assert_int_equal(advice, MADV_FREE);
		return;
	}
	if (ret == -ENOMEM && is_mapped(first, count)) {
		assert_false(memory_is_plenty());
		return;
	}
	assert_int_equal(ret, is_mapped(first, count) ? 0 : -ENOMEM);
	if (machine_has_failed() && ret)
		machine_fail_after(-1); /* a hole, or no memory? look below */
	for (size_t i = first; i < first + count; i++) {
		struct oracle_page *p = &oracle[i];
		const struct vma *vma = vma_find_locked(vm, va_of(i));

		if (!p->is_mapped)
			continue;
		if (advice == MADV_HUGEPAGE || advice == MADV_NOHUGEPAGE) {
			/* With holes the answer is ENOMEM either way: take what was done. */
			p->flags = vma->flags;
			continue;
		}
		if (!ret || !ukarch_pt_lookup(&vm->pt, va_of(i), &(struct ukarch_pte){0}))
			p->is_own = false, p->word = 0;
	}
}

static void op_brk(void)
{
	vaddr_t old_end = vm->brk_end, want = BRK_START + below(1200 * UK_PAGE_SIZE), got;
	size_t old_top = UK_ALIGN_UP(old_end, UK_PAGE_SIZE) >> UK_PAGE_SHIFT;
	size_t new_top = UK_ALIGN_UP(want, UK_PAGE_SIZE) >> UK_PAGE_SHIFT;
	struct oracle_page model = {
		.is_mapped = true, .prot = PROT_READ | PROT_WRITE, .flags = VMA_HEAP};

	got = (vaddr_t)vm_brk(vm, want);
	if (got != want) {
		assert_int_equal(got, old_end);
		assert_true(!memory_is_plenty() ||
			    (new_top > old_top && !is_free(old_top, new_top - old_top)));
		return;
	}
	if (new_top > old_top)
		set_range(old_top, new_top - old_top, &model);
	else
		clear_range(new_top, old_top - new_top);
}

/* --- mremap ----------------------------------------------------------------------------------- */

static void remap_done(size_t old, size_t old_count, size_t new, size_t new_count,
		       unsigned int flags)
{
	size_t kept = UK_MIN(old_count, new_count);
	struct oracle_page tail = oracle[old];
	static struct oracle_page moved[PAGES];

	memcpy(moved, &oracle[old], kept * sizeof(oracle[0]));
	if (new != old && (flags & MREMAP_DONTUNMAP)) {
		for (size_t i = old; i < old + old_count; i++)
			oracle[i].is_own = false, oracle[i].word = 0;
	} else {
		clear_range(old, old_count);
	}
	if (new != old)
		tail.flags &= ~(unsigned int)VMA_HEAP;
	tail.is_own = false;
	tail.word = 0;
	tail.index += kept;
	for (size_t i = 0; i < kept; i++) {
		oracle[new + i] = moved[i];
		oracle[new + i].flags = tail.flags;
	}
	if (new_count > kept)
		set_range(new + kept, new_count - kept, &tail);
}

/* Mostly a range that means something: a VMA from some page on, often to its end. */
static void choose_range(size_t *first, size_t *count)
{
	const struct vma *vma = vma_find_next_locked(vm, va_of(*first));
	size_t left;

	if (!vma || !below(8))
		return;
	*first = UK_MIN(vma->start >> UK_PAGE_SHIFT, PAGES - MAX_LEN);
	left = (vma->end >> UK_PAGE_SHIFT) - *first;
	if (left > MAX_LEN || below(2))
		return;
	if (below(2))
		*first += below(left);
	*count = (vma->end >> UK_PAGE_SHIFT) - *first;
}

static void op_remap(size_t first, size_t count)
{
	static const unsigned int kinds[] = {0, MREMAP_MAYMOVE, MREMAP_MAYMOVE | MREMAP_FIXED,
					     MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
					     MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP};
	unsigned int flags = kinds[below(5)];
	size_t new_count = 1 + below(below(8) ? 2 * count : MAX_LEN);
	size_t target = LOWEST + below(PAGES - LOWEST - 2 * MAX_LEN), new;
	long ret;

	if (flags & MREMAP_DONTUNMAP)
		new_count = count;
	if (below(2)) /* alike in their 2 MiB blocks */
		target = UK_MAX(UK_ALIGN_DOWN(target, 512UL) + first % 512, LOWEST);
	if (flags & MREMAP_FIXED) {
		new_count = UK_MAX(new_count, count);
		if (target < first + count && first < target + new_count)
			return;
		/* The target is lost even if the move then fails: have that behind us. */
		machine_fail_after(-1);
		op_unmap(target, new_count);
		if (!is_free(target, new_count))
			return;
		if (!below(3))
			machine_fail_after((int)below(8));
	}
	ret = vm_remap(vm, va_of(first), count * UK_PAGE_SIZE, new_count * UK_PAGE_SIZE, flags,
		       va_of(target));
	if (ret == -EFAULT) {
		assert_false(is_uniform(first, count));
		return;
	}
	if (ret < 0) {
		assert_int_equal(ret, -ENOMEM);
		assert_true(!memory_is_plenty() || !(flags & MREMAP_MAYMOVE) ||
			    (!(flags & MREMAP_FIXED) && !has_gap(new_count)));
		return;
	}
	new = (size_t)ret >> UK_PAGE_SHIFT;
	if (new_count >= count && (new_count > count || flags & ~MREMAP_MAYMOVE))
		assert_true(is_uniform(first, count));
	assert_true(new == first || is_free(new, new_count));
	if (new == first && new_count <= count)
		clear_range(first + new_count, count - new_count);
	else
		remap_done(first, count, new, new_count, flags);
}

/* Large enough, and so placed, that writes get large pages. */
static void op_large(void)
{
	struct oracle_page model = {.is_mapped = true, .prot = PROT_READ | PROT_WRITE};
	size_t first = (1 + below(12)) * 512 - below(2) * below(100), count = 1024 + below(400);
	struct vm_map_args args = {.hint = va_of(first),
				   .len_bytes = count * UK_PAGE_SIZE,
				   .prot = model.prot,
				   .placement = VM_MAP_FIXED};
	long ret;

	if (below(3) == 0)
		args = (struct vm_map_args){.len_bytes = args.len_bytes, .prot = args.prot};
	ret = vm_map(vm, &args);
	if (ret < 0) {
		assert_false(memory_is_plenty() && has_gap(count));
		return;
	}
	first = (size_t)ret >> UK_PAGE_SHIFT;
	set_range(first, count, &model);
	for (int i = 0; i < 8; i++)
		op_touch(first + below(count));
	if (below(2))
		op_remap(first, count);
}

static void one_step(void)
{
	size_t first = LOWEST + below(PAGES - LOWEST - MAX_LEN);
	size_t count = 1 + below(below(20) ? 24 : MAX_LEN);
	size_t mapped = first;

	/* Most operations begin where something is. */
	while (below(64) && mapped < PAGES - MAX_LEN && !oracle[mapped].is_mapped)
		mapped++;
	machine_fail_after(below(3) ? -1 : (int)below(below(2) ? 2 : 7));
	switch (below(14)) {
	case 0:
	case 1:
		op_map(first, count);
		break;
	case 2:
		op_unmap(mapped, count);
		break;
	case 3:
		op_protect(mapped, count);
		break;
	case 4:
		op_advise(mapped, count);
		break;
	case 5:
	case 6:
		choose_range(&mapped, &count);
		op_remap(mapped, count);
		break;
	case 7:
		if (below(4))
			op_large();
		else
			op_brk();
		break;
	default:
		op_touch_many(mapped, count);
	}
	machine_fail_after(-1);
}

static void run(uint64_t start_seed, unsigned int steps)
{
	seed = start_seed;
	memset(oracle, 0, sizeof(oracle));
	vm = vmspace_create();
	vm->brk_start = vm->brk_end = BRK_START;
	for (unsigned int step = 0; step < steps; step++) {
		one_step();
		check_tree();
		if (step % 8 == 0)
			check_references();
	}
	vmspace_put(vm);
}

static void test_agrees_with_the_oracle(void **state)
{
	struct page_stats before, after;

	page_zero();
	for (uint64_t round = 0; round < 5; round++) {
		if (round == 1)
			page_stats(&before); /* slabs and pool have settled */
		objects_create();
		run(88172645463325252UL + round * 7919, 2500);
		objects_destroy();
	}
	page_stats(&after);
	assert_in_range(after.free_pages, before.free_pages - 4, before.free_pages + 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_the_oracle),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
