/* SPDX-License-Identifier: BSD-3-Clause */
/* Archives become trees: the initrd filesystem on the machine of core/vfs/test. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/arch/paging.h>
#include <uk/plat/bootinfo.h>
#include "../rootfs.h"
#include "archive.h"
#include "machine.h"

static struct archive a;
static struct ukplat_bootinfo info;
static struct path mounted;

const struct ukplat_bootinfo *ukplat_bootinfo(void)
{
	return &info;
}
int ukarch_directmap_ensure(paddr_t pa, size_t len_bytes)
{
	return 0;
}

static int mount_archive(void)
{
	struct vfs_name n = {AT_FDCWD, "/i", 0};
	struct path at;
	int ret;

	memcpy(machine_rom(), a.bytes, a.len);
	info.initrd_base = ukarch_virt_to_phys(machine_rom());
	info.initrd_len_bytes = a.len;
	vfs_mkdir(&n, 0755);
	assert_int_equal(vfs_lookup_kernel("/i", &at), 0);
	ret = vfs_mount("initrd0", &at, "initrd", 0, NULL);
	path_put(&at);
	if (!ret)
		assert_int_equal(vfs_lookup_kernel("/i", &mounted), 0);
	return ret;
}

static int setup(void **state)
{
	memset(&a, 0, sizeof(a));
	return 0;
}

static void unmount(void)
{
	assert_int_equal(vfs_unmount(&mounted, 0), 0);
	path_put(&mounted);
}

static struct statx stat_of(const char *name)
{
	struct vfs_name n = {AT_FDCWD, name, 0};
	struct statx st;

	assert_int_equal(vfs_stat(&n, &st), 0);
	return st;
}

static void expect_text(const char *name, const char *text)
{
	struct file *file = vfs_open_kernel(name, O_RDONLY, 0);
	char buf[64] = "";

	assert_false(IS_ERR(file));
	assert_int_equal(file_read_kernel(file, buf, sizeof(buf), 0), strlen(text));
	assert_string_equal(buf, text);
	file_put(file);
}

static void test_tree(void **state)
{
	size_t before = machine_pages_in_use();

	archive_add(&a, (struct member){.name = ".", .mode = 040700, .nlink = 2, .mtime = 50});
	archive_add(&a, (struct member){.name = "bin", .mode = 041777, .nlink = 2, .mtime = 60});
	archive_file(&a, "bin/a", "text of a");
	archive_add(&a, (struct member){.name = "bin/l",
					.mode = 0120777,
					.nlink = 1,
					.mtime = 70,
					.data = "a",
					.data_len = 1});
	archive_file(&a, "deep/er/still/f", "f");
	archive_add(&a, (struct member){.name = "deep", .mode = 040711, .nlink = 2, .uid = 9});
	archive_add(&a,
		    (struct member){.name = "dev", .mode = 020600, .nlink = 1, .rdev_minor = 64});
	archive_end(&a);
	assert_int_equal(mount_archive(), 0);
	expect_text("/i/bin/l", "text of a");
	expect_text("/i/deep/er/still/f", "f");
	assert_int_equal(stat_of("/i").stx_mode, 040700);
	assert_int_equal(stat_of("/i").stx_mtime.tv_sec, 50);
	assert_int_equal(stat_of("/i").stx_nlink, 4);
	assert_int_equal(stat_of("/i/bin").stx_mode, 041777);
	assert_int_equal(stat_of("/i/bin/l").stx_mtime.tv_sec, 70);
	assert_int_equal(stat_of("/i/deep").stx_mode, 040711);
	assert_int_equal(stat_of("/i/deep").stx_uid, 9);
	assert_int_equal(stat_of("/i/deep").stx_nlink, 3);
	assert_int_equal(stat_of("/i/dev").stx_rdev_major, 4);
	assert_int_equal(stat_of("/i/dev").stx_rdev_minor, 64);
	unmount();
	assert_int_equal(machine_pages_in_use(), before);
}

/* GNU cpio gives the data with the last name, bsdcpio with each, others with the first. */
static void test_hard_links(void **state)
{
	archive_add(&a, (struct member){.name = "a", .mode = 0100644, .nlink = 3, .ino = 5});
	archive_add(&a, (struct member){.name = "b", .mode = 0100644, .nlink = 3, .ino = 5});
	archive_add(&a, (struct member){.name = "c",
					.mode = 0100644,
					.nlink = 3,
					.ino = 5,
					.data = "last",
					.data_len = 4});
	archive_add(&a, (struct member){.name = "x",
					.mode = 0100644,
					.nlink = 2,
					.ino = 6,
					.data = "first",
					.data_len = 5});
	archive_add(&a, (struct member){.name = "y", .mode = 0100644, .nlink = 2, .ino = 6});
	archive_end(&a);
	archive_add(&a, (struct member){.name = "z",
					.mode = 0100644,
					.nlink = 2,
					.ino = 5,
					.data = "else",
					.data_len = 4});
	archive_end(&a);
	assert_int_equal(mount_archive(), 0);
	expect_text("/i/a", "last");
	expect_text("/i/b", "last");
	expect_text("/i/x", "first");
	expect_text("/i/y", "first");
	expect_text("/i/z", "else");
	assert_int_equal(stat_of("/i/a").stx_nlink, 3);
	assert_int_equal(stat_of("/i/a").stx_ino, stat_of("/i/c").stx_ino);
	assert_int_equal(stat_of("/i/z").stx_nlink, 1);
	unmount();
}

static void test_later_wins(void **state)
{
	archive_file(&a, "f", "old");
	archive_add(&a,
		    (struct member){
			    .name = "l", .mode = 0120777, .nlink = 1, .data = "f", .data_len = 1});
	archive_end(&a);
	archive_file(&a, "f", "new");
	archive_file(&a, "l", "no link now");
	archive_end(&a);
	assert_int_equal(mount_archive(), 0);
	expect_text("/i/f", "new");
	expect_text("/i/l", "no link now");
	unmount();
}

static void expect_refusal(struct member bad, int error)
{
	size_t before = machine_pages_in_use();

	memset(&a, 0, sizeof(a));
	archive_file(&a, "f", "file");
	archive_add(&a, (struct member){.name = "d", .mode = 040755, .nlink = 2});
	archive_add(&a, bad);
	archive_end(&a);
	assert_int_equal(mount_archive(), error);
	assert_int_equal(machine_pages_in_use(), before);
}

static void test_impossible_entries(void **state)
{
	char long_name[300];

	memset(long_name, 'n', sizeof(long_name));
	long_name[299] = '\0';
	expect_refusal((struct member){.name = "f/x", .mode = 0100644, .nlink = 1}, -ENOTDIR);
	expect_refusal((struct member){.name = "f", .mode = 040755, .nlink = 1}, -EEXIST);
	expect_refusal((struct member){.name = "d", .mode = 0100644, .nlink = 1}, -EEXIST);
	expect_refusal((struct member){.name = "x", .mode = 0644, .nlink = 1}, -EINVAL);
	expect_refusal((struct member){.name = ".", .mode = 0100644, .nlink = 1}, -EINVAL);
	expect_refusal((struct member){.name = "x", .mode = 0120777, .nlink = 1}, -EINVAL);
	expect_refusal(
		(struct member){
			.name = "x", .mode = 0120777, .nlink = 1, .data = "a\0b", .data_len = 3},
		-EINVAL);
	expect_refusal((struct member){.name = long_name, .mode = 0100644, .nlink = 1},
		       -ENAMETOOLONG);
	expect_refusal((struct member){.name = "../x", .mode = 0100644, .nlink = 1}, -EINVAL);
}

static void test_out_of_memory(void **state)
{
	for (int i = 0;; i++) {
		int ret;

		memset(&a, 0, sizeof(a));
		archive_file(&a, "a/b/c", "x");
		archive_add(&a,
			    (struct member){.name = "h", .mode = 0100644, .nlink = 2, .ino = 5});
		archive_add(&a, (struct member){.name = "l",
						.mode = 0120777,
						.nlink = 1,
						.data = "f",
						.data_len = 1});
		archive_end(&a);
		machine_fail_after(i);
		ret = mount_archive();
		machine_fail_after(-1);
		if (!ret)
			break;
		assert_int_equal(ret, -ENOMEM);
	}
	unmount();
}

static void test_nothing_there(void **state)
{
	struct path at;

	assert_int_equal(vfs_lookup_kernel("/i", &at), 0);
	info.initrd_len_bytes = 0;
	assert_int_equal(vfs_mount("initrd0", &at, "initrd", 0, NULL), -ENODEV);
	assert_int_equal(vfs_mount("initrd1", &at, "initrd", 0, NULL), -ENODEV);
	path_put(&at);
}

#define T(name) cmocka_unit_test_setup(name, setup)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_tree),          T(test_hard_links),
		T(test_later_wins),    T(test_impossible_entries),
		T(test_out_of_memory), T(test_nothing_there),
	};

	machine_init();
	fs_register(&initrd_type);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
