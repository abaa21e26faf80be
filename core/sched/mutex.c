/* SPDX-License-Identifier: BSD-3-Clause */
/* The slow half of mutexes: the owner is asleep, so we sleep too. */
#include <uk/assert.h>
#include <uk/lock.h>
#include <uk/task.h>

struct task *mutex_self(void)
{
	return current;
}

void mutex_lock_slow(struct mutex *mutex)
{
	struct task *self = current;

	UK_ASSERT(mutex->owner != self);
	for (;;) {
		struct waitq_entry entry;
		struct task *expected = NULL;

		waitq_prepare_exclusive(&mutex->waiters, &entry);
		if (__atomic_compare_exchange_n(&mutex->owner, &expected, self, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			waitq_finish(&mutex->waiters, &entry);
			return;
		}
		sched_sleep_until(UK_NO_TIMEOUT);
		waitq_finish(&mutex->waiters, &entry);
	}
}

void mutex_unlock_slow(struct mutex *mutex)
{
	waitq_wake_one(&mutex->waiters, 0);
}
