/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * struct siginfo as signalfd(2) shows it. Which members of its union are there follows from signal
 * and code (sigaction(2)): codes between SI_USER and SI_KERNEL are the kernel's, counted anew for
 * each signal that has any; the negative ones come with values from programs. Pure.
 */
#include <linux/signal.h>
#include <uk/signalfd.h>
#include <uk/string.h>

enum layout {
	LAYOUT_KILL, /* pid, uid */
	LAYOUT_VALUE,
	LAYOUT_TIMER,
	LAYOUT_POLL,
	LAYOUT_FAULT,
	LAYOUT_CHILD,
	LAYOUT_SYSCALL
};

static const struct {
	uint8_t last_code, layout;
} kernel_codes[] = {
	[SIGILL] = {NSIGILL, LAYOUT_FAULT},   [SIGFPE] = {NSIGFPE, LAYOUT_FAULT},
	[SIGSEGV] = {NSIGSEGV, LAYOUT_FAULT}, [SIGBUS] = {NSIGBUS, LAYOUT_FAULT},
	[SIGTRAP] = {NSIGTRAP, LAYOUT_FAULT}, [SIGCHLD] = {NSIGCHLD, LAYOUT_CHILD},
	[SIGPOLL] = {NSIGPOLL, LAYOUT_POLL},  [SIGSYS] = {NSIGSYS, LAYOUT_SYSCALL},
};

static enum layout layout_of(int signo, int code)
{
	if (code > SI_USER && code < SI_KERNEL) {
		if ((size_t)signo < UK_ARRAY_SIZE(kernel_codes) &&
		    code <= kernel_codes[signo].last_code)
			return kernel_codes[signo].layout;
		/* Any signal may have been chosen by F_SETSIG. */
		return code <= NSIGPOLL ? LAYOUT_POLL : LAYOUT_KILL;
	}
	if (code == SI_TIMER)
		return LAYOUT_TIMER;
	if (code == SI_SIGIO)
		return LAYOUT_POLL;
	return code < 0 ? LAYOUT_VALUE : LAYOUT_KILL;
}

static void describe_sender(struct signalfd_siginfo *out, const struct uk_siginfo *info)
{
	out->ssi_pid = (uint32_t)info->si_pid;
	out->ssi_uid = info->si_uid;
}

static void describe_value(struct signalfd_siginfo *out, const struct uk_siginfo *info)
{
	out->ssi_ptr = (uintptr_t)info->si_ptr;
	out->ssi_int = info->si_int;
}

static void describe_timer(struct signalfd_siginfo *out, const struct uk_siginfo *info)
{
	out->ssi_tid = (uint32_t)info->si_tid;
	out->ssi_overrun = (uint32_t)info->si_overrun;
	describe_value(out, info);
}

static void describe_fault(struct signalfd_siginfo *out, const struct uk_siginfo *info)
{
	out->ssi_addr = (uintptr_t)info->si_addr;
	if (info->si_signo == SIGBUS &&
	    (info->si_code == BUS_MCEERR_AR || info->si_code == BUS_MCEERR_AO))
		out->ssi_addr_lsb = (uint16_t)info->si_addr_lsb;
}

static void describe_child(struct signalfd_siginfo *out, const struct uk_siginfo *info)
{
	describe_sender(out, info);
	out->ssi_status = info->si_status;
	out->ssi_utime = (uint64_t)info->si_utime;
	out->ssi_stime = (uint64_t)info->si_stime;
}

void signalfd_describe(struct signalfd_siginfo *out, const struct uk_siginfo *info)
{
	memset(out, 0, sizeof(*out));
	out->ssi_signo = (uint32_t)info->si_signo;
	out->ssi_errno = info->si_errno;
	out->ssi_code = info->si_code;
	switch (layout_of(info->si_signo, info->si_code)) {
	case LAYOUT_KILL:
		describe_sender(out, info);
		break;
	case LAYOUT_VALUE:
		describe_sender(out, info);
		describe_value(out, info);
		break;
	case LAYOUT_TIMER:
		describe_timer(out, info);
		break;
	case LAYOUT_POLL:
		out->ssi_band = (uint32_t)info->si_band;
		out->ssi_fd = info->si_fd;
		break;
	case LAYOUT_FAULT:
		describe_fault(out, info);
		break;
	case LAYOUT_CHILD:
		describe_child(out, info);
		break;
	case LAYOUT_SYSCALL:
		out->ssi_call_addr = (uintptr_t)info->si_call_addr;
		out->ssi_syscall = info->si_syscall;
		out->ssi_arch = info->si_arch;
		break;
	}
}
