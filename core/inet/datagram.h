/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams that have arrived and wait to be read: UDP and raw sockets (private to core/inet). */
#ifndef CORE_INET_DATAGRAM_H
#define CORE_INET_DATAGRAM_H

#include <lwip/pbuf.h>
#include "inet.h"

struct datagram {
	TAILQ_ENTRY(datagram) link;
	struct pbuf *data;
	struct inet_end from;
	ip_addr_t to; /* which of our addresses */
	unsigned int if_index;
	uint8_t ttl, tos;
	uint64_t arrived_ns; /* wall clock */
};

struct datagram_queue {
	TAILQ_HEAD(, datagram) list; /* net_lock, as all here */
	size_t bytes;                /* with the cost of each */
};

struct datagram_socket {
	struct inet_socket inet;
	struct datagram_queue queue;
	struct inet_end peer; /* connect(2); port and address 0: none */
	bool is_connected, is_bound;
	bool wants_pktinfo, wants_ttl, wants_tos;
};

static inline struct datagram_socket *datagram_of(struct socket *socket)
{
	return uk_container_of(inet_of(socket), struct datagram_socket, inet);
}

void datagram_init(struct datagram_socket *sock, const struct socket_ops *ops, unsigned int family,
		   unsigned int type, int protocol);
/** From a callback: takes over `data`, or drops it when the queue is full. net_lock. */
void datagram_arrived(struct datagram_socket *sock, struct pbuf *data, const struct inet_end *from);
void datagram_clear(struct datagram_socket *sock); /* net_lock */

/* For socket_ops. */
uk_ssize_t datagram_receive(struct socket *socket, struct socket_transfer *transfer);
unsigned int datagram_poll(struct socket *socket, struct poll_table *table);
size_t datagram_next_bytes(struct socket *socket);
/** A datagram to send, copied from the program; NULL: *error. */
struct pbuf *datagram_take(struct socket_transfer *transfer, int *error);
/** IP_PKTINFO and friends; -ENOPROTOOPT. */
int datagram_set_option(struct datagram_socket *sock, int level, int name, const void *value,
			size_t len);
int datagram_get_option(struct datagram_socket *sock, int level, int name, int *number);

#endif /* CORE_INET_DATAGRAM_H */
