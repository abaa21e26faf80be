/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending on TCP connections. The program's data is copied once, into the memory of the segments
 * that carry it; only what completes a segment that waits already goes through lwIP's tcp_write().
 */
#include <uk/clock.h>
#include <uk/string.h>
#include "tcp.h"

#define TAIL_BYTES   ((size_t)1536)  /* goes over the stack */
#define PIECES_BYTES ((size_t)49152) /* the most that is copied before it is queued */

#define MEMORY_PAUSE_NS (10 * UK_NSEC_PER_MSEC)

static int why_not(struct tcp_socket *sock)
{
	int error = socket_take_error(&sock->inet.base);

	if (error)
		return error;
	if (sock->inet.shut & SOCKET_SHUT_SEND)
		return -EPIPE;
	if (sock->life == TCP_CONNECTED)
		return sock->pcb ? 0 : -EPIPE;
	return sock->life == TCP_CONNECTING ? -EAGAIN : -EPIPE;
}

/* 0 when data may be sent. */
static int send_error(struct tcp_socket *sock)
{
	bool is_sound = sock->life == TCP_CONNECTED && sock->pcb && !sock->inet.base.error &&
			!(sock->inet.shut & SOCKET_SHUT_SEND);

	return uk_likely(is_sound) ? 0 : why_not(sock);
}

static bool can_send(struct tcp_socket *sock)
{
	sock->lacks_room = true;
	return tcp_send_room(sock) || sock->inet.base.error || !sock->pcb ||
	       (sock->inet.shut & SOCKET_SHUT_SEND);
}

static bool is_held_back(const struct tcp_socket *sock, const struct socket_transfer *transfer)
{
	return sock->is_corked || (transfer->flags & UK_MSG_MORE);
}

/* Is the last piece likely to be continued before it is sent? net_tcp_alloc() then gives it room.
 */
static bool will_wait(const struct tcp_socket *sock, const struct socket_transfer *transfer)
{
	return is_held_back(sock, transfer) ||
	       (sock->pcb->unacked && !(sock->pcb->flags & TF_NODELAY));
}

/* Queued is queued: lwIP sends what it may. net_lock. */
static void push(struct tcp_socket *sock, const struct socket_transfer *transfer)
{
	if (!is_held_back(sock, transfer))
		tcp_output(sock->pcb);
}

static u8_t write_flags(const struct socket_transfer *transfer)
{
	return transfer->uio->resid_bytes ? TCP_WRITE_FLAG_MORE : 0;
}

/* Into the last segment that was not sent yet. */
static uk_ssize_t send_to_tail(struct tcp_socket *sock, struct socket_transfer *transfer,
			       size_t len)
{
	uint8_t data[TAIL_BYTES];
	uk_ssize_t taken = uio_take(transfer->uio, data, UK_MIN(len, sizeof(data)));
	int error;

	if (taken < 0)
		return taken;
	net_lock();
	error = send_error(sock);
	if (!error)
		error = inet_errno(tcp_write(sock->pcb, data, (u16_t)taken,
					     TCP_WRITE_FLAG_COPY | write_flags(transfer)));
	if (!error)
		push(sock, transfer);
	net_unlock();
	return error ? error : taken;
}

/* Segments to be, linked by `next`. */
struct pieces {
	struct pbuf *first;
	size_t len, last_room;
	int error; /* why they are not more */
};

/* Copies `len` bytes into pieces of `most` bytes. */
static struct pieces take_pieces(struct uio *uio, size_t len, size_t most, bool will_wait)
{
	struct pieces pieces = {.first = NULL};
	struct pbuf **tail = &pieces.first, *p;

	while (pieces.len < len && !pieces.error) {
		size_t part = UK_MIN(len - pieces.len, most);
		size_t room = will_wait ? most - part : 0;
		uk_ssize_t taken;

		p = net_tcp_alloc(part, room);
		taken = p ? uio_take(uio, p->payload, part) : -ENOBUFS;
		if (taken < 0) {
			if (p)
				pbuf_free(p);
			pieces.error = (int)taken;
			break;
		}
		p->len = p->tot_len = (u16_t)taken;
		*tail = p;
		tail = &p->next;
		pieces.len += (size_t)taken;
		pieces.last_room = room;
		if ((size_t)taken < part)
			pieces.error = -EFAULT;
	}
	return pieces;
}

static uk_ssize_t send_segments(struct tcp_socket *sock, struct socket_transfer *transfer,
				size_t len)
{
	struct pieces pieces =
		take_pieces(transfer->uio, UK_MIN(len, PIECES_BYTES),
			    net_tcp_segment_max(sock->pcb), will_wait(sock, transfer));
	int error;

	if (!pieces.len)
		return pieces.error;
	net_lock();
	error = send_error(sock);
	if (error) {
		net_tcp_free(pieces.first);
	} else {
		error = inet_errno(net_tcp_append(sock->pcb, pieces.first, pieces.last_room,
						  write_flags(transfer)));
		if (!error)
			push(sock, transfer);
	}
	net_unlock();
	return error ? error : (uk_ssize_t)pieces.len;
}

/* As much as fits now, or a part of it; -EAGAIN when nothing does. */
static uk_ssize_t send_some(struct tcp_socket *sock, struct socket_transfer *transfer)
{
	size_t len = UK_MIN(tcp_send_room(sock), transfer->uio->resid_bytes), tail_room;
	const struct uio before = *transfer->uio;
	int error = send_error(sock);
	uk_ssize_t sent;

	if (error)
		return error;
	if (!len)
		return -EAGAIN;
	tail_room = sock->pcb->unsent ? net_tcp_tail_room(sock->pcb) : 0;
	sent = tail_room ? send_to_tail(sock, transfer, UK_MIN(len, tail_room))
			 : send_segments(sock, transfer, len);
	if (uk_unlikely(sent < 0))
		*transfer->uio = before; /* not sent is not taken */
	return sent;
}

/* Nobody tells when there is memory again. */
static int wait_for_memory(struct tcp_socket *sock, uint64_t deadline_ns)
{
	uint64_t soon_ns = clock_monotonic_ns() + MEMORY_PAUSE_NS;
	int result = inet_wait(&sock->inet, !sock->pcb || sock->inet.base.error,
			       UK_MIN(soon_ns, deadline_ns));

	return result == -ETIMEDOUT && soon_ns < deadline_ns ? 0 : result;
}

/* `why`: -EAGAIN, -ENOBUFS. *deadline_ns is 0 at first: the clock is read only by those who wait.
 */
static int wait_to_send(struct tcp_socket *sock, const struct socket_transfer *transfer,
			uk_ssize_t why, uint64_t *deadline_ns)
{
	uint64_t timeout_ns = sock->inet.base.send_timeout_ns;
	int result;

	if (transfer->flags & UK_MSG_DONTWAIT)
		return -EAGAIN;
	if (!*deadline_ns)
		*deadline_ns = socket_deadline(timeout_ns);
	result = why == -ENOBUFS ? wait_for_memory(sock, *deadline_ns)
				 : inet_wait(&sock->inet, can_send(sock), *deadline_ns);
	return socket_wait_result(result, timeout_ns);
}

static uk_ssize_t send_all(struct tcp_socket *sock, struct socket_transfer *transfer)
{
	uint64_t deadline_ns = 0;
	uk_ssize_t done = 0, sent;

	do {
		sent = send_some(sock, transfer);
		if (sent == -EAGAIN || sent == -ENOBUFS) {
			sent = wait_to_send(sock, transfer, sent, &deadline_ns);
			if (!sent)
				continue;
		}
		if (sent < 0)
			return done ? done : sent;
		done += sent;
	} while (transfer->uio->resid_bytes);
	return done;
}

uk_ssize_t tcp_socket_send(struct socket *socket, struct socket_transfer *transfer)
{
	struct tcp_socket *sock = tcp_of(socket);
	uk_ssize_t sent;

	if (transfer->flags & UK_MSG_OOB)
		return -EOPNOTSUPP; /* urgent data is not sent */
	if (transfer->to && sock->life == TCP_CONNECTED)
		return -EISCONN;
	if (!transfer->uio->resid_bytes)
		return send_error(sock);
	mutex_lock(&sock->send_lock);
	sent = send_all(sock, transfer);
	mutex_unlock(&sock->send_lock);
	return sent;
}
