/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Header prediction (V. Jacobson): nearly every segment of a connection is either the next data or
 * an acknowledgement. Such a segment goes from the device straight to lwIP's tcp_receive(); what is
 * left out on the way are questions whose answers are known. Whatever looks in the least different
 * takes lwIP's own way from the beginning.
 *
 * tcp_receive() and its arguments (seqno, ackno, flags, inseg, ...) are static, and so is the list
 * of raw sockets, which want to see every packet: hence lwIP's files are part of this one.
 *
 * Headers are copied before they are looked at: a hostile device could change them meanwhile.
 *
 * Flows and everything else here: net_lock.
 */
#include "core/raw.c"
#include "core/tcp_in.c"

#include <lwip/prot/ethernet.h>
#include <uk/string.h>
#include "checksum.h"
#include "net_internal.h"

#define FLOW_BITS 9

struct segment {
	struct eth_hdr eth;
	struct ip_hdr ip;
	struct tcp_hdr tcp;
	uint8_t options[TCP_MAX_OPTION_BYTES];
} __attribute__((packed));

#define TCP_OFFSET offsetof(struct segment, tcp)
#define TCP_END    offsetof(struct segment, options)

static LIST_HEAD(flow_list, net_flow) flows[1 << FLOW_BITS];

/* --- flows --------------------------------------------------------------------------------------
 */

static struct flow_list *flow_bucket(uint64_t addresses, uint32_t ports)
{
	uint32_t key = ports ^ (uint32_t)addresses ^ (uint32_t)(addresses >> 32);

	return &flows[key * 0x9e3779b1U >> (32 - FLOW_BITS)];
}

void net_flow_add(struct net_flow *flow, struct tcp_pcb *pcb)
{
	flow->pcb = NULL;
	if (!IP_IS_V4(&pcb->remote_ip) || !IP_IS_V4(&pcb->local_ip))
		return;
	flow->pcb = pcb;
	flow->addresses = ip4_addr_get_u32(ip_2_ip4(&pcb->remote_ip)) |
			  (uint64_t)ip4_addr_get_u32(ip_2_ip4(&pcb->local_ip)) << 32;
	flow->ports = lwip_htons(pcb->remote_port) | (uint32_t)lwip_htons(pcb->local_port) << 16;
	LIST_INSERT_HEAD(flow_bucket(flow->addresses, flow->ports), flow, link);
}

void net_flow_remove(struct net_flow *flow)
{
	if (flow->pcb)
		LIST_REMOVE(flow, link);
	flow->pcb = NULL;
}

static struct tcp_pcb *find(const struct segment *seg)
{
	struct net_flow *flow;
	uint64_t addresses;
	uint32_t ports;

	memcpy(&addresses, &seg->ip.src, sizeof(addresses));
	memcpy(&ports, &seg->tcp, sizeof(ports));
	LIST_FOREACH (flow, flow_bucket(addresses, ports), link)
		if (flow->ports == ports && flow->addresses == addresses)
			return flow->pcb;
	return NULL;
}

/* --- what is expected ---------------------------------------------------------------------------
 */

/* To us alone, TCP over IPv4 without options or fragments. */
static bool is_plain(const struct segment *seg)
{
	return seg->eth.type == PP_HTONS(ETHTYPE_IP) && !(seg->eth.dest.addr[0] & 1) &&
	       seg->ip._v_hl == 0x45 && seg->ip._proto == IP_PROTO_TCP &&
	       !(seg->ip._offset & PP_HTONS(IP_MF | IP_OFFMASK));
}

/* Nothing but an acknowledgement or the next `len` bytes of data. */
static bool is_expected(const struct tcp_pcb *pcb, const struct netif *netif,
			const struct segment *seg, size_t len)
{
	if (pcb->state != ESTABLISHED || (pcb->flags & TF_RXCLOSED) || pcb->refused_data ||
	    (TCPH_FLAGS(&seg->tcp) & ~TCP_PSH) != TCP_ACK ||
	    lwip_ntohl(seg->tcp.seqno) != pcb->rcv_nxt)
		return false;
	if (pcb->netif_idx != NETIF_NO_INDEX && pcb->netif_idx != netif_get_index(netif))
		return false;
	return !len || (len <= pcb->rcv_wnd && !pcb->ooseq);
}

static bool has_right_sums(const struct net_frame *frame, const struct segment *seg, size_t tcp_len)
{
	const char *tcp = (const char *)frame->data + TCP_OFFSET;

	return net_checksum_is_right(net_checksum_20(&seg->ip)) &&
	       (frame->checksum == NETDEV_RX_CHECKED ||
		net_checksum_is_right(net_checksum(tcp, (int)tcp_len) +
				      net_checksum_pseudo4(&seg->ip.src, IP_PROTO_TCP, tcp_len)));
}

/* --- handing it over ----------------------------------------------------------------------------
 */

/* The data as a pbuf of its own. `at`, `len`: where in the frame it is. */
static struct pbuf *take_data(struct net_frame *frame, size_t at, size_t len)
{
	struct pbuf *p = frame->pbuf;

	if (p) {
		pbuf_remove_header(p, at);
		pbuf_realloc(p, (u16_t)len); /* a short frame is padded */
		frame->pbuf = NULL;
		return p;
	}
	p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);
	if (p)
		memcpy(p->payload, (const char *)frame->data + at, len);
	return p;
}

static void tell_sent(struct tcp_pcb *pcb)
{
	err_t err;

	while (recv_acked > 0) {
		u16_t some = (u16_t)UK_MIN(recv_acked, (tcpwnd_size_t)UINT16_MAX);

		recv_acked -= some;
		TCP_EVENT_SENT(pcb, some, err);
	}
	(void)err;
}

static void tell_received(struct tcp_pcb *pcb)
{
	err_t err;

	if (!recv_data)
		return;
	TCP_EVENT_RECV(pcb, recv_data, ERR_OK, err);
	recv_data = NULL;
	(void)err;
}

/* What tcp_input() and tcp_process() do with a segment of an established connection. */
static void process(struct tcp_pcb *pcb, struct segment *seg, struct pbuf *data, size_t len)
{
	tcphdr = &seg->tcp;
	tcphdr_optlen = tcphdr_opt1len = (u16_t)(TCPH_HDRLEN_BYTES(tcphdr) - TCP_HLEN);
	tcphdr_opt2 = NULL;
	seqno = lwip_ntohl(tcphdr->seqno);
	ackno = lwip_ntohl(tcphdr->ackno);
	tcphdr->wnd = lwip_ntohs(tcphdr->wnd);
	flags = TCP_ACK;
	tcplen = (u16_t)len;
	inseg = (struct tcp_seg){.p = data, .len = (u16_t)len, .tcphdr = tcphdr};
	recv_data = NULL;
	recv_flags = 0;
	recv_acked = 0;
	pcb->tmr = tcp_ticks;
	pcb->keep_cnt_sent = 0;
	pcb->persist_probe = 0;
	if (tcphdr_optlen)
		tcp_parseopt(pcb);
	tcp_input_pcb = pcb;
	tcp_receive(pcb);
	tell_sent(pcb);
	tell_received(pcb);
	tcp_input_pcb = NULL;
	if (pcb->unsent || (pcb->flags & TF_ACK_NOW))
		tcp_output(pcb);
}

/* The segment's data and where it ends; false: lengths that contradict each other. */
static bool measure(const struct net_frame *frame, const struct segment *seg, size_t *at,
		    size_t *end)
{
	*at = TCP_OFFSET + TCPH_HDRLEN_BYTES(&seg->tcp);
	*end = SIZEOF_ETH_HDR + lwip_ntohs(seg->ip._len);
	/* What nobody vouches for must be in one piece to be summed here. */
	return *at >= TCP_END && *at <= frame->len && *at <= *end && *end <= frame->total_len &&
	       (*end <= frame->len || frame->checksum == NETDEV_RX_CHECKED);
}

bool net_tcp_predict(struct netif *netif, struct net_frame *frame)
{
	struct pbuf *data = NULL;
	struct tcp_pcb *pcb;
	struct segment seg;
	size_t at, end;

	if (frame->len < TCP_END || raw_pcbs)
		return false;
	memcpy(&seg, frame->data, TCP_END);
	pcb = is_plain(&seg) ? find(&seg) : NULL;
	if (!pcb || !measure(frame, &seg, &at, &end) || !is_expected(pcb, netif, &seg, end - at) ||
	    !has_right_sums(frame, &seg, end - TCP_OFFSET))
		return false;
	memcpy(seg.options, (const char *)frame->data + TCP_END, at - TCP_END);
	if (end > at) {
		data = take_data(frame, at, end - at);
		if (!data)
			return false;
	}
	MIB2_STATS_INC(mib2.ipinreceives);
	MIB2_STATS_INC(mib2.ipindelivers);
	MIB2_STATS_INC(mib2.tcpinsegs);
	process(pcb, &seg, data, end - at);
	return true;
}
