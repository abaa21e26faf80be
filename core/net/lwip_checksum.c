/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The functions of <lwip/inet_chksum.h> in place of lwIP's own: most packets are in one piece, and
 * headers are summed by words. The checksums of the partial forms nobody here asks for.
 */
#include <lwip/inet_chksum.h>
#include <lwip/pbuf.h>
#include "checksum.h"

/* The sum over a chain: what follows an odd number of bytes has its halves exchanged. */
static uint16_t sum_chain(const struct pbuf *p)
{
	uint64_t sum = 0;
	bool is_odd = false;

	if (!p->next)
		return net_checksum(p->payload, p->len);
	for (; p; p = p->next) {
		uint16_t part = net_checksum(p->payload, p->len);

		sum += is_odd ? __builtin_bswap16(part) : part;
		is_odd ^= p->len & 1;
	}
	return net_checksum_fold(sum);
}

u16_t inet_chksum(const void *data, u16_t len)
{
	return (u16_t)~net_checksum(data, len);
}

u16_t inet_chksum_pbuf(struct pbuf *p)
{
	return (u16_t)~sum_chain(p);
}

static u16_t with_pseudo_header(const struct pbuf *p, u8_t protocol, u16_t len, uint64_t addresses)
{
	return (u16_t)~net_checksum_fold(addresses + sum_chain(p) + __builtin_bswap16(protocol) +
					 __builtin_bswap16(len));
}

u16_t ip6_chksum_pseudo(struct pbuf *p, u8_t protocol, u16_t len, const ip6_addr_t *src,
			const ip6_addr_t *dst)
{
	uint64_t addresses = 0;

	for (int i = 0; i < 4; i++)
		addresses += (uint64_t)src->addr[i] + dst->addr[i];
	return with_pseudo_header(p, protocol, len, addresses);
}

u16_t ip_chksum_pseudo(struct pbuf *p, u8_t protocol, u16_t len, const ip_addr_t *src,
		       const ip_addr_t *dst)
{
	if (IP_IS_V6(dst))
		return ip6_chksum_pseudo(p, protocol, len, ip_2_ip6(src), ip_2_ip6(dst));
	return with_pseudo_header(p, protocol, len,
				  (uint64_t)ip4_addr_get_u32(ip_2_ip4(src)) +
					  ip4_addr_get_u32(ip_2_ip4(dst)));
}
