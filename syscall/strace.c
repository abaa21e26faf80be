/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * strace=1: prints every system call of the program as strace(1) would. What the call reads is
 * shown before it, what it writes after it, so a call that blocks can be seen to block.
 *
 * The last calls are kept for crash reports. Only traced calls are: the untraced path goes from
 * entry.S straight to the handler and records nothing.
 */
#include <asm/unistd.h>
#include <linux/errno.h>
#include <uk/arch/upcall.h>
#include <uk/param.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "strace.h"

static bool is_requested;
UK_PARAM(strace, "strace", UK_PARAM_BOOL, is_requested, "print every system call of the program");

struct row {
	unsigned char result;
	unsigned char kinds[6];
};

#define SYSCALL(name, status, result, note, ...) [__NR_##name] = {RESULT_##result, {__VA_ARGS__}},
#define A(type, name, kind)                      KIND_##kind
#define NOARGS                                   KIND_NONE
static const struct row rows[] = {
#include "syscalls.def"
};
#undef SYSCALL
#undef A
#undef NOARGS

bool strace_is_requested(void)
{
	return is_requested;
}

void strace_attach(struct task *task)
{
	upcall_trap_always();
	ukarch_thread_set_work(&task->thread, UKARCH_WORK_TRACE);
}

int strace_shown_tid(void)
{
	return current->process->thread_count > 1 ? current->tid : 0;
}

void upcall_last_syscalls(void (*visit)(const char *text, void *ctx), void *ctx)
{
	strace_visit_records(visit, ctx);
}

static enum strace_result begin_call(struct strace_call *call, const struct ukarch_regs *regs)
{
	memset(call, 0, sizeof(*call));
	call->nr = ukarch_regs_syscall_nr(regs);
	ukarch_regs_syscall_args(regs, call->args);
	if (!syscall_name(call->nr))
		return RESULT_INT;
	memcpy(call->kinds, rows[call->nr].kinds, sizeof(call->kinds));
	while (call->count < 6 && call->kinds[call->count] != KIND_NONE)
		call->count++;
	strace_trim_args(call);
	return rows[call->nr].result;
}

static void put_name(struct strace_line *line, const struct strace_call *call)
{
	const char *name = syscall_name(call->nr);

	if (name)
		strace_put(line, "%s(", name);
	else
		strace_put(line, "syscall_%lu(", call->nr);
}

/* From argument `first` up to the first that the call will write; returns that one's index. */
static unsigned int put_args(struct strace_line *line, const struct strace_call *call,
			     unsigned int first)
{
	unsigned int index;

	for (index = first; index < call->count; index++) {
		if (index > first)
			strace_put(line, ", ");
		if (call->kinds[index] >= KIND_FIRST_OUT && !call->has_returned)
			break;
		strace_put_arg(line, call, index);
	}
	return index;
}

/* Calls that do not come back have to say everything first. */
static void put_exit(struct strace_line *line, const struct strace_call *call)
{
	strace_put(line, ") = ?");
	strace_end(line);
	strace_begin(line, call->nr);
	strace_put(line, "+++ exited with %ld +++", call->args[0] & 0xff);
	strace_end(line);
}

void upcall_syscall_traced(struct ukarch_regs *regs)
{
	struct strace_line line;
	struct strace_call call;
	enum strace_result kind = begin_call(&call, regs);
	unsigned long index = UK_MIN(call.nr, syscall_table_entries);
	unsigned int shown;

	strace_begin(&line, call.nr);
	put_name(&line, &call);
	shown = put_args(&line, &call, 0);
	if (kind == RESULT_NONE)
		put_exit(&line, &call);
	else
		strace_flush(&line);

	call.result = syscall_table[index](call.args[0], call.args[1], call.args[2], call.args[3],
					   call.args[4], call.args[5]);
	call.has_returned = true;
	put_args(&line, &call, shown);
	strace_put_char(&line, ')');
	strace_put_result(&line, &call, kind);
	strace_end(&line);
	ukarch_regs_set_result(regs, call.result);
}
