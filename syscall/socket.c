/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * socket(2), socketpair(2), connect(2), shutdown(2) and the names of sockets. One family is there,
 * AF_UNIX: programs that merely ask for others go on.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/syscall.h>
#include "open.h"
#include "socket.h"

#define SOCK_FLAGS (O_CLOEXEC | O_NONBLOCK)

static int check_type(int domain, int type)
{
	if (type & ~(UK_SOCK_TYPE_MASK | SOCK_FLAGS) ||
	    (type & UK_SOCK_TYPE_MASK) >= UK_SOCK_TYPE_MAX)
		return -EINVAL;
	return domain < 0 || domain >= UK_AF_MAX ? -EAFNOSUPPORT : 0;
}

long sys_socket(int domain, int type, int protocol)
{
	int error = check_type(domain, type);

	if (!error && domain != UK_AF_UNIX)
		error = -EAFNOSUPPORT;
	if (error)
		return error;
	return install_new_file(unix_socket_file((unsigned int)type & UK_SOCK_TYPE_MASK, protocol,
						 (unsigned int)type & O_NONBLOCK),
				type & O_CLOEXEC);
}

long sys_socketpair(int domain, int type, int protocol, int __user *fds)
{
	struct file *files[2];
	int error = check_type(domain, type);

	if (!error && domain != UK_AF_UNIX)
		error = -EAFNOSUPPORT;
	if (!error)
		error = unix_socketpair((unsigned int)type & UK_SOCK_TYPE_MASK, protocol,
					(unsigned int)type & O_NONBLOCK, files);
	return error ? error : install_pair(files, type & O_CLOEXEC, fds);
}

struct file *socket_get_fd(int fd, long *error)
{
	struct file *file = file_get_fd(fd);

	if (!file) {
		*error = -EBADF;
		return NULL;
	}
	if (socket_of(file))
		return file;
	file_put(file);
	*error = -ENOTSOCK;
	return NULL;
}

long sys_connect(int fd, const void __user *addr, int len)
{
	char name[SOCKET_NAME_MAX];
	long result;
	struct file *file;

	if (len < 0 || len > SOCKET_NAME_MAX)
		return -EINVAL;
	file = socket_get_fd(fd, &result);
	if (!file)
		return result;
	result = -EFAULT;
	if (!copy_from_user(name, addr, (size_t)len))
		result = socket_of(file)->ops->connect(socket_of(file), name, (size_t)len);
	file_put(file);
	return result;
}

long sys_shutdown(int fd, int how)
{
	/* SHUT_RD, SHUT_WR, SHUT_RDWR */
	static const unsigned int bits[] = {SOCKET_SHUT_RECEIVE, SOCKET_SHUT_SEND,
					    SOCKET_SHUT_RECEIVE | SOCKET_SHUT_SEND};
	long result;
	struct file *file = socket_get_fd(fd, &result);

	if (!file)
		return result;
	result = -EINVAL;
	if (how >= 0 && how < (int)UK_ARRAY_SIZE(bits))
		result = socket_of(file)->ops->shutdown(socket_of(file), bits[how]);
	file_put(file);
	return result;
}

int put_socket_name(const void *name, int len, void __user *user, int __user *user_len)
{
	int room;

	if (get_user(room, user_len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(user, name, (size_t)UK_MIN(room, len)))
		return -EFAULT;
	return put_user(len, user_len);
}

static long get_name(int fd, void __user *addr, int __user *len, bool is_peer)
{
	char name[SOCKET_NAME_MAX];
	struct socket *socket;
	long result;
	struct file *file = socket_get_fd(fd, &result);

	if (!file)
		return result;
	socket = socket_of(file);
	result = is_peer ? socket->ops->peer_name(socket, name)
			 : socket->ops->own_name(socket, name);
	file_put(file);
	return result < 0 ? result : put_socket_name(name, (int)result, addr, len);
}

long sys_getsockname(int fd, void __user *addr, int __user *len)
{
	return get_name(fd, addr, len, false);
}

long sys_getpeername(int fd, void __user *addr, int __user *len)
{
	return get_name(fd, addr, len, true);
}
