/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ways into the kernel and out of it.
 *
 * The program runs in ring 0, so the hardware switches stacks only where we ask for it: every
 * exception and interrupt enters on an IST stack (the program's red zone stays whole, its stack
 * may be 2 KiB) and at once moves to the thread's kernel stack. `syscall` does not touch the stack
 * at all; we switch by hand with interrupts masked.
 *
 * Who was interrupted? The selectors cannot tell, so addresses do: kernel code and kernel stacks
 * lie in the high half. It was the kernel if RIP and RSP are both there, or RSP is on the current
 * kernel stack (a wild call of the kernel's); otherwise it was the program. (RIP high with RSP low:
 * the vsyscall page, a wild jump, or a way in or out of the kernel on the program's stack.)
 *
 * GS holds the address of the per-CPU block, in the program too. A program that asks for its own GS
 * (ARCH_SET_GS) gets ways in that swap: another entry for `syscall`, a flag for trap_entry; and
 * UKARCH_WORK_ARCH sends each of its ways out past a swap. Programs that do not ask pay nothing.
 *
 * SYSRET always goes to ring 3, hence the exits by hand.
 */
#include <uk/arch/layout.h>
#include <uk/arch/regs.h>
#include <uk/arch/thread.h>
#include <uk/arch/current.h>
#include <uk/arch/segments.h>

#define LOOP_WORK    (UKARCH_WORK_SIGNAL | UKARCH_WORK_RESCHED)
#define EXIT_WORK    (LOOP_WORK | UKARCH_WORK_REGS | UKARCH_WORK_ARCH)
#define MSR_GS_BASE  0xc0000101

	.macro	SAVE_CALLEE_SAVED frame=rsp
	movq	%rbx, UKARCH_REGS_RBX(%\frame)
	movq	%rbp, UKARCH_REGS_RBP(%\frame)
	movq	%r12, UKARCH_REGS_R12(%\frame)
	movq	%r13, UKARCH_REGS_R13(%\frame)
	movq	%r14, UKARCH_REGS_R14(%\frame)
	movq	%r15, UKARCH_REGS_R15(%\frame)
	.endm

	/* What the ways in skip; the instruction leaves RIP in %rcx and RFLAGS in %r11. */
	.macro	COMPLETE_SYSCALL_REGS
	SAVE_CALLEE_SAVED
	movq	$X86_KERNEL_CS, UKARCH_REGS_CS(%rsp)
	movq	$X86_KERNEL_DS, UKARCH_REGS_SS(%rsp)
	movq	UKARCH_REGS_RIP(%rsp), %rcx
	movq	%rcx, UKARCH_REGS_RCX(%rsp)
	movq	UKARCH_REGS_RFLAGS(%rsp), %rcx
	movq	%rcx, UKARCH_REGS_R11(%rsp)
	.endm

	/* What comes before IRETQ. It faults while NT is set (SDM vol. 2), which a program may do and
	 * the ways in that do not trap leave as it is. */
	.macro	POP_REGS
	pushq	$X86_RFLAGS_FIXED
	popfq
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%rcx
	popq	%rax
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$8, %rsp			/* orig_rax */
	.endm

/* --- system calls ------------------------------------------------------------------------------- */

/*
 * Three ways in, one way to a handler and two ways out.
 *
 *   x86_syscall_entry   the instruction
 *   x86_site_entry      a jump from a call site that was patched (vsyscall/x86_64/site_code.h)
 *   x86_vsyscall_entry  a call, through the vDSO's __kernel_vsyscall
 *
 * Each stores into struct ukarch_regs what it alone knows; the rest is stored when somebody will
 * look at it (COMPLETE_SYSCALL_REGS). The last two have interrupts on from their first
 * instruction: until they have left the program's stack they count as the program, and
 * upcall_settle() turns an address in them into one of the program's.
 *
 * The ways out leave interrupts on, too. One that comes between the test for work and the last
 * instruction may leave work behind; so it does not return there but to the test, see
 * leave_again() in trap.c. Nothing in between changes what it reads.
 */
	.macro	SAVE_SYSCALL_ARGS
	movq	%rax, UKARCH_REGS_ORIG_RAX(%rsp)
	movq	%rdi, UKARCH_REGS_RDI(%rsp)
	movq	%rsi, UKARCH_REGS_RSI(%rsp)
	movq	%rdx, UKARCH_REGS_RDX(%rsp)
	movq	%r10, UKARCH_REGS_R10(%rsp)
	movq	%r8, UKARCH_REGS_R8(%rsp)
	movq	%r9, UKARCH_REGS_R9(%rsp)
	.endm

	.macro	LOAD_SYSCALL_ARGS
	movq	UKARCH_REGS_R10(%rsp), %r10
	movq	UKARCH_REGS_R9(%rsp), %r9
	movq	UKARCH_REGS_R8(%rsp), %r8
	movq	UKARCH_REGS_RDX(%rsp), %rdx
	movq	UKARCH_REGS_RSI(%rsp), %rsi
	movq	UKARCH_REGS_RDI(%rsp), %rdi
	.endm

	/* The number is known to be in the table. */
	.macro	CALL_HANDLER
	leaq	syscall_table(%rip), %r11
	movq	%r10, %rcx
	call	*(%r11, %rax, 8)
	.endm

	.macro	JUMP_IF_WORK target
	movq	%gs:X86_PERCPU_CURRENT, %rcx
	testl	$EXIT_WORK, UKARCH_THREAD_WORK(%rcx)
	jnz	\target
	.endm

	/* TF, if it is set, takes effect after the instruction behind POPF: on the program's stack. */
	.macro	RETURN_KEEPING_REGS
	LOAD_SYSCALL_ARGS
	movq	UKARCH_REGS_RIP(%rsp), %rcx
	pushq	UKARCH_REGS_RFLAGS(%rsp)
	popfq
	movq	UKARCH_REGS_RSP(%rsp), %rsp
	.endm

	.text
	.global	x86_syscall_entry_swapgs
x86_syscall_entry_swapgs:
	swapgs
	jmp	x86_syscall_entry

	.balign	64
	.global	x86_syscall_entry
x86_syscall_entry:
	movq	%rsp, %gs:X86_PERCPU_SCRATCH
	movq	%gs:X86_PERCPU_USER_REGS, %rsp
	movq	%rcx, UKARCH_REGS_RIP(%rsp)
	movq	%r11, UKARCH_REGS_RFLAGS(%rsp)
	SAVE_SYSCALL_ARGS
	pushq	%gs:X86_PERCPU_SCRATCH
	popq	UKARCH_REGS_RSP(%rsp)
	movq	%gs:X86_PERCPU_CURRENT, %rcx
	testl	$UKARCH_WORK_TRACE, UKARCH_THREAD_WORK(%rcx)
	jnz	syscall_traced
#ifdef CONFIG_SYSCALL_PATCHING
	decl	%gs:X86_PERCPU_UNTIL_SAMPLE
	jz	syscall_sampled
#endif
	sti
	cmpq	syscall_table_entries(%rip), %rax
	jae	syscall_number_is_odd
syscall_dispatch:
	CALL_HANDLER
	.global	x86_syscall_leave
x86_syscall_leave:
	JUMP_IF_WORK syscall_return_slow
	movq	UKARCH_REGS_RFLAGS(%rsp), %r11	/* as the instruction leaves it */
	RETURN_KEEPING_REGS
	.global	x86_syscall_left
x86_syscall_left:
	jmp	*%rcx

	/* The number is an int, as on Linux. Entry 0 past the table says "no such call". */
syscall_number_is_odd:
	movl	%eax, %eax
	cmpq	syscall_table_entries(%rip), %rax
	jb	syscall_dispatch
	movq	syscall_table_entries(%rip), %rax
	jmp	syscall_dispatch

syscall_traced:
	COMPLETE_SYSCALL_REGS
	movq	%rax, UKARCH_REGS_RAX(%rsp)
	sti
	movq	%rsp, %rdi
	call	upcall_syscall_traced
	jmp	return_to_user

	/* Also where a way out goes on that found work to do. */
syscall_return_slow:
	testl	$UKARCH_WORK_REGS, UKARCH_THREAD_WORK(%rcx)
	jnz	return_to_user			/* the handler wrote the registers itself */
	COMPLETE_SYSCALL_REGS
	movq	%rax, UKARCH_REGS_RAX(%rsp)
	cmpq	$0, UKARCH_REGS_RIP(%rsp)
	jne	return_to_user
	movq	%rsp, %rdi
	call	upcall_settle
	jmp	return_to_user

#ifdef CONFIG_SYSCALL_PATCHING
/* This trap was chosen: is its site to be patched? */
syscall_sampled:
	COMPLETE_SYSCALL_REGS
	movq	%rax, UKARCH_REGS_RAX(%rsp)
	sti
	movq	%rsp, %rdi
	call	upcall_syscall_sampled
	movl	%eax, %gs:X86_PERCPU_UNTIL_SAMPLE
	movq	UKARCH_REGS_ORIG_RAX(%rsp), %rax
	LOAD_SYSCALL_ARGS
	jmp	syscall_number_is_odd

/* %rcx: where to go on, %eax: a number that is in the table. Keeps what the instruction keeps, and
 * the flags: hand-written code may know that it does. */
	.balign	64
	.global	x86_site_entry
x86_site_entry:
	movq	%rsp, %r11
	.global	x86_site_on_program_stack
x86_site_on_program_stack:
	movq	%gs:X86_PERCPU_USER_REGS, %rsp
	pushfq
	popq	UKARCH_REGS_RFLAGS(%rsp)
	cld
	movq	%r11, UKARCH_REGS_RSP(%rsp)
	movq	%rcx, UKARCH_REGS_RIP(%rsp)
	SAVE_SYSCALL_ARGS
	CALL_HANDLER
	.global	x86_site_leave
x86_site_leave:
	JUMP_IF_WORK syscall_return_slow
	RETURN_KEEPING_REGS
	.global	x86_site_left
x86_site_left:
	jmp	*%rcx
#endif

/*
 * __kernel_vsyscall: the return address is on the program's stack and stays there. An argument is
 * stored for the case that the call is issued again, so only those that it has: upcall_keep_args
 * has the place in the code below by number. RIP 0: upcall_settle() knows where the vDSO lies.
 */
	.balign	64
	.global	x86_vsyscall_entry
x86_vsyscall_entry:
	movq	%rsp, %r11
	.global	x86_vsyscall_on_program_stack
x86_vsyscall_on_program_stack:
	movq	%gs:X86_PERCPU_USER_REGS, %rsp
	movq	%r11, UKARCH_REGS_RSP(%rsp)
	movq	$0, UKARCH_REGS_RIP(%rsp)
	cmpq	syscall_table_entries(%rip), %rax
	jae	vsyscall_number_is_odd
vsyscall_dispatch:
	leaq	upcall_keep_args(%rip), %r11
	jmp	*(%r11, %rax, 8)
	.global	x86_vsyscall_keep_all
x86_vsyscall_keep_all:
	movq	%r9, UKARCH_REGS_R9(%rsp)
	movq	%r8, UKARCH_REGS_R8(%rsp)
	movq	%r10, %rcx
	movq	%r10, UKARCH_REGS_R10(%rsp)
	movq	%rdx, UKARCH_REGS_RDX(%rsp)
	movq	%rsi, UKARCH_REGS_RSI(%rsp)
	movq	%rdi, UKARCH_REGS_RDI(%rsp)
vsyscall_keep_none:
	.if	vsyscall_keep_none - x86_vsyscall_keep_all != X86_VSYSCALL_KEEP_BYTES(6)
	.error	"X86_VSYSCALL_KEEP_BYTES does not tell the size of these instructions"
	.endif
	movq	%rax, UKARCH_REGS_ORIG_RAX(%rsp)
	leaq	syscall_table(%rip), %r11
	call	*(%r11, %rax, 8)
	.global	x86_vsyscall_leave
x86_vsyscall_leave:
	JUMP_IF_WORK syscall_return_slow
	movq	UKARCH_REGS_RSP(%rsp), %rsp
	.global	x86_vsyscall_left
x86_vsyscall_left:
	ret

vsyscall_number_is_odd:
	movl	%eax, %eax
	cmpq	syscall_table_entries(%rip), %rax
	jb	vsyscall_dispatch
	movq	%rax, UKARCH_REGS_ORIG_RAX(%rsp)
	movq	syscall_table_entries(%rip), %rax
	leaq	syscall_table(%rip), %r11
	call	*(%r11, %rax, 8)
	jmp	x86_vsyscall_leave

/* The same while calls have to trap: __kernel_vsyscall cannot tell. */
	.global	x86_vsyscall_trap
x86_vsyscall_trap:
	syscall
	.global	x86_vsyscall_trapped
x86_vsyscall_trapped:
	ret

/* All registers are in the frame at RSP; do what is due, then restore every one of them. */
return_to_user:
	cli
	movq	%gs:X86_PERCPU_CURRENT, %rcx
	movl	UKARCH_THREAD_WORK(%rcx), %eax
	testl	$LOOP_WORK, %eax
	jnz	1f
	testl	$(UKARCH_WORK_REGS | UKARCH_WORK_ARCH), %eax
	jnz	2f
restore_all:
	POP_REGS
	iretq
1:	sti
	movq	%rsp, %rdi
	call	upcall_return_to_user
	jmp	return_to_user
2:	lock andl $~UKARCH_WORK_REGS, UKARCH_THREAD_WORK(%rcx)
	testl	$UKARCH_WORK_ARCH, %eax
	jz	restore_all
	POP_REGS
	swapgs
	iretq

/*
 * Calls that copy the whole register set (clone): what the paths above left in the registers goes
 * into the frame before C code reuses them. A traced call has done that already.
 */
	.macro	FULL_REGS_CALL name, target
	.global	\name
\name:
	movq	%gs:X86_PERCPU_CURRENT, %rax
	testl	$UKARCH_WORK_TRACE, UKARCH_THREAD_WORK(%rax)
	jnz	\target
	movq	UKARCH_THREAD_USER_REGS(%rax), %rax
	SAVE_CALLEE_SAVED rax
	jmp	\target
	.endm
	FULL_REGS_CALL sys_clone, upcall_clone
	FULL_REGS_CALL sys_clone3, upcall_clone3

/* void ukarch_enter_user(struct ukarch_thread *thread): forget the kernel stack's contents. */
	.global	ukarch_enter_user
ukarch_enter_user:
	cli
	movq	UKARCH_THREAD_USER_REGS(%rdi), %rsp
	jmp	return_to_user

/* --- exceptions and interrupts ------------------------------------------------------------------ */

/*
 * 256 stubs of 16 bytes. The CPU pushes an error code for vectors 8, 10-14, 17, 21, 29 and 30, but
 * not if an INT instruction of the program's raised them; the others push a zero in its place.
 */
	.balign	16
	.global	x86_trap_stubs
x86_trap_stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	.if	vector == 8
	pushq	$vector
	jmp	double_fault_entry
	.elseif	(vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
	pushq	$vector
	jmp	trap_entry_error
	.elseif	vector == 2 || vector == 18
	pushq	$vector
	jmp	nmi_entry
	.else
	pushq	$0
	pushq	$vector
	jmp	trap_entry
	.endif
	.set	vector, vector + 1
	.endr

/* An INT instruction, with no error code. On the IST stack: vector, RIP, CS, RFLAGS, RSP, SS. As
 * ring 3 would have it, the instruction itself faults, and the error code names the gate (SDM vol.
 * 3, 6.12.1.2). */
int_refused:
	shlq	$3, (%rsp)
	orq	$X86_ERROR_IDT, (%rsp)
	subq	$X86_INT_BYTES, 8(%rsp)
	pushq	$X86_VECTOR_GP
	jmp	trap_entry

/* IST stacks are aligned to 16 bytes: with an error code, the vector is the seventh word. */
	.balign	64
trap_entry_error:
	testb	$8, %spl
	jz	int_refused
	/* fall through */

/* On the IST stack: vector, error code, RIP, CS, RFLAGS, RSP, SS. Move everything to the kernel
 * stack and be off this one, so that the next exception finds it free. */
trap_entry:
	pushq	%rax
	pushq	%rsi
	pushq	%rdi
#define IST_RDI    0
#define IST_RSI    8
#define IST_RAX    16
#define IST_VECTOR 24
#define IST_ERROR  32
#define IST_RIP    40
#define IST_CS     48
#define IST_RFLAGS 56
#define IST_RSP    64
#define IST_SS     72
	movq	%rsp, %rsi
	movq	%rsp, %rax
	andq	$-X86_IST_BYTES, %rax
	cmpq	$0, X86_IST_GUARD(%rax)
	jne	trap_maybe_swapgs
trap_on_kernel_gs:
	movq	%gs:X86_PERCPU_USER_REGS, %rdi
	addq	$UKARCH_REGS_SIZE, %rdi
	movq	IST_RSP(%rsi), %rax
	testq	%rax, %rax			/* the sign tells the half */
	jns	1f
	cmpq	$0, IST_RIP(%rsi)
	jns	trap_outside
trap_from_kernel:
	movq	IST_RSP(%rsi), %rdi
	andq	$-16, %rdi
	subq	$8, %rdi
	/* Too close to the guard page for this frame and a handler? Then stay here and die. */
	movl	%edi, %eax
	andl	$(UKARCH_KSTACK_SIZE - 1), %eax
	cmpl	$(4096 + 1024), %eax
	jb	kernel_stack_overflow
	orl	$-1, %eax			/* the sign again, for the test below */
1:	movq	%rdi, %rsp
	pushq	IST_SS(%rsi)
	pushq	IST_RSP(%rsi)
	pushq	IST_RFLAGS(%rsi)
	pushq	IST_CS(%rsi)
	pushq	IST_RIP(%rsi)
	pushq	$-1				/* orig_rax: not a system call */
	pushq	IST_RDI(%rsi)
	pushq	IST_RSI(%rsi)
	pushq	%rdx
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	IST_RAX(%rsi)
	pushq	%rcx
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	sets	%bl				/* BL = 1: the kernel was interrupted */
	/* Some enter with a null SS. Its default size is no matter to us, but an emulator keeps
	 * translated code apart by it, and would do all that we call a second time. */
	movl	$X86_KERNEL_DS, %eax
	movl	%eax, %ss
	movq	IST_ERROR(%rsi), %rdx
	movl	IST_VECTOR(%rsi), %esi
	movq	%rsp, %rdi
	movzbl	%bl, %ecx
	call	x86_trap			/* (regs, vector, error, from_kernel) */
	testb	%bl, %bl
	jz	return_to_user
	jmp	restore_all

/* A stack in the high half, code in the low one. On its own stack it is the kernel that is lost;
 * on any other the program is. RAX: RSP, RDI: the top of the kernel stack. */
trap_outside:
	xorq	%rdi, %rax
	shrq	$UKARCH_KSTACK_SHIFT, %rax	/* clears the sign, for the test above */
	jz	trap_from_kernel
	jmp	1b

/* The interrupted task has its own GS: it is loaded if the program was running. RAX: where the
 * per-CPU block is, whatever GS holds. */
trap_maybe_swapgs:
	movq	IST_RIP(%rsi), %rdi
	andq	IST_RSP(%rsi), %rdi
	js	trap_on_kernel_gs
	movq	X86_IST_GUARD(%rax), %rdi
	movq	X86_PERCPU_USER_REGS(%rdi), %rdi
	xorq	IST_RSP(%rsi), %rdi
	shrq	$UKARCH_KSTACK_SHIFT, %rdi
	jz	trap_on_kernel_gs
	swapgs
	jmp	trap_on_kernel_gs

double_fault_entry:
	testb	$8, %spl
	jz	int_refused
	jmp	x86_fatal_entry

/* NMI and machine check; or the program wanted one: then RIP is behind `int $vector`. On the IST
 * stack: vector, RIP. */
nmi_entry:
	pushq	%rax
	movq	16(%rsp), %rax
	testq	%rax, %rax			/* the sign tells the half */
	js	1f
	cmpb	$X86_INT_OPCODE, -X86_INT_BYTES(%rax)
	jne	1f
	movzbl	-1(%rax), %eax
	cmpq	%rax, 8(%rsp)
1:	popq	%rax
	je	int_refused
	pushq	(%rsp)
	movq	$0, 8(%rsp)			/* the error code */
	jmp	x86_fatal_entry

kernel_stack_overflow:
	movl	$X86_VECTOR_STACK_OVERFLOW, IST_VECTOR(%rsi)
	movq	%rsi, %rsp
	popq	%rdi
	popq	%rsi
	popq	%rax
	/* fall through */

/* Double fault, NMI, machine check, stack overflow: nothing returns from these, so a frame right
 * here on the IST stack will do. */
	.global	x86_fatal_entry
x86_fatal_entry:
	xchgq	%rdi, 8(%rsp)			/* error code into RDI, RDI into its slot ... */
	xchgq	%rsi, (%rsp)			/* ... and vector into RSI, RSI into its slot */
	pushq	%rdx				/* so the frame from here on is rdx, rsi, rdi = orig */
	subq	$16, %rsp
	/* Build struct ukarch_regs below: simple and slow. */
	subq	$UKARCH_REGS_SIZE, %rsp
	movq	%r15, UKARCH_REGS_R15(%rsp)
	movq	%r14, UKARCH_REGS_R14(%rsp)
	movq	%r13, UKARCH_REGS_R13(%rsp)
	movq	%r12, UKARCH_REGS_R12(%rsp)
	movq	%rbp, UKARCH_REGS_RBP(%rsp)
	movq	%rbx, UKARCH_REGS_RBX(%rsp)
	movq	%r11, UKARCH_REGS_R11(%rsp)
	movq	%rcx, UKARCH_REGS_RCX(%rsp)
	movq	%rax, UKARCH_REGS_RAX(%rsp)
	movq	%r10, UKARCH_REGS_R10(%rsp)
	movq	%r9, UKARCH_REGS_R9(%rsp)
	movq	%r8, UKARCH_REGS_R8(%rsp)
	movq	%rdx, UKARCH_REGS_RDX(%rsp)
#define FATAL(slot) (UKARCH_REGS_SIZE + 16 + 8 + (slot) * 8)(%rsp)
	movq	FATAL(0), %rax
	movq	%rax, UKARCH_REGS_RSI(%rsp)
	movq	FATAL(1), %rax
	movq	%rax, UKARCH_REGS_RDI(%rsp)
	movq	$-1, UKARCH_REGS_ORIG_RAX(%rsp)
	movq	FATAL(2), %rax
	movq	%rax, UKARCH_REGS_RIP(%rsp)
	movq	FATAL(3), %rax
	movq	%rax, UKARCH_REGS_CS(%rsp)
	movq	FATAL(4), %rax
	movq	%rax, UKARCH_REGS_RFLAGS(%rsp)
	movq	FATAL(5), %rax
	movq	%rax, UKARCH_REGS_RSP(%rsp)
	movq	FATAL(6), %rax
	movq	%rax, UKARCH_REGS_SS(%rsp)
	/* Whose GS this is nobody knows. */
	movq	%rdi, %rbx
	leaq	x86_boot_percpu(%rip), %rax
	movq	%rax, %rdx
	shrq	$32, %rdx
	movl	$MSR_GS_BASE, %ecx
	wrmsr
	movq	%rbx, %rdx
	movq	%rsp, %rdi
	movl	$1, %ecx
	cld
	call	x86_trap
	ud2
