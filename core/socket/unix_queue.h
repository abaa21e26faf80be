/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was sent to a local socket and not received yet: messages in order. Records (datagrams)
 * keep their bounds. The bytes of a stream share messages, so that many small writes cost little;
 * a small message that was read to its end stays for the next bytes, so that a conversation
 * allocates nothing. The owner's lock serialises.
 *
 * Bytes of a stream with different senders' ids, or with files, never share a message: those are
 * the places where a read stops (unix(7), "Ancillary messages").
 */
#ifndef UK_UNIX_QUEUE_H
#define UK_UNIX_QUEUE_H

#include <sys/queue.h>
#include <uk/uio.h>

struct unix_rights;
struct unix_socket;

/** struct ucred (unix(7), SCM_CREDENTIALS). */
struct unix_ids {
	int pid; /* 0: nobody asked for it when the message was sent */
	uint32_t uid, gid;
};
#define UNIX_ID_OVERFLOW 65534 /* what an id that is not known reads as */
#define UNIX_IDS_UNKNOWN                                                                           \
	{                                                                                          \
		0, UNIX_ID_OVERFLOW, UNIX_ID_OVERFLOW                                              \
	}

/** What goes along with a message. */
struct unix_ancillary {
	struct unix_ids ids;
	struct unix_rights *rights; /* SCM_RIGHTS; NULL: none */
};

struct unix_message {
	TAILQ_ENTRY(unix_message) link;
	size_t len, taken; /* bytes there; of these received already */
	size_t room;       /* allocated for data */
	size_t charge;     /* counts against the sender's SO_SNDBUF beside a stream's bytes */
	struct unix_ancillary ancillary;
	struct unix_socket *sender; /* of a record, with a reference */
	uint64_t time_ns;           /* of a record: the wall clock, if it was wanted */
	char data[];
};
TAILQ_HEAD(unix_messages, unix_message);

struct unix_queue {
	struct unix_messages messages;
	size_t bytes;         /* not received yet */
	size_t charged;       /* a stream's: what counts against its sender's SO_SNDBUF */
	unsigned int records; /* messages that are records */
};

void unix_queue_init(struct unix_queue *queue);
static inline bool unix_queue_is_empty(const struct unix_queue *queue)
{
	return !queue->bytes && !queue->records;
}
/** Moves all of it to `out`: unix_messages_free() is for when no lock is held. */
void unix_queue_detach(struct unix_queue *queue, struct unix_messages *out);
/** The same, but of a stream's or the records' messages only those with files. */
void unix_queue_detach_rights(struct unix_queue *queue, struct unix_messages *out);

/* --- records ------------------------------------------------------------------------------------
 */

/** What a record of `len` bytes is charged. */
static inline size_t unix_record_charge(size_t len)
{
	return sizeof(struct unix_message) + len;
}
/** All that is left in `uio` as one record. ERR_PTR(-ENOMEM or -EFAULT). */
struct unix_message *unix_record_make(struct uio *uio);
void unix_queue_put_record(struct unix_queue *queue, struct unix_message *message);
/** The first one, taken out; there is one. */
struct unix_message *unix_queue_take_record(struct unix_queue *queue);
/** As much of it as fits: bytes moved or -EFAULT. */
static inline uk_ssize_t unix_record_copy(const struct unix_message *message, struct uio *uio)
{
	size_t wanted = UK_MIN(message->len, uio->resid_bytes);

	return uio_put(uio, message->data, wanted) == (uk_ssize_t)wanted ? (uk_ssize_t)wanted
									 : -EFAULT;
}

/* --- streams ------------------------------------------------------------------------------------
 */

/** The largest message of a stream: what is sent with files is read at once up to this. */
#define UNIX_STREAM_CHUNK 32768
/** One up to this size stays when it was read to its end. */
#define UNIX_ROOM_KEPT 4096

static inline bool unix_ids_equal(const struct unix_ids *a, const struct unix_ids *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}
/** May bytes that bring this with them join that message? Not whether there is room. */
static inline bool unix_message_takes(const struct unix_message *message,
				      const struct unix_ancillary *ancillary)
{
	return uk_likely(!message->ancillary.rights && !ancillary->rights &&
			 unix_ids_equal(&message->ancillary.ids, &ancillary->ids));
}
static inline void unix_queue_grow_last(struct unix_queue *queue, struct unix_message *last,
					size_t len)
{
	last->len += len;
	queue->bytes += len;
	queue->charged += len;
}
uk_ssize_t unix_queue_put_many(struct unix_queue *queue, struct uio *uio, size_t most,
			       struct unix_ancillary *ancillary);

/**
 * A first part of `uio`, at most `most` bytes, to the end of a stream: bytes, -ENOMEM, -EFAULT.
 * The files go with the first byte; they are the queue's then, and ancillary->rights is NULL.
 * A few bytes find room in the last message.
 */
static inline uk_ssize_t unix_queue_put_bytes(struct unix_queue *queue, struct uio *uio,
					      size_t most, struct unix_ancillary *ancillary)
{
	struct unix_message *last = TAILQ_LAST(&queue->messages, unix_messages);
	size_t len = uio->resid_bytes;
	uk_ssize_t moved;

	if (uk_unlikely(!last || UK_MIN(most, last->room - last->len) < len ||
			!unix_message_takes(last, ancillary)))
		return unix_queue_put_many(queue, uio, most, ancillary);
	moved = uio_take(uio, last->data + last->len, len);
	if (uk_likely(moved > 0))
		unix_queue_grow_last(queue, last, (size_t)moved);
	return moved;
}

/** One read, which may be several calls of unix_queue_take_bytes(). */
struct unix_taking {
	bool is_peek;
	bool minds_ids;                  /* SO_PASSCRED: bytes of one sender only */
	bool has_ids;                    /* out: `ancillary.ids` are those of the bytes so far */
	bool is_over;                    /* out: what comes next is for another read */
	struct unix_ancillary ancillary; /* out; the rights are the caller's */
};

/** A message of a stream was read to its end. */
void unix_queue_retire(struct unix_queue *queue, struct unix_message *message);
static inline void unix_queue_advance(struct unix_queue *queue, struct unix_message *message,
				      size_t len)
{
	message->taken += len;
	queue->bytes -= len;
	queue->charged -= len;
	if (message->taken < message->len)
		return;
	if (uk_unlikely(TAILQ_NEXT(message, link) || message->charge ||
			message->room > UNIX_ROOM_KEPT))
		unix_queue_retire(queue, message);
	else
		message->len = message->taken = 0;
}
uk_ssize_t unix_queue_take_many(struct unix_queue *queue, struct uio *uio,
				struct unix_taking *taking);

/** As many bytes of the stream, which is not empty, as there are, fit and belong together; -EFAULT
 *  when not even one could be stored; -ENOMEM. Usually there is one message. */
static inline uk_ssize_t unix_queue_take_bytes(struct unix_queue *queue, struct uio *uio,
					       struct unix_taking *taking)
{
	struct unix_message *first = TAILQ_FIRST(&queue->messages);
	size_t left = first->len - first->taken;
	uk_ssize_t moved;

	if (uk_unlikely(taking->is_peek | taking->minds_ids || first->ancillary.rights ||
			(uio->resid_bytes > left && TAILQ_NEXT(first, link))))
		return unix_queue_take_many(queue, uio, taking);
	moved = uio_put(uio, first->data + first->taken, UK_MIN(left, uio->resid_bytes));
	if (uk_likely(moved > 0))
		unix_queue_advance(queue, first, (size_t)moved);
	return moved;
}

#endif /* UK_UNIX_QUEUE_H */
