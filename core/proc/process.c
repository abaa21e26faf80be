/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tasks and processes: birth of the first one, limits, the end. The first process is the
 * machine: when it ends, so does the virtual machine, with its status.
 */
#include <uk/arch/layout.h>
#include <uk/clock.h>
#include <uk/file.h>
#include <uk/heap.h>
#include <uk/plat/power.h>
#include <uk/print.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/vfs.h>
#include <uk/vmspace.h>

#define UNLIMITED UINT64_MAX

static struct process *first_process;

/* Linux' defaults (include/asm-generic/resource.h), soft and hard. */
static void set_default_rlimits(struct rlimit64 *limits)
{
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++)
		limits[i] = (struct rlimit64){UNLIMITED, UNLIMITED};
	limits[RLIMIT_STACK] = (struct rlimit64){8UL << 20, UNLIMITED};
	limits[RLIMIT_CORE] = (struct rlimit64){0, UNLIMITED};
	limits[RLIMIT_NOFILE] = (struct rlimit64){1024, 1048576};
	limits[RLIMIT_NPROC] = (struct rlimit64){4096, 4096};
	limits[RLIMIT_SIGPENDING] = (struct rlimit64){4096, 4096};
	limits[RLIMIT_MEMLOCK] = (struct rlimit64){8UL << 20, 8UL << 20};
	limits[RLIMIT_MSGQUEUE] = (struct rlimit64){819200, 819200};
	limits[RLIMIT_NICE] = (struct rlimit64){0, 0};
	limits[RLIMIT_RTPRIO] = (struct rlimit64){0, 0};
}

static struct process *process_create(int pid)
{
	struct process *process = uk_zalloc(sizeof(*process));

	if (!process)
		return NULL;
	process->refcount = 1;
	process->pid = process->pgid = process->sid = pid;
	process->dumpable = 1;
	LIST_INIT(&process->threads);
	TAILQ_INIT(&process->shared_pending.queue);
	set_default_rlimits(process->rlimits);
	return process;
}

struct task *task_create_first(void)
{
	struct task *task = uk_zalloc(sizeof(*task));
	struct ukarch_thread *boot = ukarch_thread_current();

	if (!task)
		return NULL;
	/* The boot stack becomes its kernel stack: nothing on it is needed once it starts. */
	task->thread.kstack_top = boot->kstack_top;
	task->state = TASK_RUNNING;
	task->tid = 1;
	strlcpy(task->comm, "init", sizeof(task->comm));
	TAILQ_INIT(&task->pending.queue);
	task->altstack.ss_flags = SS_DISABLE;
	task->process = process_create(task->tid);
	task->sighand = sighand_create();
	task->vm = vmspace_create();
	task->fdtable = fdtable_create();
	if (!task->process || !task->sighand || !task->vm || !task->fdtable)
		return NULL; /* the boot ends here: nothing to free for */
	LIST_INSERT_HEAD(&task->process->threads, task, thread_link);
	first_process = task->process;
	ukarch_thread_set_current(&task->thread);
	vmspace_activate(task->vm);
	return task;
}

struct process *process_find(int pid)
{
	return first_process && first_process->pid == pid ? first_process : NULL;
}

int process_next_pid(int from)
{
	return first_process && first_process->pid >= from ? first_process->pid : -1;
}

void process_exit(int wait_status)
{
	int signo = wait_status & 0x7f;

	current->process->exit_status = wait_status;
	current->process->is_exiting = true;
	ukplat_exit(signo ? 128 + signo : wait_status >> 8 & 0xff);
}

void task_exit(int status)
{
	process_exit((status & 0xff) << 8);
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
