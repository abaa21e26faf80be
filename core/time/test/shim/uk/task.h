/* SPDX-License-Identifier: BSD-3-Clause */
/* Host tests: as much of a task and a process as the clocks and timers look at. */
#ifndef UK_TASK_H
#define UK_TASK_H

#include <sys/queue.h>
#include <linux/resource.h>
#include <uk/arch/cpu.h>
#include <uk/clock.h>

struct process_timers;

struct process {
	int pid;
	struct rlimit64 rlimits[RLIM_NLIMITS];
	struct process_timers *timers;
	struct ktimer_queue cpu_timers;
	struct ktimer cpu_limit;
};
struct task {
	int tid;
	bool is_on_cpu;
	struct process *process;
	struct ktimer_queue cpu_timers;
};
extern struct task *current;

struct task *task_find(int tid);
struct process *process_find(int pid);
uint64_t task_cpu_ns(const struct task *task);
uint64_t process_cpu_ns(const struct process *process);

#endif /* UK_TASK_H */
