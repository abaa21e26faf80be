/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From 32-bit protected mode without paging to C in the high half. The image may lie at any
 * page-aligned physical address below 4 GiB.
 *
 * The first tables are the kernel's for ever: the page table of the image (one PT), and the direct
 * map's first PDPT and PD, which for this moment also serve as identity map (PML4[0]).
 *
 * In: EDI = protocol, EBX = physical address of the protocol's structure.
 */
#include <uk/arch/layout.h>

#define PTE_PW      0x003
#define PTE_PW_2M   0x083
#define CR0_PG_WP_PE 0x80010001
#define CR4_PAE     0x20
#define MSR_EFER    0xC0000080
#define EFER_SCE_LME_NXE 0x901

/* The distance of a symbol from `boot_base`, whose physical address EBP holds. */
#define OFFSET(symbol) (symbol - boot_base)

	.section .boot.text, "ax"
	.code32
	.global boot_start32
boot_start32:
	cld
	/* Where are we? A call needs a stack of four bytes: borrow the first word of the structure. */
	movl	(%ebx), %edx
	leal	4(%ebx), %esp
	call	boot_base
boot_base:
	popl	%ebp
	movl	%edx, (%ebx)

	/* Image: one PT, every page writable and executable until paging.c sorts them. */
	leal	OFFSET(x86_image_pt)(%ebp), %esi
	leal	(OFFSET(image_start) + PTE_PW)(%ebp), %eax
	leal	OFFSET(image_end)(%ebp), %ecx
	subl	%eax, %ecx
	shrl	$12, %ecx
	incl	%ecx				/* PTE_PW made it one short */
2:	movl	%eax, (%esi)
	addl	$0x1000, %eax
	addl	$8, %esi
	decl	%ecx
	jnz	2b
	leal	(OFFSET(x86_image_pt) + PTE_PW)(%ebp), %eax
	movl	%eax, OFFSET(x86_image_pd)(%ebp)
	leal	(OFFSET(x86_image_pd) + PTE_PW)(%ebp), %eax
	movl	%eax, (OFFSET(x86_image_pdpt) + 510 * 8)(%ebp)
	leal	(OFFSET(x86_image_pdpt) + PTE_PW)(%ebp), %eax
	movl	%eax, (OFFSET(x86_kernel_pml4) + 511 * 8)(%ebp)

	/* Direct map of the large page we run in, and the one behind it. */
	movl	%ebp, %eax
	andl	$0xffe00000, %eax
	movl	%eax, %ecx
	shrl	$21, %ecx
	andl	$511, %ecx
	orl	$PTE_PW_2M, %eax
	movl	%eax, OFFSET(x86_direct_pd)(%ebp, %ecx, 8)
	incl	%ecx
	andl	$511, %ecx
	addl	$0x200000, %eax
	movl	%eax, OFFSET(x86_direct_pd)(%ebp, %ecx, 8)
	movl	%ebp, %ecx
	shrl	$30, %ecx
	leal	(OFFSET(x86_direct_pd) + PTE_PW)(%ebp), %eax
	movl	%eax, OFFSET(x86_direct_pdpt)(%ebp, %ecx, 8)
	leal	(OFFSET(x86_direct_pdpt) + PTE_PW)(%ebp), %eax
	movl	%eax, OFFSET(x86_kernel_pml4)(%ebp)
	movl	%eax, (OFFSET(x86_kernel_pml4) + 256 * 8)(%ebp)

	/* Long mode (Intel SDM vol. 3, 9.8.5). */
	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	leal	OFFSET(x86_kernel_pml4)(%ebp), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_SCE_LME_NXE, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$CR0_PG_WP_PE, %eax
	movl	%eax, %cr0

	/* A far return to 64-bit code through a temporary GDT, all on our own stack. */
	leal	OFFSET(boot_stack_top)(%ebp), %esp
	leal	OFFSET(boot_gdt)(%ebp), %eax
	pushl	$0
	pushl	%eax
	pushw	$(boot_gdt_end - boot_gdt - 1)
	lgdt	(%esp)
	leal	OFFSET(boot_start64)(%ebp), %eax
	pushl	$8
	pushl	%eax
	lretl

	.global boot_hang
boot_hang:
	cli
	hlt
	jmp	boot_hang

	.code64
boot_start64:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	/* Into the high half: the same code, seen through the image mapping. */
	leal	OFFSET(image_start)(%ebp), %ebp	/* from here on: physical start of the image */
	leaq	boot_high(%rip), %rax
	subq	%rbp, %rax
	movq	$UKARCH_IMAGE_BASE, %rcx
	addq	%rcx, %rax
	jmp	*%rax
boot_high:
	/* Above this the first thread's user registers will lie (struct ukarch_regs, 16-aligned). */
	leaq	(boot_stack_top - 176)(%rip), %rsp
	movl	%edi, %r12d			/* protocol */
	movl	%ebx, %r13d			/* its structure */
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, %r14
	xorl	%edi, %edi
	call	uk_reloc_self			/* bias 0: we run where we were linked */
	movq	%rbp, %rdi
	call	x86_start			/* arch/x86_64/start.c: tables, traps, CPU features */
	movl	%r12d, %edi
	movq	%r13, %rsi
	movq	%rbp, %rdx
	movq	%r14, %rcx
	xorl	%ebp, %ebp			/* the end of every backtrace */
	call	ukplat_boot			/* bootinfo.c; goes on to kmain() */
	ud2

	.section .rodata.boot, "a"
	.balign 8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff		/* 64-bit code, ring 0 */
	.quad	0x00cf93000000ffff		/* data */
boot_gdt_end:

	.section .bss.page_aligned, "aw", @nobits
	.balign UKARCH_KSTACK_SIZE
	/* Laid out like any kernel stack; its lowest page becomes the guard (paging.c). */
	.global boot_stack
boot_stack:
	.skip	UKARCH_KSTACK_SIZE
boot_stack_top:
	.global x86_kernel_pml4, x86_image_pdpt, x86_image_pd, x86_image_pt
	.global x86_direct_pdpt, x86_direct_pd
x86_kernel_pml4:
	.skip	4096
x86_image_pdpt:
	.skip	4096
x86_image_pd:
	.skip	4096
x86_image_pt:
	.skip	4096
x86_direct_pdpt:
	.skip	4096
x86_direct_pd:
	.skip	4096
