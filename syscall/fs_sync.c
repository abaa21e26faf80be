/* SPDX-License-Identifier: BSD-3-Clause */
/* Getting data to where it belongs, and hints about it: fsync(2), fallocate(2), fadvise64(2). */
#include <linux/fadvise.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <uk/syscall.h>
#include "fs.h"

static long sync_fd(int fd, bool data_only)
{
	struct file *file = file_get_fd(fd);
	long result = -EINVAL;

	if (!file)
		return -EBADF;
	if (file->ops->fsync)
		result = file->ops->fsync(file, data_only);
	file_put(file);
	return result;
}

long sys_fsync(int fd)
{
	return sync_fd(fd, false);
}

long sys_fdatasync(int fd)
{
	return sync_fd(fd, true);
}

/* No filesystem holds data back: those in memory have nowhere to write it to. */
long sys_sync(void)
{
	return 0;
}

static long check_fd(int fd)
{
	struct file *file = file_get_fd(fd);

	if (!file)
		return -EBADF;
	file_put(file);
	return 0;
}

long sys_syncfs(int fd)
{
	return check_fd(fd);
}

long sys_sync_file_range(int fd, loff_t offset, loff_t len, unsigned int flags)
{
	struct file *file = file_get_fd(fd);
	loff_t end;
	long result = 0;

	if (!file)
		return -EBADF;
	if ((flags &
	     ~(SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER)) ||
	    offset < 0 || len < 0 || uk_add_overflow(offset, len, &end))
		result = -EINVAL;
	else if (!file_is_type(file, S_IFREG) && !file_is_type(file, S_IFBLK) &&
		 !file_is_type(file, S_IFDIR))
		result = -ESPIPE;
	file_put(file);
	return result;
}

long sys_fadvise64(int fd, loff_t offset, loff_t len, int advice)
{
	struct file *file = file_get_fd(fd);
	long result = 0;

	if (!file)
		return -EBADF;
	if (!file->inode || file_is_type(file, S_IFIFO))
		result = -ESPIPE;
	else if (len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		result = -EINVAL;
	file_put(file);
	return result;
}

long sys_readahead(int fd, loff_t offset, size_t count)
{
	struct file *file = file_get_fd(fd);
	long result = 0;

	if (!file)
		return -EBADF;
	if (!(file->mode & FILE_READ))
		result = -EBADF;
	else if (!file_is_type(file, S_IFREG) && !file_is_type(file, S_IFBLK))
		result = -EINVAL;
	file_put(file);
	return result;
}

long sys_fallocate(int fd, int mode, loff_t offset, loff_t len)
{
	struct file *file = file_get_fd(fd);
	long result;

	if (!file)
		return -EBADF;
	result = vfs_fallocate(file, mode, offset, len);
	file_put(file);
	return result;
}
