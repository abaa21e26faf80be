/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals (signal(7)): actions, pending sets, sending and delivery. Numbers and structures are
 * the kernel ABI's: sigset_t is 64 bits.
 */
#ifndef UK_SIGNAL_H
#define UK_SIGNAL_H

#include <sys/queue.h>
#include <linux/signal.h>
#include <uk/arch/signal.h>
#include <uk/essentials.h>
#include <uk/wait.h>

struct task;
struct process;

/* The UAPI header leaves these to libc; its NSIG counts only the first 32. */
#define UK_NSIG           64
#define UK_SIGMASK(signo) (1UL << ((signo)-1))

/** A queued signal. One with `taken` is its owner's, a timer's: preset once, sent any number of
 *  times, queued at most once. */
struct sigqueue {
	TAILQ_ENTRY(sigqueue) link;
	struct uk_siginfo info;
	struct sigpending *pending; /* of one with `taken`: where it is queued, or NULL */
	/** It left the queue as *info, which may be completed. Interrupts off. NULL: the entry is
	 *  from the heap and freed then. */
	void (*taken)(struct sigqueue *entry, struct uk_siginfo *info);
};
struct sigpending {
	sigset_t set;
	TAILQ_HEAD(, sigqueue) queue;
};

/** As the rt_sigaction(2) system call passes it on every 64-bit architecture with sa_restorer. */
struct uk_sigaction {
	uintptr_t handler; /* SIG_DFL, SIG_IGN or an address */
	unsigned long flags;
	uintptr_t restorer;
	sigset_t mask;
};

struct sighand {
	unsigned int refcount;
	struct uk_sigaction actions[UK_NSIG]; /* [signo - 1]; irq-off */
	struct waitq signal_waiters;          /* woken when a signal is sent: signalfd(2) */
};

struct sighand *sighand_create(void);
void sighand_put(struct sighand *sighand);
/** execve: handlers become SIG_DFL, ignored stay ignored. */
void sighand_reset_for_exec(struct sighand *sighand);

/** Sends to a process / to one thread. 0, -EAGAIN when the queue limit is reached. Any context. */
int signal_send_process(struct process *process, const struct uk_siginfo *info);
int signal_send_task(struct task *task, const struct uk_siginfo *info);
/**
 * Sends an entry that is its owner's, to a thread of the process or (NULL) to all of it. false: it
 * was thrown away, since the signal is ignored, or a standard one that is pending already and not
 * from timer_create(2). Any context.
 */
bool signal_send_entry(struct process *process, struct task *task, struct sigqueue *entry);
/** Takes such an entry back out of the queue, if it is in one. */
void signal_unqueue_entry(struct sigqueue *entry);
/** Room for one more queued signal: 0, or -EAGAIN (RLIMIT_SIGPENDING); and its way back. */
int signal_reserve(struct process *process);
void signal_unreserve(struct process *process);
/** A signal that the kernel itself raises, si_code SI_KERNEL. */
int signal_raise_kernel(struct process *process, int signo);
/** One that a call of the current thread brings upon it (SIGPIPE, SIGXFSZ): as if it had sent it.
 */
void signal_raise_self(int signo);
/**
 * A fault of the current thread: delivered even when blocked or ignored, then with the default
 * action (which ends the program with a crash report).
 */
void signal_force_fault(int signo, int si_code, uintptr_t addr);

/* signal_is_pending() when work is flagged; use that, from <uk/task.h>. */
bool signal_is_pending_slow(void);

/** Takes the next pending signal of `wanted` for the current task; 0 when there is none. */
int signal_take(sigset_t wanted, struct uk_siginfo *info);
/** Would `signo`, sent to `task` now, be thrown away? */
bool signal_is_ignored(const struct task *task, int signo);
/** Would a fault signal of the current task reach a handler? */
bool signal_has_handler(int signo);
/** Does the program run on its alternate stack now (sigaltstack(2): EPERM)? */
bool signal_altstack_in_use(void);

/** Replaces the blocked set of the current task. */
void signal_set_blocked(sigset_t blocked);
/** For sigsuspend, ppoll, pselect6: use `mask` until the way back to the program. */
void signal_set_blocked_temporarily(sigset_t mask);

/* Results of an interrupted call that the way back to the program turns into a restart or EINTR
 * (never seen by the program; values of Linux' include/linux/errno.h). */
#define ERESTARTSYS           512 /* restart with SA_RESTART, else EINTR */
#define ERESTARTNOINTR        513 /* always restart */
#define ERESTARTNOHAND        514 /* restart only if no handler ran */
#define ERESTART_RESTARTBLOCK 516 /* restart through restart_syscall(2) */

/** A thread has left: what was meant for any of them is announced to those that are left. */
void signal_retarget(struct process *process);
/** Throws a pending set away. */
void signal_discard(struct process *process, struct sigpending *pending);

/** A whole siginfo_t to the program, zeros where ours ends. 0 or -EFAULT. */
int signal_put_info(siginfo_t __user *user, const struct uk_siginfo *info);

const char *signal_name(int signo); /* "SIGSEGV" */

#endif /* UK_SIGNAL_H */
