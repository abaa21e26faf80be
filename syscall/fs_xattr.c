/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes. No filesystem keeps any, so these check their arguments and answer as
 * Linux does for a filesystem that has none of them: xattr(7), ramfs and tmpfs of Linux 6.1.
 */
#include <linux/xattr.h>
#include <uk/syscall.h>
#include "fs.h"

static bool starts_with(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

/* What a filesystem without attributes says when `name` is looked for. */
static int check_name(const char __user *user)
{
	char name[XATTR_NAME_MAX + 1];
	long len = strncpy_from_user(name, user, sizeof(name));

	if (len == -ENAMETOOLONG || !len)
		return -ERANGE;
	if (len < 0)
		return (int)len;
	if (starts_with(name, XATTR_SECURITY_PREFIX) || starts_with(name, XATTR_TRUSTED_PREFIX))
		return -ENODATA;
	return -EOPNOTSUPP;
}

static int check_path(const char __user *path, unsigned int lookup_flags)
{
	struct path place;
	int error = user_lookup(AT_FDCWD, path, lookup_flags, &place);

	if (!error)
		path_put(&place);
	return error;
}

static int check_fd(int fd)
{
	struct file *file = file_get_fd(fd);

	if (!file)
		return -EBADF;
	file_put(file);
	return 0;
}

static long refuse_set(int place_error, const char __user *name, size_t size, int flags)
{
	int error;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	error = check_name(name);
	if (error == -EFAULT || error == -ERANGE)
		return error;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	return place_error ? place_error : -EOPNOTSUPP;
}

static long no_such(int place_error, const char __user *name)
{
	return place_error ? place_error : check_name(name);
}

long sys_setxattr(const char __user *path, const char __user *name, const void __user *value,
		  size_t size, int flags)
{
	return refuse_set(check_path(path, UK_LOOKUP_FOLLOW), name, size, flags);
}

long sys_lsetxattr(const char __user *path, const char __user *name, const void __user *value,
		   size_t size, int flags)
{
	return refuse_set(check_path(path, 0), name, size, flags);
}

long sys_fsetxattr(int fd, const char __user *name, const void __user *value, size_t size,
		   int flags)
{
	return refuse_set(check_fd(fd), name, size, flags);
}

long sys_getxattr(const char __user *path, const char __user *name, void __user *value, size_t size)
{
	return no_such(check_path(path, UK_LOOKUP_FOLLOW), name);
}

long sys_lgetxattr(const char __user *path, const char __user *name, void __user *value,
		   size_t size)
{
	return no_such(check_path(path, 0), name);
}

long sys_fgetxattr(int fd, const char __user *name, void __user *value, size_t size)
{
	return no_such(check_fd(fd), name);
}

long sys_listxattr(const char __user *path, char __user *list, size_t size)
{
	return check_path(path, UK_LOOKUP_FOLLOW);
}

long sys_llistxattr(const char __user *path, char __user *list, size_t size)
{
	return check_path(path, 0);
}

long sys_flistxattr(int fd, char __user *list, size_t size)
{
	return check_fd(fd);
}

long sys_removexattr(const char __user *path, const char __user *name)
{
	return no_such(check_path(path, UK_LOOKUP_FOLLOW), name);
}

long sys_lremovexattr(const char __user *path, const char __user *name)
{
	return no_such(check_path(path, 0), name);
}

long sys_fremovexattr(int fd, const char __user *name)
{
	return no_such(check_fd(fd), name);
}
