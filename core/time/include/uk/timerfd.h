/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers as files: timerfd_create(2) and the calls on them. */
#ifndef UK_TIMERFD_H
#define UK_TIMERFD_H

#include <uk/posix_timer.h>

struct file;

/** A disarmed timer on one of the five clocks; flags: TFD_NONBLOCK, TFD_CLOEXEC. ERR_PTR: -EINVAL,
 *  -ENOMEM. */
struct file *timerfd_create_file(int clock_id, int flags);
/**
 * flags: TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET. `old` may be NULL. 0; -EINVAL for another
 * file; -ECANCELED when the clock was set before (the timer is set nevertheless, as on Linux).
 */
int timerfd_set(struct file *file, int flags, const struct timer_setting *setting,
		struct timer_setting *old);
int timerfd_get(struct file *file, struct timer_setting *setting);

/** The wall clock was set: wakes the readers of timers that asked to be cancelled then. */
void timerfd_clock_was_set(void);

#endif /* UK_TIMERFD_H */
