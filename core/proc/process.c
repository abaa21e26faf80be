/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes: birth of the first one, limits, the end of threads and processes. The first process
 * is the machine: when it ends, so does the virtual machine, with its status.
 *
 * exit_group(2), a fatal signal and execve(2) end other threads by marking them killed: a killed
 * thread wakes from every interruptible sleep and ends on its way back to the program.
 */
#include <linux/errno.h>
#include <uk/arch/layout.h>
#include <uk/clock.h>
#include <uk/file.h>
#include <uk/futex.h>
#include <uk/heap.h>
#include <uk/plat/power.h>
#include <uk/posix_timer.h>
#include <uk/sched.h>
#include <uk/string.h>
#include <uk/vfs.h>
#include <uk/vmspace.h>
#include "proc_internal.h"

#define UNLIMITED UINT64_MAX

static TAILQ_HEAD(, process) processes = TAILQ_HEAD_INITIALIZER(processes);
static struct process *first_process;

struct process kernel_process = {
	.refcount = 1,
	.rlimits = {[0 ... RLIM_NLIMITS - 1] = {UNLIMITED, UNLIMITED}},
};

/* Linux' defaults (include/asm-generic/resource.h), soft and hard. */
static void set_default_rlimits(struct rlimit64 *limits)
{
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++)
		limits[i] = (struct rlimit64){UNLIMITED, UNLIMITED};
	limits[RLIMIT_STACK] = (struct rlimit64){8UL << 20, UNLIMITED};
	limits[RLIMIT_CORE] = (struct rlimit64){0, UNLIMITED};
	limits[RLIMIT_NOFILE] = (struct rlimit64){1024, 1048576};
	limits[RLIMIT_NPROC] = (struct rlimit64){PID_MAX, PID_MAX};
	limits[RLIMIT_SIGPENDING] = (struct rlimit64){4096, 4096};
	limits[RLIMIT_MEMLOCK] = (struct rlimit64){8UL << 20, 8UL << 20};
	limits[RLIMIT_MSGQUEUE] = (struct rlimit64){819200, 819200};
	limits[RLIMIT_NICE] = (struct rlimit64){0, 0};
	limits[RLIMIT_RTPRIO] = (struct rlimit64){0, 0};
}

/* The parent of the first program, as Linux' idle task. It is in no list. */
static struct process process_zero;

struct process *process_create_first(int pid)
{
	struct process *process = uk_zalloc(sizeof(*process));

	if (!process)
		return NULL;
	process->refcount = 1;
	process->pid = process->pgid = process->sid = pid;
	process->parent = &process_zero;
	process->dumpable = 1;
	LIST_INIT(&process->threads);
	waitq_init(&process->thread_exits);
	TAILQ_INIT(&process->shared_pending.queue);
	set_default_rlimits(process->rlimits);
	TAILQ_INSERT_TAIL(&processes, process, link);
	first_process = process;
	return process;
}

void process_release(struct process *process)
{
	unsigned long flags = ukarch_irq_save();

	TAILQ_REMOVE(&processes, process, link);
	ukarch_irq_restore(flags);
	uk_free(process->spare_signal);
	uk_free(process);
}

void process_add_thread(struct process *process, struct task *task)
{
	unsigned long flags = ukarch_irq_save();

	LIST_INSERT_HEAD(&process->threads, task, thread_link);
	process->thread_count++;
	ukarch_irq_restore(flags);
}

struct process *process_find(int pid)
{
	unsigned long flags = ukarch_irq_save();
	struct process *process;

	TAILQ_FOREACH (process, &processes, link)
		if (process->pid == pid)
			break;
	ukarch_irq_restore(flags);
	return process;
}

int process_next_pid(int from)
{
	unsigned long flags = ukarch_irq_save();
	const struct process *process;

	TAILQ_FOREACH (process, &processes, link)
		if (process->pid >= from)
			break;
	ukarch_irq_restore(flags);
	return process ? process->pid : -1;
}

/* --- the end ------------------------------------------------------------------------------------
 */

static void __uk_noreturn end_machine(int wait_status)
{
	int signo = wait_status & 0x7f;

	ukplat_exit(signo ? 128 + signo : wait_status >> 8 & 0xff);
}

static void kill_other_threads(struct process *process)
{
	unsigned long flags = ukarch_irq_save();
	struct task *task;

	LIST_FOREACH (task, &process->threads, thread_link) {
		if (task == current)
			continue;
		task->is_killed = true;
		ukarch_thread_set_work(&task->thread, UKARCH_WORK_SIGNAL);
		sched_interrupt(task);
	}
	waitq_wake(&process->thread_exits, 0);
	ukarch_irq_restore(flags);
}

void task_give_up(struct task *task)
{
	struct vmspace *vm = task->vm;

	fdtable_put(task->fdtable);
	fsctx_put(task->fs);
	task->vm = NULL;
	vmspace_put(vm);
	signal_discard(task->process, &task->pending);
	sighand_put(task->sighand);
}

/* The process keeps what its thread used. */
static void leave_process(struct task *task, int status)
{
	struct process *process = task->process;
	unsigned long flags = ukarch_irq_save();

	LIST_REMOVE(task, thread_link);
	process->thread_count--;
	process->dead_counts += sched_run_counts(task);
	process->dead_minor_faults += task->minor_faults;
	process->dead_major_faults += task->major_faults;
	process->dead_voluntary_switches += task->voluntary_switches;
	process->dead_involuntary_switches += task->involuntary_switches;
	/* Without exit_group(2) the first thread's status is the process's. */
	if (task->tid == process->pid && !process->is_exiting)
		process->exit_status = (status & 0xff) << 8;
	/* A signal it had been chosen for goes to another one. */
	signal_retarget(process);
	waitq_wake(&process->thread_exits, 0);
	ukarch_irq_restore(flags);
}

void task_exit(int status)
{
	struct task *task = current;
	struct process *process = task->process;

	if (process->thread_count == 1 && process == first_process) {
		if (!process->is_exiting && task->tid == process->pid)
			process->exit_status = (status & 0xff) << 8;
		end_machine(process->exit_status);
	}
	futex_exit(task);
	leave_process(task, status);
	task_set_tid(task, 0);
	if (task->cpu_timers.first || process->timers)
		posix_timers_thread_exit(task);
	if (!process->thread_count)
		posix_timers_exit(process);
	task_give_up(task);
	sched_exit();
}

void process_exit(int wait_status)
{
	struct process *process = current->process;

	if (!process->is_exiting) {
		process->is_exiting = true;
		process->exit_status = wait_status;
		if (process == first_process)
			end_machine(wait_status);
		kill_other_threads(process);
	}
	task_exit(0);
}

/* Not interruptible by signals, only by being killed: kill_other_threads() wakes the queue. */
static void wait_for_thread_exit(struct process *process)
{
	struct waitq_entry entry;

	waitq_prepare(&process->thread_exits, &entry);
	if (process->thread_count > 1 && !current->is_killed)
		sched_sleep_until(UK_NO_TIMEOUT);
	waitq_finish(&process->thread_exits, &entry);
}

int process_become_single(void)
{
	struct process *process = current->process;

	if (process->thread_count > 1)
		kill_other_threads(process);
	while (process->thread_count > 1) {
		if (current->is_killed)
			return -EINTR;
		wait_for_thread_exit(process);
	}
	if (current->tid != process->pid)
		task_set_tid(current, process->pid);
	return 0;
}

uint64_t process_rlimit(unsigned int resource)
{
	return current->process->rlimits[resource].rlim_cur;
}

struct vmspace *current_vm(void)
{
	return current->vm;
}

struct fdtable *current_fdtable(void)
{
	return current->fdtable;
}

struct fsctx *current_fs(void)
{
	return current->fs;
}
