/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ChaCha20 block function, RFC 8439 section 2.3. Works on words: on a little-endian machine
 * their bytes are the RFC's byte stream, which is all that the random generator needs.
 */
#include <uk/chacha20.h>

#define ROTATE(word, bits) ((word) << (bits) | (word) >> (32 - (bits)))

static inline __attribute__((always_inline)) void quarter_round(uint32_t *a, uint32_t *b,
								uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d = ROTATE(*d ^ *a, 16);
	*c += *d;
	*b = ROTATE(*b ^ *c, 12);
	*a += *b;
	*d = ROTATE(*d ^ *a, 8);
	*c += *d;
	*b = ROTATE(*b ^ *c, 7);
}

void uk_chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3],
		       uint32_t out[16])
{
	/* "expand 32-byte k" */
	uint32_t initial[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	uint32_t x[16];

	for (int i = 0; i < 8; i++)
		initial[4 + i] = key[i];
	initial[12] = counter;
	for (int i = 0; i < 3; i++)
		initial[13 + i] = nonce[i];
	for (int i = 0; i < 16; i++)
		x[i] = initial[i];
	for (int round = 0; round < 20; round += 2) {
		for (int i = 0; i < 4; i++)
			quarter_round(&x[i], &x[4 + i], &x[8 + i], &x[12 + i]);
		quarter_round(&x[0], &x[5], &x[10], &x[15]);
		quarter_round(&x[1], &x[6], &x[11], &x[12]);
		quarter_round(&x[2], &x[7], &x[8], &x[13]);
		quarter_round(&x[3], &x[4], &x[9], &x[14]);
	}
	for (int i = 0; i < 16; i++)
		out[i] = x[i] + initial[i];
}
