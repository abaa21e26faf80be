/* SPDX-License-Identifier: BSD-3-Clause */
/* Data of memory files against a byte array: over initrd data (aligned or not) and from nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <uk/vmspace.h>
#include "../ramfs.h"
#include "machine.h"

#define MAX (40 * 4096)

static unsigned char oracle[MAX], buf[MAX];
static uint64_t size;
static struct file *file;

static struct file *open_over(const void *data, size_t len)
{
	struct vfs_name n = {AT_FDCWD, "/f", 0};
	struct file *opened = vfs_open(&n, O_CREAT | O_RDWR | O_TRUNC, 0644);

	assert_false(IS_ERR(opened));
	if (data)
		assert_int_equal(ramfs_set_data(opened->inode, data, len), 0);
	return opened;
}

static void close_and_remove(void)
{
	struct vfs_name n = {AT_FDCWD, "/f", 0};

	file_put(file);
	assert_int_equal(vfs_unlink(&n), 0);
}

static uk_ssize_t pread_all(uint64_t pos, size_t len)
{
	struct uio uio = uio_user(buf, len);
	loff_t at = (loff_t)pos;

	return file_read(file, &uio, &at);
}

static void check_content(void)
{
	assert_int_equal(file->inode->size_bytes, size);
	assert_int_equal(pread_all(0, MAX), size);
	assert_memory_equal(buf, oracle, size);
}

/* What a mapping sees: whole pages, zeros behind the end. */
static void check_pages(void)
{
	struct vm_object *object = file->ops->mmap(file, 1, true);
	struct page *page;

	for (uint64_t i = 0; i << 12 < size; i++) {
		uint64_t part = UK_MIN(size - (i << 12), 4096UL);
		bool for_write = rand() % 2;
		static const char zeros[4096];

		assert_int_equal(object->ops->get_page(object, i, for_write, &page), 0);
		assert_memory_equal(page_address(page), oracle + (i << 12), part);
		assert_memory_equal((char *)page_address(page) + part, zeros, 4096 - part);
		if (for_write)
			assert_true(page->flags & PAGE_MANAGED);
		page_put(page);
	}
	assert_int_equal(object->ops->get_page(object, UK_DIV_ROUND_UP(size, 4096UL), false, &page),
			 -ERANGE);
	vm_object_put(object);
}

static void check_blocks(uint64_t max_bytes)
{
	assert_true(file->inode->alloc_bytes % 4096 == 0);
	assert_true(file->inode->alloc_bytes <= max_bytes);
}

static void random_write(void)
{
	uint64_t pos = (uint64_t)rand() % (MAX - 9000);
	size_t len = (size_t)rand() % (rand() % 2 ? 100 : 9000);
	struct uio uio = uio_user(buf, len);
	loff_t at = (loff_t)pos;

	if (rand() % 3 == 0) { /* whole pages */
		at = (loff_t)(pos &= ~4095UL);
		uio = uio_user(buf, len = 8192);
	}
	for (size_t i = 0; i < len; i++)
		buf[i] = (unsigned char)rand();
	assert_int_equal(file_write(file, &uio, &at), len);
	if (!len)
		return;
	assert_int_equal(at, pos + len);
	if (pos > size)
		memset(oracle + size, 0, pos - size);
	memcpy(oracle + pos, buf, len);
	size = UK_MAX(size, pos + len);
}

static void random_truncate(void)
{
	uint64_t to = (uint64_t)rand() % MAX;

	if (rand() % 2)
		to &= ~4095UL;
	assert_int_equal(vfs_truncate_file(file, to), 0);
	if (to > size)
		memset(oracle + size, 0, to - size);
	size = to;
}

static void random_hole(void)
{
	uint64_t start = (uint64_t)rand() % MAX, len = 1 + (uint64_t)rand() % 20000, end;

	if (rand() % 2) {
		start &= ~4095UL;
		len = UK_ALIGN_UP(len, 4096UL);
	}
	assert_int_equal(vfs_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				       (loff_t)start, (loff_t)len),
			 0);
	end = UK_MIN(start + len, size);
	if (start < end)
		memset(oracle + start, 0, end - start);
}

static void random_allocate(void)
{
	uint64_t start = (uint64_t)rand() % (MAX / 2), len = 1 + (uint64_t)rand() % (MAX / 2);
	bool keep = rand() % 2;

	assert_int_equal(
		vfs_fallocate(file, keep ? FALLOC_FL_KEEP_SIZE : 0, (loff_t)start, (loff_t)len), 0);
	if (!keep && start + len > size) {
		memset(oracle + size, 0, start + len - size);
		size = start + len;
	}
}

/* Data where there is any byte that is not zero; holes read as zeros. */
static void check_seek(void)
{
	loff_t data = 0, hole;

	while (data < (loff_t)size) {
		data = file_lseek(file, data, SEEK_DATA);
		if (data == -ENXIO)
			break;
		hole = file_lseek(file, data, SEEK_HOLE);
		assert_true(hole > data && hole <= (loff_t)size);
		for (uint64_t i = (uint64_t)hole; i < size; i++) {
			loff_t next = file_lseek(file, hole, SEEK_DATA);

			if (next < 0 ? true : (loff_t)i < next)
				assert_int_equal(oracle[i], 0);
			else
				break;
		}
		data = hole;
	}
	assert_int_equal(file_lseek(file, (loff_t)size, SEEK_DATA), -ENXIO);
	assert_int_equal(file_lseek(file, (loff_t)size, SEEK_HOLE), -ENXIO);
}

static void run_random(const char *data, size_t len)
{
	size_t pages_before = machine_pages_in_use();

	file = open_over(data, len);
	size = len;
	if (len)
		memcpy(oracle, data, len);
	check_content();
	check_pages();
	for (int i = 0; i < 600; i++) {
		switch (rand() % 6) {
		case 0:
			random_truncate();
			break;
		case 1:
			random_hole();
			break;
		case 2:
			random_allocate();
			break;
		case 3:
			check_pages();
			break;
		default:
			random_write();
		}
		check_content();
		if (i % 20 == 0)
			check_seek();
		check_blocks(MAX + 4096);
	}
	assert_int_equal(vfs_truncate_file(file, 0), 0);
	assert_int_equal(file->inode->alloc_bytes, 0);
	assert_int_equal(machine_pages_in_use(), pages_before);
	close_and_remove();
}

static char *rom_with_pattern(size_t offset, size_t len)
{
	char *rom = machine_rom() + offset;

	for (size_t i = 0; i < len + 64; i++)
		rom[i] = (char)(rand() | 1);
	return rom;
}

static void test_empty_file(void **state)
{
	srand(1);
	for (int i = 0; i < 5; i++)
		run_random(NULL, 0);
}
static void test_over_aligned_data(void **state)
{
	srand(2);
	run_random(rom_with_pattern(0, 8 * 4096), 8 * 4096);
	run_random(rom_with_pattern(4096, 5 * 4096 + 17), 5 * 4096 + 17);
	run_random(rom_with_pattern(0, 100), 100);
}
static void test_over_unaligned_data(void **state)
{
	srand(3);
	run_random(rom_with_pattern(12, 8 * 4096), 8 * 4096);
	run_random(rom_with_pattern(4092, 9000), 9000);
}

static void test_data_in_place(void **state)
{
	char *rom = rom_with_pattern(0, 3 * 4096);
	struct vm_object *object;
	struct page *page;

	file = open_over(rom, 2 * 4096 + 10);
	object = file->ops->mmap(file, 1, false);
	assert_int_equal(object->ops->get_page(object, 1, false, &page), 0);
	assert_ptr_equal(page_address(page), rom + 4096);
	/* The last one has something behind the end: copied. */
	assert_int_equal(object->ops->get_page(object, 2, false, &page), 0);
	assert_ptr_not_equal(page_address(page), rom + 8192);
	assert_int_equal(*((char *)page_address(page) + 10), 0);
	page_put(page);
	assert_int_equal(object->ops->get_page(object, 1, true, &page), 0);
	assert_ptr_not_equal(page_address(page), rom + 4096);
	*(char *)page_address(page) = 77;
	page_put(page);
	assert_int_equal(pread_all(4096, 1), 1);
	assert_int_equal(buf[0], 77);
	assert_int_not_equal(rom[4096], 77);
	vm_object_put(object);
	close_and_remove();
}

static void test_mapping_is_told(void **state)
{
	struct vma vma = {.flags = VMA_SHARED};
	struct vm_object *object;
	uint64_t told = machine_unmapped_pages;
	struct uio uio = uio_user(buf, 10);
	loff_t pos = 4096;

	file = open_over(rom_with_pattern(0, 3 * 4096), 3 * 4096);
	object = file->ops->mmap(file, 1, true);
	LIST_INSERT_HEAD(&object->mappings, &vma, object_link);
	assert_int_equal(file_write(file, &uio, &pos), 10);
	assert_int_equal(machine_unmapped_pages, told + 1);
	assert_int_equal(vfs_truncate_file(file, 4097), 0);
	assert_int_equal(machine_unmapped_pages, told + 2);
	assert_int_equal(machine_cut_at, 2);
	LIST_REMOVE(&vma, object_link);
	vm_object_put(object);
	close_and_remove();
}

static void test_memory_outlives_the_name(void **state)
{
	size_t before = machine_pages_in_use();
	struct vm_object *object;
	struct uio uio = uio_user(buf, 4096);
	struct page *page;

	file = open_over(NULL, 0);
	assert_int_equal(file_write(file, &uio, NULL), 4096);
	object = file->ops->mmap(file, 1, true);
	close_and_remove();
	assert_int_equal(object->ops->get_page(object, 0, true, &page), 0);
	page_put(page);
	vm_object_put(object);
	assert_int_equal(machine_pages_in_use(), before);
}

static void test_faulting_buffers(void **state)
{
	static unsigned char window[3 * 4096];
	struct uio uio = uio_user(window, sizeof(window));
	loff_t pos = 0;

	file = open_over(NULL, 0);
	memset(window, 9, sizeof(window));
	machine_bad_range(window + 5000, 1);
	/* A whole-page write that breaks off: the rest of the new page reads as zeros. */
	assert_int_equal(file_write(file, &uio, &pos), 5000);
	assert_int_equal(file->inode->size_bytes, 5000);
	machine_bad_range(NULL, 0);
	assert_int_equal(vfs_truncate_file(file, 8192), 0);
	assert_int_equal(pread_all(4096, 4096), 4096);
	assert_int_equal(buf[903], 9);
	for (int i = 904; i < 4096; i++)
		assert_int_equal(buf[i], 0);
	machine_bad_range(buf, 1);
	assert_int_equal(pread_all(0, 10), -EFAULT);
	machine_bad_range(buf + 4, 1);
	assert_int_equal(pread_all(0, 10), 4);
	machine_bad_range(NULL, 0);
	close_and_remove();
}

static struct page *faulted_in;

static void read_second_page(void)
{
	char seen[4096];
	struct uio uio = uio_kernel(seen, sizeof(seen));
	loff_t pos = 4096;

	assert_int_equal(file_read(file, &uio, &pos), sizeof(seen));
	for (size_t i = 0; i < sizeof(seen); i++)
		assert_int_equal(seen[i], 0);
}

static void fault_in_second_page(void)
{
	struct vm_object *object = file->ops->mmap(file, 3, true);

	read_second_page();
	assert_int_equal(object->ops->get_page(object, 1, true, &faulted_in), 0);
	vm_object_put(object);
	read_second_page();
}

/* While a write copies a whole page from the program, others see what was there before; and a
 * page that a fault brings in meanwhile is the one that is written. */
static void test_looking_while_a_page_is_written(void **state)
{
	static unsigned char data[4096];
	struct uio uio = uio_user(data, sizeof(data));
	size_t before = machine_pages_in_use();
	loff_t pos = 4096;

	file = open_over(NULL, 0);
	assert_int_equal(vfs_truncate_file(file, 3 * 4096), 0);
	memset(data, 7, sizeof(data));
	machine_on_copy = read_second_page;
	assert_int_equal(file_write(file, &uio, &pos), 4096);
	assert_int_equal(pread_all(4096, 4096), 4096);
	assert_memory_equal(buf, data, 4096);
	assert_int_equal(vfs_truncate_file(file, 0), 0);
	assert_int_equal(vfs_truncate_file(file, 3 * 4096), 0);
	uio = uio_user(data, sizeof(data));
	pos = 4096;
	machine_on_copy = fault_in_second_page;
	assert_int_equal(file_write(file, &uio, &pos), 4096);
	assert_memory_equal(page_address(faulted_in), data, 4096);
	assert_int_equal(file->inode->alloc_bytes, 4096);
	page_put(faulted_in);
	close_and_remove();
	assert_int_equal(machine_pages_in_use(), before);
}

static void test_limits_and_flags(void **state)
{
	struct uio uio = uio_user(buf, 10);
	struct vfs_name n = {AT_FDCWD, "/f", 0};
	loff_t pos;

	file = open_over(NULL, 0);
	current->process->rlimits[RLIMIT_FSIZE] = 15;
	assert_int_equal(file_write(file, &uio, NULL), 10);
	uio = uio_user(buf, 10);
	assert_int_equal(file_write(file, &uio, NULL), 5);
	assert_int_equal(file_write(file, &uio, NULL), -EFBIG);
	assert_int_equal(machine_take_signal(), SIGXFSZ);
	assert_int_equal(vfs_truncate_file(file, 16), -EFBIG);
	assert_int_equal(machine_take_signal(), SIGXFSZ);
	assert_int_equal(vfs_truncate_file(file, 14), 0);
	assert_int_equal(vfs_truncate_file(file, 16), -EFBIG);
	assert_int_equal(machine_take_signal(), SIGXFSZ);
	current->process->rlimits[RLIMIT_FSIZE] = 5;
	assert_int_equal(vfs_truncate_file(file, 14), 0);
	assert_int_equal(vfs_truncate_file(file, 13), 0);
	assert_int_equal(vfs_truncate_file(file, 14), -EFBIG);
	assert_int_equal(machine_take_signal(), SIGXFSZ);
	current->process->rlimits[RLIMIT_FSIZE] = UINT64_MAX;
	assert_int_equal(vfs_truncate_file(file, 14), 0);
	current->process->rlimits[RLIMIT_FSIZE] = UINT64_MAX;
	pos = -1;
	uio = uio_user(buf, 10);
	assert_int_equal(file_write(file, &uio, &pos), -EINVAL);
	pos = INT64_MAX;
	assert_int_equal(file_write(file, &uio, &pos), -EINVAL);
	assert_int_equal(file_read(file, &uio, &pos), -EINVAL);
	pos = INT64_MAX - 10;
	assert_int_equal(file_read(file, &uio, &pos), 0);
	assert_int_equal(file_lseek(file, INT64_MAX, SEEK_END), -EINVAL);
	assert_int_equal(file_lseek(file, -20, SEEK_END), -EINVAL);
	file_put(file);
	/* Appending ignores where the call says. */
	file = vfs_open(&n, O_WRONLY | O_APPEND, 0);
	pos = 0;
	uio = uio_user(buf, 6);
	assert_int_equal(file_write(file, &uio, &pos), 6);
	assert_int_equal(file->inode->size_bytes, 20);
	assert_int_equal(file_read(file, &uio, NULL), -EBADF);
	close_and_remove();
}

static void test_far_away(void **state)
{
	struct uio uio = uio_user(buf, 10);
	loff_t pos = 1L << 50;
	size_t before = machine_pages_in_use();

	file = open_over(NULL, 0);
	memset(buf, 5, 10);
	assert_int_equal(file_write(file, &uio, &pos), 10);
	assert_int_equal(machine_pages_in_use(), before + 1);
	assert_int_equal(file_lseek(file, 0, SEEK_DATA), 1L << 50);
	assert_int_equal(file_lseek(file, 0, SEEK_HOLE), 0);
	assert_int_equal(pread_all((1UL << 50) - 5, 100), 15);
	assert_int_equal(buf[4], 0);
	assert_int_equal(buf[5], 5);
	close_and_remove();
	assert_int_equal(machine_pages_in_use(), before);
}

static void test_out_of_memory(void **state)
{
	size_t before = machine_pages_in_use();

	for (int i = 0; i < 40; i++) {
		struct uio uio = uio_user(buf, 5 * 4096);
		uk_ssize_t ret;

		file = open_over(NULL, 0);
		machine_fail_after(i);
		ret = file_write(file, &uio, NULL);
		machine_fail_after(-1);
		assert_true(ret == -ENOMEM || ret % 4096 == 0);
		assert_int_equal(file->inode->size_bytes, ret < 0 ? 0 : ret);
		close_and_remove();
		assert_int_equal(machine_pages_in_use(), before);
	}
}

static void fail_to_allocate(loff_t len, uint64_t blocks)
{
	size_t before = machine_pages_in_use();

	assert_int_equal(vfs_fallocate(file, 0, 0, len), -ENOSPC);
	assert_int_equal(machine_pages_in_use(), before);
	assert_int_equal(file->inode->size_bytes, 4096);
	assert_int_equal(file->inode->alloc_bytes, blocks * 4096);
}

/* All or nothing, and never the last free pages. */
static void test_failing_allocation(void **state)
{
	struct uio uio = uio_user(buf, 4096);
	size_t before = machine_pages_in_use();
	bool has_failed = true;

	file = open_over(NULL, 0);
	assert_int_equal(file_write(file, &uio, NULL), 4096);
	fail_to_allocate(1L << 40, 1);
	fail_to_allocate(MACHINE_RAM_PAGES * 4096L, 1);
	fail_to_allocate((loff_t)page_spare_count() * 4096 + 2 * 4096, 1);
	for (int i = 0; has_failed; i++) {
		machine_fail_after(i);
		has_failed = vfs_fallocate(file, 0, 0, 300 * 4096) != 0;
		machine_fail_after(-1);
		assert_int_equal(file->inode->alloc_bytes, has_failed ? 4096 : 300 * 4096);
		assert_int_equal(file->inode->size_bytes, has_failed ? 4096 : 300 * 4096);
		assert_true(i < 1000);
	}
	assert_int_equal(pread_all(0, 2), 2);
	assert_int_equal(vfs_fallocate(file, 0, 0, (loff_t)(page_spare_count() + 300) * 4096), 0);
	assert_int_equal(page_spare_count(), 0);
	close_and_remove();
	assert_int_equal(machine_pages_in_use(), before);
}

static void check_options(const struct tmpfs_options *a, const struct tmpfs_options *b)
{
	assert_int_equal(a->size_bytes, b->size_bytes);
	assert_int_equal(a->inode_count, b->inode_count);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
}

static void test_tmpfs_options(void **state)
{
	static const struct {
		const char *text;
		int ret;
		struct tmpfs_options want;
	} cases[] = {
		{"", 0, {7, 7, 7, 7, 7}},
		{"size=10", 0, {10, 7, 7, 7, 7}},
		{"size=4k,nr_inodes=2M,mode=1777,uid=5,gid=6", 0, {4096, 2 << 20, 01777, 5, 6}},
		{"size=50%", 0, {500, 7, 7, 7, 7}},
		{"nr_blocks=3,rw,relatime", 0, {12288, 7, 7, 7, 7}},
		{",,size=1g,", 0, {1 << 30, 7, 7, 7, 7}},
		{"size=", -EINVAL, {0}},
		{"size=x", -EINVAL, {0}},
		{"size=1kk", -EINVAL, {0}},
		{"size=101%", -EINVAL, {0}},
		{"size=99999999999999999999", -EINVAL, {0}},
		{"size=99999999t", -EINVAL, {0}},
		{"mode=8", -EINVAL, {0}},
		{"mode=10000", -EINVAL, {0}},
		{"uid=4294967296", -EINVAL, {0}},
		{"huge=always", -EINVAL, {0}},
		{"size", -EINVAL, {0}},
	};

	for (size_t i = 0; i < UK_ARRAY_SIZE(cases); i++) {
		struct tmpfs_options options = {7, 7, 7, 7, 7};

		assert_int_equal(tmpfs_parse_options(cases[i].text, 1000, &options), cases[i].ret);
		if (!cases[i].ret)
			check_options(&options, &cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_file),
		cmocka_unit_test(test_over_aligned_data),
		cmocka_unit_test(test_over_unaligned_data),
		cmocka_unit_test(test_data_in_place),
		cmocka_unit_test(test_mapping_is_told),
		cmocka_unit_test(test_memory_outlives_the_name),
		cmocka_unit_test(test_faulting_buffers),
		cmocka_unit_test(test_looking_while_a_page_is_written),
		cmocka_unit_test(test_limits_and_flags),
		cmocka_unit_test(test_far_away),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_failing_allocation),
		cmocka_unit_test(test_tmpfs_options),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
