/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The legacy vsyscall page: three functions at fixed addresses that programs older than the vDSO
 * call (Linux Documentation/x86/x86_64/mm.rst: ffffffffff600000). Each is the system call itself;
 * anything else in the page traps.
 *
 *   +0x000  gettimeofday     +0x400  time     +0x800  getcpu
 */
#include <asm/unistd.h>

	.macro vsyscall offset, nr
	.org	vsyscall_page + \offset, 0xcc
	movl	$\nr, %eax
	syscall
	ret
	.endm

	.section .rodata.vsyscall, "a"
	.balign 4096
	.global vsyscall_page
	.hidden vsyscall_page
vsyscall_page:
	vsyscall 0x000, __NR_gettimeofday
	vsyscall 0x400, __NR_time
	vsyscall 0x800, __NR_getcpu
	.org	vsyscall_page + 4096, 0xcc

	.section .note.GNU-stack, ""
