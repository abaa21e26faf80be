/* SPDX-License-Identifier: BSD-3-Clause */
/* The queue of a local socket; see unix_queue.h. */
#include <linux/errno.h>
#include <uk/heap.h>
#include "unix_internal.h"

#define STREAM_ROOM_MIN 512
/* Ids or files make a message of their own of bytes that would share one. */
#define CHARGE_APART 512

void unix_queue_init(struct unix_queue *queue)
{
	TAILQ_INIT(&queue->messages);
	queue->bytes = queue->charged = 0;
	queue->records = 0;
}

static struct unix_message *message_alloc(size_t room)
{
	struct unix_message *message = uk_malloc(sizeof(*message) + room);

	if (!message)
		return NULL;
	message->len = message->taken = message->charge = 0;
	message->room = room;
	message->ancillary = (struct unix_ancillary){.ids = UNIX_IDS_UNKNOWN};
	message->sender = NULL;
	message->time_ns = 0;
	return message;
}

static void unlink_message(struct unix_queue *queue, struct unix_message *message)
{
	TAILQ_REMOVE(&queue->messages, message, link);
	queue->bytes -= message->len - message->taken;
	if (message->sender)
		queue->records--;
	else
		queue->charged -= message->len - message->taken + message->charge;
}

void unix_queue_detach(struct unix_queue *queue, struct unix_messages *out)
{
	TAILQ_CONCAT(out, &queue->messages, link);
	unix_queue_init(queue);
}

void unix_queue_detach_rights(struct unix_queue *queue, struct unix_messages *out)
{
	struct unix_message *message, *next;

	for (message = TAILQ_FIRST(&queue->messages); message; message = next) {
		next = TAILQ_NEXT(message, link);
		if (!message->ancillary.rights)
			continue;
		unlink_message(queue, message);
		TAILQ_INSERT_TAIL(out, message, link);
	}
}

/* --- records -------------------------------------------------------------------------------- */

struct unix_message *unix_record_make(struct uio *uio)
{
	size_t len = uio->resid_bytes;
	struct unix_message *message = message_alloc(len);

	if (!message)
		return ERR_PTR(-ENOMEM);
	if (uio_take(uio, message->data, len) != (uk_ssize_t)len) {
		uk_free(message);
		return ERR_PTR(-EFAULT);
	}
	message->len = len;
	message->charge = unix_record_charge(len);
	return message;
}

void unix_queue_put_record(struct unix_queue *queue, struct unix_message *message)
{
	TAILQ_INSERT_TAIL(&queue->messages, message, link);
	queue->bytes += message->len;
	queue->records++;
}

struct unix_message *unix_queue_take_record(struct unix_queue *queue)
{
	struct unix_message *message = TAILQ_FIRST(&queue->messages);

	unlink_message(queue, message);
	return message;
}

/* --- streams: putting ----------------------------------------------------------------------- */

static void drop_last(struct unix_queue *queue, struct unix_message *message)
{
	unlink_message(queue, message);
	uk_free(message);
}

static struct unix_message *new_message(struct unix_queue *queue, size_t wanted,
					const struct unix_ancillary *ancillary)
{
	size_t least = ancillary->rights ? 1 : STREAM_ROOM_MIN;
	struct unix_message *message =
		message_alloc(UK_MIN(UK_MAX(wanted, least), (size_t)UNIX_STREAM_CHUNK));

	if (!message)
		return NULL;
	message->ancillary.ids = ancillary->ids;
	message->charge = ancillary->rights || ancillary->ids.pid ? CHARGE_APART : 0;
	TAILQ_INSERT_TAIL(&queue->messages, message, link);
	queue->charged += message->charge;
	return message;
}

/* The last message if the next bytes may join it, else a new one at the end. */
static struct unix_message *message_with_room(struct unix_queue *queue, size_t wanted,
					      const struct unix_ancillary *ancillary)
{
	struct unix_message *last = TAILQ_LAST(&queue->messages, unix_messages);

	if (last && last->len < last->room && unix_message_takes(last, ancillary))
		return last;
	if (last && !last->len)
		drop_last(queue, last); /* kept, but not what is needed now */
	return new_message(queue, wanted, ancillary);
}

/* As much as fits into one message. */
static uk_ssize_t put_some(struct unix_queue *queue, struct uio *uio, size_t len,
			   struct unix_ancillary *ancillary)
{
	struct unix_message *message = message_with_room(queue, len, ancillary);
	uk_ssize_t moved;

	if (!message)
		return -ENOMEM;
	moved = uio_take(uio, message->data + message->len,
			 UK_MIN(len, message->room - message->len));
	if (moved > 0) {
		unix_queue_grow_last(queue, message, (size_t)moved);
		message->ancillary.rights = ancillary->rights;
		ancillary->rights = NULL;
	} else if (!message->len && message->charge) {
		drop_last(queue, message); /* made for nothing */
	}
	return moved;
}

uk_ssize_t unix_queue_put_many(struct unix_queue *queue, struct uio *uio, size_t most,
			       struct unix_ancillary *ancillary)
{
	size_t done = 0, len = UK_MIN(most, uio->resid_bytes);

	while (done < len) {
		uk_ssize_t moved = put_some(queue, uio, len - done, ancillary);

		if (moved <= 0)
			return done ? (uk_ssize_t)done : moved;
		done += (size_t)moved;
	}
	return (uk_ssize_t)done;
}

/* --- streams: taking ------------------------------------------------------------------------ */

void unix_queue_retire(struct unix_queue *queue, struct unix_message *message)
{
	unlink_message(queue, message);
	uk_free(message);
}

/* May bytes of this message go into the same read as those before? Notes whose they are. */
static bool joins(struct unix_taking *taking, const struct unix_message *message)
{
	if (!taking->minds_ids)
		return true;
	if (taking->has_ids)
		return unix_ids_equal(&taking->ancillary.ids, &message->ancillary.ids);
	taking->has_ids = true;
	taking->ancillary.ids = message->ancillary.ids;
	return true;
}

/* The files come with the first byte; a read ends with the message that brings some. */
static int take_rights(struct unix_taking *taking, struct unix_message *message)
{
	taking->is_over = true;
	if (!taking->is_peek) {
		taking->ancillary.rights = message->ancillary.rights;
		message->ancillary.rights = NULL;
		return 0;
	}
	taking->ancillary.rights = unix_rights_copy(message->ancillary.rights);
	return taking->ancillary.rights ? 0 : -ENOMEM;
}

uk_ssize_t unix_queue_take_many(struct unix_queue *queue, struct uio *uio,
				struct unix_taking *taking)
{
	struct unix_message *message = TAILQ_FIRST(&queue->messages), *next;
	uk_ssize_t done = 0;

	for (; message && message->len; message = next) {
		size_t part = UK_MIN(message->len - message->taken, uio->resid_bytes);
		uk_ssize_t moved;

		next = TAILQ_NEXT(message, link);
		if (!joins(taking, message)) {
			taking->is_over = true;
			break;
		}
		moved = uio_put(uio, message->data + message->taken, part);
		if (moved < 0)
			return done ? done : moved;
		if (message->ancillary.rights && take_rights(taking, message))
			return -ENOMEM;
		done += moved;
		if (!taking->is_peek)
			unix_queue_advance(queue, message, (size_t)moved);
		if ((size_t)moved < part || !uio->resid_bytes || taking->is_over)
			break;
	}
	if (taking->is_peek)
		taking->is_over = true; /* the same bytes would be seen again */
	return done;
}
