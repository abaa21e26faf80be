/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts of /proc/net about multicast groups: igmp, igmp6, dev_mcast. */
#include <lwip/igmp.h>
#include <lwip/mld6.h>
#include <uk/procfs.h>
#include "facts.h"
#include "proc.h"

/* Loopback is up before lwIP knows the group of all systems: its first group has no address. */
static const struct igmp_group *first_group(const struct netif *netif)
{
	const struct igmp_group *group = netif_igmp_data(netif);

	return group && !ip4_addr_get_u32(&group->group_address) ? group->next : group;
}

static unsigned int count_groups(const struct netif *netif)
{
	unsigned int count = 0;

	for (const struct igmp_group *group = first_group(netif); group; group = group->next)
		count++;
	return count;
}

static void show_device_groups(struct seq *seq, const struct netif *netif)
{
	seq_printf(seq, "%d\t%-10s: %5u %7s\n", netif_get_index(netif), net_if_name(netif),
		   count_groups(netif), "V2");
	for (const struct igmp_group *group = first_group(netif); group; group = group->next)
		seq_printf(seq, "\t\t\t\t%08X %5d %d:%08X\t\t%d\n",
			   ip4_addr_get_u32(&group->group_address), group->use, 0, group->timer,
			   group->last_reporter_flag);
}

static void show_device_groups6(struct seq *seq, const struct netif *netif)
{
	for (const struct mld_group *group = netif_mld6_data(netif); group; group = group->next) {
		const uint8_t *bytes = (const uint8_t *)group->group_address.addr;

		seq_printf(seq, "%-4d %-15s ", netif_get_index(netif), net_if_name(netif));
		for (int i = 0; i < 16; i++)
			seq_printf(seq, "%02x", bytes[i]);
		seq_printf(seq, " %5d %08X %d\n", group->use, 0, group->timer);
	}
}

static void put_mac(struct seq *seq, const struct netif *netif, unsigned int users,
		    const uint8_t mac[MAC_BYTES])
{
	seq_printf(seq, "%-4d %-15s %-5u %-5d %02x%02x%02x%02x%02x%02x\n", netif_get_index(netif),
		   net_if_name(netif), users, 0, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* RFC 1112, 6.4 and RFC 2464, 7: the Ethernet addresses of groups. */
static void show_device_macs(struct seq *seq, const struct netif *netif)
{
	if (!(netif->flags & NETIF_FLAG_ETHERNET))
		return;
	for (const struct igmp_group *group = first_group(netif); group; group = group->next) {
		const uint8_t *ip = (const uint8_t *)&group->group_address;

		put_mac(seq, netif, group->use,
			(const uint8_t[]){0x01, 0x00, 0x5e, ip[1] & 0x7f, ip[2], ip[3]});
	}
	for (const struct mld_group *group = netif_mld6_data(netif); group; group = group->next) {
		const uint8_t *ip = (const uint8_t *)group->group_address.addr;

		put_mac(seq, netif, group->use,
			(const uint8_t[]){0x33, 0x33, ip[12], ip[13], ip[14], ip[15]});
	}
}

static void show_each(struct seq *seq, void (*show)(struct seq *seq, const struct netif *netif))
{
	struct netif *netif;

	if (net_start())
		return;
	net_lock();
	for (unsigned int i = 0; (netif = if_next(i)); i = netif_get_index(netif) + 1u)
		show(seq, netif);
	net_unlock();
}

void netinfo_show_igmp(struct seq *seq)
{
	seq_puts(seq, "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n");
	show_each(seq, show_device_groups);
}

void netinfo_show_igmp6(struct seq *seq)
{
	show_each(seq, show_device_groups6);
}

void netinfo_show_dev_mcast(struct seq *seq)
{
	show_each(seq, show_device_macs);
}
