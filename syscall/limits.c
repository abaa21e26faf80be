/* SPDX-License-Identifier: BSD-3-Clause */
/* Resource limits and usage: getrlimit(2), prlimit(2), getrusage(2), getpriority(2). */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/resource.h>
#include <uk/arch/uaccess.h>
#include <uk/cpu_time.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include <uk/vmspace.h>
#include "accounting.h"

#define NOFILE_MAX 1048576 /* fs.nr_open */

/* Limits that are kept at hand elsewhere. */
static void follow_limit(unsigned int resource, uint64_t soft)
{
	struct vmspace *vm = current_vm();

	if (resource == RLIMIT_STACK)
		vm->stack_limit_bytes = soft;
	else if (resource == RLIMIT_DATA)
		vm->data_limit_bytes = soft;
	else if (resource == RLIMIT_AS)
		vm->as_limit_bytes = soft;
	else if (resource == RLIMIT_CPU)
		cpu_time_limit_changed(current->process);
}

static int set_limit(unsigned int resource, const struct rlimit64 *limit)
{
	struct rlimit64 *now = &current->process->rlimits[resource];

	if (limit->rlim_cur > limit->rlim_max)
		return -EINVAL;
	if (limit->rlim_max > now->rlim_max && !is_capable(CAP_SYS_RESOURCE))
		return -EPERM;
	if (resource == RLIMIT_NOFILE && limit->rlim_max > NOFILE_MAX)
		return -EPERM;
	*now = *limit;
	follow_limit(resource, limit->rlim_cur);
	return 0;
}

long sys_prlimit64(int pid, unsigned int resource, const struct rlimit64 __user *limit,
		   struct rlimit64 __user *old)
{
	struct rlimit64 wanted, before;
	int error;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (limit && copy_from_user(&wanted, limit, sizeof(wanted)))
		return -EFAULT;
	if (pid && pid != current->process->pid && pid != current->tid)
		return -ESRCH;
	before = current->process->rlimits[resource];
	error = limit ? set_limit(resource, &wanted) : 0;
	if (error || !old)
		return error;
	return copy_to_user(old, &before, sizeof(before));
}

long sys_getrlimit(unsigned int resource, struct rlimit64 __user *out)
{
	return out ? sys_prlimit64(0, resource, NULL, out) : -EFAULT;
}

long sys_setrlimit(unsigned int resource, const struct rlimit64 __user *limit)
{
	return limit ? sys_prlimit64(0, resource, limit, NULL) : -EFAULT;
}

static void put_time(struct __kernel_old_timeval *to, uint64_t ns)
{
	to->tv_sec = (long)(ns / UK_NSEC_PER_SEC);
	to->tv_usec = (long)(ns % UK_NSEC_PER_SEC / 1000);
}

static void put_usage(struct rusage *to, const struct task_usage *usage)
{
	put_time(&to->ru_utime, usage->cpu_ns); /* all of it: core/time/cpu_time.c */
	to->ru_minflt = (long)usage->minor_faults;
	to->ru_majflt = (long)usage->major_faults;
	to->ru_nvcsw = (long)usage->voluntary_switches;
	to->ru_nivcsw = (long)usage->involuntary_switches;
	to->ru_maxrss = (long)(vm_peak_resident_pages(current_vm()) * (UK_PAGE_SIZE / 1024));
}

long sys_getrusage(int who, struct rusage __user *out)
{
	struct task_usage usage;
	struct rusage rusage;

	memset(&rusage, 0, sizeof(rusage));
	if (who == RUSAGE_SELF)
		process_usage_of(current->process, &usage);
	else if (who == RUSAGE_THREAD)
		task_usage_of(current, &usage);
	else if (who != RUSAGE_CHILDREN)
		return -EINVAL;
	if (who != RUSAGE_CHILDREN) /* there are none */
		put_usage(&rusage, &usage);
	return copy_to_user(out, &rusage, sizeof(rusage));
}
