/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network device (virtio 1.2, 5.1) as an interface of core/net.
 *
 * Lock: net_lock(); interrupts only raise work.
 */
#include <linux/errno.h>
#include <uk/heap.h>
#include <uk/random.h>
#include "virtio_net.h"

#define QUEUE_RX 0
#define QUEUE_TX 1

#define ETH_BYTES     14
#define MTU_MIN       68
#define MTU_DEFAULT   1500
#define LEGACY_HEADER 10 /* without num_buffers */

#define LARGE_FEATURES (UK_BIT(VIRTIO_NET_F_GUEST_TSO4) | UK_BIT(VIRTIO_NET_F_GUEST_TSO6))

/* --- work ---------------------------------------------------------------------------------------
 */

static void look_at_link(struct net *net)
{
	uint16_t status;

	__atomic_store_n(&net->link_changed, false, __ATOMIC_SEQ_CST); /* before it is read */
	status = virtio_read_config16(net->virtio, offsetof(struct virtio_net_config, status));
	if (!!(status & VIRTIO_NET_S_LINK_UP) != net->dev.is_link_up)
		netdev_set_link(&net->dev, status & VIRTIO_NET_S_LINK_UP);
}

static unsigned int net_poll_device(struct netdev *dev, unsigned int budget)
{
	struct net *net = net_of(dev);

	if (uk_unlikely(__atomic_load_n(&net->link_changed, __ATOMIC_ACQUIRE)))
		look_at_link(net);
	if (virtq_has_used(&net->tx->ring)) {
		net_tx_reap(net);
		virtq_irq_off(&net->tx->ring);
	}
	return net_rx_poll(net, budget);
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
		mtu = UK_MIN(mtu, (uint16_t)(net_rx_frame_max(net) - ETH_BYTES));
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

static int make_queues(struct net *net)
{
	net->rx = virtio_queue_create(net->virtio, QUEUE_RX, NET_RING_MAX, rx_interrupt);
	if (IS_ERR(net->rx))
		return (int)PTR_ERR(net->rx);
	net->tx = virtio_queue_create(net->virtio, QUEUE_TX, NET_RING_MAX, tx_interrupt);
	return IS_ERR(net->tx) ? (int)PTR_ERR(net->tx) : 0;
}

static int net_probe(struct virtio_device *dev)
{
	struct net *net = uk_zalloc(sizeof(*net));
	int error;

	if (!net)
		return -ENOMEM;
	net->virtio = dev;
	net_rx_init(net);
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
