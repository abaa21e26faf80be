/* SPDX-License-Identifier: BSD-3-Clause */
/* Records of the log in a ring of bytes; see klog_ring.h. */
#include <uk/string.h>
#include "klog_ring.h"

struct header {
	uint64_t counter;
	uint32_t seq;
	uint16_t len;
	uint8_t priority;
};

_Static_assert(UK_KLOG_BYTES > 4 * (sizeof(struct header) + UK_KLOG_TEXT_MAX), "klog_ring.h");

static void copy_in(struct klog_ring *ring, uint64_t position, const void *data, size_t len)
{
	size_t at = position % UK_KLOG_BYTES, first = UK_MIN(len, UK_KLOG_BYTES - at);

	memcpy(ring->bytes + at, data, first);
	memcpy(ring->bytes, (const char *)data + first, len - first);
}

static void copy_out(const struct klog_ring *ring, uint64_t position, void *data, size_t len)
{
	size_t at = position % UK_KLOG_BYTES, first = UK_MIN(len, UK_KLOG_BYTES - at);

	memcpy(data, ring->bytes + at, first);
	memcpy((char *)data + first, ring->bytes, len - first);
}

static struct header header_at(const struct klog_ring *ring, uint64_t position)
{
	struct header header;

	copy_out(ring, position, &header, sizeof(header));
	return header;
}

static void append(struct klog_ring *ring, const void *data, size_t len)
{
	while (ring->end + len - ring->start > UK_KLOG_BYTES)
		ring->start += sizeof(struct header) + header_at(ring, ring->start).len;
	copy_in(ring, ring->end, data, len);
	ring->end += len;
}

static void begin(struct klog_ring *ring, unsigned int priority, uint64_t counter)
{
	const struct header header = {
		.counter = counter,
		.seq = ring->next_seq++,
		.priority = (uint8_t)priority,
	};

	ring->open = ring->end;
	ring->is_open = true;
	append(ring, &header, sizeof(header));
}

/* A part of one line. What is too long goes on in another record. */
static void put_part(struct klog_ring *ring, unsigned int priority, uint64_t counter,
		     const char *text, size_t len)
{
	do {
		struct header header;
		size_t part;

		if (!ring->is_open)
			begin(ring, priority, counter);
		header = header_at(ring, ring->open);
		part = UK_MIN(len, (size_t)(UK_KLOG_TEXT_MAX - header.len));
		append(ring, text, part);
		header.len = (uint16_t)(header.len + part);
		copy_in(ring, ring->open, &header, sizeof(header));
		ring->is_open = header.len < UK_KLOG_TEXT_MAX;
		text += part;
		len -= part;
	} while (len);
}

void klog_ring_put(struct klog_ring *ring, unsigned int priority, uint64_t counter,
		   const char *text, size_t len)
{
	while (len) {
		const char *newline = memchr(text, '\n', len);
		size_t part = newline ? (size_t)(newline - text) : len;

		if (part || !ring->is_open)
			put_part(ring, priority, counter, text, part);
		if (!newline)
			return;
		ring->is_open = false;
		text += part + 1;
		len -= part + 1;
	}
}

bool klog_ring_next(const struct klog_ring *ring, uint64_t *position, struct uk_klog_record *record)
{
	uint64_t end = ring->is_open ? ring->open : ring->end;
	struct header header;

	record->is_after_loss = *position < ring->start;
	if (record->is_after_loss)
		*position = ring->start;
	if (*position >= end)
		return false;
	header = header_at(ring, *position);
	record->seq = header.seq;
	record->counter = header.counter;
	record->priority = header.priority;
	record->len = header.len;
	copy_out(ring, *position + sizeof(header), record->text, header.len);
	record->text[header.len] = '\0';
	*position += sizeof(header) + header.len;
	return true;
}
