/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory filesystem's names: ramfs and tmpfs are this one implementation, without and with
 * limits. The tree is the dentry cache itself: every name is a pinned dentry, so there is no
 * lookup operation. Called under vfs_tree_lock.
 */
#include <linux/fs.h>
#include <linux/magic.h>
#include <uk/heap.h>
#include <uk/string.h>
#include <uk/task.h>
#include "ramfs.h"
#include "vfs_internal.h"

#define DIRENT_BYTES 20 /* st_size of a directory grows by so much per name, as Linux' tmpfs */

/* --- inodes -------------------------------------------------------------------------------- */

static void release_inode(struct inode *inode)
{
	struct ramfs_quota *quota = inode->sb->priv;

	if (quota)
		quota->used_inodes--;
	uk_free(inode);
}

/* A link's target follows its inode in the same block. */
const char *ramfs_readlink(struct inode *inode, char *buf)
{
	return (const char *)(inode + 1);
}

static const struct inode_ops symlink_ops = {
	.readlink = ramfs_readlink,
	.release = release_inode,
};
static const struct inode_ops special_ops = {.release = release_inode};

static bool charge_inode(struct superblock *sb)
{
	struct ramfs_quota *quota = sb->priv;

	if (quota) {
		if (quota->max_inodes && quota->used_inodes >= quota->max_inodes)
			return false;
		quota->used_inodes++;
	}
	return true;
}

static struct inode *small_inode(struct superblock *sb, uint32_t mode, size_t extra)
{
	struct inode *inode = uk_malloc(sizeof(*inode) + extra);

	if (inode)
		inode_init(inode, sb, mode);
	return inode;
}

struct inode *ramfs_inode(struct superblock *sb, uint32_t mode, uint64_t rdev)
{
	struct inode *inode;

	if (!charge_inode(sb))
		return NULL;
	if (S_ISREG(mode)) {
		inode = ramfs_file_inode(sb, mode);
	} else {
		inode = small_inode(sb, mode, 0);
		if (inode && S_ISDIR(mode)) {
			inode->ops = &ramfs_dir_ops;
			inode->file_ops = &dcache_dir_file_ops;
		} else if (inode) {
			inode->ops = &special_ops;
			inode->rdev = rdev;
		}
	}
	if (!inode && sb->priv)
		((struct ramfs_quota *)sb->priv)->used_inodes--;
	return inode;
}

struct inode *ramfs_symlink_inode(struct superblock *sb, const char *target, size_t len)
{
	struct inode *inode;
	char *text;

	if (!charge_inode(sb))
		return NULL;
	inode = small_inode(sb, S_IFLNK | 0777, len + 1);
	if (!inode) {
		if (sb->priv)
			((struct ramfs_quota *)sb->priv)->used_inodes--;
		return NULL;
	}
	inode->ops = &symlink_ops;
	inode->size_bytes = len;
	text = (char *)(inode + 1);
	memcpy(text, target, len);
	text[len] = '\0';
	return inode;
}

struct inode *ramfs_inode_over(struct superblock *sb, uint32_t mode, const void *data,
			       size_t len_bytes)
{
	struct inode *inode = ramfs_inode(sb, S_IFREG | (mode & 07777), 0);

	if (inode)
		ramfs_set_data(inode, data, len_bytes);
	return inode;
}

int vfs_provide_file(const char *folder, const char *name, const void *data, size_t len_bytes)
{
	struct path at;
	struct dentry *dir;
	int ret = vfs_lookup_kernel(folder, &at);

	if (ret)
		return ret;
	dir = at.dentry;
	mutex_lock(&vfs_tree_lock);
	if (dir->inode->ops != &ramfs_dir_ops || mount_check_writable(&at))
		ret = -EROFS;
	else if (dentry_lookup_cached(dir, name, strlen(name)))
		ret = -EEXIST;
	else if (!dentry_add(dir, name, ramfs_inode_over(dir->inode->sb, 0644, data, len_bytes)))
		ret = -ENOMEM;
	mutex_unlock(&vfs_tree_lock);
	path_put(&at);
	return ret;
}

/* --- names --------------------------------------------------------------------------------- */

static int no_inode_error(const struct superblock *sb)
{
	const struct ramfs_quota *quota = sb->priv;

	return quota && quota->max_inodes && quota->used_inodes >= quota->max_inodes ? -ENOSPC
										     : -ENOMEM;
}

static void dir_changed(struct inode *dir, int names)
{
	dir->size_bytes += (uint64_t)(int64_t)(names * DIRENT_BYTES);
	dir->mtime = dir->ctime = vfs_now();
}

/* inode(7), "set-group-ID on a directory": the group comes from there. */
static void set_owner(struct inode *inode, const struct inode *dir)
{
	const struct creds *creds = &current->process->creds;

	inode->uid = creds->fsuid;
	inode->gid = creds->fsgid;
	if (dir->mode & S_ISGID) {
		inode->gid = dir->gid;
		if (S_ISDIR(inode->mode))
			inode->mode |= S_ISGID;
	}
}

static int add_name(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	if (!inode)
		return no_inode_error(dir->sb);
	set_owner(inode, dir);
	dentry_instantiate(dentry, inode);
	dentry_pin(dentry);
	if (S_ISDIR(inode->mode))
		dir->nlink++;
	dir_changed(dir, 1);
	return 0;
}

static int ramfs_create(struct inode *dir, struct dentry *dentry, uint32_t mode, uint64_t rdev)
{
	return add_name(dir, dentry, ramfs_inode(dir->sb, mode, rdev));
}

struct inode *ramfs_nameless(struct inode *dir, uint32_t mode)
{
	struct inode *inode = ramfs_inode(dir->sb, S_IFREG | mode, 0);

	if (!inode)
		return ERR_PTR(no_inode_error(dir->sb));
	set_owner(inode, dir);
	inode->nlink = 0;
	return inode;
}

static int ramfs_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	return add_name(dir, dentry, ramfs_symlink_inode(dir->sb, target, strlen(target)));
}

static int ramfs_link(struct inode *inode, struct inode *dir, struct dentry *dentry)
{
	inode_get(inode);
	inode->nlink++;
	inode->is_linkable = false;
	inode->ctime = vfs_now();
	dentry_instantiate(dentry, inode);
	dentry_pin(dentry);
	dir_changed(dir, 1);
	return 0;
}

static int ramfs_unlink(struct inode *dir, struct dentry *dentry)
{
	dentry->inode->nlink--;
	dir_changed(dir, -1);
	dentry->inode->ctime = dir->ctime;
	return 0;
}

static int ramfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	dentry->inode->nlink = 0;
	dir->nlink--;
	dir_changed(dir, -1);
	return 0;
}

static int ramfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			struct dentry *new_dentry, unsigned int flags)
{
	struct inode *victim = new_dentry->inode;
	bool is_dir = S_ISDIR(old->inode->mode);
	bool gains_dir = is_dir, loses_dir = is_dir;

	if (flags & RENAME_EXCHANGE) {
		loses_dir = is_dir && !S_ISDIR(victim->mode);
		gains_dir = loses_dir;
		if (!is_dir && S_ISDIR(victim->mode)) {
			old_dir->nlink++;
			new_dir->nlink--;
		}
		dir_changed(old_dir, 0);
		dir_changed(new_dir, 0);
	} else {
		if (victim) {
			ramfs_unlink(new_dir, new_dentry);
			if (is_dir) {
				victim->nlink = 0;
				new_dir->nlink--;
			}
		}
		dir_changed(old_dir, -1);
		dir_changed(new_dir, 1);
	}
	old_dir->nlink -= loses_dir;
	new_dir->nlink += gains_dir;
	old->inode->ctime = vfs_now();
	return 0;
}

const struct inode_ops ramfs_dir_ops = {
	.create = ramfs_create,
	.symlink = ramfs_symlink,
	.link = ramfs_link,
	.unlink = ramfs_unlink,
	.rmdir = ramfs_rmdir,
	.rename = ramfs_rename,
	.release = release_inode,
};

/* --- superblocks ---------------------------------------------------------------------------- */

static uint64_t ram_bytes(void)
{
	struct page_stats stats;

	page_stats(&stats);
	return stats.total_pages << UK_PAGE_SHIFT;
}

static int make_root(struct superblock *sb, const struct tmpfs_options *options)
{
	struct inode *inode = ramfs_inode(sb, S_IFDIR | options->mode, 0);

	if (!inode)
		return -ENOMEM;
	inode->uid = options->uid;
	inode->gid = options->gid;
	sb->root = dentry_alloc(NULL, "", 0);
	if (!sb->root) {
		inode_put(inode);
		return -ENOMEM;
	}
	dentry_instantiate(sb->root, inode);
	return 0;
}

int ramfs_mount_empty(struct superblock *sb, const char *text)
{
	struct tmpfs_options options = {.mode = 0755};
	struct ramfs_quota *quota;
	int ret;

	sb->priv = NULL;
	if (text) {
		uint64_t ram = ram_bytes();

		options = (struct tmpfs_options){
			.size_bytes = ram / 2,
			.inode_count = ram / 2 >> UK_PAGE_SHIFT,
			.mode = 01777,
		};
		ret = tmpfs_parse_options(text, ram, &options);
		if (ret)
			return ret;
		quota = uk_zalloc(sizeof(*quota));
		if (!quota)
			return -ENOMEM;
		quota->max_pages = UK_DIV_ROUND_UP(options.size_bytes, UK_PAGE_SIZE);
		quota->max_inodes = options.inode_count;
		sb->priv = quota;
	}
	ret = make_root(sb, &options);
	if (ret)
		uk_free(sb->priv);
	return ret;
}

static int mount_ramfs(const char *source, unsigned int flags, const char *options,
		       struct superblock *sb)
{
	return ramfs_mount_empty(sb, NULL);
}

static int mount_tmpfs(const char *source, unsigned int flags, const char *options,
		       struct superblock *sb)
{
	return ramfs_mount_empty(sb, options ? options : "");
}

void ramfs_unmount(struct superblock *sb)
{
	dentry_delete_tree(sb->root);
	dentry_put(sb->root);
	uk_free(sb->priv);
}

int ramfs_statfs(struct superblock *sb, struct statfs *out)
{
	const struct ramfs_quota *quota = sb->priv;
	struct page_stats stats;

	page_stats(&stats);
	out->f_type = sb->type == &ramfs_type ? RAMFS_MAGIC : TMPFS_MAGIC;
	out->f_blocks = (long)stats.total_pages;
	out->f_bfree = (long)stats.free_pages;
	if (quota && quota->max_pages) {
		out->f_blocks = (long)quota->max_pages;
		out->f_bfree = (long)(quota->max_pages - quota->used_pages);
	}
	out->f_bavail = out->f_bfree;
	if (quota && quota->max_inodes) {
		out->f_files = (long)quota->max_inodes;
		out->f_ffree = (long)(quota->max_inodes - quota->used_inodes);
	}
	return 0;
}

const struct fs_type ramfs_type = {
	.name = "ramfs",
	.mount = mount_ramfs,
	.unmount = ramfs_unmount,
	.statfs = ramfs_statfs,
};
const struct fs_type tmpfs_type = {
	.name = "tmpfs",
	.mount = mount_tmpfs,
	.unmount = ramfs_unmount,
	.statfs = ramfs_statfs,
};
