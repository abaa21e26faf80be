/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Local sockets (unix(7)): pairs of connected ones, and single ones, which nobody can reach as long
 * as there is no bind(2). What one end sends lies in the queue of the other, charged to the
 * sender's SO_SNDBUF.
 *
 * unix_socket.lock guards its queue and shut; an end that sends takes the lock of the other, one
 * that receives its own, and nobody both; program memory is copied under it, so it comes before
 * vmspace.lock. An end stays allocated while it is open or the other one points to it; `peer` does
 * not change while the end is open.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/un.h>
#include <uk/heap.h>
#include <uk/lock.h>
#include <uk/poll.h>
#include <uk/socket.h>
#include <uk/string.h>
#include <uk/vfs.h>
#include "unix_queue.h"

#define EVENTS_IN  (EPOLLIN | EPOLLRDNORM)
#define EVENTS_OUT (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)
#define SHUT_BOTH  (SOCKET_SHUT_RECEIVE | SOCKET_SHUT_SEND)

struct unix_socket {
	struct socket base; /* must stay first */
	unsigned int refcount;
	struct unix_socket *peer; /* with a reference; NULL: single */
	struct mutex lock;
	struct unix_queue queue;
	unsigned int shut; /* SOCKET_SHUT_* */
	bool is_closed;
	struct waitq waiters; /* who receives here, and who sends from here */
};

static struct unix_socket *unix_of(struct socket *socket)
{
	return (struct unix_socket *)socket;
}

static bool is_stream(const struct unix_socket *sock)
{
	return sock->base.type == UK_SOCK_STREAM;
}

static bool is_datagram(const struct unix_socket *sock)
{
	return sock->base.type == UK_SOCK_DGRAM; /* each message for itself, no connection */
}

static void unix_put(struct unix_socket *sock)
{
	if (__atomic_fetch_sub(&sock->refcount, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	unix_queue_clear(&sock->queue);
	uk_free(sock);
}

/* --- sending -------------------------------------------------------------------------------- */

static bool is_over(const struct unix_socket *sock)
{
	return sock->shut & SOCKET_SHUT_SEND || sock->peer->shut & SOCKET_SHUT_RECEIVE ||
	       sock->peer->is_closed;
}

static bool has_room(const struct unix_socket *sock, size_t charge)
{
	return sock->peer->queue.charged + charge <= sock->base.send_limit;
}

/* Sends as much as fits now. `charge`: what has to fit at least. -EAGAIN: it does not. */
static uk_ssize_t send_round(struct unix_socket *sock, struct uio *uio, size_t charge)
{
	struct unix_socket *peer = sock->peer;
	uk_ssize_t sent;

	mutex_lock(&peer->lock);
	if (sock->shut & SOCKET_SHUT_SEND || peer->shut & SOCKET_SHUT_RECEIVE)
		sent = -EPIPE;
	else if (peer->is_closed)
		sent = is_datagram(sock) ? -ECONNREFUSED : -EPIPE;
	else if (!has_room(sock, charge))
		sent = -EAGAIN;
	else if (is_stream(sock))
		sent = unix_queue_put_bytes(&peer->queue, uio,
					    sock->base.send_limit - peer->queue.charged);
	else
		sent = unix_queue_put_record(&peer->queue, uio);
	if (sent >= 0)
		waitq_wake(&peer->waiters, EVENTS_IN);
	mutex_unlock(&peer->lock);
	return sent;
}

static int wait_for_room(struct unix_socket *sock, size_t charge, uint64_t deadline_ns)
{
	int result = waitq_wait_event(&sock->waiters, has_room(sock, charge) || is_over(sock),
				      deadline_ns);

	return socket_wait_result(result, sock->base.send_timeout_ns);
}

/* Streams are sent to the other end alone. */
static int not_by_name(const struct unix_socket *sock)
{
	return sock->peer ? -EISCONN : -EOPNOTSUPP;
}

static uk_ssize_t unix_send(struct socket *socket, struct socket_transfer *transfer)
{
	struct unix_socket *sock = unix_of(socket);
	struct uio *uio = transfer->uio;
	size_t total = uio->resid_bytes, done = 0;
	size_t charge = unix_record_charge(is_stream(sock) ? 1 : total);
	uint64_t deadline_ns = socket_deadline(socket->send_timeout_ns);
	uk_ssize_t sent;

	if (!sock->peer && !transfer->to)
		return -ENOTCONN;
	if (transfer->to && sock->base.type != UK_SOCK_SEQPACKET)
		return is_stream(sock) ? not_by_name(sock) : -ECONNREFUSED; /* nobody has a name */
	if (is_stream(sock) && !total)
		return is_over(sock) ? -EPIPE : 0;
	if (charge > socket->send_limit)
		return -EMSGSIZE; /* it would never fit */
	do {
		sent = send_round(sock, uio, charge);
		if (sent == -EAGAIN && !(transfer->flags & UK_MSG_DONTWAIT)) {
			sent = wait_for_room(sock, charge, deadline_ns);
			if (!sent)
				continue;
		}
		if (sent < 0)
			return done ? (uk_ssize_t)done : sent;
		done += (size_t)sent;
	} while (done < total);
	return (uk_ssize_t)done;
}

/* --- receiving ------------------------------------------------------------------------------ */

static bool has_news(const struct unix_socket *sock)
{
	return !unix_queue_is_empty(&sock->queue) || sock->base.error ||
	       sock->shut & SOCKET_SHUT_RECEIVE;
}

static uk_ssize_t take_record(struct unix_socket *sock, struct socket_transfer *transfer)
{
	bool is_peek = transfer->flags & UK_MSG_PEEK;
	size_t len;
	uk_ssize_t got = is_peek ? unix_queue_peek_record(&sock->queue, transfer->uio, &len)
				 : unix_queue_take_record(&sock->queue, transfer->uio, &len);

	if (got < 0 || (size_t)got == len)
		return got;
	transfer->out_flags |= UK_MSG_TRUNC;
	return transfer->flags & UK_MSG_TRUNC ? (uk_ssize_t)len : got;
}

static uk_ssize_t take_bytes(struct unix_socket *sock, struct socket_transfer *transfer)
{
	return transfer->flags & UK_MSG_PEEK ? unix_queue_peek_bytes(&sock->queue, transfer->uio)
					     : unix_queue_take_bytes(&sock->queue, transfer->uio);
}

/* What is there now; -EAGAIN: nothing, and the end is still open. */
static uk_ssize_t receive_round(struct unix_socket *sock, struct socket_transfer *transfer)
{
	uk_ssize_t got;

	mutex_lock(&sock->lock);
	if (!unix_queue_is_empty(&sock->queue)) {
		got = is_stream(sock) ? take_bytes(sock, transfer) : take_record(sock, transfer);
	} else {
		got = socket_take_error(&sock->base);
		if (!got && !(sock->shut & SOCKET_SHUT_RECEIVE))
			got = -EAGAIN;
	}
	mutex_unlock(&sock->lock);
	if (got >= 0 && sock->peer)
		waitq_wake(&sock->peer->waiters, EVENTS_OUT);
	return got;
}

static int wait_for_news(struct unix_socket *sock, uint64_t deadline_ns)
{
	int result = waitq_wait_event(&sock->waiters, has_news(sock), deadline_ns);

	return socket_wait_result(result, sock->base.receive_timeout_ns);
}

/* MSG_WAITALL: a stream is read until the buffers are full or nothing more can come. */
static bool wants_more(const struct unix_socket *sock, const struct socket_transfer *transfer,
		       uk_ssize_t got)
{
	return got > 0 && is_stream(sock) && transfer->uio->resid_bytes &&
	       (transfer->flags & (UK_MSG_WAITALL | UK_MSG_PEEK)) == UK_MSG_WAITALL;
}

static uk_ssize_t unix_receive(struct socket *socket, struct socket_transfer *transfer)
{
	struct unix_socket *sock = unix_of(socket);
	uint64_t deadline_ns = socket_deadline(socket->receive_timeout_ns);
	size_t done = 0;
	uk_ssize_t got;

	if (!sock->peer && !is_datagram(sock))
		return is_stream(sock) ? -EINVAL : -ENOTCONN;
	do {
		got = receive_round(sock, transfer);
		if (got == -EAGAIN && !(transfer->flags & UK_MSG_DONTWAIT)) {
			got = wait_for_news(sock, deadline_ns);
			if (!got)
				got = receive_round(sock, transfer);
		}
		if (got < 0)
			return done ? (uk_ssize_t)done : got;
		done += (size_t)got;
	} while (wants_more(sock, transfer, got));
	return (uk_ssize_t)done;
}

/* --- the rest of socket_ops ------------------------------------------------------------------ */

static unsigned int unix_poll(struct socket *socket, struct poll_table *table)
{
	struct unix_socket *sock = unix_of(socket);
	unsigned int events = 0;

	poll_register(table, &sock->waiters);
	if (socket->error)
		events |= EPOLLERR;
	if (sock->shut == SHUT_BOTH || (!sock->peer && !is_datagram(sock)))
		events |= EPOLLHUP;
	if (sock->shut & SOCKET_SHUT_RECEIVE)
		events |= EPOLLRDHUP | EVENTS_IN;
	if (!unix_queue_is_empty(&sock->queue))
		events |= EVENTS_IN;
	/* Linux calls it writable while three quarters are free. */
	if (!sock->peer || sock->peer->queue.charged * 4 <= socket->send_limit)
		events |= EVENTS_OUT;
	return events;
}

static void shut(struct unix_socket *sock, unsigned int how)
{
	mutex_lock(&sock->lock);
	sock->shut |= how;
	mutex_unlock(&sock->lock);
	waitq_wake(&sock->waiters,
		   EVENTS_IN | EVENTS_OUT | EPOLLRDHUP | (sock->shut == SHUT_BOTH ? EPOLLHUP : 0));
}

static unsigned int mirrored(unsigned int how)
{
	return (how & SOCKET_SHUT_RECEIVE ? SOCKET_SHUT_SEND : 0) |
	       (how & SOCKET_SHUT_SEND ? SOCKET_SHUT_RECEIVE : 0);
}

static int unix_shutdown(struct socket *socket, unsigned int how)
{
	struct unix_socket *sock = unix_of(socket);

	shut(sock, how);
	if (sock->peer && !is_datagram(sock))
		shut(sock->peer, mirrored(how));
	return 0;
}

static size_t unix_next_bytes(struct socket *socket)
{
	struct unix_socket *sock = unix_of(socket);
	const struct unix_message *first = TAILQ_FIRST(&sock->queue.messages);

	if (!is_datagram(sock))
		return sock->queue.bytes;
	return first ? first->len : 0;
}

/* Nobody has a name: only the family is told. */
static int unix_own_name(struct socket *socket, struct socket_name *name)
{
	name->family = socket->family;
	name->len = sizeof(name->family);
	return 0;
}

static int unix_peer_name(struct socket *socket, struct socket_name *name)
{
	return unix_of(socket)->peer ? unix_own_name(socket, name) : -ENOTCONN;
}

/* The file may be there; that nobody is bound to it is sure. */
static int unix_connect(struct socket *socket, const struct socket_name *name, bool is_nonblocking)
{
	struct sockaddr_un addr;
	struct vfs_name where = {.dirfd = AT_FDCWD, .flags = UK_LOOKUP_FOLLOW};
	char text[sizeof(addr.sun_path) + 1];
	struct path path;
	int error;

	if (name->len <= offsetof(struct sockaddr_un, sun_path) || name->len > sizeof(addr))
		return -EINVAL;
	memset(&addr, 0, sizeof(addr));
	memcpy(&addr, name->bytes, name->len);
	if (addr.sun_family != UK_AF_UNIX)
		return -EINVAL;
	if (!addr.sun_path[0])
		return -ECONNREFUSED; /* in the namespace of its own */
	memcpy(text, addr.sun_path, sizeof(addr.sun_path));
	text[sizeof(addr.sun_path)] = '\0';
	where.name = text;
	error = vfs_lookup(&where, &path);
	if (error)
		return error;
	path_put(&path);
	return -ECONNREFUSED;
}

/* The other end of `peer` is gone; what it had not read makes that a reset. */
static void leave(struct unix_socket *peer, bool is_unread)
{
	if (!is_datagram(peer)) {
		if (is_unread)
			peer->base.error = ECONNRESET;
		shut(peer, SHUT_BOTH);
	}
	waitq_wake(&peer->waiters, EVENTS_OUT);
}

static void unix_release(struct socket *socket)
{
	struct unix_socket *sock = unix_of(socket), *peer = sock->peer;
	bool is_unread;

	mutex_lock(&sock->lock);
	sock->is_closed = true;
	is_unread = !unix_queue_is_empty(&sock->queue);
	unix_queue_clear(&sock->queue);
	mutex_unlock(&sock->lock);
	if (peer) {
		leave(peer, is_unread);
		unix_put(peer);
	}
	unix_put(sock);
}

static const struct socket_ops unix_ops = {
	.send = unix_send,
	.receive = unix_receive,
	.poll = unix_poll,
	.shutdown = unix_shutdown,
	.next_bytes = unix_next_bytes,
	.connect = unix_connect,
	.own_name = unix_own_name,
	.peer_name = unix_peer_name,
	.release = unix_release,
};

/* --- birth ---------------------------------------------------------------------------------- */

static struct unix_socket *unix_alloc(unsigned int type)
{
	struct unix_socket *sock = uk_zalloc(sizeof(*sock));

	if (!sock)
		return NULL;
	socket_init(&sock->base, &unix_ops, UK_AF_UNIX, type);
	sock->refcount = 1;
	mutex_init(&sock->lock);
	unix_queue_init(&sock->queue);
	waitq_init(&sock->waiters);
	return sock;
}

static int connect_pair(struct unix_socket *ends[2], unsigned int type)
{
	ends[0] = unix_alloc(type);
	ends[1] = unix_alloc(type);
	if (!ends[0] || !ends[1]) {
		uk_free(ends[0]);
		uk_free(ends[1]);
		return -ENOMEM;
	}
	for (int i = 0; i < 2; i++) {
		ends[i]->peer = ends[!i];
		ends[i]->refcount++;
	}
	return 0;
}

static int check_type(unsigned int type, int protocol)
{
	if (protocol && protocol != UK_AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type != UK_SOCK_STREAM && type != UK_SOCK_DGRAM && type != UK_SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	return 0;
}

int unix_socket_create(unsigned int type, int protocol, struct socket **socket)
{
	int error = check_type(type, protocol);
	struct unix_socket *sock = error ? NULL : unix_alloc(type);

	if (!sock)
		return error ? error : -ENOMEM;
	*socket = &sock->base;
	return 0;
}

int unix_socket_pair(unsigned int type, int protocol, struct socket *ends[2])
{
	struct unix_socket *socks[2];
	int error = check_type(type, protocol);

	if (!error)
		error = connect_pair(socks, type);
	if (error)
		return error;
	ends[0] = &socks[0]->base;
	ends[1] = &socks[1]->base;
	return 0;
}
