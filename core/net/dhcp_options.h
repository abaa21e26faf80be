/* SPDX-License-Identifier: BSD-3-Clause */
/* DHCP options as bytes (RFC 2132). Pure. */
#ifndef DHCP_OPTIONS_H
#define DHCP_OPTIONS_H

#include <uk/essentials.h>

/** Adds `count` codes to the parameter request list in options[0 .. len), which may grow to `max`.
 *  Returns the new length; the old one when there is no list or no room. */
uint16_t dhcp_request_options(uint8_t *options, uint16_t len, uint16_t max, const uint8_t *codes,
			      uint8_t count);

/** May this stand behind "search " in resolv.conf(5)? It comes from the network. */
bool dhcp_domain_is_valid(const char *domain);

#endif /* DHCP_OPTIONS_H */
