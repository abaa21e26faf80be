/* SPDX-License-Identifier: BSD-3-Clause */
/* stat(2) and kin, statfs(2), access(2). The VFS answers in struct statx; older forms are cut
 * out of it. */
#include <asm/stat.h>
#include <uk/syscall.h>
#include "fs.h"
#include "stat.h"

/* Linux' dev_t as programs see it (makedev(3)). */
static uint64_t encode_dev(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | (uint64_t)major << 8 | (uint64_t)(minor & ~0xffu) << 12;
}

static int copy_stat(struct stat __user *out, const struct statx *stx)
{
	struct stat st = {
		.st_dev = encode_dev(stx->stx_dev_major, stx->stx_dev_minor),
		.st_ino = stx->stx_ino,
		.st_mode = stx->stx_mode,
		.st_nlink = stx->stx_nlink,
		.st_uid = stx->stx_uid,
		.st_gid = stx->stx_gid,
		.st_rdev = encode_dev(stx->stx_rdev_major, stx->stx_rdev_minor),
		.st_size = (long)stx->stx_size,
		.st_blksize = stx->stx_blksize,
		.st_blocks = (long)stx->stx_blocks,
		.st_atime = (unsigned long)stx->stx_atime.tv_sec,
		.st_atime_nsec = stx->stx_atime.tv_nsec,
		.st_mtime = (unsigned long)stx->stx_mtime.tv_sec,
		.st_mtime_nsec = stx->stx_mtime.tv_nsec,
		.st_ctime = (unsigned long)stx->stx_ctime.tv_sec,
		.st_ctime_nsec = stx->stx_ctime.tv_nsec,
	};

	return copy_to_user(out, &st, sizeof(st));
}

static int stat_fd(int fd, struct statx *stx)
{
	struct file *file = file_get_fd_path(fd);
	int error;

	if (!file)
		return -EBADF;
	error = file_stat(file, stx);
	file_put(file);
	return error;
}

/* fstat as newer libcs spell it: newfstatat(fd, "", AT_EMPTY_PATH). */
static bool names_fd_itself(int dirfd, const char __user *path, unsigned int lookup_flags)
{
	char first = 1;

	return (lookup_flags & UK_LOOKUP_EMPTY_PATH) && dirfd >= 0 && !get_user(first, path) &&
	       !first;
}

static int stat_at(int dirfd, const char __user *path, unsigned int lookup_flags, struct statx *stx)
{
	struct user_path text;
	struct vfs_name where = {.dirfd = dirfd, .flags = lookup_flags};
	int error;

	if (names_fd_itself(dirfd, path, lookup_flags))
		return stat_fd(dirfd, stx);
	error = user_path_get(&text, path);
	if (error)
		return error;
	where.name = text.text;
	error = vfs_stat(&where, stx);
	user_path_put(&text);
	return error;
}

int stat_user(int dirfd, const char __user *path, unsigned int lookup_flags,
	      struct stat __user *out)
{
	struct statx stx;
	int error = stat_at(dirfd, path, lookup_flags, &stx);

	return error ? error : copy_stat(out, &stx);
}

long sys_fstat(int fd, struct stat __user *out)
{
	struct statx stx;
	int error = stat_fd(fd, &stx);

	return error ? error : copy_stat(out, &stx);
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
	error = stat_at(dirfd, path, lookup_flags_of_at(flags), &stx);
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
