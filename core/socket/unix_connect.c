/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections of local sockets. connect(2) makes the other end at once and puts it in line at the
 * listening socket; both ends can be used before accept(2) hands it out. unix_lock guards the line
 * and `state`; a peer of streams and SEQPACKET is set once, before anybody can use it.
 */
#include <linux/errno.h>
#include "unix_internal.h"

/* --- listen --------------------------------------------------------------------------------- */

int unix_listen(struct socket *socket, int backlog)
{
	struct unix_socket *sock = unix_of(socket);
	int error = 0;

	mutex_lock(&unix_lock);
	if (!sock->name || sock->state == UNIX_CONNECTED) {
		error = -EINVAL;
	} else {
		sock->state = UNIX_LISTENING;
		sock->backlog = (unsigned int)backlog;
		socket->is_listening = true;
		unix_set_peer_creds(sock); /* what those who connect will be told */
	}
	mutex_unlock(&unix_lock);
	waitq_wake(&sock->room, EVENTS_OUT);
	return error;
}

/* --- connect -------------------------------------------------------------------------------- */

/* One more than asked for, as on Linux. */
static bool is_full(const struct unix_socket *listener)
{
	return listener->pending_count > listener->backlog;
}

static bool takes_connections(const struct unix_socket *listener)
{
	return listener->state == UNIX_LISTENING && !(listener->shut & SOCKET_SHUT_RECEIVE);
}

/* unix_lock held. */
static void join(struct unix_socket *sock, struct unix_socket *child, struct unix_socket *listener)
{
	unix_get(sock);
	unix_get(child);
	child->peer = sock;
	child->state = UNIX_CONNECTED;
	child->name = listener->name;
	__atomic_fetch_add(&child->name->refcount, 1, __ATOMIC_RELAXED);
	unix_set_peer_creds(child);
	sock->peer_pid = listener->peer_pid;
	sock->peer_creds = listener->peer_creds;
	__atomic_store_n(&sock->peer, child, __ATOMIC_RELEASE);
	sock->state = UNIX_CONNECTED;
	TAILQ_INSERT_TAIL(&listener->pending, child, pending_link);
	listener->pending_count++;
}

static int try_connect(struct unix_socket *sock, struct unix_socket *child,
		       struct unix_socket *listener)
{
	int error = 0;

	mutex_lock(&unix_lock);
	if (!takes_connections(listener))
		error = -ECONNREFUSED;
	else if (is_full(listener))
		error = -EAGAIN;
	else if (sock->state != UNIX_CLOSED)
		error = sock->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
	else
		join(sock, child, listener);
	mutex_unlock(&unix_lock);
	if (!error)
		waitq_wake_one(&listener->readable, EVENTS_IN);
	return error;
}

/* 0: look again who is there. */
static int wait_in_line(const struct unix_socket *sock, struct unix_socket *listener,
			uint64_t deadline_ns)
{
	int result = waitq_wait_event(
		&listener->room, !is_full(listener) || !takes_connections(listener), deadline_ns);

	return socket_wait_result(result, sock->base.send_timeout_ns);
}

static int connect_with(struct unix_socket *sock, struct unix_socket *child,
			const struct socket_name *name, bool is_nonblocking)
{
	uint64_t deadline_ns = socket_deadline(sock->base.send_timeout_ns);

	for (;;) {
		struct unix_socket *listener = unix_find(name, sock->base.type);
		int error, result;

		if (IS_ERR(listener))
			return (int)PTR_ERR(listener);
		result = error = try_connect(sock, child, listener);
		if (error == -EAGAIN && !is_nonblocking)
			result = wait_in_line(sock, listener, deadline_ns);
		unix_put(listener);
		if (!error || result)
			return result;
	}
}

int unix_connect(struct socket *socket, const struct socket_name *name, bool is_nonblocking)
{
	struct unix_socket *sock = unix_of(socket), *child;
	int error = unix_check_name(name);

	if (!error)
		error = unix_autobind_if_passing(sock);
	if (error)
		return error;
	child = unix_alloc(sock->base.type);
	if (!child)
		return -ENOMEM;
	error = connect_with(sock, child, name, is_nonblocking);
	if (error)
		unix_close(child, false);
	return error;
}

/* --- accept --------------------------------------------------------------------------------- */

static struct unix_socket *take_pending(struct unix_socket *listener)
{
	struct unix_socket *child;

	mutex_lock(&unix_lock);
	child = TAILQ_FIRST(&listener->pending);
	if (child) {
		TAILQ_REMOVE(&listener->pending, child, pending_link);
		listener->pending_count--;
	}
	mutex_unlock(&unix_lock);
	return child;
}

static int wait_for_pending(struct unix_socket *listener, uint64_t deadline_ns)
{
	int result = waitq_wait_event_exclusive(&listener->readable,
						!TAILQ_EMPTY(&listener->pending) ||
							listener->shut & SOCKET_SHUT_RECEIVE,
						deadline_ns);

	return socket_wait_result(result, listener->base.receive_timeout_ns);
}

int unix_accept(struct socket *socket, bool is_nonblocking, struct socket **out)
{
	struct unix_socket *listener = unix_of(socket), *child;
	uint64_t deadline_ns = socket_deadline(socket->receive_timeout_ns);
	bool has_slept = false;
	int error;

	if (listener->state != UNIX_LISTENING)
		return -EINVAL;
	while (!(child = take_pending(listener))) {
		if (listener->shut & SOCKET_SHUT_RECEIVE)
			return -EINVAL;
		error = is_nonblocking ? -EAGAIN : wait_for_pending(listener, deadline_ns);
		if (error)
			return error;
		has_slept = true;
	}
	waitq_wake(&listener->room, EVENTS_OUT);
	if (has_slept && !TAILQ_EMPTY(&listener->pending)) /* it was woken alone */
		waitq_wake_one(&listener->readable, EVENTS_IN);
	child->base.passes_credentials = socket->passes_credentials;
	*out = &child->base;
	return 0;
}

/* --- datagram sockets ----------------------------------------------------------------------- */

struct unix_socket *unix_peer_get(struct unix_socket *sock)
{
	struct unix_socket *peer;

	mutex_lock(&sock->lock);
	peer = sock->peer;
	if (peer)
		unix_get(peer);
	mutex_unlock(&sock->lock);
	return peer;
}

/*
 * What the old peer had sent is lost, and if it is still connected to us it will hear of that.
 * `peer` may be NULL; takes over its reference.
 */
static void set_peer(struct unix_socket *sock, struct unix_socket *peer)
{
	struct unix_messages lost = TAILQ_HEAD_INITIALIZER(lost);
	struct unix_socket *old;

	mutex_lock(&sock->lock);
	old = sock->peer;
	sock->peer = peer;
	if (old) {
		waitq_remove(&old->room, &sock->relay);
		if (old != peer)
			unix_queue_detach(&sock->queue, &lost);
	}
	mutex_unlock(&sock->lock);
	waitq_wake(&sock->writable, EVENTS_OUT);
	if (!TAILQ_EMPTY(&lost)) {
		waitq_wake(&sock->room, EVENTS_OUT);
		if (!old->is_closed && old->peer == sock) {
			old->base.error = ECONNRESET;
			waitq_wake(&old->readable, EPOLLERR);
		}
		unix_messages_free(&lost);
	}
	if (old)
		unix_put(old);
}

void unix_forget_peer(struct unix_socket *sock, struct unix_socket *peer)
{
	if (sock->peer == peer)
		set_peer(sock, NULL);
}

static int connect_to(struct unix_socket *sock, const struct socket_name *name)
{
	struct unix_socket *peer;
	int error = unix_check_name(name);

	if (!error)
		error = unix_autobind_if_passing(sock);
	if (error)
		return error;
	peer = unix_find(name, sock->base.type);
	if (IS_ERR(peer))
		return (int)PTR_ERR(peer);
	if (peer->peer && peer->peer != sock) {
		unix_put(peer);
		return -EPERM; /* it talks to another one only */
	}
	set_peer(sock, peer);
	return 0;
}

int unix_connect_datagram(struct socket *socket, const struct socket_name *name,
			  bool is_nonblocking)
{
	if (name->len < sizeof(name->family))
		return -EINVAL;
	if (name->family != UK_AF_UNSPEC)
		return connect_to(unix_of(socket), name);
	set_peer(unix_of(socket), NULL);
	return 0;
}
