/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All registers of a program, loaded and stored around one instruction: for tests of what a way
 * into the kernel and back keeps.
 */
#ifndef T_REGS_H
#define T_REGS_H

#include "t.h"

#include <cpuid.h>

struct registers {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t flags;
	uint64_t pad[2];
	unsigned char ymm[16][32] __attribute__((aligned(32)));
};

_Static_assert(__builtin_offsetof(struct registers, ymm) == 160, "layout of the assembly");

/* Makes name(in, out, is_avx): loads all from *in, runs the instruction, stores all to *out. */
#define RUNNER(name, instruction)                                                                  \
	void name(const struct registers *in, struct registers *out, uint64_t is_avx);             \
	asm(".text\n.type " #name ",@function\n.globl " #name "\n" #name ":\n"                     \
	    "	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n"                         \
	    "	push %r15\n	push %rdx\n	push %rsi\n"                                                 \
	    "	mov %rdi, %rax\n	test %rdx, %rdx\n	jz 1f\n"                                          \
	    "	.irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"                                      \
	    "	vmovdqu 160+32*\\n(%rax), %ymm\\n\n	.endr\n	jmp 2f\n1:\n"                            \
	    "	.irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"                                      \
	    "	movdqu 160+32*\\n(%rax), %xmm\\n\n	.endr\n2:\n"                                      \
	    "	pushq 120(%rax)\n	popfq\n"                                                           \
	    "	mov 8(%rax), %rbx\n	mov 16(%rax), %rcx\n	mov 24(%rax), %rdx\n"                       \
	    "	mov 32(%rax), %rsi\n	mov 40(%rax), %rdi\n	mov 48(%rax), %rbp\n"                      \
	    "	mov 56(%rax), %r8\n	mov 64(%rax), %r9\n	mov 72(%rax), %r10\n"                        \
	    "	mov 80(%rax), %r11\n	mov 88(%rax), %r12\n	mov 96(%rax), %r13\n"                      \
	    "	mov 104(%rax), %r14\n	mov 112(%rax), %r15\n	mov 0(%rax), %rax\n"                     \
	    "" instruction "\n"                                                                    \
	    "	push %rax\n	pushfq\n	mov 16(%rsp), %rax\n" /* out */                    \
	    "	mov %rbx, 8(%rax)\n	mov %rcx, 16(%rax)\n	mov %rdx, 24(%rax)\n"                       \
	    "	mov %rsi, 32(%rax)\n	mov %rdi, 40(%rax)\n	mov %rbp, 48(%rax)\n"                      \
	    "	mov %r8, 56(%rax)\n	mov %r9, 64(%rax)\n	mov %r10, 72(%rax)\n"                        \
	    "	mov %r11, 80(%rax)\n	mov %r12, 88(%rax)\n	mov %r13, 96(%rax)\n"                      \
	    "	mov %r14, 104(%rax)\n	mov %r15, 112(%rax)\n"                                         \
	    "	popq 120(%rax)\n	popq 0(%rax)\n	pop %rsi\n	pop %rdx\n"                               \
	    "	cld\n	test %rdx, %rdx\n	jz 1f\n"                                                     \
	    "	.irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"                                      \
	    "	vmovdqu %ymm\\n, 160+32*\\n(%rsi)\n	.endr\n	vzeroupper\n	jmp 2f\n1:\n"               \
	    "	.irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"                                      \
	    "	movdqu %xmm\\n, 160+32*\\n(%rsi)\n	.endr\n2:\n"                                      \
	    "	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbp\n"                              \
	    "	pop %rbx\n	ret\n.size " #name ",.-" #name "\n")

/* What can be compared of the flags: all arithmetic ones and the direction. */
#define FLAGS_KEPT 0xcd5u

__attribute__((unused)) static bool has_avx(void)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d))
		return false;
	return (c & bit_AVX) && (c & bit_OSXSAVE);
}

__attribute__((unused)) static void fill(struct registers *regs, unsigned int seed)
{
	uint64_t *word = (uint64_t *)regs;

	for (size_t i = 0; i < sizeof(*regs) / sizeof(*word); i++)
		word[i] = 0x0123456789abcdefUL * (i + seed) ^ (uint64_t)i << 56;
	regs->flags = 0x202 | 0x1 | 0x40 | 0x80 | 0x800; /* IF, carry, zero, sign, overflow */
}

#endif /* T_REGS_H */
