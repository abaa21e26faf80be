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
	if (uk_unlikely(net_memory_is_short()))
		tcp_close_window(sock);
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

/* Takes `len` bytes off the list. */
static void drop(struct tcp_socket *sock, size_t len)
{
	sock->received_bytes -= len;
	len += sock->first_offset;
	while (sock->first && len >= sock->first->len) {
		struct pbuf *p = sock->first;

		len -= p->len;
		sock->first = p->next;
		p->next = NULL;
		pbuf_free(p);
	}
	sock->first_offset = len;
	if (!sock->first)
		sock->tail = &sock->first;
}

static void consume(struct tcp_socket *sock, size_t len)
{
	net_lock();
	drop(sock, len);
	sock->taken_bytes += len;
	if (tcp_should_open_window(sock))
		tcp_open_window(sock);
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

/* *deadline_ns is 0 at first: the clock is read only by those who wait. */
static int wait_to_receive(struct tcp_socket *sock, uint64_t *deadline_ns)
{
	uint64_t timeout_ns = sock->inet.base.receive_timeout_ns;

	if (!*deadline_ns)
		*deadline_ns = socket_deadline(timeout_ns);
	return socket_wait_result(inet_wait(&sock->inet, has_news(sock), *deadline_ns), timeout_ns);
}

static bool wants_more(const struct tcp_socket *sock, const struct socket_transfer *transfer,
		       size_t done)
{
	size_t least = transfer->flags & UK_MSG_WAITALL ? SIZE_MAX : sock->inet.base.receive_low;

	return transfer->uio->resid_bytes && done < least && !(transfer->flags & UK_MSG_PEEK);
}

static uk_ssize_t receive_all(struct tcp_socket *sock, struct socket_transfer *transfer)
{
	uint64_t deadline_ns = 0;
	uk_ssize_t done = 0, got;

	do {
		got = receive_round(sock, transfer);
		if (got == -EAGAIN && net_has_work()) {
			inet_poll_network();
			got = receive_round(sock, transfer);
		}
		if (got == -EAGAIN && !(transfer->flags & UK_MSG_DONTWAIT)) {
			got = wait_to_receive(sock, &deadline_ns);
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

/* At least one direction of the connection is over. */
static unsigned int ended_events(struct tcp_socket *sock)
{
	bool has_sent = !sock->pcb || (sock->inet.shut & SOCKET_SHUT_SEND);
	bool has_received =
		!sock->pcb || sock->has_ended || (sock->inet.shut & SOCKET_SHUT_RECEIVE);
	unsigned int events = has_received ? EVENTS_IN | EPOLLRDHUP : 0;

	if (sock->received_bytes >= sock->inet.base.receive_low)
		events |= EVENTS_IN;
	if (has_sent || tcp_has_room(sock))
		events |= EVENTS_OUT;
	if (!sock->pcb || (sock->has_ended && (sock->inet.shut & SOCKET_SHUT_SEND)))
		events |= EPOLLHUP;
	return events;
}

static unsigned int connection_events(struct tcp_socket *sock)
{
	unsigned int events = 0;

	if (uk_unlikely(!sock->pcb || sock->has_ended || sock->inet.shut))
		return ended_events(sock);
	if (sock->received_bytes >= sock->inet.base.receive_low)
		events |= EVENTS_IN;
	if (tcp_has_room(sock))
		events |= EVENTS_OUT;
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
