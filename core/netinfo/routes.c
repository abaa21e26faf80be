/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes and neighbours; see facts.h. lwIP has no table of routes: a packet goes to the interface
 * whose network holds the destination, else to the default one and its gateway; IPv6 by prefixes
 * and routers that were advertised. What is shown is what that amounts to.
 */
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <lwip/etharp.h>
#include <lwip/ip.h>
#include <lwip/nd6.h>
#include <lwip/priv/nd6_priv.h>
#include <uk/netdev.h>
#include <uk/string.h>
#include "facts.h"

#define METRIC_KERNEL_6 256 /* Linux' for what the kernel itself makes */
#define METRIC_RA       1024

/* --- IPv4 ----------------------------------------------------------------------------------- */

static bool is_dhcp(const struct netif *netif)
{
	return uk_container_of(netif, const struct netdev, netif)->conf.mode == NETCONF_DHCP;
}

static void put_ip4(uint8_t *bytes, uint32_t address)
{
	memcpy(bytes, &address, sizeof(address));
}

/* Its own network, as the kernel makes it; not of loopback, which Linux has in another table. */
static bool link_route(const struct netif *netif, struct if_route *route)
{
	uint32_t mine = ip4_addr_get_u32(netif_ip4_addr(netif));
	uint32_t mask = ip4_addr_get_u32(netif_ip4_netmask(netif));

	if (!mine || !(netif->flags & NETIF_FLAG_ETHERNET))
		return false;
	*route = (struct if_route){
		.netif = netif,
		.family = UK_AF_INET,
		.prefix_len = (uint8_t)__builtin_popcount(mask),
		.scope = SCOPE_LINK,
		.protocol = RTPROT_KERNEL,
		.has_source = true,
	};
	put_ip4(route->destination, mine & mask);
	put_ip4(route->source, mine);
	return true;
}

static bool default_route(struct if_route *route)
{
	const struct netif *netif = netif_default;
	uint32_t gateway = netif ? ip4_addr_get_u32(netif_ip4_gw(netif)) : 0;

	if (!gateway || !(netif->flags & NETIF_FLAG_ETHERNET) ||
	    !ip4_addr_get_u32(netif_ip4_addr(netif)))
		return false;
	*route = (struct if_route){
		.netif = netif,
		.family = UK_AF_INET,
		.scope = SCOPE_UNIVERSE,
		.protocol = is_dhcp(netif) ? RTPROT_DHCP : RTPROT_BOOT,
		.has_gateway = true,
		.has_source = is_dhcp(netif),
	};
	put_ip4(route->gateway, gateway);
	put_ip4(route->source, ip4_addr_get_u32(netif_ip4_addr(netif)));
	return true;
}

static void visit_ip4(if_route_visit visit, void *ctx)
{
	struct if_route route;
	struct netif *netif;

	if (default_route(&route))
		visit(&route, ctx);
	for (unsigned int i = 0; (netif = if_next(i)); i = netif_get_index(netif) + 1u)
		if (link_route(netif, &route))
			visit(&route, ctx);
}

/* --- IPv6 ----------------------------------------------------------------------------------- */

static struct if_route ip6_route_to(const struct netif *netif, const ip6_addr_t *destination,
				    unsigned int prefix_len)
{
	struct if_route route = {
		.netif = netif,
		.family = UK_AF_INET6,
		.prefix_len = (uint8_t)prefix_len,
		.scope = SCOPE_UNIVERSE,
		.protocol = RTPROT_KERNEL,
		.metric = METRIC_KERNEL_6,
	};

	if (destination)
		memcpy(route.destination, destination->addr, prefix_len / 8);
	return route;
}

static void visit_own_ip6(if_route_visit visit, void *ctx)
{
	struct netif *netif;

	for (unsigned int i = 0; (netif = if_next(i)); i = netif_get_index(netif) + 1u) {
		const ip6_addr_t *first = netif_ip6_addr(netif, 0);
		struct if_route route;

		if (ip6_addr_isinvalid(netif_ip6_addr_state(netif, 0)))
			continue;
		route = ip6_route_to(netif, first, ip6_addr_isloopback(first) ? 128 : 64);
		visit(&route, ctx);
	}
}

static void visit_prefixes(if_route_visit visit, void *ctx)
{
	for (int i = 0; i < LWIP_ND6_NUM_PREFIXES; i++) {
		const struct nd6_prefix_list_entry *entry = &prefix_list[i];
		struct if_route route;

		if (!entry->netif || !entry->invalidation_timer)
			continue;
		route = ip6_route_to(entry->netif, &entry->prefix, 64);
		visit(&route, ctx);
	}
}

static void visit_routers(if_route_visit visit, void *ctx)
{
	for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
		const struct nd6_router_list_entry *entry = &default_router_list[i];
		struct if_route route;

		if (!entry->neighbor_entry || !entry->invalidation_timer)
			continue;
		route = ip6_route_to(entry->neighbor_entry->netif, NULL, 0);
		route.protocol = RTPROT_RA;
		route.metric = METRIC_RA;
		route.has_gateway = true;
		memcpy(route.gateway, entry->neighbor_entry->next_hop_address.addr,
		       sizeof(route.gateway));
		visit(&route, ctx);
	}
}

void if_each_route(unsigned int family, if_route_visit visit, void *ctx)
{
	if (family != UK_AF_INET6)
		visit_ip4(visit, ctx);
	if (family == UK_AF_INET)
		return;
	visit_own_ip6(visit, ctx);
	visit_prefixes(visit, ctx);
	visit_routers(visit, ctx);
}

/* --- where a packet goes -------------------------------------------------------------------- */

static bool find_ip4(uint32_t destination, struct if_route *route)
{
	const ip4_addr_t to = {destination};
	const struct netif *netif = ip4_route(&to);
	uint32_t gateway;

	if (!netif)
		return false;
	*route = (struct if_route){.netif = netif, .has_source = true};
	put_ip4(route->source, ip4_addr_get_u32(netif_ip4_addr(netif)));
	gateway = ip4_addr_get_u32(netif_ip4_gw(netif));
	if (gateway && netif->flags & NETIF_FLAG_ETHERNET &&
	    !ip4_addr_netcmp(&to, netif_ip4_addr(netif), netif_ip4_netmask(netif))) {
		route->has_gateway = true;
		put_ip4(route->gateway, gateway);
	}
	return true;
}

static bool find_ip6(const uint8_t *destination, struct if_route *route)
{
	ip6_addr_t to = {.zone = IP6_NO_ZONE};
	const ip_addr_t *source;
	struct netif *netif;

	memcpy(to.addr, destination, sizeof(to.addr));
	netif = ip6_route(IP6_ADDR_ANY6, &to);
	if (!netif)
		return false;
	*route = (struct if_route){.netif = netif};
	source = ip6_select_source_address(netif, &to);
	route->has_source = source != NULL;
	if (source)
		memcpy(route->source, ip_2_ip6(source)->addr, sizeof(route->source));
	return true;
}

bool if_find_route(unsigned int family, const uint8_t *destination, struct if_route *route)
{
	uint32_t ip4;
	bool is_found;

	memcpy(&ip4, destination, sizeof(ip4));
	is_found = family == UK_AF_INET ? find_ip4(ip4, route) : find_ip6(destination, route);
	if (!is_found)
		return false;
	route->family = (uint8_t)family;
	route->prefix_len = (uint8_t)(8 * if_address_bytes(family));
	memcpy(route->destination, destination, if_address_bytes(family));
	return true;
}

/* --- neighbours ----------------------------------------------------------------------------- */

static void visit_arp(if_neighbour_visit visit, void *ctx)
{
	for (size_t i = 0; i < ARP_TABLE_SIZE; i++) {
		struct if_neighbour neighbour = {.family = UK_AF_INET, .state = NUD_REACHABLE};
		struct eth_addr *mac;
		struct netif *netif;
		ip4_addr_t *address;

		if (!etharp_get_entry(i, &address, &netif, &mac))
			continue;
		neighbour.netif = netif;
		put_ip4(neighbour.address, ip4_addr_get_u32(address));
		memcpy(neighbour.mac, mac, MAC_BYTES);
		visit(&neighbour, ctx);
	}
}

static void visit_nd6(if_neighbour_visit visit, void *ctx)
{
	static const uint8_t states[] = {
		[ND6_INCOMPLETE] = NUD_INCOMPLETE, [ND6_REACHABLE] = NUD_REACHABLE,
		[ND6_STALE] = NUD_STALE,           [ND6_DELAY] = NUD_DELAY,
		[ND6_PROBE] = NUD_PROBE,
	};

	for (int i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++) {
		const struct nd6_neighbor_cache_entry *entry = &neighbor_cache[i];
		struct if_neighbour neighbour = {.netif = entry->netif, .family = UK_AF_INET6};

		if (entry->state == ND6_NO_ENTRY || !entry->netif)
			continue;
		neighbour.state = states[entry->state];
		neighbour.is_router = entry->isrouter;
		memcpy(neighbour.address, entry->next_hop_address.addr, sizeof(neighbour.address));
		memcpy(neighbour.mac, entry->lladdr, MAC_BYTES);
		visit(&neighbour, ctx);
	}
}

void if_each_neighbour(unsigned int family, if_neighbour_visit visit, void *ctx)
{
	if (family != UK_AF_INET6)
		visit_arp(visit, ctx);
	if (family != UK_AF_INET)
		visit_nd6(visit, ctx);
}
