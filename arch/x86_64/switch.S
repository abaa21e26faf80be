/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From one kernel stack to another. Only what a C function must keep is saved (System V AMD64
 * psABI 3.2.1); the program's registers already lie at the top of its thread's kernel stack.
 */
	.text
/* void x86_switch_stack(vaddr_t *save_sp, vaddr_t load_sp): interrupts off */
	.global	x86_switch_stack
	.balign	16
x86_switch_stack:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret

/* Where a thread that never ran starts: what ukarch_thread_prepare() left in its registers. */
	.global	x86_thread_begin
x86_thread_begin:
	xorl	%ebp, %ebp			/* the end of every backtrace */
	movq	%r12, %rdi
	call	*%rbx
	ud2
