/* SPDX-License-Identifier: BSD-3-Clause */
/* Host tests: a current task with the two numbers that clock ids may name. */
#ifndef UK_TASK_H
#define UK_TASK_H

#include <stdint.h>

struct process {
	int pid;
};
struct task {
	int tid;
	struct process *process;
};
extern struct task *current;

struct task *task_find(int tid);
struct process *process_find(int pid);
uint64_t task_cpu_ns(const struct task *task);
uint64_t process_cpu_ns(const struct process *process);

#endif /* UK_TASK_H */
