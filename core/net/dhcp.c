/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DHCP options that lwIP's client neither asks for nor reads (RFC 2132): name servers and the
 * domain. Under net_lock().
 */
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/prot/dhcp.h>
#include <uk/string.h>
#include "lwip_hooks.h"
#include "dhcp_options.h"
#include "net_internal.h"

#define OPTION_DNS    6
#define OPTION_DOMAIN 15

static void take_servers(struct netconf *conf, const struct pbuf *p, uint8_t len, uint16_t offset)
{
	unsigned int count = UK_MIN(len / 4U, (unsigned int)NETCONF_DNS_MAX);
	uint32_t servers[NETCONF_DNS_MAX] = {0};

	if (!count || pbuf_copy_partial(p, servers, (u16_t)(4 * count), offset) != 4 * count)
		return;
	for (unsigned int i = 0; i < NETCONF_DNS_MAX; i++)
		conf->dns[i] = lwip_ntohl(servers[i]);
}

/* lwIP's "current" interface is whichever accepts broadcasts; the one that received counts. */
void net_dhcp_option(uint8_t option, uint8_t len, struct pbuf *p, uint16_t offset)
{
	struct netconf *conf = &netdev_of(ip_current_input_netif())->conf;
	char domain[NETCONF_NAME_MAX];

	if (option == OPTION_DNS) {
		take_servers(conf, p, len, offset);
	} else if (option == OPTION_DOMAIN && len < sizeof(domain) &&
		   pbuf_copy_partial(p, domain, len, offset) == len) {
		domain[len] = '\0';
		if (dhcp_domain_is_valid(domain))
			strlcpy(conf->domain, domain, sizeof(conf->domain));
	}
}

void net_dhcp_append(uint8_t *options, uint16_t *len)
{
	static const uint8_t wanted[] = {OPTION_DNS, OPTION_DOMAIN};

	*len = dhcp_request_options(options, *len, DHCP_OPTIONS_LEN - 1, wanted, sizeof(wanted));
}
