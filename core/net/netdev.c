/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices as lwIP's interfaces: names, frames in both directions, checksums, the link.
 *
 * lwIP checks and makes TCP checksums per interface, not per packet. An interface whose device
 * completes them makes none; and since packets to our own address are looped back without, it
 * checks none either but while a received frame that nobody vouched for is being handled.
 */
#include <linux/errno.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <netif/ethernet.h>
#include <uk/fmt.h>
#include <uk/string.h>
#include "net_internal.h"

#define POLL_BUDGET 64
#define CHECKS      (NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP)

struct netdev_list netdevs = TAILQ_HEAD_INITIALIZER(netdevs);

void netdev_register(struct netdev *dev)
{
	TAILQ_INSERT_TAIL(&netdevs, dev, link);
}

void netdev_raise(struct netdev *dev)
{
	__atomic_store_n(&dev->has_work, true, __ATOMIC_RELEASE);
	net_raise(NET_WORK_DEVICES);
}

/* --- frames -------------------------------------------------------------------------------------
 */

/* lwIP's way, when nothing of the frame was expected. */
static void input(struct netdev *dev, struct pbuf *frame, enum netdev_rx_checksum checksum)
{
	uint16_t usual = dev->netif.chksum_flags;

	if (checksum == NETDEV_RX_UNCHECKED)
		dev->netif.chksum_flags = usual | CHECKS;
	if (dev->netif.input(frame, &dev->netif) != ERR_OK)
		pbuf_free(frame);
	dev->netif.chksum_flags = usual;
}

static void count_received(struct netdev *dev, size_t len)
{
	net_saw_traffic = true;
	dev->stats.rx_packets++;
	dev->stats.rx_bytes += len;
}

void netdev_receive(struct netdev *dev, struct pbuf *p, enum netdev_rx_checksum checksum)
{
	struct net_frame frame = {p->payload, p->len, p->tot_len, p, checksum};

	count_received(dev, p->tot_len);
	if (!net_tcp_predict(&dev->netif, &frame))
		input(dev, p, checksum);
	else if (frame.pbuf)
		pbuf_free(frame.pbuf);
}

void netdev_receive_copy(struct netdev *dev, const void *data, size_t len,
			 enum netdev_rx_checksum checksum)
{
	struct net_frame frame = {data, len, len, NULL, checksum};
	struct pbuf *copy;

	count_received(dev, len);
	if (net_tcp_predict(&dev->netif, &frame))
		return;
	copy = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);
	if (!copy) {
		dev->stats.rx_dropped++;
		return;
	}
	memcpy(copy->payload, data, len);
	input(dev, copy, checksum);
}

static err_t output(struct netif *netif, struct pbuf *frame)
{
	struct netdev *dev = netdev_of(netif);
	int error = dev->ops->transmit(dev, frame);

	if (error) {
		dev->stats.tx_dropped++;
		dev->is_stalled = true;
		return error == -ENOBUFS ? ERR_MEM : ERR_IF;
	}
	net_saw_traffic = true;
	dev->needs_kick = true;
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += frame->tot_len;
	return ERR_OK;
}

void netdev_mark_all(void)
{
	struct netdev *dev;

	TAILQ_FOREACH (dev, &netdevs, link) {
		__atomic_store_n(&dev->has_work, true, __ATOMIC_RELEASE);
		dev->needs_kick = true; /* should it have been overlooked */
	}
}

void netdev_poll_marked(void)
{
	struct netdev *dev;

	TAILQ_FOREACH (dev, &netdevs, link) {
		if (!__atomic_exchange_n(&dev->has_work, false, __ATOMIC_ACQ_REL))
			continue;
		if (dev->ops->poll(dev, POLL_BUDGET) == POLL_BUDGET) {
			__atomic_store_n(&dev->has_work, true, __ATOMIC_RELEASE);
			net_raise_task(NET_WORK_DEVICES);
		}
		if (dev->is_stalled) {
			dev->is_stalled = false;
			tcp_txnow(); /* what found no room tries again */
		}
	}
}

/* What we sent to ourselves may make us send more. */
void netdev_flush_all(void)
{
	struct netdev *dev;
	struct netif *netif;

	NETIF_FOREACH(netif)
	if (netif->loop_first)
		netif_poll(netif);
	TAILQ_FOREACH (dev, &netdevs, link) {
		if (!dev->needs_kick)
			continue;
		dev->needs_kick = false;
		dev->ops->kick(dev);
	}
}

/* --- interfaces ---------------------------------------------------------------------------------
 */

static err_t init_netif(struct netif *netif)
{
	struct netdev *dev = netdev_of(netif);

	netif->name[0] = 'e';
	netif->name[1] = 't';
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = output;
	netif->mtu = dev->mtu;
	netif->hwaddr_len = sizeof(dev->mac);
	memcpy(netif->hwaddr, dev->mac, sizeof(dev->mac));
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
		       NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
	netif->chksum_flags = NETIF_CHECKSUM_ENABLE_ALL & ~CHECKS;
	if (dev->features & NETDEV_TX_CHECKSUM)
		netif->chksum_flags &= ~NETIF_CHECKSUM_GEN_TCP;
	return ERR_OK;
}

void netdev_set_link(struct netdev *dev, bool is_up)
{
	dev->is_link_up = is_up;
	if (is_up)
		netif_set_link_up(&dev->netif);
	else
		netif_set_link_down(&dev->netif);
}

void netdev_add_all(void)
{
	unsigned int number = 0;
	struct netdev *dev;

	TAILQ_FOREACH (dev, &netdevs, link) {
		uk_scnprintf(dev->name, sizeof(dev->name), "eth%u", number++);
		netif_add_noaddr(&dev->netif, dev, init_netif, ethernet_input);
		netif_set_up(&dev->netif);
		netdev_set_link(dev, dev->is_link_up);
		net_config_start(dev);
		netdev_raise(dev); /* what came in before there was an interface */
	}
}

/* --- by name and index --------------------------------------------------------------------------
 */

static struct netdev *find_netdev(const struct netif *netif)
{
	struct netdev *dev;

	TAILQ_FOREACH (dev, &netdevs, link)
		if (&dev->netif == netif)
			return dev;
	return NULL; /* loopback */
}

const char *net_if_name(const struct netif *netif)
{
	const struct netdev *dev = find_netdev(netif);

	return dev ? dev->name : "lo";
}

struct netif *net_if_by_name(const char *name)
{
	struct netif *netif;

	NETIF_FOREACH(netif)
	if (!strcmp(net_if_name(netif), name))
		return netif;
	return NULL;
}

struct netif *net_if_by_index(unsigned int index)
{
	return index > 0 && index <= UINT8_MAX ? netif_get_by_index((u8_t)index) : NULL;
}

void net_if_stats(const struct netif *netif, struct net_if_stats *stats)
{
	const struct netdev *dev = find_netdev(netif);
	const struct stats_mib2_netif_ctrs *lo = &netif->mib2_counters;

	if (dev) {
		*stats = dev->stats;
		return;
	}
	*stats = (struct net_if_stats){
		.rx_bytes = lo->ifinoctets,
		.rx_packets = lo->ifinucastpkts + lo->ifinnucastpkts,
		.tx_bytes = lo->ifoutoctets,
		.tx_packets = lo->ifoutucastpkts + lo->ifoutnucastpkts,
		.tx_dropped = lo->ifoutdiscards,
	};
}
