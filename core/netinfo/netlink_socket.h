/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A socket of AF_NETLINK (private to core/netinfo).
 *
 *   netlink.c         sending and receiving, options, birth and end
 *   netlink_port.c    names: bind(2), connect(2)
 *   netlink_queue.c   what waits to be received, and who is told what; /proc/net/netlink
 *
 * netlink_lock, irq-off, guards the list of sockets, their ports, groups and queues: the network
 * tells of its changes from wherever it finds out.
 */
#ifndef NETINFO_NETLINK_SOCKET_H
#define NETINFO_NETLINK_SOCKET_H

#include <linux/netlink.h>
#include <uk/file.h>
#include <uk/lock.h>
#include <uk/poll.h>
#include <uk/socket.h>

#define EVENTS_IN  (EPOLLIN | EPOLLRDNORM)
#define EVENTS_OUT (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

struct nl_datagram {
	TAILQ_ENTRY(nl_datagram) link;
	uint32_t groups; /* it was told to; 0: an answer */
	size_t len;
	uint8_t bytes[];
};

struct netlink_socket {
	struct socket base; /* must stay first */
	struct waitq readable;
	/* netlink_lock */
	LIST_ENTRY(netlink_socket) link;
	uint32_t port, groups; /* bits; port 0: none yet */
	uint32_t peer_port, peer_groups;
	TAILQ_HEAD(, nl_datagram) queue;
	size_t queued_bytes;
	/* Switches of SOL_NETLINK. */
	bool wants_pktinfo, no_enobufs, caps_acks;
};
LIST_HEAD(netlink_sockets, netlink_socket);

extern struct spinlock netlink_lock;
extern struct netlink_sockets netlink_sockets; /* netlink_lock */

static inline struct netlink_socket *netlink_of(struct socket *socket)
{
	return (struct netlink_socket *)socket;
}

/* netlink_port.c: for socket_ops. */
int netlink_bind(struct socket *socket, const struct socket_name *name);
int netlink_connect(struct socket *socket, const struct socket_name *name, bool is_nonblocking);
int netlink_own_name(struct socket *socket, struct socket_name *name);
int netlink_peer_name(struct socket *socket, struct socket_name *name);
/** The process' pid for its first socket, then numbers that are no pids. */
void netlink_give_port(struct netlink_socket *sock);
int netlink_get_name(const struct socket_name *name, struct sockaddr_nl *addr); /* -EINVAL */
void netlink_put_name(struct socket_name *name, uint32_t port, uint32_t groups);

/* netlink_queue.c */
/** Answers, cut into datagrams. */
void netlink_enqueue_all(struct netlink_socket *sock, const uint8_t *bytes, size_t len);
/** The first one: taken out, or as a copy of its own. NULL: none, or no memory for the copy. The
 *  caller frees it. */
struct nl_datagram *netlink_next(struct netlink_socket *sock, bool is_peek);

#endif /* NETINFO_NETLINK_SOCKET_H */
