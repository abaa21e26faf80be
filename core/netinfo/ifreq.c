/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ioctl(2) about interfaces (netdevice(7)). struct ifreq and struct ifconf are the C library's;
 * <linux/if.h> needs its headers.
 */
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/sockios.h>
#include <uk/arch/uaccess.h>
#include <uk/netinfo.h>
#include <uk/string.h>
#include "facts.h"

struct interface_request { /* struct ifreq */
	char name[NET_NAME_MAX];
	union {
		struct sockaddr_in address;
		struct {
			uint16_t family;
			uint8_t bytes[14];
		} hardware;
		int16_t flags;
		int number;
		uint8_t map[24];
	};
};
_Static_assert(sizeof(struct interface_request) == 40, "struct ifreq");

struct interface_list { /* struct ifconf */
	int len;
	struct interface_request __user *requests;
};
_Static_assert(sizeof(struct interface_list) == 16, "struct ifconf");

/* --- IPv4 addresses ------------------------------------------------------------------------- */

static void set_address(struct interface_request *request, uint32_t address)
{
	request->address = (struct sockaddr_in){.sin_family = UK_AF_INET, .sin_addr = {address}};
}

static int get_address(const struct netif *netif, unsigned int cmd,
		       struct interface_request *request)
{
	uint32_t mine = ip4_addr_get_u32(netif_ip4_addr(netif));
	uint32_t mask = ip4_addr_get_u32(netif_ip4_netmask(netif));
	bool has_broadcast = netif->flags & NETIF_FLAG_BROADCAST;

	if (!mine)
		return -EADDRNOTAVAIL;
	if (cmd == SIOCGIFNETMASK)
		set_address(request, mask);
	else if (cmd == SIOCGIFBRDADDR)
		set_address(request, has_broadcast ? mine | ~mask : 0);
	else
		set_address(request, mine);
	return 0;
}

/* --- one interface -------------------------------------------------------------------------- */

static void set_hardware(struct interface_request *request, const struct if_facts *facts)
{
	request->hardware.family = facts->type;
	memset(request->hardware.bytes, 0, sizeof(request->hardware.bytes));
	memcpy(request->hardware.bytes, facts->address, MAC_BYTES);
}

static int get_fact(const struct netif *netif, unsigned int cmd, struct interface_request *request)
{
	struct if_facts facts;

	if_facts(netif, &facts);
	switch (cmd) {
	case SIOCGIFFLAGS:
		request->flags = (int16_t)facts.flags;
		return 0;
	case SIOCGIFHWADDR:
		set_hardware(request, &facts);
		return 0;
	case SIOCGIFINDEX:
		request->number = (int)facts.index;
		return 0;
	case SIOCGIFMTU:
		request->number = (int)facts.mtu;
		return 0;
	case SIOCGIFTXQLEN:
		request->number = (int)facts.queue_len;
		return 0;
	case SIOCGIFMETRIC:
		request->number = 0; /* as on Linux: there are none */
		return 0;
	case SIOCGIFMAP:
		memset(request->map, 0, sizeof(request->map));
		return 0;
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
		return get_address(netif, cmd, request);
	default:
		return -EOPNOTSUPP;
	}
}

static int answer(unsigned int cmd, struct interface_request *request)
{
	struct netif *netif;

	request->name[NET_NAME_MAX - 1] = '\0';
	netif = cmd == SIOCGIFNAME ? net_if_by_index((unsigned int)request->number)
				   : net_if_by_name(request->name);
	if (!netif)
		return -ENODEV;
	if (cmd != SIOCGIFNAME)
		return get_fact(netif, cmd, request);
	strlcpy(request->name, net_if_name(netif), sizeof(request->name));
	return 0;
}

static long ask(unsigned int cmd, unsigned long arg)
{
	struct interface_request __user *user = (struct interface_request __user *)arg;
	struct interface_request request;
	int error;

	if (copy_from_user(&request, user, sizeof(request)))
		return -EFAULT;
	net_lock();
	error = answer(cmd, &request);
	net_unlock();
	if (!error && copy_to_user(user, &request, sizeof(request)))
		return -EFAULT;
	return error;
}

/* --- all of them ---------------------------------------------------------------------------- */

/* The next one with an IPv4 address, from an index on. Returns its index, or 0. */
static unsigned int next_with_address(unsigned int from, struct interface_request *request)
{
	struct netif *netif;
	unsigned int index = 0;

	memset(request, 0, sizeof(*request));
	net_lock();
	while (!index && (netif = if_next(from))) {
		from = netif_get_index(netif) + 1u;
		if (get_address(netif, SIOCGIFADDR, request))
			continue;
		index = from - 1;
		strlcpy(request->name, net_if_name(netif), sizeof(request->name));
	}
	net_unlock();
	return index;
}

/* As many as fit; without a buffer, how much room they would take. */
static long list(unsigned long arg)
{
	struct interface_list __user *user = (struct interface_list __user *)arg;
	struct interface_list wanted;
	struct interface_request request;
	unsigned int index = 0, count = 0;

	if (copy_from_user(&wanted, user, sizeof(wanted)))
		return -EFAULT;
	while ((index = next_with_address(index + 1, &request))) {
		if (wanted.requests) {
			if ((count + 1) * sizeof(request) > (size_t)UK_MAX(wanted.len, 0))
				break;
			if (copy_to_user(wanted.requests + count, &request, sizeof(request)))
				return -EFAULT;
		}
		count++;
	}
	return put_user((int)(count * sizeof(request)), &user->len);
}

/* --- the call ------------------------------------------------------------------------------- */

/* Routes, interfaces, ARP and the like: what would change them. */
static bool is_change(unsigned int cmd)
{
	switch (cmd) {
	case SIOCADDRT:
	case SIOCDELRT:
	case SIOCSIFLINK:
	case SIOCSIFFLAGS:
	case SIOCSIFADDR:
	case SIOCSIFDSTADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFMETRIC:
	case SIOCSIFMTU:
	case SIOCSIFNAME:
	case SIOCSIFHWADDR:
	case SIOCSIFHWBROADCAST:
	case SIOCSIFMAP:
	case SIOCSIFTXQLEN:
	case SIOCADDMULTI:
	case SIOCDELMULTI:
	case SIOCDARP:
	case SIOCSARP:
		return true;
	default:
		return false;
	}
}

long net_ioctl(unsigned int cmd, unsigned long arg)
{
	int error;

	if (is_change(cmd))
		return -EOPNOTSUPP;
	if (cmd != SIOCGIFCONF && (cmd < SIOCGIFNAME || cmd > SIOCSIFMAP))
		return -ENOTTY;
	error = net_start();
	if (error)
		return error;
	switch (cmd) {
	case SIOCGIFCONF:
		return list(arg);
	case SIOCGIFNAME:
	case SIOCGIFFLAGS:
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFMETRIC:
	case SIOCGIFMTU:
	case SIOCGIFHWADDR:
	case SIOCGIFINDEX:
	case SIOCGIFTXQLEN:
	case SIOCGIFMAP:
	case SIOCETHTOOL:
	case SIOCGMIIPHY:
	case SIOCGMIIREG:
		return ask(cmd, arg);
	default:
		return -ENOTTY;
	}
}
