/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions, decoded into struct ukarch_fault, and the exception table. Interrupts stay off until
 * the kernel proper decides otherwise.
 */
#include <asm/siginfo.h>
#include <uk/arch/paging.h>
#include <uk/arch/segments.h>
#include <uk/arch/thread.h>
#include <uk/arch/uaccess.h>
#include <uk/arch/upcall.h>
#include <uk/arch/x86.h>
#include <uk/arch/cpu.h>

#define PF_PRESENT 0x1
#define PF_WRITE   0x2
#define PF_USER    0x4
#define PF_EXEC    0x10

/* Exceptions that need no look at the instruction: `int $3` and `int $4` are the program's to use,
 * and entry.S knows by the missing error code. */
#define NOT_BY_INT 0x60227d18U

#define VECTOR_DEBUG          1
#define VECTOR_INVALID_OPCODE 6

struct extable_entry {
	int32_t from, to; /* each relative to its own place */
};
extern const struct extable_entry extable_start[], extable_end[];

static const struct {
	char name[28];
	uint8_t kind, si_code;
} exceptions[32] = {
	[0] = {"divide error", UKARCH_FAULT_DIVIDE, FPE_INTDIV},
	[1] = {"debug exception", UKARCH_FAULT_DEBUG, TRAP_TRACE},
	[2] = {"non-maskable interrupt", UKARCH_FAULT_FATAL, 0},
	[3] = {"breakpoint", UKARCH_FAULT_BREAKPOINT, 0},
	[4] = {"overflow", UKARCH_FAULT_OVERFLOW, 0},
	[5] = {"bound range exceeded", UKARCH_FAULT_OVERFLOW, 0},
	[6] = {"invalid opcode", UKARCH_FAULT_INVALID_OP, ILL_ILLOPN},
	[7] = {"device not available", UKARCH_FAULT_INVALID_OP, ILL_ILLOPN},
	[8] = {"double fault", UKARCH_FAULT_FATAL, 0},
	[10] = {"invalid TSS", UKARCH_FAULT_PROTECTION, 0},
	[11] = {"segment not present", UKARCH_FAULT_PROTECTION, 0},
	[12] = {"stack segment fault", UKARCH_FAULT_PROTECTION, 0},
	[13] = {"general protection fault", UKARCH_FAULT_PROTECTION, 0},
	[14] = {"page fault", UKARCH_FAULT_PAGE, 0},
	[16] = {"x87 floating-point error", UKARCH_FAULT_FLOAT, 0},
	[17] = {"alignment check", UKARCH_FAULT_ALIGNMENT, BUS_ADRALN},
	[18] = {"machine check", UKARCH_FAULT_FATAL, 0},
	[19] = {"SIMD floating-point error", UKARCH_FAULT_FLOAT, 0},
	[21] = {"control protection fault", UKARCH_FAULT_PROTECTION, 0},
};

/* Where to go on when the instruction at `pc` may fault; 0: it may not. */
static vaddr_t extable_find(vaddr_t pc)
{
	for (const struct extable_entry *e = extable_start; e < extable_end; e++)
		if ((vaddr_t)&e->from + (vaddr_t)(intptr_t)e->from == pc)
			return (vaddr_t)&e->to + (vaddr_t)(intptr_t)e->to;
	return 0;
}

/* Which unmasked exception raised #MF or #XM; order of Linux' fpu__exception_code. */
static int float_si_code(unsigned int vector)
{
	uint32_t status;

	if (vector == 16) {
		uint16_t control, word;

		__asm__ volatile("fnstcw %0; fnstsw %1" : "=m"(control), "=m"(word));
		status = word & ~control;
	} else {
		uint32_t mxcsr;

		__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
		status = ~(mxcsr >> 7) & mxcsr;
	}
	if (status & 0x01)
		return FPE_FLTINV;
	if (status & 0x04)
		return FPE_FLTDIV;
	if (status & 0x08)
		return FPE_FLTOVF;
	if (status & 0x12)
		return FPE_FLTUND;
	return FPE_FLTRES;
}

static void decode_page_fault(struct ukarch_fault *fault)
{
	fault->addr = X86_READ_CR(2);
	fault->is_present = fault->error_code & PF_PRESENT;
	fault->is_write = fault->error_code & PF_WRITE;
	fault->is_exec = fault->error_code & PF_EXEC;
	/* The program is in ring 0, but its signal frames look as in ring 3. */
	if (fault->from_user)
		fault->error_code |= PF_USER;
}

/* Did the program ask for `vector` by INT? An exception that has no error code looks the same, but
 * that RIP is at the instruction: what comes before it is a coincidence at worst. */
static bool is_by_int(const struct ukarch_regs *regs, unsigned int vector)
{
	const void __user *insn = (const void __user *)(regs->rip - X86_INT_BYTES);
	uint8_t bytes[X86_INT_BYTES];

	return !(vector < 32 && (NOT_BY_INT >> vector & 1)) &&
	       copy_from_user(bytes, insn, sizeof(bytes)) == 0 && bytes[0] == X86_INT_OPCODE &&
	       bytes[1] == vector;
}

/* As ring 3 would have it, the instruction itself faults; entry.S does the same. */
static void refuse_int(struct ukarch_regs *regs, unsigned int vector)
{
	struct ukarch_fault fault = {
		.kind = UKARCH_FAULT_PROTECTION,
		.name = exceptions[X86_VECTOR_GP].name,
		.vector = X86_VECTOR_GP,
		.error_code = vector << 3 | X86_ERROR_IDT,
		.from_user = true,
	};

	regs->rip -= X86_INT_BYTES;
	fault.addr = regs->rip;
	upcall_fault(regs, &fault);
}

/* An interrupt came while a system call was leaving, and may have left work: look again for it. */
static void leave_again(struct ukarch_regs *regs)
{
	static const struct {
		const char *leave, *left;
	} ways[] = {
		{x86_syscall_leave, x86_syscall_left},
		{x86_vsyscall_leave, x86_vsyscall_left},
#ifdef CONFIG_SYSCALL_PATCHING
		{x86_site_leave, x86_site_left},
#endif
	};

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (regs->rip < (vaddr_t)ways[i].leave || regs->rip >= (vaddr_t)ways[i].left)
			continue;
		regs->rip = (vaddr_t)ways[i].leave;
		regs->rsp = (vaddr_t)ukarch_thread_current()->user_regs;
		regs->rflags &= ~(X86_RFLAGS_DF | X86_RFLAGS_TF | X86_RFLAGS_AC | X86_RFLAGS_NT);
	}
}

/* What the program may not notice of the ways in and out: that there are instructions. */
static bool is_on_a_way_in_or_out(struct ukarch_regs *regs, unsigned int vector)
{
#ifdef CONFIG_SYSCALL_PATCHING
	if (vector == VECTOR_INVALID_OPCODE)
		return upcall_site_repair(regs);
#endif
	if (vector == VECTOR_DEBUG && (int64_t)regs->rip < 0) {
		vaddr_t pc = regs->rip;

		ukarch_irq_enable();
		upcall_trap_always();
		upcall_settle(regs);
		return regs->rip != pc; /* this step, it makes again */
	}
	return false;
}

void x86_trap(struct ukarch_regs *regs, unsigned int vector, uint64_t error, bool from_kernel)
{
	struct ukarch_fault fault = {
		.kind = UKARCH_FAULT_FATAL,
		.name = "unexpected exception",
		.vector = vector,
		.error_code = error,
		.addr = regs->rip,
		.from_user = !from_kernel,
	};

	if (vector >= 32 && vector < 256) {
		if (from_kernel || upcall_irq_is_real(vector))
			upcall_irq(vector);
		else if (is_by_int(regs, vector))
			refuse_int(regs, vector);
		/* else: a controller raised it and thought better of it */
		if (from_kernel)
			leave_again(regs);
		return;
	}
	if (!from_kernel && is_on_a_way_in_or_out(regs, vector))
		return;
	if (vector == X86_VECTOR_STACK_OVERFLOW) {
		fault.name = "kernel stack overflow";
	} else if (exceptions[vector].name[0]) {
		fault.name = exceptions[vector].name;
		fault.kind = exceptions[vector].kind;
		fault.si_code = exceptions[vector].si_code;
	}
	if (fault.kind == UKARCH_FAULT_PAGE) {
		decode_page_fault(&fault);
	} else if (fault.from_user && is_by_int(regs, vector)) {
		refuse_int(regs, vector);
		return;
	} else if (fault.kind == UKARCH_FAULT_FLOAT) {
		fault.si_code = float_si_code(vector);
	}
	upcall_fault(regs, &fault);
}

bool ukarch_fault_has_fixup(const struct ukarch_regs *regs)
{
	return extable_find(regs->rip) != 0;
}

bool ukarch_fault_fixup(struct ukarch_regs *regs)
{
	vaddr_t target = extable_find(regs->rip);

	if (target)
		regs->rip = target;
	return target != 0;
}
