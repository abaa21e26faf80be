/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Raw sockets (raw(7), ipv6(7)) and ping sockets (icmp(7), SOCK_DGRAM of ICMP). Each gets a copy of
 * what arrives for its protocol; lwIP answers echo requests all the same.
 *
 * A raw IPv4 socket sees the IP header, a raw IPv6 socket does not. A ping socket sees only replies
 * to the echo requests it sent, whose identifier is its "port".
 */
#include <asm/socket.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <lwip/icmp.h>
#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/prot/icmp.h>
#include <lwip/prot/icmp6.h>
#include <lwip/raw.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "datagram.h"

#define SOL_RAW          255 /* <netinet/in.h>; the UAPI headers leave it out */
#define ICMP_FILTER      1   /* <linux/icmp.h> */
#define ICMPV6_FILTER    1   /* <linux/icmpv6.h> */
#define ICMPV6_CHECKSUM  2   /* where it is in the header */
#define ICMP6_FILTER_LEN 32

struct raw_socket {
	struct datagram_socket datagram;
	struct raw_pcb *pcb; /* net_lock, as the rest */
	bool is_ping;
	uint16_t ping_id;
	uint32_t icmp_filter; /* a bit per type that is not wanted */
	uint8_t icmp6_filter[ICMP6_FILTER_LEN];
};

static inline struct raw_socket *raw_of(struct socket *socket)
{
	return uk_container_of(datagram_of(socket), struct raw_socket, datagram);
}

/* --- arriving: net_lock -------------------------------------------------------------------------
 */

static bool is_filtered(const struct raw_socket *sock, uint8_t type)
{
	if (inet_is_v6(&sock->datagram.inet))
		return sock->pcb->protocol == IPPROTO_ICMPV6 &&
		       (sock->icmp6_filter[type / 8] >> type % 8 & 1);
	return sock->pcb->protocol == IPPROTO_ICMP && type < 32 && (sock->icmp_filter >> type & 1);
}

/* Echo replies with our identifier. `icmp` has the 8 bytes of an echo header. */
static bool is_our_reply(const struct raw_socket *sock, const struct icmp_echo_hdr *icmp)
{
	uint8_t reply = inet_is_v6(&sock->datagram.inet) ? ICMP6_TYPE_EREP : ICMP_ER;

	return icmp->type == reply && icmp->id == lwip_htons(sock->ping_id);
}

static bool is_wanted(const struct raw_socket *sock, const struct pbuf *packet, uint16_t header)
{
	struct icmp_echo_hdr icmp;
	uint16_t len = pbuf_copy_partial(packet, &icmp, sizeof(icmp), header);

	if (sock->datagram.is_connected &&
	    !ip_addr_cmp(&sock->datagram.peer.address, ip_current_src_addr()))
		return false;
	if (sock->is_ping)
		return len == sizeof(icmp) && is_our_reply(sock, &icmp);
	return !len || !is_filtered(sock, icmp.type);
}

static u8_t on_receive(void *arg, struct raw_pcb *pcb, struct pbuf *packet,
		       const ip_addr_t *address)
{
	struct raw_socket *sock = arg;
	struct inet_end from = {.address = *address};
	uint16_t header = ip_current_header_tot_len();
	struct pbuf *copy;

	(void)pcb;
	if (!is_wanted(sock, packet, header))
		return 0;
	copy = pbuf_clone(PBUF_RAW, PBUF_RAM, packet);
	if (!copy)
		return 0;
	if (sock->is_ping || inet_is_v6(&sock->datagram.inet))
		pbuf_remove_header(copy, header);
	datagram_arrived(&sock->datagram, copy, &from);
	return 0; /* others may want it, too */
}

/* --- names --------------------------------------------------------------------------------------
 */

static int raw_socket_bind(struct socket *socket, const struct socket_name *name)
{
	struct raw_socket *sock = raw_of(socket);
	struct inet_end end;
	int error = inet_get_end(&sock->datagram.inet, name, &end);

	if (error)
		return error;
	net_lock();
	error = inet_check_own(&sock->datagram.inet, &end);
	if (!error)
		error = inet_errno(raw_bind(sock->pcb, &end.address));
	if (!error && sock->is_ping && end.port)
		sock->ping_id = end.port;
	sock->datagram.is_bound = !error;
	net_unlock();
	return error;
}

static int raw_socket_connect(struct socket *socket, const struct socket_name *name,
			      bool is_nonblocking)
{
	struct raw_socket *sock = raw_of(socket);
	struct inet_end end;
	int error;

	(void)is_nonblocking;
	if (name->len >= sizeof(name->family) && name->family == UK_AF_UNSPEC) {
		sock->datagram.is_connected = false;
		return 0;
	}
	error = inet_get_end(&sock->datagram.inet, name, &end);
	if (error)
		return error;
	net_lock();
	if (!ip_route(&sock->pcb->local_ip, &end.address)) {
		error = -ENETUNREACH;
	} else {
		sock->datagram.peer = end;
		sock->datagram.is_connected = true;
	}
	net_unlock();
	return error;
}

/* A raw socket's "port" is its protocol, as Linux tells it. */
static int raw_socket_own_name(struct socket *socket, struct socket_name *name)
{
	struct raw_socket *sock = raw_of(socket);
	struct inet_end end;

	net_lock();
	end = (struct inet_end){.address = sock->pcb->local_ip,
				.port = sock->is_ping ? sock->ping_id : sock->pcb->protocol};
	if (ip_addr_isany(&end.address) && sock->datagram.is_connected) {
		struct netif *netif = ip_route(&end.address, &sock->datagram.peer.address);
		const ip_addr_t *local =
			netif ? ip_netif_get_local_ip(netif, &sock->datagram.peer.address) : NULL;

		if (local)
			end.address = *local;
	}
	inet_put_end(&sock->datagram.inet, &end, name);
	net_unlock();
	return 0;
}

static int raw_socket_peer_name(struct socket *socket, struct socket_name *name)
{
	struct raw_socket *sock = raw_of(socket);

	if (!sock->datagram.is_connected)
		return -ENOTCONN;
	inet_put_end(&sock->datagram.inet, &sock->datagram.peer, name);
	return 0;
}

/* --- sending ------------------------------------------------------------------------------------
 */

/* Only echo requests; identifier and checksum are ours. */
static int complete_ping(const struct raw_socket *sock, struct pbuf *data)
{
	struct icmp_echo_hdr *icmp = data->payload;
	bool is_v6 = inet_is_v6(&sock->datagram.inet);

	if (data->len < sizeof(*icmp) || icmp->type != (is_v6 ? ICMP6_TYPE_EREQ : ICMP_ECHO) ||
	    icmp->code)
		return -EINVAL;
	icmp->id = lwip_htons(sock->ping_id);
	icmp->chksum = 0;
	if (!is_v6) /* lwIP does the other, which needs the addresses */
		icmp->chksum = inet_chksum(icmp, data->tot_len);
	return 0;
}

static int find_receiver(const struct raw_socket *sock, const struct socket_transfer *transfer,
			 struct inet_end *to)
{
	if (transfer->to)
		return inet_get_end(&sock->datagram.inet, transfer->to, to);
	*to = sock->datagram.peer;
	return sock->datagram.is_connected ? 0 : -EDESTADDRREQ;
}

static uk_ssize_t raw_socket_send(struct socket *socket, struct socket_transfer *transfer)
{
	struct raw_socket *sock = raw_of(socket);
	size_t len = transfer->uio->resid_bytes;
	struct inet_end to;
	struct pbuf *data;
	int error = socket_take_error(socket);

	if (!error)
		error = find_receiver(sock, transfer, &to);
	if (error)
		return error;
	data = datagram_take(transfer, &error);
	if (!data)
		return error;
	net_lock();
	if (sock->is_ping)
		error = complete_ping(sock, data);
	else if (sock->pcb->chksum_reqd && sock->pcb->chksum_offset + sizeof(uint16_t) > len)
		error = -EINVAL; /* no room for the checksum */
	if (!error)
		error = inet_errno(raw_sendto(sock->pcb, data, &to.address));
	net_unlock();
	pbuf_free(data);
	return error ? error : (uk_ssize_t)len;
}

/* --- options, the end ---------------------------------------------------------------------------
 */

static int set_filter(struct raw_socket *sock, int level, int name, const void *value, size_t len)
{
	if (level == SOL_RAW && name == ICMP_FILTER) {
		if (len < sizeof(sock->icmp_filter))
			return -EINVAL;
		memcpy(&sock->icmp_filter, value, sizeof(sock->icmp_filter));
		return 0;
	}
	if (level == IPPROTO_ICMPV6 && name == ICMPV6_FILTER) {
		memcpy(sock->icmp6_filter, value, UK_MIN(len, sizeof(sock->icmp6_filter)));
		return 0;
	}
	return -ENOPROTOOPT;
}

static int set_raw(struct raw_socket *sock, int level, int name, const void *value, size_t len)
{
	int number, error = set_filter(sock, level, name, value, len);

	if (error != -ENOPROTOOPT)
		return error;
	if (level == IPPROTO_IP && name == IP_HDRINCL && !sock->is_ping) {
		error = socket_option_int(value, len, &number);
		if (!error && number)
			raw_set_flags(sock->pcb, RAW_FLAGS_HDRINCL);
		else if (!error)
			raw_clear_flags(sock->pcb, RAW_FLAGS_HDRINCL);
		return error;
	}
	if ((level == IPPROTO_IPV6 || level == SOL_RAW) && name == IPV6_CHECKSUM) {
		error = socket_option_int(value, len, &number);
		if (error || number > 65534 || (number >= 0 && number % 2))
			return -EINVAL;
		sock->pcb->chksum_reqd = number >= 0;
		sock->pcb->chksum_offset = number >= 0 ? (u16_t)number : 0;
		return 0;
	}
	error = datagram_set_option(&sock->datagram, level, name, value, len);
	return error == -ENOPROTOOPT
		       ? inet_set_ip_option(&sock->datagram.inet, (struct ip_pcb *)sock->pcb, level,
					    name, value, len)
		       : error;
}

static int raw_set_option(struct socket *socket, int level, int name, const void *value, size_t len)
{
	int error;

	if (level == SOL_SOCKET)
		return -ENOPROTOOPT;
	net_lock();
	error = set_raw(raw_of(socket), level, name, value, len);
	net_unlock();
	return error;
}

static int raw_get_option(struct socket *socket, int level, int name, void *value, size_t *len)
{
	struct raw_socket *sock = raw_of(socket);
	int number, error = 0;

	net_lock();
	if (level == SOL_RAW && name == ICMP_FILTER)
		socket_put_int((int)sock->icmp_filter, value, len);
	else if (!datagram_get_option(&sock->datagram, level, name, &number))
		socket_put_int(number, value, len);
	else
		error = inet_get_ip_option(&sock->datagram.inet, (struct ip_pcb *)sock->pcb, level,
					   name, value, len);
	net_unlock();
	return error;
}

static int raw_socket_shutdown(struct socket *socket, unsigned int how)
{
	struct raw_socket *sock = raw_of(socket);

	if (!sock->datagram.is_connected)
		return -ENOTCONN;
	net_lock();
	sock->datagram.inet.shut |= how;
	inet_wake(&sock->datagram.inet, EVENTS_IN | EVENTS_OUT | EPOLLHUP);
	net_unlock();
	return 0;
}

static void raw_socket_release(struct socket *socket)
{
	struct raw_socket *sock = raw_of(socket);

	net_lock();
	raw_remove(sock->pcb);
	datagram_clear(&sock->datagram);
	net_unlock();
	uk_free(sock);
}

static const struct socket_ops raw_ops = {
	.send = raw_socket_send,
	.receive = datagram_receive,
	.poll = datagram_poll,
	.shutdown = raw_socket_shutdown,
	.next_bytes = datagram_next_bytes,
	.bind = raw_socket_bind,
	.connect = raw_socket_connect,
	.own_name = raw_socket_own_name,
	.peer_name = raw_socket_peer_name,
	.set_option = raw_set_option,
	.get_option = raw_get_option,
	.release = raw_socket_release,
};

/* net_lock. */
static bool open_pcb(struct raw_socket *sock, int protocol)
{
	static uint16_t last_ping_id;

	sock->pcb = raw_new_ip_type(
		inet_is_v6(&sock->datagram.inet) ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4, (u8_t)protocol);
	if (!sock->pcb)
		return false;
	raw_recv(sock->pcb, on_receive, sock);
	sock->ping_id = ++last_ping_id;
	if (protocol == IPPROTO_ICMPV6) {
		sock->pcb->chksum_reqd = 1;
		sock->pcb->chksum_offset = ICMPV6_CHECKSUM;
	}
	if (protocol == IPPROTO_RAW)
		raw_set_flags(sock->pcb, RAW_FLAGS_HDRINCL);
	return true;
}

int raw_socket_create(unsigned int family, unsigned int type, int protocol, struct socket **socket)
{
	struct raw_socket *sock = uk_zalloc(sizeof(*sock));
	bool is_open;

	if (!sock)
		return -ENOMEM;
	datagram_init(&sock->datagram, &raw_ops, family, type, protocol);
	sock->is_ping = type == UK_SOCK_DGRAM;
	net_lock();
	is_open = open_pcb(sock, protocol);
	net_unlock();
	if (!is_open) {
		uk_free(sock);
		return -ENOBUFS;
	}
	*socket = &sock->datagram.inet.base;
	return 0;
}
