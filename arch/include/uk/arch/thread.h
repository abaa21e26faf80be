/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of a thread that entry code and context switch know. It is the first member of
 * struct task; the current CPU's per-CPU block points to it.
 */
#ifndef UK_ARCH_THREAD_H
#define UK_ARCH_THREAD_H

/* Bits of ukarch_thread.work. Any of them sends the way back to the program to
 * upcall_return_to_user(); TRACE also sends the way in to upcall_syscall_traced(). */
#define UKARCH_WORK_SIGNAL  0x1
#define UKARCH_WORK_RESCHED 0x2
#define UKARCH_WORK_TRACE   0x4
#define UKARCH_WORK_REGS    0x8  /* the handler replaced the user registers: restore all of them */
#define UKARCH_WORK_ARCH    0x10 /* arch's own; x86: the program has its own GS base */

#define UKARCH_THREAD_WORK      0
#define UKARCH_THREAD_USER_REGS 8

#ifndef __ASSEMBLER__
#include <uk/arch/types.h>
#include <uk/arch/regs.h>

struct ukarch_thread {
	unsigned int work;             /* UKARCH_WORK_*; set from interrupts too, so atomically */
	struct ukarch_regs *user_regs; /* at the top of its kernel stack, which grows from here */
	vaddr_t kstack_sp;             /* saved stack pointer while switched out */
	uint64_t tls_base;             /* x86: FS base. arm64: TPIDR_EL0 */
	uint64_t gs_base; /* x86: the program's GS base (ARCH_SET_GS), 0: GS stays the kernel's */
	void *fpu_state;  /* vector state while switched out, 64-byte aligned; NULL: kernel task */
};
_Static_assert(offsetof(struct ukarch_thread, work) == UKARCH_THREAD_WORK, "entry.S");
_Static_assert(offsetof(struct ukarch_thread, user_regs) == UKARCH_THREAD_USER_REGS, "entry.S");

/** The thread running on this CPU. */
static inline struct ukarch_thread *ukarch_thread_current(void); /* <uk/arch/current.h> */

/** The registers the program had when this thread entered the kernel. During a system call only
 * what it must keep is there (regs.h), and the pc may need upcall_settle(). */
static inline struct ukarch_regs *ukarch_thread_user_regs(const struct ukarch_thread *thread)
{
	return thread->user_regs;
}

static inline void ukarch_thread_set_work(struct ukarch_thread *thread, unsigned int flags)
{
	__atomic_fetch_or(&thread->work, flags, __ATOMIC_RELAXED);
}
static inline void ukarch_thread_clear_work(struct ukarch_thread *thread, unsigned int flags)
{
	__atomic_fetch_and(&thread->work, ~flags, __ATOMIC_RELAXED);
}

/** Makes `thread` the one that this CPU returns to. Interrupts off. */
void ukarch_thread_set_current(struct ukarch_thread *thread);

/** Bytes that fpu_state needs on this CPU. */
size_t ukarch_thread_state_bytes(void);

/** The first switch to `thread` (user_regs is set) calls begin(arg) on its kernel stack, with
 *  interrupts off. `begin` must not return. */
void ukarch_thread_prepare(struct ukarch_thread *thread, void (*begin)(void *), void *arg);

/**
 * clone(2): the child starts with the current thread's user registers, vector state and TLS, and
 * its system call returns 0. user_regs and fpu_state of the child are set; `parent` is current,
 * in upcall_clone() or upcall_clone3(), which find all its registers saved.
 */
void ukarch_thread_clone(struct ukarch_thread *child, const struct ukarch_thread *parent);

/** Goes on as `next`; returns when somebody switches back to `prev`, the current one. Interrupts
 *  off. The address space is the caller's business. */
void ukarch_thread_switch(struct ukarch_thread *prev, struct ukarch_thread *next);

/** `thread` is dead and its memory about to be freed: no CPU may take it for a live one. */
void ukarch_thread_forget(const struct ukarch_thread *thread);

/** Sets the TLS base of the current thread, now and for later switches. */
void ukarch_thread_set_tls(struct ukarch_thread *thread, uint64_t base);

void ukarch_regs_set_sp(struct ukarch_regs *regs, vaddr_t sp);

/** Fills *regs so that returning to the program starts it at `entry` with stack `sp`. */
void ukarch_regs_start(struct ukarch_regs *regs, vaddr_t entry, vaddr_t sp);

/** Leaves the kernel for the program with the current thread's user registers. */
void __uk_noreturn ukarch_enter_user(struct ukarch_thread *thread);

/** Resets vector state and TLS to what a new program finds. */
void ukarch_thread_reset(struct ukarch_thread *thread);

#include <uk/arch/current.h>
#endif /* !__ASSEMBLER__ */

#endif /* UK_ARCH_THREAD_H */
