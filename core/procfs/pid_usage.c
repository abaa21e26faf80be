/* SPDX-License-Identifier: BSD-3-Clause */
/* What a thread, or all threads of a process with those that have ended, used up so far. */
#include <uk/lock.h>
#include <uk/task.h>
#include "pid.h"

static void add_task(struct proc_usage *usage, const struct task *task)
{
	usage->minor_faults += task->minor_faults;
	usage->major_faults += task->major_faults;
	usage->voluntary_switches += task->voluntary_switches;
	usage->involuntary_switches += task->involuntary_switches;
}

void proc_usage_of(const struct proc_ctx *ctx, struct proc_usage *usage)
{
	const struct process *process = ctx->process;
	const struct task *task;
	unsigned long flags;

	*usage = (struct proc_usage){.cpu_ns = task_cpu_ns(ctx->task)};
	if (ctx->is_thread) {
		add_task(usage, ctx->task);
		return;
	}
	usage->cpu_ns = process_cpu_ns(process);
	flags = ukarch_irq_save();
	usage->minor_faults = process->dead_minor_faults;
	usage->major_faults = process->dead_major_faults;
	usage->voluntary_switches = process->dead_voluntary_switches;
	usage->involuntary_switches = process->dead_involuntary_switches;
	LIST_FOREACH (task, &process->threads, thread_link)
		add_task(usage, task);
	ukarch_irq_restore(flags);
}

struct proc_signals proc_signals_of(const struct proc_ctx *ctx)
{
	const struct task *task = ctx->task;
	struct proc_signals signals = {.blocked = task->blocked};
	unsigned long flags = ukarch_irq_save();
	const struct sigqueue *entry;

	signals.pending = task->pending.set;
	signals.shared_pending = ctx->process->shared_pending.set;
	TAILQ_FOREACH (entry, &task->pending.queue, link)
		signals.queued++;
	TAILQ_FOREACH (entry, &ctx->process->shared_pending.queue, link)
		signals.queued++;
	/* A thread that ends has given its actions up. */
	for (int signo = 1; task->tid && signo <= UK_NSIG; signo++) {
		uintptr_t handler = task->sighand->actions[signo - 1].handler;

		if (handler == (uintptr_t)SIG_IGN)
			signals.ignored |= UK_SIGMASK(signo);
		else if (handler != (uintptr_t)SIG_DFL)
			signals.caught |= UK_SIGMASK(signo);
	}
	ukarch_irq_restore(flags);
	return signals;
}
