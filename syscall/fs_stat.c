/* SPDX-License-Identifier: BSD-3-Clause */
/* stat(2) and kin, statfs(2), access(2). The older forms are written straight from the inode. */
#include <asm/stat.h>
#include <uk/syscall.h>
#include "fs.h"
#include "stat.h"

#define PUT(field, value) put_user_or_goto(value, &out->field, fault)

static int put_stat(struct stat __user *out, const struct inode *inode)
{
	if (uk_unlikely(!user_range_ok((uintptr_t)out, sizeof(*out))))
		return -EFAULT;
	PUT(st_dev, inode->sb->dev);
	PUT(st_ino, inode->ino);
	PUT(st_nlink, inode->nlink);
	PUT(st_mode, inode->mode);
	PUT(st_uid, inode->uid);
	PUT(st_gid, inode->gid);
	PUT(__pad0, 0);
	PUT(st_rdev, inode->rdev);
	PUT(st_size, inode->size_bytes);
	PUT(st_blksize, UK_PAGE_SIZE);
	PUT(st_blocks, inode->alloc_bytes >> 9);
	PUT(st_atime, inode->atime.sec);
	PUT(st_atime_nsec, inode->atime.nsec);
	PUT(st_mtime, inode->mtime.sec);
	PUT(st_mtime_nsec, inode->mtime.nsec);
	PUT(st_ctime, inode->ctime.sec);
	PUT(st_ctime_nsec, inode->ctime.nsec);
	PUT(__unused[0], 0);
	PUT(__unused[1], 0);
	PUT(__unused[2], 0);
	return 0;
fault:
	return -EFAULT;
}

/* A file without an inode: what Linux' anonymous inodes look like. */
static int put_nameless_stat(struct stat __user *out)
{
	struct stat st = {.st_mode = 0600, .st_nlink = 1, .st_ino = 1, .st_blksize = UK_PAGE_SIZE};

	return copy_to_user(out, &st, sizeof(st));
}

static int stat_fd(int fd, struct stat __user *out)
{
	struct file *file = file_get_fd_path(fd);
	struct inode *inode;
	int error;

	if (!file)
		return -EBADF;
	inode = file->inode;
	if (inode && inode->ops && inode->ops->getattr)
		inode->ops->getattr(inode);
	error = inode ? put_stat(out, inode) : put_nameless_stat(out);
	file_put(file);
	return error;
}

/* fstat as newer libcs spell it: newfstatat(fd, "", AT_EMPTY_PATH). */
static bool __uk_noinline is_empty_name(const char __user *path)
{
	char first = 1;

	return !get_user(first, path) && !first;
}

static inline bool names_fd_itself(int dirfd, const char __user *path, unsigned int lookup_flags)
{
	return (lookup_flags & UK_LOOKUP_EMPTY_PATH) && dirfd >= 0 && is_empty_name(path);
}

long stat_user(int dirfd, const char __user *path, unsigned int lookup_flags,
	       struct stat __user *out)
{
	struct user_path text;
	struct inode *inode;
	int error;

	if (names_fd_itself(dirfd, path, lookup_flags))
		return stat_fd(dirfd, out);
	error = user_path_get(&text, path);
	if (error)
		return error;
	inode = vfs_find_inode(&(struct vfs_name){dirfd, text.text, lookup_flags});
	user_path_put(&text);
	if (uk_unlikely(IS_ERR(inode)))
		return PTR_ERR(inode);
	error = put_stat(out, inode);
	inode_put(inode);
	return error;
}

static int statx_at(int dirfd, const char __user *path, unsigned int lookup_flags,
		    struct statx *stx)
{
	struct user_path text;
	struct vfs_name where = {.dirfd = dirfd, .flags = lookup_flags};
	struct file *file;
	int error;

	if (names_fd_itself(dirfd, path, lookup_flags)) {
		file = file_get_fd_path(dirfd);
		error = file ? file_stat(file, stx) : -EBADF;
		if (file)
			file_put(file);
		return error;
	}
	error = user_path_get(&text, path);
	if (error)
		return error;
	where.name = text.text;
	error = vfs_stat(&where, stx);
	user_path_put(&text);
	return error;
}

long sys_fstat(int fd, struct stat __user *out)
{
	return stat_fd(fd, out);
}

long sys_newfstatat(int dirfd, const char __user *path, struct stat __user *out, int flags)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	return stat_user(dirfd, path, lookup_flags_of_at(flags), out);
}

long sys_statx(int dirfd, const char __user *path, int flags, unsigned int mask,
	       struct statx __user *out)
{
	struct statx stx;
	int error;

	if ((mask & STATX__RESERVED) || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE ||
	    (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)))
		return -EINVAL;
	error = statx_at(dirfd, path, lookup_flags_of_at(flags), &stx);
	return error ? error : copy_to_user(out, &stx, sizeof(stx));
}

long sys_statfs(const char __user *path, struct statfs __user *out)
{
	struct path place;
	struct statfs fs;
	int error = user_lookup(AT_FDCWD, path, UK_LOOKUP_FOLLOW, &place);

	if (error)
		return error;
	memset(&fs, 0, sizeof(fs));
	error = vfs_statfs(&place, &fs);
	path_put(&place);
	return error ? error : copy_to_user(out, &fs, sizeof(fs));
}

/* Pipes and the like live in a filesystem of their own on Linux. */
#define FS_BLOCK_NAME_MAX 255
static void describe_nameless_fs(struct statfs *fs)
{
	fs->f_type = 0x50495045; /* PIPEFS_MAGIC */
	fs->f_bsize = fs->f_frsize = UK_PAGE_SIZE;
	fs->f_namelen = FS_BLOCK_NAME_MAX;
}

long sys_fstatfs(int fd, struct statfs __user *out)
{
	struct file *file = file_get_fd_path(fd);
	struct statfs fs;
	int error = 0;

	if (!file)
		return -EBADF;
	memset(&fs, 0, sizeof(fs));
	if (file->path.dentry)
		error = vfs_statfs(&file->path, &fs);
	else
		describe_nameless_fs(&fs);
	file_put(file);
	return error ? error : copy_to_user(out, &fs, sizeof(fs));
}

int access_user(int dirfd, const char __user *path, int mode, unsigned int lookup_flags)
{
	struct user_path text;
	struct vfs_name where = {.dirfd = dirfd, .flags = lookup_flags};
	int error;

	if (mode & ~7)
		return -EINVAL;
	error = user_path_get(&text, path);
	if (error)
		return error;
	where.name = text.text;
	error = vfs_access(&where, mode);
	user_path_put(&text);
	return error;
}

long sys_faccessat(int dirfd, const char __user *path, int mode)
{
	return access_user(dirfd, path, mode, UK_LOOKUP_FOLLOW);
}

long sys_faccessat2(int dirfd, const char __user *path, int mode, int flags)
{
	if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return access_user(dirfd, path, mode, lookup_flags_of_at(flags));
}
