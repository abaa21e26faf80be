/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is saved of a context on entry to the kernel, also for assembly. A system call fills only
 * the fields it must keep (entry.S says which); everything is valid once the slow path is taken.
 */
#ifndef UK_ARCH_REGS_H
#define UK_ARCH_REGS_H

#define UKARCH_REGS_R15      0
#define UKARCH_REGS_R14      8
#define UKARCH_REGS_R13      16
#define UKARCH_REGS_R12      24
#define UKARCH_REGS_RBP      32
#define UKARCH_REGS_RBX      40
#define UKARCH_REGS_R11      48
#define UKARCH_REGS_RCX      56
#define UKARCH_REGS_RAX      64
#define UKARCH_REGS_R10      72
#define UKARCH_REGS_R9       80
#define UKARCH_REGS_R8       88
#define UKARCH_REGS_RDX      96
#define UKARCH_REGS_RSI      104
#define UKARCH_REGS_RDI      112
#define UKARCH_REGS_ORIG_RAX 120
#define UKARCH_REGS_RIP      128
#define UKARCH_REGS_CS       136
#define UKARCH_REGS_RFLAGS   144
#define UKARCH_REGS_RSP      152
#define UKARCH_REGS_SS       160
#define UKARCH_REGS_SIZE     168

#define X86_RFLAGS_FIXED 0x2 /* always set */

#ifndef __ASSEMBLER__
#include <uk/arch/types.h>

struct ukarch_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, rcx, rax;
	uint64_t r10, r9, r8, rdx, rsi, rdi;
	uint64_t orig_rax; /* system call number; error code of an exception; -1 otherwise */
	uint64_t rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct ukarch_regs) == UKARCH_REGS_SIZE, "entry.S uses these offsets");
_Static_assert(offsetof(struct ukarch_regs, orig_rax) == UKARCH_REGS_ORIG_RAX, "entry.S");

static inline vaddr_t ukarch_regs_pc(const struct ukarch_regs *regs)
{
	return regs->rip;
}
static inline vaddr_t ukarch_regs_sp(const struct ukarch_regs *regs)
{
	return regs->rsp;
}
static inline vaddr_t ukarch_regs_fp(const struct ukarch_regs *regs)
{
	return regs->rbp;
}
/* The kernel takes the number as an int, whatever the upper half of RAX holds. */
static inline uint64_t ukarch_regs_syscall_nr(const struct ukarch_regs *regs)
{
	return (uint64_t)(int64_t)(int32_t)regs->orig_rax;
}
/** The six arguments of the system call. */
static inline void ukarch_regs_syscall_args(const struct ukarch_regs *regs, long args[6])
{
	args[0] = (long)regs->rdi;
	args[1] = (long)regs->rsi;
	args[2] = (long)regs->rdx;
	args[3] = (long)regs->r10;
	args[4] = (long)regs->r8;
	args[5] = (long)regs->r9;
}
static inline long ukarch_regs_result(const struct ukarch_regs *regs)
{
	return (long)regs->rax;
}
static inline void ukarch_regs_set_result(struct ukarch_regs *regs, long result)
{
	regs->rax = (uint64_t)result;
}
#endif /* !__ASSEMBLER__ */

#endif /* UK_ARCH_REGS_H */
