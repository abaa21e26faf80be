/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses of lwIP as struct sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)), and back. An IPv6
 * socket sees IPv4 peers by their mapped addresses (RFC 4291, 2.5.5.2).
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <uk/string.h>
#include "inet.h"

static bool is_mapped(const struct in6_addr *address)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(address, prefix, sizeof(prefix));
}

static int get_v4(const struct socket_name *name, struct inet_end *end)
{
	struct sockaddr_in in;

	if (name->len < sizeof(in))
		return -EINVAL;
	memcpy(&in, name->bytes, sizeof(in));
	ip_addr_set_ip4_u32(&end->address, in.sin_addr.s_addr);
	end->port = lwip_ntohs(in.sin_port);
	return 0;
}

/* sin6_scope_id is optional (RFC 2133's shorter form is still around). */
static int get_v6(const struct inet_socket *sock, const struct socket_name *name,
		  struct inet_end *end)
{
	struct sockaddr_in6 in6;
	uint32_t v4;

	if (name->len < offsetof(struct sockaddr_in6, sin6_scope_id))
		return -EINVAL;
	memset(&in6, 0, sizeof(in6));
	memcpy(&in6, name->bytes, UK_MIN(name->len, sizeof(in6)));
	end->port = lwip_ntohs(in6.sin6_port);
	if (is_mapped(&in6.sin6_addr)) {
		memcpy(&v4, &in6.sin6_addr.s6_addr[12], sizeof(v4));
		ip_addr_set_ip4_u32(&end->address, v4);
		return sock->is_v6_only ? -EINVAL : 0;
	}
	ip_addr_set_zero_ip6(&end->address);
	memcpy(ip_2_ip6(&end->address)->addr, &in6.sin6_addr, sizeof(in6.sin6_addr));
	if (ip6_addr_has_scope(ip_2_ip6(&end->address), IP6_UNKNOWN))
		ip6_addr_set_zone(ip_2_ip6(&end->address), (u8_t)in6.sin6_scope_id);
	return 0;
}

int inet_get_end(const struct inet_socket *sock, const struct socket_name *name,
		 struct inet_end *end)
{
	if (name->len < sizeof(name->family))
		return -EINVAL;
	if (name->family != sock->base.family)
		return -EAFNOSUPPORT;
	return inet_is_v6(sock) ? get_v6(sock, name, end) : get_v4(name, end);
}

static void put_v6(const struct inet_end *end, struct sockaddr_in6 *in6)
{
	uint32_t v4;

	if (IP_IS_V6(&end->address)) {
		const ip6_addr_t *address = ip_2_ip6(&end->address);

		memcpy(&in6->sin6_addr, address->addr, sizeof(in6->sin6_addr));
		in6->sin6_scope_id = ip6_addr_zone(address);
		return;
	}
	v4 = ip4_addr_get_u32(ip_2_ip4(&end->address));
	/* "Any" of a socket that takes both kinds is IPv6's. */
	if (!v4)
		return;
	in6->sin6_addr.s6_addr[10] = in6->sin6_addr.s6_addr[11] = 0xff;
	memcpy(&in6->sin6_addr.s6_addr[12], &v4, sizeof(v4));
}

void inet_put_end(const struct inet_socket *sock, const struct inet_end *end,
		  struct socket_name *name)
{
	if (inet_is_v6(sock)) {
		struct sockaddr_in6 in6 = {.sin6_family = UK_AF_INET6,
					   .sin6_port = lwip_htons(end->port)};

		put_v6(end, &in6);
		memcpy(name->bytes, &in6, sizeof(in6));
		name->len = sizeof(in6);
	} else {
		struct sockaddr_in in = {.sin_family = UK_AF_INET,
					 .sin_port = lwip_htons(end->port)};

		in.sin_addr.s_addr = ip4_addr_get_u32(ip_2_ip4(&end->address));
		memcpy(name->bytes, &in, sizeof(in));
		name->len = sizeof(in);
	}
}

/* Is it an address of one of our interfaces? All of 127/8 is. */
static bool is_ours(const ip_addr_t *address)
{
	struct netif *netif;

	if (ip_addr_ismulticast(address))
		return true;
	if (IP_IS_V4(address) && ip4_addr_isloopback(ip_2_ip4(address)))
		return true;
	NETIF_FOREACH(netif)
	{
		if (IP_IS_V4(address) && ip4_addr_cmp(netif_ip4_addr(netif), ip_2_ip4(address)))
			return true;
		if (IP_IS_V6(address) && netif_get_ip6_addr_match(netif, ip_2_ip6(address)) >= 0)
			return true;
	}
	return false;
}

int inet_check_own(const struct inet_socket *sock, struct inet_end *end)
{
	if (!ip_addr_isany(&end->address))
		return is_ours(&end->address) ? 0 : -EADDRNOTAVAIL;
	if (IP_IS_V6(&end->address) && !sock->is_v6_only)
		end->address = *IP_ANY_TYPE;
	return 0;
}
