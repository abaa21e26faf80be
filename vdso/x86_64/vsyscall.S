/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * __kernel_vsyscall: a system call for the price of a function call. As the `syscall` instruction,
 * but called:
 *
 *   in         %rax number, %rdi %rsi %rdx %r10 %r8 %r9 arguments; DF clear, no red zone in use
 *   out        %rax result or -errno
 *   destroyed  %rcx, %r11, flags, and the registers of the arguments
 *
 * It jumps into the kernel, which returns to the caller. To everybody else (signal handlers,
 * debuggers, unwinders) a thread in a call is at the `ret`, and one that is to begin its call again
 * at the `syscall`: the kernel says so when it is asked (vsyscall/x86_64/settle.c).
 *
 * Not for calls that come back on another stack or to another place: clone with a stack, vfork,
 * rt_sigreturn. AT_SYSINFO of the auxiliary vector is its address, and the vDSO's ELF header names
 * it as the entry.
 */
#include <uk/vdso_data.h>

	.text
	.balign	16
	.global	__kernel_vsyscall
	.type	__kernel_vsyscall, @function
__kernel_vsyscall:
	.cfi_startproc
	jmp	*vdso_data + VDSO_DATA_SYSCALL_ENTRY(%rip)
	syscall
	ret
	.cfi_endproc
	.if	. - __kernel_vsyscall != VDSO_VSYSCALL_RETURN + 1
	.error	"VDSO_VSYSCALL_RETURN does not tell where the last instruction is"
	.endif
	.size	__kernel_vsyscall, . - __kernel_vsyscall

	.section .note.GNU-stack, ""
