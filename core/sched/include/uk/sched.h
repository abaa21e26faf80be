/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who runs. One task so far: it runs, or it sleeps and the CPU halts until an interrupt makes it
 * runnable. The interface is that of many tasks; issue by issue the inside grows.
 */
#ifndef UK_SCHED_H
#define UK_SCHED_H

#include <uk/task.h>

/** Makes a sleeping task runnable. Any context. */
void sched_wake(struct task *task);

/** Wakes a task from an interruptible sleep only (signals). Any context. */
void sched_interrupt(struct task *task);

/** Lets others run (sched_yield(2), and UKARCH_WORK_RESCHED on the way to the program). */
void sched_yield(void);

#endif /* UK_SCHED_H */
