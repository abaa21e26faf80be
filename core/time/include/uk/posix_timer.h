/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timers of the current process that send signals: those of timer_create(2) and the three of
 * setitimer(2). Thread context; nothing here sleeps.
 */
#ifndef UK_POSIX_TIMER_H
#define UK_POSIX_TIMER_H

#include <linux/signal.h>
#include <uk/essentials.h>

struct ktimer_queue;
struct process;
struct task;

/** struct itimerspec, itimerval: time until (or of) the next expiry, 0: none; then the interval. */
struct timer_setting {
	uint64_t value_ns, interval_ns;
};

/**
 * A timer on a clock of clock_timers(), disarmed; `event` NULL: SIGALRM. 0, -EAGAIN
 * (RLIMIT_SIGPENDING, no memory), -EINVAL for a bad event.
 */
int posix_timer_create(struct ktimer_queue *clock, const struct sigevent *event, int *id);
/** flags: TIMER_ABSTIME. `old` may be NULL. 0, -EINVAL for an unknown id, as the others. */
int posix_timer_set(int id, int flags, const struct timer_setting *setting,
		    struct timer_setting *old);
int posix_timer_get(int id, struct timer_setting *setting);
int posix_timer_overrun(int id);
int posix_timer_delete(int id);

/** setitimer(2), getitimer(2). 0, -EINVAL for an unknown timer, -ENOMEM. */
int itimer_set(int which, const struct timer_setting *setting, struct timer_setting *old);
int itimer_get(int which, struct timer_setting *setting);

/** execve(2): the timers of timer_create(2) go, those of setitimer(2) stay. */
void posix_timers_exec(struct process *process);
/** The last thread is gone: all of them go. */
void posix_timers_exit(struct process *process);
/** A thread has ended: timers on its CPU time never expire again. */
void posix_timers_thread_exit(struct task *task);

#endif /* UK_POSIX_TIMER_H */
