/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Internet checksums (RFC 1071). Pure. Sums are of one's complement, not inverted, and in network
 * order; what has its checksum in it sums up to 0xffff.
 */
#ifndef NET_CHECKSUM_H
#define NET_CHECKSUM_H

#include <uk/essentials.h>
#include <uk/string.h>

/** The sum over `len` bytes; as lwIP wants it. */
uint16_t net_checksum(const void *data, int len);

/** 16 bits of a sum of words, whatever their size. */
static inline uint16_t net_checksum_fold(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

static inline uint32_t net_load32(const void *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/** The sum over 20 bytes: an IPv4 header without options. */
static inline uint16_t net_checksum_20(const void *header)
{
	const char *p = header;

	return net_checksum_fold((uint64_t)net_load32(p) + net_load32(p + 4) + net_load32(p + 8) +
				 net_load32(p + 12) + net_load32(p + 16));
}

/** `sum` and that of IPv4's pseudo header. `addresses`: source and destination, 8 bytes. */
static inline uint16_t net_checksum_pseudo4(const void *addresses, uint8_t protocol, size_t len,
					    uint16_t sum)
{
	const char *p = addresses;

	return net_checksum_fold((uint64_t)sum + net_load32(p) + net_load32(p + 4) +
				 __builtin_bswap16(protocol) + __builtin_bswap16((uint16_t)len));
}

#endif /* NET_CHECKSUM_H */
