/* SPDX-License-Identifier: BSD-3-Clause */
/* open(2): finding or making the inode, then the file over it. */
#include <uk/assert.h>
#include <uk/fsnotify.h>
#include <uk/task.h>
#include "vfs_internal.h"

#define FLAGS_KEPT                                                                                 \
	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_DSYNC | O_SYNC | O_DIRECT | O_NOATIME | FASYNC |    \
	 O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_PATH)
#define TMPFILE_BIT __O_TMPFILE

/* O_RDONLY, O_WRONLY, O_RDWR -> FILE_*; 3 (ioctl only) gives neither. */
static inline unsigned int access_mode(int flags)
{
	unsigned int access = (unsigned int)(flags + 1) & O_ACCMODE;

	return access; /* 1 read, 2 write, 3 both, 0 none: FILE_READ and FILE_WRITE by design */
}

static const struct file_ops path_file_ops = {0};
static const struct file_ops no_device_ops = {0};

/* The operations by type of inode; FIFOs wait here for their other side. */
static int attach_ops(struct file *file, struct inode *inode)
{
	const struct chrdev *dev;

	file->ops = inode->file_ops ? inode->file_ops : &no_device_ops;
	if (uk_unlikely(inode->ops->open != NULL))
		return inode->ops->open(inode, file);
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
		file->mode |= FILE_SEEKABLE;
		return file->mode & FILE_WRITE ? file_begin_write(file) : 0;
	case S_IFIFO:
		file->mode |= FILE_NOTIFY;
		return fifo_open(inode, file);
	case S_IFCHR:
		if (inode->is_watched)
			file->mode |= FILE_NOTIFY;
		if (!inode->file_ops) {
			dev = chrdev_find(inode->rdev);
			if (!dev)
				return -ENXIO;
			file->ops = dev->ops;
		}
		if (file->ops->lseek)
			file->mode |= FILE_PREAD;
		return file->ops->open ? file->ops->open(file) : 0;
	default:
		return -ENXIO; /* sockets, block devices */
	}
}

static int check_type(const struct path *path, int flags)
{
	uint32_t type = path->dentry->inode->mode & S_IFMT;

	if (flags & O_PATH)
		return flags & O_DIRECTORY && type != S_IFDIR ? -ENOTDIR : 0;
	if (type == S_IFLNK)
		return -ELOOP;
	if (flags & O_DIRECTORY && type != S_IFDIR)
		return -ENOTDIR;
	if (type == S_IFDIR && (flags & O_ACCMODE || flags & (O_CREAT | O_TRUNC)))
		return -EISDIR;
	if ((type == S_IFREG || type == S_IFDIR) && (flags & O_ACCMODE || flags & O_TRUNC))
		return mount_check_writable(path);
	return 0;
}

struct file *file_open_path(const struct path *path, int flags)
{
	struct inode *inode = path->dentry->inode;
	struct file *file;
	int ret;

	file = file_alloc(&path_file_ops, (unsigned int)flags & FLAGS_KEPT,
			  flags & O_PATH ? FILE_PATH : access_mode(flags));
	if (IS_ERR(file))
		return file;
	inode_get(inode);
	file->inode = inode;
	if (!(flags & O_PATH)) {
		ret = attach_ops(file, inode);
		if (uk_unlikely(ret)) {
			file->ops = &path_file_ops; /* nothing to release or to tell */
			file->mode = FILE_PATH;
			file_put(file);
			return ERR_PTR(ret);
		}
		file_note_direct(file);
	}
	file->path = *path;
	fsnotify_file(file, IN_OPEN);
	return file;
}

/* The end of an open with O_TRUNC: the file, or ERR_PTR and it is closed. */
static struct file *truncate_opened(struct file *file)
{
	const struct inode_attr attr = {.valid = ATTR_SIZE};
	int ret = S_ISREG(file->inode->mode) ? vfs_setattr(&file->path, &attr) : 0;

	if (!ret)
		return file;
	file_put(file);
	return ERR_PTR(ret);
}

struct file *vfs_open_path(const struct path *path, int flags)
{
	struct file *file;
	int ret = check_type(path, flags);

	if (ret)
		return ERR_PTR(ret);
	path_get(path);
	file = file_open_path(path, flags);
	if (IS_ERR(file))
		path_put(path);
	else if (uk_unlikely(flags & O_TRUNC && !(flags & O_PATH)))
		file = truncate_opened(file);
	return file;
}

/* The last component of a name opened with O_CREAT. 1: created; 0: it was there, walk->at is it. */
static int create_last(struct walk *walk, int flags, uint32_t mode)
{
	for (;;) {
		struct dentry *child;
		int ret;

		if (walk->last_kind != WALK_LAST_NORMAL)
			return flags & O_EXCL ? -EEXIST : -EISDIR;
		if (walk->has_trailing_slash)
			return -EISDIR;
		ret = walk_child(walk, &walk->last, &child);
		if (ret && ret != -ENOENT)
			return ret;
		if (ret || !child->inode) {
			ret = name_create(walk, S_IFREG | (mode & 07777), 0, NULL, &child);
			if (ret)
				return ret;
			walk->at.dentry = child;
			return 1;
		}
		if (flags & O_EXCL)
			return -EEXIST;
		if (!S_ISLNK(child->inode->mode) || !(walk->flags & UK_LOOKUP_FOLLOW)) {
			walk_step(walk, child);
			return 0;
		}
		ret = walk_follow(walk, child, "");
		if (ret || !*walk->rest)
			return ret; /* no rest: a magic link, and walk->at is the place */
		ret = walk_run(walk);
		if (ret)
			return ret;
	}
}

static struct file *open_creating(const struct vfs_name *name, int flags, uint32_t mode)
{
	struct path path = {NULL, NULL};
	struct file *file;
	struct walk walk;
	int ret = walk_path(&walk, name, WALK_PARENT);

	if (!ret)
		ret = create_last(&walk, flags, mode);
	if (ret >= 0) {
		path = walk.at;
		path_get(&path);
		if (ret) {
			dentry_put(path.dentry); /* name_create's reference */
			flags &= ~(O_TRUNC | O_CREAT);
		}
	}
	walk_end(&walk);
	if (ret < 0)
		return ERR_PTR(ret);
	if (ret) {
		/* The creator may write, whatever the mode and the mount say. */
		file = file_open_path(&path, flags);
		if (IS_ERR(file))
			path_put(&path);
		return file;
	}
	file = vfs_open_path(&path, flags);
	path_put(&path);
	return file;
}

/* The place of a new file of the directory's filesystem that no name leads to; with references. */
static int make_nameless(const struct path *dir, int flags, uint32_t mode, struct path *path)
{
	struct inode *dir_inode = dir->dentry->inode, *inode;
	int ret = mount_check_writable(dir);

	if (ret)
		return ret;
	if (dir_inode->ops != &ramfs_dir_ops)
		return -EOPNOTSUPP;
	inode = ramfs_nameless(dir_inode, mode & 07777 & ~current_fs()->umask);
	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	inode->is_linkable = !(flags & O_EXCL);
	*path = (struct path){dir->mount, anon_dentry("(tmpfile)", inode)};
	if (!path->dentry)
		return -ENOMEM;
	path->dentry->is_deleted = true;
	path_get(path);
	dentry_put(path->dentry);
	return 0;
}

static struct file *open_tmpfile(const struct vfs_name *name, int flags, uint32_t mode)
{
	struct path dir, path;
	struct file *file;
	int ret;

	if (!(access_mode(flags) & FILE_WRITE))
		return ERR_PTR(-EINVAL);
	ret = vfs_lookup(name, &dir);
	if (ret)
		return ERR_PTR(ret);
	ret = S_ISDIR(dir.dentry->inode->mode) ? make_nameless(&dir, flags, mode, &path) : -ENOTDIR;
	path_put(&dir);
	if (ret)
		return ERR_PTR(ret);
	file = file_open_path(&path, flags & ~(O_DIRECTORY | TMPFILE_BIT));
	if (IS_ERR(file))
		path_put(&path);
	return file;
}

static unsigned int lookup_flags_of_open(int flags)
{
	bool is_new = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);

	return (flags & O_NOFOLLOW || is_new ? 0 : UK_LOOKUP_FOLLOW) |
	       (flags & O_DIRECTORY ? UK_LOOKUP_DIRECTORY : 0);
}

static struct file *open_existing(const struct vfs_name *name, int flags)
{
	struct path path;
	struct file *file;
	int ret = vfs_lookup(name, &path);

	if (uk_unlikely(ret))
		return ERR_PTR(ret);
	/* The lookup's references become the file's. */
	ret = check_type(&path, flags);
	file = ret ? ERR_PTR(ret) : file_open_path(&path, flags);
	if (uk_unlikely(IS_ERR(file)))
		path_put(&path);
	else if (uk_unlikely(flags & O_TRUNC))
		file = truncate_opened(file);
	return file;
}

struct file *vfs_open(const struct vfs_name *name, int flags, uint32_t mode)
{
	struct vfs_name place = {name->dirfd, name->name, 0};

	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	place.flags = lookup_flags_of_open(flags);
	if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
		return ERR_PTR(-EINVAL);
	if (uk_unlikely(flags & TMPFILE_BIT))
		return open_tmpfile(&place, flags, mode);
	return flags & O_CREAT ? open_creating(&place, flags, mode) : open_existing(&place, flags);
}

struct file *vfs_open_kernel(const char *name, int flags, uint32_t mode)
{
	const struct vfs_name from_root = {AT_FDCWD, name, UK_LOOKUP_FOLLOW};

	return vfs_open(&from_root, flags, mode);
}

int vfs_write_kernel(const char *name, int flags, const char *text, size_t len)
{
	struct file *file = vfs_open_kernel(name, O_WRONLY | flags, 0644);
	struct uio uio = uio_kernel((void *)text, len);
	loff_t pos = 0;
	uk_ssize_t done;

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	done = file_write(file, &uio, &pos);
	file_put(file);
	return done < 0 ? (int)done : 0;
}
