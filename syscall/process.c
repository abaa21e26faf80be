/* SPDX-License-Identifier: BSD-3-Clause */
/* Who am I: pids, groups and sessions; the end of threads and processes; waiting for children. */
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/rseq.h>
#include <linux/wait.h>
#include <uk/arch/uaccess.h>
#include <uk/syscall.h>
#include <uk/task.h>

long sys_getpid(void)
{
	return current->process->pid;
}

long sys_gettid(void)
{
	return current->tid;
}

long sys_getppid(void)
{
	return current->process->parent->pid;
}

/* 0 is the calling process. */
static struct process *find_process(int pid)
{
	return pid ? process_find(pid) : current->process;
}

long sys_getpgid(int pid)
{
	const struct process *process = find_process(pid);

	return process ? process->pgid : -ESRCH;
}

long sys_getsid(int pid)
{
	const struct process *process = find_process(pid);

	return process ? process->sid : -ESRCH;
}

long sys_setpgid(int pid, int pgid)
{
	struct process *process = find_process(pid);

	if (pgid < 0)
		return -EINVAL;
	if (!process)
		return -ESRCH;
	if (!pgid)
		pgid = process->pid;
	/* A session leader stays in its group; a group must exist in the session. */
	if (process->sid == process->pid || (pgid != process->pid && pgid != process->pgid))
		return -EPERM;
	process->pgid = pgid;
	return 0;
}

long sys_setsid(void)
{
	struct process *process = current->process;

	if (process->pgid == process->pid)
		return -EPERM;
	process->sid = process->pgid = process->pid;
	return process->sid;
}

long sys_exit(int status)
{
	task_exit(status);
}

long sys_exit_group(int status)
{
	process_exit((status & 0xff) << 8);
}

#define WAIT4_OPTIONS (WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WALL | __WCLONE)
#define WAITID_OPTIONS                                                                             \
	(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WALL | __WCLONE)

/* There is no fork yet, so nobody has children. */
long sys_wait4(int pid, int __user *status, int options, struct rusage __user *usage)
{
	if (options & (int)~WAIT4_OPTIONS)
		return -EINVAL;
	return pid == INT32_MIN ? -ESRCH : -ECHILD;
}

long sys_waitid(int which, int id, siginfo_t __user *info, int options, struct rusage __user *usage)
{
	if ((options & (int)~WAITID_OPTIONS) || !(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	if (which == P_PIDFD)
		return id < 0 ? -EINVAL : -EBADF;
	if (which != P_ALL && which != P_PID && which != P_PGID)
		return -EINVAL;
	return (which == P_PID && id <= 0) || (which == P_PGID && id < 0) ? -EINVAL : -ECHILD;
}

long sys_set_tid_address(int __user *address)
{
	current->clear_child_tid = address;
	return current->tid;
}

long sys_set_robust_list(void __user *head, size_t len)
{
	if (len != sizeof(struct robust_list_head))
		return -EINVAL;
	current->robust_list = head;
	current->robust_list_len = len;
	return 0;
}

long sys_get_robust_list(int tid, void __user *__user *head, size_t __user *len)
{
	const struct task *task = tid ? task_find(tid) : current;

	if (!task)
		return -ESRCH;
	if (put_user(sizeof(struct robust_list_head), len))
		return -EFAULT;
	return put_user((uintptr_t)task->robust_list, (uintptr_t __user *)head);
}

#define RSEQ_MIN_BYTES 32 /* what Linux 6.1 knows; newer libcs may bring more */

static long rseq_unregister(struct rseq __user *area)
{
	if (!current->rseq)
		return -EINVAL;
	if (area != current->rseq)
		return -EINVAL;
	if (put_user(0u, &area->cpu_id_start) ||
	    put_user((uint32_t)RSEQ_CPU_ID_UNINITIALIZED, &area->cpu_id))
		return -EFAULT;
	current->rseq = NULL;
	return 0;
}

/* One CPU: the number written here is right for ever. */
long sys_rseq(void __user *user, unsigned int len, int flags, unsigned int signature)
{
	struct rseq __user *area = user;

	if (flags & RSEQ_FLAG_UNREGISTER)
		return flags & ~RSEQ_FLAG_UNREGISTER ? -EINVAL : rseq_unregister(area);
	if (flags)
		return -EINVAL;
	if (current->rseq)
		return area == current->rseq ? -EBUSY : -EINVAL;
	if (len < RSEQ_MIN_BYTES || !UK_IS_ALIGNED((uintptr_t)area, __alignof__(struct rseq)))
		return -EINVAL;
	if (put_user(0u, &area->cpu_id_start) || put_user(0u, &area->cpu_id))
		return -EFAULT;
	current->rseq = area;
	return 0;
}
