/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NETLINK_ROUTE (rtnetlink(7)): links, addresses, routes and neighbours, as getifaddrs(3), ip(8),
 * Go and Java ask for them. Whatever would change something is EOPNOTSUPP.
 */
#include <linux/errno.h>
#include <linux/rtnetlink.h>
#include <uk/string.h>
#include "facts.h"
#include "rtnetlink.h"

/* What a dump is about; `family`: UK_AF_UNSPEC is all. */
struct dump {
	struct nl_writer *writer;
	uint16_t flags;       /* of each message */
	uint32_t route_flags; /* RTM_F_* */
};

/* --- links ---------------------------------------------------------------------------------- */

/* Zeroes where we count nothing. */
static void put_stats(struct nl_writer *writer, const struct net_if_stats *stats)
{
	const struct rtnl_link_stats64 full = {
		.rx_packets = stats->rx_packets,
		.tx_packets = stats->tx_packets,
		.rx_bytes = stats->rx_bytes,
		.tx_bytes = stats->tx_bytes,
		.rx_errors = stats->rx_errors,
		.tx_errors = stats->tx_errors,
		.rx_dropped = stats->rx_dropped,
		.tx_dropped = stats->tx_dropped,
		.multicast = stats->rx_multicast,
	};
	struct rtnl_link_stats half = {0};

	for (size_t i = 0; i < sizeof(half) / sizeof(uint32_t); i++) {
		uint64_t value;

		memcpy(&value, (const uint8_t *)&full + i * sizeof(value), sizeof(value));
		((uint32_t *)&half)[i] = (uint32_t)value;
	}
	nl_attribute(writer, IFLA_STATS64, &full, sizeof(full));
	nl_attribute(writer, IFLA_STATS, &half, sizeof(half));
}

static void put_link(struct nl_writer *writer, uint16_t flags, const struct netif *netif)
{
	struct ifinfomsg message = {.ifi_family = UK_AF_UNSPEC};
	struct if_facts facts;

	if_facts(netif, &facts);
	message.ifi_type = facts.type;
	message.ifi_index = (int)facts.index;
	message.ifi_flags = facts.flags;
	nl_begin(writer, RTM_NEWLINK, flags);
	nl_put(writer, &message, sizeof(message));
	nl_attribute_text(writer, IFLA_IFNAME, facts.name);
	nl_attribute_u32(writer, IFLA_TXQLEN, facts.queue_len);
	nl_attribute_u8(writer, IFLA_OPERSTATE, facts.operstate);
	nl_attribute_u8(writer, IFLA_LINKMODE, 0);
	nl_attribute_u32(writer, IFLA_MTU, facts.mtu);
	nl_attribute_u32(writer, IFLA_GROUP, 0);
	nl_attribute_u32(writer, IFLA_PROMISCUITY, 0);
	nl_attribute_u32(writer, IFLA_NUM_TX_QUEUES, 1);
	nl_attribute_u32(writer, IFLA_NUM_RX_QUEUES, 1);
	nl_attribute_u8(writer, IFLA_CARRIER, facts.has_carrier);
	nl_attribute_text(writer, IFLA_QDISC, "noqueue");
	nl_attribute(writer, IFLA_ADDRESS, facts.address, MAC_BYTES);
	nl_attribute(writer, IFLA_BROADCAST, facts.broadcast, MAC_BYTES);
	put_stats(writer, &facts.stats);
	nl_end(writer);
}

void rtnetlink_tell_link(struct nl_writer *writer, const struct netif *netif)
{
	put_link(writer, 0, netif);
}

static void dump_links(const struct dump *dump)
{
	struct netif *netif;

	for (unsigned int i = 0; (netif = if_next(i)); i = netif_get_index(netif) + 1u)
		put_link(dump->writer, dump->flags, netif);
}

/* The one that is asked for, by index or by name. ERR_PTR. */
static struct netif *find_link(const struct nlmsghdr *request)
{
	const struct ifinfomsg *wanted = NLMSG_DATA(request);
	struct netif *netif;
	const char *name;
	size_t len;

	if (nl_payload_bytes(request) < sizeof(*wanted))
		return ERR_PTR(-EINVAL);
	if (wanted->ifi_index) {
		netif = net_if_by_index((unsigned int)wanted->ifi_index);
		return netif ? netif : ERR_PTR(-ENODEV);
	}
	name = nl_find(request, sizeof(*wanted), IFLA_IFNAME, &len);
	if (!name)
		return ERR_PTR(-EINVAL);
	if (strnlen(name, len) == len)
		return ERR_PTR(-EINVAL);
	netif = net_if_by_name(name);
	return netif ? netif : ERR_PTR(-ENODEV);
}

static int get_link(struct nl_writer *writer, const struct nlmsghdr *request)
{
	struct netif *netif = find_link(request);

	if (IS_ERR(netif))
		return (int)PTR_ERR(netif);
	put_link(writer, 0, netif);
	return 0;
}

/* --- addresses ------------------------------------------------------------------------------ */

static uint32_t address_flags(const struct if_address *address)
{
	return (address->valid_s == LIFETIME_FOREVER ? IFA_F_PERMANENT : 0) |
	       (address->is_tentative ? IFA_F_TENTATIVE : 0) |
	       (address->is_deprecated ? IFA_F_DEPRECATED : 0);
}

void rtnetlink_put_address(struct nl_writer *writer, uint16_t type, uint16_t flags,
			   const struct if_address *address)
{
	const struct ifa_cacheinfo lifetimes = {.ifa_prefered = address->preferred_s,
						.ifa_valid = address->valid_s};
	const struct ifaddrmsg message = {
		.ifa_family = address->family,
		.ifa_prefixlen = address->prefix_len,
		.ifa_flags = (uint8_t)address_flags(address),
		.ifa_scope = address->scope,
		.ifa_index = netif_get_index(address->netif),
	};
	size_t len = if_address_bytes(address->family);

	nl_begin(writer, type, flags);
	nl_put(writer, &message, sizeof(message));
	nl_attribute(writer, IFA_ADDRESS, address->bytes, len);
	if (address->family == UK_AF_INET) {
		nl_attribute(writer, IFA_LOCAL, address->bytes, len);
		if (address->has_broadcast)
			nl_attribute(writer, IFA_BROADCAST, address->broadcast, len);
		nl_attribute_text(writer, IFA_LABEL, net_if_name(address->netif));
	}
	nl_attribute_u32(writer, IFA_FLAGS, address_flags(address));
	nl_attribute(writer, IFA_CACHEINFO, &lifetimes, sizeof(lifetimes));
	nl_end(writer);
}

static void dump_address(const struct if_address *address, void *ctx)
{
	const struct dump *dump = ctx;

	rtnetlink_put_address(dump->writer, RTM_NEWADDR, dump->flags, address);
}

/* --- routes --------------------------------------------------------------------------------- */

static void put_route(const struct if_route *route, void *ctx)
{
	const struct dump *dump = ctx;
	struct nl_writer *writer = dump->writer;
	size_t len = if_address_bytes(route->family);
	const struct rtmsg message = {
		.rtm_family = route->family,
		.rtm_dst_len = route->prefix_len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = route->protocol,
		.rtm_scope = route->scope,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = dump->route_flags,
	};

	nl_begin(writer, RTM_NEWROUTE, dump->flags);
	nl_put(writer, &message, sizeof(message));
	nl_attribute_u32(writer, RTA_TABLE, RT_TABLE_MAIN);
	if (route->prefix_len)
		nl_attribute(writer, RTA_DST, route->destination, len);
	if (route->metric)
		nl_attribute_u32(writer, RTA_PRIORITY, route->metric);
	if (route->has_source)
		nl_attribute(writer, RTA_PREFSRC, route->source, len);
	if (route->has_gateway)
		nl_attribute(writer, RTA_GATEWAY, route->gateway, len);
	nl_attribute_u32(writer, RTA_OIF, netif_get_index(route->netif));
	nl_end(writer);
}

/* The way to one destination. */
static int get_route(struct nl_writer *writer, const struct nlmsghdr *request)
{
	const struct rtmsg *wanted = NLMSG_DATA(request);
	const struct dump single = {.writer = writer, .route_flags = RTM_F_CLONED};
	struct if_route route;
	const void *destination;
	size_t len;

	if (nl_payload_bytes(request) < sizeof(*wanted))
		return -EINVAL;
	if (wanted->rtm_family != UK_AF_INET && wanted->rtm_family != UK_AF_INET6)
		return -EOPNOTSUPP;
	destination = nl_find(request, sizeof(*wanted), RTA_DST, &len);
	if (!destination || len != if_address_bytes(wanted->rtm_family))
		return -EINVAL;
	if (!if_find_route(wanted->rtm_family, destination, &route))
		return -ENETUNREACH;
	put_route(&route, (void *)&single);
	return 0;
}

/* --- neighbours ----------------------------------------------------------------------------- */

static void put_neighbour(const struct if_neighbour *neighbour, void *ctx)
{
	const struct dump *dump = ctx;
	const struct ndmsg message = {
		.ndm_family = neighbour->family,
		.ndm_ifindex = netif_get_index(neighbour->netif),
		.ndm_state = neighbour->state,
		.ndm_flags = neighbour->is_router ? NTF_ROUTER : 0,
		.ndm_type = RTN_UNICAST,
	};

	nl_begin(dump->writer, RTM_NEWNEIGH, dump->flags);
	nl_put(dump->writer, &message, sizeof(message));
	nl_attribute(dump->writer, NDA_DST, neighbour->address,
		     if_address_bytes(neighbour->family));
	if (neighbour->state != NUD_INCOMPLETE)
		nl_attribute(dump->writer, NDA_LLADDR, neighbour->mac, MAC_BYTES);
	nl_end(dump->writer);
}

/* --- requests ------------------------------------------------------------------------------- */

/* As on Linux, an end with a status of its own. */
static void put_done(struct nl_writer *writer)
{
	const int status = 0;

	nl_begin(writer, NLMSG_DONE, NLM_F_MULTI);
	nl_put(writer, &status, sizeof(status));
	nl_end(writer);
}

static int dump_all(struct nl_writer *writer, unsigned int type, unsigned int family)
{
	struct dump dump = {.writer = writer, .flags = NLM_F_MULTI};

	if (family != UK_AF_INET && family != UK_AF_INET6)
		family = UK_AF_UNSPEC;
	switch (type) {
	case RTM_GETLINK:
		dump_links(&dump);
		break;
	case RTM_GETADDR:
		if_each_address(family, NULL, dump_address, &dump);
		break;
	case RTM_GETROUTE:
		if_each_route(family, put_route, &dump);
		break;
	case RTM_GETNEIGH:
		if_each_neighbour(family, put_neighbour, &dump);
		break;
	default:
		return -EOPNOTSUPP;
	}
	put_done(writer);
	return 0;
}

static int answer_locked(struct nl_writer *writer, const struct nlmsghdr *request)
{
	const struct rtgenmsg *message = NLMSG_DATA(request);

	if (request->nlmsg_flags & NLM_F_DUMP)
		return dump_all(writer, request->nlmsg_type, message->rtgen_family);
	switch (request->nlmsg_type) {
	case RTM_GETLINK:
		return get_link(writer, request);
	case RTM_GETROUTE:
		return get_route(writer, request);
	default:
		return -EOPNOTSUPP;
	}
}

int rtnetlink_answer(struct nl_writer *writer, const struct nlmsghdr *request)
{
	int error;

	if (nl_payload_bytes(request) < sizeof(struct rtgenmsg))
		return 0; /* as Linux: there has to be a family at least */
	net_lock();
	error = answer_locked(writer, request);
	net_unlock();
	return error;
}
