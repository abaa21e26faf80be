/* SPDX-License-Identifier: BSD-3-Clause */
/* Without CONFIG_LIBUKSYSCALL_STRACE no task is ever traced; these satisfy the callers. */
#include <uk/arch/upcall.h>
#include <uk/assert.h>
#include <uk/syscall.h>
#include "strace.h"

bool strace_is_requested(void)
{
	return false;
}

void strace_attach(struct task *task)
{
}

void strace_break(void)
{
}

void upcall_last_syscalls(void (*visit)(const char *text, void *ctx), void *ctx)
{
}

void upcall_syscall_traced(struct ukarch_regs *regs)
{
	UK_ASSERT(!"a traced task without strace");
}
