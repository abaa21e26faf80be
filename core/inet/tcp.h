/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP sockets (private to core/inet).
 *
 *   NEW --listen--> LISTENING
 *    '--connect--> CONNECTING --> CONNECTED --> (pcb NULL: lwIP gave it up, `error` says why)
 *
 * What has arrived is a list of pbufs linked by `next`, whatever packets they came in (tot_len of
 * lwIP's chains has 16 bits). Only readers take from its head, under receive_lock; the callback
 * appends to its tail. Lock order: receive_lock or send_lock, then net_lock.
 */
#ifndef CORE_INET_TCP_H
#define CORE_INET_TCP_H

#include <lwip/tcp.h>
#include "inet.h"

enum tcp_life { TCP_NEW, TCP_LISTENING, TCP_CONNECTING, TCP_CONNECTED };

struct tcp_socket {
	struct inet_socket inet;
	struct mutex receive_lock, send_lock;
	/* net_lock */
	struct net_flow flow; /* while connected */
	struct tcp_pcb *pcb;  /* NULL: gone. A struct tcp_pcb_listen while listening */
	enum tcp_life life;
	bool is_bound, is_corked;
	bool has_ended;             /* the other side sends no more */
	bool is_untold;             /* a connection was made that no connect(2) has told of */
	bool lacks_room;            /* somebody wants to know when tcp_has_room() */
	struct pbuf *first, **tail; /* received; *tail is NULL */
	size_t received_bytes;
	size_t taken_bytes;   /* by which the window was not opened yet */
	size_t window_step;   /* it is opened by no less */
	size_t window_limit;  /* SO_RCVBUF: how far it opens; 0: as far as lwIP's */
	struct inet_end peer; /* of a connection, also when the pcb is gone */
	struct tcp_socket *listener;
	TAILQ_HEAD(, tcp_socket) pending; /* of a listener: connections to accept */
	TAILQ_ENTRY(tcp_socket) pending_link;
	unsigned int pending_count, backlog;
	/* receive_lock */
	size_t first_offset; /* bytes of `first` that were taken */
	/* options kept for reading back */
	unsigned int user_timeout_ms, defer_accept_s, notsent_low;
	u32_t keep_idle_ms, keep_interval_ms, keep_count;
	bool is_nodelay, quick_ack;
};

static inline struct tcp_socket *tcp_of(struct socket *socket)
{
	return uk_container_of(inet_of(socket), struct tcp_socket, inet);
}

/** Two segments: with less room they would wait for each other's acknowledgement. So much has a
 *  connection in either direction while there is little memory. */
#define TCP_LIMIT_MIN ((size_t)2 * TCP_MSS)

/** How many bytes may be on their way to the other side. */
static inline size_t tcp_send_limit(const struct tcp_socket *sock)
{
	size_t limit = sock->inet.base.send_limit;

	return uk_unlikely(net_memory_is_short()) ? UK_MIN(limit, TCP_LIMIT_MIN) : limit;
}

/** How many bytes may be sent now. (lwIP's tcp_sndbuf() cuts its value to 16 bits.) */
static inline size_t tcp_send_room(const struct tcp_socket *sock)
{
	const struct tcp_pcb *pcb = sock->pcb;
	size_t used, limit;

	if (!pcb || sock->life != TCP_CONNECTED || tcp_sndqueuelen(pcb) >= TCP_SND_QUEUELEN - 64)
		return 0;
	limit = tcp_send_limit(sock);
	used = TCP_SND_BUF - pcb->snd_buf;
	return used < limit ? UK_MIN((size_t)pcb->snd_buf, limit - used) : 0;
}

/** Is it so much that a writer is woken for it? Otherwise one will be: few large pieces rather than
 *  many small. */
static inline bool tcp_has_room(struct tcp_socket *sock)
{
	size_t wanted = UK_MIN((size_t)TCP_SND_BUF, tcp_send_limit(sock)) / 3;

	if (tcp_send_room(sock) >= wanted)
		return true;
	sock->lacks_room = true;
	return false;
}

/* tcp.c; net_lock for all that follow but the first */
struct tcp_socket *tcp_socket_alloc(unsigned int family);
void tcp_socket_attach(struct tcp_socket *sock, struct tcp_pcb *pcb);
int tcp_socket_bind_locked(struct tcp_socket *sock, struct inet_end *end);

/* tcp_listen.c */
int tcp_socket_listen(struct socket *socket, int backlog);
int tcp_socket_accept(struct socket *socket, bool is_nonblocking, struct socket **accepted);
/** The oldest connection that waits to be accepted; NULL: none. net_lock. */
struct tcp_socket *tcp_take_pending(struct tcp_socket *sock);

/* tcp_send.c */
uk_ssize_t tcp_socket_send(struct socket *socket, struct socket_transfer *transfer);

/* tcp_receive.c */
uk_ssize_t tcp_socket_receive(struct socket *socket, struct socket_transfer *transfer);
unsigned int tcp_socket_poll(struct socket *socket, struct poll_table *table);
size_t tcp_socket_next_bytes(struct socket *socket);
/** lwIP's callbacks for data, and the end of the list of what arrived. net_lock. */
void tcp_set_callbacks(struct tcp_socket *sock);
void tcp_drop_received(struct tcp_socket *sock);

/* tcp_window.c; net_lock */
/** Is there so much to open that it would be told the other side? */
static inline bool tcp_should_open_window(const struct tcp_socket *sock)
{
	return sock->taken_bytes >= sock->window_step ||
	       (!sock->received_bytes && sock->pcb && sock->pcb->rcv_wnd < sock->window_step);
}
/** Opens the window by all that was taken. */
void tcp_open_window(struct tcp_socket *sock);
/** Takes back what was promised beyond the limit, which Linux does not: ours is larger. What is on
 *  its way is lost, and sent again. An acknowledgement is due. */
void tcp_close_window(struct tcp_socket *sock);
/** SO_RCVBUF has been set. */
void tcp_limit_window(struct tcp_socket *sock);
/** A control block that has received nothing yet starts with the window of `sock`. */
void tcp_start_window(const struct tcp_socket *sock, struct tcp_pcb *pcb);
/** lwIP knows what the program has not read by the window: as if there were no limit. */
void tcp_unlimit_window(struct tcp_socket *sock);

/* tcp_options.c */
int tcp_set_option(struct socket *socket, int level, int name, const void *value, size_t len);
int tcp_get_option(struct socket *socket, int level, int name, void *value, size_t *len);
/** The options of `from` for a connection it accepted. net_lock. */
void tcp_inherit_options(struct tcp_socket *child, const struct tcp_socket *from);

#endif /* CORE_INET_TCP_H */
