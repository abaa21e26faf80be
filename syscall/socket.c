/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * socket(2), socketpair(2) of a kernel in which no address family is registered: the type is
 * checked, every family is unknown. Programs that only ask (name services, say) go on.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/syscall.h>

#define SOCK_TYPE_MASK 0xf
#define SOCK_MAX       11
#define SOCK_FLAGS     (O_CLOEXEC | O_NONBLOCK)

static long check_family(int domain, int type)
{
	if ((type & ~(SOCK_TYPE_MASK | SOCK_FLAGS)) || (type & SOCK_TYPE_MASK) >= SOCK_MAX)
		return -EINVAL;
	return -EAFNOSUPPORT;
}

long sys_socket(int domain, int type, int protocol)
{
	return check_family(domain, type);
}

long sys_socketpair(int domain, int type, int protocol, int __user *fds)
{
	return check_family(domain, type);
}
