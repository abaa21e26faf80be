/* SPDX-License-Identifier: BSD-3-Clause */
/* The older forms of file calls that only x86_64 has: each is a newer one with less to say. */
#include <linux/errno.h>
#include <uk/heap.h>
#include <uk/syscall.h>
#include "../fs.h"
#include "../names.h"
#include "../open.h"
#include "../poll.h"
#include "../stat.h"
#include "../sys_time.h"

#define USEC_PER_SEC 1000000L

long sys_open(const char __user *path, int flags, unsigned int mode)
{
	return open_user(AT_FDCWD, path, flags, mode);
}

long sys_creat(const char __user *path, unsigned int mode)
{
	return open_user(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

long sys_stat(const char __user *path, struct stat __user *out)
{
	return stat_user(AT_FDCWD, path, UK_LOOKUP_FOLLOW, out);
}

long sys_lstat(const char __user *path, struct stat __user *out)
{
	return stat_user(AT_FDCWD, path, 0, out);
}

long sys_access(const char __user *path, int mode)
{
	return access_user(AT_FDCWD, path, mode, UK_LOOKUP_FOLLOW);
}

long sys_pipe(int __user *fds)
{
	return sys_pipe2(fds, 0);
}

long sys_inotify_init(void)
{
	return sys_inotify_init1(0);
}

/* Unlike dup3, the same number twice is fine when it is open. */
long sys_dup2(int old_fd, int new_fd)
{
	struct file *file;

	if (old_fd != new_fd)
		return duplicate_to(old_fd, new_fd, false);
	file = file_get_fd_path(old_fd);
	if (!file)
		return -EBADF;
	file_put(file);
	return new_fd;
}

long sys_getdents(int fd, void __user *out, unsigned int size)
{
	return read_directory(fd, out, size, true);
}

long sys_rename(const char __user *old_path, const char __user *new_path)
{
	return rename_user(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

long sys_mkdir(const char __user *path, unsigned int mode)
{
	return mkdir_user(AT_FDCWD, path, mode);
}

long sys_rmdir(const char __user *path)
{
	return name_call(AT_FDCWD, path, vfs_rmdir);
}

long sys_unlink(const char __user *path)
{
	return name_call(AT_FDCWD, path, vfs_unlink);
}

long sys_link(const char __user *old_path, const char __user *new_path)
{
	return link_user(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

long sys_symlink(const char __user *target, const char __user *path)
{
	return symlink_user(target, AT_FDCWD, path);
}

long sys_readlink(const char __user *path, char __user *buf, int size)
{
	return readlink_user(AT_FDCWD, path, buf, size);
}

long sys_chmod(const char __user *path, unsigned int mode)
{
	return sys_fchmodat(AT_FDCWD, path, mode);
}

long sys_chown(const char __user *path, unsigned int uid, unsigned int gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

long sys_lchown(const char __user *path, unsigned int uid, unsigned int gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long sys_mknod(const char __user *path, unsigned int mode, unsigned int dev)
{
	return mknod_user(AT_FDCWD, path, mode, dev);
}

/* utime(2): whole seconds, access time first. */
long sys_utime(const char __user *path, const long __user *times)
{
	struct inode_attr attr = {.valid = ATTR_ATIME | ATTR_MTIME};
	long wanted[2];

	if (!times)
		attr_times_now(&attr);
	else if (copy_from_user(wanted, times, sizeof(wanted)))
		return -EFAULT;
	else {
		attr.atime.sec = wanted[0];
		attr.mtime.sec = wanted[1];
	}
	return set_times(AT_FDCWD, path, 0, &attr);
}

long sys_futimesat(int dirfd, const char __user *path,
		   const struct __kernel_old_timeval __user *times)
{
	struct inode_attr attr = {.valid = ATTR_ATIME | ATTR_MTIME};
	struct __kernel_old_timeval wanted[2];

	if (!times) {
		attr_times_now(&attr);
		return set_times(dirfd, path, 0, &attr);
	}
	if (copy_from_user(wanted, times, sizeof(wanted)))
		return -EFAULT;
	for (int i = 0; i < 2; i++)
		if (wanted[i].tv_usec < 0 || wanted[i].tv_usec >= USEC_PER_SEC)
			return -EINVAL;
	attr.atime = (struct timestamp){wanted[0].tv_sec, (uint32_t)wanted[0].tv_usec * 1000};
	attr.mtime = (struct timestamp){wanted[1].tv_sec, (uint32_t)wanted[1].tv_usec * 1000};
	return set_times(dirfd, path, 0, &attr);
}

long sys_utimes(const char __user *path, const struct __kernel_old_timeval __user *times)
{
	return sys_futimesat(AT_FDCWD, path, times);
}

long sys_poll(struct pollfd __user *fds, unsigned int count, int timeout_ms)
{
	uint64_t ns = (uint64_t)UK_MAX(timeout_ms, 0) * UK_NSEC_PER_MSEC;

	return poll_user(fds, count, timeout_ms < 0 ? UK_NO_TIMEOUT : deadline_after(ns));
}

/* Linux lets tv_usec carry over into seconds. */
static int get_timeval(uint64_t *ns, const struct __kernel_old_timeval __user *user)
{
	struct __kernel_old_timeval tv;
	struct __kernel_timespec ts;

	if (copy_from_user(&tv, user, sizeof(tv)))
		return -EFAULT;
	if (uk_add_overflow(tv.tv_sec, tv.tv_usec / USEC_PER_SEC, &ts.tv_sec))
		return -EINVAL;
	ts.tv_nsec = tv.tv_usec % USEC_PER_SEC * 1000;
	return timespec_to_ns(ns, &ts);
}

static int put_timeval(uint64_t ns, struct __kernel_old_timeval __user *user)
{
	struct __kernel_old_timeval tv = {.tv_sec = (long)(ns / UK_NSEC_PER_SEC),
					  .tv_usec = (long)(ns % UK_NSEC_PER_SEC / 1000)};

	return copy_to_user(user, &tv, sizeof(tv));
}

long sys_select(int count, unsigned long __user *in, unsigned long __user *out,
		unsigned long __user *except, struct __kernel_old_timeval __user *timeout)
{
	struct select_user user = {.count = count, .in = in, .out = out, .except = except};
	uint64_t ns = 0, deadline_ns = UK_NO_TIMEOUT;
	long result = timeout ? get_timeval(&ns, timeout) : 0;

	if (result)
		return result;
	if (timeout)
		deadline_ns = deadline_after(ns);
	result = select_call(&user, deadline_ns);
	if (timeout && deadline_ns && put_timeval(remaining_until(deadline_ns), timeout) &&
	    result == -ERESTARTNOHAND)
		return -EINTR; /* a restart would wait the whole time again */
	return result;
}
