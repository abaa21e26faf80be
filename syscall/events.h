/* SPDX-License-Identifier: BSD-3-Clause */
/* Event descriptors: what the older forms of calls in <arch>/ share with the newer ones. */
#ifndef UK_SYSCALL_EVENTS_H
#define UK_SYSCALL_EVENTS_H

#include <uk/essentials.h>

struct epoll_event;

long epoll_wait_call(int epfd, struct epoll_event __user *events, int max, uint64_t timeout_ns);

/** A timeout in milliseconds; negative: none. */
static inline uint64_t timeout_of_ms(int timeout_ms)
{
	return timeout_ms < 0 ? UINT64_MAX : (uint64_t)timeout_ms * UK_NSEC_PER_MSEC;
}

#endif /* UK_SYSCALL_EVENTS_H */
