/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the network driver share: virtio_net.c finds the device, virtio_net_rx.c
 * receives, virtio_net_tx.c sends. Guarded by net_lock(); interrupts only raise work.
 */
#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include <linux/virtio_net.h>
#include <uk/netdev.h>
#include <uk/virtio.h>

#define NET_RING_MAX 256

struct rx_buffer;

struct net {
	struct netdev dev;
	struct virtio_device *virtio;
	struct virtio_queue *rx, *tx;
	unsigned int header_bytes;
	bool has_merge, has_split_header;
	/* virtio_net_rx.c */
	struct rx_buffer *spare;
	unsigned int spare_count;
	unsigned int held; /* buffers that are neither in the ring nor spare */
	unsigned int held_max;
	unsigned int target; /* buffers wanted in the ring; grows when they are needed */
	bool link_changed;   /* atomic */
};

static inline struct net *net_of(struct netdev *dev)
{
	return uk_container_of(dev, struct net, dev);
}

/* virtio_net_rx.c */
/** How many bytes of a frame fit into one buffer. */
unsigned int net_rx_frame_max(const struct net *net);
/** Decides how much memory may be held. */
void net_rx_init(struct net *net);
/** At most `budget` frames go up, new buffers to the device. How many frames there were. */
unsigned int net_rx_poll(struct net *net, unsigned int budget);

/* virtio_net_tx.c */
/** netdev_ops.transmit and kick. */
int net_transmit(struct netdev *dev, struct pbuf *frame);
void net_kick(struct netdev *dev);
/** Frees what was sent. */
void net_tx_reap(struct net *net);

#endif /* VIRTIO_NET_H */
