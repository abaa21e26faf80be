/* SPDX-License-Identifier: BSD-3-Clause */
/* What a thread, or a whole process, used up so far, and its signals. */
#include <uk/lock.h>
#include <uk/task.h>
#include "pid.h"

void proc_usage_of(const struct proc_ctx *ctx, struct task_usage *usage)
{
	if (ctx->is_thread)
		task_usage_of(ctx->task, usage);
	else
		process_usage_of(ctx->process, usage);
}

struct proc_signals proc_signals_of(const struct proc_ctx *ctx)
{
	const struct task *task = ctx->task;
	struct proc_signals signals = {.blocked = task->blocked};
	unsigned long flags = ukarch_irq_save();

	signals.pending = task->pending.set;
	signals.shared_pending = ctx->process->shared_pending.set;
	signals.queued = ctx->process->queued_signals;
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
