/* SPDX-License-Identifier: BSD-3-Clause */
/* Policies, priorities and CPUs of threads: sched(7); membarrier(2). */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/membarrier.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <uk/arch/uaccess.h>
#include <uk/sched.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "accounting.h"
#include "sys_time.h"

/* <sys/resource.h>; the UAPI headers leave them out. */
#define PRIO_PROCESS 0
#define PRIO_PGRP    1
#define PRIO_USER    2

#define RR_SLICE_NS 4000000 /* as core/sched cuts it */

static struct task *find_task(int tid)
{
	return tid ? task_find(tid) : current;
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

/* --- affinity -----------------------------------------------------------------------------------
 */

/* Returns the bytes of the kernel's own mask, which is one word. */
long sys_sched_getaffinity(int tid, unsigned int len, unsigned long __user *mask)
{
	const struct task *task = find_task(tid);

	if (!len || len % sizeof(*mask))
		return -EINVAL;
	if (!task)
		return -ESRCH;
	return put_user(task->affinity, mask) ? -EFAULT : (long)sizeof(*mask);
}

long sys_sched_setaffinity(int tid, unsigned int len, const unsigned long __user *mask)
{
	struct task *task;
	uint64_t wanted = 0;

	if (copy_from_user(&wanted, mask, UK_MIN(len, (unsigned int)sizeof(wanted))))
		return -EFAULT;
	task = find_task(tid);
	if (!task)
		return -ESRCH;
	if (!(wanted & 1)) /* there is CPU 0 */
		return -EINVAL;
	task->affinity = 1;
	return 0;
}

/* --- policies -----------------------------------------------------------------------------------
 */

static bool is_realtime(unsigned int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool is_fair(unsigned int policy)
{
	return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

/* Lowering is always allowed; more takes CAP_SYS_NICE, or the limits of getrlimit(2). */
static bool may_set(const struct task *task, const struct sched_attr *attr)
{
	const struct sched_entity *now = &task->sched;

	if (is_capable(CAP_SYS_NICE))
		return true;
	if (is_realtime(attr->sched_policy) &&
	    (!is_realtime(now->policy) || attr->sched_priority > now->own_priority) &&
	    attr->sched_priority > process_rlimit(RLIMIT_RTPRIO))
		return false;
	return attr->sched_nice >= now->nice ||
	       20 - attr->sched_nice <= (long)process_rlimit(RLIMIT_NICE);
}

static int set_policy(struct task *task, const struct sched_attr *attr)
{
	unsigned int policy = attr->sched_policy;

	if (attr->sched_flags & ~(uint64_t)SCHED_FLAG_RESET_ON_FORK)
		return -EINVAL;
	if (!is_realtime(policy) && !is_fair(policy))
		return -EINVAL; /* SCHED_DEADLINE is not there */
	if (is_realtime(policy) != (attr->sched_priority != 0) ||
	    attr->sched_priority > SCHED_RT_PRIORITY_MAX)
		return -EINVAL;
	if (!may_set(task, attr))
		return -EPERM;
	task->sched_reset_on_fork = attr->sched_flags & SCHED_FLAG_RESET_ON_FORK;
	sched_set(task, policy, attr->sched_priority, attr->sched_nice);
	return 0;
}

static int set_with_param(int tid, int policy, const int __user *param, bool keeps_policy)
{
	struct sched_attr attr = {.sched_policy = (uint32_t)policy & ~SCHED_RESET_ON_FORK};
	struct task *task;
	int priority = 0;

	if (tid < 0 || !param)
		return -EINVAL;
	if (get_user(priority, param))
		return -EFAULT;
	task = find_task(tid);
	if (!task)
		return -ESRCH;
	if (keeps_policy) {
		attr.sched_policy = task->sched.policy;
		attr.sched_flags = task->sched_reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	} else if (policy & SCHED_RESET_ON_FORK) {
		attr.sched_flags = SCHED_FLAG_RESET_ON_FORK;
	}
	attr.sched_priority = (uint32_t)priority;
	attr.sched_nice = task->sched.nice;
	return set_policy(task, &attr);
}

long sys_sched_setscheduler(int tid, int policy, const int __user *param)
{
	return policy < 0 ? -EINVAL : set_with_param(tid, policy, param, false);
}

long sys_sched_setparam(int tid, const int __user *param)
{
	return set_with_param(tid, 0, param, true);
}

long sys_sched_getscheduler(int tid)
{
	const struct task *task = tid < 0 ? NULL : find_task(tid);

	if (tid < 0)
		return -EINVAL;
	if (!task)
		return -ESRCH;
	return task->sched.policy | (task->sched_reset_on_fork ? SCHED_RESET_ON_FORK : 0);
}

long sys_sched_getparam(int tid, int __user *param)
{
	const struct task *task;

	if (tid < 0 || !param)
		return -EINVAL;
	task = find_task(tid);
	return task ? put_user((int)task->sched.own_priority, param) : -ESRCH;
}

long sys_sched_getattr(int tid, struct sched_attr __user *user, unsigned int size,
		       unsigned int flags)
{
	struct sched_attr attr = {.size = SCHED_ATTR_SIZE_VER0};
	const struct task *task;

	if (tid < 0 || !user || flags || size < SCHED_ATTR_SIZE_VER0 || size > UK_PAGE_SIZE)
		return -EINVAL;
	task = find_task(tid);
	if (!task)
		return -ESRCH;
	attr.sched_policy = task->sched.policy;
	attr.sched_flags = task->sched_reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	attr.sched_priority = task->sched.own_priority;
	attr.sched_nice = task->sched.nice;
	return copy_to_user(user, &attr, SCHED_ATTR_SIZE_VER0);
}

long sys_sched_setattr(int tid, struct sched_attr __user *user, unsigned int flags)
{
	struct sched_attr attr;
	struct task *task;
	uint32_t size = 0;

	if (tid < 0 || !user || flags)
		return -EINVAL;
	if (get_user(size, &user->size))
		return -EFAULT;
	size = size ? size : SCHED_ATTR_SIZE_VER0;
	if (size < SCHED_ATTR_SIZE_VER0 || size > sizeof(attr))
		return put_user((uint32_t)sizeof(attr), &user->size) ? -EFAULT : -E2BIG;
	memset(&attr, 0, sizeof(attr));
	if (copy_from_user(&attr, user, size))
		return -EFAULT;
	task = find_task(tid);
	if (!task)
		return -ESRCH;
	attr.sched_nice = UK_MAX(SCHED_NICE_MIN, UK_MIN(attr.sched_nice, SCHED_NICE_MAX));
	return set_policy(task, &attr);
}

long sys_sched_get_priority_max(int policy)
{
	if (policy < 0)
		return -EINVAL;
	if (is_realtime((unsigned int)policy))
		return SCHED_RT_PRIORITY_MAX;
	return is_fair((unsigned int)policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

long sys_sched_get_priority_min(int policy)
{
	long max = sys_sched_get_priority_max(policy);

	return max > 0 ? 1 : max;
}

long sys_sched_rr_get_interval(int tid, struct __kernel_timespec __user *out)
{
	const struct task *task = tid < 0 ? NULL : find_task(tid);

	if (tid < 0)
		return -EINVAL;
	if (!task)
		return -ESRCH;
	return put_timespec(task->sched.policy == SCHED_FIFO ? 0 : RR_SLICE_NS, out);
}

/* --- nice ---------------------------------------------------------------------------------------
 */

/* Is `task` one of those that getpriority(2) names? */
static bool is_named(const struct task *task, int which, int who)
{
	const struct process *process = task->process;

	switch (which) {
	case PRIO_PROCESS:
		return who ? task->tid == who : task == current;
	case PRIO_PGRP:
		return process->pgid == (who ? who : current->process->pgid);
	default:
		return process->creds.uid == (who ? (uint32_t)who : current->process->creds.uid);
	}
}

/* Calls `visit` for each; how many there were, or the first error. */
static long for_each_named(int which, int who, long (*visit)(struct task *task, long *value),
			   long *value)
{
	struct task *task;
	long count = 0, error = 0, result;

	if (which != PRIO_PROCESS && which != PRIO_PGRP && which != PRIO_USER)
		return -EINVAL;
	LIST_FOREACH (task, &current->process->threads, thread_link) {
		if (!is_named(task, which, who))
			continue;
		count++;
		result = visit(task, value);
		error = error ? error : result;
	}
	if (!count)
		return -ESRCH;
	return error;
}

static long note_nice(struct task *task, long *best)
{
	*best = UK_MAX(*best, 20 - (long)task->sched.nice);
	return 0;
}

static long set_nice(struct task *task, long *nice)
{
	struct sched_attr attr = {
		.sched_policy = task->sched.policy,
		.sched_priority = task->sched.own_priority,
		.sched_nice = (int)*nice,
	};

	if (!may_set(task, &attr))
		return -EACCES;
	sched_set(task, task->sched.policy, task->sched.own_priority, (int)*nice);
	return 0;
}

/* The raw call returns 20 - nice, so that no value looks like an error. */
long sys_getpriority(int which, int who)
{
	long best = 0, error = for_each_named(which, who, note_nice, &best);

	return error ? error : best;
}

long sys_setpriority(int which, int who, int nice)
{
	long wanted = UK_MAX(SCHED_NICE_MIN, UK_MIN(nice, SCHED_NICE_MAX));

	return for_each_named(which, who, set_nice, &wanted);
}

/* --- membarrier ---------------------------------------------------------------------------------
 */

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
