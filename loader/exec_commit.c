/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The point of no return of execve(2): what the man page lists under "not preserved". One
 * allocation comes first, nothing after it can fail.
 *
 * The process loses its other threads first. Those are gone for good even when something fails
 * after that, as on Linux.
 */
#include <linux/errno.h>
#include <uk/file.h>
#include <uk/futex.h>
#include <uk/posix_timer.h>
#include <uk/string.h>
#include <uk/task.h>
#include "exec_image.h"

/* Objects that other tasks share (CLONE_FILES, CLONE_SIGHAND) become this program's own. */
static int unshare(struct task *task)
{
	struct sighand *sighand;

	if (fdtable_unshare())
		return -ENOMEM;
	if (task->sighand->refcount == 1)
		return 0;
	sighand = sighand_create();
	if (!sighand)
		return -ENOMEM;
	memcpy(sighand->actions, task->sighand->actions, sizeof(sighand->actions));
	sighand_put(task->sighand);
	task->sighand = sighand;
	return 0;
}

static void set_comm(struct task *task, const char *filename)
{
	const char *slash = strrchr(filename, '/');

	strlcpy(task->comm, slash ? slash + 1 : filename, sizeof(task->comm));
}

static void replace_exe(struct process *process, struct file *file)
{
	struct file *old = process->exe;

	file_get(file);
	process->exe = file;
	if (old)
		file_put(old);
}

int exec_commit(struct exec_image *exec)
{
	const struct elf_file *first = exec->interp.file ? &exec->interp : &exec->program;
	vaddr_t entry = first->image.header.entry + first->bias;
	struct task *task = current;
	struct vmspace *old = task->vm;
	int ret = process_become_single();

	if (!ret)
		ret = unshare(task);
	if (ret)
		return ret;
	futex_exit(task); /* in the old memory */
	task->vm = exec->vm;
	exec->vm = NULL;
	vmspace_switch(task->vm);
	vmspace_put(old);
	fdtable_close_on_exec(task->fdtable);
	sighand_reset_for_exec(task->sighand);
	posix_timers_exec(task->process);
	task->altstack = (stack_t){.ss_flags = SS_DISABLE};
	task->robust_list_len = 0;
	task->rseq = NULL;
	task->restart_deadline_ns = 0;
	set_comm(task, exec->args->filename);
	replace_exe(task->process, exec->program.file);
	task->process->dumpable = 1;
	task->process->creds.suid = task->process->creds.fsuid = task->process->creds.euid;
	task->process->creds.sgid = task->process->creds.fsgid = task->process->creds.egid;
	ukarch_thread_reset(&task->thread);
	ukarch_regs_start(ukarch_thread_user_regs(&task->thread), entry, exec->stack_layout.sp);
	ukarch_thread_set_work(&task->thread, UKARCH_WORK_REGS);
	return 0;
}
