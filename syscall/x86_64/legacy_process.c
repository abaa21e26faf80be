/* SPDX-License-Identifier: BSD-3-Clause */
/* The older forms of process, signal and time calls that only x86_64 has. */
#include <linux/errno.h>
#include <uk/arch/uaccess.h>
#include <uk/posix_timer.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "../sys_time.h"

long sys_getpgrp(void)
{
	return current->process->pgid;
}

long sys_pause(void)
{
	while (!sleep_interruptible(UK_NO_TIMEOUT))
		;
	return -ERESTARTNOHAND;
}

/* Seconds, rounded to the nearest, but never to the 0 that means "none". */
static long seconds_left(uint64_t ns)
{
	uint64_t seconds = (ns + UK_NSEC_PER_SEC / 2) / UK_NSEC_PER_SEC;

	return (long)(ns ? UK_MAX(seconds, 1UL) : 0);
}

long sys_alarm(unsigned int seconds)
{
	struct timer_setting setting = {.value_ns = (uint64_t)seconds * UK_NSEC_PER_SEC}, old;
	int error = itimer_set(ITIMER_REAL, &setting, &old);

	return error ? error : seconds_left(old.value_ns);
}

long sys_time(long __user *out)
{
	long now = (long)(clock_realtime_ns() / UK_NSEC_PER_SEC);

	return out && put_user(now, out) ? -EFAULT : now;
}
