/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rename(2) and renameat2(2). The two walks come one after the other and the tree lock is let go
 * in between; what the first one found is held by references and checked again.
 */
#include <linux/fs.h>
#include <uk/fsnotify.h>
#include <uk/string.h>
#include "vfs_internal.h"

/* One side of a rename. */
struct rename_end {
	struct path dir;       /* with references */
	struct name_part part; /* its text belongs to the caller or the walk */
	struct dentry *dentry; /* with a reference; NULL: not there */
	enum walk_last last_kind;
	bool has_trailing_slash;
};

static int find_end(struct walk *walk, const struct vfs_name *name, struct rename_end *end)
{
	int ret = walk_path(walk, name, WALK_PARENT);

	if (ret)
		return ret;
	end->part = walk->last;
	end->last_kind = walk->last_kind;
	end->has_trailing_slash = walk->has_trailing_slash;
	ret = -ENOENT;
	if (end->last_kind == WALK_LAST_NORMAL)
		ret = walk_child(walk, &end->part, &end->dentry);
	if (ret && ret != -ENOENT)
		return ret;
	if (ret || !end->dentry->inode)
		end->dentry = NULL;
	else
		dentry_get(end->dentry);
	end->dir = walk->at;
	path_get(&end->dir);
	return 0;
}

static void drop_end(struct rename_end *end)
{
	if (end->dentry)
		dentry_put(end->dentry);
	if (end->dir.dentry)
		path_put(&end->dir);
}

/* Is the name still what it was before the lock was let go? */
static bool is_current(const struct rename_end *end)
{
	return end->dentry && end->dentry->inode && !end->dentry->is_deleted &&
	       end->dentry->parent == end->dir.dentry && end->dentry->hash == end->part.hash;
}

/* Before either name is looked at. */
static int check_places(const struct rename_end *old, const struct rename_end *new_end,
			unsigned int flags)
{
	if (old->dir.mount != new_end->dir.mount)
		return -EXDEV;
	if (old->last_kind != WALK_LAST_NORMAL)
		return -EBUSY;
	if (new_end->last_kind != WALK_LAST_NORMAL)
		return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	return mount_check_writable(&old->dir);
}

static bool is_dir_as_written(const struct rename_end *end)
{
	return !end->has_trailing_slash || S_ISDIR(end->dentry->inode->mode);
}

static int check_names(const struct rename_end *old, const struct rename_end *new_end,
		       unsigned int flags)
{
	if (!is_current(old))
		return -ENOENT;
	if (flags & RENAME_NOREPLACE && new_end->dentry)
		return -EEXIST;
	if (flags & RENAME_EXCHANGE && !new_end->dentry)
		return -ENOENT;
	if (flags & RENAME_EXCHANGE && !is_dir_as_written(new_end))
		return -ENOTDIR;
	if (!is_dir_as_written(old))
		return -ENOTDIR;
	if (new_end->has_trailing_slash && !(flags & RENAME_EXCHANGE) &&
	    !S_ISDIR(old->dentry->inode->mode))
		return -ENOTDIR;
	return 0;
}

/* What must hold before a filesystem is asked, in the order of Linux (rename(2), ERRORS). */
static int check_ends(const struct rename_end *old, const struct rename_end *new_end,
		      unsigned int flags)
{
	int ret = check_places(old, new_end, flags);

	if (!ret)
		ret = check_names(old, new_end, flags);
	if (ret)
		return ret;
	if (S_ISDIR(old->dentry->inode->mode) && dentry_is_below(new_end->dir.dentry, old->dentry))
		return -EINVAL;
	if (new_end->dentry && dentry_is_below(old->dir.dentry, new_end->dentry))
		return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	if (old->dentry->mounted || (new_end->dentry && new_end->dentry->mounted))
		return -EBUSY;
	return new_end->dir.dentry->is_deleted ? -ENOENT : 0;
}

static int check_victim(const struct dentry *old, const struct dentry *victim)
{
	bool is_dir = S_ISDIR(old->inode->mode), victim_is_dir = S_ISDIR(victim->inode->mode);

	if (is_dir && !victim_is_dir)
		return -ENOTDIR;
	if (!is_dir && victim_is_dir)
		return -EISDIR;
	return victim_is_dir && dentry_has_children(victim) ? -ENOTEMPTY : 0;
}

static void tell_move(const struct rename_end *from, const struct rename_end *to,
		      struct inode *inode, struct inode *victim)
{
	const struct fsnotify_move move = {
		.from_dir = from->dir.dentry->inode,
		.to_dir = to->dir.dentry->inode,
		.inode = inode,
		.victim = victim,
		.from = from->part.name,
		.from_len = from->part.len,
		.to = to->part.name,
		.to_len = to->part.len,
	};

	fsnotify_move(&move);
}

static int move_onto(const struct rename_end *old, const struct rename_end *new_end,
		     unsigned int flags)
{
	struct inode *old_dir = old->dir.dentry->inode, *new_dir = new_end->dir.dentry->inode;
	struct dentry *target = new_end->dentry;
	int ret;

	if (!old_dir->ops->rename)
		return -EPERM;
	if (target) {
		dentry_get(target);
	} else {
		target = dentry_find(new_end->dir.dentry, &new_end->part); /* negative */
		if (target)
			dentry_get(target);
		else
			target = dentry_alloc_detached(new_end->dir.dentry, &new_end->part);
	}
	if (!target)
		return -ENOMEM;
	ret = dentry_reserve_name(old->dentry, new_end->part.len);
	if (!ret && flags & RENAME_EXCHANGE)
		ret = dentry_reserve_name(target, 0);
	if (!ret)
		ret = old_dir->ops->rename(old_dir, old->dentry, new_dir, target, flags);
	if (!ret && flags & RENAME_EXCHANGE) {
		dentry_swap(old->dentry, target);
		tell_move(old, new_end, old->dentry->inode, NULL);
		tell_move(new_end, old, target->inode, NULL);
	} else if (!ret) {
		dentry_delete(target);
		dentry_move(old->dentry, new_end->dir.dentry, &new_end->part);
		tell_move(old, new_end, old->dentry->inode, target->inode);
	}
	dentry_put(target);
	return ret;
}

static int rename_ends(const struct rename_end *old, const struct rename_end *new_end,
		       unsigned int flags)
{
	int ret = check_ends(old, new_end, flags);

	if (ret || old->dentry == new_end->dentry)
		return ret;
	if (new_end->dentry && !(flags & RENAME_EXCHANGE)) {
		if (old->dentry->inode == new_end->dentry->inode)
			return 0; /* two links of one file: nothing happens */
		ret = check_victim(old->dentry, new_end->dentry);
		if (ret)
			return ret;
	}
	return move_onto(old, new_end, flags);
}

int vfs_rename(const struct vfs_name *old, const struct vfs_name *new_name, unsigned int flags)
{
	struct rename_end old_end = {.dentry = NULL}, new_end = {.dentry = NULL};
	struct walk old_walk, new_walk;
	int ret;

	if (flags & ~(unsigned int)(RENAME_NOREPLACE | RENAME_EXCHANGE) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	ret = find_end(&old_walk, old, &old_end);
	mutex_unlock(&vfs_tree_lock);
	if (!ret) {
		ret = find_end(&new_walk, new_name, &new_end);
		if (!ret)
			ret = rename_ends(&old_end, &new_end, flags);
		walk_end(&new_walk);
	}
	drop_end(&new_end);
	drop_end(&old_end);
	mutex_lock(&vfs_tree_lock);
	walk_end(&old_walk); /* frees the text that old_end.part is in */
	return ret;
}
