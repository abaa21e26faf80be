/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was sent to a socket and not received yet: messages in order. Records (datagrams) keep
 * their bounds; the bytes of a stream may share a message, so that many small writes cost little.
 * The caller serialises.
 */
#ifndef UK_UNIX_QUEUE_H
#define UK_UNIX_QUEUE_H

#include <sys/queue.h>
#include <uk/uio.h>

struct unix_message {
	TAILQ_ENTRY(unix_message) link;
	size_t len, taken; /* bytes there; of these received already */
	size_t room;       /* allocated for data */
	char data[];
};

struct unix_queue {
	TAILQ_HEAD(unix_messages, unix_message) messages;
	size_t bytes;   /* not received yet */
	size_t charged; /* memory used: counts against the sender's limit */
};

void unix_queue_init(struct unix_queue *queue);
void unix_queue_clear(struct unix_queue *queue);
static inline bool unix_queue_is_empty(const struct unix_queue *queue)
{
	return TAILQ_EMPTY(&queue->messages);
}

/** What a record of this length will be charged. */
static inline size_t unix_record_charge(size_t len)
{
	return sizeof(struct unix_message) + len;
}

/** All that is left in `uio` as one record: its length, -ENOMEM or -EFAULT (then nothing). */
uk_ssize_t unix_queue_put_record(struct unix_queue *queue, struct uio *uio);
/** A first part of it, at most `most` bytes, to the end of a stream: bytes, -ENOMEM, -EFAULT. */
uk_ssize_t unix_queue_put_bytes(struct unix_queue *queue, struct uio *uio, size_t most);

/** The first record, as far as it fits: bytes moved or -EFAULT (it is gone all the same).
 *  *len: its full length. Not empty. */
uk_ssize_t unix_queue_take_record(struct unix_queue *queue, struct uio *uio, size_t *len);
uk_ssize_t unix_queue_peek_record(struct unix_queue *queue, struct uio *uio, size_t *len);
/** As many bytes of the stream as there are and fit; -EFAULT when not even one could be stored. */
uk_ssize_t unix_queue_take_bytes(struct unix_queue *queue, struct uio *uio);
uk_ssize_t unix_queue_peek_bytes(struct unix_queue *queue, struct uio *uio);

#endif /* UK_UNIX_QUEUE_H */
