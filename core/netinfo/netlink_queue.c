/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What waits to be received from netlink sockets. Answers are cut into datagrams that fit the
 * buffer of one page which the C libraries and Go read with.
 */
#include <linux/errno.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "netlink.h"
#include "netlink_socket.h"
#include "nl_message.h"
#include "proc.h"

#define DATAGRAM_MOST 3776 /* what fits a page with Linux' own bookkeeping */

struct spinlock netlink_lock = SPINLOCK_INIT;
struct netlink_sockets netlink_sockets = LIST_HEAD_INITIALIZER(netlink_sockets);

static struct nl_datagram *datagram_of(const uint8_t *bytes, size_t len, uint32_t groups)
{
	struct nl_datagram *datagram = uk_malloc(sizeof(*datagram) + len);

	if (!datagram)
		return NULL;
	datagram->groups = groups;
	datagram->len = len;
	memcpy(datagram->bytes, bytes, len);
	return datagram;
}

/* Full: what does not fit is lost, and the program is told so once. */
static void enqueue(struct netlink_socket *sock, const uint8_t *bytes, size_t len, uint32_t groups)
{
	size_t charge = sizeof(struct nl_datagram) + len;
	struct nl_datagram *datagram = NULL;

	if (sock->queued_bytes + charge <= sock->base.receive_limit)
		datagram = datagram_of(bytes, len, groups);
	if (datagram) {
		TAILQ_INSERT_TAIL(&sock->queue, datagram, link);
		sock->queued_bytes += charge;
	} else if (!sock->no_enobufs) {
		sock->base.error = ENOBUFS;
	}
	waitq_wake(&sock->readable, EVENTS_IN);
}

void netlink_enqueue_all(struct netlink_socket *sock, const uint8_t *bytes, size_t len)
{
	unsigned long flags = spin_lock_irqsave(&netlink_lock);
	size_t part;

	for (; len; bytes += part, len -= part) {
		part = nl_cut(bytes, len, DATAGRAM_MOST);
		enqueue(sock, bytes, part, 0);
	}
	spin_unlock_irqrestore(&netlink_lock, flags);
}

void netlink_tell(unsigned int group, const uint8_t *bytes, size_t len)
{
	unsigned long flags = spin_lock_irqsave(&netlink_lock);
	uint32_t bit = (uint32_t)UK_BIT(group - 1);
	struct netlink_socket *sock;

	LIST_FOREACH (sock, &netlink_sockets, link)
		if (sock->groups & bit && sock->base.protocol == NETLINK_ROUTE)
			enqueue(sock, bytes, len, bit);
	spin_unlock_irqrestore(&netlink_lock, flags);
}

bool netlink_has_listeners(unsigned int group)
{
	unsigned long flags = spin_lock_irqsave(&netlink_lock);
	const struct netlink_socket *sock;
	bool is_found = false;

	LIST_FOREACH (sock, &netlink_sockets, link)
		is_found |= (sock->groups & UK_BIT(group - 1)) != 0;
	spin_unlock_irqrestore(&netlink_lock, flags);
	return is_found;
}

struct nl_datagram *netlink_next(struct netlink_socket *sock, bool is_peek)
{
	unsigned long flags = spin_lock_irqsave(&netlink_lock);
	struct nl_datagram *datagram = TAILQ_FIRST(&sock->queue);

	if (datagram && is_peek) {
		datagram = datagram_of(datagram->bytes, datagram->len, datagram->groups);
	} else if (datagram) {
		TAILQ_REMOVE(&sock->queue, datagram, link);
		sock->queued_bytes -= sizeof(*datagram) + datagram->len;
	}
	spin_unlock_irqrestore(&netlink_lock, flags);
	return datagram;
}

/* --- /proc/net/netlink ---------------------------------------------------------------------- */

struct shown {
	int protocol;
	uint32_t port, groups;
	size_t queued_bytes;
	unsigned long number;
};

/* What there is of the n-th socket. */
static bool look_at(unsigned int n, struct shown *shown)
{
	unsigned long flags = spin_lock_irqsave(&netlink_lock);
	const struct netlink_socket *sock = LIST_FIRST(&netlink_sockets);
	const struct file *file;

	while (sock && n--)
		sock = LIST_NEXT(sock, link);
	file = sock ? sock->base.file : NULL;
	if (sock)
		*shown = (struct shown){sock->base.protocol, sock->port, sock->groups,
					sock->queued_bytes,
					file ? (unsigned long)file->inode->ino : 0};
	spin_unlock_irqrestore(&netlink_lock, flags);
	return sock != NULL;
}

void netinfo_show_netlink(struct seq *seq)
{
	struct shown shown;

	seq_puts(seq, "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    "
		      "Drops    Inode\n");
	for (unsigned int n = 0; look_at(n, &shown); n++)
		seq_printf(seq, "%016x %-3d %-10u %08x %-8lu %-8d %-5d %-8d %-8u %-8lu\n", 0,
			   shown.protocol, shown.port, shown.groups,
			   (unsigned long)shown.queued_bytes, 0, 0, 2, 0u, shown.number);
}
