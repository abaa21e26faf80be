/* SPDX-License-Identifier: BSD-3-Clause */
/* Receiving on TCP connections; what happens to them; readiness. */
#include "tcp.h"

/* --- callbacks: net_lock held -------------------------------------------------------------------
 */

static void append(struct tcp_socket *sock, struct pbuf *chain)
{
	sock->received_bytes += chain->tot_len;
	*sock->tail = chain;
	while (chain->next)
		chain = chain->next;
	sock->tail = &chain->next;
}

static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *chain, err_t error)
{
	struct tcp_socket *sock = arg;

	(void)pcb;
	(void)error;
	if (!chain) {
		sock->has_ended = true;
		inet_wake(&sock->inet, EVENTS_IN | EPOLLRDHUP);
		return ERR_OK;
	}
	append(sock, chain);
	inet_wake(&sock->inet, EVENTS_IN);
	return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	struct tcp_socket *sock = arg;

	(void)pcb;
	(void)len;
	if (sock->lacks_room && tcp_has_room(sock)) {
		sock->lacks_room = false;
		inet_wake(&sock->inet, EVENTS_OUT);
	}
	return ERR_OK;
}

void tcp_set_callbacks(struct tcp_socket *sock)
{
	tcp_recv(sock->pcb, on_receive);
	tcp_sent(sock->pcb, on_sent);
}

void tcp_drop_received(struct tcp_socket *sock)
{
	struct pbuf *next;

	for (; sock->first; sock->first = next) {
		next = sock->first->next;
		sock->first->next = NULL;
		pbuf_free(sock->first);
	}
	sock->tail = &sock->first;
	sock->received_bytes = 0;
}

/* --- receiving ----------------------------------------------------------------------------------
 */

/* Copies from the list, from `offset` bytes into `p` on. Returns bytes moved; less than there are
 * when the buffers are full or the program's memory faulted (-EFAULT: nothing was moved). */
static uk_ssize_t copy_out(const struct pbuf *p, size_t offset, struct socket_transfer *transfer)
{
	struct uio *uio = transfer->uio;
	uk_ssize_t done = 0;

	for (; p && uio->resid_bytes; p = p->next, offset = 0) {
		size_t len = UK_MIN(p->len - offset, uio->resid_bytes);
		uk_ssize_t moved = transfer->flags & UK_MSG_TRUNC
					   ? uio_skip(uio, len)
					   : uio_put(uio, (const char *)p->payload + offset, len);

		if (moved < 0)
			return done ? done : moved;
		done += moved;
		if ((size_t)moved < len)
			break;
	}
	return done;
}

/* Takes `len` bytes off the list and opens the window by as much. */
static void consume(struct tcp_socket *sock, size_t len)
{
	size_t left = len;

	net_lock();
	while (left) {
		struct pbuf *p = sock->first;
		size_t rest = p->len - sock->first_offset;

		if (left < rest) {
			sock->first_offset += left;
			break;
		}
		left -= rest;
		sock->first_offset = 0;
		sock->first = p->next;
		if (!sock->first)
			sock->tail = &sock->first;
		p->next = NULL;
		pbuf_free(p);
	}
	sock->received_bytes -= len;
	for (left = len; sock->pcb && left; left -= UK_MIN(left, (size_t)UINT16_MAX))
		tcp_recved(sock->pcb, (u16_t)UK_MIN(left, (size_t)UINT16_MAX));
	net_unlock();
}

static bool has_news(const struct tcp_socket *sock)
{
	return sock->received_bytes || sock->has_ended || sock->inet.base.error ||
	       (sock->inet.shut & SOCKET_SHUT_RECEIVE) || !sock->pcb;
}

/* Nothing is there: the end (0), an error, or -EAGAIN. */
static uk_ssize_t nothing_received(struct tcp_socket *sock)
{
	int error = socket_take_error(&sock->inet.base);

	if (error)
		return error;
	if (sock->life != TCP_CONNECTED)
		return sock->life == TCP_CONNECTING ? -EAGAIN : -ENOTCONN;
	if (sock->has_ended || (sock->inet.shut & SOCKET_SHUT_RECEIVE) || !sock->pcb)
		return 0;
	return -EAGAIN;
}

static uk_ssize_t receive_round(struct tcp_socket *sock, struct socket_transfer *transfer)
{
	uk_ssize_t got;

	if (!sock->received_bytes)
		return nothing_received(sock);
	got = copy_out(sock->first, sock->first_offset, transfer);
	if (got > 0 && !(transfer->flags & UK_MSG_PEEK))
		consume(sock, (size_t)got);
	return got;
}

static int wait_to_receive(struct tcp_socket *sock, uint64_t deadline_ns)
{
	int result = inet_wait(&sock->inet, has_news(sock), deadline_ns);

	return socket_wait_result(result, sock->inet.base.receive_timeout_ns);
}

static bool wants_more(const struct tcp_socket *sock, const struct socket_transfer *transfer,
		       size_t done)
{
	size_t least = transfer->flags & UK_MSG_WAITALL ? SIZE_MAX : sock->inet.base.receive_low;

	return transfer->uio->resid_bytes && done < least && !(transfer->flags & UK_MSG_PEEK);
}

static uk_ssize_t receive_all(struct tcp_socket *sock, struct socket_transfer *transfer)
{
	uint64_t deadline_ns = socket_deadline(sock->inet.base.receive_timeout_ns);
	uk_ssize_t done = 0, got;

	do {
		got = receive_round(sock, transfer);
		if (got == -EAGAIN && net_has_work()) {
			inet_poll_network();
			got = receive_round(sock, transfer);
		}
		if (got == -EAGAIN && !(transfer->flags & UK_MSG_DONTWAIT)) {
			got = wait_to_receive(sock, deadline_ns);
			if (!got)
				continue;
		}
		if (got <= 0)
			return done ? done : got;
		done += got;
	} while (wants_more(sock, transfer, (size_t)done));
	return done;
}

uk_ssize_t tcp_socket_receive(struct socket *socket, struct socket_transfer *transfer)
{
	struct tcp_socket *sock = tcp_of(socket);
	uk_ssize_t got;

	if (transfer->flags & UK_MSG_ERRQUEUE)
		return -EAGAIN;
	if (transfer->flags & UK_MSG_OOB)
		return -EINVAL; /* no urgent data is waiting, ever */
	mutex_lock(&sock->receive_lock);
	got = receive_all(sock, transfer);
	mutex_unlock(&sock->receive_lock);
	return got;
}

size_t tcp_socket_next_bytes(struct socket *socket)
{
	inet_poll_network();
	return tcp_of(socket)->received_bytes;
}

/* --- readiness ----------------------------------------------------------------------------------
 */

static unsigned int connection_events(struct tcp_socket *sock)
{
	const struct socket *base = &sock->inet.base;
	unsigned int events = 0;

	if (sock->received_bytes >= base->receive_low || sock->has_ended ||
	    (sock->inet.shut & SOCKET_SHUT_RECEIVE) || !sock->pcb)
		events |= EVENTS_IN;
	if (sock->has_ended || (sock->inet.shut & SOCKET_SHUT_RECEIVE) || !sock->pcb)
		events |= EPOLLRDHUP;
	if (tcp_has_room(sock) || !sock->pcb || (sock->inet.shut & SOCKET_SHUT_SEND))
		events |= EVENTS_OUT;
	if (!sock->pcb || (sock->has_ended && (sock->inet.shut & SOCKET_SHUT_SEND)))
		events |= EPOLLHUP;
	return events;
}

unsigned int tcp_socket_poll(struct socket *socket, struct poll_table *table)
{
	struct tcp_socket *sock = tcp_of(socket);
	unsigned int events = socket->error ? EPOLLERR : 0;

	poll_register(table, &sock->inet.waiters);
	inet_poll_network();
	switch (sock->life) {
	case TCP_NEW:
		return events | EVENTS_OUT | EPOLLHUP;
	case TCP_LISTENING:
		return events | (sock->pending_count || !sock->pcb ? EVENTS_IN : 0);
	case TCP_CONNECTING:
		return events;
	default:
		return events | connection_events(sock);
	}
}
