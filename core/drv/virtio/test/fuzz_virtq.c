/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hostile device: the input says in turn what the driver does and what the device writes into
 * the shared block. Whatever it writes, each token comes back at most once for each time it was
 * given, with no more bytes than it had room for, and the descriptors add up.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "ring.h"

#define SIZE   16
#define TOKENS 64

static struct {
	bool is_out;
	uint32_t room;
} tokens[TOKENS];

struct input {
	const uint8_t *data;
	size_t left;
};

static uint8_t next(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->data++;
}

static void driver_adds(struct ring *ring, struct input *in)
{
	unsigned int token = next(in) % TOKENS, out = next(in) % 8, more = next(in) % 8;
	struct virtq_seg segs[16];
	uint32_t room = 0;

	if (tokens[token].is_out)
		return;
	for (unsigned int i = 0; i < out + more; i++) {
		segs[i] = (struct virtq_seg){0x1000, next(in)};
		room += i >= out ? segs[i].len_bytes : 0;
	}
	if (virtq_add(&ring->vq, segs, out, more, &tokens[token]))
		return;
	tokens[token].is_out = true;
	tokens[token].room = room;
}

static void driver_takes(struct ring *ring, bool is_again)
{
	uint32_t len = 0;
	uint16_t head;
	void *taken = virtq_take_chain(&ring->vq, &head, &len);
	size_t token;

	if (!taken)
		return;
	token = (size_t)((char *)taken - (char *)tokens) / sizeof(tokens[0]);
	assert(token < TOKENS && tokens[token].is_out);
	assert(len <= tokens[token].room);
	tokens[token].is_out = is_again;
	if (is_again)
		virtq_again(&ring->vq, head, taken);
	else
		virtq_release(&ring->vq, head);
}

static void device_writes(struct ring *ring, struct input *in)
{
	size_t at = (size_t)next(in) << 8 | next(in);

	((uint8_t *)ring->memory)[at % ring->memory_bytes] = next(in);
}

/* Mostly what a device may do, so that the rest is reached at all. */
static void device_returns(struct ring *ring, struct input *in)
{
	struct vring_used *used = ring->vq.used;
	struct vring_used_elem *elem = &used->ring[used->idx % SIZE];

	elem->id = ring->vq.avail->ring[next(in) % SIZE];
	elem->len = next(in);
	used->idx++;
}

static void check(const struct ring *ring)
{
	unsigned int out = 0;

	for (unsigned int i = 0; i < TOKENS; i++)
		out += tokens[i].is_out;
	assert(out == ring->vq.in_flight);
	assert(ring->vq.free_count <= SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct ring ring;
	unsigned int left = 0;

	memset(tokens, 0, sizeof(tokens));
	ring_open(&ring, SIZE, (uint64_t)next(&in) << 24);
	while (in.left) {
		switch (next(&in) % 8) {
		case 0:
		case 1:
			driver_adds(&ring, &in);
			break;
		case 2:
			driver_takes(&ring, next(&in) & 1);
			break;
		case 3:
			virtq_wants_notify(&ring.vq);
			break;
		case 4:
			virtq_irq_on(&ring.vq);
			break;
		case 5:
			virtq_irq_off(&ring.vq);
			break;
		case 6:
			device_writes(&ring, &in);
			break;
		default:
			device_returns(&ring, &in);
		}
		check(&ring);
	}
	for (unsigned int i = 0; i < TOKENS; i++)
		left += tokens[i].is_out;
	assert(ring_close(&ring) == left);
	return 0;
}
