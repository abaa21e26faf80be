/* SPDX-License-Identifier: BSD-3-Clause */
/* Events waiting to be read: merging, overflow, padding as inotify(7) says and Linux does. */
#include <linux/errno.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "inotify_queue.h"

/* Names are filled up with zeros, of which there is at least one, to the size of an event. */
#define NAME_UNIT sizeof(struct inotify_event)

_Static_assert(sizeof(struct inotify_event) == 16, "inotify(7)");

void inotify_queue_init(struct inotify_queue *queue)
{
	*queue = (struct inotify_queue){
		.overflow.event = {.wd = -1, .mask = IN_Q_OVERFLOW},
	};
	TAILQ_INIT(&queue->items);
}

void inotify_item_free(struct inotify_queue *queue, struct inotify_item *item)
{
	if (item != &queue->overflow)
		uk_free(item);
}

void inotify_queue_clear(struct inotify_queue *queue)
{
	struct inotify_item *item;

	while ((item = inotify_queue_take(queue, SIZE_MAX)))
		inotify_item_free(queue, item);
}

/* The end of a watch is told each time, though nothing else may lie between two of them. */
static bool is_same(const struct inotify_item *item, const struct inotify_event *event,
		    const char *name, size_t len)
{
	return !(item->event.mask & IN_IGNORED) && item->event.mask == event->mask &&
	       item->event.wd == event->wd && !!item->event.len == !!len &&
	       (!len || (strnlen(item->event.name, item->event.len) == len &&
			 !memcmp(item->event.name, name, len)));
}

static struct inotify_item *make_item(const struct inotify_event *event, const char *name,
				      size_t len)
{
	size_t padded = len ? UK_ALIGN_UP(len + 1, NAME_UNIT) : 0;
	struct inotify_item *item = uk_zalloc(sizeof(*item) + padded);

	if (!item)
		return NULL;
	item->event = *event;
	item->event.len = (uint32_t)padded;
	if (len)
		memcpy(item->event.name, name, len);
	return item;
}

bool inotify_queue_add(struct inotify_queue *queue, const struct inotify_event *event,
		       const char *name, size_t name_len, unsigned int limit)
{
	struct inotify_item *last = TAILQ_LAST(&queue->items, inotify_items), *item = NULL;

	if (queue->count < limit) {
		if (last && is_same(last, event, name, name_len))
			return false;
		item = make_item(event, name, name_len);
	}
	if (!item) {
		if (queue->has_overflow)
			return false;
		queue->has_overflow = true;
		item = &queue->overflow;
	}
	TAILQ_INSERT_TAIL(&queue->items, item, link);
	queue->count++;
	queue->bytes += inotify_item_bytes(item);
	return true;
}

struct inotify_item *inotify_queue_take(struct inotify_queue *queue, size_t room)
{
	struct inotify_item *item = TAILQ_FIRST(&queue->items);

	if (!item)
		return NULL;
	if (inotify_item_bytes(item) > room)
		return ERR_PTR(-EINVAL);
	TAILQ_REMOVE(&queue->items, item, link);
	queue->count--;
	queue->bytes -= inotify_item_bytes(item);
	if (item == &queue->overflow)
		queue->has_overflow = false;
	return item;
}
