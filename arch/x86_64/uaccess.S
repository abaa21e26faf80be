/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bulk access to the program's memory. Quadwords by string instruction, then the rest by bytes; a
 * fault among the quadwords falls back to bytes, so that the count of bytes not moved is exact.
 */
#include <asm/errno.h>

	.macro	EXTABLE from, to
	.pushsection .extable, "a"
	.balign	4
	.long	\from - .
	.long	\to - .
	.popsection
	.endm

	.text
/* size_t ukarch_copy_user(void *dst, const void *src, size_t len): bytes not copied */
	.global	ukarch_copy_user
	.balign	16
ukarch_copy_user:
	movq	%rdx, %rcx
	shrq	$3, %rcx
	andl	$7, %edx
1:	rep movsq
	movl	%edx, %ecx
2:	rep movsb
	xorl	%eax, %eax
	ret
3:	leaq	(%rdx, %rcx, 8), %rcx
4:	rep movsb
5:	movq	%rcx, %rax
	ret
	EXTABLE	1b, 3b
	EXTABLE	2b, 5b
	EXTABLE	4b, 5b

/* long ukarch_clear_user(void *dst, size_t len): bytes cleared, -EFAULT when none of some. */
	.global	ukarch_clear_user
	.balign	16
ukarch_clear_user:
	movq	%rsi, %rcx
	xorl	%eax, %eax
	cmpq	$16, %rsi
	jae	4f
1:	rep stosb
	movq	%rsi, %rax
	ret
4:	shrq	$3, %rcx
5:	rep stosq
	movl	%esi, %ecx
	andl	$7, %ecx
	jmp	1b
6:	movl	%esi, %edx
	andl	$7, %edx
	leaq	(%rdx, %rcx, 8), %rcx
2:	rep stosb
3:	movq	%rsi, %rax
	subq	%rcx, %rax
	jnz	7f
	movq	$-EFAULT, %rax
7:	ret
	EXTABLE	1b, 3b
	EXTABLE	2b, 3b
	EXTABLE	5b, 6b
