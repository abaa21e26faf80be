/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network device (virtio 1.2, 5.1) as an interface of core/net.
 *
 * Receiving: every buffer holds one pbuf (struct rx_buffer); a frame goes up in the buffers it came
 * in, several when the device merges them. A small frame is copied, so that the buffer goes back
 * to the device at once. A buffer leaves the ring for good only if another one takes its place:
 * without memory frames are dropped, but the device never starves.
 * Sending: the frame's pbufs stay referenced until the device has read them; the header lies in
 * the room that lwIP leaves in front of a frame.
 *
 * Lock: net_lock(); interrupts only raise work.
 */
#include <linux/errno.h>
#include <linux/virtio_net.h>
#include <uk/arch/paging.h>
#include <uk/heap.h>
#include <uk/netdev.h>
#include <uk/netdev_checksum.h>
#include <uk/page.h>
#include <uk/random.h>
#include <uk/string.h>
#include <uk/virtio.h>
#define UK_LOG_NAME "virtio-net: "
#include <uk/print.h>

#define QUEUE_RX 0
#define QUEUE_TX 1
#define RING_MAX 256

#define BUFFER_BYTES  2016 /* a size of the heap's */
#define COPY_MAX      256  /* frames up to this size are copied */
#define HELD_MAX      4096 /* buffers that the stack may hold: 8 MiB, or an eighth of memory */
#define SPARE_MAX     64
#define TARGET_FIRST  64 /* buffers in the ring at first: room for one frame of 64 KiB, merged */
#define MTU_MIN       68
#define MTU_DEFAULT   1500
#define ETH_BYTES     14
#define LEGACY_HEADER 10 /* without num_buffers */

#define LARGE_FEATURES (UK_BIT(VIRTIO_NET_F_GUEST_TSO4) | UK_BIT(VIRTIO_NET_F_GUEST_TSO6))

struct net;

/* A receive buffer: its pbuf in front, header and frame behind. */
struct rx_buffer {
	struct pbuf_custom pbuf; /* first: lwIP frees by its address */
	struct net *net;
	struct rx_buffer *next; /* spare */
	uint8_t data[] __uk_aligned(16);
};
#define DATA_BYTES (BUFFER_BYTES - sizeof(struct rx_buffer))

struct net {
	struct netdev dev;
	struct virtio_device *virtio;
	struct virtio_queue *rx, *tx;
	unsigned int header_bytes;
	bool has_merge, has_split_header;
	struct rx_buffer *spare;
	unsigned int spare_count;
	unsigned int held; /* buffers that are neither in the ring nor spare */
	unsigned int held_max;
	unsigned int target; /* buffers wanted in the ring; grows when they are needed */
	bool link_changed;   /* atomic */
};

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

/* The buffer as a pbuf over [offset, offset + len) of its data; a fresh one takes its place. */
static struct pbuf *take_whole(struct net *net, struct rx_buffer *buffer, unsigned int offset,
			       unsigned int len)
{
	struct rx_buffer *fresh = buffer_get(net);

	if (!fresh) {
		buffer_return(net, buffer);
		return NULL;
	}
	buffer_return(net, fresh);
	net->held++;
	return pbuf_alloced_custom(PBUF_RAW, (u16_t)len, PBUF_REF, &buffer->pbuf,
				   buffer->data + offset, (u16_t)len);
}

static struct pbuf *take_copy(struct net *net, struct rx_buffer *buffer, unsigned int offset,
			      unsigned int len)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);

	if (p)
		memcpy(p->payload, buffer->data + offset, len);
	buffer_return(net, buffer);
	return p;
}

static struct pbuf *take_part(struct net *net, struct rx_buffer *buffer, unsigned int offset,
			      unsigned int len)
{
	return len <= COPY_MAX ? take_copy(net, buffer, offset, len)
			       : take_whole(net, buffer, offset, len);
}

/* The other buffers of a merged frame, behind its first; NULL: the frame is lost. */
static struct pbuf *take_merged(struct net *net, struct pbuf *frame, unsigned int count)
{
	while (count--) {
		uint32_t len;
		struct rx_buffer *buffer = virtq_take(&net->rx->ring, &len);
		struct pbuf *part;

		if (!buffer)
			goto err_free; /* the device promised more than it returned */
		part = frame && len && frame->tot_len + len <= UINT16_MAX
			       ? take_part(net, buffer, 0, len)
			       : (buffer_return(net, buffer), NULL);
		if (part) {
			pbuf_cat(frame, part);
			continue;
		}
		if (frame)
			pbuf_free(frame);
		frame = NULL; /* the rest of it is taken off the ring all the same */
	}
	return frame;
err_free:
	if (frame)
		pbuf_free(frame);
	return NULL;
}

static void receive_one(struct net *net, struct rx_buffer *buffer, uint32_t len)
{
	const struct virtio_net_hdr_v1 *header = (const void *)buffer->data;
	enum netdev_rx_checksum checksum = NETDEV_RX_UNCHECKED;
	unsigned int more = 0;
	struct pbuf *frame;

	/* Once: a device that keeps writing must not change what was checked. */
	if (net->has_merge)
		more = __atomic_load_n(&header->num_buffers, __ATOMIC_RELAXED) - 1U;
	if (len < net->header_bytes + ETH_BYTES || more >= net->rx->ring.size) {
		net->dev.stats.rx_errors++;
		buffer_return(net, buffer);
		return;
	}
	if (header->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID))
		checksum = NETDEV_RX_CHECKED;
	frame = take_part(net, buffer, net->header_bytes, len - net->header_bytes);
	if (more)
		frame = take_merged(net, frame, more);
	if (frame)
		netdev_receive(&net->dev, frame, checksum);
	else
		net->dev.stats.rx_dropped++;
}

/* --- sending ------------------------------------------------------------------------------------
 */

static void reap_sent(struct net *net)
{
	struct pbuf *frame;
	uint32_t len;

	while ((frame = virtq_take(&net->tx->ring, &len)))
		pbuf_free(frame);
}

/* The frame's bytes, the header's first, as pieces for the device. 0: too many. */
static unsigned int make_segs(struct net *net, const struct pbuf *frame, struct virtq_seg *segs)
{
	paddr_t first = ukarch_virt_to_phys(frame->payload);
	unsigned int count = 0;

	segs[count++] = (struct virtq_seg){first - net->header_bytes, net->header_bytes};
	for (const struct pbuf *p = frame; p; p = p->next) {
		if (!p->len)
			continue;
		if (count == VIRTQ_MAX_SEGS)
			return 0;
		segs[count++] = (struct virtq_seg){ukarch_virt_to_phys(p->payload), p->len};
	}
	if (net->has_split_header)
		return count;
	segs[1].addr = segs[0].addr;
	segs[1].len_bytes += segs[0].len_bytes;
	return count - 1;
}

static void make_header(struct net *net, struct pbuf *frame)
{
	struct virtio_net_hdr_v1 *header = (void *)((char *)frame->payload - net->header_bytes);
	uint16_t start;

	memset(header, 0, net->header_bytes);
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

static int net_transmit(struct netdev *dev, struct pbuf *frame)
{
	struct net *net = uk_container_of(dev, struct net, dev);
	const struct virtq_seg *first;
	struct virtq_seg segs[VIRTQ_MAX_SEGS];
	unsigned int count = 0;
	int error;

	if (virtq_has_used(&net->tx->ring))
		reap_sent(net);
	if (netdev_headroom(frame, net->header_bytes))
		count = make_segs(net, frame, segs);
	if (count) {
		pbuf_ref(frame);
	} else {
		frame = linearize(frame);
		if (!frame)
			return -ENOBUFS;
		count = make_segs(net, frame, segs);
	}
	make_header(net, frame);
	first = net->has_split_header ? segs : segs + 1;
	error = virtq_add(&net->tx->ring, first, count, 0, frame);
	if (!error)
		return 0;
	pbuf_free(frame);
	/* Full: what waits for room is sent when some is there again. */
	if (error == -ENOSPC && virtq_irq_on(&net->tx->ring))
		netdev_raise(dev);
	return error == -ENOSPC ? -ENOBUFS : error;
}

static void net_kick(struct netdev *dev)
{
	virtio_kick(uk_container_of(dev, struct net, dev)->tx);
}

/* --- work ---------------------------------------------------------------------------------------
 */

static void look_at_link(struct net *net)
{
	uint16_t status;

	if (!__atomic_exchange_n(&net->link_changed, false, __ATOMIC_ACQ_REL))
		return;
	status = virtio_read_config16(net->virtio, offsetof(struct virtio_net_config, status));
	if (!!(status & VIRTIO_NET_S_LINK_UP) != net->dev.is_link_up)
		netdev_set_link(&net->dev, status & VIRTIO_NET_S_LINK_UP);
}

static unsigned int net_poll_device(struct netdev *dev, unsigned int budget)
{
	struct net *net = uk_container_of(dev, struct net, dev);
	struct rx_buffer *buffer;
	unsigned int done = 0;
	uint32_t len;

	look_at_link(net);
	if (virtq_has_used(&net->tx->ring)) {
		reap_sent(net);
		virtq_irq_off(&net->tx->ring);
	}
	do {
		while (done < budget && (buffer = virtq_take(&net->rx->ring, &len))) {
			receive_one(net, buffer, len);
			done++;
		}
		if (done > net->target / 2)
			net->target = UK_MIN(2 * net->target, (unsigned int)RING_MAX);
		buffers_fill(net);
		virtio_kick(net->rx);
	} while (done < budget && virtq_irq_on(&net->rx->ring));
	return done;
}

static const struct netdev_ops net_ops = {
	.poll = net_poll_device,
	.transmit = net_transmit,
	.kick = net_kick,
};

static void rx_interrupt(struct virtio_queue *queue)
{
	struct net *net = queue->dev->priv;

	virtq_irq_off(&queue->ring);
	netdev_raise(&net->dev);
}

static void tx_interrupt(struct virtio_queue *queue)
{
	netdev_raise(&((struct net *)queue->dev->priv)->dev);
}

static void config_interrupt(struct virtio_device *dev)
{
	struct net *net = dev->priv;

	__atomic_store_n(&net->link_changed, true, __ATOMIC_RELEASE);
	netdev_raise(&net->dev);
}

/* --- start --------------------------------------------------------------------------------------
 */

static void read_mac(struct net *net)
{
	if (virtio_has(net->virtio, VIRTIO_NET_F_MAC)) {
		virtio_read_config(net->virtio, offsetof(struct virtio_net_config, mac),
				   net->dev.mac, sizeof(net->dev.mac));
		return;
	}
	random_bytes(net->dev.mac, sizeof(net->dev.mac));
	net->dev.mac[0] = (uint8_t)((net->dev.mac[0] & ~1U) | 2); /* one station, named locally */
}

/* Without merging a frame must fit one buffer. */
static void read_mtu(struct net *net)
{
	uint16_t mtu = MTU_DEFAULT;

	if (virtio_has(net->virtio, VIRTIO_NET_F_MTU))
		mtu = virtio_read_config16(net->virtio, offsetof(struct virtio_net_config, mtu));
	if (!net->has_merge)
		mtu = UK_MIN(mtu, (uint16_t)(DATA_BYTES - net->header_bytes - ETH_BYTES));
	net->dev.mtu = UK_MAX(mtu, (uint16_t)MTU_MIN);
}

static void read_features(struct net *net)
{
	const struct virtio_device *dev = net->virtio;

	net->has_merge = virtio_has(dev, VIRTIO_NET_F_MRG_RXBUF);
	net->header_bytes = !dev->is_legacy || net->has_merge ? sizeof(struct virtio_net_hdr_v1)
							      : LEGACY_HEADER;
	net->has_split_header =
		dev->is_legacy && !net->has_merge && !virtio_has(dev, VIRTIO_F_ANY_LAYOUT);
	if (virtio_has(dev, VIRTIO_NET_F_CSUM))
		net->dev.features |= NETDEV_TX_CHECKSUM;
}

static void limit_memory(struct net *net)
{
	struct page_stats stats;

	page_stats(&stats);
	net->held_max = (unsigned int)UK_MIN(stats.total_pages * UK_PAGE_SIZE / 8 / BUFFER_BYTES,
					     (uint64_t)HELD_MAX);
	net->target = TARGET_FIRST;
}

static int make_queues(struct net *net)
{
	net->rx = virtio_queue_create(net->virtio, QUEUE_RX, RING_MAX, rx_interrupt);
	if (IS_ERR(net->rx))
		return (int)PTR_ERR(net->rx);
	net->tx = virtio_queue_create(net->virtio, QUEUE_TX, RING_MAX, tx_interrupt);
	return IS_ERR(net->tx) ? (int)PTR_ERR(net->tx) : 0;
}

static int net_probe(struct virtio_device *dev)
{
	struct net *net = uk_zalloc(sizeof(*net));
	int error;

	if (!net)
		return -ENOMEM;
	net->virtio = dev;
	limit_memory(net);
	net->dev.ops = &net_ops;
	net->dev.is_link_up = true;
	dev->priv = net;
	read_features(net);
	read_mac(net);
	read_mtu(net);
	error = make_queues(net);
	if (error) {
		uk_free(net);
		return error;
	}
	if (virtio_has(dev, VIRTIO_NET_F_STATUS)) {
		dev->config_changed = config_interrupt;
		config_interrupt(dev);
	}
	netdev_register(&net->dev);
	virtio_ready(dev);
	return 0;
}

/* Segments of up to 64 KiB are received only in several buffers, with their checksum vouched for.
 */
static uint64_t net_choose(uint64_t offered)
{
	const uint64_t merge = UK_BIT(VIRTIO_NET_F_MRG_RXBUF) | UK_BIT(VIRTIO_NET_F_GUEST_CSUM);

	return (offered & merge) == merge ? offered : offered & ~LARGE_FEATURES;
}

static const struct virtio_driver net_driver = {
	.name = "virtio-net",
	.id = VIRTIO_ID_NET,
	.features = UK_BIT(VIRTIO_NET_F_CSUM) | UK_BIT(VIRTIO_NET_F_GUEST_CSUM) |
		    UK_BIT(VIRTIO_NET_F_MTU) | UK_BIT(VIRTIO_NET_F_MAC) |
		    UK_BIT(VIRTIO_NET_F_MRG_RXBUF) | UK_BIT(VIRTIO_NET_F_STATUS) |
		    UK_BIT(VIRTIO_F_ANY_LAYOUT) | LARGE_FEATURES,
	.choose = net_choose,
	.probe = net_probe,
};
VIRTIO_DRIVER(net_driver);
