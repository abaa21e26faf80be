/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring of log records. Pure; the user locks. A record is one line without its newline; the
 * oldest ones make room for new ones.
 *
 *        start                 open            end          positions only grow; the byte at a
 *   ... | header text | header text | header te |           position is bytes[position % size]
 */
#ifndef KLOG_RING_H
#define KLOG_RING_H

#include <uk/klog.h>

struct klog_ring {
	uint64_t start, end;
	uint64_t open; /* the record that the next text continues, when is_open */
	bool is_open;
	uint32_t next_seq;
	char bytes[UK_KLOG_BYTES];
};

/** Adds text; a newline ends a record, without one the next text continues it. */
void klog_ring_put(struct klog_ring *ring, unsigned int priority, uint64_t counter,
		   const char *text, size_t len);
/** See uk_klog_next(). */
bool klog_ring_next(const struct klog_ring *ring, uint64_t *position,
		    struct uk_klog_record *record);

#endif /* KLOG_RING_H */
