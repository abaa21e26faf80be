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

long sys_clock_settime(int clock, const struct __kernel_timespec __user *time)
{
	uint64_t ns;
	int error = get_timespec(&ns, time);

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	if (!error && !is_capable(CAP_SYS_TIME))
		error = -EPERM;
	return error ? error : clock_set_realtime_ns(ns);
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

static long sleep_and_tell(uint64_t deadline_ns, struct __kernel_timespec __user *remaining);

static long resume_sleep(struct task *task)
{
	return sleep_and_tell(task->restart_deadline_ns,
			      (struct __kernel_timespec __user *)task->restart_arg);
}

/* A relative sleep: interrupted, it tells what is left and can go on to the same deadline. */
static long sleep_and_tell(uint64_t deadline_ns, struct __kernel_timespec __user *remaining)
{
	if (!sleep_interruptible(deadline_ns))
		return 0;
	if (remaining && put_timespec(remaining_until(deadline_ns), remaining))
		return -EFAULT;
	current->restart = resume_sleep;
	current->restart_deadline_ns = deadline_ns;
	current->restart_arg = (uintptr_t)remaining;
	return -ERESTART_RESTARTBLOCK;
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

	if (error || !ns)
		return error;
	return sleep_and_tell(deadline_after(ns), remaining);
}

static bool is_realtime(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_TAI || clock == CLOCK_REALTIME_ALARM;
}

static int check_sleep_clock(int clock)
{
	struct __kernel_timespec now;

	if (clock == CLOCK_THREAD_CPUTIME_ID)
		return -EINVAL;
	if (clock_get(clock, &now))
		return -EINVAL;
	return clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_MONOTONIC_RAW ||
			       clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE
		       ? -EOPNOTSUPP
		       : 0;
}

/* An absolute time on `clock` as one on the monotonic clock; 0 when it has passed. */
uint64_t deadline_at(uint64_t ns, bool is_realtime_clock)
{
	uint64_t now = is_realtime_clock ? clock_realtime_ns() : clock_monotonic_ns();

	return ns > now ? deadline_after(ns - now) : 0;
}

long sys_clock_nanosleep(int clock, int flags, const struct __kernel_timespec __user *request,
			 struct __kernel_timespec __user *remaining)
{
	uint64_t ns, deadline_ns;
	int error = check_sleep_clock(clock);

	if (!error)
		error = get_timespec(&ns, request);
	if (error)
		return error;
	if (!(flags & TIMER_ABSTIME))
		return ns ? sleep_and_tell(deadline_after(ns), remaining) : 0;
	deadline_ns = deadline_at(ns, is_realtime(clock));
	return deadline_ns && sleep_interruptible(deadline_ns) ? -ERESTARTNOHAND : 0;
}

long sys_times(struct tms __user *out)
{
	struct cpu_times times;
	struct tms ticks;

	if (out) {
		process_cpu_times(current->process, &times);
		ticks = (struct tms){.tms_utime = (long)(times.user_ns / NS_PER_TICK),
				     .tms_stime = (long)(times.system_ns / NS_PER_TICK)};
		if (copy_to_user(out, &ticks, sizeof(ticks)))
			return -EFAULT;
	}
	return (long)(clock_monotonic_ns() / NS_PER_TICK);
}
