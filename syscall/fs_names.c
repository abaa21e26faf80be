/* SPDX-License-Identifier: BSD-3-Clause */
/* Making, moving and removing names: mkdir(2), mknod(2), link(2), symlink(2), rename(2), unlink(2),
 * readlink(2). */
#include <linux/fs.h>
#include <uk/heap.h>
#include <uk/syscall.h>
#include "fs.h"
#include "names.h"

/* Two names at once: rename, link, symlink. */
struct two_names {
	struct user_path old_path, new_path;
};

static int get_two(struct two_names *names, const char __user *old_path,
		   const char __user *new_path)
{
	int error = user_path_get(&names->old_path, old_path);

	if (error)
		return error;
	error = user_path_get(&names->new_path, new_path);
	if (error)
		user_path_put(&names->old_path);
	return error;
}

static void put_two(struct two_names *names)
{
	user_path_put(&names->new_path);
	user_path_put(&names->old_path);
}

int rename_user(int old_dirfd, const char __user *old_path, int new_dirfd,
		const char __user *new_path, unsigned int flags)
{
	struct two_names names;
	struct vfs_name from = {.dirfd = old_dirfd}, to = {.dirfd = new_dirfd};
	int error;

	if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	error = get_two(&names, old_path, new_path);
	if (error)
		return error;
	from.name = names.old_path.text;
	to.name = names.new_path.text;
	error = vfs_rename(&from, &to, flags);
	put_two(&names);
	return error;
}

int link_user(int old_dirfd, const char __user *old_path, int new_dirfd,
	      const char __user *new_path, int flags)
{
	struct two_names names;
	struct vfs_name from = {.dirfd = old_dirfd}, to = {.dirfd = new_dirfd};
	int error;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = get_two(&names, old_path, new_path);
	if (error)
		return error;
	from.name = names.old_path.text;
	from.flags = (flags & AT_SYMLINK_FOLLOW ? UK_LOOKUP_FOLLOW : 0) |
		     (flags & AT_EMPTY_PATH ? UK_LOOKUP_EMPTY_PATH : 0);
	to.name = names.new_path.text;
	error = vfs_link(&from, &to);
	put_two(&names);
	return error;
}

int symlink_user(const char __user *target, int dirfd, const char __user *path)
{
	struct two_names names;
	struct vfs_name where = {.dirfd = dirfd};
	int error = get_two(&names, target, path);

	if (error)
		return error;
	where.name = names.new_path.text;
	error = *names.old_path.text ? vfs_symlink(names.old_path.text, &where) : -ENOENT;
	put_two(&names);
	return error;
}

int name_call(int dirfd, const char __user *path, int (*call)(const struct vfs_name *where))
{
	struct user_path text;
	struct vfs_name where = {.dirfd = dirfd};
	int error = user_path_get(&text, path);

	if (error)
		return error;
	where.name = text.text;
	error = call(&where);
	user_path_put(&text);
	return error;
}

int mkdir_user(int dirfd, const char __user *path, unsigned int mode)
{
	struct user_path text;
	struct vfs_name where = {.dirfd = dirfd};
	int error = user_path_get(&text, path);

	if (error)
		return error;
	where.name = text.text;
	error = vfs_mkdir(&where, mode & 01777);
	user_path_put(&text);
	return error;
}

int mknod_user(int dirfd, const char __user *path, unsigned int mode, unsigned int dev)
{
	struct user_path text;
	struct vfs_name where = {.dirfd = dirfd};
	int error;

	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (S_ISDIR(mode))
		return -EPERM;
	if (!S_ISREG(mode) && !S_ISCHR(mode) && !S_ISBLK(mode) && !S_ISFIFO(mode) &&
	    !S_ISSOCK(mode))
		return -EINVAL;
	error = user_path_get(&text, path);
	if (error)
		return error;
	where.name = text.text;
	error = vfs_mknod(&where, mode & (S_IFMT | 07777), dev);
	user_path_put(&text);
	return error;
}

/* The target goes through a buffer of PATH_MAX: it is rarely asked for, and never long. */
long readlink_user(int dirfd, const char __user *path, char __user *buf, int size)
{
	struct user_path text;
	struct vfs_name where = {.dirfd = dirfd, .flags = UK_LOOKUP_EMPTY_PATH};
	char *target;
	long len;

	if (size <= 0)
		return -EINVAL;
	len = user_path_get(&text, path);
	if (len)
		return len;
	target = uk_malloc(PATH_MAX);
	where.name = text.text;
	len = target ? vfs_readlink(&where, target, UK_MIN((size_t)size, (size_t)PATH_MAX))
		     : -ENOMEM;
	if (len > 0 && copy_to_user(buf, target, (size_t)len))
		len = -EFAULT;
	uk_free(target);
	user_path_put(&text);
	return len;
}

long sys_renameat(int old_dirfd, const char __user *old_path, int new_dirfd,
		  const char __user *new_path)
{
	return rename_user(old_dirfd, old_path, new_dirfd, new_path, 0);
}

long sys_renameat2(int old_dirfd, const char __user *old_path, int new_dirfd,
		   const char __user *new_path, unsigned int flags)
{
	return rename_user(old_dirfd, old_path, new_dirfd, new_path, flags);
}

long sys_linkat(int old_dirfd, const char __user *old_path, int new_dirfd,
		const char __user *new_path, int flags)
{
	return link_user(old_dirfd, old_path, new_dirfd, new_path, flags);
}

long sys_symlinkat(const char __user *target, int dirfd, const char __user *path)
{
	return symlink_user(target, dirfd, path);
}

long sys_unlinkat(int dirfd, const char __user *path, int flags)
{
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return name_call(dirfd, path, flags & AT_REMOVEDIR ? vfs_rmdir : vfs_unlink);
}

long sys_mkdirat(int dirfd, const char __user *path, unsigned int mode)
{
	return mkdir_user(dirfd, path, mode);
}

long sys_mknodat(int dirfd, const char __user *path, unsigned int mode, unsigned int dev)
{
	return mknod_user(dirfd, path, mode, dev);
}

long sys_readlinkat(int dirfd, const char __user *path, char __user *buf, int size)
{
	return readlink_user(dirfd, path, buf, size);
}
