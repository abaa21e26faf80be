/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/<pid>/status: proc(5), line by line as Linux writes it. */
#include <linux/capability.h>
#include <uk/task.h>
#include <uk/vmspace.h>
#include "pid.h"

#define ALL_CAPS ((1UL << (CAP_LAST_CAP + 1)) - 1)

char proc_state_letter(const struct task *task)
{
	if (task->state == TASK_RUNNING)
		return 'R';
	if (task->state == TASK_DEAD)
		return 'Z';
	return task->is_interruptible ? 'S' : 'D';
}

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

int proc_parent_pid(const struct process *process)
{
	return process->parent->pid;
}

static void show_identity(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct process *process = ctx->process;
	const struct creds *creds = &process->creds;
	const struct task *task = ctx->task;
	bool is_live = task->tid;

	seq_printf(seq, "Name:\t%s\nUmask:\t%04o\nState:\t%s\n", task->comm,
		   is_live && task->fs ? task->fs->umask : 0, state_text(proc_state_letter(task)));
	seq_printf(seq, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", process->pid,
		   task->tid, proc_parent_pid(process));
	seq_printf(seq, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", creds->uid, creds->euid,
		   creds->suid, creds->fsuid, creds->gid, creds->egid, creds->sgid, creds->fsgid);
	seq_printf(seq, "FDSize:\t%u\nGroups:\t",
		   is_live && task->fdtable ? task->fdtable->size : 0);
	for (unsigned int i = 0; i < creds->group_count; i++)
		seq_printf(seq, "%u ", creds->groups[i]);
	seq_printf(seq, "%s\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\nKthread:\t0\n",
		   creds->group_count ? "" : " ", process->pid, task->tid, process->pgid,
		   process->sid);
}

static void show_kib(struct seq *seq, const char *label, uint64_t bytes)
{
	seq_printf(seq, "%s:\t%8lu kB\n", label, bytes >> 10);
}

static void show_memory(struct seq *seq, const struct proc_ctx *ctx)
{
	struct vmspace *vm = proc_vm_get(ctx);
	struct proc_sizes sizes;

	if (!vm)
		return;
	proc_vm_sizes(vm, &sizes);
	vmspace_put(vm);
	show_kib(seq, "VmPeak", sizes.peak_total);
	show_kib(seq, "VmSize", sizes.total);
	show_kib(seq, "VmLck", sizes.locked);
	show_kib(seq, "VmPin", 0);
	show_kib(seq, "VmHWM", sizes.peak_resident);
	show_kib(seq, "VmRSS", proc_resident_sum(&sizes.resident));
	show_kib(seq, "RssAnon", sizes.resident.anon);
	show_kib(seq, "RssFile", sizes.resident.file);
	show_kib(seq, "RssShmem", sizes.resident.shared);
	show_kib(seq, "VmData", sizes.data);
	show_kib(seq, "VmStk", sizes.stack);
	show_kib(seq, "VmExe", sizes.code);
	show_kib(seq, "VmLib", sizes.library);
	show_kib(seq, "VmPTE", sizes.tables);
	show_kib(seq, "VmSwap", 0);
	show_kib(seq, "HugetlbPages", 0);
	seq_printf(seq, "CoreDumping:\t0\nTHP_enabled:\t%d\n",
		   !ctx->process->attributes.thp_disabled);
}

static void show_signals(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct proc_signals signals = proc_signals_of(ctx);

	seq_printf(seq, "Threads:\t%u\nSigQ:\t%u/%lu\n", ctx->process->thread_count, signals.queued,
		   (uint64_t)ctx->process->rlimits[RLIMIT_SIGPENDING].rlim_cur);
	seq_printf(seq, "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n", signals.pending,
		   signals.shared_pending, signals.blocked);
	seq_printf(seq, "SigIgn:\t%016lx\nSigCgt:\t%016lx\n", signals.ignored, signals.caught);
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
	seq_puts(seq, "Seccomp:\t0\nSeccomp_filters:\t0\n");
}

static void show_cpus(struct seq *seq, const struct proc_ctx *ctx)
{
	struct task_usage usage;

	proc_usage_of(ctx, &usage);
	seq_printf(seq, "Cpus_allowed:\t%lx\nCpus_allowed_list:\t", ctx->task->affinity);
	seq_put_ranges(seq, ctx->task->affinity);
	seq_printf(seq,
		   "\nMems_allowed:\t1\nMems_allowed_list:\t0\n"
		   "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		   usage.voluntary_switches, usage.involuntary_switches);
}

void show_status(struct seq *seq, const struct proc_ctx *ctx)
{
	show_identity(seq, ctx);
	show_memory(seq, ctx);
	show_signals(seq, ctx);
	show_privileges(seq, ctx);
	show_cpus(seq, ctx);
}
