/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses of interfaces: what `netdev.ip=` says, one item per device in the order they were
 * found, else DHCP; and IPv6 by router advertisements. Each state is in the log at once. Nothing
 * here fails the boot: a machine without an answer runs its program without an address.
 *
 * Guarded by net_lock(), but for net_config_changed().
 */
#include <linux/errno.h>
#include <lwip/dhcp.h>
#include <lwip/netif.h>
#include <uk/fmt.h>
#include <uk/param.h>
#include <uk/string.h>
#include <uk/uts.h>
#include "net_internal.h"
#define UK_LOG_NAME "net: "
#include <uk/print.h>

#define ADDRESS_TEXT 16

static struct uk_param_list addresses;
UK_PARAM(netdev_ip, "netdev.ip", UK_PARAM_LIST, addresses,
	 "per device: ADDRESS/PREFIX[:GATEWAY[:DNS0[:DNS1[:HOSTNAME[:DOMAIN]]]]], dhcp, or off");

static netif_ext_callback_t callback;

/* --- what was asked for -------------------------------------------------------------------------
 */

static void parse_item(const char *text, struct netconf *conf)
{
	const char *why;

	if (!netconf_parse(text, conf, &why))
		return;
	uk_pr_err("netdev.ip=%s: %s; the interface gets no address\n", text, why);
	*conf = (struct netconf){.mode = NETCONF_OFF};
}

/* --- logging ------------------------------------------------------------------------------------
 */

static const char *ip4_text(uint32_t address, char text[ADDRESS_TEXT])
{
	uk_scnprintf(text, ADDRESS_TEXT, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
		     address >> 8 & 255, address & 255);
	return text;
}

static void log_address(const struct netdev *dev)
{
	const struct netconf *conf = &dev->conf;
	char address[ADDRESS_TEXT], gateway[ADDRESS_TEXT], dns[ADDRESS_TEXT];

	uk_pr_info("%s: address %s/%u, gateway %s, DNS %s%s\n", dev->name,
		   ip4_text(conf->address, address), conf->prefix_len,
		   conf->gateway ? ip4_text(conf->gateway, gateway) : "none",
		   conf->dns[0] ? ip4_text(conf->dns[0], dns) : "none",
		   conf->mode == NETCONF_DHCP ? " (DHCP)" : "");
}

static void log_start(const struct netdev *dev)
{
	static const char *const modes[] = {
		[NETCONF_DHCP] = "asking for an address (DHCP)",
		[NETCONF_STATIC] = "address as in netdev.ip=",
		[NETCONF_OFF] = "no address",
	};
	const uint8_t *mac = dev->mac;

	uk_pr_info("%s: %02x:%02x:%02x:%02x:%02x:%02x, link %s, %s\n", dev->name, mac[0], mac[1],
		   mac[2], mac[3], mac[4], mac[5], dev->is_link_up ? "up" : "down",
		   modes[dev->conf.mode]);
}

/* --- changes ------------------------------------------------------------------------------------
 */

static void take_address(struct netdev *dev)
{
	struct netconf *conf = &dev->conf;
	uint32_t mask = lwip_ntohl(ip4_addr_get_u32(netif_ip4_netmask(&dev->netif)));

	conf->address = lwip_ntohl(ip4_addr_get_u32(netif_ip4_addr(&dev->netif)));
	conf->gateway = lwip_ntohl(ip4_addr_get_u32(netif_ip4_gw(&dev->netif)));
	conf->prefix_len = (unsigned int)__builtin_popcount(mask);
	dev->is_configured = conf->address != 0;
	if (dev->is_configured)
		log_address(dev);
	else
		uk_pr_info("%s: address lost\n", dev->name);
	if (conf->gateway && (!netif_default || netif_ip4_addr(netif_default)->addr == 0))
		netif_set_default(&dev->netif);
	net_raise_task(NET_WORK_CONFIG);
}

static void log_ip6(const struct netdev *dev, int index)
{
	char text[IP6ADDR_STRLEN_MAX];

	if (!ip6_addr_ispreferred(netif_ip6_addr_state(&dev->netif, index)))
		return;
	ip6addr_ntoa_r(netif_ip6_addr(&dev->netif, index), text, sizeof(text));
	for (char *p = text; *p; p++)
		*p = lwip_tolower(*p);
	uk_pr_info("%s: address %s/64\n", dev->name, text);
}

static void changed(struct netif *netif, netif_nsc_reason_t reason,
		    const netif_ext_callback_args_t *args)
{
	struct netdev *dev;

	TAILQ_FOREACH (dev, &netdevs, link)
		if (&dev->netif == netif)
			break;
	if (!dev)
		return;
	/* LWIP_NSC_IPV4_SETTINGS_CHANGED comes with each of the three, and last. */
	if (reason & LWIP_NSC_IPV4_SETTINGS_CHANGED)
		take_address(dev);
	if (reason & LWIP_NSC_LINK_CHANGED)
		uk_pr_info("%s: link %s\n", dev->name, args->link_changed.state ? "up" : "down");
	if (reason & LWIP_NSC_IPV6_ADDR_STATE_CHANGED)
		log_ip6(dev, args->ipv6_addr_state_changed.addr_index);
}

/* --- start --------------------------------------------------------------------------------------
 */

static void set_static(struct netdev *dev)
{
	const struct netconf *conf = &dev->conf;
	ip4_addr_t address = {lwip_htonl(conf->address)}, gateway = {lwip_htonl(conf->gateway)};
	ip4_addr_t mask = {lwip_htonl(netconf_mask(conf->prefix_len))};

	netif_set_addr(&dev->netif, &address, &mask, &gateway);
}

void net_config_start(struct netdev *dev)
{
	if (!callback.callback_fn)
		netif_add_ext_callback(&callback, changed);
	dev->netif.hostname = uts_nodename;
	log_start(dev);
	if (dev->conf.mode == NETCONF_OFF)
		return;
	netif_create_ip6_linklocal_address(&dev->netif, 1);
	netif_set_ip6_autoconfig_enabled(&dev->netif, 1);
	if (dev->conf.mode == NETCONF_STATIC)
		set_static(dev);
	else if (dhcp_start(&dev->netif) != ERR_OK)
		uk_pr_err("%s: DHCP cannot be started\n", dev->name);
}

void net_config_parse(void)
{
	unsigned int i = 0;
	struct netdev *dev;

	TAILQ_FOREACH (dev, &netdevs, link) {
		parse_item(i < addresses.count ? addresses.items[i] : "", &dev->conf);
		i++;
		if (dev->conf.hostname[0])
			strlcpy(uts_nodename, dev->conf.hostname, sizeof(uts_nodename));
	}
	for (; i < addresses.count; i++)
		uk_pr_warn("netdev.ip=%s: there is no such device\n", addresses.items[i]);
}

bool net_config_is_complete(void)
{
	const struct netdev *dev;

	TAILQ_FOREACH (dev, &netdevs, link)
		if (dev->conf.mode != NETCONF_OFF && !dev->is_configured)
			return false;
	return true;
}

/* The files tell of the first interface that has name servers. */
void net_config_changed(void)
{
	struct netconf conf = {0};
	const struct netdev *dev;

	net_lock();
	TAILQ_FOREACH (dev, &netdevs, link) {
		if (!dev->is_configured)
			continue;
		if (!conf.address || (!conf.dns[0] && dev->conf.dns[0]))
			conf = dev->conf;
	}
	net_unlock();
	if (conf.address)
		net_files_update(&conf);
}
