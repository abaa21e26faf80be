/* SPDX-License-Identifier: BSD-3-Clause */
/* Scheduling as programs ask about it: one CPU, one policy. sched(7), membarrier(2). */
#include <linux/errno.h>
#include <linux/membarrier.h>
#include <linux/sched.h>
#include <uk/arch/uaccess.h>
#include <uk/sched.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "sys_time.h"

#define RT_PRIORITY_MAX 99
#define SLICE_NS        4000000 /* what Linux' fair scheduler answers on a quiet machine */

static int check_tid(int tid)
{
	const struct task *task;

	if (tid < 0)
		return -EINVAL;
	if (!tid || tid == current->process->pid)
		return 0;
	LIST_FOREACH (task, &current->process->threads, thread_link)
		if (task->tid == tid)
			return 0;
	return -ESRCH;
}

long sys_sched_yield(void)
{
	sched_yield();
	return 0;
}

long sys_getcpu(unsigned int __user *cpu, unsigned int __user *node, void __user *cache)
{
	return (cpu && put_user(0u, cpu)) || (node && put_user(0u, node)) ? -EFAULT : 0;
}

/* Returns the bytes of the kernel's own mask, which is one word. */
long sys_sched_getaffinity(int tid, unsigned int len, unsigned long __user *mask)
{
	int error = check_tid(tid) == -EINVAL ? -ESRCH : check_tid(tid);

	if (!len || len % sizeof(*mask))
		return -EINVAL;
	if (error)
		return error;
	return put_user(1UL, mask) ? -EFAULT : (long)sizeof(*mask);
}

long sys_sched_setaffinity(int tid, unsigned int len, const unsigned long __user *mask)
{
	unsigned char bits[128] = {0}, first;
	int error = check_tid(tid) == -EINVAL ? -ESRCH : check_tid(tid);

	if (copy_from_user(bits, mask, UK_MIN(len, sizeof(bits))))
		return -EFAULT;
	first = bits[0];
	if (error)
		return error;
	return first & 1 ? 0 : -EINVAL; /* no CPU would be left */
}

long sys_sched_getscheduler(int tid)
{
	int error = check_tid(tid);

	return error ? error : SCHED_NORMAL;
}

static int check_param(const int __user *param, int policy)
{
	int priority = 0;

	if (!param)
		return -EINVAL;
	if (get_user(priority, param))
		return -EFAULT;
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return priority >= 1 && priority <= RT_PRIORITY_MAX ? -EPERM : -EINVAL;
	if (policy != SCHED_NORMAL && policy != SCHED_BATCH && policy != SCHED_IDLE)
		return -EINVAL;
	return priority ? -EINVAL : 0;
}

long sys_sched_setscheduler(int tid, int policy, const int __user *param)
{
	int error = check_tid(tid);

	if (policy < 0)
		return -EINVAL;
	return error ? error : check_param(param, policy & ~SCHED_RESET_ON_FORK);
}

long sys_sched_setparam(int tid, const int __user *param)
{
	int error = check_tid(tid);

	return error ? error : check_param(param, SCHED_NORMAL);
}

long sys_sched_getparam(int tid, int __user *param)
{
	int error = param ? check_tid(tid) : -EINVAL;

	return error ? error : put_user(0, param);
}

long sys_sched_get_priority_max(int policy)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return RT_PRIORITY_MAX;
	return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE ||
			       policy == SCHED_DEADLINE
		       ? 0
		       : -EINVAL;
}

long sys_sched_get_priority_min(int policy)
{
	long max = sys_sched_get_priority_max(policy);

	return max > 0 ? 1 : max;
}

long sys_sched_rr_get_interval(int tid, struct __kernel_timespec __user *out)
{
	int error = check_tid(tid);

	return error ? error : put_timespec(SLICE_NS, out);
}

/* On one CPU every access of one thread is seen in order by the next. */
#define MEMBARRIER_KNOWN                                                                           \
	(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |                                 \
	 MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |             \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |  \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE)

long sys_membarrier(int cmd, unsigned int flags, int cpu)
{
	if (flags)
		return -EINVAL;
	if (cmd == MEMBARRIER_CMD_QUERY)
		return MEMBARRIER_KNOWN;
	if (cmd & (cmd - 1) || !(cmd & MEMBARRIER_KNOWN))
		return -EINVAL;
	return 0;
}
