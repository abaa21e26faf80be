/* SPDX-License-Identifier: BSD-3-Clause */
/* The older forms of event descriptor calls that only x86_64 has. */
#include <linux/errno.h>
#include <uk/syscall.h>
#include "../events.h"

long sys_eventfd(unsigned int initial)
{
	return sys_eventfd2(initial, 0);
}

/* The size was a hint once; it must still be one. */
long sys_epoll_create(int size)
{
	return size > 0 ? sys_epoll_create1(0) : -EINVAL;
}

long sys_epoll_wait(int epfd, struct epoll_event __user *events, int max, int timeout_ms)
{
	return epoll_wait_call(epfd, events, max, timeout_of_ms(timeout_ms));
}

long sys_signalfd(int fd, const void __user *mask, size_t mask_size)
{
	return sys_signalfd4(fd, mask, mask_size, 0);
}
