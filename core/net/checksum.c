/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum (RFC 1071), 64 bytes at a time, and what a device that completes TCP
 * checksums needs to be told about a frame. Pure.
 */
#include <uk/arch/sum.h>
#include <uk/netdev_checksum.h>
#include <uk/string.h>
#include "checksum.h"

#define ETH_BYTES     14
#define ETH_TYPE_IP4  0x0800
#define ETH_TYPE_IP6  0x86dd
#define IP6_BYTES     40
#define IP4_FRAGMENT  0x3fff /* more fragments, or an offset */
#define PROTO_TCP     6
#define TCP_MIN_BYTES 20
#define TCP_CHECKSUM  16

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* Up to seven bytes that do not fill a word, in the order they have in memory. */
static inline uint64_t load_tail(const uint8_t *p, int len)
{
	uint64_t word = 0;
	uint32_t four = 0;
	uint16_t two = 0;
	int at = 0;

	if (len & 4) {
		memcpy(&four, p, sizeof(four));
		word = four;
		at = 4;
	}
	if (len & 2) {
		memcpy(&two, p + at, sizeof(two));
		word |= (uint64_t)two << 8 * at;
		at += 2;
	}
	if (len & 1)
		word |= (uint64_t)p[at] << 8 * at;
	return word;
}

uint16_t net_checksum(const void *data, int len)
{
	const uint8_t *p = data;
	uint64_t sum = 0;

	for (; len >= UKARCH_SUM_BYTES; len -= UKARCH_SUM_BYTES, p += UKARCH_SUM_BYTES)
		sum = ukarch_sum_block(sum, p);
	for (; len >= 8; len -= 8, p += 8)
		sum = ukarch_sum_word(sum, load64(p));
	if (len > 0)
		sum = ukarch_sum_word(sum, load_tail(p, len));
	return net_checksum_fold(sum);
}

/* --- checksums completed by a device ------------------------------------------------------------
 */

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* The sum over the pseudo header, in network order: what the device adds the rest to. */
static uint16_t pseudo_sum(const uint8_t *addresses, int address_bytes, uint32_t tcp_bytes)
{
	uint64_t sum = net_checksum(addresses, address_bytes);

	return net_checksum_fold(sum + __builtin_bswap16(PROTO_TCP) + __builtin_bswap32(tcp_bytes));
}

/* How many bytes the IP header has, and what the pseudo header is made of. */
struct tcp_place {
	size_t header_bytes;
	const uint8_t *addresses;
	int address_bytes;
};

static bool ip4_tcp(const uint8_t *ip, size_t len, struct tcp_place *place)
{
	if (len < 20 || ip[0] >> 4 != 4 || ip[9] != PROTO_TCP || (get16(ip + 6) & IP4_FRAGMENT))
		return false;
	place->header_bytes = (size_t)(ip[0] & 0xf) * 4;
	place->addresses = ip + 12;
	place->address_bytes = 8;
	return place->header_bytes >= 20;
}

static bool ip6_tcp(const uint8_t *ip, size_t len, struct tcp_place *place)
{
	if (len < IP6_BYTES || ip[6] != PROTO_TCP)
		return false;
	place->header_bytes = IP6_BYTES;
	place->addresses = ip + 8;
	place->address_bytes = 32;
	return true;
}

bool net_tx_checksum(uint8_t *frame, size_t len, size_t total_bytes, uint16_t *start)
{
	struct tcp_place place;
	uint16_t type = len >= ETH_BYTES ? get16(frame + 12) : 0;
	uint8_t *ip = frame + ETH_BYTES;
	uint16_t sum;
	size_t at;

	if (!((type == ETH_TYPE_IP4 && ip4_tcp(ip, len - ETH_BYTES, &place)) ||
	      (type == ETH_TYPE_IP6 && ip6_tcp(ip, len - ETH_BYTES, &place))))
		return false;
	at = ETH_BYTES + place.header_bytes;
	if (len < at + TCP_MIN_BYTES || total_bytes < at)
		return false;
	sum = pseudo_sum(place.addresses, place.address_bytes, (uint32_t)(total_bytes - at));
	memcpy(frame + at + TCP_CHECKSUM, &sum, sizeof(sum));
	*start = (uint16_t)at;
	return true;
}
