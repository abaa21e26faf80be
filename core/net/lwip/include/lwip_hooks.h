/* SPDX-License-Identifier: BSD-3-Clause */
/* Where lwIP asks us. */
#ifndef LWIP_HOOKS_H
#define LWIP_HOOKS_H

#include "lwip/ip_addr.h"

struct pbuf;

/* core/net/isn.c: the first sequence number of a connection. */
uint32_t net_tcp_isn(const ip_addr_t *local, uint16_t local_port, const ip_addr_t *remote,
		     uint16_t remote_port);
#define LWIP_HOOK_TCP_ISN net_tcp_isn

/* core/net/dhcp.c: options that lwIP itself has no use for. */
void net_dhcp_option(uint8_t option, uint8_t len, struct pbuf *p, uint16_t offset);
#define LWIP_HOOK_DHCP_PARSE_OPTION(netif, dhcp, state, msg, msg_type, option, len, pbuf, offset)  \
	net_dhcp_option(option, len, pbuf, offset)
/* Asks for them. */
void net_dhcp_append(uint8_t *options, uint16_t *len);
#define LWIP_HOOK_DHCP_APPEND_OPTIONS(netif, dhcp, state, msg, msg_type, len)                      \
	net_dhcp_append((msg)->options, len)

#endif /* LWIP_HOOKS_H */
