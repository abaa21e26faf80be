/* SPDX-License-Identifier: BSD-3-Clause */
/* Queues of datagrams; receiving them, with what came along. */
#include <asm/socket.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/time_types.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <uk/clock.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "datagram.h"

#define DATAGRAM_COST 256    /* of SO_RCVBUF, besides its bytes */
#define DATAGRAM_MAX  65507U /* bytes of data in the largest (IPv4) */

void datagram_init(struct datagram_socket *sock, const struct socket_ops *ops, unsigned int family,
		   unsigned int type, int protocol)
{
	inet_init(&sock->inet, ops, family, type, protocol);
	TAILQ_INIT(&sock->queue.list);
}

/* --- arriving: net_lock -------------------------------------------------------------------------
 */

void datagram_arrived(struct datagram_socket *sock, struct pbuf *data, const struct inet_end *from)
{
	struct datagram_queue *queue = &sock->queue;
	struct datagram *datagram = NULL;

	if (queue->bytes + data->tot_len <= sock->inet.base.receive_limit &&
	    !(sock->inet.shut & SOCKET_SHUT_RECEIVE))
		datagram = uk_malloc(sizeof(*datagram));
	if (!datagram) {
		pbuf_free(data);
		return;
	}
	datagram->data = data;
	datagram->from = *from;
	datagram->to = *ip_current_dest_addr();
	datagram->if_index =
		ip_current_input_netif() ? netif_get_index(ip_current_input_netif()) : 0;
	datagram->ttl = ip_current_is_v6() ? IP6H_HOPLIM(ip6_current_header())
					   : IPH_TTL(ip4_current_header());
	datagram->tos = ip_current_is_v6() ? (uint8_t)IP6H_TC(ip6_current_header())
					   : IPH_TOS(ip4_current_header());
	datagram->arrived_ns = clock_realtime_ns();
	TAILQ_INSERT_TAIL(&queue->list, datagram, link);
	queue->bytes += data->tot_len + DATAGRAM_COST;
	inet_wake(&sock->inet, EVENTS_IN);
}

static void drop(struct datagram *datagram)
{
	pbuf_free(datagram->data);
	uk_free(datagram);
}

static struct datagram *take_first(struct datagram_socket *sock)
{
	struct datagram *datagram = TAILQ_FIRST(&sock->queue.list);

	if (!datagram)
		return NULL;
	TAILQ_REMOVE(&sock->queue.list, datagram, link);
	sock->queue.bytes -= datagram->data->tot_len + DATAGRAM_COST;
	return datagram;
}

static void put_back(struct datagram_socket *sock, struct datagram *datagram)
{
	TAILQ_INSERT_HEAD(&sock->queue.list, datagram, link);
	sock->queue.bytes += datagram->data->tot_len + DATAGRAM_COST;
}

void datagram_clear(struct datagram_socket *sock)
{
	struct datagram *datagram;

	while ((datagram = take_first(sock)))
		drop(datagram);
}

/* --- receiving ----------------------------------------------------------------------------------
 */

static void put_times(const struct socket *socket, const struct datagram *datagram,
		      struct socket_control *control)
{
	int64_t sec = (int64_t)(datagram->arrived_ns / (uint64_t)UK_NSEC_PER_SEC);
	int64_t nsec = (int64_t)(datagram->arrived_ns % (uint64_t)UK_NSEC_PER_SEC);
	int64_t time[2] = {sec, socket->timestamps_ns ? nsec : nsec / 1000};

	if (socket->timestamps_ns)
		socket_control_put(control, SOL_SOCKET, SO_TIMESTAMPNS_OLD, time, sizeof(time));
	else if (socket->timestamps)
		socket_control_put(control, SOL_SOCKET, SO_TIMESTAMP_OLD, time, sizeof(time));
}

static void put_pktinfo(const struct datagram_socket *sock, const struct datagram *datagram,
			struct socket_control *control)
{
	if (!inet_is_v6(&sock->inet)) {
		struct in_pktinfo info = {.ipi_ifindex = (int)datagram->if_index};

		info.ipi_spec_dst.s_addr = info.ipi_addr.s_addr =
			ip4_addr_get_u32(ip_2_ip4(&datagram->to));
		socket_control_put(control, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	} else {
		struct in6_pktinfo info = {.ipi6_ifindex = (int)datagram->if_index};
		struct inet_end to = {.address = datagram->to};
		struct socket_name name;

		inet_put_end(&sock->inet, &to, &name);
		memcpy(&info.ipi6_addr, name.bytes + offsetof(struct sockaddr_in6, sin6_addr),
		       sizeof(info.ipi6_addr));
		socket_control_put(control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	}
}

static void put_control(const struct datagram_socket *sock, const struct datagram *datagram,
			struct socket_control *control)
{
	bool is_v6 = inet_is_v6(&sock->inet);
	int ttl = datagram->ttl, tos = datagram->tos;

	if (!control)
		return;
	put_times(&sock->inet.base, datagram, control);
	if (sock->wants_pktinfo)
		put_pktinfo(sock, datagram, control);
	if (sock->wants_ttl)
		socket_control_put(control, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP,
				   is_v6 ? IPV6_HOPLIMIT : IP_TTL, &ttl, sizeof(ttl));
	if (sock->wants_tos && is_v6)
		socket_control_put(control, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	else if (sock->wants_tos)
		socket_control_put(control, IPPROTO_IP, IP_TOS, &datagram->tos, 1);
}

static uk_ssize_t copy_out(const struct datagram *datagram, struct socket_transfer *transfer)
{
	size_t total = datagram->data->tot_len;
	uk_ssize_t done = 0;

	for (const struct pbuf *p = datagram->data; p && transfer->uio->resid_bytes; p = p->next) {
		uk_ssize_t moved = uio_put(transfer->uio, p->payload,
					   UK_MIN((size_t)p->len, transfer->uio->resid_bytes));

		if (moved < 0)
			return moved;
		done += moved;
	}
	if ((size_t)done < total) {
		transfer->out_flags |= UK_MSG_TRUNC;
		return transfer->flags & UK_MSG_TRUNC ? (uk_ssize_t)total : done;
	}
	return done;
}

static uk_ssize_t deliver(struct datagram_socket *sock, struct datagram *datagram,
			  struct socket_transfer *transfer)
{
	uk_ssize_t got = copy_out(datagram, transfer);

	if (got >= 0 && transfer->from)
		inet_put_end(&sock->inet, &datagram->from, transfer->from);
	if (got >= 0)
		put_control(sock, datagram, transfer->control);
	net_lock();
	if (transfer->flags & UK_MSG_PEEK)
		put_back(sock, datagram);
	else
		drop(datagram);
	net_unlock();
	return got;
}

static struct datagram *next_datagram(struct datagram_socket *sock)
{
	struct datagram *datagram;

	net_lock();
	if (TAILQ_EMPTY(&sock->queue.list) && net_has_work())
		net_poll();
	datagram = take_first(sock);
	net_unlock();
	return datagram;
}

static bool has_news(const struct datagram_socket *sock)
{
	return !TAILQ_EMPTY(&sock->queue.list) || sock->inet.base.error ||
	       (sock->inet.shut & SOCKET_SHUT_RECEIVE);
}

uk_ssize_t datagram_receive(struct socket *socket, struct socket_transfer *transfer)
{
	struct datagram_socket *sock = datagram_of(socket);
	uint64_t deadline_ns = socket_deadline(socket->receive_timeout_ns);
	struct datagram *datagram;
	int error;

	if (transfer->flags & UK_MSG_ERRQUEUE)
		return -EAGAIN;
	for (;;) {
		error = socket_take_error(socket);
		if (error)
			return error;
		datagram = next_datagram(sock);
		if (datagram)
			return deliver(sock, datagram, transfer);
		if (sock->inet.shut & SOCKET_SHUT_RECEIVE)
			return 0;
		if (transfer->flags & UK_MSG_DONTWAIT)
			return -EAGAIN;
		error = inet_wait(&sock->inet, has_news(sock), deadline_ns);
		if (error)
			return socket_wait_result(error, socket->receive_timeout_ns);
	}
}

unsigned int datagram_poll(struct socket *socket, struct poll_table *table)
{
	struct datagram_socket *sock = datagram_of(socket);
	unsigned int events = EVENTS_OUT;

	poll_register(table, &sock->inet.waiters);
	inet_poll_network();
	if (socket->error)
		events |= EPOLLERR;
	if (!TAILQ_EMPTY(&sock->queue.list))
		events |= EVENTS_IN;
	if (sock->inet.shut & SOCKET_SHUT_RECEIVE)
		events |= EVENTS_IN | EPOLLRDHUP;
	if (sock->inet.shut == (SOCKET_SHUT_RECEIVE | SOCKET_SHUT_SEND))
		events |= EPOLLHUP;
	return events;
}

size_t datagram_next_bytes(struct socket *socket)
{
	const struct datagram *datagram;
	size_t bytes;

	net_lock();
	net_poll();
	datagram = TAILQ_FIRST(&datagram_of(socket)->queue.list);
	bytes = datagram ? datagram->data->tot_len : 0;
	net_unlock();
	return bytes;
}

/* --- sending ------------------------------------------------------------------------------------
 */

struct pbuf *datagram_take(struct socket_transfer *transfer, int *error)
{
	size_t len = transfer->uio->resid_bytes;
	uk_ssize_t taken;
	struct pbuf *p;

	*error = -EMSGSIZE;
	if (len > DATAGRAM_MAX)
		return NULL;
	*error = -ENOBUFS;
	/* Nobody else sees it yet: no lock is needed. */
	p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
	if (!p)
		return NULL;
	taken = len ? uio_take(transfer->uio, p->payload, len) : 0;
	*error = taken == (uk_ssize_t)len ? 0 : -EFAULT;
	if (!*error)
		return p;
	pbuf_free(p);
	return NULL;
}

/* --- options ------------------------------------------------------------------------------------
 */

static bool *switch_of(struct datagram_socket *sock, int level, int name)
{
	if (level == IPPROTO_IP) {
		switch (name) {
		case IP_PKTINFO:
			return &sock->wants_pktinfo;
		case IP_RECVTTL:
			return &sock->wants_ttl;
		case IP_RECVTOS:
			return &sock->wants_tos;
		default:
			return NULL;
		}
	}
	if (level == IPPROTO_IPV6 && inet_is_v6(&sock->inet)) {
		switch (name) {
		case IPV6_RECVPKTINFO:
			return &sock->wants_pktinfo;
		case IPV6_RECVHOPLIMIT:
			return &sock->wants_ttl;
		case IPV6_RECVTCLASS:
			return &sock->wants_tos;
		default:
			return NULL;
		}
	}
	return NULL;
}

int datagram_set_option(struct datagram_socket *sock, int level, int name, const void *value,
			size_t len)
{
	bool *on = switch_of(sock, level, name);
	int number, error = on ? socket_option_int(value, len, &number) : -ENOPROTOOPT;

	if (!error)
		*on = number != 0;
	return error;
}

int datagram_get_option(struct datagram_socket *sock, int level, int name, int *number)
{
	const bool *on = switch_of(sock, level, name);

	if (!on)
		return -ENOPROTOOPT;
	*number = *on;
	return 0;
}
