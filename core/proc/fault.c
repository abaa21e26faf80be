/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions, sorted: page faults that memory management resolves, faults of the program (a
 * signal), faults of kernel code on the program's memory (exception table), and our own bugs.
 */
#include <asm/siginfo.h>
#include <uk/arch/cpu.h>
#include <uk/arch/upcall.h>
#include <uk/crash.h>
#include <uk/print.h>
#include <uk/signal.h>
#include <uk/task.h>
#include <uk/vmspace.h>

static int fault_signal(enum ukarch_fault_kind kind)
{
	switch (kind) {
	case UKARCH_FAULT_INVALID_OP:
		return SIGILL;
	case UKARCH_FAULT_DIVIDE:
	case UKARCH_FAULT_FLOAT:
		return SIGFPE;
	case UKARCH_FAULT_BREAKPOINT:
	case UKARCH_FAULT_DEBUG:
		return SIGTRAP;
	case UKARCH_FAULT_ALIGNMENT:
		return SIGBUS;
	default:
		return SIGSEGV;
	}
}

static void send_fault(struct ukarch_regs *regs, const struct ukarch_fault *fault, int signo,
		       int si_code, vaddr_t addr)
{
	struct task *task = current;

	task->fault.addr = fault->kind == UKARCH_FAULT_PAGE ? fault->addr : 0;
	task->fault.error = fault->error_code;
	task->fault.vector = fault->vector;
	if (!signal_has_handler(signo)) {
		upcall_settle(regs);
		crash_report_program(regs, fault, signo);
		process_exit(signo);
	}
	signal_force_fault(signo, si_code, addr);
}

static enum vm_fault_result resolve(const struct ukarch_fault *fault)
{
	unsigned int access = fault->is_write  ? VM_ACCESS_WRITE
			      : fault->is_exec ? VM_ACCESS_EXEC
					       : VM_ACCESS_READ;

	if (fault->addr >= UKARCH_USER_END)
		return VM_FAULT_MAPERR;
	current->minor_faults++;
	return vmspace_fault(current->vm, fault->addr, access);
}

/* By a signal: a system call that touched the memory may hold locks, and returns first. */
static void kill_for_memory(void)
{
	const struct task *task = current;

	if (task->pending.set & UK_SIGMASK(SIGKILL))
		return; /* the call touched more */
	uk_pr_crit("out of memory: %s[%d] killed (%lu pages resident)\n", task->comm, task->tid,
		   task->vm->resident_pages);
	signal_raise_self(SIGKILL);
}

static void page_fault(struct ukarch_regs *regs, const struct ukarch_fault *fault)
{
	enum vm_fault_result result;

	/* Kernel code touches the program's half only, and only through <uk/arch/uaccess.h>. */
	if (!fault->from_user && (fault->addr >= UKARCH_USER_END || !ukarch_fault_has_fixup(regs)))
		crash_kernel(regs, fault);
	ukarch_irq_enable();
	result = resolve(fault);
	if (result == VM_FAULT_OK)
		return;
	if (result == VM_FAULT_NOMEM)
		kill_for_memory();
	if (!fault->from_user)
		ukarch_fault_fixup(regs);
	else if (result == VM_FAULT_BUS)
		send_fault(regs, fault, SIGBUS, BUS_ADRERR, fault->addr);
	else if (result != VM_FAULT_NOMEM)
		send_fault(regs, fault, SIGSEGV,
			   result == VM_FAULT_ACCERR ? SEGV_ACCERR : SEGV_MAPERR, fault->addr);
}

void upcall_fault(struct ukarch_regs *regs, const struct ukarch_fault *fault)
{
	if (fault->kind == UKARCH_FAULT_FATAL)
		crash_kernel(regs, fault);
	if (fault->kind == UKARCH_FAULT_PAGE) {
		page_fault(regs, fault);
		return;
	}
	if (!fault->from_user) {
		/* XRSTOR refuses what a program made of its signal frame. */
		if (fault->kind == UKARCH_FAULT_PROTECTION && ukarch_fault_fixup(regs))
			return;
		crash_kernel(regs, fault);
	}
	ukarch_irq_enable();
	/* An address is told only where Linux tells one: not for SI_KERNEL kinds. */
	send_fault(regs, fault, fault_signal(fault->kind),
		   fault->si_code ? fault->si_code : SI_KERNEL, fault->si_code ? fault->addr : 0);
}
