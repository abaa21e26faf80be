/* SPDX-License-Identifier: BSD-3-Clause */
/* Entropy: a ChaCha20 generator seeded from RDRAND/RNDR, virtio-rng and timing. Never weak in
 * silence: without a hardware source a warning is logged once. */
#ifndef UK_RANDOM_H
#define UK_RANDOM_H

#include <uk/essentials.h>

void random_bytes(void *buf, size_t len);
uint64_t random_u64(void);
/** Mixes entropy in; any context. */
void random_mix(const void *data, size_t len);

/** A device that has random bytes. Asked when the generator is first used, and now and then. */
struct random_source {
	/** Up to `size` bytes; how many. Looks at most `max_polls` times more than once whether
	 * they are there. Called under the generator's lock, interrupts off. */
	size_t (*read)(struct random_source *source, void *buf, size_t size,
		       unsigned int max_polls);
	struct random_source *next; /* ours */
};
/** From now on *source is asked too. Never taken back. */
void random_add_source(struct random_source *source);

#endif /* UK_RANDOM_H */
