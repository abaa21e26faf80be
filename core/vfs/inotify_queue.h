/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The queue of events of an inotify instance, in the form read(2) hands out. Pure but for the heap;
 * the user locks.
 */
#ifndef INOTIFY_QUEUE_H
#define INOTIFY_QUEUE_H

#include <linux/inotify.h>
#include <sys/queue.h>
#include <uk/essentials.h>

struct inotify_item {
	TAILQ_ENTRY(inotify_item) link;
	struct inotify_event event; /* len_bytes of the name, zeros included, follow */
};

struct inotify_queue {
	TAILQ_HEAD(inotify_items, inotify_item) items;
	unsigned int count;
	size_t bytes; /* what reading all of it would give */
	bool has_overflow;
	struct inotify_item overflow; /* so that it needs no memory when there is none */
};

void inotify_queue_init(struct inotify_queue *queue);
void inotify_queue_clear(struct inotify_queue *queue);

/**
 * Adds an event (its len is not looked at), unless it is the same as the last one. Beyond `limit`
 * events, or without memory, IN_Q_OVERFLOW is added once instead. False when nothing was added.
 */
bool inotify_queue_add(struct inotify_queue *queue, const struct inotify_event *event,
		       const char *name, size_t name_len, unsigned int limit);

/** Takes out the first event; inotify_item_free() it. NULL: empty; ERR_PTR(-EINVAL): `room` bytes
 *  are not enough. */
struct inotify_item *inotify_queue_take(struct inotify_queue *queue, size_t room);
void inotify_item_free(struct inotify_queue *queue, struct inotify_item *item);

static inline size_t inotify_item_bytes(const struct inotify_item *item)
{
	return sizeof(item->event) + item->event.len;
}

#endif /* INOTIFY_QUEUE_H */
