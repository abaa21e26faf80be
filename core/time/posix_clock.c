/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clock ids as clock_gettime(2) numbers them, for the system-call layer. A negative id names a
 * CPU-time clock: the complement of a pid or tid above three bits (0 is the caller), of which bit
 * 2 means "thread" and the rest the kind of time; kind 3 is a clock device (Linux
 * kernel/time/posix-cpu-timers.c describes the encoding; clock_getcpuclockid(3) produces it).
 *
 * CPU time is what the scheduler counted for a thread, or for all threads of a process.
 */
#include <linux/errno.h>
#include <linux/time.h>
#include <uk/clock.h>
#include <uk/task.h>
#include "clock_internal.h"

#define CPUCLOCK_KIND_MASK 3
#define CPUCLOCK_MAX_KIND  2
#define CPUCLOCK_THREAD    4

#define PAGE_CLOCKS                                                                                \
	(1u << CLOCK_REALTIME | 1u << CLOCK_MONOTONIC | 1u << CLOCK_MONOTONIC_RAW |                \
	 1u << CLOCK_REALTIME_COARSE | 1u << CLOCK_MONOTONIC_COARSE | 1u << CLOCK_BOOTTIME |       \
	 1u << CLOCK_REALTIME_ALARM | 1u << CLOCK_BOOTTIME_ALARM | 1u << CLOCK_TAI)

static bool is_page_clock(int32_t id)
{
	return id >= 0 && id < VDSO_CLOCKS && (PAGE_CLOCKS & 1u << id);
}

/* The CPU time that a clock id names, as far as it is there; a thread's only for its siblings. */
static bool read_cpu_clock(int32_t id, uint64_t *ns)
{
	int32_t owner;
	const struct process *process;
	const struct task *task;

	if (id == CLOCK_PROCESS_CPUTIME_ID)
		id = (int32_t)(~0U << 3);
	else if (id == CLOCK_THREAD_CPUTIME_ID)
		id = (int32_t)(~0U << 3) | CPUCLOCK_THREAD;
	else if (id >= 0 || (id & CPUCLOCK_KIND_MASK) > CPUCLOCK_MAX_KIND)
		return false;
	owner = ~(id >> 3);
	if (id & CPUCLOCK_THREAD) {
		task = owner ? task_find(owner) : current;
		if (!task || task->process != current->process)
			return false;
		*ns = task_cpu_ns(task);
		return true;
	}
	process = owner ? process_find(owner) : current->process;
	if (process)
		*ns = process_cpu_ns(process);
	return process != NULL;
}

static bool is_cpu_clock(int32_t id)
{
	uint64_t ns;

	return read_cpu_clock(id, &ns);
}

int clock_get(int32_t id, struct __kernel_timespec *ts)
{
	uint128_t time;
	uint64_t ns;

	if (is_page_clock(id))
		time = clock_read_fixed((unsigned int)id);
	else if (read_cpu_clock(id, &ns))
		time = clock_fixed_of_ns(ns);
	else
		return -EINVAL;
	ts->tv_sec = (__kernel_time64_t)clock_fixed_sec(time);
	ts->tv_nsec = clock_fixed_nsec(time);
	return 0;
}

int clock_set(int32_t id, const struct __kernel_timespec *ts)
{
	uint64_t ns;

	if (is_cpu_clock(id))
		return -EPERM;
	if (id != CLOCK_REALTIME || ts->tv_sec < 0 || ts->tv_nsec < 0 ||
	    ts->tv_nsec >= UK_NSEC_PER_SEC)
		return -EINVAL;
	if (uk_mul_overflow((uint64_t)ts->tv_sec, (uint64_t)UK_NSEC_PER_SEC, &ns) ||
	    uk_add_overflow(ns, (uint64_t)ts->tv_nsec, &ns))
		return -EINVAL;
	return clock_set_realtime_ns(ns);
}

int clock_resolution(int32_t id, struct __kernel_timespec *ts)
{
	if (!is_page_clock(id) && !is_cpu_clock(id))
		return -EINVAL;
	/* The coarse clocks too: they cost no more than the others here. */
	*ts = (struct __kernel_timespec){.tv_sec = 0, .tv_nsec = clock_page->resolution_ns};
	return 0;
}
