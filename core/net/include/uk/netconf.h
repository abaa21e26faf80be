/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration of one interface, and `netdev.ip=`. Pure. */
#ifndef UK_NETCONF_H
#define UK_NETCONF_H

#include <uk/essentials.h>

#define NETCONF_NAME_MAX 64 /* with the NUL */
#define NETCONF_DNS_MAX  3

enum netconf_mode { NETCONF_DHCP, NETCONF_STATIC, NETCONF_OFF };

/** IPv4 addresses in host byte order; 0: none. */
struct netconf {
	enum netconf_mode mode;
	uint32_t address, gateway, dns[NETCONF_DNS_MAX];
	unsigned int prefix_len;
	char hostname[NETCONF_NAME_MAX], domain[NETCONF_NAME_MAX];
};

/**
 * "ADDRESS/PREFIX[:GATEWAY[:DNS0[:DNS1[:HOSTNAME[:DOMAIN]]]]]"; fields behind the first may be
 * empty. "dhcp" or nothing: DHCP; "off": no address. 0, or -EINVAL and *why a static text.
 */
int netconf_parse(const char *text, struct netconf *conf, const char **why);

/** a.b.c.d, decimal, the whole of `len` characters. 0 or -EINVAL. */
int netconf_parse_ip4(const char *text, size_t len, uint32_t *address);

static inline uint32_t netconf_mask(unsigned int prefix_len)
{
	return prefix_len ? UINT32_MAX << (32 - prefix_len) : 0;
}

#endif /* UK_NETCONF_H */
