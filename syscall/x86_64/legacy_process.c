/* SPDX-License-Identifier: BSD-3-Clause */
/* The older forms of process, signal and time calls that only x86_64 has. */
#include <linux/errno.h>
#include <uk/arch/uaccess.h>
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

long sys_time(long __user *out)
{
	long now = (long)(clock_realtime_ns() / UK_NSEC_PER_SEC);

	return out && put_user(now, out) ? -EFAULT : now;
}
