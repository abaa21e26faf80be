/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending signals: actions, pending sets, queues (signal(7)). All under irq-off, since the tty
 * and timers send from interrupts. Standard signals are pending once; real-time ones queue.
 */
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <uk/heap.h>
#include <uk/sched.h>
#include <uk/signal.h>
#include <uk/string.h>
#include <uk/task.h>
#include "proc_internal.h"

#define SIG_RT_FIRST 32

#define MASK_IGNORED_BY_DEFAULT                                                                    \
	(UK_SIGMASK(SIGCHLD) | UK_SIGMASK(SIGCONT) | UK_SIGMASK(SIGURG) | UK_SIGMASK(SIGWINCH))
/* Nobody could continue a stopped machine: these do nothing here (docs/compatibility). */
#define MASK_STOP                                                                                  \
	(UK_SIGMASK(SIGSTOP) | UK_SIGMASK(SIGTSTP) | UK_SIGMASK(SIGTTIN) | UK_SIGMASK(SIGTTOU))

struct sighand *sighand_create(void)
{
	struct sighand *sighand = uk_zalloc(sizeof(*sighand));

	if (!sighand)
		return NULL;
	sighand->refcount = 1;
	waitq_init(&sighand->signal_waiters);
	return sighand;
}

void sighand_put(struct sighand *sighand)
{
	if (__atomic_fetch_sub(&sighand->refcount, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	waitq_dissolve(&sighand->signal_waiters, EPOLLHUP);
	uk_free(sighand);
}

void sighand_reset_for_exec(struct sighand *sighand)
{
	for (int i = 0; i < UK_NSIG; i++) {
		struct uk_sigaction *action = &sighand->actions[i];
		uintptr_t keep = action->handler == (uintptr_t)SIG_IGN ? action->handler : 0;

		memset(action, 0, sizeof(*action));
		action->handler = keep;
	}
}

bool signal_is_ignored(const struct task *task, int signo)
{
	uintptr_t handler = task->sighand->actions[signo - 1].handler;

	if (handler == (uintptr_t)SIG_DFL)
		return (MASK_IGNORED_BY_DEFAULT | MASK_STOP) & UK_SIGMASK(signo);
	return handler == (uintptr_t)SIG_IGN;
}

bool signal_has_handler(int signo)
{
	const struct task *task = current;
	uintptr_t handler = task->sighand->actions[signo - 1].handler;

	return handler != (uintptr_t)SIG_DFL && handler != (uintptr_t)SIG_IGN &&
	       !(task->blocked & UK_SIGMASK(signo));
}

int signal_reserve(struct process *process)
{
	unsigned long flags = ukarch_irq_save();
	int error = process->queued_signals < process->rlimits[RLIMIT_SIGPENDING].rlim_cur
			    ? 0
			    : -EAGAIN;

	if (!error)
		process->queued_signals++;
	ukarch_irq_restore(flags);
	return error;
}

void signal_unreserve(struct process *process)
{
	unsigned long flags = ukarch_irq_save();

	process->queued_signals--;
	ukarch_irq_restore(flags);
}

/* What kill(2) and the kernel itself send as a standard signal is beyond the limit. Irq off. */
static inline struct sigqueue *entry_alloc(struct process *process, const struct uk_siginfo *info)
{
	bool is_limited = info->si_signo >= SIG_RT_FIRST || info->si_code < 0;
	struct sigqueue *entry;

	if (is_limited && process->queued_signals >= process->rlimits[RLIMIT_SIGPENDING].rlim_cur)
		return NULL;
	entry = process->spare_signal;
	process->spare_signal = NULL;
	if (!entry)
		entry = uk_malloc(sizeof(*entry));
	if (!entry)
		return NULL;
	process->queued_signals++;
	entry->info = *info;
	entry->taken = NULL;
	return entry;
}

/* `own`: an entry that is its owner's, or NULL. */
static int enqueue(struct process *process, struct sigpending *pending,
		   const struct uk_siginfo *info, struct sigqueue *own)
{
	int signo = info->si_signo;
	struct sigqueue *entry = own;

	if (signo < SIG_RT_FIRST && (pending->set & UK_SIGMASK(signo)) &&
	    !(own && info->si_code == SI_TIMER))
		return 0;
	if (!entry)
		entry = entry_alloc(process, info);
	if (own)
		own->pending = pending;
	if (entry) {
		TAILQ_INSERT_TAIL(&pending->queue, entry, link);
	} else if (signo >= SIG_RT_FIRST && info->si_code != SI_USER) {
		return -EAGAIN; /* a queued value must not get lost in silence */
	}
	pending->set |= UK_SIGMASK(signo);
	return 0;
}

/* Something that it does not block is pending. */
static void interrupt(struct task *task)
{
	ukarch_thread_set_work(&task->thread, UKARCH_WORK_SIGNAL);
	sched_interrupt(task);
}

static int send(struct task *task, struct sigpending *pending, const struct uk_siginfo *info,
		struct sigqueue *own)
{
	unsigned long flags = ukarch_irq_save();
	bool is_blocked = task->blocked & UK_SIGMASK(info->si_signo);
	int error = 0;

	/* A blocked signal stays pending even if it is ignored now: the action may change. */
	if (is_blocked || !signal_is_ignored(task, info->si_signo)) {
		error = enqueue(task->process, pending, info, own);
		if (!error && !is_blocked)
			interrupt(task);
		waitq_wake(&task->sighand->signal_waiters, EPOLLIN);
	}
	ukarch_irq_restore(flags);
	return error;
}

/* The first thread if it does not block the signal (signal(7) leaves it open, Linux tries that
 * one first), else one that does not, else any. Interrupts off. */
static struct task *choose_thread(struct process *process, int signo)
{
	struct task *task, *chosen = LIST_FIRST(&process->threads);

	LIST_FOREACH (task, &process->threads, thread_link) {
		if ((task->blocked & UK_SIGMASK(signo)) || task->is_killed)
			continue;
		if (task->tid == process->pid)
			return task;
		chosen = task;
	}
	return chosen;
}

int signal_send_process(struct process *process, const struct uk_siginfo *info)
{
	unsigned long flags = ukarch_irq_save();
	struct task *task = choose_thread(process, info->si_signo);
	/* Without a thread it is about to end. */
	int error = task ? send(task, &process->shared_pending, info, NULL) : 0;

	ukarch_irq_restore(flags);
	return error;
}

int signal_send_task(struct task *task, const struct uk_siginfo *info)
{
	return send(task, &task->pending, info, NULL);
}

bool signal_send_entry(struct process *process, struct task *task, struct sigqueue *entry)
{
	unsigned long flags = ukarch_irq_save();
	struct sigpending *pending = task ? &task->pending : &process->shared_pending;
	bool is_queued;

	if (!task)
		task = choose_thread(process, entry->info.si_signo);
	if (task && !entry->pending)
		send(task, pending, &entry->info, entry);
	is_queued = !task || entry->pending; /* without a thread it is about to end */
	ukarch_irq_restore(flags);
	return is_queued;
}

void signal_unqueue_entry(struct sigqueue *entry)
{
	unsigned long flags = ukarch_irq_save();
	struct sigpending *pending = entry->pending;
	struct sigqueue *other;

	if (pending) {
		entry->pending = NULL;
		TAILQ_REMOVE(&pending->queue, entry, link);
		TAILQ_FOREACH (other, &pending->queue, link)
			if (other->info.si_signo == entry->info.si_signo)
				break;
		if (!other)
			pending->set &= ~UK_SIGMASK(entry->info.si_signo);
	}
	ukarch_irq_restore(flags);
}

int signal_raise_kernel(struct process *process, int signo)
{
	struct uk_siginfo info = uk_siginfo_of(signo, SI_KERNEL);

	return signal_send_process(process, &info);
}

void signal_raise_self(int signo)
{
	const struct process *process = current->process;
	struct uk_siginfo info = uk_siginfo_of(signo, SI_USER);

	info.si_pid = process->pid;
	info.si_uid = process->creds.uid;
	signal_send_task(current, &info);
}

void signal_force_fault(int signo, int si_code, uintptr_t addr)
{
	struct task *task = current;
	struct uk_sigaction *action = &task->sighand->actions[signo - 1];
	struct uk_siginfo info = uk_siginfo_of(signo, si_code);

	info.si_addr = (void *)addr;
	if ((task->blocked & UK_SIGMASK(signo)) || action->handler == (uintptr_t)SIG_IGN) {
		action->handler = (uintptr_t)SIG_DFL;
		task->blocked &= ~UK_SIGMASK(signo);
	}
	signal_send_task(task, &info);
}

bool signal_is_pending_slow(void)
{
	const struct task *task = current;

	return ((task->pending.set | task->process->shared_pending.set) & ~task->blocked) ||
	       task->is_killed;
}

void signal_set_blocked(sigset_t blocked)
{
	struct task *task = current;
	sigset_t before = task->blocked, shared = task->process->shared_pending.set;

	task->blocked = blocked & ~(UK_SIGMASK(SIGKILL) | UK_SIGMASK(SIGSTOP));
	if ((task->pending.set | shared) & ~task->blocked)
		ukarch_thread_set_work(&task->thread, UKARCH_WORK_SIGNAL);
	/* What was ours to take of the process' signals is now another thread's. */
	if (uk_unlikely(shared & task->blocked & ~before))
		signal_retarget(task->process);
}

void signal_set_blocked_temporarily(sigset_t mask)
{
	struct task *task = current;

	task->saved_blocked = task->blocked;
	task->restore_blocked = true;
	signal_set_blocked(mask);
	/* Even without a signal the way back to the program must restore the mask. */
	ukarch_thread_set_work(&task->thread, UKARCH_WORK_SIGNAL);
}

void signal_retarget(struct process *process)
{
	unsigned long flags = ukarch_irq_save();
	struct task *task;

	LIST_FOREACH (task, &process->threads, thread_link)
		if (process->shared_pending.set & ~task->blocked)
			interrupt(task);
	ukarch_irq_restore(flags);
}

void signal_discard(struct process *process, struct sigpending *pending)
{
	unsigned long flags = ukarch_irq_save();
	struct sigqueue *entry;

	while ((entry = TAILQ_FIRST(&pending->queue))) {
		struct uk_siginfo info = entry->info;

		TAILQ_REMOVE(&pending->queue, entry, link);
		signal_entry_taken(process, entry, &info);
	}
	pending->set = 0;
	ukarch_irq_restore(flags);
}

const char *signal_name(int signo)
{
	static const char names[][10] = {
		"SIG0",     "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",  "SIGTRAP",   "SIGABRT",
		"SIGBUS",   "SIGFPE",  "SIGKILL",   "SIGUSR1", "SIGSEGV", "SIGUSR2",   "SIGPIPE",
		"SIGALRM",  "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP",   "SIGTSTP",
		"SIGTTIN",  "SIGTTOU", "SIGURG",    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF",
		"SIGWINCH", "SIGIO",   "SIGPWR",    "SIGSYS"};

	return signo > 0 && signo < (int)UK_ARRAY_SIZE(names) ? names[signo] : "SIGRT";
}
