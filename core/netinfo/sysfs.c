/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces by number and name, and the texts of /sys/class/net/<interface>. */
#include <uk/netinfo.h>
#include <uk/procfs.h>
#include <uk/string.h>
#include "facts.h"

_Static_assert(NETINFO_NAME_MAX == NET_NAME_MAX, "a name fits");

void netinfo_name(unsigned int index, char *name)
{
	const struct netif *netif;

	*name = '\0';
	if (net_start())
		return;
	net_lock();
	netif = net_if_by_index(index);
	if (netif)
		strlcpy(name, net_if_name(netif), NETINFO_NAME_MAX);
	net_unlock();
}

unsigned int netinfo_next(unsigned int from)
{
	const struct netif *netif;
	unsigned int index;

	if (net_start())
		return 0;
	net_lock();
	netif = if_next(from);
	index = netif ? netif_get_index(netif) : 0;
	net_unlock();
	return index;
}

unsigned int netinfo_index(const char *name)
{
	const struct netif *netif;
	unsigned int index;

	if (net_start())
		return 0;
	net_lock();
	netif = net_if_by_name(name);
	index = netif ? netif_get_index(netif) : 0;
	net_unlock();
	return index;
}

/* --- attributes ----------------------------------------------------------------------------- */

static void show_mac(struct seq *seq, const uint8_t mac[MAC_BYTES])
{
	seq_printf(seq, "%02x:%02x:%02x:%02x:%02x:%02x\n", mac[0], mac[1], mac[2], mac[3], mac[4],
		   mac[5]);
}

static const char *operstate_text(unsigned int state)
{
	return state == OPERSTATE_UP ? "up" : state == OPERSTATE_DOWN ? "down" : "unknown";
}

static uint64_t number_of(const struct if_facts *facts, enum netinfo_attribute attribute)
{
	switch (attribute) {
	case NETINFO_CARRIER:
		return facts->has_carrier;
	case NETINFO_INDEX:
		return facts->index;
	case NETINFO_MTU:
		return facts->mtu;
	case NETINFO_TX_QUEUE_LEN:
		return facts->queue_len;
	case NETINFO_TYPE:
		return facts->type;
	case NETINFO_RX_BYTES:
		return facts->stats.rx_bytes;
	case NETINFO_RX_DROPPED:
		return facts->stats.rx_dropped;
	case NETINFO_RX_ERRORS:
		return facts->stats.rx_errors;
	case NETINFO_RX_PACKETS:
		return facts->stats.rx_packets;
	case NETINFO_MULTICAST:
		return facts->stats.rx_multicast;
	case NETINFO_TX_BYTES:
		return facts->stats.tx_bytes;
	case NETINFO_TX_DROPPED:
		return facts->stats.tx_dropped;
	case NETINFO_TX_ERRORS:
		return facts->stats.tx_errors;
	case NETINFO_TX_PACKETS:
		return facts->stats.tx_packets;
	default:
		return 0;
	}
}

static void show_fact(struct seq *seq, const struct if_facts *facts,
		      enum netinfo_attribute attribute)
{
	switch (attribute) {
	case NETINFO_ADDRESS:
		show_mac(seq, facts->address);
		break;
	case NETINFO_BROADCAST:
		show_mac(seq, facts->broadcast);
		break;
	case NETINFO_FLAGS: /* those that ioctl(2) can tell, too */
		seq_printf(seq, "0x%x\n", facts->flags & 0xffff & ~(uint32_t)IFF_RUNNING);
		break;
	case NETINFO_OPERSTATE:
		seq_printf(seq, "%s\n", operstate_text(facts->operstate));
		break;
	default:
		seq_printf(seq, "%lu\n", number_of(facts, attribute));
	}
}

void netinfo_show_attribute(struct seq *seq, unsigned int index, enum netinfo_attribute attribute)
{
	struct if_facts facts;
	const struct netif *netif;

	if (net_start())
		return;
	net_lock();
	netif = net_if_by_index(index);
	if (netif)
		if_facts(netif, &facts);
	net_unlock();
	if (netif)
		show_fact(seq, &facts, attribute);
}
