/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Telling those who watch (inotify(7)) what happens to files: the hooks of core/vfs.
 *
 * A watch hangs on an inode. It hears of the inode itself and, when that is a directory, of the
 * names in it and of what is done to their inodes through those names. inode.is_watched says that
 * somebody may want to hear of an inode, through a watch on it or on a directory it is in: one byte
 * to test where files are opened, closed, read and written. It is a hint that is set at once and
 * cleared when it turns out to be wrong.
 *
 * Events are the IN_* bits of <linux/inotify.h>; IN_ISDIR is added here. Any context that may take
 * a spinlock; the dentry's references are the caller's.
 */
#ifndef UK_FSNOTIFY_H
#define UK_FSNOTIFY_H

#include <linux/inotify.h>
#include <uk/file.h>

/* When the hint says so; see the inline functions. */
void fsnotify_file_slow(const struct file *file, uint32_t event);
void fsnotify_dentry_slow(const struct dentry *dentry, uint32_t event);
void fsnotify_close_slow(const struct file *file);

/** An open file: IN_ACCESS, IN_MODIFY, IN_OPEN. Silent after IN_EXCL_UNLINK when it has no name. */
static inline void fsnotify_file(const struct file *file, uint32_t event)
{
	if (uk_unlikely(file->inode && file->inode->is_watched))
		fsnotify_file_slow(file, event);
}
/** The last reference goes: IN_CLOSE_WRITE or IN_CLOSE_NOWRITE. */
static inline void fsnotify_close(const struct file *file)
{
	if (uk_unlikely(file->inode && file->inode->is_watched))
		fsnotify_close_slow(file);
}
/** An inode by its name: IN_ATTRIB and what else utimensat(2) and truncate(2) stand for. */
static inline void fsnotify_dentry(const struct dentry *dentry, uint32_t event)
{
	if (uk_unlikely(dentry->inode->is_watched))
		fsnotify_dentry_slow(dentry, event);
}

/** An inode by itself, whatever its name: a change of its link count. */
void fsnotify_inode(struct inode *inode, uint32_t event);
/** A name in a directory, of an inode of type `mode`: IN_CREATE, IN_DELETE. vfs_tree_lock held. */
void fsnotify_name(struct inode *dir, const char *name, size_t len, uint32_t event, uint32_t mode);

/** One name that became another one; `victim` is what had the new name, or NULL. */
struct fsnotify_move {
	struct inode *from_dir, *to_dir, *inode, *victim;
	const char *from, *to;
	size_t from_len, to_len;
};
/** After a rename, vfs_tree_lock held. */
void fsnotify_move(const struct fsnotify_move *move);

/** The last name and the last user of an inode are gone: IN_DELETE_SELF, and its watches end. */
void fsnotify_inode_gone(struct inode *inode);
/** A filesystem goes: IN_UNMOUNT, and the watches on it end. */
void fsnotify_unmount(const struct superblock *sb);

/** `child` got a name in `dir`. */
static inline void fsnotify_named_in(const struct inode *dir, struct inode *child)
{
	if (uk_unlikely(!LIST_EMPTY(&dir->watches)))
		child->is_watched = true;
}

#endif /* UK_FSNOTIFY_H */
