/* SPDX-License-Identifier: BSD-3-Clause */
/* inotify_init1(2), inotify_add_watch(2), inotify_rm_watch(2). */
#include <linux/errno.h>
#include <uk/inotify.h>
#include <uk/syscall.h>
#include "fs.h"
#include "open.h"

#define EVENT_BITS (IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ISDIR)
#define FLAG_BITS                                                                                  \
	(IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ONESHOT)

long sys_inotify_init1(int flags)
{
	if (flags & ~(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	return install_new_file(inotify_create_file((unsigned int)flags & IN_NONBLOCK),
				flags & IN_CLOEXEC);
}

static long add_watch(struct file *file, const char __user *name, unsigned int mask)
{
	unsigned int lookup_flags = (mask & IN_DONT_FOLLOW ? 0 : UK_LOOKUP_FOLLOW) |
				    (mask & IN_ONLYDIR ? UK_LOOKUP_DIRECTORY : 0);
	struct path path;
	long result;

	if ((mask & (IN_MASK_ADD | IN_MASK_CREATE)) == (IN_MASK_ADD | IN_MASK_CREATE) ||
	    !file_is_inotify(file))
		return -EINVAL;
	result = user_lookup(AT_FDCWD, name, lookup_flags, &path);
	if (result)
		return result;
	result = inotify_add(file, &path, mask);
	path_put(&path);
	return result;
}

long sys_inotify_add_watch(int fd, const char __user *name, unsigned int mask)
{
	struct file *file;
	long result;

	/* As on Linux, events that cannot be asked for count as something to watch for. */
	if (!mask || mask & ~(unsigned int)(EVENT_BITS | FLAG_BITS))
		return -EINVAL;
	file = file_get_fd(fd);
	if (!file)
		return -EBADF;
	result = add_watch(file, name, mask);
	file_put(file);
	return result;
}

long sys_inotify_rm_watch(int fd, int wd)
{
	struct file *file = file_get_fd(fd);
	long result;

	if (!file)
		return -EBADF;
	result = file_is_inotify(file) ? inotify_remove(file, wd) : -EINVAL;
	file_put(file);
	return result;
}
