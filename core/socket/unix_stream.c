/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes through local sockets. Data wakes one of those who receive, and one that slept and leaves
 * some wakes the next. Those who send are woken when three quarters are free: they go on in large
 * pieces.
 */
#include <linux/errno.h>
#include "unix_internal.h"

/* --- sending -------------------------------------------------------------------------------- */

/* As on Linux a piece goes as a whole once there is room at all. */
static size_t stream_room(const struct unix_socket *sock)
{
	size_t limit = sock->base.send_limit, used = sock->peer->queue.charged;
	size_t piece = UK_MIN(limit / 2, (size_t)UNIX_STREAM_CHUNK);

	return used < limit ? UK_MAX(limit - used, piece) : 0;
}

static bool is_over(const struct unix_socket *sock)
{
	return (sock->shut & SOCKET_SHUT_SEND) | (sock->peer->shut & SOCKET_SHUT_RECEIVE);
}

/* As much as there is room for. -EAGAIN: none. */
static inline uk_ssize_t send_round(struct unix_socket *sock, struct uio *uio,
				    struct unix_ancillary *ancillary)
{
	struct unix_socket *peer = sock->peer;
	uk_ssize_t sent = -EAGAIN;
	size_t room;

	mutex_lock(&peer->lock);
	room = stream_room(sock);
	if (uk_unlikely(is_over(sock)))
		sent = -EPIPE;
	else if (uk_likely(room))
		sent = unix_queue_put_bytes(&peer->queue, uio, room, ancillary);
	if (sent > 0)
		waitq_wake_one(&peer->readable, EVENTS_IN);
	mutex_unlock(&peer->lock);
	return sent;
}

static int __uk_noinline wait_for_room(struct unix_socket *sock, uint64_t *deadline_ns)
{
	int result;

	if (!*deadline_ns)
		*deadline_ns = socket_deadline(sock->base.send_timeout_ns);
	result =
		waitq_wait_event(&sock->writable, stream_room(sock) || is_over(sock), *deadline_ns);
	return socket_wait_result(result, sock->base.send_timeout_ns);
}

static inline uk_ssize_t send_all(struct unix_socket *sock, struct socket_transfer *transfer,
				  struct unix_ancillary *ancillary)
{
	size_t total = transfer->uio->resid_bytes, done = 0;
	uint64_t deadline_ns = 0;

	if (uk_unlikely(!total))
		return sock->shut & SOCKET_SHUT_SEND ? -EPIPE : 0;
	do {
		uk_ssize_t sent = send_round(sock, transfer->uio, ancillary);

		if (uk_unlikely(sent == -EAGAIN) && !(transfer->flags & UK_MSG_DONTWAIT)) {
			sent = wait_for_room(sock, &deadline_ns);
			if (!sent)
				continue;
		}
		if (uk_unlikely(sent < 0))
			return done ? (uk_ssize_t)done : sent;
		done += (size_t)sent;
	} while (uk_unlikely(done < total));
	return (uk_ssize_t)done;
}

/* What goes along; files are in flight before the peer can see them. */
static int __uk_noinline prepare_control(struct unix_socket *sock,
					 const struct socket_control *control,
					 struct unix_ancillary *ancillary)
{
	int error = unix_control_get(control, ancillary);

	if (!error && ancillary->rights)
		error = unix_rights_park(ancillary->rights, sock->peer);
	return error;
}

static int check(const struct unix_socket *sock, const struct socket_transfer *transfer)
{
	if (uk_unlikely(transfer->flags & UK_MSG_OOB))
		return -EOPNOTSUPP;
	if (uk_unlikely(transfer->to != NULL))
		return sock->state == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	return uk_likely(sock->peer != NULL) ? 0 : -ENOTCONN;
}

uk_ssize_t unix_stream_send(struct socket *socket, struct socket_transfer *transfer)
{
	struct unix_socket *sock = unix_of(socket);
	struct unix_ancillary ancillary = {.ids = UNIX_IDS_UNKNOWN};
	uk_ssize_t sent = check(sock, transfer);

	if (uk_unlikely(sent))
		return sent;
	if (unix_wants_ids(sock, sock->peer))
		ancillary.ids = unix_own_ids();
	if (uk_unlikely(transfer->control != NULL))
		sent = prepare_control(sock, transfer->control, &ancillary);
	if (uk_likely(!sent))
		sent = send_all(sock, transfer, &ancillary);
	if (uk_unlikely(ancillary.rights != NULL))
		unix_rights_free(ancillary.rights);
	return sent;
}

/* --- receiving ------------------------------------------------------------------------------ */

static bool has_news(const struct unix_socket *sock)
{
	return sock->queue.bytes || sock->base.error || sock->shut & SOCKET_SHUT_RECEIVE;
}

static int __uk_noinline wait_for_news(struct unix_socket *sock, uint64_t *deadline_ns)
{
	int result;

	if (!*deadline_ns)
		*deadline_ns = socket_deadline(sock->base.receive_timeout_ns);
	result = waitq_wait_event_exclusive(&sock->readable, has_news(sock), *deadline_ns);
	return socket_wait_result(result, sock->base.receive_timeout_ns);
}

/* Nothing is there: an error, the end (0), or not yet (-EAGAIN). */
static uk_ssize_t explain_empty(struct unix_socket *sock)
{
	int error = socket_take_error(&sock->base);

	return error ? error : sock->shut & SOCKET_SHUT_RECEIVE ? 0 : -EAGAIN;
}

static inline uk_ssize_t receive_round(struct unix_socket *sock, struct uio *uio,
				       struct unix_taking *taking)
{
	uk_ssize_t got;

	mutex_lock(&sock->lock);
	if (uk_likely(sock->queue.bytes))
		got = unix_queue_take_bytes(&sock->queue, uio, taking);
	else
		got = explain_empty(sock);
	mutex_unlock(&sock->lock);
	if (got > 0)
		unix_wake_senders(sock->peer);
	return got;
}

/* socket(7), SO_RCVLOWAT; recv(2), MSG_WAITALL: what a read that waits waits for. */
static inline size_t least_bytes(const struct unix_socket *sock,
				 const struct socket_transfer *transfer)
{
	size_t wanted = transfer->uio->resid_bytes;
	size_t least = transfer->flags & UK_MSG_WAITALL
			       ? wanted
			       : UK_MIN(wanted, (size_t)sock->base.receive_low);

	return least ? least : 1;
}

static inline uk_ssize_t receive_all(struct unix_socket *sock, struct socket_transfer *transfer,
				     struct unix_taking *taking)
{
	size_t least = least_bytes(sock, transfer), done = 0;
	uint64_t deadline_ns = 0;

	do {
		uk_ssize_t got = receive_round(sock, transfer->uio, taking);

		if (uk_unlikely(got == -EAGAIN) && !(transfer->flags & UK_MSG_DONTWAIT)) {
			got = wait_for_news(sock, &deadline_ns);
			if (!got)
				continue;
		}
		if (uk_unlikely(got <= 0))
			return done ? (uk_ssize_t)done : got;
		done += (size_t)got;
	} while (uk_unlikely(done < least) && !taking->is_over);
	/* Who was woken alone passes on what it leaves. To those who did not sleep it is no news.
	 */
	if (uk_unlikely(deadline_ns && sock->queue.bytes))
		waitq_wake_one(&sock->readable, EVENTS_IN);
	return (uk_ssize_t)done;
}

uk_ssize_t unix_stream_receive(struct socket *socket, struct socket_transfer *transfer)
{
	struct unix_socket *sock = unix_of(socket);
	struct unix_taking taking = {
		.is_peek = transfer->flags & UK_MSG_PEEK,
		.minds_ids = socket->passes_credentials,
	};
	uk_ssize_t got;

	if (uk_unlikely(sock->state != UNIX_CONNECTED))
		return -EINVAL;
	if (uk_unlikely(transfer->flags & UK_MSG_OOB))
		return -EOPNOTSUPP;
	got = receive_all(sock, transfer, &taking);
	if (uk_unlikely(transfer->from != NULL) && got > 0)
		unix_tell_sender(sock->peer, transfer->from);
	if (uk_unlikely(taking.minds_ids || taking.ancillary.rights))
		unix_control_put(sock, transfer, &taking.ancillary);
	return got;
}
