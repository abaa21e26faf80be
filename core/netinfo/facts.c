/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces and their addresses; see facts.h. */
#include <linux/netlink.h>
#include <uk/netdev.h>
#include <uk/string.h>
#include "facts.h"

#define LOOPBACK_MTU   65536 /* lwIP has no limit for it; Linux' */
#define ETHERNET_QUEUE 1000
#define LOOPBACK_QUEUE 1000

/* --- interfaces ----------------------------------------------------------------------------- */

static bool is_ethernet(const struct netif *netif)
{
	return netif->flags & NETIF_FLAG_ETHERNET;
}

void if_facts(const struct netif *netif, struct if_facts *facts)
{
	bool is_up = netif_is_up(netif), has_link = netif_is_link_up(netif);

	*facts = (struct if_facts){
		.index = netif_get_index(netif),
		.name = net_if_name(netif),
		.type = ARPHRD_LOOPBACK,
		.flags = IFF_LOOPBACK,
		.operstate = OPERSTATE_UNKNOWN,
		.has_carrier = has_link,
		.mtu = LOOPBACK_MTU,
		.queue_len = LOOPBACK_QUEUE,
	};
	if (is_up)
		facts->flags |= IFF_UP;
	if (is_up && has_link)
		facts->flags |= IFF_RUNNING | IFF_LOWER_UP;
	net_if_stats(netif, &facts->stats);
	if (!is_ethernet(netif))
		return;
	facts->type = ARPHRD_ETHER;
	facts->flags = (facts->flags & ~(uint32_t)IFF_LOOPBACK) | IFF_BROADCAST | IFF_MULTICAST;
	facts->operstate = has_link ? OPERSTATE_UP : OPERSTATE_DOWN;
	facts->mtu = netif->mtu;
	facts->queue_len = ETHERNET_QUEUE;
	memcpy(facts->address, netif->hwaddr, MAC_BYTES);
	memset(facts->broadcast, 0xff, MAC_BYTES);
}

/* lwIP's list begins with the last one. */
struct netif *if_next(unsigned int from)
{
	struct netif *netif, *best = NULL;

	NETIF_FOREACH(netif)
	{
		if (netif_get_index(netif) >= from &&
		    (!best || netif_get_index(netif) < netif_get_index(best)))
			best = netif;
	}
	return best;
}

/* --- addresses ------------------------------------------------------------------------------ */

static void visit_ip4(const struct netif *netif, if_address_visit visit, void *ctx)
{
	uint32_t mine = ip4_addr_get_u32(netif_ip4_addr(netif));
	uint32_t mask = ip4_addr_get_u32(netif_ip4_netmask(netif)), broadcast = mine | ~mask;
	struct if_address address = {
		.netif = netif,
		.family = UK_AF_INET,
		.prefix_len = (uint8_t)__builtin_popcount(mask),
		.scope = is_ethernet(netif) ? SCOPE_UNIVERSE : SCOPE_HOST,
		.valid_s = LIFETIME_FOREVER,
		.preferred_s = LIFETIME_FOREVER,
	};

	if (!mine)
		return;
	memcpy(address.bytes, &mine, sizeof(mine));
	address.has_broadcast = is_ethernet(netif) && address.prefix_len < 31;
	memcpy(address.broadcast, &broadcast, sizeof(broadcast));
	visit(&address, ctx);
}

static uint8_t ip6_scope(const ip6_addr_t *address)
{
	if (ip6_addr_isloopback(address))
		return SCOPE_HOST;
	if (ip6_addr_islinklocal(address))
		return SCOPE_LINK;
	return ip6_addr_issitelocal(address) ? SCOPE_SITE : SCOPE_UNIVERSE;
}

/* lwIP's 0 is for good; what it does not know lasts as long. */
static uint32_t lifetime(const struct netif *netif, int index, uint32_t seconds)
{
	return netif_ip6_addr_isstatic(netif, index) || seconds == IP6_ADDR_LIFE_INFINITE
		       ? LIFETIME_FOREVER
		       : seconds;
}

static void visit_ip6(const struct netif *netif, if_address_visit visit, void *ctx)
{
	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		const ip6_addr_t *mine = netif_ip6_addr(netif, i);
		uint8_t state = netif_ip6_addr_state(netif, i);
		struct if_address address = {
			.netif = netif,
			.family = UK_AF_INET6,
			.prefix_len = ip6_addr_isloopback(mine) ? 128 : 64,
			.scope = ip6_scope(mine),
			.is_tentative = ip6_addr_istentative(state),
			.is_deprecated = ip6_addr_isdeprecated(state) && is_ethernet(netif),
			.valid_s = lifetime(netif, i, netif_ip6_addr_valid_life(netif, i)),
			.preferred_s = lifetime(netif, i, netif_ip6_addr_pref_life(netif, i)),
		};

		if (ip6_addr_isinvalid(state))
			continue;
		memcpy(address.bytes, mine->addr, sizeof(address.bytes));
		visit(&address, ctx);
	}
}

void if_each_address(unsigned int family, const struct netif *only, if_address_visit visit,
		     void *ctx)
{
	struct netif *netif;

	for (unsigned int i = 0; (netif = if_next(i)); i = netif_get_index(netif) + 1u) {
		if (only && netif != only)
			continue;
		if (family != UK_AF_INET6)
			visit_ip4(netif, visit, ctx);
		if (family != UK_AF_INET)
			visit_ip6(netif, visit, ctx);
	}
}
