/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dentry cache over a filesystem that looks names up and lets what it found, and what it did
 * not, be cached. There every directory holds the directories d0 d1 ..., the files f0 f1 ..., the
 * links l0 l1 ... to "." and the link broken, which cannot be read; nothing else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "machine.h"

#define UNUSED_MAX 512 /* dentries that the cache keeps: DENTRY_LRU_MAX */

static unsigned int lookups, live_inodes;

/* --- the filesystem ----------------------------------------------------------------------------
 */

static const struct inode_ops lazy_ops;

static void lazy_release(struct inode *inode)
{
	live_inodes--;
	uk_free(inode);
}

static struct inode *lazy_inode(struct superblock *sb, uint32_t mode)
{
	struct inode *inode = uk_malloc(sizeof(*inode));

	if (!inode)
		return NULL;
	inode_init(inode, sb, mode);
	inode->ops = &lazy_ops;
	live_inodes++;
	return inode;
}

static uint32_t mode_of(const char *name)
{
	switch (*name) {
	case 'd':
		return S_IFDIR | 0755;
	case 'f':
		return S_IFREG | 0644;
	case 'l':
	case 'b':
		return S_IFLNK | 0777;
	default:
		return 0;
	}
}

static int lazy_lookup(struct inode *dir, struct dentry *dentry)
{
	uint32_t mode = mode_of(dentry->name);
	struct inode *inode;

	lookups++;
	if (!mode)
		return -ENOENT;
	inode = lazy_inode(dir->sb, mode);
	if (!inode)
		return -ENOMEM;
	inode->priv = dentry->name[0] == 'b' ? inode : NULL;
	dentry_instantiate(dentry, inode);
	return 0;
}

static int lazy_rmdir(struct inode *dir, struct dentry *dentry)
{
	dentry->inode->nlink = 0;
	return 0;
}

static const char *lazy_readlink(struct inode *inode, char *buf)
{
	if (inode->priv)
		return ERR_PTR(-EIO);
	return strcpy(buf, ".");
}

static const struct inode_ops lazy_ops = {
	.lookup = lazy_lookup,
	.rmdir = lazy_rmdir,
	.readlink = lazy_readlink,
	.release = lazy_release,
};

static int lazy_mount(const char *source, unsigned int flags, const char *options,
		      struct superblock *sb)
{
	struct inode *inode = lazy_inode(sb, S_IFDIR | 0755);

	sb->keeps_lookups = true;
	sb->root = dentry_alloc(NULL, "", 0);
	assert_true(inode && sb->root);
	dentry_instantiate(sb->root, inode);
	return 0;
}

static const struct fs_type lazy_type = {
	.name = "lazy",
	.mount = lazy_mount,
	.unmount = ramfs_unmount,
};

/* --- tests --------------------------------------------------------------------------------------
 */

static int stat_of(const char *name)
{
	struct vfs_name n = {AT_FDCWD, name, UK_LOOKUP_FOLLOW};
	struct statx st;

	return vfs_stat(&n, &st);
}

static int mount_lazy(void **state)
{
	struct path path;

	assert_int_equal(vfs_lookup_kernel("/lazy", &path), 0);
	assert_int_equal(vfs_mount("none", &path, "lazy", 0, NULL), 0);
	path_put(&path);
	return 0;
}

/* Nothing of it is left, whatever was in the cache. */
static int unmount_lazy(void **state)
{
	struct path path;

	assert_int_equal(vfs_lookup_kernel("/lazy", &path), 0);
	assert_int_equal(vfs_unmount(&path, 0), 0);
	path_put(&path);
	assert_int_equal(live_inodes, 0);
	assert_int_equal(stat_of("/lazy/f1"), -ENOENT);
	return 0;
}

/* Fills the list of unused dentries with `count` names. */
static void look_up_files(unsigned int count)
{
	char name[32];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "/lazy/f%u", i);
		assert_int_equal(stat_of(name), 0);
	}
}

static void test_lookups_are_cached(void **state)
{
	lookups = 0;
	assert_int_equal(stat_of("/lazy/d1/d2/f3"), 0);
	assert_int_equal(stat_of("/lazy/d1/x"), -ENOENT);
	assert_int_equal(lookups, 4);
	assert_int_equal(stat_of("/lazy/d1/d2/f3"), 0);
	assert_int_equal(stat_of("/lazy/d1/x"), -ENOENT);
	assert_int_equal(stat_of("/lazy/d1/d2/../x"), -ENOENT);
	assert_int_equal(lookups, 4);
	look_up_files(2 * UNUSED_MAX);
	assert_true(live_inodes <= UNUSED_MAX + 2);
	lookups = 0;
	assert_int_equal(stat_of("/lazy/d1/d2/f3"), 0);
	assert_true(lookups > 0);
}

/* The oldest unused directory is where a walk stands when the cache has to shrink. */
static void test_shrinking_under_a_walk(void **state)
{
	for (unsigned int others = UNUSED_MAX - 4; others < UNUSED_MAX + 4; others++) {
		assert_int_equal(stat_of("/lazy/d0"), 0);
		look_up_files(others);
		assert_int_equal(stat_of("/lazy/d0/d1/d2/d3/f0"), 0);
		assert_int_equal(stat_of("/lazy/d0/l1/d1/l2/d2/x"), -ENOENT);
		unmount_lazy(state);
		mount_lazy(state);
	}
	for (int i = 0; i < 12; i++) {
		int ret;

		machine_fail_after(i);
		ret = stat_of("/lazy/d0/d7/d8/f9");
		machine_fail_after(-1);
		assert_true(ret == 0 || ret == -ENOMEM);
	}
}

/* A directory that nobody uses has no list of children to look into. */
static void test_removing_an_unused_directory(void **state)
{
	const struct vfs_name n = {AT_FDCWD, "/lazy/d5", 0};

	assert_int_equal(stat_of("/lazy/d4"), 0);
	assert_int_equal(stat_of("/lazy/d5"), 0);
	assert_int_equal(stat_of("/lazy/d6"), 0);
	assert_int_equal(vfs_rmdir(&n), 0);
	assert_int_equal(stat_of("/lazy/d4/f"), 0);
}

static void test_links(void **state)
{
	for (int i = 0; i < 3; i++) {
		assert_int_equal(stat_of("/lazy/l1/l2/f"), 0);
		assert_int_equal(stat_of("/lazy/l1/broken/f"), -EIO);
		assert_int_equal(stat_of("/lazy/broken"), -EIO);
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, mount_lazy, unmount_lazy)
	const struct CMUnitTest tests[] = {
		T(test_lookups_are_cached),
		T(test_shrinking_under_a_walk),
		T(test_removing_an_unused_directory),
		T(test_links),
	};
	const struct vfs_name place = {AT_FDCWD, "/lazy", 0};

	machine_init();
	fs_register(&lazy_type);
	assert_int_equal(vfs_mkdir(&place, 0755), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
