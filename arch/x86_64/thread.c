/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads as the CPU sees them: birth, switching, thread-local storage, the first entry.
 *
 * Vector registers belong to the program. They are saved when a thread is switched out and loaded
 * when one is switched in, unless the CPU still holds that thread's: kernel tasks do not touch
 * them, so a switch to one and back costs a save and no load.
 */
#include <linux/errno.h>
#include <uk/arch/cpu.h>
#include <uk/arch/msr.h>
#include <uk/arch/paging.h>
#include <uk/arch/segments.h>
#include <uk/arch/thread.h>
#include <uk/arch/upcall.h>
#include <uk/arch/x86.h>
#include <uk/string.h>

/* What x86_switch_stack() pops. */
struct switch_frame {
	uint64_t r15, r14, r13, r12, rbx, rbp;
	uint64_t return_address;
};

void x86_switch_stack(vaddr_t *save_sp, vaddr_t load_sp);
extern const char x86_thread_begin[];

void ukarch_thread_prepare(struct ukarch_thread *thread, void (*begin)(void *), void *arg)
{
	/* The registers of the program, and 8 bytes so that the call in x86_thread_begin finds the
	 * stack aligned. */
	vaddr_t top = UK_ALIGN_DOWN((vaddr_t)thread->user_regs, 16);
	struct switch_frame *frame = (struct switch_frame *)top - 1;

	*frame = (struct switch_frame){
		.rbx = (uint64_t)begin,
		.r12 = (uint64_t)arg,
		.return_address = (uint64_t)x86_thread_begin,
	};
	thread->kstack_sp = (vaddr_t)frame;
}

void ukarch_thread_clone(struct ukarch_thread *child, const struct ukarch_thread *parent)
{
	struct ukarch_regs *regs = ukarch_thread_user_regs(child);

	*regs = *ukarch_thread_user_regs(parent);
	upcall_settle(regs);
	regs->rax = 0;
	/* The ways in leave these to the exit, which the child does not take. */
	regs->rcx = regs->rip;
	regs->r11 = regs->rflags;
	regs->cs = X86_KERNEL_CS;
	regs->ss = X86_KERNEL_DS;
	regs->orig_rax = (uint64_t)-1;
	child->tls_base = parent->tls_base;
	child->gs_base = parent->gs_base;
	if (child->gs_base)
		ukarch_thread_set_work(child, UKARCH_WORK_ARCH);
	x86_fpu_save(child->fpu_state);
}

void ukarch_regs_set_sp(struct ukarch_regs *regs, vaddr_t sp)
{
	regs->rsp = sp;
}

/* Apart: what few threads need costs the others no registers. */
static void __uk_noinline switch_gs_and_stack(struct ukarch_thread *prev,
					      struct ukarch_thread *next)
{
	x86_use_gs(next->gs_base);
	x86_switch_stack(&prev->kstack_sp, next->kstack_sp);
}

void ukarch_thread_switch(struct ukarch_thread *prev, struct ukarch_thread *next)
{
	struct x86_percpu *percpu = x86_percpu();

	if (uk_likely(prev->fpu_state != NULL))
		x86_fpu_save(prev->fpu_state);
	/* A kernel task has no use for these: whatever is there stays. */
	if (uk_likely(next->fpu_state != NULL)) {
		if (percpu->fpu_loaded != next) {
			x86_fpu_restore(next->fpu_state);
			percpu->fpu_loaded = next;
		}
		if (percpu->fs_base != next->tls_base) {
			percpu->fs_base = next->tls_base;
			wrmsr(X86_MSR_FS_BASE, next->tls_base);
		}
	}
	percpu->user_regs = next->user_regs;
	percpu->current = next;
	if (uk_unlikely(prev->gs_base | next->gs_base))
		switch_gs_and_stack(prev, next);
	else
		x86_switch_stack(&prev->kstack_sp, next->kstack_sp);
}

void ukarch_thread_set_tls(struct ukarch_thread *thread, uint64_t base)
{
	thread->tls_base = base;
	if (thread != ukarch_thread_current())
		return;
	x86_percpu()->fs_base = base;
	wrmsr(X86_MSR_FS_BASE, base);
}

void x86_thread_set_gs(struct ukarch_thread *thread, uint64_t base)
{
	unsigned long flags = ukarch_irq_save();

	if (base)
		ukarch_thread_set_work(thread, UKARCH_WORK_ARCH);
	else
		ukarch_thread_clear_work(thread, UKARCH_WORK_ARCH);
	if (thread->gs_base | base)
		x86_use_gs(base);
	thread->gs_base = base;
	ukarch_irq_restore(flags);
}

void ukarch_regs_start(struct ukarch_regs *regs, vaddr_t entry, vaddr_t sp)
{
	*regs = (struct ukarch_regs){
		.orig_rax = (uint64_t)-1,
		.rip = entry,
		.cs = X86_KERNEL_CS,
		.rflags = X86_RFLAGS_IF | X86_RFLAGS_FIXED,
		.rsp = sp,
		.ss = X86_KERNEL_DS,
	};
}

void ukarch_thread_reset(struct ukarch_thread *thread)
{
	x86_fpu_reset();
	ukarch_thread_set_tls(thread, 0);
	x86_thread_set_gs(thread, 0);
}

size_t ukarch_thread_state_bytes(void)
{
	return x86_fpu_area_bytes;
}

void ukarch_thread_forget(const struct ukarch_thread *thread)
{
	struct x86_percpu *percpu = x86_percpu();

	if (percpu->fpu_loaded == thread)
		percpu->fpu_loaded = NULL;
}
