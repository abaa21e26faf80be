/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * devfs: a memory filesystem with a node for every registered character device, and the links
 * that programs expect. There is one instance; mounting it again shows another copy.
 */
#include <linux/errno.h>
#include <uk/string.h>
#include <uk/devfs.h>
#include <uk/vfs.h>

static struct superblock *instance;

static void add_node(const struct chrdev *dev)
{
	struct inode *inode;

	/* A node that finds no memory is missed by who wants it, not by us. */
	if (!instance || dentry_lookup_cached(instance->root, dev->name, strlen(dev->name)))
		return;
	inode = ramfs_inode(instance, S_IFCHR | dev->mode, dev->rdev);
	dentry_add(instance->root, dev->name, inode);
}

static int add_links(struct superblock *sb)
{
	static const struct {
		char name[8], target[16];
	} links[] = {
		{"fd", "/proc/self/fd"},
		{"stdin", "/proc/self/fd/0"},
		{"stdout", "/proc/self/fd/1"},
		{"stderr", "/proc/self/fd/2"},
	};

	for (size_t i = 0; i < UK_ARRAY_SIZE(links); i++) {
		struct inode *inode = ramfs_symlink_inode(
			sb, links[i].target, strnlen(links[i].target, sizeof(links[i].target)));

		if (!dentry_add(sb->root, links[i].name, inode))
			return -ENOMEM;
	}
	return 0;
}

static int add_dirs(struct superblock *sb)
{
	if (!dentry_add(sb->root, "shm", ramfs_inode(sb, S_IFDIR | 01777, 0)) ||
	    !dentry_add(sb->root, "pts", ramfs_inode(sb, S_IFDIR | 0755, 0)))
		return -ENOMEM;
	return 0;
}

static int devfs_mount(const char *source, unsigned int flags, const char *options,
		       struct superblock *sb)
{
	int error = ramfs_mount_empty(sb, NULL);

	if (error)
		return error;
	error = add_dirs(sb);
	if (!error)
		error = add_links(sb);
	if (error) {
		ramfs_unmount(sb);
		return error;
	}
	instance = sb;
	chrdev_listen(add_node);
	return 0;
}

static void devfs_unmount(struct superblock *sb)
{
	if (instance == sb)
		instance = NULL;
	ramfs_unmount(sb);
}

static const struct fs_type devfs_type = {
	.name = "devfs",
	.mount = devfs_mount,
	.unmount = devfs_unmount,
	.statfs = ramfs_statfs,
};

int devfs_init(void)
{
	int error;

	fs_register(&devfs_type);
	error = devfs_register_mem();
	return error ? error : devfs_register_kmsg();
}
