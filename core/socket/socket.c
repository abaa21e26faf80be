/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets as files, and the checks that send(2) and recv(2) make for every family. */
#include <asm/ioctls.h>
#include <asm/socket.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/clock.h>
#include <uk/lock.h>
#include <uk/netinfo.h>
#include <uk/signal.h>
#include <uk/socket.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/vfs.h>

struct socket_limits socket_limits = {
	.somaxconn = 4096,
	.max_dgram_qlen = 10,
	.wmem_default = 212992,
	.wmem_max = 212992,
	.rmem_default = 212992,
	.rmem_max = 212992,
};

void socket_init(struct socket *socket, const struct socket_ops *ops, unsigned int family,
		 unsigned int type)
{
	*socket = (struct socket){
		.ops = ops,
		.family = (uint16_t)family,
		.type = (uint16_t)type,
		.send_limit = (uint32_t)socket_limits.wmem_default,
		.receive_limit = (uint32_t)socket_limits.rmem_default,
		.send_timeout_ns = UK_NO_TIMEOUT,
		.receive_timeout_ns = UK_NO_TIMEOUT,
		.receive_low = 1,
		.linger_seconds = -1,
	};
}

int socket_create(unsigned int family, unsigned int type, int protocol, struct socket **socket)
{
	switch (family) {
	case UK_AF_UNIX:
		return unix_socket_create(type, protocol, socket);
	case UK_AF_INET:
	case UK_AF_INET6:
		return IS_ENABLED(CONFIG_LIBUKINET)
			       ? inet_socket_create(family, type, protocol, socket)
			       : -EAFNOSUPPORT;
	case UK_AF_NETLINK:
		return IS_ENABLED(CONFIG_LIBUKNET) ? netlink_socket_create(type, protocol, socket)
						   : -EAFNOSUPPORT;
	default:
		return -EAFNOSUPPORT;
	}
}

uint64_t socket_deadline_after(uint64_t timeout_ns)
{
	uint64_t deadline_ns;

	return uk_add_overflow(clock_monotonic_ns(), timeout_ns, &deadline_ns) ? UK_NO_TIMEOUT
									       : deadline_ns;
}

int socket_wait_error(int result, uint64_t timeout_ns)
{
	if (result == -ETIMEDOUT)
		return -EAGAIN;
	/* signal(7): a call with a time limit is not begun again */
	return timeout_ns == UK_NO_TIMEOUT ? -ERESTARTSYS : result;
}

/* --- transfers ------------------------------------------------------------------------------ */

static void add_file_flags(const struct file *file, struct socket_transfer *transfer)
{
	if (file->flags & O_NONBLOCK)
		transfer->flags |= UK_MSG_DONTWAIT;
	transfer->out_flags = 0;
}

uk_ssize_t socket_send(struct file *file, struct socket_transfer *transfer)
{
	struct socket *socket = file->priv;
	uk_ssize_t sent;

	add_file_flags(file, transfer);
	sent = socket->ops->send(socket, transfer);
	if (uk_unlikely(sent == -EPIPE) && socket->type == UK_SOCK_STREAM &&
	    !(transfer->flags & UK_MSG_NOSIGNAL))
		signal_raise_self(SIGPIPE);
	return sent;
}

uk_ssize_t socket_receive(struct file *file, struct socket_transfer *transfer)
{
	struct socket *socket = file->priv;

	add_file_flags(file, transfer);
	return socket->ops->receive(socket, transfer);
}

void socket_control_put(struct socket_control *control, int level, int type, const void *data,
			size_t len)
{
	struct cmsg_head {
		size_t len;
		int level, type;
	} head = {sizeof(head) + len, level, type};
	size_t left, kept;

	if (!control)
		return;
	left = control->room - control->len;
	if (left < sizeof(head)) {
		control->is_truncated = true;
		return;
	}
	kept = UK_MIN(len, left - sizeof(head));
	control->is_truncated |= kept < len;
	head.len = sizeof(head) + kept;
	memcpy(control->bytes + control->len, &head, sizeof(head));
	memcpy(control->bytes + control->len + sizeof(head), data, kept);
	control->len = UK_MIN(control->len + UK_ALIGN_UP(head.len, sizeof(size_t)), control->room);
}

void socket_control_put_time(const struct socket *socket, struct socket_control *control,
			     uint64_t time_ns)
{
	int64_t parts[2] = {(int64_t)(time_ns / UK_NSEC_PER_SEC),
			    (int64_t)(time_ns % UK_NSEC_PER_SEC)};

	if (!socket->timestamps_ns)
		parts[1] /= UK_NSEC_PER_USEC; /* struct timeval */
	socket_control_put(control, SOL_SOCKET,
			   socket->timestamps_ns ? SO_TIMESTAMPNS_OLD : SO_TIMESTAMP_OLD, parts,
			   sizeof(parts));
}

/* --- file_ops ------------------------------------------------------------------------------- */

static uk_ssize_t socket_file_read(struct file *file, struct uio *uio, loff_t *pos)
{
	struct socket_transfer transfer = {.uio = uio};

	return uio->resid_bytes ? socket_receive(file, &transfer) : 0;
}

static uk_ssize_t socket_file_write(struct file *file, struct uio *uio, loff_t *pos)
{
	struct socket_transfer transfer = {.uio = uio};

	return socket_send(file, &transfer);
}

static unsigned int socket_file_poll(struct file *file, struct poll_table *table)
{
	struct socket *socket = file->priv;

	return socket->ops->poll(socket, table);
}

static long socket_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct socket *socket = file->priv;
	long result = -ENOTTY;

	if (cmd == FIONREAD && socket->is_listening)
		return -EINVAL;
	if (cmd == FIONREAD)
		return put_user((int)socket->ops->next_bytes(socket), (int __user *)arg);
	if (socket->ops->ioctl)
		result = socket->ops->ioctl(socket, cmd, arg);
	/* Any socket will do to ask about interfaces. */
	if (result == -ENOTTY && IS_ENABLED(CONFIG_LIBUKNET))
		result = net_ioctl(cmd, arg);
	return result;
}

/* All that are open: outside every lock of a family. */
static struct mutex sockets_lock = MUTEX_INIT(sockets_lock);
static LIST_HEAD(, socket) sockets = LIST_HEAD_INITIALIZER(sockets);

void socket_each(void (*visit)(struct socket *socket, void *ctx), void *ctx)
{
	struct socket *socket;

	mutex_lock(&sockets_lock);
	LIST_FOREACH (socket, &sockets, link)
		visit(socket, ctx);
	mutex_unlock(&sockets_lock);
}

static void socket_file_release(struct file *file)
{
	struct socket *socket = file->priv;

	mutex_lock(&sockets_lock);
	LIST_REMOVE(socket, link);
	mutex_unlock(&sockets_lock);
	socket->ops->release(socket);
}

static const struct file_ops socket_file_ops = {
	.read = socket_file_read,
	.write = socket_file_write,
	.poll = socket_file_poll,
	.ioctl = socket_file_ioctl,
	.release = socket_file_release,
};

struct file *socket_file(struct socket *socket, unsigned int flags)
{
	struct file *file =
		anon_file_alloc_own("socket", S_IFSOCK | 0777, &socket_file_ops, flags, socket);

	if (IS_ERR(file))
		return file;
	socket->file = file;
	mutex_lock(&sockets_lock);
	LIST_INSERT_HEAD(&sockets, socket, link);
	mutex_unlock(&sockets_lock);
	return file;
}

struct socket *socket_of(const struct file *file)
{
	return file->ops == &socket_file_ops ? file->priv : NULL;
}
