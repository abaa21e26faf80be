/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading directories whose entries are all dentries. The position is a cookie: 0 ".", 1 "..",
 * then each child's own, which never changes and ascends, so entries that stay are seen exactly
 * once whatever is created or removed meanwhile. file->priv holds the child we stopped before,
 * to spare the search for it.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include "vfs_internal.h"

#define COOKIE_CHILDREN 2

/* DT_* is the type nibble of the mode (inode(7), readdir(3)). */
static inline unsigned int dirent_type(const struct inode *inode)
{
	return inode->mode >> 12 & 017;
}

static void set_cursor(struct file *file, struct dentry *dentry)
{
	if (dentry)
		dentry_get(dentry);
	if (file->priv)
		dentry_put(file->priv);
	file->priv = dentry;
}

/* The first child at or after `cookie`. */
static struct dentry *find_from(struct file *file, struct dentry *dir, uint64_t cookie)
{
	struct dentry *child = file->priv;

	if (child && child->cookie == cookie && child->parent == dir && !child->is_deleted)
		return child;
	TAILQ_FOREACH (child, &dir->children, sibling_link)
		if (child->cookie >= cookie)
			break;
	return child;
}

static bool emit_dots(struct file *file, struct dentry *dir, struct dirent_sink *sink)
{
	if (file->pos == 0) {
		if (!sink->emit(sink, ".", 1, dir->inode->ino, 1, dirent_type(dir->inode)))
			return false;
		file->pos = 1;
	}
	if (file->pos == 1) {
		const struct inode *parent = dir->parent->inode;

		if (!sink->emit(sink, "..", 2, parent->ino, COOKIE_CHILDREN, dirent_type(parent)))
			return false;
		file->pos = COOKIE_CHILDREN;
	}
	return true;
}

static int dcache_readdir(struct file *file, struct dirent_sink *sink)
{
	struct dentry *dir = file->path.dentry, *child;

	mutex_lock(&vfs_tree_lock);
	if (!emit_dots(file, dir, sink))
		goto out;
	child = find_from(file, dir, (uint64_t)file->pos);
	for (; child; child = TAILQ_NEXT(child, sibling_link)) {
		const struct inode *inode = child->inode;

		if (!inode)
			continue;
		if (!sink->emit(sink, child->name, child->name_len, inode->ino, child->cookie + 1,
				dirent_type(inode))) {
			file->pos = (loff_t)child->cookie;
			break;
		}
		file->pos = (loff_t)child->cookie + 1;
	}
	set_cursor(file, child);
out:
	mutex_unlock(&vfs_tree_lock);
	return 0;
}

static loff_t dir_lseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->pos = offset;
	return offset;
}

static int dir_fsync(struct file *file, bool data_only)
{
	return 0;
}

static void dir_release(struct file *file)
{
	if (file->priv)
		dentry_put(file->priv);
}

const struct file_ops dcache_dir_file_ops = {
	.lseek = dir_lseek,
	.readdir = dcache_readdir,
	.fsync = dir_fsync,
	.release = dir_release,
};
