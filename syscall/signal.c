/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals: actions, masks, sending, waiting, the way back from a handler. signal(7). */
#include <linux/errno.h>
#include <uk/arch/signal.h>
#include <uk/arch/thread.h>
#include <uk/arch/uaccess.h>
#include <uk/fd.h>
#include <uk/pidfd.h>
#include <uk/procfs.h>
#include <uk/signal.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "sys_time.h"

#define UNBLOCKABLE (UK_SIGMASK(SIGKILL) | UK_SIGMASK(SIGSTOP))

static bool is_signal(int signo)
{
	return signo >= 1 && signo <= UK_NSIG;
}

static int get_sigset(sigset_t *set, const void __user *user, size_t size)
{
	if (size != sizeof(*set))
		return -EINVAL;
	return get_user(*set, (const sigset_t __user *)user);
}

int set_temporary_mask(const void __user *mask, size_t mask_size)
{
	sigset_t set = 0;
	int error;

	if (!mask)
		return 0;
	error = get_sigset(&set, mask, mask_size);
	if (!error)
		signal_set_blocked_temporarily(set);
	return error;
}

void finish_temporary_mask(const void __user *mask, long result)
{
	struct task *task = current;

	if (!mask || result == -ERESTARTNOHAND || result == -EINTR || !task->restore_blocked)
		return;
	task->restore_blocked = false;
	signal_set_blocked(task->saved_blocked);
}

/* --- actions and masks ------------------------------------------------------------------------ */

/* POSIX: to ignore a signal is to discard it, even when it is pending. */
static void discard_pending(int signo)
{
	struct uk_siginfo info;

	while (signal_is_ignored(current, signo) && signal_take(UK_SIGMASK(signo), &info))
		;
}

long sys_rt_sigaction(int signo, const struct uk_sigaction __user *action,
		      struct uk_sigaction __user *old, size_t mask_size)
{
	struct uk_sigaction *slot, wanted, before;
	unsigned long flags;

	if (mask_size != sizeof(sigset_t) || !is_signal(signo))
		return -EINVAL;
	if (action && copy_from_user(&wanted, action, sizeof(wanted)))
		return -EFAULT;
	if (action && (UK_SIGMASK(signo) & UNBLOCKABLE))
		return -EINVAL;
	slot = &current->sighand->actions[signo - 1];
	/* As one step: while the old one is copied out, other threads may set their own. */
	flags = ukarch_irq_save();
	before = *slot;
	if (action) {
		wanted.mask &= ~UNBLOCKABLE;
		*slot = wanted;
	}
	ukarch_irq_restore(flags);
	if (action)
		discard_pending(signo);
	return old ? copy_to_user(old, &before, sizeof(before)) : 0;
}

long sys_rt_sigprocmask(int how, const sigset_t __user *set, sigset_t __user *old, size_t mask_size)
{
	sigset_t before = current->blocked, wanted = 0;

	if (mask_size != sizeof(sigset_t))
		return -EINVAL;
	if (set && get_user(wanted, set))
		return -EFAULT;
	if (set) {
		if (how == SIG_BLOCK)
			wanted |= before;
		else if (how == SIG_UNBLOCK)
			wanted = before & ~wanted;
		else if (how != SIG_SETMASK)
			return -EINVAL;
		signal_set_blocked(wanted);
	}
	return old ? put_user(before, old) : 0;
}

long sys_rt_sigpending(sigset_t __user *set, size_t mask_size)
{
	const struct task *task = current;
	sigset_t pending = task->pending.set | task->process->shared_pending.set;

	if (mask_size > sizeof(pending))
		return -EINVAL;
	pending &= task->blocked;
	return copy_to_user(set, &pending, mask_size);
}

long sys_rt_sigsuspend(const sigset_t __user *mask, size_t mask_size)
{
	sigset_t set = 0;
	int error = get_sigset(&set, mask, mask_size);

	if (error)
		return error;
	signal_set_blocked_temporarily(set);
	while (!sleep_interruptible(UK_NO_TIMEOUT))
		;
	return -ERESTARTNOHAND;
}

static long set_altstack(const stack_t *wanted)
{
	struct task *task = current;
	unsigned int mode = (unsigned int)wanted->ss_flags & ~(unsigned int)SS_AUTODISARM;

	if (signal_altstack_in_use())
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		task->altstack = (stack_t){.ss_flags = wanted->ss_flags};
		return 0;
	}
	if (wanted->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	task->altstack = *wanted;
	task->altstack.ss_flags &= (int)SS_AUTODISARM;
	return 0;
}

long sys_sigaltstack(const stack_t __user *stack, stack_t __user *old)
{
	stack_t wanted, before = current->altstack;
	long error = 0;

	if (stack && copy_from_user(&wanted, stack, sizeof(wanted)))
		return -EFAULT;
	if (signal_altstack_in_use())
		before.ss_flags |= SS_ONSTACK;
	if (stack)
		error = set_altstack(&wanted);
	return !error && old ? copy_to_user(old, &before, sizeof(before)) : error;
}

static bool is_other_altstack(const stack_t *wanted)
{
	const stack_t *have = &current->altstack;

	return wanted->ss_sp != have->ss_sp || wanted->ss_size != have->ss_size ||
	       wanted->ss_flags != have->ss_flags;
}

/*
 * The stack pointer, and with it all registers, come from the frame. A frame that cannot be taken
 * is a fault of the program; the registers then stay as they are for the handler of SIGSEGV.
 */
long sys_rt_sigreturn(void)
{
	struct task *task = current;
	struct ukarch_regs *regs = ukarch_thread_user_regs(&task->thread);
	stack_t altstack;
	uint64_t mask;

	if (ukarch_sigframe_pop(regs, &mask, &altstack)) {
		signal_force_fault(SIGSEGV, SI_KERNEL, 0);
		return 0;
	}
	signal_set_blocked(mask);
	if (is_other_altstack(&altstack))
		set_altstack(&altstack); /* an error leaves it as it is, as on Linux */
	ukarch_thread_set_work(&task->thread, UKARCH_WORK_REGS);
	return ukarch_regs_result(regs);
}

/* --- sending ---------------------------------------------------------------------------------- */

static struct uk_siginfo sender_info(int signo, int code)
{
	struct uk_siginfo info = uk_siginfo_of(signo, code);

	info.si_pid = current->process->pid;
	info.si_uid = current->process->creds.uid;
	return info;
}

/* The process a kill(2) reaches: there is one, whichever way it is named. */
static struct process *find_target(int pid)
{
	struct process *process = current->process;

	if (pid > 0)
		return process_find(pid);
	if (pid == 0)
		return process;
	/* -1 is everybody but pid 1 and the caller: nobody. */
	return pid != -1 && pid != INT32_MIN && -pid == process->pgid ? process : NULL;
}

static long send_to_process(int pid, int signo, const struct uk_siginfo *info)
{
	struct process *process = find_target(pid);

	if (signo && !is_signal(signo))
		return -EINVAL;
	if (!process)
		return -ESRCH;
	return signo ? signal_send_process(process, info) : 0;
}

static long send_to_thread(int pid, int tid, int signo, const struct uk_siginfo *info)
{
	struct task *task = task_find(tid);

	if (signo && !is_signal(signo))
		return -EINVAL;
	if (!task || (pid && task->process->pid != pid))
		return -ESRCH;
	return signo ? signal_send_task(task, info) : 0;
}

long sys_kill(int pid, int signo)
{
	struct uk_siginfo info = sender_info(signo, SI_USER);

	return send_to_process(pid, signo, &info);
}

long sys_tkill(int tid, int signo)
{
	struct uk_siginfo info = sender_info(signo, SI_TKILL);

	return tid <= 0 ? -EINVAL : send_to_thread(0, tid, signo, &info);
}

long sys_tgkill(int pid, int tid, int signo)
{
	struct uk_siginfo info = sender_info(signo, SI_TKILL);

	return pid <= 0 || tid <= 0 ? -EINVAL : send_to_thread(pid, tid, signo, &info);
}

/* Only the kernel and kill(2) may claim codes >= 0 towards others; towards oneself all is well. */
static int check_code(const struct uk_siginfo *info, bool is_self)
{
	return (info->si_code >= 0 || info->si_code == SI_TKILL) && !is_self ? -EPERM : 0;
}

static int get_siginfo(struct uk_siginfo *info, const siginfo_t __user *user, int signo,
		       bool is_self)
{
	if (copy_from_user(info, user, sizeof(*info)))
		return -EFAULT;
	info->si_signo = signo;
	return check_code(info, is_self);
}

long sys_rt_sigqueueinfo(int pid, int signo, const siginfo_t __user *user)
{
	struct uk_siginfo info;
	int error = get_siginfo(&info, user, signo, pid == current->process->pid);

	return error ? error : send_to_process(pid, signo, &info);
}

long sys_rt_tgsigqueueinfo(int pid, int tid, int signo, const siginfo_t __user *user)
{
	struct uk_siginfo info;
	int error;

	if (pid <= 0 || tid <= 0)
		return -EINVAL;
	error = get_siginfo(&info, user, signo, pid == current->process->pid);
	return error ? error : send_to_thread(pid, tid, signo, &info);
}

/* The siginfo must name the signal it goes with; without one it is as with kill(2). */
static long send_through(const struct file *pidfd, int signo, const siginfo_t __user *user)
{
	struct process *process = pidfd_process(pidfd) ?: procfs_process(pidfd);
	struct uk_siginfo info = sender_info(signo, SI_USER);

	if (!process)
		return -EBADF;
	if (user && copy_from_user(&info, user, sizeof(info)))
		return -EFAULT;
	if (info.si_signo != signo || (signo && !is_signal(signo)))
		return -EINVAL;
	if (user && check_code(&info, process == current->process))
		return -EPERM;
	if (!process->thread_count)
		return -ESRCH;
	return signo ? signal_send_process(process, &info) : 0;
}

long sys_pidfd_send_signal(int pidfd, int signo, const siginfo_t __user *user, unsigned int flags)
{
	struct fd_loan loan;
	long result = -EBADF;

	if (flags)
		return -EINVAL;
	loan = fd_borrow(pidfd);
	if (loan.file)
		result = send_through(loan.file, signo, user);
	fd_return(loan);
	return result;
}

/* --- waiting ---------------------------------------------------------------------------------- */

/*
 * The signals waited for are unblocked while we sleep, so that one of them wakes us, and taken
 * before anything else can deliver them.
 */
static int wait_for_signal(sigset_t wanted, struct uk_siginfo *info, uint64_t deadline_ns)
{
	struct task *task = current;
	sigset_t blocked = task->blocked;
	int signo = signal_take(wanted, info), error;

	if (signo)
		return signo;
	if (!deadline_ns)
		return -EAGAIN;
	signal_set_blocked(blocked & ~wanted);
	error = sleep_interruptible(deadline_ns);
	signo = signal_take(wanted, info);
	signal_set_blocked(blocked);
	if (signo)
		return signo;
	return error ? -EINTR : -EAGAIN;
}

long sys_rt_sigtimedwait(const sigset_t __user *set, siginfo_t __user *user,
			 const struct __kernel_timespec __user *timeout, size_t mask_size)
{
	uint64_t ns, deadline_ns = UK_NO_TIMEOUT;
	sigset_t wanted = 0;
	struct uk_siginfo info;
	int result = get_sigset(&wanted, set, mask_size);

	if (!result && timeout) {
		result = get_timespec(&ns, timeout);
		deadline_ns = deadline_after(ns);
	}
	if (result)
		return result;
	result = wait_for_signal(wanted & ~UNBLOCKABLE, &info, deadline_ns);
	if (result > 0 && user && signal_put_info(user, &info))
		return -EFAULT;
	return result;
}
