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

/** 16 bits of a sum of words, whatever their size. Added to itself with its halves exchanged, a
 *  number's upper half is the sum of both with the carry from the top brought round. */
static inline uint16_t net_checksum_fold(uint64_t sum)
{
	uint32_t word;

	sum += sum << 32 | sum >> 32;
	word = (uint32_t)(sum >> 32);
	word += word << 16 | word >> 16;
	return (uint16_t)(word >> 16);
}

/** Would that be 0xffff? `sum` is not 0. */
static inline bool net_checksum_is_right(uint64_t sum)
{
	return sum % UINT16_MAX == 0;
}

static inline uint32_t net_load32(const void *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/** The sum over 20 bytes, not folded: an IPv4 header without options. */
static inline uint64_t net_checksum_20(const void *header)
{
	const char *p = header;

	return (uint64_t)net_load32(p) + net_load32(p + 4) + net_load32(p + 8) +
	       net_load32(p + 12) + net_load32(p + 16);
}

/** That of IPv4's pseudo header, not folded. `addresses`: source and destination, 8 bytes. */
static inline uint64_t net_checksum_pseudo4(const void *addresses, uint8_t protocol, size_t len)
{
	const char *p = addresses;

	return (uint64_t)net_load32(p) + net_load32(p + 4) + __builtin_bswap16(protocol) +
	       __builtin_bswap16((uint16_t)len);
}

#endif /* NET_CHECKSUM_H */
