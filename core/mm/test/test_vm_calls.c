/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mremap, madvise and limits, case by case, with their error numbers; and one scenario run once
 * for every allocation in it, each time with that one failing.
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
#include <uk/file.h>
#include "../vm_internal.h"
#include "fixture.h"

/* --- calls ------------------------------------------------------------------------------------ */

static void test_remap_errors(void **state)
{
	map(BASE, 8, RW, 0, NULL);
	map(BASE + 8 * PAGE, 1, PROT_READ, 0, NULL);
	assert_int_equal(vm_remap(vm, BASE, 8 * PAGE, 9 * PAGE, 0, 0), -ENOMEM);
	assert_int_equal(vm_remap(vm, BASE, 9 * PAGE, 10 * PAGE, 1, 0), -EFAULT);
	assert_int_equal(vm_remap(vm, 0x1000000, PAGE, 2 * PAGE, 1, 0), -EFAULT);
	assert_int_equal(vm_remap(vm, BASE + 1, PAGE, PAGE, 1, 0), -EINVAL);
	assert_int_equal(vm_remap(vm, BASE, PAGE, 0, 1, 0), -EINVAL);
	assert_int_equal(vm_remap(vm, BASE, PAGE, PAGE, 8, 0), -EINVAL);
	assert_int_equal(vm_remap(vm, BASE, PAGE, PAGE, MREMAP_FIXED, 0x1000000), -EINVAL);
	assert_int_equal(vm_remap(vm, BASE, 2 * PAGE, 2 * PAGE, 3, BASE + PAGE), -EINVAL);
	assert_int_equal(vm_remap(vm, BASE, PAGE, 2 * PAGE, 5, 0), -EINVAL);
	assert_int_equal(vm_remap(vm, BASE, 0, PAGE, 1, 0), -EINVAL);
	assert_int_equal(vm_remap(vm, BASE, PAGE, 1UL << 60, 1, 0), -ENOMEM);
	/* Shrinking may span mappings. */
	assert_int_equal(vm_remap(vm, BASE, 9 * PAGE, 7 * PAGE, 0, 0), BASE);
	assert_int_equal(vm->mapped_bytes, 7 * PAGE);
}

static void test_remap_length_0_duplicates_shared_memory(void **state)
{
	long twin;

	map(BASE, 4, RW, VMA_SHARED | VMA_MAYWRITE, &file_object.object);
	store(BASE, 77);
	twin = vm_remap(vm, BASE, 0, 4 * PAGE, MREMAP_MAYMOVE, 0);
	assert_true(twin > 0);
	assert_int_equal(load((vaddr_t)twin), 77);
	assert_int_equal(load(BASE), 77);
}

/* The seal may come between the look at the file and the mapping: the flags still say MAYWRITE. */
static void test_sealed_objects_stay_unwritten(void **state)
{
	file_object.object.is_write_sealed = true;
	assert_int_equal(map(BASE, 1, RW, VMA_SHARED | VMA_MAYWRITE, &file_object.object), -EPERM);
	assert_int_equal(map(BASE, 1, PROT_READ, VMA_SHARED | VMA_MAYWRITE, &file_object.object),
			 BASE);
	assert_int_equal(vm_protect(vm, BASE, PAGE, RW), -EACCES);
	assert_int_equal(map(BASE + PAGE, 1, RW, VMA_MAYWRITE, &file_object.object), BASE + PAGE);
	file_object.object.is_write_sealed = false;
}

static void test_advice_errors(void **state)
{
	map(BASE, 4, RW, 0, NULL);
	map(BASE + 6 * PAGE, 1, PROT_NONE, 0, NULL);
	map(BASE + 8 * PAGE, 1, RW, VMA_SHARED | VMA_MAYWRITE, &file_object.object);
	assert_int_equal(vm_advise(vm, BASE, PAGE, 12345), -EINVAL);
	assert_int_equal(vm_advise(vm, BASE, PAGE, MADV_MERGEABLE), -EINVAL);
	assert_int_equal(vm_advise(vm, BASE + 1, PAGE, MADV_DONTNEED), -EINVAL);
	assert_int_equal(vm_advise(vm, BASE, 0, 12345), -EINVAL);
	assert_int_equal(vm_advise(vm, BASE, SIZE_MAX, MADV_DONTNEED), -EINVAL);
	assert_int_equal(vm_advise(vm, UKARCH_USER_END, PAGE, MADV_DONTNEED), -ENOMEM);
	assert_int_equal(vm_advise(vm, 0, UKARCH_USER_END + PAGE, MADV_NORMAL), -ENOMEM);
	assert_int_equal(vm_advise(vm, BASE, 7 * PAGE, MADV_DONTNEED), -ENOMEM);
	assert_int_equal(vm_advise(vm, BASE, 7 * PAGE, 23 /* POPULATE_WRITE */), -ENOMEM);
	assert_int_equal(vm->resident_pages, 4);
	assert_int_equal(vm_advise(vm, BASE + 6 * PAGE, PAGE, 22 /* POPULATE_READ */), -EINVAL);
	assert_int_equal(vm_advise(vm, BASE + 8 * PAGE, PAGE, MADV_FREE), -EINVAL);
	assert_int_equal(vm_advise(vm, BASE + 8 * PAGE, PAGE, MADV_WIPEONFORK), -EINVAL);
	assert_int_equal(vm_lock_range(vm, BASE, PAGE, VMA_LOCKED), 0);
	assert_int_equal(vm->locked_bytes, PAGE);
	assert_int_equal(vm_advise(vm, BASE, PAGE, MADV_DONTNEED), -EINVAL);
	assert_int_equal(vm_advise(vm, BASE, PAGE, 24 /* DONTNEED_LOCKED */), 0);
	assert_int_equal(vm_sync(vm, BASE, PAGE, MS_SYNC | MS_INVALIDATE), -EBUSY);
	assert_int_equal(vm_sync(vm, BASE, 5 * PAGE, MS_SYNC), -ENOMEM);
	assert_int_equal(vm_lock_range(vm, BASE + 3 * PAGE, 2 * PAGE, VMA_LOCKED), -ENOMEM);
	assert_int_equal(vm_lock_range(vm, BASE + 6 * PAGE, PAGE, VMA_LOCKED), -ENOMEM);
	assert_int_equal(vm_lock_range(vm, BASE + 6 * PAGE, PAGE, 0), 0);
	assert_int_equal(vm_lock_range(vm, BASE, 4 * PAGE, 0), 0);
	assert_int_equal(vm->locked_bytes, 0);
}

static void test_locking_everything(void **state)
{
	map(BASE, 4, RW, 0, NULL);
	map(BASE + 6 * PAGE, 2, PROT_NONE, 0, NULL);
	assert_int_equal(vm_lock_all(vm, VMA_LOCKED), 0);
	assert_int_equal(vm->resident_pages, 4);
	assert_int_equal(vm->locked_bytes, 6 * PAGE);
	vm_lock_future(vm, VMA_LOCKED);
	map(BASE + 10 * PAGE, 3, RW, 0, NULL);
	assert_int_equal(vm->resident_pages, 7);
	assert_int_equal(vm_protect(vm, BASE + 6 * PAGE, PAGE, RW), 0);
	assert_int_equal(vm->resident_pages, 8);
	vm_lock_future(vm, VMA_LOCKED | VMA_LOCKONFAULT);
	map(BASE + 20 * PAGE, 3, RW, 0, NULL);
	assert_int_equal(vm->resident_pages, 8);
	assert_int_equal(vm->locked_bytes, 12 * PAGE);
	vm_lock_future(vm, 0);
	assert_int_equal(vm_lock_all(vm, 0), 0);
	assert_int_equal(vm->locked_bytes, 0);
	map(BASE + 30 * PAGE, 3, RW, 0, NULL);
	assert_int_equal(vm->resident_pages, 8);
}

static void test_remove_zeroes_shared_memory(void **state)
{
	map(BASE, 2, RW, VMA_SHARED | VMA_MAYWRITE, &file_object.object);
	store(BASE, 5);
	assert_int_equal(vm_advise(vm, BASE, PAGE, MADV_REMOVE), 0);
	assert_int_equal(load(BASE), 0);
	assert_int_equal(load(BASE + PAGE), 42);
	map(BASE, 2, RW, 0, NULL);
	assert_int_equal(vm_advise(vm, BASE, PAGE, MADV_REMOVE), -EINVAL);
}

static unsigned int released;

static void on_file_release(struct file *file)
{
	assert_null(vm->lock.owner);
	file->refcount = 1; /* for the next round */
	released++;
}

static void map_last(struct file *file, vaddr_t at)
{
	struct vm_map_args args = {.hint = at,
				   .len_bytes = 4 * PAGE,
				   .prot = PROT_READ,
				   .placement = VM_MAP_FIXED,
				   .object = &file_object.object,
				   .file = file};

	assert_int_equal(vm_map(vm, &args), at);
	file_put(file);
}

/* To release a file takes its inode's lock, which comes before the address space's. */
static void test_files_are_put_without_the_lock(void **state)
{
	static struct file file = {.refcount = 1};

	released = 0;
	machine_on_file_release = on_file_release;
	map_last(&file, BASE);
	assert_int_equal(vm_unmap(vm, BASE, 4 * PAGE), 0);
	assert_int_equal(released, 1);
	map_last(&file, BASE);
	map(BASE, 4, RW, 0, NULL); /* in its place */
	assert_int_equal(released, 2);
	map_last(&file, BASE);
	map(BASE + 0x100000, 1, RW, 0, NULL);
	assert_int_equal(
		vm_remap(vm, BASE + 0x100000, PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE),
		BASE);
	assert_int_equal(released, 3);
	map_last(&file, BASE);
}

static void test_files_are_put_at_the_end(void **state)
{
	static struct file file = {.refcount = 1};

	released = 0;
	map_last(&file, BASE);
	vmspace_put(vm);
	assert_int_equal(released, 1);
	vm = vmspace_create();
}

static void test_limits(void **state)
{
	map(BASE, 10, RW, 0, NULL);
	vm->as_limit_bytes = 12 * PAGE;
	assert_int_equal(map(0, 3, RW, 0, NULL), -ENOMEM);
	assert_int_equal(map(BASE, 12, RW, 0, NULL), BASE); /* replaces ten */
	assert_int_equal(vm_remap(vm, BASE, 12 * PAGE, 13 * PAGE, 1, 0), -ENOMEM);
	assert_int_equal(vm_remap(vm, BASE, 12 * PAGE, 12 * PAGE, 3, 0x1000000), 0x1000000);
	vm->as_limit_bytes = UINT64_MAX;
	/* Private memory that can be written is data, and nothing else is. */
	assert_int_equal(vm->data_bytes, 12 * PAGE);
	vm->data_limit_bytes = 12 * PAGE;
	assert_int_equal(map(0, 1, RW, 0, NULL), -ENOMEM);
	assert_int_equal(map(BASE, 4, PROT_READ, 0, NULL), BASE);
	assert_int_equal(map(BASE + 4 * PAGE, 4, RW, VMA_STACK, NULL), BASE + 4 * PAGE);
	assert_int_equal(vm_protect(vm, BASE + PAGE, PAGE, RW), -ENOMEM);
	assert_int_equal(vm_protect(vm, BASE, 8 * PAGE, RW), -ENOMEM);
	assert_int_equal(vm_protect(vm, 0x1000000, PAGE, PROT_READ), 0);
	assert_int_equal(vm_protect(vm, BASE + PAGE, PAGE, RW), 0);
	assert_int_equal(vm_remap(vm, 0x1000000 + PAGE, 11 * PAGE, 12 * PAGE, 1, 0), -ENOMEM);
	assert_int_equal(vm_unmap(vm, 0x1000000, 12 * PAGE), 0);
	assert_int_equal(vm_unmap(vm, BASE, 8 * PAGE), 0);
	assert_int_equal(vm->data_bytes, 0);
	vm->brk_start = vm->brk_end = BASE + 5;
	vm->data_limit_bytes = 2 * PAGE;
	assert_int_equal(vm_brk(vm, 0), BASE + 5);
	assert_int_equal(vm_brk(vm, BASE + 2 * PAGE), BASE + 2 * PAGE);
	assert_int_equal(vm_brk(vm, BASE + 3 * PAGE), BASE + 2 * PAGE);
	assert_int_equal(vm_brk(vm, BASE), BASE + 2 * PAGE);
	store(BASE + PAGE, 1);
	assert_int_equal(vm_brk(vm, BASE + 5), BASE + 5);
	assert_int_equal(vm_brk(vm, BASE + 2 * PAGE), BASE + 2 * PAGE);
	assert_int_equal(load(BASE + PAGE), 0);
}

/* --- every allocation fails once -------------------------------------------------------------- */

static bool failed(long result)
{
	assert_true(result >= 0 || result == -ENOMEM);
	return result < 0;
}

/* True when it came through to its end. */
static bool scenario(void)
{
	vaddr_t to = 0x1400000;

	if (failed(map(BASE, 1100, RW, 0, NULL)))
		return false;
	for (size_t i = 0; i < 1100; i += 100)
		if (vmspace_fault(vm, BASE + i * PAGE, VM_ACCESS_WRITE) == VM_FAULT_NOMEM)
			return false;
	*word(BASE + 700 * PAGE) = 70;
	*word(BASE + 1000 * PAGE) = 100;
	*word(BASE) = 1;
	if (failed(vm_remap(vm, BASE, 1100 * PAGE, 1200 * PAGE, 3, to))) {
		assert_int_equal(load(BASE), 1);
		assert_int_equal(load(BASE + 700 * PAGE), 70);
		assert_int_equal(load(BASE + 1000 * PAGE), 100);
		assert_int_equal(vm->vma_count, 1);
		return false;
	}
	assert_int_equal(load(to + 700 * PAGE), 70);
	if (failed(vm_remap(vm, to + 512 * PAGE, 512 * PAGE, 600 * PAGE, 1, 0)))
		return false;
	if (failed(map(to + 100 * PAGE, 7, PROT_READ, 0, &file_object.object))) {
		assert_int_equal(load(to), 1);
		return false;
	}
	if (failed(vm_protect(vm, to + 50 * PAGE, 52 * PAGE, PROT_READ)))
		return false;
	if (failed(vm_advise(vm, to + 3 * PAGE, 3 * PAGE, MADV_DONTNEED)))
		return false;
	if (failed(vm_lock_range(vm, to + 8 * PAGE, 2 * PAGE, VMA_LOCKED)))
		return false;
	return !failed(vm_unmap(vm, to + 20 * PAGE, PAGE));
}

static void test_survives_every_failing_allocation(void **state)
{
	bool is_done = false;

	page_zero();
	machine_use_all_ram();
	for (int n = 0; !is_done; n++) {
		struct page_stats before, after;

		page_stats(&before);
		assert_int_equal(setup(state), 0);
		machine_fail_after(n);
		is_done = scenario() && !machine_has_failed();
		machine_fail_after(-1);
		assert_int_equal(machine_leaf_pages(), vm->resident_pages);
		teardown(state);
		page_stats(&after);
		assert_in_range(after.free_pages + 4, before.free_pages, before.free_pages + 8);
		assert_true(n < 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_remap_errors),
		CASE(test_remap_length_0_duplicates_shared_memory),
		CASE(test_sealed_objects_stay_unwritten),
		CASE(test_advice_errors),
		CASE(test_locking_everything),
		CASE(test_remove_zeroes_shared_memory),
		CASE(test_files_are_put_without_the_lock),
		CASE(test_files_are_put_at_the_end),
		CASE(test_limits),
		cmocka_unit_test(test_survives_every_failing_allocation),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
