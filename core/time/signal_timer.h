/* SPDX-License-Identifier: BSD-3-Clause */
/* A timer that sends a signal; shared by posix_timer.c and itimer.c. */
#ifndef CORE_TIME_SIGNAL_TIMER_H
#define CORE_TIME_SIGNAL_TIMER_H

#include <uk/signal.h>
#include "interval_timer.h"

struct signal_timer {
	struct interval_timer timer;
	struct sigqueue entry; /* the one signal that it can have pending */
	struct process *process;
	int target_tid; /* SIGEV_THREAD_ID; 0: the process */
	int overrun;    /* of the last signal that was delivered */
};

/** Zeroed before. si_code SI_TIMER: one of timer_create(2), else one of setitimer(2). */
void signal_timer_init(struct signal_timer *timer, struct process *process,
		       struct ktimer_queue *clock, int signo, int si_code);
/** flags: TIMER_ABSTIME. `old` may be NULL. */
void signal_timer_set(struct signal_timer *timer, int flags, const struct timer_setting *setting,
		      struct timer_setting *old);
void signal_timer_get(struct signal_timer *timer, struct timer_setting *setting);
/** Never again, and its signal is not pending any more: it may be freed. */
void signal_timer_end(struct signal_timer *timer);

/** What a process has; allocated with its first timer. */
#define ITIMERS 3
struct process_timers {
	struct signal_timer itimers[ITIMERS];
	struct signal_timer **by_id;    /* holes are NULL; irq-off */
	unsigned int size, lowest_free; /* no hole below lowest_free */
};
/** NULL: no memory. */
struct process_timers *process_timers_of(struct process *process);
void itimers_init(struct process *process);

#endif /* CORE_TIME_SIGNAL_TIMER_H */
