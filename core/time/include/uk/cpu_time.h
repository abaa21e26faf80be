/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers on CPU time. task_cpu_ns() and process_cpu_ns() are the clocks.
 */
#ifndef UK_CPU_TIME_H
#define UK_CPU_TIME_H

#include <uk/clock.h>
#include <uk/task.h>

/** The timers on the CPU time of a thread, of all threads of a process. */
struct ktimer_queue *cpu_time_task_queue(struct task *task);
struct ktimer_queue *cpu_time_process_queue(struct process *process);

/**
 * RLIMIT_CPU of the process has been set: from now on SIGXCPU once a second beyond the soft limit
 * and SIGKILL at the hard one (getrlimit(2)).
 */
void cpu_time_limit_changed(struct process *process);

#endif /* UK_CPU_TIME_H */
