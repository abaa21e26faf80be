/* SPDX-License-Identifier: BSD-3-Clause */
/* The small files of /proc/<pid>: who is who, names, limits. proc(5). */
#include <uk/string.h>
#include <uk/task.h>
#include "pid.h"

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

void show_personality(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_printf(seq, "%08x\n", ctx->process->attributes.personality);
}

/* There is one user namespace, and it maps every id to itself. */
void show_id_map(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_printf(seq, "%10u %10u %10u\n", 0u, 0u, UINT32_MAX);
}

/* A child is the process's; Linux shows it with the thread that made it. */
void show_children(struct seq *seq, const struct proc_ctx *ctx)
{
	for (int pid = process_next_pid(1); pid > 0; pid = process_next_pid(pid + 1)) {
		const struct process *process = process_find(pid);

		if (process && process->parent == ctx->process &&
		    ctx->task->tid == ctx->process->pid)
			seq_printf(seq, "%d ", pid);
	}
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

/* Not counted: it would cost every read and write. */
void show_io(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_puts(seq, "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\n"
		      "cancelled_write_bytes: 0\n");
}
