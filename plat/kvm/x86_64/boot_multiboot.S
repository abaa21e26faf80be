/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multiboot 1 (Multiboot Specification 0.6.96): the 32-bit entry. The header is in link.lds.S; it
 * carries explicit addresses, since the file is a 64-bit ELF that such loaders do not read.
 * On entry: EAX = 0x2BADB002, EBX = physical address of the information structure.
 */
	.section .boot.text, "ax"
	.code32
	.global multiboot_start
multiboot_start:
	cmpl	$0x2BADB002, %eax
	jne	boot_hang
	movl	$1, %edi		/* BOOT_PROTOCOL_MULTIBOOT */
	jmp	boot_start32
