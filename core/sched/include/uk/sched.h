/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who runs. The kernel is not preempted: a task gives the CPU away where it sleeps, or, when
 * UKARCH_WORK_RESCHED asks for it, on its way back to the program and in sched_pause(). There is no
 * tick: a timer runs only while somebody waits for the CPU. A CPU with nothing to run halts, on the
 * stack of the task that went to sleep last; if that is the one to wake, nothing is switched.
 *
 * The fields `state`, `is_interruptible`, `is_on_cpu` and `sched` of a task and the run queue are
 * guarded by irq-off (the run queue's spinlock with CONFIG_SMP).
 */
#ifndef UK_SCHED_H
#define UK_SCHED_H

#include <uk/task.h>

/** The first task runs already; the clock of its CPU time starts. */
void sched_init(struct task *first);

/** A new task, switched to for the first time, begins with this. Interrupts off before and after.
 */
void sched_begin(void);

/**
 * The current task is about to sleep: a wake from here on is not lost. Then it looks at what it
 * waits for once more, and sleeps (sched_sleep_until() in <uk/wait.h>) or thinks better of it.
 */
static inline void sched_announce_sleep(struct task *task)
{
	__atomic_store_n(&task->state, TASK_SLEEPING, __ATOMIC_SEQ_CST);
}
static inline void sched_cancel_sleep(struct task *task)
{
	__atomic_store_n(&task->state, TASK_RUNNING, __ATOMIC_SEQ_CST);
}

/** A new task of the current one runs for the first time, with no credit over its creator. */
void sched_start(struct task *task);

/** Makes a sleeping task runnable. Any context; the second form with interrupts off. */
void sched_wake(struct task *task);
void sched_wake_irqoff(struct task *task);

/** Wakes a task from an interruptible sleep only (signals). Any context. */
void sched_interrupt(struct task *task);

/** sched_yield(2): the others first, if there are any. */
void sched_yield(void);

/** UKARCH_WORK_RESCHED: lets better ones run. On the way to the program, and in sched_pause(). */
void sched_preempt(void);

/**
 * Between the pieces of long work in the kernel (at most SCHED_PIECE_BYTES each), with no spinlock
 * held: lets better ones run. Returns whether a signal is pending, which should end the work.
 */
#define SCHED_PIECE_BYTES 65536UL
static inline bool sched_pause(void)
{
	if (uk_unlikely(current->thread.work & UKARCH_WORK_RESCHED))
		sched_preempt();
	return signal_is_pending();
}

/** The current task is dead; never returns. Its last reference is put by whoever runs next. */
void __uk_noreturn sched_exit(void);

/** New policy, priority and nice value. Any task; any context. */
void sched_set(struct task *task, unsigned int policy, unsigned int priority, int nice);
/** The priority as it counts: own, or one inherited from a waiter of a PI futex. */
void sched_set_priority(struct task *task, unsigned int rt_priority);

/** Counts of the CPU counter that the task has run for, up to now. */
uint64_t sched_run_counts(const struct task *task);

/** From now on ktimer_follow_task() is called after a switch, until it returns false. */
void sched_follow_switches(void);

struct sched_stats {
	unsigned int runnable; /* tasks, the running one included */
	uint64_t switches;     /* since boot */
};
void sched_stats(struct sched_stats *stats);

#endif /* UK_SCHED_H */
