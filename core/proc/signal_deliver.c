/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Delivery, on the way back to the program: take the next signal, run its default action or build
 * the frame of its handler; restart or fail the interrupted call (signal(7), "Interruption of
 * system calls").
 */
#include <linux/errno.h>
#include <uk/arch/signal.h>
#include <uk/arch/uaccess.h>
#include <uk/arch/upcall.h>
#include <uk/crash.h>
#include <uk/heap.h>
#include <uk/print.h>
#include <uk/sched.h>
#include <uk/signal.h>
#include <uk/string.h>
#include <uk/task.h>
#include "proc_internal.h"

/* After SIGKILL, faults come before anything else that is pending, as on Linux. */
#define MASK_SYNCHRONOUS                                                                           \
	(UK_SIGMASK(SIGSEGV) | UK_SIGMASK(SIGBUS) | UK_SIGMASK(SIGILL) | UK_SIGMASK(SIGTRAP) |     \
	 UK_SIGMASK(SIGFPE) | UK_SIGMASK(SIGSYS))
#define MASK_CORE                                                                                  \
	(MASK_SYNCHRONOUS | UK_SIGMASK(SIGQUIT) | UK_SIGMASK(SIGABRT) | UK_SIGMASK(SIGXCPU) |      \
	 UK_SIGMASK(SIGXFSZ))

int signal_put_info(siginfo_t __user *user, const struct uk_siginfo *info)
{
	char __user *rest = (char __user *)user + sizeof(*info);

	if (copy_to_user(user, info, sizeof(*info)) ||
	    clear_user(rest, sizeof(*user) - sizeof(*info)))
		return -EFAULT;
	return 0;
}

static struct sigqueue *find_entry(struct sigqueue *from, int signo)
{
	while (from && from->info.si_signo != signo)
		from = TAILQ_NEXT(from, link);
	return from;
}

/* Takes `signo`, which is there, out of a pending set. Irq off. */
static void take_from(struct process *process, struct sigpending *pending, int signo,
		      struct uk_siginfo *info)
{
	struct sigqueue *entry = find_entry(TAILQ_FIRST(&pending->queue), signo);

	if (!entry) {
		*info = uk_siginfo_of(signo, SI_USER);
		pending->set &= ~UK_SIGMASK(signo);
		return;
	}
	*info = entry->info;
	if (!find_entry(TAILQ_NEXT(entry, link), signo))
		pending->set &= ~UK_SIGMASK(signo);
	TAILQ_REMOVE(&pending->queue, entry, link);
	signal_entry_taken(process, entry, info);
}

int signal_take(sigset_t wanted, struct uk_siginfo *info)
{
	struct task *task = current;
	struct process *process = task->process;
	struct sigpending *shared = &process->shared_pending;
	unsigned long flags = ukarch_irq_save();
	sigset_t own = task->pending.set & wanted;
	sigset_t all = own | (shared->set & wanted);
	sigset_t first = own & MASK_SYNCHRONOUS ? own & MASK_SYNCHRONOUS : all;
	int signo = 0;

	if (all & UK_SIGMASK(SIGKILL))
		first = UK_SIGMASK(SIGKILL);
	if (first) {
		signo = __builtin_ctzl(first) + 1;
		take_from(process, own & UK_SIGMASK(signo) ? &task->pending : shared, signo, info);
	}
	ukarch_irq_restore(flags);
	return signo;
}

static bool is_on_altstack(const struct task *task, vaddr_t sp)
{
	vaddr_t base = (vaddr_t)task->altstack.ss_sp;

	return !(task->altstack.ss_flags & SS_DISABLE) && sp > base &&
	       sp - base <= task->altstack.ss_size;
}

bool signal_altstack_in_use(void)
{
	return is_on_altstack(current, ukarch_regs_sp(ukarch_thread_user_regs(&current->thread)));
}

static void __uk_noreturn die(const struct ukarch_regs *regs, int signo)
{
	if (UK_SIGMASK(signo) & MASK_CORE)
		crash_report_program(regs, NULL, signo);
	else
		uk_pr_info("%s[%d] ended by %s\n", current->comm, current->tid, signal_name(signo));
	process_exit(signo);
}

/* What an interrupted call returns when a handler runs; true: it is to be issued again. */
static bool wants_restart(long result, const struct uk_sigaction *action)
{
	return result == -ERESTARTNOINTR ||
	       (result == -ERESTARTSYS && (action->flags & SA_RESTART));
}

static bool is_restart_code(long result)
{
	return result == -ERESTARTSYS || result == -ERESTARTNOINTR || result == -ERESTARTNOHAND ||
	       result == -ERESTART_RESTARTBLOCK;
}

static bool is_syscall(const struct ukarch_regs *regs)
{
	return (int64_t)ukarch_regs_syscall_nr(regs) >= 0;
}

static void settle_call(struct ukarch_regs *regs, const struct uk_sigaction *action)
{
	long result = ukarch_regs_result(regs);

	if (!is_syscall(regs) || !is_restart_code(result))
		return;
	if (wants_restart(result, action))
		ukarch_syscall_restart(regs);
	else
		ukarch_regs_set_result(regs, -EINTR);
}

static vaddr_t choose_stack(const struct task *task, const struct ukarch_regs *regs,
			    const struct uk_sigaction *action)
{
	vaddr_t sp = ukarch_regs_sp(regs);

	if ((action->flags & SA_ONSTACK) && !(task->altstack.ss_flags & SS_DISABLE) &&
	    !is_on_altstack(task, sp))
		return (vaddr_t)task->altstack.ss_sp + task->altstack.ss_size;
	return sp;
}

static bool overflows_altstack(const struct task *task, vaddr_t frame_top)
{
	return is_on_altstack(task, frame_top) &&
	       frame_top - (vaddr_t)task->altstack.ss_sp < ukarch_sigframe_max_bytes();
}

static void run_handler(struct ukarch_regs *regs, const struct uk_siginfo *info,
			struct uk_sigaction *action)
{
	struct task *task = current;
	int signo = info->si_signo;
	sigset_t blocked = task->blocked | action->mask;
	struct ukarch_sigdelivery delivery;

	settle_call(regs, action);
	delivery.signo = signo;
	delivery.handler = action->handler;
	delivery.restorer = action->flags & SA_RESTORER ? action->restorer : 0;
	delivery.info = info;
	delivery.saved_mask = task->restore_blocked ? task->saved_blocked : task->blocked;
	delivery.altstack = &task->altstack;
	delivery.frame_top = choose_stack(task, regs, action);
	delivery.fault = &task->fault;
	if (overflows_altstack(task, delivery.frame_top) || ukarch_sigframe_push(regs, &delivery)) {
		if (signo == SIGSEGV)
			action->handler = (uintptr_t)SIG_DFL;
		signal_force_fault(SIGSEGV, SI_KERNEL, 0);
		return;
	}
	task->restore_blocked = false;
	if (!(action->flags & SA_NODEFER))
		blocked |= UK_SIGMASK(signo);
	if (action->flags & SA_RESETHAND)
		action->handler = (uintptr_t)SIG_DFL;
	if (task->altstack.ss_flags & (int)SS_AUTODISARM)
		task->altstack = (stack_t){.ss_flags = SS_DISABLE};
	signal_set_blocked(blocked);
}

/* No handler ran: the interrupted call goes on as if nothing had happened. */
static void finish_without_handler(struct ukarch_regs *regs)
{
	struct task *task = current;

	if (is_syscall(regs) && ukarch_regs_result(regs) == -ERESTART_RESTARTBLOCK)
		ukarch_syscall_restart_block(regs);
	else if (is_syscall(regs) && is_restart_code(ukarch_regs_result(regs)))
		ukarch_syscall_restart(regs);
	if (task->restore_blocked) {
		task->restore_blocked = false;
		signal_set_blocked(task->saved_blocked);
	}
}

static void deliver_signals(struct ukarch_regs *regs)
{
	struct task *task = current;
	struct uk_siginfo info;
	int signo;

	while ((signo = signal_take(~task->blocked, &info))) {
		struct uk_sigaction *action = &task->sighand->actions[signo - 1];

		if (action->handler > (uintptr_t)SIG_IGN) {
			run_handler(regs, &info, action);
			return; /* the rest nests on top at the next pass */
		}
		if (!signal_is_ignored(task, signo))
			die(regs, signo);
	}
	finish_without_handler(regs);
}

void upcall_return_to_user(struct ukarch_regs *regs)
{
	struct task *task = current;

	if (task->thread.work & UKARCH_WORK_RESCHED)
		sched_preempt();
	if (!(task->thread.work & UKARCH_WORK_SIGNAL))
		return;
	/* Before we look: what comes from here on makes another pass. */
	ukarch_thread_clear_work(&task->thread, UKARCH_WORK_SIGNAL);
	if (task->is_killed)
		task_exit(0);
	upcall_settle(regs);
	deliver_signals(regs);
}
