/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clocks and sleeping: clock_gettime(2), clock_nanosleep(2) and older forms. Times inside the
 * kernel are uint64_t ns; a sleep is a deadline on the monotonic clock.
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/time.h>
#include <linux/times.h>
#include <uk/arch/uaccess.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "accounting.h"
#include "sys_time.h"

#define NS_MAX       ((uint64_t)INT64_MAX)
#define SECONDS_MAX  (INT64_MAX / UK_NSEC_PER_SEC)
#define NS_PER_TICK  (UK_NSEC_PER_SEC / 100) /* USER_HZ */
#define USEC_PER_SEC 1000000L

int timespec_to_ns(uint64_t *ns, const struct __kernel_timespec *time)
{
	if (time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec >= UK_NSEC_PER_SEC)
		return -EINVAL;
	*ns = time->tv_sec >= SECONDS_MAX
		      ? NS_MAX
		      : (uint64_t)time->tv_sec * UK_NSEC_PER_SEC + (uint64_t)time->tv_nsec;
	return 0;
}

int get_timespec(uint64_t *ns, const struct __kernel_timespec __user *user)
{
	struct __kernel_timespec time;

	if (copy_from_user(&time, user, sizeof(time)))
		return -EFAULT;
	return timespec_to_ns(ns, &time);
}

int put_timespec(uint64_t ns, struct __kernel_timespec __user *user)
{
	struct __kernel_timespec time = {.tv_sec = (int64_t)(ns / UK_NSEC_PER_SEC),
					 .tv_nsec = (int64_t)(ns % UK_NSEC_PER_SEC)};

	return copy_to_user(user, &time, sizeof(time));
}

uint64_t deadline_after(uint64_t ns)
{
	uint64_t deadline_ns;

	if (!ns)
		return 0;
	if (uk_add_overflow(clock_monotonic_ns(), ns, &deadline_ns))
		return UK_NO_TIMEOUT;
	return deadline_ns;
}

/* An absolute time on `clock` as one on the monotonic clock; 0 when it has passed. */
uint64_t deadline_at(uint64_t ns, bool is_realtime_clock)
{
	uint64_t now = is_realtime_clock ? clock_realtime_ns() : clock_monotonic_ns();

	return ns > now ? deadline_after(ns - now) : 0;
}

uint64_t remaining_until(uint64_t deadline_ns)
{
	uint64_t now = clock_monotonic_ns();

	return deadline_ns > now ? UK_MIN(deadline_ns - now, NS_MAX) : 0;
}

int sleep_interruptible(uint64_t deadline_ns)
{
	struct waitq nobody = WAITQ_INIT(nobody);
	int result = waitq_wait_event(&nobody, false, deadline_ns);

	return result == -EINTR ? -EINTR : 0;
}

long sys_clock_gettime(int clock, struct __kernel_timespec __user *out)
{
	struct __kernel_timespec now;
	int error = clock_get(clock, &now);

	return error ? error : copy_to_user(out, &now, sizeof(now));
}

long sys_clock_getres(int clock, struct __kernel_timespec __user *out)
{
	struct __kernel_timespec resolution;
	int error = clock_resolution(clock, &resolution);

	return error || !out ? error : copy_to_user(out, &resolution, sizeof(resolution));
}

long sys_clock_settime(int clock, const struct __kernel_timespec __user *user)
{
	struct __kernel_timespec time;
	uint64_t ns;

	if (clock > CLOCK_REALTIME)
		return -EINVAL; /* none of them can be set, whatever to */
	if (copy_from_user(&time, user, sizeof(time)))
		return -EFAULT;
	if (clock == CLOCK_REALTIME && timespec_to_ns(&ns, &time))
		return -EINVAL;
	if (clock == CLOCK_REALTIME && !is_capable(CAP_SYS_TIME))
		return -EPERM;
	return clock_set(clock, &time);
}

long sys_gettimeofday(struct __kernel_old_timeval __user *tv, struct timezone __user *tz)
{
	uint64_t ns = clock_realtime_ns();
	struct __kernel_old_timeval now = {.tv_sec = (long)(ns / UK_NSEC_PER_SEC),
					   .tv_usec = (long)(ns % UK_NSEC_PER_SEC / 1000)};

	if (tv && copy_to_user(tv, &now, sizeof(now)))
		return -EFAULT;
	return tz ? clear_user(tz, sizeof(struct timezone)) : 0;
}

long sys_settimeofday(const struct __kernel_old_timeval __user *tv,
		      const struct timezone __user *tz)
{
	struct __kernel_old_timeval wanted;
	struct timezone zone;

	if (tz && copy_from_user(&zone, tz, sizeof(zone)))
		return -EFAULT;
	if (tv && copy_from_user(&wanted, tv, sizeof(wanted)))
		return -EFAULT;
	if ((tz && (zone.tz_minuteswest > 15 * 60 || zone.tz_minuteswest < -15 * 60)) ||
	    (tv && (wanted.tv_sec < 0 || wanted.tv_sec >= SECONDS_MAX || wanted.tv_usec < 0 ||
		    wanted.tv_usec >= USEC_PER_SEC)))
		return -EINVAL;
	if (!is_capable(CAP_SYS_TIME))
		return -EPERM;
	if (!tv)
		return 0;
	return clock_set_realtime_ns((uint64_t)wanted.tv_sec * UK_NSEC_PER_SEC +
				     (uint64_t)wanted.tv_usec * 1000);
}

/* --- sleeping ----------------------------------------------------------------------------------
 */

struct ktimer_queue *user_clock_timers(int clock)
{
	/* The machine never sleeps, so these need no alarm to wake it. */
	if (is_alarm_clock(clock) && !is_capable(CAP_WAKE_ALARM))
		return ERR_PTR(-EPERM);
	return clock_timers(clock);
}

static uint64_t clock_now(const struct ktimer_queue *clock)
{
	return clock->now_ns(clock);
}

/* 0, or -EINTR when a signal is pending. */
static int sleep_until(struct ktimer_queue *clock, uint64_t deadline_ns)
{
	if (deadline_ns <= clock_now(clock))
		return 0;
	return clock == &ktimer_monotonic ? sleep_interruptible(deadline_ns)
					  : clock_sleep_until(clock, deadline_ns);
}

static long sleep_and_tell(int clock_id, struct ktimer_queue *clock, uint64_t deadline_ns,
			   struct __kernel_timespec __user *remaining);

static long resume_sleep(struct task *task)
{
	struct ktimer_queue *clock = clock_timers(task->restart_clock);

	if (IS_ERR(clock))
		return PTR_ERR(clock); /* of a thread that is gone */
	return sleep_and_tell(task->restart_clock, clock_relative(clock), task->restart_deadline_ns,
			      (struct __kernel_timespec __user *)task->restart_arg);
}

/* A relative sleep: interrupted, it tells what is left and can go on to the same deadline. */
static long sleep_and_tell(int clock_id, struct ktimer_queue *clock, uint64_t deadline_ns,
			   struct __kernel_timespec __user *remaining)
{
	uint64_t now_ns;

	if (!sleep_until(clock, deadline_ns))
		return 0;
	now_ns = clock_now(clock);
	if (now_ns >= deadline_ns)
		return 0;
	if (remaining && put_timespec(UK_MIN(deadline_ns - now_ns, NS_MAX), remaining))
		return -EFAULT;
	current->restart = resume_sleep;
	current->restart_deadline_ns = deadline_ns;
	current->restart_clock = clock_id;
	current->restart_arg = (uintptr_t)remaining;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_for(int clock_id, struct ktimer_queue *clock, uint64_t ns,
		      struct __kernel_timespec __user *remaining)
{
	uint64_t deadline_ns;

	if (!ns)
		return 0;
	clock = clock_relative(clock);
	if (uk_add_overflow(clock_now(clock), ns, &deadline_ns))
		deadline_ns = UK_NO_TIMEOUT;
	return sleep_and_tell(clock_id, clock, deadline_ns, remaining);
}

long sys_restart_syscall(void)
{
	return current->restart ? current->restart(current) : -EINTR;
}

long sys_nanosleep(const struct __kernel_timespec __user *request,
		   struct __kernel_timespec __user *remaining)
{
	uint64_t ns;
	int error = get_timespec(&ns, request);

	return error ? error : sleep_for(CLOCK_MONOTONIC, &ktimer_monotonic, ns, remaining);
}

long sys_clock_nanosleep(int clock_id, int flags, const struct __kernel_timespec __user *request,
			 struct __kernel_timespec __user *remaining)
{
	struct ktimer_queue *clock = user_clock_timers(clock_id);
	uint64_t ns;
	int error;

	if (clock_id == CLOCK_THREAD_CPUTIME_ID)
		return -EOPNOTSUPP; /* it would never end */
	if (IS_ERR(clock))
		return PTR_ERR(clock);
	error = get_timespec(&ns, request);
	if (error)
		return error;
	if (clock == &current->cpu_timers)
		return -EINVAL; /* the same by a number of its own */
	if (!(flags & TIMER_ABSTIME))
		return sleep_for(clock_id, clock, ns, remaining);
	return sleep_until(clock, ns) ? -ERESTARTNOHAND : 0;
}

long sys_times(struct tms __user *out)
{
	struct tms ticks;

	if (out) {
		/* All of it counts as user time: core/time/cpu_time.c. */
		ticks = (struct tms){
			.tms_utime = (long)(process_cpu_ns(current->process) / NS_PER_TICK)};
		if (copy_to_user(out, &ticks, sizeof(ticks)))
			return -EFAULT;
	}
	return (long)(clock_monotonic_ns() / NS_PER_TICK);
}
