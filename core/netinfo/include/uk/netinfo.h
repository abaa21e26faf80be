/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What programs are told about the network: interfaces, addresses, routes, neighbours. Through
 * AF_NETLINK (netlink_socket_create() of <uk/socket.h>), ioctl(2), /proc/net and /sys/class/net.
 * Nothing can be changed that way: the configuration is the kernel's (netdev.ip=, DHCP).
 *
 * All may sleep; net_lock() not held. The first call brings the network up (net_start()).
 */
#ifndef UK_NETINFO_H
#define UK_NETINFO_H

#include <uk/essentials.h>

struct seq;

/** SIOCGIF* (netdevice(7)), for every kind of socket. -ENOTTY: none of these; -ENODEV,
 *  -EADDRNOTAVAIL, -EFAULT; -EOPNOTSUPP for those that would change something. */
long net_ioctl(unsigned int cmd, unsigned long arg);

/** Texts of /proc/net (proc(5)). */
enum netinfo_text {
	NETINFO_ARP,
	NETINFO_DEV,
	NETINFO_DEV_MCAST,
	NETINFO_IF_INET6,
	NETINFO_IGMP,
	NETINFO_IGMP6,
	NETINFO_IPV6_ROUTE,
	NETINFO_NETLINK,
	NETINFO_NETSTAT,
	NETINFO_ROUTE,
	NETINFO_SNMP,
};
void netinfo_show(struct seq *seq, enum netinfo_text text);

/** The name of an interface by index, "" when there is none. NETINFO_NAME_MAX bytes. */
#define NETINFO_NAME_MAX 16
void netinfo_name(unsigned int index, char *name);
/** The lowest index >= from, or 0. */
unsigned int netinfo_next(unsigned int from);
/** The index, or 0. */
unsigned int netinfo_index(const char *name);

/** /sys/class/net/<interface>. */
enum netinfo_attribute {
	NETINFO_ADDRESS,
	NETINFO_BROADCAST,
	NETINFO_CARRIER,
	NETINFO_FLAGS,
	NETINFO_INDEX,
	NETINFO_MTU,
	NETINFO_OPERSTATE,
	NETINFO_TX_QUEUE_LEN,
	NETINFO_TYPE,
	/* statistics/ */
	NETINFO_RX_BYTES,
	NETINFO_RX_DROPPED,
	NETINFO_RX_ERRORS,
	NETINFO_RX_PACKETS,
	NETINFO_MULTICAST,
	NETINFO_TX_BYTES,
	NETINFO_TX_DROPPED,
	NETINFO_TX_ERRORS,
	NETINFO_TX_PACKETS,
};
/** Nothing when the interface is gone. */
void netinfo_show_attribute(struct seq *seq, unsigned int index, enum netinfo_attribute attribute);

#endif /* UK_NETINFO_H */
