/* SPDX-License-Identifier: BSD-3-Clause */
/* Local sockets: birth and end, options, readiness, shutdown. See unix_internal.h. */
#include <asm/ioctls.h>
#include <asm/socket.h>
#include <linux/errno.h>
#include <linux/sockios.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "unix_internal.h"

struct mutex unix_lock = MUTEX_INIT(unix_lock);
struct unix_socket_list unix_all = LIST_HEAD_INITIALIZER(unix_all);

/* --- readiness ------------------------------------------------------------------------------ */

static bool pass_room_on(struct waitq_entry *entry, unsigned int events)
{
	struct unix_socket *sock = uk_container_of(entry, struct unix_socket, relay);

	waitq_remove(entry->ctx, entry);
	waitq_wake(&sock->writable, EVENTS_OUT);
	return true;
}

/*
 * A datagram socket whose receiver is crowded is not writable either. The receiver's room is not
 * ours to wait on: we may be connected to another one before whoever polls lets go. So we wait
 * there ourselves and pass it on. sock.lock guards relay and peer.
 */
static bool receiver_has_room(struct unix_socket *sock)
{
	struct unix_socket *peer;
	bool has_room = true;

	mutex_lock(&sock->lock);
	peer = sock->peer;
	if (peer && unix_is_crowded(peer, sock)) {
		if (!sock->relay.is_queued) {
			sock->relay =
				(struct waitq_entry){.wake = pass_room_on, .ctx = &peer->room};
			waitq_add(&peer->room, &sock->relay);
		}
		has_room = !unix_is_crowded(peer, sock);
	}
	mutex_unlock(&sock->lock);
	return has_room;
}

static bool is_readable(const struct unix_socket *sock)
{
	return !unix_queue_is_empty(&sock->queue) || !TAILQ_EMPTY(&sock->pending);
}

static unsigned int unix_poll(struct socket *socket, struct poll_table *table)
{
	struct unix_socket *sock = unix_of(socket);
	unsigned int events = 0, shut;

	poll_register(table, &sock->readable);
	poll_register(table, &sock->writable);
	shut = sock->shut;
	if (socket->error)
		events |= EPOLLERR;
	if (shut == SHUT_BOTH || (!unix_is_datagram(sock) && sock->state == UNIX_CLOSED))
		events |= EPOLLHUP;
	if (shut & SOCKET_SHUT_RECEIVE)
		events |= EPOLLRDHUP | EVENTS_IN;
	if (is_readable(sock))
		events |= EVENTS_IN;
	if (unix_is_writable(sock) && (!unix_is_datagram(sock) || receiver_has_room(sock)))
		events |= EVENTS_OUT;
	return events;
}

/* --- shutdown ------------------------------------------------------------------------------- */

void unix_shut(struct unix_socket *sock, unsigned int how)
{
	unsigned int events = EPOLLRDHUP;

	mutex_lock(&sock->lock);
	sock->shut |= how;
	if (sock->shut == SHUT_BOTH)
		events |= EPOLLHUP;
	if (sock->base.error)
		events |= EPOLLERR;
	mutex_unlock(&sock->lock);
	waitq_wake(&sock->readable, events | EVENTS_IN);
	waitq_wake(&sock->writable, events | EVENTS_OUT);
	waitq_wake(&sock->room, EVENTS_OUT);
}

static unsigned int mirrored(unsigned int how)
{
	return (how & SOCKET_SHUT_RECEIVE ? SOCKET_SHUT_SEND : 0) |
	       (how & SOCKET_SHUT_SEND ? SOCKET_SHUT_RECEIVE : 0);
}

/* As on Linux, also of one that is not connected. */
static int unix_shutdown(struct socket *socket, unsigned int how)
{
	struct unix_socket *sock = unix_of(socket);

	unix_shut(sock, how);
	if (sock->peer && !unix_is_datagram(sock))
		unix_shut(sock->peer, mirrored(how));
	return 0;
}

/* --- questions ------------------------------------------------------------------------------ */

static size_t unix_next_bytes(struct socket *socket)
{
	struct unix_socket *sock = unix_of(socket);
	const struct unix_message *first;
	size_t bytes;

	mutex_lock(&sock->lock);
	first = TAILQ_FIRST(&sock->queue.messages);
	bytes = !unix_is_datagram(sock) ? sock->queue.bytes : first ? first->len : 0;
	mutex_unlock(&sock->lock);
	return bytes;
}

static int unix_own_name(struct socket *socket, struct socket_name *name)
{
	unix_tell_name(unix_of(socket), name);
	return 0;
}

static int unix_peer_name(struct socket *socket, struct socket_name *name)
{
	struct unix_socket *peer = unix_peer_get(unix_of(socket));

	if (!peer)
		return -ENOTCONN;
	unix_tell_name(peer, name);
	unix_put(peer);
	return 0;
}

static long unix_ioctl(struct socket *socket, unsigned int cmd, unsigned long arg)
{
	struct unix_socket *sock = unix_of(socket);

	if (cmd != SIOCOUTQ)
		return -ENOTTY;
	return put_user((int)unix_sent_bytes(sock), (int __user *)arg);
}

/* --- SO_PEERCRED, SO_PEERGROUPS ------------------------------------------------------------- */

void unix_set_peer_creds(struct unix_socket *sock)
{
	sock->peer_pid = current->process->pid;
	sock->peer_creds = current->process->creds;
}

static int get_peer_groups(const struct unix_socket *sock, void *value, size_t *len)
{
	size_t size = sock->peer_creds.group_count * sizeof(sock->peer_creds.groups[0]);

	if (!sock->peer_pid)
		return -ENODATA;
	if (*len < size) {
		*len = size;
		return -ERANGE;
	}
	*len = size;
	memcpy(value, sock->peer_creds.groups, size);
	return 0;
}

static int unix_get_option(struct socket *socket, int level, int name, void *value, size_t *len)
{
	const struct unix_socket *sock = unix_of(socket);
	struct unix_ids ids = {sock->peer_pid, sock->peer_creds.euid, sock->peer_creds.egid};

	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	switch (name) {
	case SO_PEERCRED:
		*len = UK_MIN(*len, sizeof(ids));
		memcpy(value, &ids, *len);
		return 0;
	case SO_PEERGROUPS:
		return get_peer_groups(sock, value, len);
	default:
		return -ENOPROTOOPT;
	}
}

static int unix_set_option(struct socket *socket, int level, int name, const void *value,
			   size_t len)
{
	return level == SOL_SOCKET ? -ENOPROTOOPT : -EOPNOTSUPP;
}

/* --- end ------------------------------------------------------------------------------------ */

void unix_put(struct unix_socket *sock)
{
	if (__atomic_fetch_sub(&sock->refcount, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	if (sock->name)
		unix_name_put(sock->name);
	uk_free(sock);
}

/* Out of everybody's sight. What waited to be accepted is the caller's. */
static void retire(struct unix_socket *sock, struct unix_sockets *pending, struct path *place)
{
	mutex_lock(&unix_lock);
	*place = unix_unhash(sock);
	LIST_REMOVE(sock, all_link);
	TAILQ_CONCAT(pending, &sock->pending, pending_link);
	sock->pending_count = 0;
	sock->state = UNIX_CLOSED;
	mutex_unlock(&unix_lock);
}

/* The peer of a connection is told; what was not read makes that a reset. */
static void hang_up(struct unix_socket *peer, bool is_reset)
{
	if (is_reset)
		peer->base.error = ECONNRESET;
	unix_shut(peer, SHUT_BOTH);
}

void unix_close(struct unix_socket *sock, bool is_embryo)
{
	struct unix_messages messages = TAILQ_HEAD_INITIALIZER(messages);
	struct unix_sockets pending = TAILQ_HEAD_INITIALIZER(pending);
	struct unix_socket *peer, *child;
	bool is_unread;
	struct path place;

	retire(sock, &pending, &place);
	mutex_lock(&sock->lock);
	sock->is_closed = true;
	sock->shut = SHUT_BOTH;
	peer = sock->peer;
	if (peer && unix_is_datagram(sock)) {
		waitq_remove(&peer->room, &sock->relay);
		sock->peer = NULL;
	}
	is_unread = !unix_queue_is_empty(&sock->queue);
	unix_queue_detach(&sock->queue, &messages);
	mutex_unlock(&sock->lock);
	waitq_wake(&sock->room, EVENTS_OUT);
	if (peer && !unix_is_datagram(sock))
		hang_up(peer, is_unread || is_embryo);
	unix_messages_free(&messages);
	while ((child = TAILQ_FIRST(&pending))) {
		TAILQ_REMOVE(&pending, child, pending_link);
		unix_close(child, true);
	}
	if (place.dentry)
		path_put(&place);
	if (peer)
		unix_put(peer);
	unix_put(sock);
}

void unix_release(struct socket *socket)
{
	unix_close(unix_of(socket), false);
	unix_collect();
}

/* --- birth ---------------------------------------------------------------------------------- */

#define COMMON_OPS                                                                                 \
	.poll = unix_poll, .shutdown = unix_shutdown, .next_bytes = unix_next_bytes,               \
	.bind = unix_bind, .own_name = unix_own_name, .peer_name = unix_peer_name,                 \
	.set_option = unix_set_option, .get_option = unix_get_option, .ioctl = unix_ioctl,         \
	.release = unix_release

static const struct socket_ops ops_of_stream = {
	COMMON_OPS,
	.send = unix_stream_send,
	.receive = unix_stream_receive,
	.listen = unix_listen,
	.accept = unix_accept,
	.connect = unix_connect,
};
static const struct socket_ops ops_of_seqpacket = {
	COMMON_OPS,
	.send = unix_seqpacket_send,
	.receive = unix_seqpacket_receive,
	.listen = unix_listen,
	.accept = unix_accept,
	.connect = unix_connect,
};
static const struct socket_ops ops_of_dgram = {
	COMMON_OPS,
	.send = unix_dgram_send,
	.receive = unix_dgram_receive,
	.connect = unix_connect_datagram,
};

/* 0, or -errno when there is no such type. */
static int check_type(unsigned int *type, int protocol)
{
	if (protocol && protocol != UK_AF_UNIX)
		return -EPROTONOSUPPORT;
	if (*type == UK_SOCK_RAW)
		*type = UK_SOCK_DGRAM; /* what BSD called it */
	if (*type != UK_SOCK_STREAM && *type != UK_SOCK_DGRAM && *type != UK_SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	return 0;
}

struct unix_socket *unix_alloc(unsigned int type)
{
	struct unix_socket *sock = uk_zalloc(sizeof(*sock));

	if (!sock)
		return NULL;
	socket_init(&sock->base,
		    type == UK_SOCK_STREAM  ? &ops_of_stream
		    : type == UK_SOCK_DGRAM ? &ops_of_dgram
					    : &ops_of_seqpacket,
		    UK_AF_UNIX, type);
	sock->refcount = 1;
	mutex_init(&sock->lock);
	unix_queue_init(&sock->queue);
	waitq_init(&sock->readable);
	waitq_init(&sock->writable);
	waitq_init(&sock->room);
	TAILQ_INIT(&sock->pending);
	sock->peer_creds.euid = sock->peer_creds.egid = UINT32_MAX;
	mutex_lock(&unix_lock);
	LIST_INSERT_HEAD(&unix_all, sock, all_link);
	mutex_unlock(&unix_lock);
	return sock;
}

int unix_socket_create(unsigned int type, int protocol, struct socket **socket)
{
	int error = check_type(&type, protocol);
	struct unix_socket *sock = error ? NULL : unix_alloc(type);

	if (!sock)
		return error ? error : -ENOMEM;
	*socket = &sock->base;
	return 0;
}

int unix_socket_pair(unsigned int type, int protocol, struct socket *ends[2])
{
	struct unix_socket *socks[2];
	int error = check_type(&type, protocol);

	if (error)
		return error;
	socks[0] = unix_alloc(type);
	socks[1] = unix_alloc(type);
	for (int i = 0; i < 2; i++)
		if (!socks[i])
			error = -ENOMEM;
	for (int i = 0; i < 2; i++) {
		if (error && socks[i])
			unix_close(socks[i], false);
		if (error)
			continue;
		unix_get(socks[!i]);
		socks[i]->peer = socks[!i];
		socks[i]->state = UNIX_CONNECTED;
		unix_set_peer_creds(socks[i]);
		ends[i] = &socks[i]->base;
	}
	return error;
}
