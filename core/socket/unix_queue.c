/* SPDX-License-Identifier: BSD-3-Clause */
/* The queue of a local socket; see unix_queue.h. */
#include <linux/errno.h>
#include <uk/heap.h>
#include "unix_queue.h"

/* A message of a stream: room for more small writes, and no allocation larger than this. */
#define STREAM_ROOM_MIN 512
#define STREAM_ROOM_MAX 32768

void unix_queue_init(struct unix_queue *queue)
{
	TAILQ_INIT(&queue->messages);
	queue->bytes = queue->charged = 0;
}

static struct unix_message *message_alloc(size_t room)
{
	struct unix_message *message = uk_malloc(sizeof(*message) + room);

	if (!message)
		return NULL;
	message->len = message->taken = 0;
	message->room = room;
	return message;
}

static void append(struct unix_queue *queue, struct unix_message *message)
{
	TAILQ_INSERT_TAIL(&queue->messages, message, link);
	queue->charged += unix_record_charge(message->room);
	queue->bytes += message->len;
}

static void drop_first(struct unix_queue *queue)
{
	struct unix_message *message = TAILQ_FIRST(&queue->messages);

	TAILQ_REMOVE(&queue->messages, message, link);
	queue->charged -= unix_record_charge(message->room);
	queue->bytes -= message->len - message->taken;
	uk_free(message);
}

void unix_queue_clear(struct unix_queue *queue)
{
	while (!unix_queue_is_empty(queue))
		drop_first(queue);
}

/* --- records -------------------------------------------------------------------------------- */

uk_ssize_t unix_queue_put_record(struct unix_queue *queue, struct uio *uio)
{
	size_t len = uio->resid_bytes;
	struct unix_message *message = message_alloc(len);

	if (!message)
		return -ENOMEM;
	if (uio_take(uio, message->data, len) != (uk_ssize_t)len) {
		uk_free(message);
		return -EFAULT;
	}
	message->len = len;
	append(queue, message);
	return (uk_ssize_t)len;
}

uk_ssize_t unix_queue_peek_record(struct unix_queue *queue, struct uio *uio, size_t *len)
{
	struct unix_message *message = TAILQ_FIRST(&queue->messages);
	size_t wanted = UK_MIN(message->len, uio->resid_bytes);

	*len = message->len;
	return uio_put(uio, message->data, wanted) == (uk_ssize_t)wanted ? (uk_ssize_t)wanted
									 : -EFAULT;
}

uk_ssize_t unix_queue_take_record(struct unix_queue *queue, struct uio *uio, size_t *len)
{
	uk_ssize_t moved = unix_queue_peek_record(queue, uio, len);

	drop_first(queue);
	return moved;
}

/* --- streams -------------------------------------------------------------------------------- */

/* The last message if it has room left, else a new one at the end. */
static struct unix_message *message_with_room(struct unix_queue *queue, size_t wanted)
{
	struct unix_message *message = TAILQ_LAST(&queue->messages, unix_messages);
	size_t room = UK_MIN(UK_MAX(wanted, (size_t)STREAM_ROOM_MIN), (size_t)STREAM_ROOM_MAX);

	if (message && message->len < message->room)
		return message;
	message = message_alloc(room);
	if (message)
		append(queue, message);
	return message;
}

uk_ssize_t unix_queue_put_bytes(struct unix_queue *queue, struct uio *uio, size_t most)
{
	size_t done = 0, len = UK_MIN(most, uio->resid_bytes);

	while (done < len) {
		struct unix_message *message = message_with_room(queue, len - done);
		size_t part;
		uk_ssize_t moved;

		if (!message)
			return done ? (uk_ssize_t)done : -ENOMEM;
		part = UK_MIN(len - done, message->room - message->len);
		moved = uio_take(uio, message->data + message->len, part);
		if (moved > 0) {
			message->len += (size_t)moved;
			queue->bytes += (size_t)moved;
			done += (size_t)moved;
		}
		if (moved == (uk_ssize_t)part)
			continue;
		if (message->taken == message->len) { /* made for nothing */
			TAILQ_REMOVE(&queue->messages, message, link);
			queue->charged -= unix_record_charge(message->room);
			uk_free(message);
		}
		break;
	}
	return done || !len ? (uk_ssize_t)done : -EFAULT;
}

uk_ssize_t unix_queue_peek_bytes(struct unix_queue *queue, struct uio *uio)
{
	struct unix_message *message;
	uk_ssize_t done = 0;

	TAILQ_FOREACH (message, &queue->messages, link) {
		size_t part = UK_MIN(message->len - message->taken, uio->resid_bytes);
		uk_ssize_t moved = uio_put(uio, message->data + message->taken, part);

		done += UK_MAX(moved, (uk_ssize_t)0);
		if (moved < (uk_ssize_t)part)
			return done ? done : -EFAULT;
		if (!uio->resid_bytes)
			break;
	}
	return done;
}

uk_ssize_t unix_queue_take_bytes(struct unix_queue *queue, struct uio *uio)
{
	uk_ssize_t moved = unix_queue_peek_bytes(queue, uio);
	size_t left = moved > 0 ? (size_t)moved : 0;

	while (left) {
		struct unix_message *message = TAILQ_FIRST(&queue->messages);
		size_t part = UK_MIN(message->len - message->taken, left);

		message->taken += part;
		queue->bytes -= part;
		left -= part;
		if (message->taken == message->len)
			drop_first(queue);
	}
	return moved;
}
