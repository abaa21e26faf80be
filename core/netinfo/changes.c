/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens to links and addresses, told to the groups of netlink sockets (ip(8), monitor). */
#include <linux/rtnetlink.h>
#include <lwip/netif.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "facts.h"
#include "netlink.h"
#include "rtnetlink.h"

static void tell(unsigned int group, struct nl_writer *writer)
{
	if (!writer->out.is_out_of_memory && writer->out.len)
		netlink_tell(group, (const uint8_t *)writer->out.buf, writer->out.len);
	uk_free(writer->out.buf);
}

static void tell_link(const struct netif *netif)
{
	struct nl_writer writer = {.sequence = 0};

	if (!netlink_has_listeners(RTNLGRP_LINK))
		return;
	rtnetlink_tell_link(&writer, netif);
	tell(RTNLGRP_LINK, &writer);
}

static void tell_address(unsigned int group, uint16_t type, const struct if_address *address)
{
	struct nl_writer writer = {.sequence = 0};

	if (!netlink_has_listeners(group))
		return;
	rtnetlink_put_address(&writer, type, 0, address);
	tell(group, &writer);
}

static void tell_new_ip4(const struct if_address *address, void *ctx)
{
	tell_address(RTNLGRP_IPV4_IFADDR, RTM_NEWADDR, address);
}

static void tell_old_ip4(const struct netif *netif, const ip_addr_t *address,
			 const ip_addr_t *netmask)
{
	uint32_t bytes = ip4_addr_get_u32(ip_2_ip4(address));
	uint32_t mask = ip4_addr_get_u32(ip_2_ip4(netmask));
	struct if_address old = {
		.netif = netif,
		.family = UK_AF_INET,
		.prefix_len = (uint8_t)__builtin_popcount(mask),
	};

	if (!bytes)
		return;
	memcpy(old.bytes, &bytes, sizeof(bytes));
	tell_address(RTNLGRP_IPV4_IFADDR, RTM_DELADDR, &old);
}

/* The one address whose state has changed; `ctx` is its bytes. */
static void tell_ip6(const struct if_address *address, void *ctx)
{
	if (!memcmp(address->bytes, ctx, sizeof(address->bytes)))
		tell_address(RTNLGRP_IPV6_IFADDR, RTM_NEWADDR, address);
}

/* net_lock held: lwIP's callback. */
static void changed(struct netif *netif, netif_nsc_reason_t reason,
		    const netif_ext_callback_args_t *args)
{
	if (reason & LWIP_NSC_IPV4_ADDRESS_CHANGED) {
		tell_old_ip4(netif, args->ipv4_changed.old_address, args->ipv4_changed.old_netmask);
	}
	if (reason & LWIP_NSC_IPV4_SETTINGS_CHANGED)
		if_each_address(UK_AF_INET, netif, tell_new_ip4, NULL);
	if (reason & (LWIP_NSC_LINK_CHANGED | LWIP_NSC_STATUS_CHANGED))
		tell_link(netif);
	if (reason & LWIP_NSC_IPV6_ADDR_STATE_CHANGED)
		if_each_address(
			UK_AF_INET6, netif, tell_ip6,
			(void *)netif_ip6_addr(netif, args->ipv6_addr_state_changed.addr_index));
}

int netlink_start(void)
{
	static netif_ext_callback_t callback;
	int error = net_start();

	if (error)
		return error;
	net_lock();
	if (!callback.callback_fn)
		netif_add_ext_callback(&callback, changed);
	net_unlock();
	return 0;
}
