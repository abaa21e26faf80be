/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets of AF_NETLINK (netlink(7)), for NETLINK_ROUTE. A request is answered while it is sent,
 * and the answers wait in the socket's queue. Those who joined a group hear of links and addresses
 * that change. See netlink_socket.h.
 */
#include <asm/socket.h>
#include <linux/errno.h>
#include <linux/rtnetlink.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "netlink.h"
#include "netlink_socket.h"
#include "rtnetlink.h"

#define SEND_OVERHEAD   32 /* bytes of SO_SNDBUF that no message may use, as on Linux */
#define SOL_NETLINK     270
#define SCM_CREDENTIALS 2

/* --- sending -------------------------------------------------------------------------------- */

/* ss(8) reads /proc/net when there is nothing to be had from NETLINK_SOCK_DIAG, and says nothing;
 * it complains when there is no such protocol. So the answer is that of Linux without handlers. */
static int answer_request(struct nl_writer *writer, int protocol, const struct nlmsghdr *request)
{
	return protocol == NETLINK_ROUTE ? rtnetlink_answer(writer, request) : -ENOENT;
}

static void answer(struct nl_writer *writer, int protocol, const struct nlmsghdr *request)
{
	int error = 0;

	writer->sequence = request->nlmsg_seq;
	if (request->nlmsg_flags & NLM_F_REQUEST && request->nlmsg_type >= NLMSG_MIN_TYPE)
		error = answer_request(writer, protocol, request);
	if (error || request->nlmsg_flags & NLM_F_ACK)
		nl_acknowledge(writer, request, error);
}

static int answer_all(struct netlink_socket *sock, const uint8_t *bytes, size_t len)
{
	struct nl_writer writer = {.port = sock->port, .caps_acks = sock->caps_acks};
	const struct nlmsghdr *request;
	int error = 0;

	for (size_t at = 0; (request = nl_message_at(bytes, len, at));
	     at += NLMSG_ALIGN(request->nlmsg_len))
		answer(&writer, sock->base.protocol, request);
	if (writer.out.is_out_of_memory)
		error = -ENOBUFS;
	else if (writer.out.len)
		netlink_enqueue_all(sock, (const uint8_t *)writer.out.buf, writer.out.len);
	uk_free(writer.out.buf);
	return error;
}

/* Only the kernel is there to be sent to. */
static int check_receiver(const struct netlink_socket *sock, const struct socket_name *to)
{
	struct sockaddr_nl addr = {.nl_pid = sock->peer_port, .nl_groups = sock->peer_groups};
	int error = to ? netlink_get_name(to, &addr) : 0;

	if (error)
		return error;
	return addr.nl_pid || addr.nl_groups ? -ECONNREFUSED : 0;
}

static uk_ssize_t netlink_send(struct socket *socket, struct socket_transfer *transfer)
{
	struct netlink_socket *sock = netlink_of(socket);
	size_t len = transfer->uio->resid_bytes;
	uint8_t *bytes;
	int error;

	if (transfer->flags & UK_MSG_OOB)
		return -EOPNOTSUPP;
	error = check_receiver(sock, transfer->to);
	if (error)
		return error;
	if (!sock->port)
		netlink_give_port(sock);
	if (len + SEND_OVERHEAD > socket->send_limit)
		return -EMSGSIZE;
	bytes = uk_malloc(UK_MAX(len, (size_t)1));
	if (!bytes)
		return -ENOBUFS;
	error = uio_take(transfer->uio, bytes, len) == (uk_ssize_t)len
			? answer_all(sock, bytes, len)
			: -EFAULT;
	uk_free(bytes);
	return error ? error : (uk_ssize_t)len;
}

/* --- receiving ------------------------------------------------------------------------------ */

static bool has_news(const struct netlink_socket *sock)
{
	return !TAILQ_EMPTY(&sock->queue) || sock->base.error;
}

/* The number of the lowest group, as NETLINK_PKTINFO and memberships count them. */
static unsigned int group_number(uint32_t groups)
{
	return groups ? (unsigned int)__builtin_ctz(groups) + 1 : 0;
}

static uk_ssize_t hand_out(struct netlink_socket *sock, struct socket_transfer *transfer,
			   const struct nl_datagram *datagram)
{
	static const uint32_t kernel[3]; /* struct ucred: pid, uid and gid 0 */
	const struct nl_pktinfo info = {group_number(datagram->groups)};
	size_t wanted = UK_MIN(datagram->len, transfer->uio->resid_bytes);

	if (uio_put(transfer->uio, datagram->bytes, wanted) != (uk_ssize_t)wanted)
		return -EFAULT;
	if (transfer->from)
		netlink_put_name(transfer->from, 0, datagram->groups);
	if (sock->base.passes_credentials)
		socket_control_put(transfer->control, SOL_SOCKET, SCM_CREDENTIALS, kernel,
				   sizeof(kernel));
	if (sock->wants_pktinfo)
		socket_control_put(transfer->control, SOL_NETLINK, NETLINK_PKTINFO, &info,
				   sizeof(info));
	if (wanted == datagram->len)
		return (uk_ssize_t)wanted;
	transfer->out_flags |= UK_MSG_TRUNC;
	return (uk_ssize_t)(transfer->flags & UK_MSG_TRUNC ? datagram->len : wanted);
}

static uk_ssize_t netlink_receive(struct socket *socket, struct socket_transfer *transfer)
{
	struct netlink_socket *sock = netlink_of(socket);
	uint64_t deadline_ns = socket_deadline(socket->receive_timeout_ns);
	struct nl_datagram *datagram;
	uk_ssize_t got;
	int error;

	if (transfer->flags & UK_MSG_OOB)
		return -EOPNOTSUPP;
	for (;;) {
		error = socket_take_error(socket);
		if (error)
			return error;
		datagram = netlink_next(sock, transfer->flags & UK_MSG_PEEK);
		if (datagram)
			break;
		if (has_news(sock))
			return -ENOBUFS; /* no memory to look at it */
		if (transfer->flags & UK_MSG_DONTWAIT)
			return -EAGAIN;
		error = waitq_wait_event(&sock->readable, has_news(sock), deadline_ns);
		if (error)
			return socket_wait_result(error, socket->receive_timeout_ns);
	}
	got = hand_out(sock, transfer, datagram);
	uk_free(datagram);
	return got;
}

static unsigned int netlink_poll(struct socket *socket, struct poll_table *table)
{
	struct netlink_socket *sock = netlink_of(socket);

	poll_register(table, &sock->readable);
	return EVENTS_OUT | (socket->error ? EPOLLERR : 0) |
	       (TAILQ_EMPTY(&sock->queue) ? 0 : EVENTS_IN);
}

static size_t netlink_next_bytes(struct socket *socket)
{
	unsigned long flags = spin_lock_irqsave(&netlink_lock);
	const struct nl_datagram *first = TAILQ_FIRST(&netlink_of(socket)->queue);
	size_t len = first ? first->len : 0;

	spin_unlock_irqrestore(&netlink_lock, flags);
	return len;
}

/* --- options -------------------------------------------------------------------------------- */

#define GROUPS_MAX 32 /* those that bind(2) has bits for; more are never told to */

static bool *switch_of(struct netlink_socket *sock, int name)
{
	switch (name) {
	case NETLINK_PKTINFO:
		return &sock->wants_pktinfo;
	case NETLINK_NO_ENOBUFS:
		return &sock->no_enobufs;
	case NETLINK_CAP_ACK:
		return &sock->caps_acks;
	default:
		return NULL;
	}
}

static int netlink_set_option(struct socket *socket, int level, int name, const void *value,
			      size_t len)
{
	struct netlink_socket *sock = netlink_of(socket);
	bool *on = switch_of(sock, name);
	int number;

	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	if (socket_option_int(value, len, &number))
		return -EINVAL;
	if (on) {
		*on = number != 0;
		return 0;
	}
	if (name != NETLINK_ADD_MEMBERSHIP && name != NETLINK_DROP_MEMBERSHIP)
		return -ENOPROTOOPT;
	if (number < 1 || number > RTNLGRP_MAX)
		return -EINVAL;
	if (number > GROUPS_MAX)
		return 0; /* nothing is ever told there */
	if (name == NETLINK_ADD_MEMBERSHIP)
		sock->groups |= (uint32_t)UK_BIT(number - 1);
	else
		sock->groups &= ~(uint32_t)UK_BIT(number - 1);
	return 0;
}

static int netlink_get_option(struct socket *socket, int level, int name, void *value, size_t *len)
{
	struct netlink_socket *sock = netlink_of(socket);
	bool *on = switch_of(sock, name);

	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	if (on)
		socket_put_int(*on, value, len);
	else if (name == NETLINK_LIST_MEMBERSHIPS)
		socket_put_int((int)sock->groups, value, len);
	else
		return -ENOPROTOOPT;
	return 0;
}

/* --- birth and end -------------------------------------------------------------------------- */

static int netlink_shutdown(struct socket *socket, unsigned int how)
{
	return -EOPNOTSUPP;
}

static void netlink_release(struct socket *socket)
{
	struct netlink_socket *sock = netlink_of(socket);
	unsigned long flags = spin_lock_irqsave(&netlink_lock);
	struct nl_datagram *datagram;

	LIST_REMOVE(sock, link);
	spin_unlock_irqrestore(&netlink_lock, flags);
	while ((datagram = netlink_next(sock, false)))
		uk_free(datagram);
	uk_free(sock);
}

static const struct socket_ops netlink_ops = {
	.send = netlink_send,
	.receive = netlink_receive,
	.poll = netlink_poll,
	.shutdown = netlink_shutdown,
	.next_bytes = netlink_next_bytes,
	.bind = netlink_bind,
	.connect = netlink_connect,
	.own_name = netlink_own_name,
	.peer_name = netlink_peer_name,
	.set_option = netlink_set_option,
	.get_option = netlink_get_option,
	.release = netlink_release,
};

int netlink_socket_create(unsigned int type, int protocol, struct socket **socket)
{
	struct netlink_socket *sock;
	unsigned long flags;
	int error;

	if (type != UK_SOCK_RAW && type != UK_SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol != NETLINK_ROUTE && protocol != NETLINK_SOCK_DIAG)
		return -EPROTONOSUPPORT;
	error = netlink_start();
	sock = error ? NULL : uk_zalloc(sizeof(*sock));
	if (!sock)
		return error ? error : -ENOMEM;
	socket_init(&sock->base, &netlink_ops, UK_AF_NETLINK, type);
	sock->base.protocol = protocol;
	waitq_init(&sock->readable);
	TAILQ_INIT(&sock->queue);
	flags = spin_lock_irqsave(&netlink_lock);
	LIST_INSERT_HEAD(&netlink_sockets, sock, link);
	spin_unlock_irqrestore(&netlink_lock, flags);
	*socket = &sock->base;
	return 0;
}
