/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <uk/heap.h>
#include <uk/print.h>
#include <uk/string.h>
#include "ring.h"

bool ring_fail_malloc;
unsigned int ring_messages;

void *uk_malloc(size_t size)
{
	return ring_fail_malloc ? NULL : malloc(size);
}

void uk_free(void *ptr)
{
	free(ptr);
}

void uk_printk(enum uk_loglevel level, const char *fmt, ...)
{
	ring_messages++;
}

void ring_open(struct ring *ring, uint16_t size, uint64_t features)
{
	struct virtq_config config = {
		.name = "test", .size = size, .align = 4096, .features = features};

	ring->memory_bytes = virtq_bytes(size, config.align);
	ring->memory = aligned_alloc(4096, UK_ALIGN_UP(ring->memory_bytes, 4096));
	ring->slots = calloc(size, sizeof(*ring->slots));
	memset(ring->memory, 0, ring->memory_bytes);
	config.memory = ring->memory;
	config.slots = ring->slots;
	virtq_init(&ring->vq, &config);
	ring_messages = 0;
}

unsigned int ring_close(struct ring *ring)
{
	unsigned int count = 0;

	while (virtq_detach(&ring->vq))
		count++;
	free(ring->memory);
	free(ring->slots);
	return count;
}
