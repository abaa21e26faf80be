/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending. The frame's pbufs stay referenced until the device has read them; the header lies in
 * the room that lwIP leaves in front of a frame.
 */
#include <linux/errno.h>
#include <uk/arch/paging.h>
#include <uk/netdev_checksum.h>
#include <uk/string.h>
#include "virtio_net.h"

void net_tx_reap(struct net *net)
{
	struct pbuf *frame;
	uint32_t len;

	while ((frame = virtq_take(&net->tx->ring, &len)))
		pbuf_free(frame);
}

/* Pieces for the device: `count` from `first` on. */
struct pieces {
	const struct virtq_seg *first;
	unsigned int count; /* 0: too many */
	struct virtq_seg segs[VIRTQ_MAX_SEGS];
};

/* The frame's bytes, the header's first. */
static void make_pieces_any(struct net *net, const struct pbuf *frame, struct pieces *pieces)
{
	paddr_t first = ukarch_virt_to_phys(frame->payload);
	struct virtq_seg *segs = pieces->segs;
	unsigned int count = 0;

	pieces->first = segs;
	pieces->count = 0;
	segs[count++] = (struct virtq_seg){first - net->header_bytes, net->header_bytes};
	for (const struct pbuf *p = frame; p; p = p->next) {
		if (!p->len)
			continue;
		if (count == VIRTQ_MAX_SEGS)
			return;
		segs[count++] = (struct virtq_seg){ukarch_virt_to_phys(p->payload), p->len};
	}
	pieces->count = count;
	if (net->has_split_header)
		return;
	segs[1].addr = segs[0].addr;
	segs[1].len_bytes += segs[0].len_bytes;
	pieces->first = segs + 1;
	pieces->count = count - 1;
}

static inline void make_pieces(struct net *net, const struct pbuf *frame, struct pieces *pieces)
{
	if (frame->next || net->has_split_header) {
		make_pieces_any(net, frame, pieces);
		return;
	}
	pieces->segs[0].addr = ukarch_virt_to_phys(frame->payload) - net->header_bytes;
	pieces->segs[0].len_bytes = frame->len + net->header_bytes;
	pieces->first = pieces->segs;
	pieces->count = 1;
}

static inline void make_header(struct net *net, struct pbuf *frame)
{
	struct virtio_net_hdr_v1 *header = (void *)((char *)frame->payload - net->header_bytes);
	uint16_t start;

	memset(header, 0, sizeof(struct virtio_net_hdr));
	if (net->header_bytes > sizeof(struct virtio_net_hdr))
		header->num_buffers = 0;
	if ((net->dev.features & NETDEV_TX_CHECKSUM) &&
	    net_tx_checksum(frame->payload, frame->len, frame->tot_len, &start)) {
		header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header->csum_start = start;
		header->csum_offset = NET_TCP_CHECKSUM_OFFSET;
	}
}

/* A frame in one piece with room in front. NULL: no memory. */
static struct pbuf *linearize(const struct pbuf *frame)
{
	return pbuf_clone(PBUF_RAW_TX, PBUF_RAM, (struct pbuf *)frame);
}

int net_transmit(struct netdev *dev, struct pbuf *frame)
{
	struct net *net = net_of(dev);
	struct pieces pieces;
	int error;

	if (virtq_has_used(&net->tx->ring))
		net_tx_reap(net);
	pieces.count = 0;
	if (netdev_headroom(frame, net->header_bytes))
		make_pieces(net, frame, &pieces);
	if (pieces.count) {
		pbuf_ref(frame);
	} else {
		frame = linearize(frame);
		if (!frame)
			return -ENOBUFS;
		make_pieces(net, frame, &pieces);
	}
	make_header(net, frame);
	error = virtq_add(&net->tx->ring, pieces.first, pieces.count, 0, frame);
	if (!error)
		return 0;
	pbuf_free(frame);
	/* Full: what waits for room is sent when some is there again. */
	if (error == -ENOSPC && virtq_irq_on(&net->tx->ring))
		netdev_raise(dev);
	return error == -ENOSPC ? -ENOBUFS : error;
}

void net_kick(struct netdev *dev)
{
	virtio_kick(net_of(dev)->tx);
}
