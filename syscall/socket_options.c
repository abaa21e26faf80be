/* SPDX-License-Identifier: BSD-3-Clause */
/* setsockopt(2), getsockopt(2): values in and out. */
#include <linux/errno.h>
#include <uk/arch/uaccess.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include "socket.h"

static long set_option(struct socket *socket, int level, int name, const void __user *value,
		       int len)
{
	uint8_t copy[SOCKET_OPTION_MAX] __uk_aligned(8);
	size_t size = UK_MIN((size_t)len, sizeof(copy));

	if (copy_from_user(copy, value, size))
		return -EFAULT;
	return socket_set_option(socket, level, name, copy, size);
}

long sys_setsockopt(int fd, int level, int name, const void __user *value, int len)
{
	long result;
	struct file *file;

	if (len < 0)
		return -EINVAL;
	file = socket_get_fd(fd, &result);
	if (!file)
		return result;
	result = set_option(socket_of(file), level, name, value, len);
	file_put(file);
	return result;
}

static long get_option(struct socket *socket, int level, int name, void __user *value,
		       int __user *user_len)
{
	uint8_t copy[SOCKET_OPTION_MAX] __uk_aligned(8);
	size_t size;
	int room, error;

	if (get_user(room, user_len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	size = UK_MIN((size_t)room, sizeof(copy));
	error = socket_get_option(socket, level, name, copy, &size);
	if (error)
		return error;
	if (copy_to_user(value, copy, size))
		return -EFAULT;
	return put_user((int)size, user_len);
}

long sys_getsockopt(int fd, int level, int name, void __user *value, int __user *len)
{
	long result;
	struct file *file = socket_get_fd(fd, &result);

	if (!file)
		return result;
	result = get_option(socket_of(file), level, name, value, len);
	file_put(file);
	return result;
}
