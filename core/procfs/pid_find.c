/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From numbers to processes, threads and their descriptors. Threads come and go, so everything is
 * looked up with interrupts off and what outlives that carries a reference. A thread without a tid
 * is on its way out and has given up what it shared. With several CPUs the descriptor table needs
 * its lock, or its slots a grace period, as in core/vfs.
 */
#include <uk/lock.h>
#include <uk/task.h>
#include <uk/vmspace.h>
#include "procfs_internal.h"

/* /proc/<pid> shows the process through any thread when the first one has gone. Interrupts off. */
static struct task *find_task(int pid, int tid)
{
	const struct process *process = process_find(pid);
	struct task *task;

	if (!process)
		return NULL;
	LIST_FOREACH (task, &process->threads, thread_link)
		if (task->tid == tid)
			return task;
	return tid == pid ? LIST_FIRST(&process->threads) : NULL;
}

int proc_ctx_get(const struct proc_inode *pi, struct proc_ctx *ctx)
{
	unsigned long flags;

	*ctx = (struct proc_ctx){.entry = pi->entry, .fd = pi->fd, .is_thread = pi->is_thread};
	if (!pi->pid)
		return 0;
	flags = ukarch_irq_save();
	ctx->task = find_task(pi->pid, pi->tid);
	if (ctx->task) {
		task_get(ctx->task);
		ctx->process = ctx->task->process;
	}
	ukarch_irq_restore(flags);
	return ctx->task ? 0 : -ESRCH;
}

void proc_ctx_put(struct proc_ctx *ctx)
{
	if (ctx->task)
		task_put(ctx->task);
}

struct vmspace *proc_vm_get(const struct proc_ctx *ctx)
{
	unsigned long flags = ukarch_irq_save();
	struct vmspace *vm = ctx->task->tid ? ctx->task->vm : NULL;

	if (vm)
		vmspace_get(vm);
	ukarch_irq_restore(flags);
	return vm;
}

int proc_pid_of(int id)
{
	unsigned long flags = ukarch_irq_save();
	const struct task *task = id > 0 ? task_find(id) : NULL;
	int pid = task ? task->process->pid : -1;

	if (!task && id > 0 && process_find(id))
		pid = id;
	ukarch_irq_restore(flags);
	return pid > 0 ? pid : -1; /* the kernel's own tasks have none */
}

bool proc_has_thread(int pid, int tid)
{
	unsigned long flags = ukarch_irq_save();
	const struct task *task = tid > 0 ? find_task(pid, tid) : NULL;
	bool is_there = task && task->tid == tid;

	ukarch_irq_restore(flags);
	return is_there;
}

int proc_next_tid(int pid, int from)
{
	unsigned long flags = ukarch_irq_save();
	const struct process *process = process_find(pid);
	const struct task *task;
	int next = -1;

	if (process)
		LIST_FOREACH (task, &process->threads, thread_link)
			if (task->tid >= from && (next < 0 || task->tid < next))
				next = task->tid;
	ukarch_irq_restore(flags);
	return next;
}

/* --- descriptors ----------------------------------------------------------------------------- */

static const struct fdtable *find_table(int pid, int tid)
{
	const struct task *task = find_task(pid, tid);

	return task && task->tid ? task->fdtable : NULL;
}

struct file *proc_file_get(int pid, int tid, int fd)
{
	unsigned long flags = ukarch_irq_save();
	const struct fdtable *table = find_table(pid, tid);
	struct file *file = table ? fdtable_peek(table, fd) : NULL;

	if (file)
		file_get(file);
	ukarch_irq_restore(flags);
	return file;
}

struct file *proc_ctx_file(const struct proc_ctx *ctx)
{
	return proc_file_get(ctx->process->pid, ctx->task->tid, ctx->fd);
}

bool proc_ctx_is_cloexec(const struct proc_ctx *ctx)
{
	const unsigned int bits = 8 * sizeof(unsigned long), fd = (unsigned int)ctx->fd;
	unsigned long flags = ukarch_irq_save();
	const struct fdtable *table = find_table(ctx->process->pid, ctx->task->tid);
	bool is_set = table && fd < table->size && table->cloexec[fd / bits] >> fd % bits & 1;

	ukarch_irq_restore(flags);
	return is_set;
}

int proc_next_fd(int pid, int tid, int fd)
{
	unsigned long flags = ukarch_irq_save();
	const struct fdtable *table = find_table(pid, tid);
	int found = table ? fdtable_next_open(table, fd) : -1;

	ukarch_irq_restore(flags);
	return found;
}
