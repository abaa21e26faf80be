/* SPDX-License-Identifier: BSD-3-Clause */
/* prctl(2) and personality(2): attributes that are kept and read back, most without effect on a
 * machine that runs one program. */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <uk/arch/uaccess.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "accounting.h"

#define TIMER_SLACK_DEFAULT_NS 50000

static long set_name(const char __user *user)
{
	char name[sizeof(current->comm)];
	long len = strncpy_from_user(name, user, sizeof(name));

	if (len == -ENAMETOOLONG) {
		if (copy_from_user(name, user, sizeof(name) - 1))
			return -EFAULT;
		name[sizeof(name) - 1] = '\0';
	} else if (len < 0) {
		return len;
	}
	memset(current->comm, 0, sizeof(current->comm));
	strlcpy(current->comm, name, sizeof(current->comm));
	return 0;
}

static long bounding_set(int option, unsigned long capability)
{
	struct process_attributes *attributes = &current->process->attributes;

	if (capability > CAP_LAST_CAP)
		return -EINVAL;
	if (option == PR_CAPBSET_READ)
		return !(attributes->caps_lost_bounding >> capability & 1);
	if (!is_capable(CAP_SETPCAP))
		return -EPERM;
	attributes->caps_lost_bounding |= UINT64_C(1) << capability;
	return 0;
}

static long ambient_set(unsigned long op, unsigned long capability)
{
	struct process_attributes *attributes = &current->process->attributes;
	uint64_t bit = UINT64_C(1) << (capability & 63);

	if (op == PR_CAP_AMBIENT_CLEAR_ALL) {
		if (capability)
			return -EINVAL;
		attributes->caps_ambient = 0;
		return 0;
	}
	if (capability > CAP_LAST_CAP)
		return -EINVAL;
	switch (op) {
	case PR_CAP_AMBIENT_IS_SET:
		return !!(attributes->caps_ambient & bit);
	case PR_CAP_AMBIENT_LOWER:
		attributes->caps_ambient &= ~bit;
		return 0;
	case PR_CAP_AMBIENT_RAISE:
		if ((attributes->caps_lost_permitted & bit) ||
		    !(attributes->caps_inheritable & bit) ||
		    (attributes->securebits & SECBIT_NO_CAP_AMBIENT_RAISE))
			return -EPERM;
		attributes->caps_ambient |= bit;
		return 0;
	default:
		return -EINVAL;
	}
}

static long set_securebits(unsigned long bits)
{
	struct process_attributes *attributes = &current->process->attributes;
	unsigned long locked = (attributes->securebits & SECURE_ALL_LOCKS) >> 1;

	if (bits & ~(unsigned long)(SECURE_ALL_BITS | SECURE_ALL_LOCKS))
		return -EPERM;
	if (!is_capable(CAP_SETPCAP) || ((bits ^ attributes->securebits) & locked) ||
	    (attributes->securebits & SECURE_ALL_LOCKS & ~bits))
		return -EPERM;
	attributes->securebits = (uint32_t)bits;
	return 0;
}

/* A flag that takes 0 or 1. */
static long set_flag(bool *flag, unsigned long value)
{
	if (value > 1)
		return -EINVAL;
	*flag = value;
	return 0;
}

static long set_dumpable(unsigned long value)
{
	if (value > 1)
		return -EINVAL;
	current->process->dumpable = (uint32_t)value;
	return 0;
}

static long set_death_signal(unsigned long signo)
{
	if (signo > UK_NSIG)
		return -EINVAL;
	current->process->attributes.parent_death_signal = (int)signo;
	return 0;
}

static long set_timer_slack(unsigned long ns)
{
	current->process->attributes.timer_slack_ns = (long)ns <= 0 ? 0 : ns;
	return 0;
}

static long get_timer_slack(void)
{
	uint64_t ns = current->process->attributes.timer_slack_ns;

	return (long)(ns ? ns : TIMER_SLACK_DEFAULT_NS);
}

/* Options that set something; false when `option` is none of them. */
static bool set_option(int option, unsigned long arg2, unsigned long rest, long *result)
{
	struct process_attributes *attributes = &current->process->attributes;

	switch (option) {
	case PR_SET_NAME:
		*result = set_name((const char __user *)arg2);
		return true;
	case PR_SET_PDEATHSIG:
		*result = set_death_signal(arg2);
		return true;
	case PR_SET_DUMPABLE:
		*result = set_dumpable(arg2);
		return true;
	case PR_SET_KEEPCAPS:
		*result = set_flag(&attributes->keep_caps, arg2);
		return true;
	case PR_SET_NO_NEW_PRIVS:
		*result = arg2 != 1 || rest ? -EINVAL : set_flag(&attributes->no_new_privs, 1);
		return true;
	case PR_SET_THP_DISABLE:
		*result = rest ? -EINVAL : set_flag(&attributes->thp_disabled, !!arg2);
		return true;
	case PR_SET_CHILD_SUBREAPER:
		*result = set_flag(&attributes->is_subreaper, !!arg2);
		return true;
	case PR_SET_SECUREBITS:
		*result = set_securebits(arg2);
		return true;
	case PR_SET_TIMERSLACK:
		*result = set_timer_slack(arg2);
		return true;
	case PR_SET_VMA:
		*result = arg2 == PR_SET_VMA_ANON_NAME ? 0 : -EINVAL;
		return true;
	default:
		return false;
	}
}

long sys_prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4,
	       unsigned long arg5)
{
	struct process_attributes *attributes = &current->process->attributes;
	long result;

	if (set_option(option, arg2, arg3 | arg4 | arg5, &result))
		return result;
	switch (option) {
	case PR_GET_NAME:
		return copy_to_user((char __user *)arg2, current->comm, sizeof(current->comm));
	case PR_GET_PDEATHSIG:
		return put_user(attributes->parent_death_signal, (int __user *)arg2);
	case PR_GET_DUMPABLE:
		return current->process->dumpable;
	case PR_GET_KEEPCAPS:
		return attributes->keep_caps;
	case PR_GET_NO_NEW_PRIVS:
		return arg2 | arg3 | arg4 | arg5 ? -EINVAL : attributes->no_new_privs;
	case PR_GET_THP_DISABLE:
		return arg2 | arg3 | arg4 | arg5 ? -EINVAL : attributes->thp_disabled;
	case PR_GET_CHILD_SUBREAPER:
		return put_user((int)attributes->is_subreaper, (int __user *)arg2);
	case PR_GET_SECUREBITS:
		return attributes->securebits;
	case PR_GET_TIMERSLACK:
		return get_timer_slack();
	case PR_GET_SECCOMP:
		return 0; /* no filter */
	case PR_CAPBSET_READ:
	case PR_CAPBSET_DROP:
		return bounding_set(option, arg2);
	case PR_CAP_AMBIENT:
		return arg4 | arg5 ? -EINVAL : ambient_set(arg2, arg3);
	default:
		return -EINVAL;
	}
}

#define PERSONALITY_QUERY 0xffffffffu

long sys_personality(unsigned int persona)
{
	uint32_t old = current->process->attributes.personality;

	if (persona == PERSONALITY_QUERY)
		return old;
	if (persona & ~(unsigned int)ADDR_NO_RANDOMIZE)
		return -EINVAL;
	current->process->attributes.personality = persona;
	return old;
}
