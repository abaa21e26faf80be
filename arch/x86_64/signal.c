/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signal frames of x86_64, as Linux lays them out (asm/ucontext.h, asm/sigcontext.h):
 *
 *   frame_top - 128 (red zone)
 *     vector state, 64-byte aligned: XSAVE area + FP_XSTATE_MAGIC2
 *     struct rt_sigframe: return address, ucontext, siginfo; rsp = 8 mod 16 at the handler
 *
 * rt_sigreturn(2) finds the frame at rsp - 8 (the return popped the first word). Everything in it
 * is the program's to change: only program addresses and harmless flags are taken back.
 */
#include <asm/signal.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include <uk/arch/segments.h>
#include <uk/arch/signal.h>
#include <uk/arch/uaccess.h>
#include <uk/arch/x86.h>
#include <uk/arch/cpu.h>
#include <uk/string.h>

struct rt_sigframe {
	uint64_t return_address;
	struct ucontext uc;
	siginfo_t info;
};
_Static_assert(sizeof(struct sigcontext) == 256, "ABI");
_Static_assert(offsetof(struct rt_sigframe, uc) == 8, "ABI");

#define RED_ZONE      128
#define XSTATE_HEADER 576 /* legacy region and header: the least an XSAVE area has */
#define SW_RESERVED   464 /* struct _fpx_sw_bytes in the legacy region */
#define XSTATE_BV     512
/* What a program may change in RFLAGS: CF PF AF ZF SF DF OF NT AC ID (and TF, which we mask). */
#define RFLAGS_USER        0x244dd5UL
#define SYSCALL_INSN_BYTES 2 /* bytes of `syscall` */

size_t ukarch_sigframe_max_bytes(void)
{
	/* Alignment of both parts may cost up to 64 + 16 bytes. */
	return x86_fpu_bytes() + 4 + 64 + sizeof(struct rt_sigframe) + 16 + RED_ZONE;
}

static struct _fpx_sw_bytes sw_bytes(void)
{
	return (struct _fpx_sw_bytes){
		.magic1 = FP_XSTATE_MAGIC1,
		.extended_size = (uint32_t)x86_fpu_bytes() + FP_XSTATE_MAGIC2_SIZE,
		.xfeatures = x86_fpu_components,
		.xstate_size = (uint32_t)x86_fpu_bytes(),
	};
}

static int save_vector_state(vaddr_t area)
{
	bool has_xsave = x86_fpu_components != 0;
	struct _fpx_sw_bytes sw;
	uint32_t magic2 = FP_XSTATE_MAGIC2;

	if (!user_range_ok(area, x86_fpu_bytes() + sizeof(magic2)))
		return -EFAULT;
	/* XSAVE writes one word of its header and expects zeros in the others. */
	if (has_xsave && clear_user((void __user *)(area + XSTATE_BV), XSTATE_HEADER - XSTATE_BV))
		return -EFAULT;
	if (x86_fpu_save_user(area))
		return -EFAULT;
	if (!has_xsave)
		return 0;
	sw = sw_bytes();
	if (copy_to_user((void __user *)(area + SW_RESERVED), &sw, sizeof(sw)) ||
	    put_user(magic2, (uint32_t __user *)(area + x86_fpu_bytes())))
		return -EFAULT;
	return 0;
}

static void fill_context(struct sigcontext *sc, const struct ukarch_regs *regs,
			 const struct ukarch_sigdelivery *d)
{
	sc->r8 = regs->r8;
	sc->r9 = regs->r9;
	sc->r10 = regs->r10;
	sc->r11 = regs->r11;
	sc->r12 = regs->r12;
	sc->r13 = regs->r13;
	sc->r14 = regs->r14;
	sc->r15 = regs->r15;
	sc->rdi = regs->rdi;
	sc->rsi = regs->rsi;
	sc->rbp = regs->rbp;
	sc->rbx = regs->rbx;
	sc->rdx = regs->rdx;
	sc->rax = regs->rax;
	sc->rcx = regs->rcx;
	sc->rsp = regs->rsp;
	sc->rip = regs->rip;
	sc->eflags = regs->rflags;
	sc->cs = X86_USER_CS; /* what a program on Linux sees */
	sc->ss = X86_USER_DS;
	sc->err = d->fault_error;
	sc->trapno = d->fault_vector;
	sc->oldmask = d->saved_mask;
	sc->cr2 = d->fault_addr;
}

int ukarch_sigframe_push(struct ukarch_regs *regs, const struct ukarch_sigdelivery *d)
{
	size_t state_bytes = x86_fpu_bytes() + (x86_fpu_components ? FP_XSTATE_MAGIC2_SIZE : 0);
	vaddr_t state = UK_ALIGN_DOWN(d->frame_top - RED_ZONE - state_bytes, 64);
	vaddr_t at = UK_ALIGN_DOWN(state - sizeof(struct rt_sigframe), 16) - 8;
	struct rt_sigframe frame;

	if (d->frame_top > UKARCH_USER_END || d->frame_top < ukarch_sigframe_max_bytes())
		return -EFAULT;
	memset(&frame, 0, sizeof(frame));
	frame.return_address = d->restorer;
	frame.uc.uc_flags =
		UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (x86_fpu_components ? UC_FP_XSTATE : 0);
	frame.uc.uc_stack = d->altstack;
	frame.uc.uc_sigmask = d->saved_mask;
	fill_context(&frame.uc.uc_mcontext, regs, d);
	frame.uc.uc_mcontext.fpstate = (void *)state;
	frame.info = *d->info;
	if (save_vector_state(state) || copy_to_user((void __user *)at, &frame, sizeof(frame)))
		return -EFAULT;
	regs->rdi = (uint64_t)d->signo;
	regs->rsi = at + offsetof(struct rt_sigframe, info);
	regs->rdx = at + offsetof(struct rt_sigframe, uc);
	regs->rax = 0;
	regs->rsp = at;
	regs->rip = d->handler;
	regs->rflags &= ~(X86_RFLAGS_DF | X86_RFLAGS_TF);
	regs->orig_rax = (uint64_t)-1;
	return 0;
}

/* Which components the frame carries: Linux' two magic words vouch for more than the legacy
 * region. 0: that region only. */
static int state_components(vaddr_t area, uint64_t *wanted)
{
	struct _fpx_sw_bytes sw;
	uint32_t magic2 = 0;

	*wanted = 0;
	if (!x86_fpu_components)
		return 0;
	if (copy_from_user(&sw, (void __user *)(area + SW_RESERVED), sizeof(sw)))
		return -EFAULT;
	if (sw.magic1 != FP_XSTATE_MAGIC1 || sw.xstate_size < XSTATE_HEADER ||
	    sw.xstate_size > x86_fpu_bytes() || sw.extended_size < sw.xstate_size)
		return 0;
	if (get_user(magic2, (uint32_t __user *)(area + sw.xstate_size)))
		return -EFAULT;
	if (magic2 == FP_XSTATE_MAGIC2)
		*wanted = sw.xfeatures & x86_fpu_components;
	return 0;
}

/* XRSTOR takes nothing it does not like (reserved bits raise #GP), so the frame is loaded as it
 * is; what it lacks becomes the initial state. */
static int load_vector_state(vaddr_t area)
{
	uint64_t wanted;
	int error;

	if (!area) {
		x86_fpu_reset();
		return 0;
	}
	if (!UK_IS_ALIGNED(area, 64))
		return -EINVAL;
	if (!user_range_ok(area, x86_fpu_bytes()))
		return -EFAULT;
	error = state_components(area, &wanted);
	return error ? error : x86_fpu_restore_user(area, wanted);
}

int ukarch_sigframe_pop(struct ukarch_regs *regs, uint64_t *saved_mask, stack_t *altstack)
{
	struct ucontext uc;
	struct sigcontext *sc = &uc.uc_mcontext;
	vaddr_t at = regs->rsp - sizeof(uint64_t);
	int error;

	if (copy_from_user(&uc, (void __user *)(at + offsetof(struct rt_sigframe, uc)), sizeof(uc)))
		return -EFAULT;
	if (sc->rip >= UKARCH_USER_END && UK_ALIGN_DOWN(sc->rip, 4096) != UKARCH_VSYSCALL_ADDR)
		return -EFAULT;
	error = load_vector_state((vaddr_t)sc->fpstate);
	if (error)
		return error;
	*regs = (struct ukarch_regs){
		.r8 = sc->r8,
		.r9 = sc->r9,
		.r10 = sc->r10,
		.r11 = sc->r11,
		.r12 = sc->r12,
		.r13 = sc->r13,
		.r14 = sc->r14,
		.r15 = sc->r15,
		.rdi = sc->rdi,
		.rsi = sc->rsi,
		.rbp = sc->rbp,
		.rbx = sc->rbx,
		.rdx = sc->rdx,
		.rax = sc->rax,
		.rcx = sc->rcx,
		.rsp = sc->rsp,
		.rip = sc->rip,
		.cs = X86_KERNEL_CS,
		.ss = X86_KERNEL_DS,
		.rflags = (sc->eflags & RFLAGS_USER) | X86_RFLAGS_IF | 0x2,
		.orig_rax = (uint64_t)-1,
	};
	*saved_mask = uc.uc_sigmask;
	*altstack = uc.uc_stack;
	return 0;
}

void ukarch_syscall_restart_block(struct ukarch_regs *regs)
{
	regs->rax = __NR_restart_syscall;
	regs->rip -= SYSCALL_INSN_BYTES;
}

void ukarch_syscall_restart(struct ukarch_regs *regs)
{
	regs->rax = regs->orig_rax;
	regs->rip -= SYSCALL_INSN_BYTES;
}
