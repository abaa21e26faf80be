/* SPDX-License-Identifier: BSD-3-Clause */
/* Birth, connections and names of sockets: socket(2), bind(2), listen(2), accept(2), connect(2). */
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

/* A socket that nobody holds yet becomes a file, or is gone. */
static struct file *make_file(struct socket *socket, unsigned int flags)
{
	struct file *file = socket_file(socket, flags & O_NONBLOCK);

	if (IS_ERR(file))
		socket->ops->release(socket);
	return file;
}

long sys_socket(int domain, int type, int protocol)
{
	struct socket *socket;
	int error = check_type(domain, type);

	if (!error)
		error = socket_create((unsigned int)domain, (unsigned int)type & UK_SOCK_TYPE_MASK,
				      protocol, &socket);
	if (error)
		return error;
	return install_new_file(make_file(socket, (unsigned int)type), type & O_CLOEXEC);
}

static bool has_no_pairs(int domain)
{
	return domain == UK_AF_INET || domain == UK_AF_INET6 || domain == UK_AF_NETLINK;
}

long sys_socketpair(int domain, int type, int protocol, int __user *fds)
{
	struct socket *ends[2];
	struct file *files[2];
	int error = check_type(domain, type);

	if (!error && domain != UK_AF_UNIX)
		error = has_no_pairs(domain) ? -EOPNOTSUPP : -EAFNOSUPPORT;
	if (!error)
		error = unix_socket_pair((unsigned int)type & UK_SOCK_TYPE_MASK, protocol, ends);
	if (error)
		return error;
	files[0] = make_file(ends[0], (unsigned int)type);
	files[1] = make_file(ends[1], (unsigned int)type);
	for (int i = 0; i < 2; i++)
		if (IS_ERR(files[i]))
			error = (int)PTR_ERR(files[i]);
	for (int i = 0; error && i < 2; i++)
		if (!IS_ERR(files[i]))
			file_put(files[i]);
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

/* --- names --------------------------------------------------------------------------------------
 */

int get_socket_name(struct socket_name *name, const void __user *user, int len)
{
	if (len < 0 || len > SOCKET_NAME_MAX)
		return -EINVAL;
	name->family = UK_AF_UNSPEC;
	name->len = (size_t)len;
	return copy_from_user(name->bytes, user, name->len);
}

int put_socket_name(const struct socket_name *name, void __user *user, int __user *user_len)
{
	int room;

	if (get_user(room, user_len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(user, name->bytes, UK_MIN((size_t)room, name->len)))
		return -EFAULT;
	return put_user((int)name->len, user_len);
}

static long get_name(int fd, void __user *addr, int __user *len, bool is_peer)
{
	struct socket_name name;
	struct socket *socket;
	long result;
	struct file *file = socket_get_fd(fd, &result);

	if (!file)
		return result;
	socket = socket_of(file);
	result = is_peer ? socket->ops->peer_name(socket, &name)
			 : socket->ops->own_name(socket, &name);
	file_put(file);
	return result ? result : put_socket_name(&name, addr, len);
}

long sys_getsockname(int fd, void __user *addr, int __user *len)
{
	return get_name(fd, addr, len, false);
}

long sys_getpeername(int fd, void __user *addr, int __user *len)
{
	return get_name(fd, addr, len, true);
}

long sys_bind(int fd, const void __user *addr, int len)
{
	struct socket_name name;
	struct socket *socket;
	long result;
	struct file *file = socket_get_fd(fd, &result);

	if (!file)
		return result;
	socket = socket_of(file);
	result = get_socket_name(&name, addr, len);
	if (!result)
		result = socket->ops->bind ? socket->ops->bind(socket, &name) : -EOPNOTSUPP;
	file_put(file);
	return result;
}

/* --- connections --------------------------------------------------------------------------------
 */

long sys_listen(int fd, int backlog)
{
	struct socket *socket;
	long result;
	struct file *file = socket_get_fd(fd, &result);

	if (!file)
		return result;
	socket = socket_of(file);
	/* Negative: as many as there may be (the comparison is unsigned on Linux). */
	if (backlog < 0 || backlog > socket_limits.somaxconn)
		backlog = (int)socket_limits.somaxconn;
	result = socket->ops->listen ? socket->ops->listen(socket, backlog) : -EOPNOTSUPP;
	file_put(file);
	return result;
}

/* Tells the name of the new connection and makes it a file. ERR_PTR: it is gone. */
static struct file *make_child_file(struct socket *child, void __user *addr, int __user *len,
				    int flags)
{
	struct socket_name name;
	struct file *file = make_file(child, (unsigned int)flags);
	int error = 0;

	if (addr && !IS_ERR(file)) {
		/* Gone again already: as on Linux, the caller hears of it here. */
		error = child->ops->peer_name(child, &name) ? -ECONNABORTED
							    : put_socket_name(&name, addr, len);
	}
	if (!error)
		return file;
	file_put(file);
	return ERR_PTR(error);
}

/* The descriptor comes first: without one the connection stays in line. */
static long accept_into(struct file *listener, int new_fd, void __user *addr, int __user *len,
			int flags)
{
	struct socket *socket = socket_of(listener), *child;
	struct file *file;
	int error = -EOPNOTSUPP;

	if (socket->ops->accept)
		error = socket->ops->accept(socket, listener->flags & O_NONBLOCK, &child);
	if (error)
		return error;
	file = make_child_file(child, addr, len, flags);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd_install_reserved(new_fd, file);
	return new_fd;
}

long sys_accept4(int fd, void __user *addr, int __user *len, int flags)
{
	struct file *file;
	long result;
	int new_fd;

	if (flags & ~SOCK_FLAGS)
		return -EINVAL;
	file = socket_get_fd(fd, &result);
	if (!file)
		return result;
	new_fd = fd_reserve(flags & O_CLOEXEC);
	result = new_fd < 0 ? new_fd : accept_into(file, new_fd, addr, len, flags);
	if (result < 0 && new_fd >= 0)
		fd_unreserve(new_fd);
	file_put(file);
	return result;
}

long sys_accept(int fd, void __user *addr, int __user *len)
{
	return sys_accept4(fd, addr, len, 0);
}

long sys_connect(int fd, const void __user *addr, int len)
{
	struct socket_name name;
	struct socket *socket;
	long result;
	struct file *file = socket_get_fd(fd, &result);

	if (!file)
		return result;
	socket = socket_of(file);
	result = get_socket_name(&name, addr, len);
	if (!result)
		result = socket->ops->connect
				 ? socket->ops->connect(socket, &name, file->flags & O_NONBLOCK)
				 : -EOPNOTSUPP;
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
