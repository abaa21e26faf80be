/* SPDX-License-Identifier: BSD-3-Clause */
/* Life of TCP sockets: names, connecting, the end. Listening is in tcp_listen.c. */
#include <linux/in.h>
#include <lwip/priv/tcp_priv.h>
#include <uk/clock.h>
#include <uk/heap.h>
#include "tcp.h"

static const struct socket_ops tcp_ops;

struct tcp_socket *tcp_socket_alloc(unsigned int family)
{
	struct tcp_socket *sock = uk_zalloc(sizeof(*sock));

	if (!sock)
		return NULL;
	inet_init(&sock->inet, &tcp_ops, family, UK_SOCK_STREAM, IPPROTO_TCP);
	mutex_init(&sock->receive_lock);
	mutex_init(&sock->send_lock);
	TAILQ_INIT(&sock->pending);
	sock->tail = &sock->first;
	sock->window_step = TCP_WND_UPDATE_THRESHOLD;
	sock->quick_ack = true;
	sock->keep_idle_ms = TCP_KEEPIDLE_DEFAULT;
	sock->keep_interval_ms = TCP_KEEPINTVL_DEFAULT;
	sock->keep_count = TCP_KEEPCNT_DEFAULT;
	return sock;
}

/* --- callbacks: net_lock held -------------------------------------------------------------------
 */

/* lwIP has given the connection up; the control block is gone. */
static void on_error(void *arg, err_t error)
{
	struct tcp_socket *sock = arg;

	net_flow_remove(&sock->flow);
	sock->pcb = NULL;
	if (sock->life == TCP_CONNECTING)
		sock->inet.base.error = error == ERR_RST ? ECONNREFUSED : ETIMEDOUT;
	else
		sock->inet.base.error = error == ERR_RST ? ECONNRESET : ETIMEDOUT;
	sock->life = sock->life == TCP_CONNECTING ? TCP_NEW : sock->life;
	inet_wake(&sock->inet, EVENTS_IN | EVENTS_OUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
	struct tcp_socket *sock = arg;

	(void)error;
	sock->life = TCP_CONNECTED;
	sock->is_untold = true;
	tcp_start_window(sock, pcb); /* before it is first told what we have room for */
	net_flow_add(&sock->flow, pcb);
	inet_wake(&sock->inet, EVENTS_OUT);
	return ERR_OK;
}

void tcp_socket_attach(struct tcp_socket *sock, struct tcp_pcb *pcb)
{
	sock->pcb = pcb;
	tcp_arg(pcb, sock);
	tcp_err(pcb, on_error);
	tcp_set_callbacks(sock);
}

/* The control block goes its own way: nothing of it calls us any more. */
static struct tcp_pcb *detach(struct tcp_socket *sock)
{
	struct tcp_pcb *pcb = sock->pcb;

	net_flow_remove(&sock->flow);
	sock->pcb = NULL;
	if (!pcb)
		return NULL;
	tcp_arg(pcb, NULL);
	if (sock->life == TCP_LISTENING) {
		tcp_accept(pcb, NULL);
		return pcb;
	}
	tcp_err(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	return pcb;
}

/* --- bind ---------------------------------------------------------------------------------------
 */

/* net_lock. With SO_REUSEADDR (and whatever port 0 finds) connections that are over do not count.
 */
int tcp_socket_bind_locked(struct tcp_socket *sock, struct inet_end *end)
{
	int error;

	if (!sock->pcb || sock->life != TCP_NEW || sock->is_bound)
		return -EINVAL;
	error = inet_check_own(&sock->inet, end);
	if (error)
		return error;
	if (sock->inet.base.reuses_address || sock->inet.base.reuses_port)
		ip_set_option(sock->pcb, SOF_REUSEADDR);
	else
		ip_reset_option(sock->pcb, SOF_REUSEADDR);
	error = inet_errno(tcp_bind(sock->pcb, &end->address, end->port));
	sock->is_bound = !error;
	return error;
}

static int tcp_socket_bind(struct socket *socket, const struct socket_name *name)
{
	struct tcp_socket *sock = tcp_of(socket);
	struct inet_end end;
	int error = inet_get_end(&sock->inet, name, &end);

	if (error)
		return error;
	net_lock();
	error = tcp_socket_bind_locked(sock, &end);
	net_unlock();
	return error;
}

/* --- connect ------------------------------------------------------------------------------------
 */

/* net_lock. A failed connection leaves no control block: the socket may try again. */
static int ensure_pcb(struct tcp_socket *sock)
{
	struct tcp_pcb *pcb;

	if (sock->pcb)
		return 0;
	pcb = tcp_new_ip_type(inet_ip_type(&sock->inet));
	if (!pcb)
		return -ENOBUFS;
	tcp_socket_attach(sock, pcb);
	return 0;
}

/* connect(2) to nobody's address means ourselves. */
static void make_definite(struct inet_end *end)
{
	if (!ip_addr_isany(&end->address))
		return;
	if (IP_IS_V4(&end->address))
		ip_addr_set_loopback(0, &end->address);
	else
		ip_addr_set_loopback(1, &end->address);
}

static int start_connecting(struct tcp_socket *sock, struct inet_end *end)
{
	int error = ensure_pcb(sock);

	if (error)
		return error;
	make_definite(end);
	if (inet_is_v6(&sock->inet) && !sock->is_bound)
		ip_addr_set_any(IP_IS_V6(&end->address), &sock->pcb->local_ip);
	sock->life = TCP_CONNECTING;
	sock->peer = *end;
	error = inet_errno(tcp_connect(sock->pcb, &end->address, end->port, on_connected));
	if (error)
		sock->life = TCP_NEW;
	else
		sock->is_bound = true;
	return error;
}

/* net_lock. -EINPROGRESS: on its way now. */
static int connect_locked(struct tcp_socket *sock, struct inet_end *end)
{
	int error;

	switch (sock->life) {
	case TCP_NEW:
		error = socket_take_error(&sock->inet.base);
		if (!error)
			error = start_connecting(sock, end);
		return error ? error : -EINPROGRESS;
	case TCP_CONNECTING:
		return -EALREADY;
	case TCP_CONNECTED:
		error = sock->is_untold ? 0 : -EISCONN;
		sock->is_untold = false;
		return error;
	default:
		return -EISCONN; /* listening */
	}
}

static int wait_connected(struct tcp_socket *sock)
{
	uint64_t timeout_ns = sock->inet.base.send_timeout_ns;
	int error =
		inet_wait(&sock->inet, sock->life != TCP_CONNECTING, socket_deadline(timeout_ns));

	if (error == -ETIMEDOUT)
		return -EINPROGRESS;
	/* The connection is made all the same: a restart would find it under way. */
	if (error)
		return sock->life == TCP_CONNECTING ? -EINTR : error;
	error = socket_take_error(&sock->inet.base);
	if (error)
		return error;
	sock->is_untold = false;
	return sock->life == TCP_CONNECTED ? 0 : -ECONNABORTED;
}

static int tcp_socket_connect(struct socket *socket, const struct socket_name *name,
			      bool is_nonblocking)
{
	struct tcp_socket *sock = tcp_of(socket);
	struct inet_end end;
	int error = inet_get_end(&sock->inet, name, &end);

	if (name->len >= sizeof(name->family) && name->family == UK_AF_UNSPEC)
		return -EOPNOTSUPP; /* a connection is not dissolved */
	if (error)
		return error;
	net_lock();
	error = connect_locked(sock, &end);
	net_unlock();
	if (is_nonblocking || (error != -EINPROGRESS && error != -EALREADY))
		return error;
	return wait_connected(sock);
}

/* --- names --------------------------------------------------------------------------------------
 */

static int tcp_socket_own_name(struct socket *socket, struct socket_name *name)
{
	struct tcp_socket *sock = tcp_of(socket);
	struct inet_end end = {.address = inet_is_v6(&sock->inet) ? *IP6_ADDR_ANY : *IP4_ADDR_ANY};

	net_lock();
	if (sock->pcb && sock->is_bound)
		end = (struct inet_end){.address = sock->pcb->local_ip,
					.port = sock->pcb->local_port};
	inet_put_end(&sock->inet, &end, name);
	net_unlock();
	return 0;
}

static int tcp_socket_peer_name(struct socket *socket, struct socket_name *name)
{
	struct tcp_socket *sock = tcp_of(socket);

	if (sock->life != TCP_CONNECTED || !sock->pcb)
		return -ENOTCONN;
	inet_put_end(&sock->inet, &sock->peer, name);
	return 0;
}

/* --- the end ------------------------------------------------------------------------------------
 */

/* net_lock. */
static int shut_locked(struct tcp_socket *sock, unsigned int how)
{
	unsigned int fresh = how & ~sock->inet.shut;

	if (sock->life == TCP_LISTENING && (how & SOCKET_SHUT_RECEIVE)) {
		struct tcp_socket *child;

		while ((child = tcp_take_pending(sock)))
			child->inet.base.ops->release(&child->inet.base);
		tcp_close(detach(sock));
		sock->life = TCP_NEW;
		sock->is_bound = false;
		return 0;
	}
	if (sock->life != TCP_CONNECTED || !sock->pcb)
		return -ENOTCONN;
	sock->inet.shut |= how;
	if (fresh & SOCKET_SHUT_SEND)
		return inet_errno(tcp_shutdown(sock->pcb, 0, 1));
	return 0;
}

static int tcp_socket_shutdown(struct socket *socket, unsigned int how)
{
	struct tcp_socket *sock = tcp_of(socket);
	int error;

	net_lock();
	error = shut_locked(sock, how);
	inet_wake(&sock->inet, EVENTS_IN | EVENTS_OUT | EPOLLHUP | EPOLLRDHUP);
	net_unlock();
	return error;
}

static bool has_sent_all(struct tcp_socket *sock)
{
	sock->lacks_room = true; /* wakes at every acknowledgement */
	return !sock->pcb || !tcp_sndqueuelen(sock->pcb);
}

/* SO_LINGER: close(2) waits until what was sent has arrived, or the time is over. */
static void linger(struct tcp_socket *sock)
{
	uint64_t deadline_ns = clock_monotonic_ns() +
			       (uint64_t)sock->inet.base.linger_seconds * (uint64_t)UK_NSEC_PER_SEC;

	net_lock();
	if (sock->pcb)
		tcp_shutdown(sock->pcb, 0, 1);
	net_unlock();
	(void)inet_wait(&sock->inet, has_sent_all(sock), deadline_ns);
}

/* What the program has not read makes the end a reset (RFC 2525, 2.17), and so does
 * SO_LINGER with no time. lwIP sees the former by its window. */
static void end_connection(struct tcp_socket *sock)
{
	bool is_unread = sock->received_bytes != 0;
	struct tcp_pcb *pcb;

	tcp_unlimit_window(sock);
	pcb = detach(sock);
	tcp_drop_received(sock);
	if (!pcb)
		return;
	if (is_unread || (sock->life == TCP_CONNECTED && !sock->inet.base.linger_seconds))
		tcp_abort(pcb);
	else if (tcp_close(pcb) != ERR_OK)
		tcp_abort(pcb);
}

static void tcp_socket_release(struct socket *socket)
{
	struct tcp_socket *sock = tcp_of(socket), *child;

	if (sock->life == TCP_CONNECTED && socket->linger_seconds > 0)
		linger(sock);
	net_lock();
	while ((child = tcp_take_pending(sock))) {
		end_connection(child);
		uk_free(child);
	}
	if (sock->life == TCP_LISTENING)
		tcp_close(detach(sock));
	else
		end_connection(sock);
	net_unlock();
	uk_free(sock);
}

static const struct socket_ops tcp_ops = {
	.send = tcp_socket_send,
	.receive = tcp_socket_receive,
	.poll = tcp_socket_poll,
	.shutdown = tcp_socket_shutdown,
	.next_bytes = tcp_socket_next_bytes,
	.bind = tcp_socket_bind,
	.listen = tcp_socket_listen,
	.accept = tcp_socket_accept,
	.connect = tcp_socket_connect,
	.own_name = tcp_socket_own_name,
	.peer_name = tcp_socket_peer_name,
	.set_option = tcp_set_option,
	.get_option = tcp_get_option,
	.release = tcp_socket_release,
};

int tcp_socket_create(unsigned int family, struct socket **socket)
{
	struct tcp_socket *sock = tcp_socket_alloc(family);
	int error;

	if (!sock)
		return -ENOMEM;
	net_lock();
	error = ensure_pcb(sock);
	net_unlock();
	if (error) {
		uk_free(sock);
		return error;
	}
	*socket = &sock->inet.base;
	return 0;
}
