/* SPDX-License-Identifier: BSD-3-Clause */
/* Listening TCP sockets. */
#include <lwip/priv/tcp_priv.h>
#include "tcp.h"

#define REQUEST_ID   0         /* LWIP_TCP_PCB_NUM_EXT_ARGS is 1: it is ours alone */
#define REQUESTS_MAX UINT8_MAX /* half-open connections; what lwIP can count */

/* A connection is complete. Too many that nobody accepts: it is reset. */
static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
	struct tcp_socket *listener = arg, *child;

	if (error != ERR_OK || !pcb)
		return ERR_VAL;
	child = listener->pending_count <= listener->backlog
			? tcp_socket_alloc(listener->inet.base.family)
			: NULL;
	if (!child)
		return ERR_MEM; /* lwIP aborts it */
	child->life = TCP_CONNECTED;
	child->is_bound = true;
	child->inet.is_v6_only = listener->inet.is_v6_only;
	child->peer = (struct inet_end){.address = pcb->remote_ip, .port = pcb->remote_port};
	child->listener = listener;
	tcp_socket_attach(child, pcb);
	net_flow_add(&child->flow, pcb);
	tcp_inherit_options(child, listener);
	TAILQ_INSERT_TAIL(&listener->pending, child, pending_link);
	listener->pending_count++;
	inet_wake(&listener->inet, EVENTS_IN);
	return ERR_OK;
}

/* Of the connections that nobody has completed the one that has waited longest, but not `newest`.
 * lwIP prepends to its list, and moves up what gets a segment. */
static struct tcp_pcb *oldest_request(const struct tcp_pcb_listen *listening,
				      const struct tcp_pcb *newest)
{
	struct tcp_pcb *oldest = NULL;

	for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next) {
		if (pcb->state != SYN_RCVD || pcb->listener != listening || pcb == newest)
			continue;
		if (!oldest || tcp_ticks - pcb->tmr >= tcp_ticks - oldest->tmr)
			oldest = pcb;
	}
	return oldest;
}

/*
 * Somebody wants to connect. Is the queue of the program full, the wish is not heard, and comes
 * again; as on Linux. Half-open connections never fill theirs, for which lwIP would hear nobody:
 * the oldest makes room. So whoever answers before REQUESTS_MAX others have asked gets through a
 * flood.
 */
static err_t on_request(u8_t id, struct tcp_pcb_listen *listening, struct tcp_pcb *pcb)
{
	const struct tcp_socket *sock = listening->callback_arg;
	struct tcp_pcb *oldest;

	(void)id;
	if (sock->pending_count > sock->backlog)
		return ERR_MEM;
	if (listening->accepts_pending >= REQUESTS_MAX) {
		oldest = oldest_request(listening, pcb);
		if (oldest)
			tcp_abandon(oldest, 0); /* told nothing, as it need not exist */
	}
	tcp_start_window(sock, pcb);
	return ERR_OK;
}

static const struct tcp_ext_arg_callbacks request_callbacks = {.passive_open = on_request};

/* Two sockets may have bound one port with SO_REUSEADDR; only one of them can listen. */
static bool is_listened_on(const struct tcp_pcb *pcb)
{
	for (const struct tcp_pcb_listen *other = tcp_listen_pcbs.listen_pcbs; other;
	     other = other->next)
		if (other->local_port == pcb->local_port &&
		    (ip_addr_cmp(&other->local_ip, &pcb->local_ip)))
			return true;
	return false;
}

static int start_listening(struct tcp_socket *sock)
{
	struct inet_end any = {.address = inet_is_v6(&sock->inet) ? *IP6_ADDR_ANY : *IP4_ADDR_ANY};
	struct tcp_pcb *pcb;
	err_t error;
	int result = sock->is_bound ? 0 : tcp_socket_bind_locked(sock, &any);

	if (result)
		return result;
	if (!sock->inet.base.reuses_port && is_listened_on(sock->pcb))
		return -EADDRINUSE;
	tcp_ext_arg_set_callbacks(sock->pcb, REQUEST_ID, &request_callbacks);
	pcb = tcp_listen_with_backlog_and_err(sock->pcb, REQUESTS_MAX, &error);
	if (!pcb)
		return inet_errno(error);
	sock->pcb = pcb;
	sock->life = TCP_LISTENING;
	sock->inet.base.is_listening = true;
	tcp_arg(pcb, sock);
	tcp_accept(pcb, on_accept);
	return 0;
}

int tcp_socket_listen(struct socket *socket, int backlog)
{
	struct tcp_socket *sock = tcp_of(socket);
	int error = -EINVAL;

	net_lock();
	if (sock->life == TCP_LISTENING)
		error = 0;
	else if (sock->life == TCP_NEW && sock->pcb)
		error = start_listening(sock);
	if (!error)
		sock->backlog = (unsigned int)backlog;
	net_unlock();
	return error;
}

/* net_lock. NULL: none. */
struct tcp_socket *tcp_take_pending(struct tcp_socket *sock)
{
	struct tcp_socket *child = TAILQ_FIRST(&sock->pending);

	if (!child)
		return NULL;
	TAILQ_REMOVE(&sock->pending, child, pending_link);
	sock->pending_count--;
	child->listener = NULL;
	return child;
}

static struct tcp_socket *next_pending(struct tcp_socket *sock)
{
	struct tcp_socket *child;

	net_lock();
	if (net_has_work() && !sock->pending_count)
		net_poll();
	child = tcp_take_pending(sock);
	net_unlock();
	return child;
}

int tcp_socket_accept(struct socket *socket, bool is_nonblocking, struct socket **accepted)
{
	struct tcp_socket *sock = tcp_of(socket), *child;
	uint64_t deadline_ns = socket_deadline(socket->receive_timeout_ns);
	int error;

	while (sock->life == TCP_LISTENING) {
		child = next_pending(sock);
		if (child) {
			*accepted = &child->inet.base;
			return 0;
		}
		if (is_nonblocking)
			return -EAGAIN;
		error = inet_wait(&sock->inet, sock->pending_count || sock->life != TCP_LISTENING,
				  deadline_ns);
		if (error)
			return socket_wait_result(error, socket->receive_timeout_ns);
	}
	return -EINVAL;
}
