/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wait queues: a thread sleeps until a condition holds; poll, select and epoll hang their own
 * callbacks on the same queues. waitq_wake() may be called from interrupt context.
 */
#ifndef UK_WAIT_H
#define UK_WAIT_H

#include <sys/queue.h>
#include <uk/arch/cpu.h>

struct task;
struct waitq_entry;

/**
 * Called under the queue's lock, interrupts off; must not sleep; may take its entry out of the
 * queue. `events` are EPOLL* bits, or 0 for "look yourself". Did it wake somebody? Only that of an
 * exclusive entry matters: one that did not leaves the wake of waitq_wake_one() to the next.
 */
typedef bool (*waitq_callback)(struct waitq_entry *entry, unsigned int events);

struct waitq_entry {
	TAILQ_ENTRY(waitq_entry) link;
	waitq_callback wake;
	void *ctx;         /* the callback's; for sleepers the struct task */
	bool is_exclusive; /* one of several who would all do the same; set before waitq_add() */
	bool is_queued;
};

struct waitq {
	TAILQ_HEAD(waitq_entries, waitq_entry) entries; /* guarded by irq-off (spinlock with SMP) */
};
#define WAITQ_INIT(name)                                                                           \
	{                                                                                          \
		.entries = TAILQ_HEAD_INITIALIZER((name).entries)                                  \
	}

static inline void waitq_init(struct waitq *wq)
{
	TAILQ_INIT(&wq->entries);
}
static inline bool waitq_is_empty(const struct waitq *wq)
{
	return TAILQ_EMPTY(&wq->entries);
}

/** Exclusive entries go to the end and are woken in the order they came, all others to the front.
 */
void waitq_add(struct waitq *wq, struct waitq_entry *entry);
void waitq_remove(struct waitq *wq, struct waitq_entry *entry);

/**
 * waitq_wake() calls the callback of every entry; waitq_wake_one() of those that are not exclusive,
 * and of exclusive ones until one of these woke somebody. Any context. The tests of these two keep
 * a wake of an empty queue at two instructions; the functions without them are theirs alone.
 */
void waitq_wake_all(struct waitq *wq, unsigned int events);
void waitq_wake_next(struct waitq *wq, unsigned int events);
static inline void waitq_wake(struct waitq *wq, unsigned int events)
{
	if (!waitq_is_empty(wq))
		waitq_wake_all(wq, events);
}
static inline void waitq_wake_one(struct waitq *wq, unsigned int events)
{
	if (!waitq_is_empty(wq))
		waitq_wake_next(wq, events);
}

/** The memory of the queue is about to go: takes every entry out, then wakes it with `events`.
 *  A later waitq_remove() of such an entry does not touch the queue. */
void waitq_dissolve(struct waitq *wq, unsigned int events);

#define UK_NO_TIMEOUT UINT64_MAX

/* Steps of waitq_wait_event(); use the macro. */
void waitq_prepare(struct waitq *wq, struct waitq_entry *entry);
void waitq_prepare_exclusive(struct waitq *wq, struct waitq_entry *entry);
void waitq_finish(struct waitq *wq, struct waitq_entry *entry);

/**
 * Gives up the CPU until woken, until `deadline_ns` (monotonic clock) passes, or - when
 * interruptible - until a signal is pending. 0, -ETIMEDOUT, or -EINTR.
 */
int sched_sleep_until(uint64_t deadline_ns); /* not interruptible */
int sched_sleep_interruptible_until(uint64_t deadline_ns);

/**
 * Sleeps until `condition` holds. 0 when it does, -ETIMEDOUT, or -EINTR when a signal is pending.
 * The condition is evaluated in the caller's context, without any lock of ours held.
 * `deadline_ns` is absolute on the monotonic clock; UK_NO_TIMEOUT for none.
 */
#define waitq_wait_event(wq, condition, deadline_ns)                                               \
	waitq_wait_event_by(waitq_prepare, wq, condition, deadline_ns)

/**
 * The same for one of several sleepers any of whom will do: waitq_wake_one() wakes one of them.
 * Whoever takes only a part of what there is passes the wake on.
 */
#define waitq_wait_event_exclusive(wq, condition, deadline_ns)                                     \
	waitq_wait_event_by(waitq_prepare_exclusive, wq, condition, deadline_ns)

#define waitq_wait_event_by(prepare, wq, condition, deadline_ns)                                   \
	({                                                                                         \
		struct waitq_entry wait_entry_;                                                    \
		int wait_result_ = 0;                                                              \
		while (!(condition)) {                                                             \
			prepare(wq, &wait_entry_);                                                 \
			if (!(condition))                                                          \
				wait_result_ = sched_sleep_interruptible_until(deadline_ns);       \
			waitq_finish(wq, &wait_entry_);                                            \
			if (wait_result_)                                                          \
				break;                                                             \
		}                                                                                  \
		wait_result_ && (condition) ? 0 : wait_result_;                                    \
	})

#endif /* UK_WAIT_H */
