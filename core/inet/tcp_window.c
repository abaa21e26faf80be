/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much the other side may send: what lwIP's window has room for, or what SO_RCVBUF says. As on
 * Linux, half of the buffer is for data. Unread data and the window are together no more than that.
 */
#include <lwip/priv/tcp_priv.h>
#include "tcp.h"

static tcpwnd_size_t full_window(const struct tcp_socket *sock, const struct tcp_pcb *pcb)
{
	size_t most = TCP_WND_MAX(pcb);

	if (sock->window_limit)
		most = UK_MIN(sock->window_limit, most);
	if (uk_unlikely(net_memory_is_short()))
		most = UK_MIN(most, TCP_LIMIT_MIN);
	return (tcpwnd_size_t)most;
}

/* What there is room for beside the data that nobody has read. */
static tcpwnd_size_t room(const struct tcp_socket *sock)
{
	size_t full = full_window(sock, sock->pcb);

	return (tcpwnd_size_t)(full > sock->received_bytes ? full - sock->received_bytes : 0);
}

void tcp_open_window(struct tcp_socket *sock)
{
	struct tcp_pcb *pcb = sock->pcb;

	if (!pcb)
		return;
	pcb->rcv_wnd = UK_MAX(pcb->rcv_wnd, room(sock));
	if (tcp_update_rcv_ann_wnd(pcb) >= UK_MIN(sock->window_step, TCP_LIMIT_MIN / 2)) {
		sock->taken_bytes = 0; /* otherwise the next read looks again */
		tcp_ack_now(pcb);
		tcp_output(pcb);
	}
}

void tcp_start_window(const struct tcp_socket *sock, struct tcp_pcb *pcb)
{
	pcb->rcv_wnd = pcb->rcv_ann_wnd = full_window(sock, pcb);
}

void tcp_close_window(struct tcp_socket *sock)
{
	struct tcp_pcb *pcb = sock->pcb;

	if (pcb->rcv_wnd <= room(sock))
		return;
	tcp_free_ooseq(pcb); /* which lwIP relies on to lie in the window */
	pcb->rcv_wnd = pcb->rcv_ann_wnd = room(sock);
	pcb->rcv_ann_right_edge = pcb->rcv_nxt + pcb->rcv_wnd;
	tcp_ack_now(pcb);
}

void tcp_limit_window(struct tcp_socket *sock)
{
	sock->window_limit = UK_MAX(sock->inet.base.receive_limit / 2, TCP_LIMIT_MIN);
	sock->window_step = UK_MIN(sock->window_limit / 2, (size_t)TCP_WND_UPDATE_THRESHOLD);
	if (sock->life != TCP_CONNECTED || !sock->pcb)
		return;
	tcp_close_window(sock);
	tcp_open_window(sock);
	tcp_output(sock->pcb);
}

void tcp_unlimit_window(struct tcp_socket *sock)
{
	if (sock->pcb)
		sock->pcb->rcv_wnd = TCP_WND_MAX(sock->pcb) - (tcpwnd_size_t)sock->received_bytes;
}
