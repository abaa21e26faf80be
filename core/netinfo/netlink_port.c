/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of netlink sockets: a port, and groups; see netlink_socket.h. */
#include <linux/errno.h>
#include <uk/string.h>
#include <uk/task.h>
#include "netlink_socket.h"

void netlink_put_name(struct socket_name *name, uint32_t port, uint32_t groups)
{
	const struct sockaddr_nl addr = {
		.nl_family = UK_AF_NETLINK, .nl_pid = port, .nl_groups = groups};

	name->len = sizeof(addr);
	memcpy(name->bytes, &addr, sizeof(addr));
}

int netlink_get_name(const struct socket_name *name, struct sockaddr_nl *addr)
{
	if (name->len < sizeof(*addr))
		return -EINVAL;
	memcpy(addr, name->bytes, sizeof(*addr));
	return addr->nl_family == UK_AF_NETLINK ? 0 : -EINVAL;
}

/* netlink_lock held. */
static bool is_taken(uint32_t port, int protocol)
{
	const struct netlink_socket *sock;

	LIST_FOREACH (sock, &netlink_sockets, link)
		if (sock->port == port && sock->base.protocol == protocol)
			return true;
	return false;
}

void netlink_give_port(struct netlink_socket *sock)
{
	unsigned long flags = spin_lock_irqsave(&netlink_lock);
	uint32_t port = (uint32_t)current->process->pid;

	for (uint32_t next = UINT32_MAX - 4095; !sock->port && is_taken(port, sock->base.protocol);
	     next--)
		port = next;
	if (!sock->port)
		sock->port = port;
	spin_unlock_irqrestore(&netlink_lock, flags);
}

static int take_port(struct netlink_socket *sock, uint32_t port)
{
	unsigned long flags = spin_lock_irqsave(&netlink_lock);
	int error = 0;

	if (sock->port)
		error = sock->port == port ? 0 : -EINVAL;
	else if (is_taken(port, sock->base.protocol))
		error = -EADDRINUSE;
	else
		sock->port = port;
	spin_unlock_irqrestore(&netlink_lock, flags);
	return error;
}

int netlink_bind(struct socket *socket, const struct socket_name *name)
{
	struct netlink_socket *sock = netlink_of(socket);
	struct sockaddr_nl addr;
	int error = netlink_get_name(name, &addr);

	if (!error && addr.nl_pid)
		error = take_port(sock, addr.nl_pid);
	else if (!error)
		netlink_give_port(sock);
	if (!error)
		sock->groups = addr.nl_groups;
	return error;
}

/* Whom send(2) without a name is for: the kernel, unless somebody else is named. */
int netlink_connect(struct socket *socket, const struct socket_name *name, bool is_nonblocking)
{
	struct netlink_socket *sock = netlink_of(socket);
	struct sockaddr_nl addr = {.nl_family = UK_AF_NETLINK};
	int error = 0;

	if (name->len < sizeof(name->family))
		return -EINVAL;
	if (name->family != UK_AF_UNSPEC)
		error = netlink_get_name(name, &addr);
	if (error)
		return error;
	if (!sock->port && name->family != UK_AF_UNSPEC)
		netlink_give_port(sock);
	sock->peer_port = addr.nl_pid;
	sock->peer_groups = addr.nl_groups;
	return 0;
}

int netlink_own_name(struct socket *socket, struct socket_name *name)
{
	netlink_put_name(name, netlink_of(socket)->port, netlink_of(socket)->groups);
	return 0;
}

int netlink_peer_name(struct socket *socket, struct socket_name *name)
{
	netlink_put_name(name, netlink_of(socket)->peer_port, netlink_of(socket)->peer_groups);
	return 0;
}
