/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the program is while it makes a system call without a trap: at an address that it would be
 * at with the instruction. Signal frames, restarts and clone take it from here.
 */
#include <uk/arch/cpu.h>
#include <uk/arch/uaccess.h>
#include <uk/arch/upcall.h>
#include <uk/arch/x86.h>
#include <uk/clock.h>
#include <uk/task.h>
#include <uk/vdso_data.h>
#include <uk/vmspace.h>
#include <uk/vsyscall.h>
#include "sites.h"

#define RFLAGS_OF_CALL (X86_RFLAGS_IF | X86_RFLAGS_FIXED) /* a call destroys the flags */

static bool is_at(vaddr_t pc, const char *place)
{
	return pc == (vaddr_t)place;
}

/* A program that jumped to address 0 makes no call. */
static bool is_in_function(const struct ukarch_regs *regs)
{
	return !regs->rip && regs->orig_rax != (uint64_t)-1;
}

/* The last instruction of a way out, which jumps to %rcx. */
static bool is_leaving(vaddr_t pc)
{
	return is_at(pc, x86_syscall_left) ||
	       (IS_ENABLED(CONFIG_SYSCALL_PATCHING) && is_at(pc, x86_site_left));
}

static vaddr_t settled(const struct ukarch_regs *regs)
{
	vaddr_t vsyscall = current_vm()->vsyscall, in_program;
	vaddr_t pc = is_leaving(regs->rip) ? regs->rcx : regs->rip;

	/* On the way in, still on the program's stack: not yet there. */
	if (is_at(pc, x86_vsyscall_entry) || is_at(pc, x86_vsyscall_on_program_stack))
		return vsyscall;
	if (is_at(pc, x86_vsyscall_trap))
		return vsyscall + VDSO_VSYSCALL_TRAP;
	if (is_in_function(regs) || is_at(pc, x86_vsyscall_left) || is_at(pc, x86_vsyscall_trapped))
		return vsyscall + VDSO_VSYSCALL_RETURN;
	if (IS_ENABLED(CONFIG_SYSCALL_PATCHING) &&
	    (is_at(pc, x86_site_entry) || is_at(pc, x86_site_on_program_stack)))
		return sites_syscall_of(regs->rcx);
	in_program = sites_settle(pc);
	return in_program ? in_program : pc;
}

void upcall_settle(struct ukarch_regs *regs)
{
	bool is_call = is_in_function(regs);

	if ((int64_t)regs->rip > 0)
		return;
	regs->rip = settled(regs);
	if (is_call) {
		regs->rcx = regs->rip;
		regs->r11 = regs->rflags = RFLAGS_OF_CALL;
	}
}

vaddr_t vsyscall_caller(void)
{
	const struct ukarch_regs *regs = ukarch_thread_user_regs(&current->thread);
	uint64_t address = 0;

	if (regs->rip)
		return settled(regs);
	if (get_user(address, (uint64_t __user *)regs->rsp))
		return 0;
	return address;
}

void upcall_trap_always(void)
{
	clock_vdso_set_syscall_entry(x86_vsyscall_trap);
	sites_stop();
}
