/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The image that exits at once: a PVH kernel that writes to QEMU's exit device. What QEMU and its
 * firmware need to start it is the floor below every start-up time.
 */
#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define DEBUG_EXIT_PORT          0xf4

	.section .note.Xen, "a", @note
	.long	4, 4, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	_start

	.text
	.code32
	.globl	_start
_start:
	xorl	%eax, %eax
	outl	%eax, $DEBUG_EXIT_PORT
1:	hlt
	jmp	1b
