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
#include <uk/cpu_time.h>
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

/* As on Linux, any process by its pid, but threads only of the caller's own. */
static struct ktimer_queue *named_cpu_queue(int32_t id)
{
	int owner = ~(id >> 3);
	struct process *process;
	struct task *task;

	if (id & CPUCLOCK_THREAD) {
		task = owner ? task_find(owner) : current;
		return task && task->process == current->process ? cpu_time_task_queue(task) : NULL;
	}
	process = owner ? process_find(owner) : current->process;
	return process ? cpu_time_process_queue(process) : NULL;
}

/* NULL when `id` is no CPU-time clock. */
static struct ktimer_queue *cpu_queue(int32_t id)
{
	if (id == CLOCK_PROCESS_CPUTIME_ID)
		return cpu_time_process_queue(current->process);
	if (id == CLOCK_THREAD_CPUTIME_ID)
		return cpu_time_task_queue(current);
	if (id >= 0 || (id & CPUCLOCK_KIND_MASK) > CPUCLOCK_MAX_KIND)
		return NULL;
	return named_cpu_queue(id);
}

int clock_get(int32_t id, struct __kernel_timespec *ts)
{
	struct ktimer_queue *queue;
	uint128_t time;
	uint64_t ns;

	if (uk_likely(is_page_clock(id))) {
		time = clock_read_fixed((unsigned int)id);
		ts->tv_sec = (__kernel_time64_t)clock_fixed_sec(time);
		ts->tv_nsec = clock_fixed_nsec(time);
		return 0;
	}
	queue = cpu_queue(id);
	if (!queue)
		return -EINVAL;
	ns = queue->now_ns(queue);
	ts->tv_sec = (__kernel_time64_t)(ns / UK_NSEC_PER_SEC);
	ts->tv_nsec = (long long)(ns % UK_NSEC_PER_SEC);
	return 0;
}

int clock_set(int32_t id, const struct __kernel_timespec *ts)
{
	uint64_t ns;

	if (id < 0)
		return cpu_queue(id) ? -EPERM : -EINVAL;
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
	if (!is_page_clock(id) && !cpu_queue(id))
		return -EINVAL;
	/* The coarse clocks too: they cost no more than the others here. */
	*ts = (struct __kernel_timespec){.tv_sec = 0, .tv_nsec = clock_page->resolution_ns};
	return 0;
}

struct ktimer_queue *clock_timers(int32_t id)
{
	struct ktimer_queue *queue;

	switch (id) {
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		return &ktimer_monotonic;
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		return &ktimer_realtime;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
		return ERR_PTR(-EOPNOTSUPP);
	default:
		queue = cpu_queue(id);
		return queue ? queue : ERR_PTR(-EINVAL);
	}
}
