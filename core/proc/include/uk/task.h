/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * task: a thread. process: what threads share through CLONE_THREAD. Everything else that Linux
 * lets them share one by one (address space, descriptors, cwd, signal actions) is an object of
 * its own with get/put, so that clone(2) is a table of flags.
 *
 * `current` is never NULL in thread context. A field without a named lock belongs to its task
 * alone.
 */
#ifndef UK_TASK_H
#define UK_TASK_H

#include <sys/queue.h>
#include <linux/resource.h>
#include <uk/arch/thread.h>
#include <uk/clock.h>
#include <uk/lock.h>
#include <uk/sched_entity.h>
#include <uk/signal.h>

struct vmspace;
struct kstack;
struct futex_waiter;
struct fdtable;
struct fsctx;
struct file;
struct process_timers;

/** User and group ids (credentials(7)). The program starts as root and owns the
 *  machine; changing ids follows Linux' capability rules, but no file access is refused. */
struct creds {
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	unsigned int group_count;
	uint32_t groups[32];
};

/** Values that a program sets and reads back and that change little or nothing here. prctl(2),
 *  capabilities(7), personality(2), setpriority(2). All zero is what a first program finds. */
struct process_attributes {
	uint64_t caps_lost_effective, caps_lost_permitted, caps_lost_bounding; /* bits NOT held */
	uint64_t caps_inheritable, caps_ambient;
	uint32_t securebits, personality;
	int parent_death_signal;
	uint64_t timer_slack_ns; /* 0: the default */
	bool keep_caps, no_new_privs, thp_disabled, is_subreaper;
};

struct process {
	unsigned int refcount; /* one for each thread, and whoever looks at it */
	int pid, pgid, sid;
	struct process *parent;    /* never NULL: the first program's has pid 0 */
	TAILQ_ENTRY(process) link; /* all processes in the order of their pids; irq-off */
	LIST_HEAD(, task) threads; /* those that have not exited; irq-off */
	unsigned int thread_count;
	struct waitq thread_exits;        /* woken when one leaves `threads` */
	struct sigpending shared_pending; /* irq-off */
	unsigned int queued_signals;      /* for RLIMIT_SIGPENDING: entries and timers; irq-off */
	struct sigqueue *spare_signal;    /* the last that was taken, for the next; irq-off */
	struct process_timers *timers;    /* of timer_create(2), setitimer(2); NULL: none yet */
	struct ktimer_queue cpu_timers;   /* on process_cpu_ns() */
	struct ktimer cpu_limit;          /* RLIMIT_CPU */
	struct rlimit64 rlimits[RLIM_NLIMITS];
	struct creds creds;
	struct file *exe;  /* /proc/self/exe */
	uint32_t dumpable; /* prctl PR_SET_DUMPABLE */
	struct process_attributes attributes;
	uint64_t start_ns;    /* monotonic */
	uint64_t dead_counts; /* CPU time of threads that have exited */
	unsigned long dead_minor_faults, dead_major_faults;
	unsigned long dead_voluntary_switches, dead_involuntary_switches;
	int exit_status; /* wait(2) encoding: of the first thread, or of exit_group(2) */
	bool is_exiting; /* every thread is on its way out with exit_status */
};

enum task_state { TASK_RUNNING, TASK_SLEEPING, TASK_DEAD };

struct task {
	struct ukarch_thread thread; /* must stay first: entry.S reaches it through current */
	unsigned int refcount;       /* one of its own until it is dead */
	enum task_state state;       /* irq-off, as the next three */
	bool is_interruptible;       /* of the sleep it is in */
	bool is_on_cpu;              /* it runs; false for one that has fallen asleep */
	struct sched_entity sched;
	bool is_killed; /* ends instead of going back to the program */
	int tid;
	char comm[16]; /* prctl PR_SET_NAME */
	struct kstack *kstack;
	void *fpu_block; /* allocation behind thread.fpu_state */
	struct process *process;
	struct vmspace *vm; /* NULL: a kernel task */
	struct fdtable *fdtable;
	struct fsctx *fs;
	struct sighand *sighand;
	LIST_ENTRY(task) thread_link;
	LIST_ENTRY(task) tid_link; /* hash of all tasks; irq-off */

	struct sigpending pending; /* irq-off */
	sigset_t blocked;
	sigset_t saved_blocked; /* of sigsuspend, ppoll, pselect */
	bool restore_blocked;
	stack_t altstack;
	struct ukarch_sigfault fault; /* the last one, for signal frames */

	void __user *clear_child_tid; /* set_tid_address(2) */
	void __user *robust_list;
	size_t robust_list_len;
	void __user *rseq;
	/* PI futexes: who waits for us to unlock one, and the one we wait for; irq-off. */
	LIST_HEAD(, futex_waiter) pi_waiters;
	struct futex_waiter *pi_blocked_on;

	uint64_t affinity; /* sched_setaffinity(2): one bit per CPU */
	bool sched_reset_on_fork;
	uint64_t start_ns;
	struct ktimer_queue cpu_timers; /* on task_cpu_ns() */
	/* What restart_syscall(2) does: set together with a result of -ERESTART_RESTARTBLOCK. */
	long (*restart)(struct task *task);
	uint64_t restart_deadline_ns;
	int restart_clock; /* clockid_t of that */
	uintptr_t restart_arg;
	unsigned long minor_faults, major_faults;
	unsigned long voluntary_switches, involuntary_switches;
};

static inline struct task *current_task(void)
{
	return (struct task *)ukarch_thread_current();
}
#define current current_task()

/** Is there anything that would interrupt a sleep of the current task? Work is flagged whenever
 *  there is, and sometimes when there was or a mask is to be put back. */
static inline bool signal_is_pending(void)
{
	return uk_unlikely(current->thread.work & UKARCH_WORK_SIGNAL) && signal_is_pending_slow();
}

/** The first task and process, with a kernel stack, at boot. NULL: no memory. */
struct task *task_create_first(void);

/** What clone(2) asks for. Objects are shared where their flag is set, else copied. */
struct task_clone {
	uint64_t flags; /* CLONE_*, checked */
	vaddr_t stack;  /* stack pointer of the child; 0: the parent's */
	uint64_t tls;   /* with CLONE_SETTLS */
	int tid;        /* a certain one (clone3 set_tid), or 0 */
	int __user *parent_tid, *child_tid;
};
/** A new thread of the current process (CLONE_THREAD is set), made runnable. Its tid, or -EAGAIN,
 *  -ENOMEM, -EEXIST (tid in use), -EINVAL (no such tid). Called with all user registers saved
 * (ukarch_thread_clone). */
long task_clone(const struct task_clone *clone);

/**
 * A task that lives in the kernel only; main(arg) must not return. Sleeps and wakes like others,
 * takes no signals, has no address space. NULL: no memory.
 */
struct task *task_create_kernel(const char *name, void (*main)(void *arg), void *arg);

static inline void task_get(struct task *task)
{
	__atomic_fetch_add(&task->refcount, 1, __ATOMIC_RELAXED);
}
void task_release(struct task *task);
static inline void task_put(struct task *task)
{
	if (__atomic_fetch_sub(&task->refcount, 1, __ATOMIC_ACQ_REL) == 1)
		task_release(task);
}

/** The live task with this tid, or NULL; no reference. */
struct task *task_find(int tid);

void process_release(struct process *process);
static inline void process_get(struct process *process)
{
	__atomic_fetch_add(&process->refcount, 1, __ATOMIC_RELAXED);
}
static inline void process_put(struct process *process)
{
	if (__atomic_fetch_sub(&process->refcount, 1, __ATOMIC_ACQ_REL) == 1)
		process_release(process);
}

/** The process with this pid, or NULL; no reference. */
struct process *process_find(int pid);
/** The lowest pid >= from, or -1: for listing them. */
int process_next_pid(int from);

/** exit_group(2): ends every thread of the current process with a wait(2) status. */
void __uk_noreturn process_exit(int wait_status);
/** exit(2): ends the current thread; with the last one the process ends. */
void __uk_noreturn task_exit(int status);
/** execve(2): ends all threads but the current one, which takes over the pid. Sleeps. 0, or -EINTR
 *  when this thread is to end itself. */
int process_become_single(void);

/** CPU time of a thread; of all threads of a process, those that have exited included. */
uint64_t task_cpu_ns(const struct task *task);
uint64_t process_cpu_ns(const struct process *process);

/** The same and what else they used: getrusage(2), /proc. */
struct task_usage {
	uint64_t cpu_ns;
	unsigned long minor_faults, major_faults, voluntary_switches, involuntary_switches;
};
void task_usage_of(const struct task *task, struct task_usage *usage);
void process_usage_of(const struct process *process, struct task_usage *usage);

/** The soft limit, RLIM_INFINITY (as uint64_t max) when none. */
uint64_t process_rlimit(unsigned int resource);

#endif /* UK_TASK_H */
