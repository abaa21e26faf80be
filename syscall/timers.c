/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers: timer_create(2), setitimer(2), timerfd_create(2) and the calls on them. */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/time.h>
#include <linux/timerfd.h>
#include <uk/arch/uaccess.h>
#include <uk/file.h>
#include <uk/posix_timer.h>
#include <uk/syscall.h>
#include <uk/timerfd.h>
#include "accounting.h"
#include "sys_time.h"

#define USEC_PER_SEC 1000000L

/* --- settings ---------------------------------------------------------------------------------
 */

static int get_itimerspec(struct timer_setting *setting,
			  const struct __kernel_itimerspec __user *user)
{
	struct __kernel_itimerspec spec;

	if (copy_from_user(&spec, user, sizeof(spec)))
		return -EFAULT;
	if (timespec_to_ns(&setting->value_ns, &spec.it_value) ||
	    timespec_to_ns(&setting->interval_ns, &spec.it_interval))
		return -EINVAL;
	return 0;
}

static int put_itimerspec(const struct timer_setting *setting,
			  struct __kernel_itimerspec __user *user)
{
	struct __kernel_itimerspec spec = {
		.it_interval = {.tv_sec = (int64_t)(setting->interval_ns / UK_NSEC_PER_SEC),
				.tv_nsec = (int64_t)(setting->interval_ns % UK_NSEC_PER_SEC)},
		.it_value = {.tv_sec = (int64_t)(setting->value_ns / UK_NSEC_PER_SEC),
			     .tv_nsec = (int64_t)(setting->value_ns % UK_NSEC_PER_SEC)},
	};

	return copy_to_user(user, &spec, sizeof(spec));
}

static int ns_of_timeval(uint64_t *ns, const struct __kernel_old_timeval *time)
{
	struct __kernel_timespec spec = {.tv_sec = time->tv_sec,
					 .tv_nsec = (long long)time->tv_usec * UK_NSEC_PER_USEC};

	return time->tv_usec < 0 || time->tv_usec >= USEC_PER_SEC ? -EINVAL
								  : timespec_to_ns(ns, &spec);
}

static struct __kernel_old_timeval timeval_of_ns(uint64_t ns)
{
	return (struct __kernel_old_timeval){
		.tv_sec = (long)(ns / UK_NSEC_PER_SEC),
		.tv_usec = (long)(ns % UK_NSEC_PER_SEC / UK_NSEC_PER_USEC)};
}

static int get_itimerval(struct timer_setting *setting,
			 const struct __kernel_old_itimerval __user *user)
{
	struct __kernel_old_itimerval value;

	if (copy_from_user(&value, user, sizeof(value)))
		return -EFAULT;
	if (ns_of_timeval(&setting->value_ns, &value.it_value) ||
	    ns_of_timeval(&setting->interval_ns, &value.it_interval))
		return -EINVAL;
	return 0;
}

static int put_itimerval(const struct timer_setting *setting,
			 struct __kernel_old_itimerval __user *user)
{
	/* One that is armed never shows as 0. */
	uint64_t least_ns = setting->value_ns ? (uint64_t)UK_NSEC_PER_USEC : 0;
	struct __kernel_old_itimerval value = {
		.it_interval = timeval_of_ns(setting->interval_ns),
		.it_value = timeval_of_ns(UK_MAX(setting->value_ns, least_ns)),
	};

	return copy_to_user(user, &value, sizeof(value));
}

/* --- timer_create and its timers ----------------------------------------------------------------
 */

long sys_timer_create(int clock_id, const struct sigevent __user *user_event, int __user *user_id)
{
	struct ktimer_queue *clock = user_clock_timers(clock_id);
	struct sigevent event;
	int id, error;

	if (user_event && copy_from_user(&event, user_event, sizeof(event)))
		return -EFAULT;
	if (IS_ERR(clock))
		return PTR_ERR(clock);
	error = posix_timer_create(clock, user_event ? &event : NULL, &id);
	if (error)
		return error;
	error = put_user(id, user_id);
	if (error)
		posix_timer_delete(id);
	return error;
}

long sys_timer_settime(int id, int flags, const struct __kernel_itimerspec __user *user,
		       struct __kernel_itimerspec __user *user_old)
{
	struct timer_setting setting, old;
	int error;

	if (!user)
		return -EINVAL;
	error = get_itimerspec(&setting, user);
	if (!error)
		error = posix_timer_set(id, flags, &setting, user_old ? &old : NULL);
	if (error || !user_old)
		return error;
	return put_itimerspec(&old, user_old);
}

long sys_timer_gettime(int id, struct __kernel_itimerspec __user *user)
{
	struct timer_setting setting;
	int error = posix_timer_get(id, &setting);

	return error ? error : put_itimerspec(&setting, user);
}

long sys_timer_getoverrun(int id)
{
	return posix_timer_overrun(id);
}

long sys_timer_delete(int id)
{
	return posix_timer_delete(id);
}

/* --- setitimer ----------------------------------------------------------------------------------
 */

long sys_setitimer(int which, const struct __kernel_old_itimerval __user *user,
		   struct __kernel_old_itimerval __user *user_old)
{
	struct timer_setting setting = {0, 0}, old; /* Linux: NULL disarms */
	int error = user ? get_itimerval(&setting, user) : 0;

	if (!error)
		error = itimer_set(which, &setting, user_old ? &old : NULL);
	if (error || !user_old)
		return error;
	return put_itimerval(&old, user_old);
}

long sys_getitimer(int which, struct __kernel_old_itimerval __user *user)
{
	struct timer_setting setting;
	int error = itimer_get(which, &setting);

	return error ? error : put_itimerval(&setting, user);
}

/* --- timerfd_create and its timers --------------------------------------------------------------
 */

long sys_timerfd_create(int clock_id, int flags)
{
	struct file *file;
	int fd;

	if (is_alarm_clock(clock_id) && !is_capable(CAP_WAKE_ALARM))
		return -EPERM;
	file = timerfd_create_file(clock_id, flags);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = fd_install(file, 0, flags & TFD_CLOEXEC);
	if (fd < 0)
		file_put(file);
	return fd;
}

long sys_timerfd_settime(int fd, int flags, const struct __kernel_itimerspec __user *user,
			 struct __kernel_itimerspec __user *user_old)
{
	struct timer_setting setting, old;
	int error = get_itimerspec(&setting, user);
	struct file *file;

	if (error)
		return error;
	if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	file = file_get_fd(fd);
	if (!file)
		return -EBADF;
	error = timerfd_set(file, flags, &setting, user_old ? &old : NULL);
	file_put(file);
	if (error || !user_old)
		return error;
	return put_itimerspec(&old, user_old);
}

long sys_timerfd_gettime(int fd, struct __kernel_itimerspec __user *user)
{
	struct file *file = file_get_fd(fd);
	struct timer_setting setting;
	int error;

	if (!file)
		return -EBADF;
	error = timerfd_get(file, &setting);
	file_put(file);
	return error ? error : put_itimerspec(&setting, user);
}
