/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The filesystem devpts: a node for the slave of every pair that was made while it was mounted, and
 * `ptmx`. The mount that came last shows what is made from then on.
 */
#include <linux/errno.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <uk/fmt.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/vfs.h>
#include "tty_internal.h"

#define PTS_MAJOR 136

struct devpts_options {
	int64_t uid, gid; /* -1: the opener's */
	uint32_t mode, ptmx_mode;
};

static struct {
	struct superblock *sb; /* NULL: not mounted */
	struct devpts_options options;
} instance; /* vfs_tree_lock */

static struct inode_ops dir_ops; /* nothing but what we put there */

/* One of uid=, gid= (decimal), mode=, ptmxmode= (octal), newinstance. */
static int parse_option(const char *option, size_t len, struct devpts_options *options)
{
	char text[24], *equals;
	uint64_t value;
	bool is_mode;

	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, option, len);
	text[len] = '\0';
	equals = strchr(text, '=');
	if (!equals)
		return len && strcmp(text, "newinstance") ? -EINVAL : 0;
	*equals = '\0';
	is_mode = !strcmp(text, "mode") || !strcmp(text, "ptmxmode");
	if (uk_parse_u64(equals + 1, is_mode ? 8 : 10, &value) ||
	    value > (is_mode ? 07777 : UINT32_MAX - 1))
		return -EINVAL;
	if (!strcmp(text, "uid"))
		options->uid = (int64_t)value;
	else if (!strcmp(text, "gid"))
		options->gid = (int64_t)value;
	else if (!strcmp(text, "mode"))
		options->mode = (uint32_t)value;
	else if (is_mode)
		options->ptmx_mode = (uint32_t)value;
	else
		return -EINVAL;
	return 0;
}

static int parse_options(const char *text, struct devpts_options *options)
{
	int error = 0;

	*options = (struct devpts_options){.uid = -1, .gid = -1, .mode = 0600};
	while (text && !error) {
		const char *comma = strchr(text, ',');

		error = parse_option(text, comma ? (size_t)(comma - text) : strlen(text), options);
		text = comma ? comma + 1 : NULL;
	}
	return error;
}

static int devpts_mount(const char *source, unsigned int flags, const char *options,
			struct superblock *sb)
{
	struct devpts_options wanted;
	int error = parse_options(options, &wanted);

	if (!error)
		error = ramfs_mount_empty(sb, NULL);
	if (error)
		return error;
	if (!dentry_add(sb->root, "ptmx",
			ramfs_inode(sb, S_IFCHR | wanted.ptmx_mode, uk_makedev(5, 2)))) {
		ramfs_unmount(sb);
		return -ENOMEM;
	}
	dir_ops.release = sb->root->inode->ops->release;
	sb->root->inode->ops = &dir_ops;
	mutex_lock(&vfs_tree_lock);
	instance.sb = sb;
	instance.options = wanted;
	mutex_unlock(&vfs_tree_lock);
	return 0;
}

static void devpts_unmount(struct superblock *sb)
{
	if (instance.sb == sb)
		instance.sb = NULL;
	ramfs_unmount(sb);
}

static int devpts_statfs(struct superblock *sb, struct statfs *out)
{
	out->f_type = DEVPTS_SUPER_MAGIC;
	return 0;
}

int devpts_add(int number, struct path *node)
{
	const struct creds *creds = &current->process->creds;
	const struct devpts_options *options = &instance.options;
	struct superblock *sb;
	struct inode *inode;
	char name[12];
	int error = -ENODEV;

	uk_snprintf(name, sizeof(name), "%d", number);
	mutex_lock(&vfs_tree_lock);
	sb = instance.sb;
	if (sb) {
		inode = ramfs_inode(sb, S_IFCHR | options->mode,
				    uk_makedev(PTS_MAJOR, (unsigned int)number));
		if (inode) {
			inode->uid = options->uid < 0 ? creds->fsuid : (uint32_t)options->uid;
			inode->gid = options->gid < 0 ? creds->fsgid : (uint32_t)options->gid;
			inode->file_ops = &pts_file_ops;
		}
		node->mount = uk_container_of(sb, struct mount, sb);
		node->dentry = dentry_add(sb->root, name, inode);
		error = node->dentry ? 0 : -ENOMEM;
	}
	if (!error)
		path_get(node);
	mutex_unlock(&vfs_tree_lock);
	return error;
}

/* A walk that puts the last file of a pair holds the lock. */
void devpts_remove(const struct path *node)
{
	bool is_locked = mutex_is_mine(&vfs_tree_lock);

	if (!is_locked)
		mutex_lock(&vfs_tree_lock);
	if (!node->dentry->is_deleted)
		dentry_remove(node->dentry);
	if (!is_locked)
		mutex_unlock(&vfs_tree_lock);
	path_put(node);
}

static const struct fs_type devpts_type = {
	.name = "devpts",
	.mount = devpts_mount,
	.unmount = devpts_unmount,
	.statfs = devpts_statfs,
};

int devpts_init(void)
{
	fs_register(&devpts_type);
	return 0;
}
