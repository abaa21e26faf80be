/* SPDX-License-Identifier: BSD-3-Clause */
/* What a thread, or all threads of a process with those that have ended, used up so far. */
#include <uk/clock.h>
#include <uk/sched.h>

uint64_t task_cpu_ns(const struct task *task)
{
	return clock_counts_to_ns(sched_run_counts(task));
}

uint64_t process_cpu_ns(const struct process *process)
{
	uint64_t counts = process->dead_counts;
	unsigned long flags = ukarch_irq_save();
	const struct task *task;

	LIST_FOREACH (task, &process->threads, thread_link)
		counts += sched_run_counts(task);
	ukarch_irq_restore(flags);
	return clock_counts_to_ns(counts);
}

static void add_task(struct task_usage *usage, const struct task *task)
{
	usage->minor_faults += task->minor_faults;
	usage->major_faults += task->major_faults;
	usage->voluntary_switches += task->voluntary_switches;
	usage->involuntary_switches += task->involuntary_switches;
}

void task_usage_of(const struct task *task, struct task_usage *usage)
{
	*usage = (struct task_usage){.cpu_ns = task_cpu_ns(task)};
	add_task(usage, task);
}

void process_usage_of(const struct process *process, struct task_usage *usage)
{
	unsigned long flags = ukarch_irq_save();
	const struct task *task;

	*usage = (struct task_usage){
		.cpu_ns = process_cpu_ns(process),
		.minor_faults = process->dead_minor_faults,
		.major_faults = process->dead_major_faults,
		.voluntary_switches = process->dead_voluntary_switches,
		.involuntary_switches = process->dead_involuntary_switches,
	};
	LIST_FOREACH (task, &process->threads, thread_link)
		add_task(usage, task);
	ukarch_irq_restore(flags);
}
