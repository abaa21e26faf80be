/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP sockets (udp(7)). */
#include <asm/socket.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <lwip/igmp.h>
#include <lwip/ip.h>
#include <lwip/mld6.h>
#include <lwip/netif.h>
#include <lwip/udp.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "datagram.h"

struct udp_socket {
	struct datagram_socket datagram;
	struct udp_pcb *pcb; /* net_lock */
	struct pbuf *corked; /* MSG_MORE; net_lock */
};

static inline struct udp_socket *udp_of(struct socket *socket)
{
	return uk_container_of(datagram_of(socket), struct udp_socket, datagram);
}

static void on_receive(void *arg, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *address,
		       u16_t port)
{
	struct udp_socket *sock = arg;
	struct inet_end from = {.address = *address, .port = port};

	(void)pcb;
	datagram_arrived(&sock->datagram, data, &from);
}

/* --- names --------------------------------------------------------------------------------------
 */

/* net_lock. */
static int bind_locked(struct udp_socket *sock, struct inet_end *end)
{
	struct datagram_socket *datagram = &sock->datagram;
	int error;

	if (datagram->is_bound)
		return -EINVAL;
	error = inet_check_own(&datagram->inet, end);
	if (error)
		return error;
	if (datagram->inet.base.reuses_address || datagram->inet.base.reuses_port)
		ip_set_option(sock->pcb, SOF_REUSEADDR);
	else
		ip_reset_option(sock->pcb, SOF_REUSEADDR);
	error = inet_errno(udp_bind(sock->pcb, &end->address, end->port));
	datagram->is_bound = !error;
	return error;
}

static int udp_socket_bind(struct socket *socket, const struct socket_name *name)
{
	struct udp_socket *sock = udp_of(socket);
	struct inet_end end;
	int error = inet_get_end(&sock->datagram.inet, name, &end);

	if (error)
		return error;
	net_lock();
	error = bind_locked(sock, &end);
	net_unlock();
	return error;
}

/* net_lock. A socket that sends first gets a port. */
static int ensure_bound(struct udp_socket *sock)
{
	struct inet_end any = {.address = inet_is_v6(&sock->datagram.inet) ? *IP6_ADDR_ANY
									   : *IP4_ADDR_ANY};

	return sock->datagram.is_bound ? 0 : bind_locked(sock, &any);
}

static int connect_locked(struct udp_socket *sock, struct inet_end *end)
{
	int error = ensure_bound(sock);

	if (error)
		return error;
	if (ip_addr_isany(&end->address))
		ip_addr_set_loopback(IP_IS_V6(&end->address), &end->address);
	if (!ip_route(&sock->pcb->local_ip, &end->address))
		return -ENETUNREACH;
	error = inet_errno(udp_connect(sock->pcb, &end->address, end->port));
	if (error)
		return error;
	/* getsockname(2) tells the address that will be used. */
	if (ip_addr_isany(&sock->pcb->local_ip)) {
		struct netif *netif = ip_route(&sock->pcb->local_ip, &end->address);
		const ip_addr_t *local = ip_netif_get_local_ip(netif, &end->address);

		if (local)
			sock->pcb->local_ip = *local;
	}
	sock->datagram.peer = *end;
	sock->datagram.is_connected = true;
	return 0;
}

static void dissolve(struct udp_socket *sock)
{
	udp_disconnect(sock->pcb);
	sock->datagram.is_connected = false;
	sock->datagram.peer = (struct inet_end){.port = 0};
}

static int udp_socket_connect(struct socket *socket, const struct socket_name *name,
			      bool is_nonblocking)
{
	struct udp_socket *sock = udp_of(socket);
	struct inet_end end;
	int error = inet_get_end(&sock->datagram.inet, name, &end);

	(void)is_nonblocking;
	net_lock();
	if (name->len >= sizeof(name->family) && name->family == UK_AF_UNSPEC) {
		dissolve(sock);
		error = 0;
	} else if (!error) {
		error = connect_locked(sock, &end);
	}
	net_unlock();
	return error;
}

static int udp_socket_own_name(struct socket *socket, struct socket_name *name)
{
	struct udp_socket *sock = udp_of(socket);
	struct inet_end end = {.address = inet_is_v6(&sock->datagram.inet) ? *IP6_ADDR_ANY
									   : *IP4_ADDR_ANY};

	net_lock();
	if (sock->datagram.is_bound)
		end = (struct inet_end){.address = sock->pcb->local_ip,
					.port = sock->pcb->local_port};
	inet_put_end(&sock->datagram.inet, &end, name);
	net_unlock();
	return 0;
}

static int udp_socket_peer_name(struct socket *socket, struct socket_name *name)
{
	struct udp_socket *sock = udp_of(socket);

	if (!sock->datagram.is_connected)
		return -ENOTCONN;
	inet_put_end(&sock->datagram.inet, &sock->datagram.peer, name);
	return 0;
}

/* --- sending ------------------------------------------------------------------------------------
 */

static int find_receiver(const struct udp_socket *sock, const struct socket_transfer *transfer,
			 struct inet_end *to)
{
	int error;

	if (!transfer->to) {
		*to = sock->datagram.peer;
		return sock->datagram.is_connected ? 0 : -EDESTADDRREQ;
	}
	error = inet_get_end(&sock->datagram.inet, transfer->to, to);
	if (!error && !to->port)
		error = -EINVAL;
	if (!error && ip_addr_isany(&to->address))
		ip_addr_set_loopback(IP_IS_V6(&to->address), &to->address);
	return error;
}

/* net_lock */
static bool is_broadcast(const struct udp_socket *sock, const ip_addr_t *to)
{
	const struct netif *netif;

	if (!IP_IS_V4(to))
		return false;
	netif = ip_route(&sock->pcb->local_ip, to);
	return netif && ip_addr_isbroadcast(to, netif);
}

/* net_lock. Takes `data` over; it was sent, or is kept until the rest of it comes. */
static int send_locked(struct udp_socket *sock, struct pbuf *data, const struct inet_end *to,
		       bool wants_more)
{
	int error = ensure_bound(sock);

	if (sock->corked) {
		pbuf_cat(sock->corked, data);
		data = sock->corked;
		sock->corked = NULL;
	}
	if (!error && wants_more) {
		sock->corked = data;
		return 0;
	}
	if (!error && !sock->datagram.inet.base.may_broadcast && is_broadcast(sock, &to->address))
		error = -EACCES;
	if (!error) {
		ip_set_option(sock->pcb, SOF_BROADCAST);
		error = inet_errno(udp_sendto(sock->pcb, data, &to->address, to->port));
	}
	pbuf_free(data);
	return error;
}

static uk_ssize_t udp_socket_send(struct socket *socket, struct socket_transfer *transfer)
{
	struct udp_socket *sock = udp_of(socket);
	size_t len = transfer->uio->resid_bytes;
	struct inet_end to;
	struct pbuf *data;
	int error = socket_take_error(socket);

	if (transfer->flags & UK_MSG_OOB)
		return -EOPNOTSUPP;
	if (!error && (sock->datagram.inet.shut & SOCKET_SHUT_SEND))
		error = -EPIPE;
	if (!error)
		error = find_receiver(sock, transfer, &to);
	if (error)
		return error;
	data = datagram_take(transfer, &error);
	if (!data)
		return error;
	net_lock();
	error = send_locked(sock, data, &to, transfer->flags & UK_MSG_MORE);
	net_unlock();
	return error ? error : (uk_ssize_t)len;
}

/* --- the rest -----------------------------------------------------------------------------------
 */

static int udp_socket_shutdown(struct socket *socket, unsigned int how)
{
	struct udp_socket *sock = udp_of(socket);
	int error = 0;

	net_lock();
	if (!sock->datagram.is_connected)
		error = -ENOTCONN; /* it takes effect all the same, as on Linux */
	sock->datagram.inet.shut |= how;
	inet_wake(&sock->datagram.inet, EVENTS_IN | EVENTS_OUT | EPOLLHUP | EPOLLRDHUP);
	net_unlock();
	return error;
}

/* IP_ADD_MEMBERSHIP takes struct ip_mreq or the longer ip_mreqn. */
static int change_membership(const void *value, size_t len, bool is_join)
{
	struct ip_mreqn request = {.imr_ifindex = 0};
	ip4_addr_t group, own;
	struct netif *netif = NULL;
	err_t error;

	if (len < sizeof(struct ip_mreq))
		return -EINVAL;
	memcpy(&request, value, UK_MIN(len, sizeof(request)));
	group.addr = request.imr_multiaddr.s_addr;
	own.addr = request.imr_address.s_addr;
	if (!ip4_addr_ismulticast(&group))
		return -EINVAL;
	if (request.imr_ifindex) {
		netif = net_if_by_index((unsigned int)request.imr_ifindex);
		if (!netif)
			return -ENODEV;
		error = is_join ? igmp_joingroup_netif(netif, &group)
				: igmp_leavegroup_netif(netif, &group);
	} else {
		error = is_join ? igmp_joingroup(&own, &group) : igmp_leavegroup(&own, &group);
	}
	return error == ERR_OK ? 0 : is_join ? -ENODEV : -EADDRNOTAVAIL;
}

static int change_membership6(const void *value, size_t len, bool is_join)
{
	struct ipv6_mreq request;
	struct netif *netif;
	ip6_addr_t group;
	err_t error;

	if (len < sizeof(request))
		return -EINVAL;
	memcpy(&request, value, sizeof(request));
	ip6_addr_set_zero(&group);
	memcpy(group.addr, &request.ipv6mr_multiaddr, sizeof(group.addr));
	if (!ip6_addr_ismulticast(&group))
		return -EINVAL;
	netif = request.ipv6mr_ifindex ? net_if_by_index((unsigned int)request.ipv6mr_ifindex)
				       : netif_default;
	if (!netif)
		return -ENODEV;
	error = is_join ? mld6_joingroup_netif(netif, &group)
			: mld6_leavegroup_netif(netif, &group);
	return error == ERR_OK ? 0 : is_join ? -ENODEV : -EADDRNOTAVAIL;
}

static int set_multicast(struct udp_socket *sock, int level, int name, const void *value,
			 size_t len)
{
	int number = 0;

	if (level == IPPROTO_IP && (name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP))
		return change_membership(value, len, name == IP_ADD_MEMBERSHIP);
	if (level == IPPROTO_IPV6 && (name == IPV6_ADD_MEMBERSHIP || name == IPV6_DROP_MEMBERSHIP))
		return change_membership6(value, len, name == IPV6_ADD_MEMBERSHIP);
	if (len >= 1 && len < sizeof(number))
		number = *(const uint8_t *)value;
	else if (socket_option_int(value, len, &number))
		return -EINVAL;
	if ((level == IPPROTO_IP && name == IP_MULTICAST_TTL) ||
	    (level == IPPROTO_IPV6 && name == IPV6_MULTICAST_HOPS)) {
		if (number < -1 || number > 255)
			return -EINVAL;
		udp_set_multicast_ttl(sock->pcb, number == -1 ? 1 : (u8_t)number);
		return 0;
	}
	if ((level == IPPROTO_IP && name == IP_MULTICAST_LOOP) ||
	    (level == IPPROTO_IPV6 && name == IPV6_MULTICAST_LOOP)) {
		if (number)
			udp_set_flags(sock->pcb, UDP_FLAGS_MULTICAST_LOOP);
		else
			udp_clear_flags(sock->pcb, UDP_FLAGS_MULTICAST_LOOP);
		return 0;
	}
	return -ENOPROTOOPT;
}

static int udp_set_option(struct socket *socket, int level, int name, const void *value, size_t len)
{
	struct udp_socket *sock = udp_of(socket);
	int error = -ENOPROTOOPT;

	if (level == SOL_SOCKET)
		return -ENOPROTOOPT;
	net_lock();
	error = datagram_set_option(&sock->datagram, level, name, value, len);
	if (error == -ENOPROTOOPT)
		error = inet_set_ip_option(&sock->datagram.inet, (struct ip_pcb *)sock->pcb, level,
					   name, value, len);
	if (error == -ENOPROTOOPT)
		error = set_multicast(sock, level, name, value, len);
	net_unlock();
	return error;
}

static int udp_get_option(struct socket *socket, int level, int name, void *value, size_t *len)
{
	struct udp_socket *sock = udp_of(socket);
	int number, error;

	net_lock();
	error = datagram_get_option(&sock->datagram, level, name, &number);
	if (!error)
		socket_put_int(number, value, len);
	else
		error = inet_get_ip_option(&sock->datagram.inet, (struct ip_pcb *)sock->pcb, level,
					   name, value, len);
	net_unlock();
	return error;
}

static void udp_socket_release(struct socket *socket)
{
	struct udp_socket *sock = udp_of(socket);

	net_lock();
	udp_remove(sock->pcb);
	if (sock->corked)
		pbuf_free(sock->corked);
	datagram_clear(&sock->datagram);
	net_unlock();
	uk_free(sock);
}

static const struct socket_ops udp_ops = {
	.send = udp_socket_send,
	.receive = datagram_receive,
	.poll = datagram_poll,
	.shutdown = udp_socket_shutdown,
	.next_bytes = datagram_next_bytes,
	.bind = udp_socket_bind,
	.connect = udp_socket_connect,
	.own_name = udp_socket_own_name,
	.peer_name = udp_socket_peer_name,
	.set_option = udp_set_option,
	.get_option = udp_get_option,
	.release = udp_socket_release,
};

int udp_socket_create(unsigned int family, struct socket **socket)
{
	struct udp_socket *sock = uk_zalloc(sizeof(*sock));

	if (!sock)
		return -ENOMEM;
	datagram_init(&sock->datagram, &udp_ops, family, UK_SOCK_DGRAM, IPPROTO_UDP);
	net_lock();
	sock->pcb = udp_new_ip_type(inet_ip_type(&sock->datagram.inet));
	if (sock->pcb) {
		udp_recv(sock->pcb, on_receive, sock);
		udp_set_flags(sock->pcb, UDP_FLAGS_MULTICAST_LOOP);
		udp_set_multicast_ttl(sock->pcb, 1);
	}
	net_unlock();
	if (!sock->pcb) {
		uk_free(sock);
		return -ENOBUFS;
	}
	*socket = &sock->datagram.inet.base;
	return 0;
}
