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
#include <uk/lock.h>
#include <uk/signal.h>

struct vmspace;
struct fdtable;
struct fsctx;
struct file;

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
	int nice, parent_death_signal;
	uint64_t timer_slack_ns; /* 0: the default */
	bool keep_caps, no_new_privs, thp_disabled, is_subreaper;
};

struct process {
	unsigned int refcount;
	int pid, pgid, sid;
	struct process *parent; /* NULL for the first program */
	LIST_HEAD(, task) threads;
	struct sigpending shared_pending; /* irq-off */
	struct rlimit64 rlimits[RLIM_NLIMITS];
	struct creds creds;
	struct file *exe;  /* /proc/self/exe */
	uint32_t dumpable; /* prctl PR_SET_DUMPABLE */
	struct process_attributes attributes;
	uint64_t start_ns; /* monotonic */
	int exit_status;   /* wait(2) encoding */
	bool is_exiting;
};

enum task_state { TASK_RUNNING, TASK_SLEEPING, TASK_DEAD };

struct task {
	struct ukarch_thread thread; /* must stay first: entry.S reaches it through current */
	enum task_state state;       /* irq-off */
	bool is_interruptible;       /* of the sleep it is in */
	int tid;
	char comm[16]; /* prctl PR_SET_NAME */
	struct process *process;
	struct vmspace *vm;
	struct fdtable *fdtable;
	struct fsctx *fs;
	struct sighand *sighand;
	LIST_ENTRY(task) thread_link;
	TAILQ_ENTRY(task) run_link; /* run queue, irq-off */

	struct sigpending pending; /* irq-off */
	sigset_t blocked;
	sigset_t saved_blocked; /* of sigsuspend, ppoll, pselect */
	bool restore_blocked;
	stack_t altstack;
	uint64_t fault_addr, fault_error; /* the last one, for signal frames */
	unsigned int fault_vector;

	void __user *clear_child_tid; /* set_tid_address(2) */
	void __user *robust_list;
	size_t robust_list_len;
	void __user *rseq;

	uint64_t user_ns, system_ns, last_switch_ns;
	/* What restart_syscall(2) does: set together with a result of -ERESTART_RESTARTBLOCK. */
	long (*restart)(struct task *task);
	uint64_t restart_deadline_ns;
	uintptr_t restart_arg;
	unsigned long minor_faults, major_faults;
};

static inline struct task *current_task(void)
{
	return (struct task *)ukarch_thread_current();
}
#define current current_task()

/** The first task and process, with a kernel stack, at boot. NULL: no memory. */
struct task *task_create_first(void);

/** The process with this pid, or NULL. */
struct process *process_find(int pid);
/** The lowest pid >= from, or -1: for listing them. */
int process_next_pid(int from);

/** exit_group(2): ends every thread of the current process with a wait(2) status. */
void __uk_noreturn process_exit(int wait_status);
/** exit(2): ends the current thread; the last one ends the process with `status`. */
void __uk_noreturn task_exit(int status);

/** The soft limit, RLIM_INFINITY (as uint64_t max) when none. */
uint64_t process_rlimit(unsigned int resource);

#endif /* UK_TASK_H */
