/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network devices: the contract between their drivers and core/net. Frames are lwIP's pbufs, so
 * that none is copied. All functions of a driver are called with net_lock() held, but from one
 * thread at boot.
 */
#ifndef UK_NETDEV_H
#define UK_NETDEV_H

#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <uk/net.h>
#include <uk/netconf.h>

struct netdev;

struct netdev_ops {
	/**
	 * Takes what the device has received, at most `budget` frames, and gives each to
	 * netdev_receive(); frees what it has sent; looks after the link. Returns the number of
	 * frames; when it is less than `budget`, the device interrupts again.
	 */
	unsigned int (*poll)(struct netdev *dev, unsigned int budget);
	/** Queues one frame, keeping a reference until it is sent. 0, -ENOBUFS (no room until some
	 *  were sent), -EIO. There are LWIP's PBUF_LINK_ENCAPSULATION_HLEN bytes in front of it
	 * when netdev_headroom() says so. */
	int (*transmit)(struct netdev *dev, struct pbuf *frame);
	/** Shows the device what was queued. */
	void (*kick)(struct netdev *dev);
};

/* netdev.features */
#define NETDEV_TX_CHECKSUM 0x1 /* completes TCP checksums (netdev_tx_checksum()) */

struct netdev {
	struct netif netif;
	/* Set by the driver before netdev_register(). */
	const struct netdev_ops *ops;
	uint8_t mac[6];
	uint16_t mtu;
	unsigned int features;
	bool is_link_up;
	/* Counted by the driver. */
	struct net_if_stats stats;
	/* Ours. */
	char name[NET_NAME_MAX];
	TAILQ_ENTRY(netdev) link;
	struct netconf conf; /* what netdev.ip= says, or DHCP learned */
	bool has_work;       /* any context, atomic */
	bool needs_kick;
	bool is_stalled; /* something waits for room to be sent */
	bool is_configured;
};

/** A device was found, at boot; it becomes an interface at net_init(). */
void netdev_register(struct netdev *dev);

/** The device wants to be polled. Any context. */
void netdev_raise(struct netdev *dev);

enum netdev_rx_checksum {
	NETDEV_RX_UNCHECKED,
	NETDEV_RX_CHECKED, /* the device vouches for the TCP or UDP checksum */
};
/** A frame came in; takes over the reference. */
void netdev_receive(struct netdev *dev, struct pbuf *frame, enum netdev_rx_checksum checksum);
/** A small one, whose `len` bytes stay the driver's. */
void netdev_receive_copy(struct netdev *dev, const void *data, size_t len,
			 enum netdev_rx_checksum checksum);

/** The link went up or down. */
void netdev_set_link(struct netdev *dev, bool is_up);

/** Can `len` bytes be written in front of the frame's first byte? */
static inline bool netdev_headroom(const struct pbuf *frame, size_t len)
{
	return (frame->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS) &&
	       (size_t)((const char *)frame->payload - (const char *)(frame + 1)) >= len;
}

#endif /* UK_NETDEV_H */
