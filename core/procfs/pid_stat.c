/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/<pid>/{stat,statm,schedstat}: proc(5), numbers in Linux' places, by which ps, top and many
 * libraries find them. What is not counted here is 0.
 */
#include <linux/sched.h>
#include <uk/clock.h>
#include <uk/task.h>
#include <uk/vmspace.h>
#include "pid.h"

#define NS_PER_TICK   10000000UL    /* USER_HZ 100 */
#define CONSOLE_TTY   (4 << 8 | 64) /* ttyS0, as the tty_nr field encodes it */
#define PF_RANDOMIZE  0x00400000u
#define PF_FORKNOEXEC 0x00000040u
#define SIGNALS_SHOWN 0x7fffffffUL

/* Field 18 as the scheduler sees it: 20 + nice, or below zero for real-time. */
static int priority_of(const struct task *task)
{
	return task->sched.rt_priority ? -1 - task->sched.rt_priority : 20 + task->sched.nice;
}

/* Fields by the numbers of proc(5). */
static void show_process_fields(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct process *process = ctx->process;
	const struct task *task = ctx->task;
	struct task_usage usage;

	proc_usage_of(ctx, &usage);
	/* 1 pid .. 8 tpgid */
	seq_printf(seq, "%d (%s) %c %d %d %d %d %d ", task->tid, task->comm,
		   proc_state_letter(task), proc_parent_pid(process), process->pgid, process->sid,
		   CONSOLE_TTY, process->pgid);
	/* 9 flags, 10-13 faults, 14-17 times, 18 priority, 19 nice, 20 threads, 21 0, 22 start */
	seq_printf(seq, "%u %lu 0 %lu 0 %lu 0 0 0 %d %d %u 0 %lu ",
		   PF_RANDOMIZE | (ctx->is_thread ? PF_FORKNOEXEC : 0), usage.minor_faults,
		   usage.major_faults, usage.cpu_ns / NS_PER_TICK, priority_of(task),
		   task->sched.nice, process->thread_count,
		   (ctx->is_thread ? task->start_ns : process->start_ns) / NS_PER_TICK);
}

static void show_memory_fields(struct seq *seq, const struct proc_ctx *ctx,
			       const struct vmspace *vm)
{
	/* 23 vsize, 24 rss, 25 rsslim, 26-28 code and stack, 29 esp, 30 eip */
	seq_printf(seq, "%lu %lu %lu %lu %lu %lu 0 0 ", vm->mapped_bytes, vm->resident_pages,
		   (uint64_t)ctx->process->rlimits[RLIMIT_RSS].rlim_cur, vm->code_start,
		   vm->code_end, vm->stack_top);
}

void show_stat(struct seq *seq, const struct proc_ctx *ctx)
{
	static const struct vmspace none;
	const struct proc_signals signals = proc_signals_of(ctx);
	struct vmspace *held = proc_vm_get(ctx);
	const struct vmspace *vm = held ? held : &none;

	show_process_fields(seq, ctx);
	show_memory_fields(seq, ctx, vm);
	/* 31-34 signals, 35 wchan, 36-37 0, 38 exit signal, 39 cpu, 40 priority, 41 policy, 42-44 0
	 */
	seq_printf(seq, "%lu %lu %lu %lu 0 0 0 %d 0 %u %u 0 0 0 ", signals.pending & SIGNALS_SHOWN,
		   signals.blocked & SIGNALS_SHOWN, signals.ignored & SIGNALS_SHOWN,
		   signals.caught & SIGNALS_SHOWN, ctx->is_thread ? -1 : SIGCHLD,
		   ctx->task->sched.own_priority, ctx->task->sched.policy);
	/* 45-46 data, 47 brk, 48-51 arguments and environment, 52 exit code */
	seq_printf(seq, "%lu %lu %lu %lu %lu %lu %lu %d\n", vm->data_start, vm->data_end,
		   vm->brk_start, vm->arg_start, vm->arg_end, vm->env_start, vm->env_end,
		   ctx->process->exit_status);
	if (held)
		vmspace_put(held);
}

void show_statm(struct seq *seq, const struct proc_ctx *ctx)
{
	struct vmspace *vm = proc_vm_get(ctx);
	struct proc_sizes sizes;

	proc_vm_sizes(vm, &sizes);
	if (vm)
		vmspace_put(vm);
	seq_printf(seq, "%lu %lu %lu %lu 0 %lu 0\n", sizes.total >> UK_PAGE_SHIFT,
		   proc_resident_sum(&sizes.resident) >> UK_PAGE_SHIFT,
		   (sizes.resident.file + sizes.resident.shared) >> UK_PAGE_SHIFT,
		   sizes.code >> UK_PAGE_SHIFT, (sizes.data + sizes.stack) >> UK_PAGE_SHIFT);
}

/* Time on the CPU, time it waited for one (not kept), times it got one. */
void show_schedstat(struct seq *seq, const struct proc_ctx *ctx)
{
	struct task_usage usage;

	proc_usage_of(ctx, &usage);
	seq_printf(seq, "%lu 0 %lu\n", task_cpu_ns(ctx->task),
		   usage.voluntary_switches + usage.involuntary_switches + 1);
}
