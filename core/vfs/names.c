/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making, removing and moving names: mknod(2), mkdir(2), symlink(2), link(2), unlink(2), rmdir(2).
 * All of it happens under vfs_tree_lock, which the walk holds. rename(2) is in rename.c.
 */
#include <uk/fsnotify.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "vfs_internal.h"

static int create_in_filesystem(struct inode *dir, struct dentry *dentry, uint32_t mode,
				uint64_t rdev, const char *target)
{
	if (target)
		return dir->ops->symlink ? dir->ops->symlink(dir, dentry, target) : -EROFS;
	return dir->ops->create ? dir->ops->create(dir, dentry, mode, rdev) : -EROFS;
}

static void tell_name(const struct walk *walk, uint32_t event, uint32_t mode)
{
	fsnotify_name(walk->at.dentry->inode, walk->last.name, walk->last.len, event, mode);
}

/* The negative dentry to fill: the cached one or a new one; with a reference. */
static struct dentry *negative_child(struct dentry *parent, const struct name_part *part)
{
	struct dentry *dentry = dentry_find(parent, part);

	if (dentry)
		dentry_get(dentry);
	else
		dentry = dentry_alloc_detached(parent, part);
	return dentry;
}

int name_create(struct walk *walk, uint32_t mode, uint64_t rdev, const char *target,
		struct dentry **out)
{
	struct dentry *parent = walk->at.dentry, *dentry;
	int ret = mount_check_writable(&walk->at);

	if (ret)
		return ret;
	if (parent->is_deleted)
		return -ENOENT;
	dentry = negative_child(parent, &walk->last);
	if (!dentry)
		return -ENOMEM;
	if (!target)
		mode &= ~current_fs()->umask;
	ret = create_in_filesystem(parent->inode, dentry, mode, rdev, target);
	if (ret) {
		dentry_put(dentry);
		return ret;
	}
	if (!dentry_is_attached(dentry))
		dentry_attach(dentry);
	tell_name(walk, IN_CREATE, dentry->inode->mode);
	*out = dentry;
	return 0;
}

/* Walks to the parent; the last component must be a name that is not there yet. */
static int walk_to_new(struct walk *walk, const struct vfs_name *name, bool is_dir)
{
	struct dentry *child;
	int ret = walk_path(walk, name, WALK_PARENT);

	if (ret)
		return ret;
	if (walk->last_kind != WALK_LAST_NORMAL)
		return -EEXIST;
	ret = walk_child(walk, &walk->last, &child);
	if (!ret && child->inode)
		return -EEXIST;
	if (ret && ret != -ENOENT)
		return ret;
	return walk->has_trailing_slash && !is_dir ? -ENOENT : 0;
}

/* `made` gets references; or is NULL. */
static int make(const struct vfs_name *name, uint32_t mode, uint64_t rdev, const char *target,
		struct path *made)
{
	struct dentry *dentry;
	struct walk walk;
	int ret = walk_to_new(&walk, name, S_ISDIR(mode));

	if (!ret)
		ret = name_create(&walk, mode, rdev, target, &dentry);
	if (!ret && made) {
		*made = (struct path){walk.at.mount, dentry};
		path_get(made);
	}
	if (!ret)
		dentry_put(dentry);
	walk_end(&walk);
	return ret;
}

int vfs_mknod_path(const struct vfs_name *name, uint32_t mode, uint64_t rdev, struct path *made)
{
	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFIFO:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFSOCK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	return make(name, mode, rdev, NULL, made);
}

int vfs_mknod(const struct vfs_name *name, uint32_t mode, uint64_t rdev)
{
	return vfs_mknod_path(name, mode, rdev, NULL);
}

int vfs_mkdir(const struct vfs_name *name, uint32_t mode)
{
	return make(name, S_IFDIR | (mode & 01777), 0, NULL, NULL);
}

int vfs_symlink(const char *target, const struct vfs_name *name)
{
	if (!*target)
		return -ENOENT;
	return make(name, S_IFLNK | 0777, 0, target, NULL);
}

static int link_into(struct walk *walk, struct path *old)
{
	struct inode *dir = walk->at.dentry->inode, *inode = old->dentry->inode;
	struct dentry *dentry;
	int ret = mount_check_writable(&walk->at);

	if (ret)
		return ret;
	if (walk->at.mount != old->mount)
		return -EXDEV;
	if (S_ISDIR(inode->mode))
		return -EPERM;
	if ((!inode->nlink && !inode->is_linkable) || walk->at.dentry->is_deleted)
		return -ENOENT;
	if (!dir->ops->link)
		return -EPERM;
	dentry = negative_child(walk->at.dentry, &walk->last);
	if (!dentry)
		return -ENOMEM;
	ret = dir->ops->link(inode, dir, dentry);
	if (!ret) {
		if (!dentry_is_attached(dentry))
			dentry_attach(dentry);
		fsnotify_inode(inode, IN_ATTRIB);
		tell_name(walk, IN_CREATE, inode->mode);
	}
	dentry_put(dentry);
	return ret;
}

int vfs_link(const struct vfs_name *old, const struct vfs_name *new_name)
{
	struct path path;
	struct walk walk;
	int ret = vfs_lookup(old, &path);

	if (ret)
		return ret;
	ret = walk_to_new(&walk, new_name, false);
	if (!ret)
		ret = link_into(&walk, &path);
	walk_end(&walk);
	path_put(&path);
	return ret;
}

/* Walks to the parent of a name that must be there; the name itself is not followed. */
static int walk_to_old(struct walk *walk, const struct vfs_name *name, struct dentry **child)
{
	int ret = walk_path(walk, name, WALK_PARENT);

	if (ret || walk->last_kind != WALK_LAST_NORMAL)
		return ret;
	ret = mount_check_writable(&walk->at);
	if (!ret)
		ret = walk_child(walk, &walk->last, child);
	if (!ret && !(*child)->inode)
		ret = -ENOENT;
	return ret;
}

static int unlink_child(struct walk *walk, struct dentry *child)
{
	struct inode *dir = walk->at.dentry->inode;
	uint32_t mode;
	int ret;

	if (S_ISDIR(child->inode->mode))
		return -EISDIR;
	if (walk->has_trailing_slash)
		return -ENOTDIR;
	if (!dir->ops->unlink)
		return -EPERM;
	mode = child->inode->mode;
	ret = dir->ops->unlink(dir, child);
	if (!ret) {
		fsnotify_inode(child->inode, IN_ATTRIB);
		dentry_delete(child);
		tell_name(walk, IN_DELETE, mode);
	}
	return ret;
}

int vfs_unlink(const struct vfs_name *name)
{
	struct dentry *child = NULL;
	struct walk walk;
	int ret = walk_to_old(&walk, name, &child);

	if (!ret)
		ret = child ? unlink_child(&walk, child) : -EISDIR;
	walk_end(&walk);
	return ret;
}

static int rmdir_child(struct walk *walk, struct dentry *child)
{
	struct inode *dir = walk->at.dentry->inode;
	int ret;

	if (!S_ISDIR(child->inode->mode))
		return -ENOTDIR;
	if (child->mounted)
		return -EBUSY;
	if (!dir->ops->rmdir)
		return -EPERM;
	if (dentry_has_children(child))
		return -ENOTEMPTY;
	ret = dir->ops->rmdir(dir, child);
	if (!ret) {
		dentry_delete(child);
		tell_name(walk, IN_DELETE, S_IFDIR);
	}
	return ret;
}

int vfs_rmdir(const struct vfs_name *name)
{
	struct dentry *child = NULL;
	struct walk walk;
	int ret = walk_to_old(&walk, name, &child);

	if (!ret && child)
		ret = rmdir_child(&walk, child);
	else if (!ret)
		ret = walk.last_kind == WALK_LAST_DOT      ? -EINVAL
		      : walk.last_kind == WALK_LAST_DOTDOT ? -ENOTEMPTY
							   : -EBUSY;
	walk_end(&walk);
	return ret;
}

uk_ssize_t vfs_readlink(const struct vfs_name *name, char *buf, size_t size)
{
	char *link_buf = NULL;
	const char *target;
	struct inode *inode;
	struct path path;
	uk_ssize_t ret = vfs_lookup(name, &path);

	if (ret)
		return ret;
	inode = path.dentry->inode;
	ret = *name->name ? -EINVAL : -ENOENT; /* readlinkat(2) on a descriptor that is no link */
	if (!S_ISLNK(inode->mode) || !inode->ops->readlink)
		goto out;
	ret = -ENOMEM;
	if (inode->ops->readlink != ramfs_readlink) {
		link_buf = uk_malloc(PATH_MAX);
		if (!link_buf)
			goto out;
	}
	target = inode->ops->readlink(inode, link_buf);
	if (IS_ERR(target)) {
		ret = PTR_ERR(target);
		goto out;
	}
	ret = (uk_ssize_t)UK_MIN(strlen(target), size);
	memcpy(buf, target, (size_t)ret);
out:
	uk_free(link_buf);
	path_put(&path);
	return ret;
}
