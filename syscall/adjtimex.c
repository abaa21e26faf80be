/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * adjtimex(2): how the clock is disciplined. It is not: nothing steers it, as on a Linux that no
 * time daemon has touched since boot, and nothing can be made to.
 */
#include <linux/errno.h>
#include <linux/time.h>
#include <linux/timex.h>
#include <uk/arch/uaccess.h>
#include <uk/clock.h>
#include <uk/syscall.h>

#define PHASE_LIMIT_US   16000000 /* as wrong as an unsynchronized clock is taken to be */
#define TOLERANCE_PPM_16 (500 << 16)
#define TICK_US          10000 /* USER_HZ */

static void describe(struct __kernel_timex *timex)
{
	uint64_t now = clock_realtime_ns();

	timex->offset = timex->freq = 0;
	timex->maxerror = timex->esterror = PHASE_LIMIT_US;
	timex->status = STA_UNSYNC;
	timex->constant = 2;
	timex->precision = 1;
	timex->tolerance = TOLERANCE_PPM_16;
	timex->time.tv_sec = (long long)(now / UK_NSEC_PER_SEC);
	timex->time.tv_usec = (long long)(now % UK_NSEC_PER_SEC / UK_NSEC_PER_USEC);
	timex->tick = TICK_US;
	timex->ppsfreq = timex->jitter = timex->stabil = timex->jitcnt = timex->calcnt = 0;
	timex->errcnt = timex->stbcnt = 0;
	timex->shift = timex->tai = 0;
}

static long adjust(struct __kernel_timex *timex)
{
	/* Linux looks at no single mode before it asks for CAP_SYS_TIME. */
	if (timex->modes && timex->modes != ADJ_OFFSET_SS_READ)
		return -EPERM;
	describe(timex);
	return TIME_ERROR; /* not synchronized */
}

long sys_clock_adjtime(int clock, struct __kernel_timex __user *user)
{
	struct __kernel_timespec unused;
	struct __kernel_timex timex;
	long result;

	if (copy_from_user(&timex, user, sizeof(timex)))
		return -EFAULT;
	if (clock != CLOCK_REALTIME)
		return clock_resolution(clock, &unused) ? -EINVAL : -EOPNOTSUPP;
	result = adjust(&timex);
	return result >= 0 && copy_to_user(user, &timex, sizeof(timex)) ? -EFAULT : result;
}

long sys_adjtimex(struct __kernel_timex __user *user)
{
	return sys_clock_adjtime(CLOCK_REALTIME, user);
}
