/* SPDX-License-Identifier: BSD-3-Clause */
/* What the older forms poll and select in <arch>/ share with ppoll and pselect6. */
#ifndef UK_SYSCALL_POLL_H
#define UK_SYSCALL_POLL_H

#include <uk/essentials.h>

struct pollfd;

struct select_user {
	int count;
	unsigned long __user *in, *out, *except;
};

/** Interrupted: -ERESTARTNOHAND. */
long poll_user(struct pollfd __user *user, unsigned int count, uint64_t deadline_ns);
long select_call(struct select_user *user, uint64_t deadline_ns);

#endif /* UK_SYSCALL_POLL_H */
