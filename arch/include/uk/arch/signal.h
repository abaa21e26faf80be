/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signal frames: the bytes a handler finds on its stack and rt_sigreturn(2) takes back. Layout as
 * Linux writes it (arch/<a>/include/uapi: struct rt_sigframe, ucontext, extended state).
 */
#ifndef UK_ARCH_SIGNAL_H
#define UK_ARCH_SIGNAL_H

#include <uk/arch/types.h>
#include <uk/arch/regs.h>
#include <asm/signal.h>
#include <asm/siginfo.h>

/** siginfo_t without the room for what may come: 48 bytes instead of 128. */
struct uk_siginfo {
	union {
		struct {
			__SIGINFO;
		};
		uint64_t words[6];
	};
};
_Static_assert(sizeof(struct uk_siginfo) == 48 && offsetof(struct uk_siginfo, si_code) == 8, "ABI");

/** One with nothing else in it, also between its fields: programs get to see all of it. */
static inline struct uk_siginfo uk_siginfo_of(int signo, int si_code)
{
	return (struct uk_siginfo){.words = {(uint32_t)signo, (uint32_t)si_code}};
}

/** A fault as frames tell of it: sigcontext cr2, err, trapno. */
struct ukarch_sigfault {
	uint64_t addr, error, vector;
};

/** Everything about one delivery. */
struct ukarch_sigdelivery {
	int signo;
	vaddr_t handler;
	vaddr_t restorer; /* sa_restorer; 0 when the program gave none */
	const struct uk_siginfo *info;
	uint64_t saved_mask;     /* restored by rt_sigreturn */
	const stack_t *altstack; /* stored into uc_stack */
	vaddr_t frame_top;       /* build below this address (alternate stack or interrupted sp) */
	const struct ukarch_sigfault *fault; /* the last one of the thread */
};

/** Bytes of the largest frame on this CPU: AT_MINSIGSTKSZ. */
size_t ukarch_sigframe_max_bytes(void);

/** Writes the frame and points *regs at the handler. 0 or -EFAULT (then *regs is unchanged). */
int ukarch_sigframe_push(struct ukarch_regs *regs, const struct ukarch_sigdelivery *delivery);

/** Takes the frame at the stack pointer of *regs back: registers, vector state, mask, altstack.
 *  0, or -EFAULT / -EINVAL for a corrupt frame (then *regs is unchanged). */
int ukarch_sigframe_pop(struct ukarch_regs *regs, uint64_t *saved_mask, stack_t *altstack);

/** Arranges that the system call in *regs is issued again with the same arguments. */
void ukarch_syscall_restart(struct ukarch_regs *regs);
/** The same, but issues restart_syscall(2) instead. */
void ukarch_syscall_restart_block(struct ukarch_regs *regs);

#endif /* UK_ARCH_SIGNAL_H */
