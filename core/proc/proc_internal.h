/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of core/proc share among themselves. */
#ifndef CORE_PROC_INTERNAL_H
#define CORE_PROC_INTERNAL_H

#include <uk/heap.h>
#include <uk/task.h>

#define PID_MAX 32768 /* ids are smaller; /proc/sys/kernel/pid_max */

/** Takes a new id (0: none) and is found under it. */
void task_set_tid(struct task *task, int tid);
/** Puts every object the task shares; it may sleep. The task cannot touch program memory then. */
void task_give_up(struct task *task);

/** A queued signal has left its queue as *info: back to its owner, or for the next one that is
 * sent, or to the heap. Irq off. */
static inline void signal_entry_taken(struct process *process, struct sigqueue *entry,
				      struct uk_siginfo *info)
{
	if (uk_unlikely(entry->taken != NULL)) {
		entry->pending = NULL;
		entry->taken(entry, info);
		return;
	}
	process->queued_signals--;
	if (process->spare_signal)
		uk_free(entry);
	else
		process->spare_signal = entry;
}

/** Owns the kernel tasks; no pid, never ends. */
extern struct process kernel_process;

struct process *process_create_first(int pid);
void process_add_thread(struct process *process, struct task *task);

#endif /* CORE_PROC_INTERNAL_H */
