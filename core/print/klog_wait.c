/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for log records. Messages come from any context and under any lock, so logging wakes
 * nobody: who waits looks again now and then.
 */
#include <linux/errno.h>
#include <uk/clock.h>
#include <uk/klog.h>
#include <uk/wait.h>

#define LOOK_EVERY_NS (100 * (uint64_t)UK_NSEC_PER_MSEC)

int uk_klog_wait(uint64_t position)
{
	struct waitq nobody = WAITQ_INIT(nobody);
	int error;

	do {
		error = waitq_wait_event(&nobody, uk_klog_end() > position,
					 clock_monotonic_ns() + LOOK_EVERY_NS);
	} while (error == -ETIMEDOUT);
	return error;
}
