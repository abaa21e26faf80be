/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records through local sockets. A record is made from the sender's memory with no lock held and
 * then delivered, or not. It counts against its sender until it was received. A datagram socket
 * takes only a few from senders that it is not connected to; they wait for its `room`.
 */
#include <linux/errno.h>
#include <uk/clock.h>
#include <uk/heap.h>
#include "unix_internal.h"

/* --- what is on its way --------------------------------------------------------------------- */

static void charge(struct unix_message *message, struct unix_socket *sender)
{
	message->sender = sender;
	unix_get(sender);
	__atomic_fetch_add(&sender->in_flight_bytes, message->charge, __ATOMIC_RELAXED);
}

static void uncharge(struct unix_message *message)
{
	struct unix_socket *sender = message->sender;

	__atomic_fetch_sub(&sender->in_flight_bytes, message->charge, __ATOMIC_RELAXED);
	unix_wake_senders(sender);
	unix_put(sender);
}

void unix_message_free(struct unix_message *message)
{
	if (uk_unlikely(message->ancillary.rights != NULL))
		unix_rights_free(message->ancillary.rights);
	if (message->sender)
		uncharge(message);
	uk_free(message);
}

void unix_messages_free(struct unix_messages *messages)
{
	struct unix_message *message;

	while ((message = TAILQ_FIRST(messages))) {
		TAILQ_REMOVE(messages, message, link);
		unix_message_free(message);
	}
}

/* --- sending -------------------------------------------------------------------------------- */

#define OVERHEAD 32 /* of SO_SNDBUF no record may use the last bytes, as on Linux */

static bool has_room(const struct unix_socket *sock)
{
	return unix_sent_bytes(sock) < sock->base.send_limit;
}

/* Until the sender's own limit lets one more go. */
static int wait_for_room(struct unix_socket *sock, unsigned int flags, uint64_t deadline_ns)
{
	for (;;) {
		int result = socket_take_error(&sock->base);

		if (result)
			return result;
		if (sock->shut & SOCKET_SHUT_SEND)
			return -EPIPE;
		if (has_room(sock))
			return 0;
		if (flags & UK_MSG_DONTWAIT)
			return -EAGAIN;
		result = waitq_wait_event(&sock->writable,
					  has_room(sock) || sock->shut & SOCKET_SHUT_SEND ||
						  sock->base.error,
					  deadline_ns);
		if (result)
			return socket_wait_result(result, sock->base.send_timeout_ns);
	}
}

static int wait_for_receiver(struct unix_socket *sock, struct unix_socket *receiver,
			     uint64_t deadline_ns)
{
	int result = waitq_wait_event(&receiver->room,
				      !unix_is_crowded(receiver, sock) || receiver->is_closed ||
					      receiver->shut & SOCKET_SHUT_RECEIVE,
				      deadline_ns);

	return socket_wait_result(result, sock->base.send_timeout_ns);
}

/* Receiver's lock held. */
static int check_receiver(struct unix_socket *sock, struct unix_socket *receiver)
{
	if (receiver->peer && receiver->peer != sock)
		return -EPERM;
	if (receiver->is_closed)
		return -ECONNREFUSED;
	if (receiver->shut & SOCKET_SHUT_RECEIVE)
		return -EPIPE;
	return unix_is_crowded(receiver, sock) ? -EAGAIN : 0;
}

static int deliver(struct unix_socket *sock, struct unix_socket *receiver,
		   struct unix_message *message)
{
	int error;

	mutex_lock(&receiver->lock);
	error = check_receiver(sock, receiver);
	if (!error) {
		if (!message->ancillary.ids.pid && unix_wants_ids(sock, receiver))
			message->ancillary.ids = unix_own_ids();
		if (uk_unlikely(receiver->base.timestamps | receiver->base.timestamps_ns))
			message->time_ns = clock_realtime_ns();
		unix_queue_put_record(&receiver->queue, message);
		waitq_wake_one(&receiver->readable, EVENTS_IN);
	}
	mutex_unlock(&receiver->lock);
	return error;
}

/* Files are in flight before the receiver can see them. */
static int try_deliver(struct unix_socket *sock, struct unix_socket *receiver,
		       struct unix_message *message)
{
	struct unix_rights *rights = message->ancillary.rights;
	int error = rights ? unix_rights_park(rights, receiver) : 0;

	if (!error)
		error = deliver(sock, receiver, message);
	if (error && rights)
		unix_rights_unpark(rights);
	return error;
}

static struct unix_socket *receiver_of(struct unix_socket *sock, const struct socket_name *to)
{
	struct unix_socket *peer;

	if (to)
		return unix_find(to, sock->base.type);
	peer = unix_peer_get(sock);
	return peer ? peer : ERR_PTR(-ECONNRESET); /* disconnected meanwhile */
}

/* As on Linux: one that is named is looked for again, the connected one is forgotten. */
static int receiver_is_gone(struct unix_socket *sock, struct unix_socket *receiver,
			    const struct socket_name *to)
{
	if (to)
		return 0;
	if (!unix_is_datagram(sock))
		return -EPIPE;
	unix_forget_peer(sock, receiver);
	return -ECONNREFUSED;
}

/* Until it is in somebody's queue. 0 or an error; then it is still the caller's. */
static int deliver_somehow(struct unix_socket *sock, const struct socket_transfer *transfer,
			   struct unix_message *message, uint64_t deadline_ns)
{
	for (;;) {
		struct unix_socket *receiver = receiver_of(sock, transfer->to);
		int error, result;

		if (IS_ERR(receiver))
			return (int)PTR_ERR(receiver);
		result = error = try_deliver(sock, receiver, message);
		if (error == -ECONNREFUSED)
			result = receiver_is_gone(sock, receiver, transfer->to);
		else if (error == -EAGAIN && !(transfer->flags & UK_MSG_DONTWAIT))
			result = wait_for_receiver(sock, receiver, deadline_ns);
		unix_put(receiver);
		if (!error || result)
			return result;
	}
}

static uk_ssize_t send_record(struct unix_socket *sock, const struct socket_transfer *transfer,
			      struct unix_ancillary *ancillary)
{
	size_t len = transfer->uio->resid_bytes;
	uint64_t deadline_ns;
	struct unix_message *message;
	int error;

	if (len + OVERHEAD > sock->base.send_limit)
		return -EMSGSIZE;
	deadline_ns = socket_deadline(sock->base.send_timeout_ns);
	error = wait_for_room(sock, transfer->flags, deadline_ns);
	if (error)
		return error;
	message = unix_record_make(transfer->uio);
	if (IS_ERR(message))
		return PTR_ERR(message);
	charge(message, sock);
	message->ancillary = *ancillary;
	ancillary->rights = NULL;
	error = deliver_somehow(sock, transfer, message, deadline_ns);
	if (!error)
		return (uk_ssize_t)len;
	unix_message_free(message);
	return error;
}

uk_ssize_t unix_dgram_send(struct socket *socket, struct socket_transfer *transfer)
{
	struct unix_socket *sock = unix_of(socket);
	struct unix_ancillary ancillary = {.ids = UNIX_IDS_UNKNOWN};
	uk_ssize_t sent = 0;

	if (uk_unlikely(transfer->control != NULL))
		sent = unix_control_get(transfer->control, &ancillary);
	if (!sent && transfer->flags & UK_MSG_OOB)
		sent = -EOPNOTSUPP;
	if (!sent && transfer->to)
		sent = unix_check_name(transfer->to);
	else if (!sent && !sock->peer)
		sent = -ENOTCONN;
	if (!sent)
		sent = unix_autobind_if_passing(sock);
	if (!sent)
		sent = send_record(sock, transfer, &ancillary);
	if (uk_unlikely(ancillary.rights != NULL))
		unix_rights_free(ancillary.rights);
	return sent;
}

uk_ssize_t unix_seqpacket_send(struct socket *socket, struct socket_transfer *transfer)
{
	int error = socket_take_error(socket);

	if (error)
		return error;
	if (unix_of(socket)->state != UNIX_CONNECTED)
		return -ENOTCONN;
	transfer->to = NULL; /* ignored */
	return unix_dgram_send(socket, transfer);
}

/* --- receiving ------------------------------------------------------------------------------ */

static bool has_news(const struct unix_socket *sock)
{
	return sock->queue.records || sock->base.error || sock->shut & SOCKET_SHUT_RECEIVE;
}

/* The next one, taken out, or -EAGAIN, or the error that waits to be told. ERR_PTR. */
static struct unix_message *take_record(struct unix_socket *sock)
{
	struct unix_message *message = ERR_PTR(-EAGAIN);
	int error = socket_take_error(&sock->base);

	if (error)
		return ERR_PTR(error);
	mutex_lock(&sock->lock);
	if (sock->queue.records)
		message = unix_queue_take_record(&sock->queue);
	mutex_unlock(&sock->lock);
	if (!IS_ERR(message))
		waitq_wake(&sock->room, EVENTS_OUT);
	return message;
}

/* What comes along; the rights are no longer the message's. */
static void tell(struct unix_socket *sock, struct socket_transfer *transfer,
		 struct unix_message *message)
{
	if (transfer->from)
		unix_tell_sender(message->sender, transfer->from);
	if (uk_unlikely(sock->base.timestamps | sock->base.timestamps_ns))
		socket_control_put_time(&sock->base, transfer->control,
					message->time_ns ? message->time_ns : clock_realtime_ns());
	if (uk_unlikely(sock->base.passes_credentials || message->ancillary.rights))
		unix_control_put(sock, transfer, &message->ancillary);
}

static uk_ssize_t copy_out(struct socket_transfer *transfer, const struct unix_message *message)
{
	uk_ssize_t got = unix_record_copy(message, transfer->uio);

	if (got < 0 || (size_t)got == message->len)
		return got;
	transfer->out_flags |= UK_MSG_TRUNC;
	return transfer->flags & UK_MSG_TRUNC ? (uk_ssize_t)message->len : got;
}

/* A record whose bytes cannot be stored is lost, as on Linux. */
static uk_ssize_t receive_round(struct unix_socket *sock, struct socket_transfer *transfer)
{
	struct unix_message *message = take_record(sock);
	uk_ssize_t got;

	if (IS_ERR(message))
		return PTR_ERR(message);
	got = copy_out(transfer, message);
	if (got >= 0)
		tell(sock, transfer, message);
	unix_message_free(message);
	return got;
}

/* A second head for what comes along with a record: sender and files with references. */
static int copy_head(struct unix_message *head, const struct unix_message *message)
{
	*head = *message;
	if (head->ancillary.rights) {
		head->ancillary.rights = unix_rights_copy(head->ancillary.rights);
		if (!head->ancillary.rights)
			return -ENOMEM;
	}
	unix_get(head->sender);
	return 0;
}

/* MSG_PEEK: the record stays, so the lock is held while it is copied. */
static uk_ssize_t peek_round(struct unix_socket *sock, struct socket_transfer *transfer)
{
	struct unix_message head, *message;
	uk_ssize_t got = socket_take_error(&sock->base);
	int error = 0;

	if (got)
		return got;
	mutex_lock(&sock->lock);
	message = TAILQ_FIRST(&sock->queue.messages);
	got = message ? copy_out(transfer, message) : -EAGAIN;
	if (got >= 0)
		error = copy_head(&head, message);
	mutex_unlock(&sock->lock);
	if (got < 0 || error)
		return got < 0 ? got : error;
	tell(sock, transfer, &head);
	unix_put(head.sender);
	return got;
}

static uk_ssize_t receive_record(struct unix_socket *sock, struct socket_transfer *transfer)
{
	uint64_t deadline_ns = 0;
	uk_ssize_t got;
	int result;

	for (;;) {
		got = transfer->flags & UK_MSG_PEEK ? peek_round(sock, transfer)
						    : receive_round(sock, transfer);
		/* Who was woken alone passes on what it leaves. */
		if (uk_unlikely(deadline_ns && sock->queue.records))
			waitq_wake_one(&sock->readable, EVENTS_IN);
		if (got != -EAGAIN || transfer->flags & UK_MSG_DONTWAIT)
			return got;
		if (sock->shut & SOCKET_SHUT_RECEIVE)
			return 0;
		if (!deadline_ns)
			deadline_ns = socket_deadline(sock->base.receive_timeout_ns);
		result = waitq_wait_event_exclusive(&sock->readable, has_news(sock), deadline_ns);
		if (result)
			return socket_wait_result(result, sock->base.receive_timeout_ns);
	}
}

uk_ssize_t unix_dgram_receive(struct socket *socket, struct socket_transfer *transfer)
{
	if (transfer->flags & UK_MSG_OOB)
		return -EOPNOTSUPP;
	return receive_record(unix_of(socket), transfer);
}

/* Unlike a datagram socket, one that does not wait is told of the end. */
uk_ssize_t unix_seqpacket_receive(struct socket *socket, struct socket_transfer *transfer)
{
	struct unix_socket *sock = unix_of(socket);
	uk_ssize_t got;

	if (sock->state != UNIX_CONNECTED)
		return -ENOTCONN;
	got = unix_dgram_receive(socket, transfer);
	return got == -EAGAIN && sock->shut & SOCKET_SHUT_RECEIVE ? 0 : got;
}
