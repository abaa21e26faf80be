/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the timers of timer_create(2), setitimer(2) and timerfd_create(2) have in common: a first
 * expiry, then one every interval.
 *
 *   disarmed --set--> armed --expires--> waits for its owner --resume--> armed, or disarmed
 *
 * A timer with an interval is armed again only when its owner has passed the expiry on (the signal
 * was delivered, the descriptor read), and then counts what it missed. So it takes one interrupt
 * for each time somebody looks, however short the interval. Linux does the same.
 *
 * All functions: interrupts off.
 */
#ifndef CORE_TIME_INTERVAL_TIMER_H
#define CORE_TIME_INTERVAL_TIMER_H

#include <uk/clock.h>
#include <uk/posix_timer.h>

struct interval_timer {
	struct ktimer ktimer;       /* its callback calls interval_timer_expired() first */
	bool is_silent;             /* has no callback: it is only asked */
	struct ktimer_queue *clock; /* NULL: CPU time of a thread that is gone */
	struct ktimer_queue *queue; /* `clock`, as it was set: see clock_relative() */
	uint64_t expiry_ns;         /* on `queue`; 0: disarmed */
	uint64_t interval_ns;
	uint64_t periods; /* that expiry_ns was moved on since it expired */
};

/** flags: TIMER_ABSTIME. */
void interval_timer_set(struct interval_timer *timer, int flags,
			const struct timer_setting *setting);
void interval_timer_get(struct interval_timer *timer, struct timer_setting *setting);
void interval_timer_expired(struct interval_timer *timer);
/** Expirations since it expired, that one included; from then on it counts anew. */
uint64_t interval_timer_resume(struct interval_timer *timer);
/** The same, when nobody wants to know: the next expiry is at least `pause_ns` away. */
void interval_timer_skip(struct interval_timer *timer, uint64_t pause_ns);
/** Disarmed; the interval can still be asked. */
void interval_timer_stop(struct interval_timer *timer);

#endif /* CORE_TIME_INTERVAL_TIMER_H */
