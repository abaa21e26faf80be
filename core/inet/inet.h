/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the Internet sockets share (private to core/inet).
 *
 * lwIP's control blocks and everything a callback touches are guarded by net_lock(). Program memory
 * is never touched with it held: data is copied before it is taken, or after it was given back.
 * Waking is done with it held.
 */
#ifndef CORE_INET_H
#define CORE_INET_H

#include <linux/errno.h>
#include <lwip/ip_addr.h>
#include <uk/lock.h>
#include <uk/net.h>
#include <uk/socket.h>
#include <uk/wait.h>

#define EVENTS_IN  (EPOLLIN | EPOLLRDNORM)
#define EVENTS_OUT (EPOLLOUT | EPOLLWRNORM)

struct inet_socket {
	struct socket base;
	struct waitq waiters; /* for whatever happens to this socket */
	bool is_v6_only;      /* IPV6_V6ONLY */
	unsigned int shut;    /* SOCKET_SHUT_*; net_lock */
};

/** An end of a connection: as struct sockaddr_in or sockaddr_in6 in socket names. */
struct inet_end {
	ip_addr_t address;
	uint16_t port; /* host order */
};

void inet_init(struct inet_socket *sock, const struct socket_ops *ops, unsigned int family,
	       unsigned int type, int protocol);
static inline bool inet_is_v6(const struct inet_socket *sock)
{
	return sock->base.family == UK_AF_INET6;
}
static inline struct inet_socket *inet_of(struct socket *socket)
{
	return uk_container_of(socket, struct inet_socket, base);
}

/** Which packets a new control block is for: IPADDR_TYPE_V4, _V6 or _ANY. */
u8_t inet_ip_type(const struct inet_socket *sock);

/** The address a socket name holds. -EINVAL (too short, no IPv6 address for us), -EAFNOSUPPORT. */
int inet_get_end(const struct inet_socket *sock, const struct socket_name *name,
		 struct inet_end *end);
void inet_put_end(const struct inet_socket *sock, const struct inet_end *end,
		  struct socket_name *name);
/** For bind(2): the address is none, one of ours, or one we do not have (-EADDRNOTAVAIL). For an
 *  IPv6 socket that also takes IPv4, "any" becomes both. net_lock. */
int inet_check_own(const struct inet_socket *sock, struct inet_end *end);

/** lwIP's error as errno. */
int inet_errno(err_t error);

/** What has arrived is handled, if nobody has done so. */
static inline void inet_poll_network(void)
{
	if (!net_has_work())
		return;
	net_lock();
	net_poll();
	net_unlock();
}

/** Sleeps until `condition`; see waitq_wait_event(). The network is looked after first. */
#define inet_wait(sock, condition, deadline_ns)                                                    \
	({                                                                                         \
		inet_poll_network();                                                               \
		waitq_wait_event(&(sock)->waiters, condition, deadline_ns);                        \
	})

static inline void inet_wake(struct inet_socket *sock, unsigned int events)
{
	waitq_wake(&sock->waiters, events);
}

/** IPPROTO_IP, IPPROTO_IPV6 of any socket: `tos` and `ttl` are the control block's. net_lock. */
struct ip_pcb;
int inet_set_ip_option(struct inet_socket *sock, struct ip_pcb *pcb, int level, int name,
		       const void *value, size_t len);
int inet_get_ip_option(struct inet_socket *sock, const struct ip_pcb *pcb, int level, int name,
		       void *value, size_t *len);

int tcp_socket_create(unsigned int family, struct socket **socket);
int udp_socket_create(unsigned int family, struct socket **socket);
/** SOCK_RAW, or SOCK_DGRAM of ICMP: a ping socket. */
int raw_socket_create(unsigned int family, unsigned int type, int protocol, struct socket **socket);

#endif /* CORE_INET_H */
