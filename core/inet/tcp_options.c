/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of TCP sockets (tcp(7)). */
#include <asm/socket.h>
#include <linux/in.h>
#include <linux/tcp.h>
#include <lwip/priv/tcp_priv.h>
#include <uk/clock.h>
#include <uk/string.h>
#include "tcp.h"

#define KEEP_IDLE_MAX 32767
#define KEEP_CNT_MAX  127
#define DEFAULT_NAME  "reno" /* what lwIP does */

/* --- setting: net_lock --------------------------------------------------------------------------
 */

static int set_seconds(u32_t *ms, int seconds)
{
	if (seconds < 1 || seconds > KEEP_IDLE_MAX)
		return -EINVAL;
	if (ms)
		*ms = (u32_t)seconds * 1000;
	return 0;
}

static int set_congestion(const void *value, size_t len)
{
	char name[16] = "";

	memcpy(name, value, UK_MIN(len, sizeof(name) - 1));
	return strcmp(name, DEFAULT_NAME) ? -ENOENT : 0;
}

static void uncork(struct tcp_socket *sock)
{
	if (sock->pcb && sock->life == TCP_CONNECTED)
		tcp_output(sock->pcb);
}

static int set_tcp(struct tcp_socket *sock, int name, int number)
{
	/* A listening block is smaller: it has none of these fields. */
	struct tcp_pcb *pcb = sock->life == TCP_LISTENING ? NULL : sock->pcb;

	switch (name) {
	case TCP_NODELAY:
		sock->is_nodelay = number != 0;
		if (pcb && number) {
			tcp_nagle_disable(pcb);
			uncork(sock);
		} else if (pcb) {
			tcp_nagle_enable(pcb);
		}
		return 0;
	case TCP_CORK:
		sock->is_corked = number != 0;
		if (!number)
			uncork(sock);
		return 0;
	case TCP_KEEPIDLE:
		return set_seconds(&sock->keep_idle_ms, number);
	case TCP_KEEPINTVL:
		return set_seconds(&sock->keep_interval_ms, number);
	case TCP_KEEPCNT:
		if (number < 1 || number > KEEP_CNT_MAX)
			return -EINVAL;
		sock->keep_count = (u32_t)number;
		return 0;
	case TCP_MAXSEG:
		if (number < 88 || number > 32767)
			return -EINVAL;
		if (pcb)
			pcb->mss = UK_MIN(pcb->mss, (u16_t)number);
		return 0;
	case TCP_USER_TIMEOUT:
		if (number < 0)
			return -EINVAL;
		sock->user_timeout_ms = (unsigned int)number;
		return 0;
	case TCP_DEFER_ACCEPT:
		sock->defer_accept_s = (unsigned int)UK_MAX(number, 0);
		return 0;
	case TCP_NOTSENT_LOWAT:
		sock->notsent_low = (unsigned int)number;
		return 0;
	case TCP_QUICKACK:
		sock->quick_ack = number != 0;
		if (pcb && number && sock->life == TCP_CONNECTED)
			tcp_ack_now(pcb);
		return 0;
	case TCP_SYNCNT: /* one number of tries for all */
		if (number < 1 || number > 127)
			return -EINVAL;
		return number == TCP_SYNMAXRTX ? 0 : -ENOPROTOOPT;
	default: /* TCP_LINGER2, TCP_WINDOW_CLAMP too: there is nothing behind them */
		return -ENOPROTOOPT;
	}
}

/* What lwIP keeps in the control block of a connection. */
static void pass_on(struct tcp_socket *sock)
{
	struct tcp_pcb *pcb = sock->pcb;

	if (!pcb || sock->life == TCP_LISTENING)
		return;
	if (sock->inet.base.keeps_alive)
		ip_set_option(pcb, SOF_KEEPALIVE);
	else
		ip_reset_option(pcb, SOF_KEEPALIVE);
	pcb->keep_idle = sock->keep_idle_ms;
	pcb->keep_intvl = sock->keep_interval_ms;
	pcb->keep_cnt = sock->keep_count;
}

/* The common part has kept it. */
static int set_common(struct tcp_socket *sock, int name)
{
	if (name == SO_RCVBUF || name == SO_RCVBUFFORCE)
		tcp_limit_window(sock);
	else if (name != SO_KEEPALIVE)
		return -ENOPROTOOPT;
	return 0;
}

int tcp_set_option(struct socket *socket, int level, int name, const void *value, size_t len)
{
	struct tcp_socket *sock = tcp_of(socket);
	int number = 0, error;

	net_lock();
	if (level == SOL_SOCKET) {
		error = set_common(sock, name);
	} else if (level != IPPROTO_TCP) {
		error = inet_set_ip_option(&sock->inet, (struct ip_pcb *)sock->pcb, level, name,
					   value, len);
	} else if (name == TCP_CONGESTION) {
		error = set_congestion(value, len);
	} else {
		error = socket_option_int(value, len, &number);
		if (!error)
			error = set_tcp(sock, name, number);
	}
	if (!error)
		pass_on(sock);
	net_unlock();
	return error;
}

void tcp_inherit_options(struct tcp_socket *child, const struct tcp_socket *from)
{
	const struct socket *base = &from->inet.base;

	child->inet.base.keeps_alive = base->keeps_alive;
	child->inet.base.send_limit = base->send_limit;
	child->inet.base.receive_limit = base->receive_limit;
	child->inet.base.linger_seconds = base->linger_seconds;
	child->inet.base.send_timeout_ns = base->send_timeout_ns;
	child->inet.base.receive_timeout_ns = base->receive_timeout_ns;
	child->inet.base.receive_low = base->receive_low;
	child->inet.base.reuses_address = base->reuses_address;
	child->inet.base.reuses_port = base->reuses_port;
	child->window_limit = from->window_limit;
	child->window_step = from->window_step;
	child->keep_idle_ms = from->keep_idle_ms;
	child->keep_interval_ms = from->keep_interval_ms;
	child->keep_count = from->keep_count;
	child->is_nodelay = from->is_nodelay;
	child->is_corked = from->is_corked;
	child->user_timeout_ms = from->user_timeout_ms;
	if (child->is_nodelay)
		tcp_nagle_disable(child->pcb);
	pass_on(child);
}

/* --- getting: net_lock --------------------------------------------------------------------------
 */

/* Numbers of the kernel's enum (include/net/tcp_states.h). */
static uint8_t linux_state(enum tcp_state state)
{
	static const uint8_t states[] = {
		[CLOSED] = 7,      [LISTEN] = 10,    [SYN_SENT] = 2,   [SYN_RCVD] = 3,
		[ESTABLISHED] = 1, [FIN_WAIT_1] = 4, [FIN_WAIT_2] = 5, [CLOSE_WAIT] = 8,
		[CLOSING] = 11,    [LAST_ACK] = 9,   [TIME_WAIT] = 6,
	};

	return states[state];
}

static void fill_info(const struct tcp_socket *sock, struct tcp_info *info)
{
	const struct tcp_pcb *pcb = sock->pcb;

	memset(info, 0, sizeof(*info));
	info->tcpi_state = pcb ? linux_state(pcb->state) : linux_state(CLOSED);
	if (!pcb || sock->life == TCP_LISTENING) {
		info->tcpi_unacked = sock->pending_count; /* as Linux tells a listener's queue */
		info->tcpi_sacked = sock->backlog;
		return;
	}
	info->tcpi_retransmits = pcb->nrtx;
	info->tcpi_options = TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE;
	info->tcpi_snd_wscale = pcb->snd_scale;
	info->tcpi_rcv_wscale = pcb->rcv_scale;
	info->tcpi_rto = (uint32_t)(pcb->rto > 0 ? pcb->rto : 0) * TCP_SLOW_INTERVAL * 1000;
	info->tcpi_snd_mss = info->tcpi_rcv_mss = info->tcpi_advmss = pcb->mss;
	info->tcpi_unacked = tcp_sndqueuelen(pcb);
	info->tcpi_pmtu = pcb->mss + 40U;
	info->tcpi_rtt = (uint32_t)(pcb->sa > 0 ? pcb->sa >> 3 : 0) * TCP_SLOW_INTERVAL * 1000;
	info->tcpi_snd_ssthresh = pcb->ssthresh / pcb->mss;
	info->tcpi_snd_cwnd = pcb->cwnd / pcb->mss;
	info->tcpi_rcv_space = pcb->rcv_wnd;
}

static int get_tcp(const struct tcp_socket *sock, int name, int *number)
{
	const struct tcp_pcb *pcb = sock->life == TCP_LISTENING ? NULL : sock->pcb;

	switch (name) {
	case TCP_NODELAY:
		*number = sock->is_nodelay;
		return 0;
	case TCP_CORK:
		*number = sock->is_corked;
		return 0;
	case TCP_KEEPIDLE:
		*number = (int)(sock->keep_idle_ms / 1000);
		return 0;
	case TCP_KEEPINTVL:
		*number = (int)(sock->keep_interval_ms / 1000);
		return 0;
	case TCP_KEEPCNT:
		*number = (int)sock->keep_count;
		return 0;
	case TCP_MAXSEG:
		*number = pcb && sock->life == TCP_CONNECTED ? pcb->mss : 536;
		return 0;
	case TCP_USER_TIMEOUT:
		*number = (int)sock->user_timeout_ms;
		return 0;
	case TCP_DEFER_ACCEPT:
		*number = (int)sock->defer_accept_s;
		return 0;
	case TCP_NOTSENT_LOWAT:
		*number = (int)sock->notsent_low;
		return 0;
	case TCP_QUICKACK:
		*number = sock->quick_ack;
		return 0;
	case TCP_SYNCNT:
		*number = TCP_SYNMAXRTX;
		return 0;
	case TCP_FASTOPEN:
		*number = 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int get_locked(struct tcp_socket *sock, int level, int name, void *value, size_t *len)
{
	struct tcp_info info;
	int number, error;

	if (level != IPPROTO_TCP)
		return inet_get_ip_option(&sock->inet, (struct ip_pcb *)sock->pcb, level, name,
					  value, len);
	if (name == TCP_INFO) {
		fill_info(sock, &info);
		*len = UK_MIN(*len, sizeof(info));
		memcpy(value, &info, *len);
		return 0;
	}
	if (name == TCP_CONGESTION) {
		*len = UK_MIN(*len, sizeof(DEFAULT_NAME));
		memcpy(value, DEFAULT_NAME, *len);
		return 0;
	}
	error = get_tcp(sock, name, &number);
	if (!error)
		socket_put_int(number, value, len);
	return error;
}

int tcp_get_option(struct socket *socket, int level, int name, void *value, size_t *len)
{
	int error;

	net_lock();
	error = get_locked(tcp_of(socket), level, name, value, len);
	net_unlock();
	return error;
}
