/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtqueue on the build host, and the heap and log it needs. */
#ifndef TEST_RING_H
#define TEST_RING_H

#include <uk/virtq.h>

struct ring {
	struct virtq vq;
	void *memory;
	size_t memory_bytes;
	struct virtq_slot *slots;
};

void ring_open(struct ring *ring, uint16_t size, uint64_t features);
/** Takes back what is in flight; returns how many. */
unsigned int ring_close(struct ring *ring);

extern bool ring_fail_malloc;
extern unsigned int ring_messages;

#endif /* TEST_RING_H */
