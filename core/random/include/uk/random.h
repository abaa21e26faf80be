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

#endif /* UK_RANDOM_H */
