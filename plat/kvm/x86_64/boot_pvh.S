/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PVH direct boot (Xen "x86/HVM direct boot ABI"; QEMU, Firecracker, cloud-hypervisor): an ELF note
 * (link.lds.S) names this 32-bit entry. On entry: EBX = physical address of struct hvm_start_info.
 */
	.section .boot.text, "ax"
	.code32
	.global pvh_start
pvh_start:
	movl	$2, %edi		/* BOOT_PROTOCOL_PVH */
	jmp	boot_start32
