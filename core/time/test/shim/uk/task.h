/* SPDX-License-Identifier: BSD-3-Clause */
/* Host tests: a current task with the two numbers that clock ids may name. */
#ifndef UK_TASK_H
#define UK_TASK_H

struct process {
	int pid;
};
struct task {
	int tid;
	struct process *process;
};
extern struct task *current;

#endif /* UK_TASK_H */
