/* SPDX-License-Identifier: BSD-3-Clause */
/* open(2) and kin, close, dup, pipe2, memfd_create: everything that makes or ends descriptors. */
#include <linux/close_range.h>
#include <linux/memfd.h>
#include <linux/openat2.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "fs.h"
#include "open.h"

#define OPEN_FLAGS_KNOWN                                                                           \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC |      \
	 O_DSYNC | FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME |        \
	 O_CLOEXEC | O_PATH | O_TMPFILE)
#define OPEN_FLAGS_OF_O_PATH (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define MODE_BITS            07777

/* Linux' open ignores flags it does not know; so do we, in this one place. */
static int settle_open_flags(int flags)
{
	if (flags & O_PATH)
		return flags & OPEN_FLAGS_OF_O_PATH;
	return (flags & OPEN_FLAGS_KNOWN) | O_LARGEFILE;
}

static bool is_bad_tmpfile(int flags)
{
	return (flags & O_TMPFILE & ~O_DIRECTORY) &&
	       ((flags & O_TMPFILE) != O_TMPFILE || (flags & O_ACCMODE) == O_RDONLY ||
		(flags & O_CREAT));
}

long install_new_file(struct file *file, bool cloexec)
{
	long fd;

	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = fd_install(file, 0, cloexec);
	if (fd < 0)
		file_put(file);
	return fd;
}

int open_user(int dirfd, const char __user *name, int flags, unsigned int mode)
{
	struct user_path path;
	struct file *file;
	int fd;

	flags = settle_open_flags(flags);
	if (uk_unlikely(is_bad_tmpfile(flags)))
		return -EINVAL;
	fd = user_path_get(&path, name);
	if (fd)
		return fd;
	file = vfs_open(&(struct vfs_name){dirfd, path.text, 0}, flags, mode & MODE_BITS);
	user_path_put(&path);
	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	fd = fd_install(file, 0, flags & O_CLOEXEC);
	if (fd < 0)
		file_put(file);
	return fd;
}

long sys_openat(int dirfd, const char __user *path, int flags, unsigned int mode)
{
	return open_user(dirfd, path, flags, mode);
}

/* A struct that grew since we were built may only have zeros in what we do not know. */
static int copy_open_how(struct open_how *how, const struct open_how __user *user, size_t size)
{
	const char __user *rest = (const char __user *)user + sizeof(*how);

	if (size < sizeof(*how))
		return -EINVAL;
	if (size > UK_PAGE_SIZE)
		return -E2BIG;
	for (size_t i = 0; i < size - sizeof(*how); i++) {
		char byte = 0;

		if (get_user(byte, rest + i))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return copy_from_user(how, user, sizeof(*how));
}

long sys_openat2(int dirfd, const char __user *path, const struct open_how __user *how, size_t size)
{
	struct open_how wanted;
	int error = copy_open_how(&wanted, how, size);
	bool may_create;

	if (error)
		return error;
	/* Unlike open, what is not known or without effect is refused. */
	may_create = wanted.flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY));
	if ((wanted.flags & ~(uint64_t)OPEN_FLAGS_KNOWN) || (wanted.mode & ~(uint64_t)MODE_BITS) ||
	    (!may_create && wanted.mode) ||
	    ((wanted.flags & O_PATH) && (wanted.flags & ~(uint64_t)OPEN_FLAGS_OF_O_PATH)) ||
	    (wanted.resolve &
	     ~(uint64_t)(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |
			 RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED)))
		return -EINVAL;
	if (wanted.resolve & RESOLVE_CACHED)
		return -EAGAIN; /* as if it were not cached: the caller tries without */
	if (wanted.resolve)
		return -EOPNOTSUPP;
	return open_user(dirfd, path, (int)wanted.flags, (unsigned int)wanted.mode);
}

long sys_close(int fd)
{
	return fd_close(fd);
}

long sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE && fdtable_unshare())
		return -ENOMEM;
	return fd_close_range(first, last, flags & CLOSE_RANGE_CLOEXEC);
}

int duplicate(int fd, unsigned int min, bool cloexec)
{
	struct file *file = file_get_fd_path(fd);
	int new_fd;

	if (!file)
		return -EBADF;
	new_fd = fd_install(file, min, cloexec);
	if (new_fd < 0)
		file_put(file);
	return new_fd;
}

int duplicate_to(int old_fd, int new_fd, bool cloexec)
{
	struct file *file;
	int error;

	if (new_fd < 0 || (uint64_t)new_fd >= process_rlimit(RLIMIT_NOFILE))
		return -EBADF;
	file = file_get_fd_path(old_fd);
	if (!file)
		return -EBADF;
	error = fd_install_at(file, new_fd, cloexec);
	if (error < 0)
		file_put(file);
	return error < 0 ? error : new_fd;
}

long sys_dup(int fd)
{
	return duplicate(fd, 0, false);
}

long sys_dup3(int old_fd, int new_fd, int flags)
{
	if ((flags & ~O_CLOEXEC) || old_fd == new_fd)
		return -EINVAL;
	return duplicate_to(old_fd, new_fd, flags & O_CLOEXEC);
}

int install_pair(struct file *const ends[2], bool cloexec, int __user *fds)
{
	int numbers[2];

	numbers[0] = fd_install(ends[0], 0, cloexec);
	if (numbers[0] < 0) {
		file_put(ends[0]);
		file_put(ends[1]);
		return numbers[0];
	}
	numbers[1] = fd_install(ends[1], 0, cloexec);
	if (numbers[1] < 0) {
		file_put(ends[1]);
		fd_close(numbers[0]);
		return numbers[1];
	}
	if (copy_to_user(fds, numbers, sizeof(numbers))) {
		fd_close(numbers[0]);
		fd_close(numbers[1]);
		return -EFAULT;
	}
	return 0;
}

long sys_pipe2(int __user *fds, int flags)
{
	struct file *ends[2];
	int error;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	error = pipe_create(&ends[0], &ends[1], flags);
	return error ? error : install_pair(ends, flags & O_CLOEXEC, fds);
}

#define MEMFD_NAME_MAX 249 /* memfd_create(2) */

long sys_memfd_create(const char __user *name, unsigned int flags)
{
	char text[MEMFD_NAME_MAX + 1];
	long result;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB))
		return -EINVAL;
	result = strncpy_from_user(text, name, sizeof(text));
	if (result < 0)
		return result == -ENAMETOOLONG ? -EINVAL : result;
	if (flags & MFD_HUGETLB)
		return -ENOMEM;
	return install_new_file(memfd_create_file(text, flags), flags & MFD_CLOEXEC);
}
