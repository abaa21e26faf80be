/* SPDX-License-Identifier: BSD-3-Clause */
/* Birth of Internet sockets, and what all kinds of them have in common. */
#include <linux/in.h>
#include <linux/in6.h>
#include <lwip/ip.h>
#include "inet.h"

void inet_init(struct inet_socket *sock, const struct socket_ops *ops, unsigned int family,
	       unsigned int type, int protocol)
{
	socket_init(&sock->base, ops, family, type);
	sock->base.protocol = protocol;
	waitq_init(&sock->waiters);
}

u8_t inet_ip_type(const struct inet_socket *sock)
{
	if (!inet_is_v6(sock))
		return IPADDR_TYPE_V4;
	return sock->is_v6_only ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY;
}

int inet_errno(err_t error)
{
	switch (error) {
	case ERR_OK:
		return 0;
	case ERR_MEM:
	case ERR_BUF:
		return -ENOBUFS;
	case ERR_TIMEOUT:
		return -ETIMEDOUT;
	case ERR_RTE:
		return -ENETUNREACH;
	case ERR_INPROGRESS:
		return -EINPROGRESS;
	case ERR_WOULDBLOCK:
		return -EAGAIN;
	case ERR_USE:
		return -EADDRINUSE;
	case ERR_ALREADY:
		return -EALREADY;
	case ERR_ISCONN:
		return -EISCONN;
	case ERR_CONN:
	case ERR_CLSD:
		return -ENOTCONN;
	case ERR_IF:
		return -ENETDOWN;
	case ERR_ABRT:
		return -ECONNABORTED;
	case ERR_RST:
		return -ECONNRESET;
	default:
		return -EINVAL;
	}
}

int inet_socket_create(unsigned int family, unsigned int type, int protocol, struct socket **socket)
{
	int icmp = family == UK_AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	int error;

	if (protocol < 0 || protocol > (int)UINT8_MAX)
		return -EINVAL;
	error = net_start();
	if (error)
		return error;
	switch (type) {
	case UK_SOCK_STREAM:
		return !protocol || protocol == IPPROTO_TCP ? tcp_socket_create(family, socket)
							    : -EPROTONOSUPPORT;
	case UK_SOCK_DGRAM:
		if (protocol == icmp)
			return raw_socket_create(family, type, protocol, socket);
		return !protocol || protocol == IPPROTO_UDP ? udp_socket_create(family, socket)
							    : -EPROTONOSUPPORT;
	case UK_SOCK_RAW:
		return protocol ? raw_socket_create(family, type, protocol, socket)
				: -EPROTONOSUPPORT;
	default:
		return -ESOCKTNOSUPPORT;
	}
}

/* --- IPPROTO_IP, IPPROTO_IPV6 -------------------------------------------------------------------
 */

static int set_v6_only(struct inet_socket *sock, const struct ip_pcb *pcb, int number)
{
	/* Only before an address is chosen (ipv6(7)). */
	if (!inet_is_v6(sock) || !pcb || !ip_addr_isany(&pcb->local_ip))
		return -EINVAL;
	sock->is_v6_only = number != 0;
	return 0;
}

/* -1 stands for the default. */
static int set_ttl(struct ip_pcb *pcb, int number)
{
	if (number < -1 || number == 0 || number > 255)
		return -EINVAL;
	if (pcb)
		pcb->ttl = number == -1 ? 64 : (u8_t)number;
	return 0;
}

int inet_set_ip_option(struct inet_socket *sock, struct ip_pcb *pcb, int level, int name,
		       const void *value, size_t len)
{
	int number = 0;

	/* Options of one byte may come as one (ip(7)). */
	if (len >= 1 && len < sizeof(number))
		number = *(const uint8_t *)value;
	else if (socket_option_int(value, len, &number))
		return -EINVAL;
	if (level == IPPROTO_IP) {
		switch (name) {
		case IP_TOS:
			if (pcb)
				pcb->tos = (u8_t)number;
			return 0;
		case IP_TTL:
			return set_ttl(pcb, number);
		case IP_MTU_DISCOVER:
			return number >= IP_PMTUDISC_DONT && number <= IP_PMTUDISC_OMIT ? 0
											: -EINVAL;
		case IP_RECVERR:  /* errors come by SO_ERROR; there is no queue of them */
		case IP_RETOPTS:  /* options of packets are not kept: there is */
		case IP_RECVOPTS: /* never one to tell */
		case IP_FREEBIND:
		case IP_BIND_ADDRESS_NO_PORT:
			return 0;
		default:
			return -ENOPROTOOPT;
		}
	}
	if (level == IPPROTO_IPV6 && inet_is_v6(sock)) {
		switch (name) {
		case IPV6_V6ONLY:
			return set_v6_only(sock, pcb, number);
		case IPV6_TCLASS:
			if (pcb)
				pcb->tos = (u8_t)UK_MAX(number, 0);
			return 0;
		case IPV6_UNICAST_HOPS:
			return set_ttl(pcb, number);
		case IPV6_MTU_DISCOVER:
		case IPV6_RECVERR:
			return 0;
		default:
			return -ENOPROTOOPT;
		}
	}
	return -ENOPROTOOPT;
}

int inet_get_ip_option(struct inet_socket *sock, const struct ip_pcb *pcb, int level, int name,
		       void *value, size_t *len)
{
	int number;

	if (level == IPPROTO_IP && name == IP_TOS)
		number = pcb ? pcb->tos : 0;
	else if (level == IPPROTO_IP && name == IP_TTL)
		number = pcb ? pcb->ttl : 64;
	else if (level == IPPROTO_IP && name == IP_MTU_DISCOVER)
		number = IP_PMTUDISC_WANT;
	else if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY && inet_is_v6(sock))
		number = sock->is_v6_only;
	else if (level == IPPROTO_IPV6 && name == IPV6_TCLASS && inet_is_v6(sock))
		number = pcb ? pcb->tos : 0;
	else if (level == IPPROTO_IPV6 && name == IPV6_UNICAST_HOPS && inet_is_v6(sock))
		number = pcb ? pcb->ttl : 64;
	else
		return -ENOPROTOOPT;
	socket_put_int(number, value, len);
	return 0;
}
