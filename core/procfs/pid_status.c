/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/<pid>/{status,stat,statm,comm,limits,io,...}: proc(5), in Linux' exact formats, which
 * ps, top and many libraries parse by position. What is not counted here is 0.
 */
#include <linux/capability.h>
#include <uk/clock.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/vmspace.h>
#include "pid.h"

#define NS_PER_TICK 10000000UL    /* USER_HZ 100 */
#define CONSOLE_TTY (4 << 8 | 64) /* ttyS0, as the tty_nr field encodes it */
#define ALL_CAPS    ((1UL << (CAP_LAST_CAP + 1)) - 1)

void show_self(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_printf(seq, "%d", current->process->pid);
}

void show_thread_self(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_printf(seq, "%d/task/%d", current->process->pid, current->tid);
}

void show_comm(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_printf(seq, "%s\n", ctx->task->comm);
}

int store_comm(const struct proc_ctx *ctx, char *text, size_t len)
{
	strlcpy(ctx->task->comm, text, sizeof(ctx->task->comm));
	return 0;
}

void show_wchan(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_puts(seq, "0");
}

/* There is one user namespace, and it maps every id to itself. */
void show_id_map(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_printf(seq, "%10u %10u %10u\n", 0u, 0u, UINT32_MAX);
}

/* --- what several of them need ----------------------------------------------------------- */

static unsigned int thread_count(const struct process *process)
{
	const struct task *task;
	unsigned int count = 0;

	LIST_FOREACH (task, &process->threads, thread_link)
		count++;
	return count;
}

static char state_letter(const struct task *task)
{
	if (task->state == TASK_RUNNING)
		return 'R';
	if (task->state == TASK_DEAD)
		return 'Z';
	return task->is_interruptible ? 'S' : 'D';
}

static int parent_pid(const struct process *process)
{
	return process->parent ? process->parent->pid : 0;
}

/* Sizes by kind of mapping, in bytes. */
struct vm_sizes {
	uint64_t total, locked, resident, file_resident, data, stack, code, library, tables;
};

static void vm_sizes(struct vmspace *vm, struct vm_sizes *sizes)
{
	struct proc_resident resident;
	struct vma *vma;

	*sizes = (struct vm_sizes){.total = 0};
	if (!vm)
		return;
	mutex_lock(&vm->lock);
	proc_count_resident(vm, 0, UKARCH_USER_END, &resident);
	sizes->total = vm->mapped_bytes;
	sizes->locked = vm->locked_bytes;
	sizes->file_resident = resident.file_bytes;
	sizes->resident = resident.anon_bytes + resident.file_bytes;
	sizes->code = UK_ALIGN_UP(vm->code_end, UK_PAGE_SIZE) -
		      UK_ALIGN_DOWN(vm->code_start, UK_PAGE_SIZE);
	sizes->tables = ukarch_pt_table_bytes(&vm->pt);
	for (vma = vma_find_next_locked(vm, 0); vma; vma = vma_find_next_locked(vm, vma->end)) {
		uint64_t bytes = vma->end - vma->start;

		if (vma->flags & VMA_STACK)
			sizes->stack += bytes;
		else if ((vma->prot & UKARCH_PT_WRITE) && !(vma->flags & VMA_SHARED))
			sizes->data += bytes;
		else if ((vma->prot & UKARCH_PT_EXEC) && vma->file)
			sizes->library += bytes;
	}
	mutex_unlock(&vm->lock);
	sizes->library -= UK_MIN(sizes->library, sizes->code);
}

struct signal_sets {
	uint64_t ignored, caught;
};

static struct signal_sets signal_sets(const struct task *task)
{
	struct signal_sets sets = {0, 0};

	for (int signo = 1; task->sighand && signo <= UK_NSIG; signo++) {
		uintptr_t handler = task->sighand->actions[signo - 1].handler;

		if (handler == (uintptr_t)SIG_IGN)
			sets.ignored |= UK_SIGMASK(signo);
		else if (handler != (uintptr_t)SIG_DFL)
			sets.caught |= UK_SIGMASK(signo);
	}
	return sets;
}

static void process_times(const struct process *process, uint64_t *user_ns, uint64_t *system_ns)
{
	*user_ns = process_cpu_ns(process);
	*system_ns = 0;
}

/* --- status ------------------------------------------------------------------------------ */

static const char *state_text(char letter)
{
	switch (letter) {
	case 'R':
		return "R (running)";
	case 'S':
		return "S (sleeping)";
	case 'D':
		return "D (disk sleep)";
	default:
		return "Z (zombie)";
	}
}

static void show_identity(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct process *process = ctx->process;
	const struct creds *creds = &process->creds;

	seq_printf(seq, "Name:\t%s\nUmask:\t%04o\nState:\t%s\n", ctx->task->comm,
		   ctx->task->fs ? ctx->task->fs->umask : 0, state_text(state_letter(ctx->task)));
	seq_printf(seq, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", process->pid,
		   ctx->task->tid, parent_pid(process));
	seq_printf(seq, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", creds->uid, creds->euid,
		   creds->suid, creds->fsuid, creds->gid, creds->egid, creds->sgid, creds->fsgid);
	seq_printf(seq, "FDSize:\t%u\nGroups:\t",
		   ctx->task->fdtable ? ctx->task->fdtable->size : 0);
	for (unsigned int i = 0; i < creds->group_count; i++)
		seq_printf(seq, "%u ", creds->groups[i]);
	seq_printf(seq, "%s\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\nKthread:\t0\n",
		   creds->group_count ? "" : " ", process->pid, ctx->task->tid, process->pgid,
		   process->sid);
}

/* The peaks are not kept: they show the present value. */
static void show_memory(struct seq *seq, const struct proc_ctx *ctx)
{
	struct vm_sizes sizes;

	vm_sizes(ctx->task->vm, &sizes);
	seq_printf(seq, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t%8lu kB\nVmPin:\t%8lu kB\n",
		   sizes.total >> 10, sizes.total >> 10, sizes.locked >> 10, 0UL);
	seq_printf(seq, "VmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\n", sizes.resident >> 10,
		   sizes.resident >> 10);
	seq_printf(seq, "RssAnon:\t%8lu kB\nRssFile:\t%8lu kB\nRssShmem:\t%8lu kB\n",
		   (sizes.resident - sizes.file_resident) >> 10, sizes.file_resident >> 10, 0UL);
	seq_printf(seq, "VmData:\t%8lu kB\nVmStk:\t%8lu kB\nVmExe:\t%8lu kB\nVmLib:\t%8lu kB\n",
		   sizes.data >> 10, sizes.stack >> 10, sizes.code >> 10, sizes.library >> 10);
	seq_printf(seq, "VmPTE:\t%8lu kB\nVmSwap:\t%8lu kB\nHugetlbPages:\t%8lu kB\n",
		   sizes.tables >> 10, 0UL, 0UL);
	seq_printf(seq, "CoreDumping:\t0\nTHP_enabled:\t%d\n",
		   !ctx->process->attributes.thp_disabled);
}

static void show_signals(struct seq *seq, const struct proc_ctx *ctx)
{
	struct signal_sets sets = signal_sets(ctx->task);

	seq_printf(seq, "Threads:\t%u\nSigQ:\t0/%lu\n", thread_count(ctx->process),
		   (uint64_t)ctx->process->rlimits[RLIMIT_SIGPENDING].rlim_cur);
	seq_printf(seq, "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n",
		   ctx->task->pending.set, ctx->process->shared_pending.set, ctx->task->blocked);
	seq_printf(seq, "SigIgn:\t%016lx\nSigCgt:\t%016lx\n", sets.ignored, sets.caught);
}

static void show_privileges(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct process_attributes *attributes = &ctx->process->attributes;

	seq_printf(seq, "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\n",
		   attributes->caps_inheritable, ALL_CAPS & ~attributes->caps_lost_permitted,
		   ALL_CAPS & ~attributes->caps_lost_effective);
	seq_printf(seq, "CapBnd:\t%016lx\nCapAmb:\t%016lx\nNoNewPrivs:\t%d\n",
		   ALL_CAPS & ~attributes->caps_lost_bounding, attributes->caps_ambient,
		   attributes->no_new_privs);
}

void show_status(struct seq *seq, const struct proc_ctx *ctx)
{
	show_identity(seq, ctx);
	show_memory(seq, ctx);
	show_signals(seq, ctx);
	show_privileges(seq, ctx);
	seq_puts(seq, "Seccomp:\t0\nSeccomp_filters:\t0\nCpus_allowed:\t1\nCpus_allowed_list:\t0\n"
		      "Mems_allowed:\t1\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t0\n"
		      "nonvoluntary_ctxt_switches:\t0\n");
}

/* --- stat, statm ------------------------------------------------------------------------- */

/* Fields by the numbers of proc(5). */
void show_stat(struct seq *seq, const struct proc_ctx *ctx)
{
	static const struct vmspace none;
	const struct process *process = ctx->process;
	const struct task *task = ctx->task;
	const struct vmspace *vm = task->vm ? task->vm : &none;
	const struct signal_sets sets = signal_sets(task);
	uint64_t user_ns, system_ns;
	struct vm_sizes sizes;

	vm_sizes(task->vm, &sizes);
	process_times(process, &user_ns, &system_ns);
	/* 1 pid .. 8 tpgid */
	seq_printf(seq, "%d (%s) %c %d %d %d %d %d ", task->tid, task->comm, state_letter(task),
		   parent_pid(process), process->pgid, process->sid, CONSOLE_TTY, process->pgid);
	/* 9 flags, 10-13 faults, 14-17 times, 18 priority, 19 nice, 20 threads, 21 0 */
	seq_printf(seq, "4194304 %lu 0 %lu 0 %lu %lu 0 0 %d %d %u 0 ", task->minor_faults,
		   task->major_faults, user_ns / NS_PER_TICK, system_ns / NS_PER_TICK,
		   20 + task->sched.nice, task->sched.nice, thread_count(process));
	/* 22 starttime, 23 vsize, 24 rss, 25 rsslim, 26-28 code and stack, 29 esp, 30 eip */
	seq_printf(seq, "%lu %lu %lu %lu %lu %lu %lu 0 0 ", process->start_ns / NS_PER_TICK,
		   sizes.total, sizes.resident >> UK_PAGE_SHIFT,
		   (uint64_t)process->rlimits[RLIMIT_RSS].rlim_cur, vm->code_start, vm->code_end,
		   vm->stack_top);
	/* 31-34 signals, 35 wchan, 36-37 0, 38 exit signal, 39 cpu, 40-44 0 */
	seq_printf(seq, "%lu %lu %lu %lu 0 0 0 17 0 0 0 0 0 0 ", task->pending.set & 0x7fffffff,
		   task->blocked & 0x7fffffff, sets.ignored & 0x7fffffff, sets.caught & 0x7fffffff);
	/* 45-46 data, 47 brk, 48-51 arguments and environment, 52 exit code */
	seq_printf(seq, "%lu %lu %lu %lu %lu %lu %lu %d\n", vm->data_start, vm->data_end,
		   vm->brk_start, vm->arg_start, vm->arg_end, vm->env_start, vm->env_end,
		   process->exit_status);
}

void show_statm(struct seq *seq, const struct proc_ctx *ctx)
{
	struct vm_sizes sizes;

	vm_sizes(ctx->task->vm, &sizes);
	seq_printf(seq, "%lu %lu %lu %lu 0 %lu 0\n", sizes.total >> UK_PAGE_SHIFT,
		   sizes.resident >> UK_PAGE_SHIFT, sizes.file_resident >> UK_PAGE_SHIFT,
		   sizes.code >> UK_PAGE_SHIFT, (sizes.data + sizes.stack) >> UK_PAGE_SHIFT);
}

/* --- limits, io -------------------------------------------------------------------------- */

static void show_limit(struct seq *seq, uint64_t value)
{
	if (value == UINT64_MAX)
		seq_printf(seq, "%-20s ", "unlimited");
	else
		seq_printf(seq, "%-20lu ", value);
}

void show_limits(struct seq *seq, const struct proc_ctx *ctx)
{
	static const struct {
		char name[24], unit[12];
	} rows[RLIM_NLIMITS] = {
		{"Max cpu time", "seconds"},     {"Max file size", "bytes"},
		{"Max data size", "bytes"},      {"Max stack size", "bytes"},
		{"Max core file size", "bytes"}, {"Max resident set", "bytes"},
		{"Max processes", "processes"},  {"Max open files", "files"},
		{"Max locked memory", "bytes"},  {"Max address space", "bytes"},
		{"Max file locks", "locks"},     {"Max pending signals", "signals"},
		{"Max msgqueue size", "bytes"},  {"Max nice priority", ""},
		{"Max realtime priority", ""},   {"Max realtime timeout", "us"},
	};

	seq_printf(seq, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(seq, "%-25s ", rows[i].name);
		show_limit(seq, ctx->process->rlimits[i].rlim_cur);
		show_limit(seq, ctx->process->rlimits[i].rlim_max);
		if (rows[i].unit[0])
			seq_printf(seq, "%-10s\n", rows[i].unit);
		else
			seq_puts(seq, "\n");
	}
}

void show_io(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_puts(seq, "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\n"
		      "cancelled_write_bytes: 0\n");
}
