/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The facts, out of lwIP's structures, in the terms of Linux' interfaces; everything that shows
 * them gets them here. net_lock() is held for all of this. Addresses are in network byte order.
 */
#ifndef NETINFO_FACTS_H
#define NETINFO_FACTS_H

#include <lwip/netif.h>
#include <uk/net.h>
#include <uk/socket.h>

/* <linux/if.h> and <linux/if_arp.h> need the C library's headers. */
#define IFF_UP            0x1
#define IFF_BROADCAST     0x2
#define IFF_LOOPBACK      0x8
#define IFF_RUNNING       0x40
#define IFF_MULTICAST     0x1000
#define IFF_LOWER_UP      0x10000
#define ARPHRD_ETHER      1
#define ARPHRD_LOOPBACK   772
#define OPERSTATE_UNKNOWN 0
#define OPERSTATE_DOWN    2
#define OPERSTATE_UP      6

#define MAC_BYTES 6

struct if_facts {
	unsigned int index;
	const char *name;
	uint32_t flags; /* IFF_* */
	uint16_t type;  /* ARPHRD_* */
	uint8_t operstate;
	bool has_carrier;
	uint32_t mtu, queue_len;
	uint8_t address[MAC_BYTES], broadcast[MAC_BYTES];
	struct net_if_stats stats;
};
void if_facts(const struct netif *netif, struct if_facts *facts);
/** The interface with the lowest index >= from, or NULL. */
struct netif *if_next(unsigned int from);

/** Bytes of an address of this family. */
static inline size_t if_address_bytes(unsigned int family)
{
	return family == UK_AF_INET ? 4 : 16;
}

/** Values of enum rt_scope_t of <linux/rtnetlink.h>. */
enum if_scope { SCOPE_UNIVERSE = 0, SCOPE_SITE = 200, SCOPE_LINK = 253, SCOPE_HOST = 254 };

#define LIFETIME_FOREVER UINT32_MAX

struct if_address {
	const struct netif *netif;
	uint8_t family, prefix_len, scope;
	bool is_tentative, is_deprecated, has_broadcast;
	uint8_t bytes[16], broadcast[4];
	uint32_t valid_s, preferred_s; /* LIFETIME_FOREVER: for good */
};
typedef void (*if_address_visit)(const struct if_address *address, void *ctx);
/** Each address of this family (UK_AF_UNSPEC: both) of one interface (NULL: all). */
void if_each_address(unsigned int family, const struct netif *netif, if_address_visit visit,
		     void *ctx);

struct if_route {
	const struct netif *netif;
	uint8_t family, prefix_len, scope;
	uint8_t protocol; /* RTPROT_* */
	bool has_gateway, has_source;
	uint8_t destination[16], gateway[16], source[16];
	uint32_t metric;
};
typedef void (*if_route_visit)(const struct if_route *route, void *ctx);
void if_each_route(unsigned int family, if_route_visit visit, void *ctx);
/** The way that packets to `destination` take. false: there is none. */
bool if_find_route(unsigned int family, const uint8_t *destination, struct if_route *route);

struct if_neighbour {
	const struct netif *netif;
	uint8_t family;
	bool is_router;
	uint16_t state; /* NUD_* */
	uint8_t address[16], mac[MAC_BYTES];
};
typedef void (*if_neighbour_visit)(const struct if_neighbour *neighbour, void *ctx);
void if_each_neighbour(unsigned int family, if_neighbour_visit visit, void *ctx);

#endif /* NETINFO_FACTS_H */
