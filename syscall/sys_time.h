/* SPDX-License-Identifier: BSD-3-Clause */
/* Times and signal masks as calls pass them (private to syscall/). */
#ifndef UK_SYSCALL_TIME_H
#define UK_SYSCALL_TIME_H

#include <linux/time.h>
#include <linux/time_types.h>
#include <uk/clock.h>
#include <uk/signal.h>
#include <uk/wait.h>

/** A valid duration or time in ns, cut off at 292 years; -EFAULT, -EINVAL. */
int get_timespec(uint64_t *ns, const struct __kernel_timespec __user *user);
int put_timespec(uint64_t ns, struct __kernel_timespec __user *user);
int timespec_to_ns(uint64_t *ns, const struct __kernel_timespec *time);

/** The monotonic time in `ns` from now; 0 (do not wait at all) for 0. */
uint64_t deadline_after(uint64_t ns);
/** The monotonic time at which a clock shows `ns`; 0 when that has passed. */
uint64_t deadline_at(uint64_t ns, bool is_realtime_clock);
/** How far `deadline_ns` lies ahead; 0 when it has passed. */
uint64_t remaining_until(uint64_t deadline_ns);

/** Clocks whose timers need CAP_WAKE_ALARM. */
static inline bool is_alarm_clock(int clock)
{
	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}
/** clock_timers() for the program: -EPERM for what it may not use, too. */
struct ktimer_queue *user_clock_timers(int clock);

/** Sleeps: 0 at `deadline_ns`, -EINTR when a signal is pending. */
int sleep_interruptible(uint64_t deadline_ns);

/** For ppoll and pselect6: `mask` NULL changes nothing. 0, -EFAULT, -EINVAL. */
int set_temporary_mask(const void __user *mask, size_t mask_size);
/** Puts the old mask back at once, unless the call was interrupted: then delivery does. */
void finish_temporary_mask(const void __user *mask, long result);

#endif /* UK_SYSCALL_TIME_H */
