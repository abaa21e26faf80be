/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments on their way out: lwIP's tcp_out.c with two short cuts.
 *
 * - Data that was copied from the program into a segment's own memory (net_tcp_alloc()) becomes a
 *   segment as it is (net_tcp_append()); tcp_write() would copy it once more.
 *   (What could not be sent again at once for want of memory keeps its place.)
 * - IP and Ethernet headers to a neighbour that lwIP has used for the connection before, and about
 *   which nothing is in doubt, are written at once (ip_output_short()). All else goes through lwIP.
 *
 * For both, static parts of lwIP are needed: hence its files are part of this one. net_lock.
 */
#include <lwip/ip.h>
#include <lwip/prot/ethernet.h>

static err_t ip_output_short(struct pbuf *p, const ip_addr_t *src, const ip_addr_t *dst, u8_t ttl,
			     u8_t tos, u8_t protocol, struct netif *netif);
static inline err_t ip_output_long(struct pbuf *p, const ip_addr_t *src, const ip_addr_t *dst,
				   u8_t ttl, u8_t tos, u8_t protocol, struct netif *netif)
{
	return ip_output_if(p, src, dst, ttl, tos, protocol, netif);
}
#undef ip_output_if
#define ip_output_if ip_output_short

#include <lwip/priv/tcp_priv.h>
err_t rexmit_rto_prepare_sorted(struct tcp_pcb *pcb);
#define tcp_rexmit_rto_prepare rexmit_rto_prepare_sorted

#include "core/ipv4/etharp.c"
#include "core/ipv4/ip4.c"
#include "core/tcp_out.c"

#undef tcp_rexmit_rto_prepare

#include <uk/netdev.h>
#include <uk/string.h>
#include "checksum.h"

/* --- IP and Ethernet ----------------------------------------------------------------------------
 */

struct headers {
	struct eth_hdr eth;
	struct ip_hdr ip;
} __uk_packed;

static const struct etharp_entry *known_neighbour(const struct netif *netif, const ip4_addr_t *dst)
{
	bool is_near = ip4_addr_netcmp(dst, netif_ip4_addr(netif), netif_ip4_netmask(netif));
	const ip4_addr_t *next = is_near ? dst : netif_ip4_gw(netif);
	const struct etharp_entry *entry;

	if (!netif->hints || netif->hints->addr_hint >= ARP_TABLE_SIZE ||
	    netif->output != etharp_output)
		return NULL;
	entry = &arp_table[netif->hints->addr_hint];
	return entry->state == ETHARP_STATE_STABLE && entry->netif == netif &&
			       ip4_addr_cmp(&entry->ipaddr, next) &&
			       entry->ctime < ARP_AGE_REREQUEST_USED_UNICAST
		       ? entry
		       : NULL;
}

static err_t ip_output_short(struct pbuf *p, const ip_addr_t *src, const ip_addr_t *dst, u8_t ttl,
			     u8_t tos, u8_t protocol, struct netif *netif)
{
	const struct etharp_entry *neighbour =
		IP_IS_V4(dst) ? known_neighbour(netif, ip_2_ip4(dst)) : NULL;
	uint16_t ip_len = (uint16_t)(p->tot_len + IP_HLEN);
	struct headers *h;

	if (!neighbour || ip_len > netif->mtu || !netdev_headroom(p, sizeof(*h)))
		return ip_output_long(p, src, dst, ttl, tos, protocol, netif);
	LWIP_IP_CHECK_PBUF_REF_COUNT_FOR_TX(p);
	MIB2_STATS_INC(mib2.ipoutrequests);
	h = p->payload = (char *)p->payload - sizeof(*h);
	p->len = (u16_t)(p->len + sizeof(*h));
	p->tot_len = (u16_t)(p->tot_len + sizeof(*h));
	memcpy(&h->eth.dest, &neighbour->ethaddr, ETH_HWADDR_LEN);
	memcpy(&h->eth.src, netif->hwaddr, ETH_HWADDR_LEN);
	h->eth.type = PP_HTONS(ETHTYPE_IP);
	h->ip = (struct ip_hdr){
		._v_hl = 0x45,
		._tos = tos,
		._len = lwip_htons(ip_len),
		._id = lwip_htons(ip_id++),
		._ttl = ttl,
		._proto = protocol,
		.src = {ip4_addr_get_u32(ip_2_ip4(src))},
		.dest = {ip4_addr_get_u32(ip_2_ip4(dst))},
	};
	h->ip._chksum = (u16_t)~net_checksum_fold(net_checksum_20(&h->ip));
	return netif->linkoutput(netif, p);
}

/* --- sending again ------------------------------------------------------------------------------
 */

/* The segment of a fast retransmission for which there was no memory is the first unsent one. lwIP
 * would put all that follow it in front of it, and wait for ever. */
err_t tcp_rexmit_rto_prepare(struct tcp_pcb *pcb)
{
	struct tcp_seg *first = pcb->unsent;

	if (first && pcb->unacked &&
	    TCP_SEQ_LT(lwip_ntohl(first->tcphdr->seqno), lwip_ntohl(pcb->unacked->tcphdr->seqno))) {
		pcb->unsent = first->next;
		first->next = pcb->unacked;
		pcb->unacked = first;
	}
	return rexmit_rto_prepare_sorted(pcb);
}

/* --- data ---------------------------------------------------------------------------------------
 */

/* What segments of the connection carry besides data. */
static u8_t segment_options(const struct tcp_pcb *pcb)
{
	return pcb->flags & TF_TIMESTAMP ? TF_SEG_OPTS_TS : 0;
}

size_t net_tcp_segment_max(const struct tcp_pcb *pcb)
{
	u16_t half = (u16_t)UK_MIN(pcb->snd_wnd_max / 2, (tcpwnd_size_t)UINT16_MAX);
	u16_t most = half ? UK_MIN(pcb->mss, half) : pcb->mss;
	u16_t options = LWIP_TCP_OPT_LENGTH(segment_options(pcb));

	return most > options ? most - options : 1;
}

static struct tcp_seg *last_unsent(const struct tcp_pcb *pcb)
{
	struct tcp_seg *seg = pcb->unsent;

	while (seg && seg->next)
		seg = seg->next;
	return seg;
}

size_t net_tcp_tail_room(const struct tcp_pcb *pcb)
{
	const struct tcp_seg *last = last_unsent(pcb);
	size_t most = net_tcp_segment_max(pcb);

	/* A SYN or FIN carries no data. */
	return last && last->len && last->len < most ? most - last->len : 0;
}

struct pbuf *net_tcp_alloc(size_t len, size_t room)
{
	struct pbuf *p =
		pbuf_alloc(PBUF_TRANSPORT, (u16_t)(LWIP_TCP_OPT_LEN_TS_OUT + len + room), PBUF_RAM);

	if (!p)
		return NULL;
	p->payload = (char *)p->payload + LWIP_TCP_OPT_LEN_TS_OUT;
	p->len = p->tot_len = (u16_t)len;
	return p;
}

void net_tcp_free(struct pbuf *pieces)
{
	struct pbuf *next;

	for (; pieces; pieces = next) {
		next = pieces->next;
		pieces->next = NULL;
		pbuf_free(pieces);
	}
}

/* Each piece as a segment; `queue` stays what it was when there is no memory, and the pieces are
 * gone. Returns the last one. */
static struct tcp_seg *make_segments(struct tcp_pcb *pcb, struct pbuf *pieces,
				     struct tcp_seg **queue)
{
	u8_t options = segment_options(pcb);
	struct tcp_seg *seg = NULL, *first = NULL, **tail = &first;
	u32_t seq = pcb->snd_lbb;
	struct pbuf *next;

	for (; pieces; pieces = next) {
		u16_t len = pieces->len;

		next = pieces->next;
		pieces->next = NULL;
		pbuf_add_header(pieces,
				LWIP_TCP_OPT_LENGTH(options)); /* net_tcp_alloc() left room */
		seg = tcp_create_segment(pcb, pieces, 0, seq, options);
		if (!seg) {
			net_tcp_free(next);
			tcp_segs_free(first);
			return NULL;
		}
		*tail = seg;
		tail = &seg->next;
		seq += len;
	}
	*queue = first;
	return seg;
}

err_t net_tcp_append(struct tcp_pcb *pcb, struct pbuf *pieces, size_t room, u8_t flags)
{
	struct tcp_seg *queue, *last, *before;
	size_t len = 0, count = 0;
	err_t error;

	for (const struct pbuf *p = pieces; p; p = p->next, count++)
		len += p->len;
	error = tcp_write_checks(pcb, (u16_t)len);
	if (error != ERR_OK) {
		net_tcp_free(pieces);
		return error;
	}
	last = make_segments(pcb, pieces, &queue);
	if (!last)
		return ERR_MEM;
	if (!(flags & TCP_WRITE_FLAG_MORE))
		TCPH_SET_FLAG(last->tcphdr, TCP_PSH);
	before = last_unsent(pcb);
	*(before ? &before->next : &pcb->unsent) = queue;
	pcb->snd_lbb += (u32_t)len;
	pcb->snd_buf -= (tcpwnd_size_t)len;
	pcb->snd_queuelen = (u16_t)(pcb->snd_queuelen + count);
	pcb->unsent_oversize = (u16_t)room;
	return ERR_OK;
}
