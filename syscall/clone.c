/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clone(2) and clone3(2): which flags go together. Threads only: a call without CLONE_THREAD would
 * make a process, and is not there yet. unshare(2).
 */
#include <linux/errno.h>
#include <linux/sched.h>
#include <uk/arch/uaccess.h>
#include <uk/arch/upcall.h>
#include <uk/file.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include <uk/vfs.h>

#define CLONE_NAMESPACES                                                                           \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)
/* Without effect on a thread here, as (nearly) everywhere: CLONE_SYSVSEM shares what only semop(2)
 * uses, CLONE_IO an I/O scheduler's context; nobody traces; CLONE_DETACHED is ignored. */
#define CLONE_HARMLESS                                                                             \
	(CLONE_SYSVSEM | CLONE_IO | CLONE_PTRACE | CLONE_UNTRACED | CLONE_DETACHED | CSIGNAL)
#define CLONE_DONE                                                                                 \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS |         \
	 CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_PARENT)

static long check_flags(uint64_t flags)
{
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_FS) && (flags & (CLONE_NEWNS | CLONE_NEWUSER)))
		return -EINVAL;
	if (!(flags & CLONE_THREAD))
		return sys_not_there();
	if (flags & (CLONE_NAMESPACES | CLONE_PIDFD))
		return -EINVAL; /* not together with CLONE_THREAD */
	if (flags & ~(uint64_t)(CLONE_DONE | CLONE_HARMLESS | CLONE_VFORK))
		return -EINVAL;
	return flags & CLONE_VFORK ? sys_not_there() : 0;
}

/* An address outside the program's half would only fault later, in the new thread. */
static long clone_checked(const struct task_clone *clone)
{
	long error = check_flags(clone->flags);

	if (error)
		return error;
	if ((clone->flags & CLONE_SETTLS) && clone->tls >= UKARCH_USER_END)
		return -EPERM;
	return task_clone(clone);
}

long upcall_clone(unsigned long flags, uintptr_t stack, int __user *parent_tid,
		  int __user *child_tid, unsigned long tls)
{
	/* The upper half is not looked at: newer flags exist for clone3 only. */
	struct task_clone clone = {
		.flags = (uint32_t)flags,
		.stack = stack,
		.tls = tls,
		.parent_tid = parent_tid,
		.child_tid = child_tid,
	};

	return clone_checked(&clone);
}

/* A longer structure than ours must hold zeros where we know nothing (clone(2), NOTES). */
static int get_clone_args(struct clone_args *args, const struct clone_args __user *user,
			  size_t size)
{
	memset(args, 0, sizeof(*args));
	if (size > UK_PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	for (size_t at = sizeof(*args); at < size; at++) {
		uint8_t byte = 0;

		if (get_user(byte, (const uint8_t __user *)user + at))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return copy_from_user(args, user, UK_MIN(size, sizeof(*args)));
}

static int check_stack(const struct clone_args *args)
{
	if (!args->stack)
		return args->stack_size ? -EINVAL : 0;
	return args->stack_size && user_range_ok(args->stack, args->stack_size) ? 0 : -EINVAL;
}

long upcall_clone3(const struct clone_args __user *user, size_t size)
{
	struct clone_args args;
	struct task_clone clone;
	int tid = 0, error = get_clone_args(&args, user, size);

	if (error)
		return error;
	/* There is one namespace of ids. */
	if (!args.set_tid != !args.set_tid_size || args.set_tid_size > 1)
		return -EINVAL;
	if ((args.flags & (CSIGNAL | CLONE_DETACHED)) || args.exit_signal > UK_NSIG)
		return -EINVAL;
	if ((args.flags & (CLONE_THREAD | CLONE_PARENT)) && args.exit_signal)
		return -EINVAL;
	error = check_stack(&args);
	if (error)
		return error;
	if (args.set_tid && get_user(tid, (const int __user *)(uintptr_t)args.set_tid))
		return -EFAULT;
	if (args.set_tid && tid <= 0)
		return -EINVAL;
	clone = (struct task_clone){
		.flags = args.flags,
		.tid = tid,
		.stack = args.stack + args.stack_size,
		.tls = args.tls,
		.parent_tid = (int __user *)(uintptr_t)args.parent_tid,
		.child_tid = (int __user *)(uintptr_t)args.child_tid,
	};
	return clone_checked(&clone);
}

/* --- unshare ------------------------------------------------------------------------------------
 */

static int unshare_fs(struct task *task)
{
	struct fsctx *own;

	if (task->fs->refcount == 1)
		return 0;
	own = fsctx_copy(task->fs);
	if (!own)
		return -ENOMEM;
	fsctx_put(task->fs);
	task->fs = own;
	return 0;
}

/* What a thread is made of cannot be unshared from other threads; alone there is nothing to do. */
long sys_unshare(unsigned long flags)
{
	struct task *task = current;
	int error = 0;

	if (flags & ~(unsigned long)(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM | CLONE_THREAD |
				     CLONE_SIGHAND | CLONE_VM))
		return -EINVAL;
	if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) && task->process->thread_count > 1)
		return -EINVAL;
	if (flags & CLONE_FILES)
		error = fdtable_unshare();
	if (!error && (flags & CLONE_FS))
		error = unshare_fs(task);
	return error;
}
