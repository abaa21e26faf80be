/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receiving. Every buffer holds one pbuf (struct rx_buffer); a frame goes up in the buffers it came
 * in, several when the device merges them. Of a small frame what is wanted is copied, so that its
 * buffer goes back to the device at once, in the descriptors it came in. A buffer leaves the ring
 * for good only if another one takes its place: without memory frames are dropped, but the device
 * never starves.
 */
#include <linux/errno.h>
#include <uk/arch/paging.h>
#include <uk/heap.h>
#include <uk/page.h>
#include <uk/string.h>
#include "virtio_net.h"

#define BUFFER_BYTES 2016 /* a size of the heap's */
#define COPY_MAX     256  /* frames up to this size are copied */
#define HELD_MAX     4096 /* buffers that the stack may hold: 8 MiB, or an eighth of memory */
#define SPARE_MAX    64
#define TARGET_FIRST 64 /* buffers in the ring at first: room for one frame of 64 KiB, merged */
#define ETH_BYTES    14

/* A receive buffer: its pbuf in front, header and frame behind. */
struct rx_buffer {
	struct pbuf_custom pbuf; /* first: lwIP frees by its address */
	struct net *net;
	struct rx_buffer *next; /* spare */
	uint8_t data[] __uk_aligned(16);
};
#define DATA_BYTES (BUFFER_BYTES - sizeof(struct rx_buffer))

/* --- receive buffers ----------------------------------------------------------------------------
 */

static void spare_put(struct net *net, struct rx_buffer *buffer)
{
	if (net->spare_count == SPARE_MAX) {
		uk_free(buffer);
		return;
	}
	buffer->next = net->spare;
	net->spare = buffer;
	net->spare_count++;
}

static void buffer_freed(struct pbuf *p)
{
	struct rx_buffer *buffer = (struct rx_buffer *)p;

	buffer->net->held--;
	spare_put(buffer->net, buffer);
}

static struct rx_buffer *buffer_get(struct net *net)
{
	struct rx_buffer *buffer = net->spare;

	if (buffer) {
		net->spare = buffer->next;
		net->spare_count--;
		return buffer;
	}
	buffer = net->held < net->held_max ? uk_malloc(BUFFER_BYTES) : NULL;
	if (buffer) {
		buffer->net = net;
		buffer->pbuf.custom_free_function = buffer_freed;
	}
	return buffer;
}

/* Gives one buffer to the device. */
static int buffer_post(struct net *net, struct rx_buffer *buffer)
{
	paddr_t pa = ukarch_virt_to_phys(buffer->data);
	struct virtq_seg segs[2] = {{pa, DATA_BYTES}};

	if (!net->has_split_header)
		return virtq_add(&net->rx->ring, segs, 0, 1, buffer);
	segs[0].len_bytes = net->header_bytes;
	segs[1].addr = pa + net->header_bytes;
	segs[1].len_bytes = DATA_BYTES - net->header_bytes;
	return virtq_add(&net->rx->ring, segs, 0, 2, buffer);
}

static void buffer_return(struct net *net, struct rx_buffer *buffer)
{
	if (buffer_post(net, buffer))
		spare_put(net, buffer);
}

/* As many as are wanted, the ring takes and memory allows. */
static void buffers_fill(struct net *net)
{
	unsigned int each = net->has_split_header ? 2 : 1;
	struct rx_buffer *buffer;

	while (net->rx->ring.in_flight < net->target && virtq_room(&net->rx->ring) >= each) {
		buffer = buffer_get(net);
		if (!buffer)
			break;
		buffer_return(net, buffer);
	}
}

/* --- receiving ----------------------------------------------------------------------------------
 */

/* A buffer that came back: `len` bytes are in it. */
struct filled {
	struct rx_buffer *buffer;
	uint16_t head; /* of its chain */
	uint32_t len;
};

static bool take(struct net *net, struct filled *filled)
{
	filled->buffer = virtq_take_chain(&net->rx->ring, &filled->head, &filled->len);
	return filled->buffer;
}

static void give_back(struct net *net, const struct filled *filled)
{
	virtq_again(&net->rx->ring, filled->head, filled->buffer);
}

/* The buffer as a pbuf, from `offset` on; a fresh one takes its place. NULL: there is none. */
static struct pbuf *take_whole(struct net *net, const struct filled *filled, unsigned int offset)
{
	uint16_t len = (uint16_t)(filled->len - offset);
	struct rx_buffer *fresh = buffer_get(net);

	if (!fresh) {
		give_back(net, filled);
		return NULL;
	}
	virtq_release(&net->rx->ring, filled->head);
	buffer_return(net, fresh);
	net->held++;
	return pbuf_alloced_custom(PBUF_RAW, len, PBUF_REF, &filled->buffer->pbuf,
				   filled->buffer->data + offset, len);
}

static struct pbuf *take_copy(struct net *net, const struct filled *filled, unsigned int offset)
{
	unsigned int len = filled->len - offset;
	struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);

	if (p)
		memcpy(p->payload, filled->buffer->data + offset, len);
	give_back(net, filled);
	return p;
}

static struct pbuf *take_part(struct net *net, const struct filled *filled, unsigned int offset)
{
	return filled->len - offset <= COPY_MAX ? take_copy(net, filled, offset)
						: take_whole(net, filled, offset);
}

/* One more buffer of a merged frame; NULL: the frame is lost, but the rest of it is taken off the
 * ring all the same. */
static struct pbuf *join(struct net *net, struct pbuf *frame, const struct filled *filled)
{
	struct pbuf *part = NULL;

	if (!frame || !filled->len || frame->tot_len + filled->len > UINT16_MAX)
		give_back(net, filled);
	else
		part = take_part(net, filled, 0);
	if (part) {
		pbuf_cat(frame, part);
		return frame;
	}
	if (frame)
		pbuf_free(frame);
	return NULL;
}

/* The other buffers of a merged frame, behind its first; NULL: the frame is lost. */
static struct pbuf *take_merged(struct net *net, struct pbuf *frame, unsigned int count)
{
	struct filled filled;

	while (count--) {
		if (take(net, &filled)) {
			frame = join(net, frame, &filled);
			continue;
		}
		if (frame) /* the device promised more than it returned */
			pbuf_free(frame);
		return NULL;
	}
	return frame;
}

static void receive_large(struct net *net, const struct filled *filled, unsigned int more,
			  enum netdev_rx_checksum checksum)
{
	struct pbuf *frame = take_part(net, filled, net->header_bytes);

	if (more)
		frame = take_merged(net, frame, more);
	if (frame)
		netdev_receive(&net->dev, frame, checksum);
	else
		net->dev.stats.rx_dropped++;
}

static void receive_one(struct net *net, const struct filled *filled)
{
	const struct virtio_net_hdr_v1 *header = (const void *)filled->buffer->data;
	enum netdev_rx_checksum checksum = NETDEV_RX_UNCHECKED;
	unsigned int len = filled->len - net->header_bytes, more = 0;

	/* Once: a device that keeps writing must not change what was checked. */
	if (net->has_merge)
		more = __atomic_load_n(&header->num_buffers, __ATOMIC_RELAXED) - 1U;
	if (uk_unlikely(filled->len < net->header_bytes + ETH_BYTES ||
			more >= net->rx->ring.size)) {
		net->dev.stats.rx_errors++;
		give_back(net, filled);
		return;
	}
	if (header->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID))
		checksum = NETDEV_RX_CHECKED;
	if (len > COPY_MAX || more) {
		receive_large(net, filled, more, checksum);
		return;
	}
	netdev_receive_copy(&net->dev, filled->buffer->data + net->header_bytes, len, checksum);
	give_back(net, filled);
}

unsigned int net_rx_poll(struct net *net, unsigned int budget)
{
	struct virtq *ring = &net->rx->ring;
	struct filled filled;
	unsigned int done = 0;

	do {
		while (done < budget && take(net, &filled)) {
			receive_one(net, &filled);
			done++;
		}
		if (done > net->target / 2)
			net->target = UK_MIN(2 * net->target, (unsigned int)NET_RING_MAX);
		if (done < budget && virtq_irq_on(ring))
			continue;
		if (ring->in_flight < net->target)
			buffers_fill(net);
		virtio_kick(net->rx);
		/* A second look; see virtq_irq_on(). */
	} while (done < budget && virtq_has_used(ring));
	return done;
}

/* --- start --------------------------------------------------------------------------------------
 */

unsigned int net_rx_frame_max(const struct net *net)
{
	return DATA_BYTES - net->header_bytes;
}

void net_rx_init(struct net *net)
{
	struct page_stats stats;

	page_stats(&stats);
	net->held_max = (unsigned int)UK_MIN(stats.total_pages * UK_PAGE_SIZE / 8 / BUFFER_BYTES,
					     (uint64_t)HELD_MAX);
	net->target = TARGET_FIRST;
}
