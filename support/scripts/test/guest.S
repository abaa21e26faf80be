/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest of a few instructions for test_qemu_guest.py: sends every byte of the serial port back,
 * and ends at ^D with status 42, at '!' without one, at '#' never.
 */
	.section .note.Xen, "a", @note
	.long	4, 4, 18
	.asciz	"Xen"
	.long	_start

	.text
	.code32
	.globl	_start
_start:
	movw	$0x3fd, %dx
1:	inb	%dx, %al
	testb	$1, %al
	jz	1b
	movw	$0x3f8, %dx
	inb	%dx, %al
	cmpb	$4, %al
	je	2f
	cmpb	$'!', %al
	je	3f
	cmpb	$'#', %al
	je	4f
	outb	%al, %dx
	jmp	_start
2:	movb	$42, %al
	outb	%al, $0xe9
3:	outb	%al, $0xf4
4:	hlt
	jmp	4b
