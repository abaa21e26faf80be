/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU time of threads and processes, from what the scheduler writes into struct task at every
 * switch, and the capability test of the few calls that make one. */
#include <uk/clock.h>
#include <uk/task.h>
#include "accounting.h"

/* The running thread has used the time since it was switched to, too. */
static uint64_t since_switch_ns(const struct task *task)
{
	uint64_t now = clock_cpu_ns(); /* stands still while the CPU is idle */

	return task == current && now > task->last_switch_ns ? now - task->last_switch_ns : 0;
}

void process_cpu_times(const struct process *process, struct cpu_times *times)
{
	const struct task *task;

	*times = (struct cpu_times){0, 0};
	LIST_FOREACH (task, &process->threads, thread_link) {
		times->user_ns += task->user_ns + since_switch_ns(task);
		times->system_ns += task->system_ns;
	}
}

uint64_t process_cpu_ns(const struct process *process)
{
	struct cpu_times times;

	process_cpu_times(process, &times);
	return times.user_ns + times.system_ns;
}

uint64_t task_cpu_ns(const struct task *task)
{
	return task->user_ns + task->system_ns + since_switch_ns(task);
}

bool is_capable(unsigned int capability)
{
	return !(current->process->attributes.caps_lost_effective >> capability & 1);
}
