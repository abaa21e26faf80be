/* SPDX-License-Identifier: BSD-3-Clause */
/* Changing attributes: modes, owners, times, sizes, umask. chmod(2), chown(2), utimensat(2). */
#include <linux/time_types.h>
#include <uk/clock.h>
#include <uk/syscall.h>
#include "fs.h"
#include "stat.h"

#define MODE_BITS       07777
#define ID_UNCHANGED    UINT32_MAX
#define UTIME_NOW_NSEC  ((1L << 30) - 1L) /* UTIME_NOW, UTIME_OMIT: utimensat(2) */
#define UTIME_OMIT_NSEC ((1L << 30) - 2L)

static int setattr_fd(int fd, const struct inode_attr *attr)
{
	struct file *file = file_get_fd(fd);
	int error;

	if (!file)
		return -EBADF;
	error = file_setattr(file, attr);
	file_put(file);
	return error;
}

static int setattr_at(int dirfd, const char __user *path, unsigned int lookup_flags,
		      const struct inode_attr *attr)
{
	struct path place;
	int error = user_lookup(dirfd, path, lookup_flags, &place);

	if (error)
		return error;
	error = vfs_setattr(&place, attr);
	path_put(&place);
	return error;
}

long sys_fchmod(int fd, unsigned int mode)
{
	struct inode_attr attr = {.valid = ATTR_MODE, .mode = mode & MODE_BITS};

	return setattr_fd(fd, &attr);
}

long sys_fchmodat(int dirfd, const char __user *path, unsigned int mode)
{
	struct inode_attr attr = {.valid = ATTR_MODE, .mode = mode & MODE_BITS};

	return setattr_at(dirfd, path, UK_LOOKUP_FOLLOW, &attr);
}

/* A file that changes hands loses set-user-ID, and set-group-ID where that means execution. */
static void fill_owner(struct inode_attr *attr, const struct inode *inode, uint32_t uid,
		       uint32_t gid)
{
	if (uid != ID_UNCHANGED) {
		attr->valid |= ATTR_UID;
		attr->uid = uid;
	}
	if (gid != ID_UNCHANGED) {
		attr->valid |= ATTR_GID;
		attr->gid = gid;
	}
	if (!inode || S_ISDIR(inode->mode) || !(inode->mode & (S_ISUID | S_ISGID)))
		return;
	attr->mode = inode->mode & MODE_BITS & ~(uint32_t)S_ISUID;
	if (inode->mode & S_IXGRP)
		attr->mode &= ~(uint32_t)S_ISGID;
	attr->valid |= ATTR_MODE;
}

long sys_fchown(int fd, unsigned int uid, unsigned int gid)
{
	struct inode_attr attr = {.valid = 0};
	struct file *file = file_get_fd(fd);
	int error;

	if (!file)
		return -EBADF;
	fill_owner(&attr, file->inode, uid, gid);
	error = file_setattr(file, &attr);
	file_put(file);
	return error;
}

long sys_fchownat(int dirfd, const char __user *path, unsigned int uid, unsigned int gid, int flags)
{
	struct inode_attr attr = {.valid = 0};
	struct path place;
	int error;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = user_lookup(dirfd, path, lookup_flags_of_at(flags), &place);
	if (error)
		return error;
	fill_owner(&attr, place.dentry->inode, uid, gid);
	error = vfs_setattr(&place, &attr);
	path_put(&place);
	return error;
}

static struct timestamp timestamp_now(void)
{
	uint64_t now = clock_realtime_ns();

	return (struct timestamp){.sec = (int64_t)(now / UK_NSEC_PER_SEC),
				  .nsec = (uint32_t)(now % UK_NSEC_PER_SEC)};
}

void attr_times_now(struct inode_attr *attr)
{
	attr->valid |= ATTR_ATIME | ATTR_MTIME;
	attr->atime = attr->mtime = timestamp_now();
}

/* One of the two times; `bit` goes into *valid unless it is to stay. 0 or -EINVAL. */
static int settle_time(const struct __kernel_timespec *wanted, struct timestamp *stamp,
		       unsigned int bit, unsigned int *valid)
{
	if (wanted->tv_nsec == UTIME_OMIT_NSEC)
		return 0;
	*valid |= bit;
	if (wanted->tv_nsec == UTIME_NOW_NSEC) {
		*stamp = timestamp_now();
		return 0;
	}
	if (wanted->tv_nsec < 0 || wanted->tv_nsec >= UK_NSEC_PER_SEC)
		return -EINVAL;
	*stamp = (struct timestamp){.sec = wanted->tv_sec, .nsec = (uint32_t)wanted->tv_nsec};
	return 0;
}

int set_times(int dirfd, const char __user *path, int at_flags, const struct inode_attr *attr)
{
	if (at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!path && dirfd != AT_FDCWD)
		return at_flags ? -EINVAL : setattr_fd(dirfd, attr);
	return setattr_at(dirfd, path, lookup_flags_of_at(at_flags), attr);
}

long sys_utimensat(int dirfd, const char __user *path, const struct __kernel_timespec __user *times,
		   int flags)
{
	struct inode_attr attr = {.valid = 0};
	struct __kernel_timespec wanted[2];

	if (!times) {
		attr_times_now(&attr);
		return set_times(dirfd, path, flags, &attr);
	}
	if (copy_from_user(wanted, times, sizeof(wanted)))
		return -EFAULT;
	if (settle_time(&wanted[0], &attr.atime, ATTR_ATIME, &attr.valid) ||
	    settle_time(&wanted[1], &attr.mtime, ATTR_MTIME, &attr.valid))
		return -EINVAL;
	return attr.valid ? set_times(dirfd, path, flags, &attr) : 0;
}

long sys_umask(unsigned int mask)
{
	struct fsctx *fs = current_fs();
	uint32_t old = fs->umask;

	fs->umask = mask & 0777;
	return old;
}

long sys_truncate(const char __user *path, long length)
{
	struct inode_attr attr = {.valid = ATTR_SIZE, .size_bytes = (uint64_t)length};
	struct path place;
	int error;

	if (length < 0)
		return -EINVAL;
	error = user_lookup(AT_FDCWD, path, UK_LOOKUP_FOLLOW, &place);
	if (error)
		return error;
	if (S_ISDIR(place.dentry->inode->mode))
		error = -EISDIR;
	else if (!S_ISREG(place.dentry->inode->mode))
		error = -EINVAL;
	else
		error = vfs_setattr(&place, &attr);
	path_put(&place);
	return error;
}

long sys_ftruncate(int fd, long length)
{
	struct file *file;
	int error;

	if (length < 0)
		return -EINVAL;
	file = file_get_fd(fd);
	if (!file)
		return -EBADF;
	error = vfs_truncate_file(file, (uint64_t)length);
	file_put(file);
	return error;
}
