/* SPDX-License-Identifier: BSD-3-Clause */
/* The ChaCha20 block function (RFC 8439 section 2.3). Pure. */
#ifndef UK_CHACHA20_H
#define UK_CHACHA20_H

#include <uk/essentials.h>

#define UK_CHACHA20_KEY_BYTES   32
#define UK_CHACHA20_BLOCK_BYTES 64

/** 64 bytes of key stream. The words are those of the RFC: little-endian on the wire. */
void uk_chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3],
		       uint32_t out[16]);

#endif /* UK_CHACHA20_H */
