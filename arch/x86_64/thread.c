/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads as the CPU sees them: thread-local storage, vector state, the first entry. */
#include <uk/arch/cpu.h>
#include <uk/arch/msr.h>
#include <uk/arch/segments.h>
#include <uk/arch/thread.h>
#include <uk/arch/x86.h>

void ukarch_thread_set_tls(struct ukarch_thread *thread, uint64_t base)
{
	thread->tls_base = base;
	wrmsr(X86_MSR_FS_BASE, base);
}

void ukarch_regs_start(struct ukarch_regs *regs, vaddr_t entry, vaddr_t sp)
{
	*regs = (struct ukarch_regs){
		.orig_rax = (uint64_t)-1,
		.rip = entry,
		.cs = X86_KERNEL_CS,
		.rflags = X86_RFLAGS_IF | 0x2,
		.rsp = sp,
		.ss = X86_KERNEL_DS,
	};
}

void ukarch_thread_reset(struct ukarch_thread *thread)
{
	x86_fpu_restore(NULL);
	ukarch_thread_set_tls(thread, 0);
	thread->gs_base = 0;
}
