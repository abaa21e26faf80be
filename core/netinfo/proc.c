/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts of /proc/net about interfaces, routes and neighbours (proc(5)), as Linux writes them.
 */
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <uk/fmt.h>
#include <uk/netinfo.h>
#include <uk/procfs.h>
#include "facts.h"
#include "proc.h"

/* Route flags of <linux/route.h> and <linux/ipv6_route.h>, which need the C library's headers. */
#define RTF_UP      0x1
#define RTF_GATEWAY 0x2
#define RTF_HOST    0x4

typedef void (*show_locked)(struct seq *seq);

/* A text about a network that cannot be brought up is its heading. */
static void show(struct seq *seq, show_locked show)
{
	if (net_start())
		return;
	net_lock();
	show(seq);
	net_unlock();
}

static void put_hex(struct seq *seq, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		seq_printf(seq, "%02x", bytes[i]);
}

static uint32_t word_of(const uint8_t *bytes)
{
	uint32_t word;

	__builtin_memcpy(&word, bytes, sizeof(word));
	return word;
}

/* --- dev ------------------------------------------------------------------------------------ */

static void show_dev(struct seq *seq)
{
	struct if_facts facts;
	struct netif *netif;

	for (unsigned int i = 0; (netif = if_next(i)); i = facts.index + 1) {
		const struct net_if_stats *stats = &facts.stats;

		if_facts(netif, &facts);
		seq_printf(seq,
			   "%6s: %7lu %7lu %4lu %4lu %4u %5u %10u %9lu %8lu %7lu %4lu %4lu %4u %5u "
			   "%7u %10u\n",
			   facts.name, stats->rx_bytes, stats->rx_packets, stats->rx_errors,
			   stats->rx_dropped, 0, 0, 0, stats->rx_multicast, stats->tx_bytes,
			   stats->tx_packets, stats->tx_errors, stats->tx_dropped, 0, 0, 0, 0);
	}
}

static void netinfo_show_dev(struct seq *seq)
{
	seq_puts(seq,
		 "Inter-|   Receive                                                |  Transmit\n"
		 " face |bytes    packets errs drop fifo frame compressed multicast|bytes    "
		 "packets errs drop fifo colls carrier compressed\n");
	show(seq, show_dev);
}

/* --- route, ipv6_route ---------------------------------------------------------------------- */

#define ROUTE_LINE 127 /* every line is that long */

static void put_route_line(struct seq *seq, const char *text)
{
	seq_printf(seq, "%-*s\n", ROUTE_LINE, text);
}

static unsigned int flags_of(const struct if_route *route)
{
	unsigned int host = route->family == UK_AF_INET ? 32 : 128;

	return RTF_UP | (route->has_gateway ? RTF_GATEWAY : 0) |
	       (route->prefix_len == host ? RTF_HOST : 0);
}

static void put_route(const struct if_route *route, void *ctx)
{
	uint32_t mask = route->prefix_len ? UINT32_MAX << (32 - route->prefix_len) : 0;
	char line[ROUTE_LINE + 1];

	uk_snprintf(line, sizeof(line), "%s\t%08X\t%08X\t%04X\t%d\t%u\t%d\t%08X\t%d\t%u\t%u",
		    net_if_name(route->netif), word_of(route->destination), word_of(route->gateway),
		    flags_of(route), 0, 0u, 0, lwip_htonl(mask), 0, 0u, 0u);
	put_route_line(ctx, line);
}

static void show_route(struct seq *seq)
{
	if_each_route(UK_AF_INET, put_route, seq);
}

static void netinfo_show_route(struct seq *seq)
{
	put_route_line(seq, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU"
			    "\tWindow\tIRTT");
	show(seq, show_route);
}

static void put_ipv6_route(const struct if_route *route, void *ctx)
{
	static const uint8_t none[16];
	struct seq *seq = ctx;

	put_hex(seq, route->destination, 16);
	seq_printf(seq, " %02x ", route->prefix_len);
	put_hex(seq, none, 16);
	seq_puts(seq, " 00 ");
	put_hex(seq, route->has_gateway ? route->gateway : none, 16);
	seq_printf(seq, " %08x %08x %08x %08x %8s\n", route->metric, 1, 0, flags_of(route),
		   net_if_name(route->netif));
}

static void show_ipv6_route(struct seq *seq)
{
	if_each_route(UK_AF_INET6, put_ipv6_route, seq);
}

static void netinfo_show_ipv6_route(struct seq *seq)
{
	show(seq, show_ipv6_route);
}

/* --- if_inet6 ------------------------------------------------------------------------------- */

/* IPV6_ADDR_LINKLOCAL and friends of Linux, not the scopes of rtnetlink. */
static unsigned int ipv6_scope(unsigned int scope)
{
	switch (scope) {
	case SCOPE_HOST:
		return 0x10;
	case SCOPE_LINK:
		return 0x20;
	case SCOPE_SITE:
		return 0x40;
	default:
		return 0;
	}
}

static void put_if_inet6(const struct if_address *address, void *ctx)
{
	unsigned int flags = (address->valid_s == LIFETIME_FOREVER ? IFA_F_PERMANENT : 0) |
			     (address->is_tentative ? IFA_F_TENTATIVE : 0) |
			     (address->is_deprecated ? IFA_F_DEPRECATED : 0);

	put_hex(ctx, address->bytes, 16);
	seq_printf(ctx, " %02x %02x %02x %02x %8s\n", netif_get_index(address->netif),
		   address->prefix_len, ipv6_scope(address->scope), flags,
		   net_if_name(address->netif));
}

static void show_if_inet6(struct seq *seq)
{
	if_each_address(UK_AF_INET6, NULL, put_if_inet6, seq);
}

static void netinfo_show_if_inet6(struct seq *seq)
{
	show(seq, show_if_inet6);
}

/* --- arp ------------------------------------------------------------------------------------ */

#define ATF_COM 0x2 /* <linux/if_arp.h>: the entry is complete */

static void put_arp(const struct if_neighbour *neighbour, void *ctx)
{
	const uint8_t *ip = neighbour->address, *mac = neighbour->mac;
	char text[16];

	uk_snprintf(text, sizeof(text), "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
	seq_printf(ctx, "%-16s 0x%-10x0x%-10x%02x:%02x:%02x:%02x:%02x:%02x     *        %s\n", text,
		   ARPHRD_ETHER, ATF_COM, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
		   net_if_name(neighbour->netif));
}

static void show_arp(struct seq *seq)
{
	if_each_neighbour(UK_AF_INET, put_arp, seq);
}

static void netinfo_show_arp(struct seq *seq)
{
	seq_puts(seq, "IP address       HW type     Flags       HW address            Mask     "
		      "Device\n");
	show(seq, show_arp);
}

/* --- which one ------------------------------------------------------------------------------ */

void netinfo_show(struct seq *seq, enum netinfo_text text)
{
	static void (*const texts[])(struct seq * seq) = {
		[NETINFO_ARP] = netinfo_show_arp,
		[NETINFO_DEV] = netinfo_show_dev,
		[NETINFO_DEV_MCAST] = netinfo_show_dev_mcast,
		[NETINFO_IF_INET6] = netinfo_show_if_inet6,
		[NETINFO_IGMP] = netinfo_show_igmp,
		[NETINFO_IGMP6] = netinfo_show_igmp6,
		[NETINFO_IPV6_ROUTE] = netinfo_show_ipv6_route,
		[NETINFO_NETLINK] = netinfo_show_netlink,
		[NETINFO_NETSTAT] = netinfo_show_netstat,
		[NETINFO_ROUTE] = netinfo_show_route,
		[NETINFO_SNMP] = netinfo_show_snmp,
	};

	texts[text](seq);
}
