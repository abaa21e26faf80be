/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiters and their buckets. A waiter lies on its task's stack and in the bucket of its key until
 * it is woken, times out or is interrupted. Guarded by irq-off (a spinlock per bucket with
 * CONFIG_SMP): the buckets and every field of a queued waiter.
 *
 * A waiter queues itself before it reads the word, so that no wake can fall in between; no lock is
 * held over an access to the program's memory.
 */
#ifndef CORE_FUTEX_INTERNAL_H
#define CORE_FUTEX_INTERNAL_H

#include <linux/errno.h>
#include <linux/futex.h>
#include <sys/queue.h>
#include <uk/arch/uaccess.h>
#include <uk/futex.h>
#include <uk/sched.h>
#include <uk/task.h>
#include <uk/wait.h>

/* The address space and the address, or the shared object and the offset in it. */
struct futex_key {
	uintptr_t space;
	uint64_t offset;
};

TAILQ_HEAD(futex_bucket, futex_waiter);

struct futex_waiter {
	TAILQ_ENTRY(futex_waiter) link;
	struct futex_bucket *bucket; /* that of `key`, while queued */
	struct futex_key key;
	struct task *task;
	uint32_t bitset;
	bool is_queued; /* false: woken */
	bool is_pi;
	/* PI only */
	bool owns;                           /* woken as the new owner */
	struct task *owner;                  /* who we wait for; NULL: it has died */
	LIST_ENTRY(futex_waiter) owner_link; /* owner->pi_waiters */
	const struct futex_key *requeue_to;  /* FUTEX_WAIT_REQUEUE_PI */
};

static inline bool futex_key_is(const struct futex_key *a, const struct futex_key *b)
{
	return a->offset == b->offset && a->space == b->space;
}

/** Memory that others may have mapped, too, has a name of its own. 0, -EFAULT. */
int futex_find_shared_key(struct futex_key *key, uintptr_t addr);
/** 0, -EINVAL (alignment), -EFAULT. */
static inline int futex_key_of(struct futex_key *key, struct futex_word word)
{
	uintptr_t addr = (uintptr_t)word.addr;

	if (!UK_IS_ALIGNED(addr, sizeof(uint32_t)))
		return -EINVAL;
	if (!user_range_ok(addr, sizeof(uint32_t)))
		return -EFAULT;
	*key = (struct futex_key){.space = (uintptr_t)current->vm, .offset = addr};
	return word.is_private ? 0 : futex_find_shared_key(key, addr);
}
struct futex_bucket *futex_bucket_of(const struct futex_key *key);

void futex_queue_irqoff(struct futex_waiter *waiter);
/** false: it was woken before. */
bool futex_unqueue_irqoff(struct futex_waiter *waiter);
/** Takes a queued waiter out and wakes its task. Interrupts off. */
void futex_wake_waiter(struct futex_waiter *waiter);
/** Sleeps until the current task's waiter is woken: 0, -ETIMEDOUT, -EINTR; it may still be
 *  queued. */
int futex_sleep(const struct futex_waiter *waiter, uint64_t deadline_ns);
/** Into another bucket. Interrupts off. */
void futex_move(struct futex_waiter *waiter, const struct futex_key *to);

/** Keys of both words; the comparison if one is asked for. 0, -EINVAL, -EFAULT, -EAGAIN. */
int futex_requeue_begin(const struct futex_requeue_args *args, struct futex_key *from,
			struct futex_key *to);

/** The owner `task` dies: whoever waits for it is told. */
void futex_abandon_pi(struct task *task);

/** The highest priority that waits for `key` as PI futex, the first of equals; or NULL. */
struct futex_waiter *futex_best_pi(const struct futex_key *key);

#endif /* CORE_FUTEX_INTERNAL_H */
