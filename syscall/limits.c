/* SPDX-License-Identifier: BSD-3-Clause */
/* Resource limits and usage: getrlimit(2), prlimit(2), getrusage(2), getpriority(2). */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/resource.h>
#include <uk/arch/uaccess.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include <uk/vmspace.h>
#include "accounting.h"

#define NOFILE_MAX 1048576 /* fs.nr_open */

/* Limits that memory management keeps at hand. */
static void follow_limit(unsigned int resource, uint64_t soft)
{
	struct vmspace *vm = current_vm();

	if (resource == RLIMIT_STACK)
		vm->stack_limit_bytes = soft;
	else if (resource == RLIMIT_DATA)
		vm->data_limit_bytes = soft;
	else if (resource == RLIMIT_AS)
		vm->as_limit_bytes = soft;
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

long sys_getrusage(int who, struct rusage __user *out)
{
	struct rusage usage;
	struct cpu_times times = {0, 0};

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	memset(&usage, 0, sizeof(usage));
	if (who != RUSAGE_CHILDREN) {
		process_cpu_times(current->process, &times);
		put_time(&usage.ru_utime, times.user_ns);
		put_time(&usage.ru_stime, times.system_ns);
		usage.ru_minflt = (long)current->minor_faults;
		usage.ru_majflt = (long)current->major_faults;
		usage.ru_maxrss = (long)(current_vm()->resident_pages * (UK_PAGE_SIZE / 1024));
	}
	return copy_to_user(out, &usage, sizeof(usage));
}
