/* SPDX-License-Identifier: BSD-3-Clause */
/* What the in-guest programs for futexes share: the bare call, and threads that wait by it. */
#ifndef T_FUTEX_H
#define T_FUTEX_H

#include "t_threads.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

/* value2 stands where the timeout of other operations does. */
T_UNUSED static long futex(void *word, int op, uint32_t value, const void *timeout, void *word2,
			   uint32_t value3)
{
	return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

T_UNUSED static long futex_wake(void *word, int count)
{
	return futex(word, FUTEX_WAKE_PRIVATE, (uint32_t)count, NULL, NULL, 0);
}

T_UNUSED static void *count_of(uintptr_t count)
{
	return (void *)count;
}

/* A thread in one futex call, and what came of it. */
struct waiter {
	void *word;
	int op;
	uint32_t value, bits;
	void *word2;
	const struct timespec *timeout;
	pthread_t thread;
	atomic_int tid, is_done; /* is_done: in the order of their ends, from 1 */
	long result;
	int error;
};

static atomic_int waiters_done;

T_UNUSED static void *waiter_runs(void *argument)
{
	struct waiter *w = argument;

	w->tid = tid();
	w->result = futex(w->word, w->op, w->value, w->timeout, w->word2, w->bits);
	w->error = w->result < 0 ? errno : 0;
	w->is_done = ++waiters_done;
	return NULL;
}

T_UNUSED static void waiter_start(struct waiter *w)
{
	w->tid = w->is_done = 0;
	w->thread = start(waiter_runs, w);
	while (!w->tid)
		sched_yield();
	sleep_ms(10); /* by now it waits */
}

/* It ended with this result, or -errno. */
#define WAITER_ENDS(w, expected)                                                                   \
	do {                                                                                       \
		join((w)->thread);                                                                 \
		CHECK_EQ((w)->result < 0 ? -(w)->error : (w)->result, expected);                   \
	} while (0)

#endif /* T_FUTEX_H */
