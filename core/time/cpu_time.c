/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU time as a clock for timers, and the limit on it.
 *
 * A thread's time is what the scheduler counted between switching to it and away. It is not split:
 * the program runs at kernel privilege and a system call does not look at the clock, so all
 * of it is user time and system time is 0 (times(2), getrusage(2), ITIMER_VIRTUAL).
 *
 * With several CPUs a process' clock may run at several times the speed of time: each CPU will then
 * have to look again after its share of what is missing (and `earliest_ns` of a queue to go).
 *
 * Guarded by irq-off: everything.
 */
#include <uk/cpu_time.h>
#include <uk/signal.h>
#include "clock_internal.h"

#define SECONDS_MAX (INT64_MAX / UK_NSEC_PER_SEC)

static uint64_t task_now(const struct ktimer_queue *queue)
{
	return task_cpu_ns(uk_container_of(queue, struct task, cpu_timers));
}

static uint64_t process_now(const struct ktimer_queue *queue)
{
	return process_cpu_ns(uk_container_of(queue, struct process, cpu_timers));
}

struct ktimer_queue *cpu_time_task_queue(struct task *task)
{
	task->cpu_timers.now_ns = task_now;
	return &task->cpu_timers;
}

struct ktimer_queue *cpu_time_process_queue(struct process *process)
{
	process->cpu_timers.now_ns = process_now;
	return &process->cpu_timers;
}

void cpu_time_running(struct ktimer_queue *queues[CPU_TIME_QUEUES])
{
	struct task *task = current;

	queues[0] = task->is_on_cpu ? cpu_time_task_queue(task) : NULL;
	queues[1] = task->is_on_cpu ? cpu_time_process_queue(task->process) : NULL;
}

/* --- RLIMIT_CPU --------------------------------------------------------------------------------
 */

static void watch_limit(struct process *process)
{
	const struct rlimit64 *limit = &process->rlimits[RLIMIT_CPU];
	/* As on Linux, a limit of 0 is one of a second. */
	uint64_t seconds = UK_MAX(UK_MIN(limit->rlim_cur, limit->rlim_max), 1UL);

	if (seconds > (uint64_t)SECONDS_MAX) {
		ktimer_cancel(&process->cpu_limit);
		return;
	}
	ktimer_arm_on(&process->cpu_limit, cpu_time_process_queue(process),
		      seconds * UK_NSEC_PER_SEC);
}

static void limit_reached(struct ktimer *timer)
{
	struct process *process = uk_container_of(timer, struct process, cpu_limit);
	struct rlimit64 *limit = &process->rlimits[RLIMIT_CPU];

	if (process_cpu_ns(process) / UK_NSEC_PER_SEC >= limit->rlim_max) {
		signal_raise_kernel(process, SIGKILL);
		return;
	}
	signal_raise_kernel(process, SIGXCPU);
	limit->rlim_cur = UK_MAX(limit->rlim_cur, 1UL) + 1; /* seen by getrlimit(2), as on Linux */
	watch_limit(process);
}

void cpu_time_limit_changed(struct process *process)
{
	unsigned long flags = ukarch_irq_save();

	process->cpu_limit.expired = limit_reached;
	watch_limit(process);
	ukarch_irq_restore(flags);
}
