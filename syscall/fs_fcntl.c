/* SPDX-License-Identifier: BSD-3-Clause */
/* fcntl(2), ioctl(2) as far as it is the same for all files, flock(2). */
#include <asm/ioctls.h>
#include <linux/fs.h>
#include <uk/filelock.h>
#include <uk/signal.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "fs.h"
#include "open.h"

#define GETFL_HIDES (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

static long set_status_flags(struct file *file, unsigned int flags)
{
	if ((flags & ~file->flags & O_DIRECT) && file_is_type(file, S_IFREG))
		return -EINVAL;
	return file_set_flags(file, flags);
}

/* If another thread closed the descriptor while this one waited, nobody would release the lock. */
static int keep_lock_if_open(struct file *file, int fd)
{
	struct file *now = file_get_fd(fd);

	if (now)
		file_put(now);
	if (now == file)
		return 0;
	filelock_release_owner(file->inode, current_fdtable());
	return -EBADF;
}

static long lock_call(struct file *file, int fd, int cmd, struct flock __user *user)
{
	struct flock lock;
	int error;

	if (copy_from_user(&lock, user, sizeof(lock)))
		return -EFAULT;
	error = filelock_fcntl(file, cmd, &lock);
	if (!error && (cmd == F_SETLK || cmd == F_SETLKW) && lock.l_type != F_UNLCK)
		error = keep_lock_if_open(file, fd);
	if (error || (cmd != F_GETLK && cmd != F_OFD_GETLK))
		return error;
	return copy_to_user(user, &lock, sizeof(lock));
}

/* F_SETOWN names a process, or a group by its negative. */
static long set_owner(struct file *file, int pid)
{
	int magnitude = pid < 0 ? -pid : pid;

	if (pid == INT32_MIN)
		return -EINVAL;
	if (pid > 0 && !process_find(magnitude))
		return -ESRCH;
	if (pid < 0 && magnitude != current->process->pgid)
		return -ESRCH;
	file->owner.pid = pid;
	return 0;
}

static long set_owner_ex(struct file *file, const struct f_owner_ex __user *user)
{
	struct f_owner_ex owner;

	if (copy_from_user(&owner, user, sizeof(owner)))
		return -EFAULT;
	if (owner.type != F_OWNER_TID && owner.type != F_OWNER_PID && owner.type != F_OWNER_PGRP)
		return -EINVAL;
	if (owner.pid < 0)
		return -EINVAL;
	return set_owner(file, owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid);
}

static long get_owner_ex(const struct file *file, struct f_owner_ex __user *user)
{
	struct f_owner_ex owner = {.type = file->owner.pid < 0 ? F_OWNER_PGRP : F_OWNER_PID,
				   .pid = file->owner.pid < 0 ? -file->owner.pid : file->owner.pid};

	return copy_to_user(user, &owner, sizeof(owner));
}

static long set_signal(struct file *file, unsigned long signo)
{
	if (signo > UK_NSIG)
		return -EINVAL;
	file->owner.signo = (int)signo;
	return 0;
}

static long file_call(struct file *file, int fd, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case F_SETFL:
		return set_status_flags(file, (unsigned int)arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return lock_call(file, fd, (int)cmd, (struct flock __user *)arg);
	case F_SETOWN:
		return set_owner(file, (int)arg);
	case F_GETOWN:
		return file->owner.pid;
	case F_SETOWN_EX:
		return set_owner_ex(file, (const struct f_owner_ex __user *)arg);
	case F_GETOWN_EX:
		return get_owner_ex(file, (struct f_owner_ex __user *)arg);
	case F_SETSIG:
		return set_signal(file, arg);
	case F_GETSIG:
		return file->owner.signo;
	case F_SETPIPE_SZ:
		return pipe_set_size(file, arg);
	case F_GETPIPE_SZ:
		return pipe_get_size(file);
	case F_ADD_SEALS:
		return memfd_add_seals(file, (unsigned int)arg);
	case F_GET_SEALS:
		return memfd_get_seals(file);
	default:
		return -EINVAL;
	}
}

/* Commands about the descriptor, which O_PATH descriptors allow too. */
static bool descriptor_call(int fd, unsigned int cmd, unsigned long arg, long *result)
{
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		*result = arg >= process_rlimit(RLIMIT_NOFILE)
				  ? -EINVAL
				  : duplicate(fd, (unsigned int)arg, cmd == F_DUPFD_CLOEXEC);
		return true;
	case F_GETFD:
		*result = fd_get_cloexec(fd);
		return true;
	case F_SETFD:
		*result = fd_set_cloexec(fd, arg & FD_CLOEXEC);
		return true;
	default:
		return false;
	}
}

long sys_fcntl(int fd, unsigned int cmd, unsigned long arg)
{
	struct file *file = file_get_fd_path(fd);
	long result;

	if (!file)
		return -EBADF;
	if (cmd == F_GETFL)
		result = file->flags & ~(unsigned int)GETFL_HIDES;
	else if (!descriptor_call(fd, cmd, arg, &result))
		result = file->mode & FILE_PATH ? -EBADF : file_call(file, fd, cmd, arg);
	file_put(file);
	return result;
}

static long set_flag_from(struct file *file, unsigned int flag, const int __user *user)
{
	int on = 0;

	if (get_user(on, user))
		return -EFAULT;
	return set_status_flags(file, on ? file->flags | flag : file->flags & ~flag);
}

static long file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd == FIONREAD && file_is_type(file, S_IFREG))
		return put_user((int)((loff_t)file->inode->size_bytes - file->pos),
				(int __user *)arg);
	return file->ops->ioctl ? file->ops->ioctl(file, cmd, arg) : -ENOTTY;
}

long sys_ioctl(int fd, unsigned int cmd, unsigned long arg)
{
	struct file *file = file_get_fd(fd);
	long result;

	if (!file)
		return -EBADF;
	switch (cmd) {
	case FIOCLEX:
	case FIONCLEX:
		result = fd_set_cloexec(fd, cmd == FIOCLEX);
		break;
	case FIONBIO:
		result = set_flag_from(file, O_NONBLOCK, (const int __user *)arg);
		break;
	case FIOASYNC:
		result = set_flag_from(file, FASYNC, (const int __user *)arg);
		break;
	default:
		result = file_ioctl(file, cmd, arg);
	}
	file_put(file);
	return result;
}

long sys_flock(int fd, int operation)
{
	int kind = operation & ~LOCK_NB;
	struct file *file;
	long result;

	if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
		return -EINVAL;
	file = file_get_fd(fd);
	if (!file)
		return -EBADF;
	result = filelock_flock(file, operation);
	file_put(file);
	return result;
}
