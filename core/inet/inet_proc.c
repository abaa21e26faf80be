/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/net/tcp, udp, raw, icmp and their siblings of IPv6, sockstat (proc(5)). TCP is lwIP's lists
 * of control blocks, for there are connections that no socket holds any more; everything else is
 * the open sockets. A line is what ss(8), netstat(8), lsof(8) and libraries read from it; what
 * nobody counts is 0.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <lwip/priv/tcp_priv.h>
#include <uk/fmt.h>
#include <uk/inode.h>
#include <uk/procfs.h>
#include <uk/string.h>
#include "inet.h"
#include "tcp.h"

/* Of <linux/tcp_states.h> in the kernel. */
enum { LINUX_ESTABLISHED = 1, LINUX_CLOSE = 7, LINUX_LISTEN = 10 };

#define TCP_LINE 149 /* lines are that long, with blanks behind */
#define UDP_LINE 127
#define TEXT_MAX 256

struct line {
	struct socket_name local, remote;
	unsigned int state, number;
	size_t sent_bytes, received_bytes; /* and not acknowledged, not read */
	const struct socket *socket;       /* NULL: it is closed */
};

/* --- lines ---------------------------------------------------------------------------------- */

static uint32_t word_at(const struct socket_name *name, size_t offset)
{
	uint32_t word;

	memcpy(&word, name->bytes + offset, sizeof(word));
	return word;
}

/* Addresses as they are in memory, ports as numbers. */
static int put_name(char *text, size_t size, const struct socket_name *name)
{
	unsigned int port = (unsigned int)name->bytes[2] << 8 | name->bytes[3];

	if (name->family == UK_AF_INET)
		return uk_snprintf(text, size, "%08X:%04X", word_at(name, 4), port);
	return uk_snprintf(text, size, "%08X%08X%08X%08X:%04X", word_at(name, 8), word_at(name, 12),
			   word_at(name, 16), word_at(name, 20), port);
}

static void put_line(struct seq *seq, const struct line *line, const char *number_format,
		     const char *rest, int width)
{
	const struct inode *inode =
		line->socket && line->socket->file ? line->socket->file->inode : NULL;
	char number[16], local[48], remote[48], text[TEXT_MAX];

	uk_snprintf(number, sizeof(number), number_format, line->number);
	put_name(local, sizeof(local), &line->local);
	put_name(remote, sizeof(remote), &line->remote);
	uk_snprintf(text, sizeof(text), "%s: %s %s %02X %08X:%08X %02X:%08X %08X %5u %8d %lu %s",
		    number, local, remote, line->state, (unsigned int)line->sent_bytes,
		    (unsigned int)line->received_bytes, 0, 0, 0, inode ? inode->uid : 0, 0,
		    (unsigned long)(inode ? inode->ino : 0), rest);
	seq_printf(seq, "%-*s\n", width, text);
}

static void put_heading(struct seq *seq, unsigned int family, const char *begin, const char *end,
			int width)
{
	bool is_v6 = family == UK_AF_INET6;
	char text[TEXT_MAX];

	uk_snprintf(text, sizeof(text),
		    "%ssl  %-*s %-*s st tx_queue rx_queue tr tm->when retrnsmt"
		    "   uid  timeout inode%s",
		    begin, is_v6 ? 37 : 13, "local_address", is_v6 ? 37 : 13,
		    is_v6 ? "remote_address" : "rem_address", end);
	seq_printf(seq, "%-*s\n", is_v6 ? 0 : width, text);
}

/* --- TCP: net_lock -------------------------------------------------------------------------- */

static const uint8_t states[] = {
	[CLOSED] = LINUX_CLOSE,
	[LISTEN] = LINUX_LISTEN,
	[SYN_SENT] = 2,
	[SYN_RCVD] = 3,
	[ESTABLISHED] = LINUX_ESTABLISHED,
	[FIN_WAIT_1] = 4,
	[FIN_WAIT_2] = 5,
	[CLOSE_WAIT] = 8,
	[CLOSING] = 11,
	[LAST_ACK] = 9,
	[TIME_WAIT] = 6,
};

/* The family is the socket's; one that is closed has that of its addresses. */
static unsigned int family_of(const struct tcp_socket *sock, const ip_addr_t *local)
{
	if (sock)
		return sock->inet.base.family;
	return IP_IS_V4(local) ? UK_AF_INET : UK_AF_INET6;
}

static void fill_in(struct line *line, unsigned int family, const struct inet_end *local,
		    const struct inet_end *remote)
{
	const struct inet_socket like = {.base.family = (uint16_t)family};

	inet_put_end(&like, local, &line->local);
	inet_put_end(&like, remote, &line->remote);
}

static void show_listening(struct seq *seq, unsigned int family, unsigned int *number)
{
	for (const struct tcp_pcb_listen *pcb = tcp_listen_pcbs.listen_pcbs; pcb; pcb = pcb->next) {
		const struct tcp_socket *sock = pcb->callback_arg;
		const struct inet_end local = {pcb->local_ip, pcb->local_port};
		const struct inet_end none = {.address = family == UK_AF_INET ? *IP4_ADDR_ANY
									      : *IP6_ADDR_ANY};
		struct line line = {.state = LINUX_LISTEN};

		if (family_of(sock, &pcb->local_ip) != family)
			continue;
		line.number = (*number)++;
		line.socket = sock ? &sock->inet.base : NULL;
		line.received_bytes = sock ? sock->pending_count : 0;
		fill_in(&line, family, &local, &none);
		put_line(seq, &line, "%4u", "1 0000000000000000 100 0 0 10 0", TCP_LINE);
	}
}

static void show_connections(struct seq *seq, unsigned int family, const struct tcp_pcb *pcb,
			     unsigned int *number)
{
	for (; pcb; pcb = pcb->next) {
		const struct tcp_socket *sock = pcb->callback_arg;
		const struct inet_end local = {pcb->local_ip, pcb->local_port};
		const struct inet_end remote = {pcb->remote_ip, pcb->remote_port};
		struct line line = {.state = states[pcb->state]};

		if (family_of(sock, &pcb->local_ip) != family)
			continue;
		line.number = (*number)++;
		line.socket = sock ? &sock->inet.base : NULL;
		line.sent_bytes = pcb->snd_lbb - pcb->lastack;
		line.received_bytes = sock ? sock->received_bytes : 0;
		fill_in(&line, family, &local, &remote);
		put_line(seq, &line, "%4u", "1 0000000000000000 20 4 0 10 -1", TCP_LINE);
	}
}

void inet_show_tcp(struct seq *seq, unsigned int family)
{
	unsigned int number = 0;

	put_heading(seq, family, "  ", "", TCP_LINE);
	net_lock();
	show_listening(seq, family, &number);
	show_connections(seq, family, tcp_active_pcbs, &number);
	show_connections(seq, family, tcp_tw_pcbs, &number);
	net_unlock();
}

/* --- everything else: open sockets ---------------------------------------------------------- */

struct listing {
	struct seq *seq;
	unsigned int family, type;
	int protocol; /* -1: any */
	unsigned int count;
};

static bool is_wanted(const struct socket *socket, const struct listing *listing)
{
	return socket->family == listing->family && socket->type == listing->type &&
	       (listing->protocol < 0 || socket->protocol == listing->protocol);
}

static void show_socket(struct socket *socket, void *ctx)
{
	struct listing *listing = ctx;
	struct line line = {.state = LINUX_ESTABLISHED, .socket = socket};

	if (!is_wanted(socket, listing) || socket->ops->own_name(socket, &line.local))
		return;
	if (socket->type == UK_SOCK_DGRAM && !line.local.bytes[2] && !line.local.bytes[3])
		return; /* as on Linux: it has no port yet */
	if (socket->ops->peer_name(socket, &line.remote)) {
		memset(&line.remote, 0, sizeof(line.remote));
		line.remote.family = (uint16_t)listing->family;
		line.state = LINUX_CLOSE;
	}
	line.number = listing->count++;
	line.received_bytes = socket->ops->next_bytes(socket);
	put_line(listing->seq, &line, socket->type == UK_SOCK_RAW ? "%4u" : "%5u",
		 "2 0000000000000000 0", UDP_LINE);
}

static void show_sockets(struct listing listing, const char *begin)
{
	put_heading(listing.seq, listing.family, begin, " ref pointer drops", UDP_LINE);
	socket_each(show_socket, &listing);
}

void inet_show_udp(struct seq *seq, unsigned int family)
{
	show_sockets((struct listing){.seq = seq,
				      .family = family,
				      .type = UK_SOCK_DGRAM,
				      .protocol = IPPROTO_UDP},
		     family == UK_AF_INET ? "   " : "  ");
}

void inet_show_raw(struct seq *seq, unsigned int family)
{
	show_sockets(
		(struct listing){.seq = seq, .family = family, .type = UK_SOCK_RAW, .protocol = -1},
		"  ");
}

void inet_show_icmp(struct seq *seq, unsigned int family)
{
	show_sockets(
		(struct listing){.seq = seq,
				 .family = family,
				 .type = UK_SOCK_DGRAM,
				 .protocol = family == UK_AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6},
		"   ");
}

/* --- sockstat ------------------------------------------------------------------------------- */

struct counts {
	unsigned int all, tcp[2], udp[2], raw[2]; /* IPv4, IPv6 */
	unsigned int waiting;                     /* TIME_WAIT */
};

static void count_socket(struct socket *socket, void *ctx)
{
	struct counts *counts = ctx;
	bool is_v6 = socket->family == UK_AF_INET6;

	counts->all++;
	if (!is_v6 && socket->family != UK_AF_INET)
		return;
	counts->tcp[is_v6] += socket->type == UK_SOCK_STREAM;
	counts->udp[is_v6] += socket->type == UK_SOCK_DGRAM;
	counts->raw[is_v6] += socket->type == UK_SOCK_RAW;
}

static void count(struct counts *counts)
{
	memset(counts, 0, sizeof(*counts));
	socket_each(count_socket, counts);
	net_lock();
	for (const struct tcp_pcb *pcb = tcp_tw_pcbs; pcb; pcb = pcb->next)
		counts->waiting++;
	net_unlock();
}

void inet_show_sockstat(struct seq *seq, unsigned int family)
{
	struct counts counts;

	count(&counts);
	if (family == UK_AF_INET6) {
		seq_printf(seq,
			   "TCP6: inuse %u\nUDP6: inuse %u\nUDPLITE6: inuse 0\n"
			   "RAW6: inuse %u\nFRAG6: inuse 0 memory 0\n",
			   counts.tcp[1], counts.udp[1], counts.raw[1]);
		return;
	}
	seq_printf(seq,
		   "sockets: used %u\nTCP: inuse %u orphan 0 tw %u alloc %u mem 0\n"
		   "UDP: inuse %u mem 0\nUDPLITE: inuse 0\nRAW: inuse %u\n"
		   "FRAG: inuse 0 memory 0\n",
		   counts.all, counts.tcp[0], counts.waiting, counts.tcp[0] + counts.tcp[1],
		   counts.udp[0], counts.raw[0]);
}
