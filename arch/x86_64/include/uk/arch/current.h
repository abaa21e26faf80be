/* SPDX-License-Identifier: BSD-3-Clause */
/* The per-CPU block: GS always points to it while CONFIG_APP_USERMODE is off. */
#ifndef UK_ARCH_CURRENT_H
#define UK_ARCH_CURRENT_H

#define X86_PERCPU_SELF         0
#define X86_PERCPU_USER_REGS    8
#define X86_PERCPU_CURRENT      16
#define X86_PERCPU_SCRATCH      24
#define X86_PERCPU_UNTIL_SAMPLE 32

#ifndef __ASSEMBLER__
struct x86_percpu {
	struct x86_percpu *self;
	struct ukarch_regs *user_regs; /* of the current thread */
	struct ukarch_thread *current;
	uint64_t scratch;     /* user stack pointer during the first entry instructions */
	int32_t until_sample; /* traps until upcall_syscall_sampled() gets to see one */
	const struct ukarch_thread *fpu_loaded; /* whose vector state the registers hold */
	uint64_t fs_base;                       /* as loaded */
};
_Static_assert(offsetof(struct x86_percpu, user_regs) == X86_PERCPU_USER_REGS, "entry.S");
_Static_assert(offsetof(struct x86_percpu, until_sample) == X86_PERCPU_UNTIL_SAMPLE, "entry.S");
_Static_assert(offsetof(struct x86_percpu, current) == X86_PERCPU_CURRENT, "entry.S");

/** arch_prctl(ARCH_SET_GS) of the current thread; 0: GS stays the kernel's. */
void x86_thread_set_gs(struct ukarch_thread *thread, uint64_t base);

static inline struct x86_percpu *x86_percpu(void)
{
	struct x86_percpu *percpu;

	__asm__ volatile("movq %%gs:%c1, %0" : "=r"(percpu) : "i"(X86_PERCPU_SELF));
	return percpu;
}

static inline struct ukarch_thread *ukarch_thread_current(void)
{
	struct ukarch_thread *thread;

	__asm__("movq %%gs:%c1, %0" : "=r"(thread) : "i"(X86_PERCPU_CURRENT));
	return thread;
}
#endif /* !__ASSEMBLER__ */

#endif /* UK_ARCH_CURRENT_H */
