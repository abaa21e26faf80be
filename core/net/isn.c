/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Initial sequence numbers (RFC 6528): a clock of 4 us steps plus a keyed hash of the connection's
 * ends, so that nobody off the path can guess one, and a connection between the same ends that is
 * opened again starts above the old one. The hash is a ChaCha20 block.
 */
#include <lwip/ip_addr.h>
#include <uk/chacha20.h>
#include <uk/clock.h>
#include <uk/random.h>
#include <uk/string.h>
#include "lwip_hooks.h"

#define NS_PER_STEP 4096

/* The four words of an address; one when it is IPv4. */
static void address_words(const ip_addr_t *address, uint32_t words[4])
{
	memset(words, 0, 4 * sizeof(words[0]));
	if (IP_IS_V6(address))
		memcpy(words, ip_2_ip6(address)->addr, 4 * sizeof(words[0]));
	else
		words[0] = ip4_addr_get_u32(ip_2_ip4(address));
}

uint32_t net_tcp_isn(const ip_addr_t *local, uint16_t local_port, const ip_addr_t *remote,
		     uint16_t remote_port)
{
	static uint32_t secret[8];
	uint32_t key[8], block[16], from[4], to[4], nonce[3];

	if (!secret[0])
		random_bytes(secret, sizeof(secret));
	address_words(local, from);
	address_words(remote, to);
	memcpy(key, secret, sizeof(key));
	for (unsigned int i = 0; i < 4; i++)
		key[i] ^= from[i];
	nonce[0] = to[0];
	nonce[1] = to[1] ^ to[3];
	nonce[2] = to[2];
	uk_chacha20_block(key, (uint32_t)local_port << 16 | remote_port, nonce, block);
	return block[0] + (uint32_t)(clock_monotonic_ns() / NS_PER_STEP);
}
