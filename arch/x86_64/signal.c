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
/* What a program may change in RFLAGS: CF PF AF ZF SF TF DF OF NT AC ID. */
#define RFLAGS_USER        0x244dd5UL
#define SYSCALL_INSN_BYTES 2 /* bytes of `syscall` */

/* Written out: compilers unroll no loop of these. */
#define PUT_FOUR_ZEROS(words, fault)                                                               \
	do {                                                                                       \
		put_user_or_goto(0, (words), fault);                                               \
		put_user_or_goto(0, (words) + 1, fault);                                           \
		put_user_or_goto(0, (words) + 2, fault);                                           \
		put_user_or_goto(0, (words) + 3, fault);                                           \
	} while (0)

size_t ukarch_sigframe_max_bytes(void)
{
	/* Alignment of both parts may cost up to 64 + 16 bytes. */
	return x86_fpu_area_bytes + 4 + 64 + sizeof(struct rt_sigframe) + 16 + RED_ZONE;
}

/* struct _fpx_sw_bytes, word by word: magic and size of all, components, size, nothing. And the
 * second magic word, behind the state. */
static inline int put_sw_bytes(vaddr_t area)
{
	uint64_t __user *sw = (uint64_t __user *)(area + SW_RESERVED);
	uint64_t bytes = x86_fpu_area_bytes;

	_Static_assert(sizeof(struct _fpx_sw_bytes) == 48, "ABI");
	put_user_or_goto(FP_XSTATE_MAGIC1 | (bytes + FP_XSTATE_MAGIC2_SIZE) << 32, &sw[0], fault);
	put_user_or_goto(x86_fpu_components, &sw[1], fault);
	put_user_or_goto(bytes, &sw[2], fault);
	put_user_or_goto(0, &sw[3], fault);
	put_user_or_goto(0, &sw[4], fault);
	put_user_or_goto(0, &sw[5], fault);
	put_user_or_goto(FP_XSTATE_MAGIC2, (uint32_t __user *)(area + bytes), fault);
	return 0;
fault:
	return -EFAULT;
}

/* The range is the program's. */
static inline int save_vector_state(vaddr_t area)
{
	uint64_t __user *header = (uint64_t __user *)(area + XSTATE_BV);
	int error;

	if (!x86_fpu_components)
		return x86_fpu_save_user(area);
	/* XSAVE writes one word of its header and expects zeros in the others. */
	PUT_FOUR_ZEROS(&header[0], fault);
	PUT_FOUR_ZEROS(&header[4], fault);
	error = x86_fpu_save_user(area);
	return error ? error : put_sw_bytes(area);
fault:
	return -EFAULT;
}

/* Selectors as a program on Linux sees them: cs, gs, fs, ss. */
#define SELECTORS ((uint64_t)X86_USER_CS | (uint64_t)X86_USER_DS << 48)

static inline int put_context(struct sigcontext __user *sc, const struct ukarch_regs *regs,
			      const struct ukarch_sigdelivery *d)
{
	const struct ukarch_sigfault *last = d->fault;

	put_user_or_goto(regs->r8, &sc->r8, fault);
	put_user_or_goto(regs->r9, &sc->r9, fault);
	put_user_or_goto(regs->r10, &sc->r10, fault);
	put_user_or_goto(regs->r11, &sc->r11, fault);
	put_user_or_goto(regs->r12, &sc->r12, fault);
	put_user_or_goto(regs->r13, &sc->r13, fault);
	put_user_or_goto(regs->r14, &sc->r14, fault);
	put_user_or_goto(regs->r15, &sc->r15, fault);
	put_user_or_goto(regs->rdi, &sc->rdi, fault);
	put_user_or_goto(regs->rsi, &sc->rsi, fault);
	put_user_or_goto(regs->rbp, &sc->rbp, fault);
	put_user_or_goto(regs->rbx, &sc->rbx, fault);
	put_user_or_goto(regs->rdx, &sc->rdx, fault);
	put_user_or_goto(regs->rax, &sc->rax, fault);
	put_user_or_goto(regs->rcx, &sc->rcx, fault);
	put_user_or_goto(regs->rsp, &sc->rsp, fault);
	put_user_or_goto(regs->rip, &sc->rip, fault);
	put_user_or_goto(regs->rflags, &sc->eflags, fault);
	put_user_or_goto(SELECTORS, (uint64_t __user *)&sc->cs, fault);
	put_user_or_goto(last->error, &sc->err, fault);
	put_user_or_goto(last->vector, &sc->trapno, fault);
	put_user_or_goto(d->saved_mask, &sc->oldmask, fault);
	put_user_or_goto(last->addr, &sc->cr2, fault);
	return 0;
fault:
	return -EFAULT;
}

/* struct uk_siginfo, and zeros up to the size of a siginfo_t. */
static inline int put_info(siginfo_t __user *user, const struct uk_siginfo *info)
{
	uint64_t __user *to = (uint64_t __user *)user;

	_Static_assert(sizeof(*user) == 16 * sizeof(*to), "ABI");
	put_user_or_goto(info->words[0], &to[0], fault);
	put_user_or_goto(info->words[1], &to[1], fault);
	put_user_or_goto(info->words[2], &to[2], fault);
	put_user_or_goto(info->words[3], &to[3], fault);
	put_user_or_goto(info->words[4], &to[4], fault);
	put_user_or_goto(info->words[5], &to[5], fault);
	put_user_or_goto(0, &to[6], fault);
	put_user_or_goto(0, &to[7], fault);
	PUT_FOUR_ZEROS(&to[8], fault);
	PUT_FOUR_ZEROS(&to[12], fault);
	return 0;
fault:
	return -EFAULT;
}

#define UC_FLAGS_ALWAYS (UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS)

static int put_frame(struct rt_sigframe __user *frame, vaddr_t state,
		     const struct ukarch_regs *regs, const struct ukarch_sigdelivery *d)
{
	struct ucontext __user *uc = &frame->uc;
	const stack_t *altstack = d->altstack;

	put_user_or_goto(d->restorer, &frame->return_address, fault);
	put_user_or_goto(UC_FLAGS_ALWAYS | (x86_fpu_components ? UC_FP_XSTATE : 0), &uc->uc_flags,
			 fault);
	put_user_or_goto(0, (uint64_t __user *)&uc->uc_link, fault);
	put_user_or_goto((uint64_t)altstack->ss_sp, (uint64_t __user *)&uc->uc_stack.ss_sp, fault);
	put_user_or_goto((uint32_t)altstack->ss_flags, (uint64_t __user *)&uc->uc_stack.ss_flags,
			 fault);
	put_user_or_goto(altstack->ss_size, &uc->uc_stack.ss_size, fault);
	put_user_or_goto(d->saved_mask, (uint64_t __user *)&uc->uc_sigmask, fault);
	put_user_or_goto(state, (uint64_t __user *)&uc->uc_mcontext.fpstate, fault);
	if (put_context(&uc->uc_mcontext, regs, d))
		goto fault;
	return put_info(&frame->info, d->info);
fault:
	return -EFAULT;
}

int ukarch_sigframe_push(struct ukarch_regs *regs, const struct ukarch_sigdelivery *d)
{
	size_t state_bytes = x86_fpu_area_bytes + FP_XSTATE_MAGIC2_SIZE;
	vaddr_t state = UK_ALIGN_DOWN(d->frame_top - RED_ZONE - state_bytes, 64);
	vaddr_t at = UK_ALIGN_DOWN(state - sizeof(struct rt_sigframe), 16) - 8;

	if (d->frame_top > UKARCH_USER_END || at > d->frame_top)
		return -EFAULT;
	if (save_vector_state(state) || put_frame((struct rt_sigframe __user *)at, state, regs, d))
		return -EFAULT;
	x86_fpu_reset(); /* a handler starts with a clean one, as on Linux */
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
	const uint64_t __user *sw = (const uint64_t __user *)(area + SW_RESERVED);
	uint64_t magic1, magic2, components, state_size;

	*wanted = 0;
	if (!x86_fpu_components)
		return 0;
	if (x86_get_user(&magic1, &sw[0], sizeof(*sw)) || /* and the size of all */
	    x86_get_user(&components, &sw[1], sizeof(*sw)) ||
	    x86_get_user(&state_size, &sw[2], sizeof(*sw)))
		return -EFAULT;
	state_size = (uint32_t)state_size;
	if ((uint32_t)magic1 != FP_XSTATE_MAGIC1 || state_size < XSTATE_HEADER ||
	    state_size > x86_fpu_area_bytes || magic1 >> 32 < state_size)
		return 0;
	if (x86_get_user(&magic2, (const void *)(area + state_size), FP_XSTATE_MAGIC2_SIZE))
		return -EFAULT;
	if (magic2 == FP_XSTATE_MAGIC2)
		*wanted = components & x86_fpu_components;
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
	if (!user_range_ok(area, x86_fpu_area_bytes + FP_XSTATE_MAGIC2_SIZE))
		return -EFAULT;
	error = state_components(area, &wanted);
	return error ? error : x86_fpu_restore_user(area, wanted);
}

/* Every page of the frame has been read before: it does not fail any more. */
static int get_context(struct ukarch_regs *regs, const struct sigcontext __user *sc)
{
	uint64_t flags;
	int error = 0;

	X86_GET_WORD(error, regs->r8, &sc->r8);
	X86_GET_WORD(error, regs->r9, &sc->r9);
	X86_GET_WORD(error, regs->r10, &sc->r10);
	X86_GET_WORD(error, regs->r11, &sc->r11);
	X86_GET_WORD(error, regs->r12, &sc->r12);
	X86_GET_WORD(error, regs->r13, &sc->r13);
	X86_GET_WORD(error, regs->r14, &sc->r14);
	X86_GET_WORD(error, regs->r15, &sc->r15);
	X86_GET_WORD(error, regs->rdi, &sc->rdi);
	X86_GET_WORD(error, regs->rsi, &sc->rsi);
	X86_GET_WORD(error, regs->rbp, &sc->rbp);
	X86_GET_WORD(error, regs->rbx, &sc->rbx);
	X86_GET_WORD(error, regs->rdx, &sc->rdx);
	X86_GET_WORD(error, regs->rax, &sc->rax);
	X86_GET_WORD(error, regs->rcx, &sc->rcx);
	X86_GET_WORD(error, regs->rsp, &sc->rsp);
	X86_GET_WORD(error, flags, &sc->eflags);
	regs->rflags = (flags & RFLAGS_USER) | X86_RFLAGS_IF | X86_RFLAGS_FIXED;
	regs->cs = X86_KERNEL_CS;
	regs->ss = X86_KERNEL_DS;
	regs->orig_rax = (uint64_t)-1;
	return error;
}

static bool is_program_address(uint64_t rip)
{
	return rip < UKARCH_USER_END || UK_ALIGN_DOWN(rip, 4096) == UKARCH_VSYSCALL_ADDR;
}

int ukarch_sigframe_pop(struct ukarch_regs *regs, uint64_t *saved_mask, stack_t *altstack)
{
	vaddr_t at = regs->rsp - sizeof(uint64_t);
	struct ucontext __user *uc = (void __user *)(at + offsetof(struct rt_sigframe, uc));
	uint64_t state, flags, rip;
	int error = 0;

	if (!user_range_ok((uintptr_t)uc, sizeof(*uc)))
		return -EFAULT;
	X86_GET_WORD(error, altstack->ss_sp, &uc->uc_stack.ss_sp);
	X86_GET_WORD(error, flags, &uc->uc_stack.ss_flags);
	X86_GET_WORD(error, altstack->ss_size, &uc->uc_stack.ss_size);
	X86_GET_WORD(error, rip, &uc->uc_mcontext.rip);
	X86_GET_WORD(error, state, &uc->uc_mcontext.fpstate);
	X86_GET_WORD(error, *saved_mask, &uc->uc_sigmask);
	altstack->ss_flags = (int)flags;
	if (error || !is_program_address(rip))
		return -EFAULT;
	error = load_vector_state(state);
	if (error)
		return error;
	regs->rip = rip;
	return get_context(regs, &uc->uc_mcontext);
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
