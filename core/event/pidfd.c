/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pidfd_open(2). The file holds the process, so it means that process even when the pid is used
 * again. It has ended when its last thread has left, which wakes process.thread_exits.
 */
#include <linux/errno.h>
#include <uk/file.h>
#include <uk/pidfd.h>
#include <uk/procfs.h>
#include <uk/task.h>

static unsigned int pidfd_poll(struct file *file, struct poll_table *table)
{
	struct process *process = file->priv;

	poll_register(table, &process->thread_exits);
	return process->thread_count ? 0 : EPOLLIN | EPOLLRDNORM;
}

static void pidfd_release(struct file *file)
{
	process_put(file->priv);
}

static void pidfd_show_fdinfo(struct file *file, struct seq *seq)
{
	const struct process *process = file->priv;
	int pid = process->thread_count ? process->pid : -1;

	seq_printf(seq, "Pid:\t%d\nNSpid:\t%d\n", pid, pid);
}

static const struct file_ops pidfd_ops = {
	.poll = pidfd_poll,
	.release = pidfd_release,
	.show_fdinfo = pidfd_show_fdinfo,
};

struct file *pidfd_create_file(int pid, unsigned int flags)
{
	static struct anon_kind kind = {.name = "anon_inode:[pidfd]"};
	struct process *process;
	struct file *file;

	if (flags & ~(unsigned int)PIDFD_NONBLOCK || pid <= 0)
		return ERR_PTR(-EINVAL);
	process = process_find(pid);
	if (!process)
		return ERR_PTR(task_find(pid) ? -EINVAL : -ESRCH);
	process_get(process);
	file = anon_file_alloc(&kind, &pidfd_ops, flags, process);
	if (IS_ERR(file))
		process_put(process);
	return file;
}

struct process *pidfd_process(const struct file *file)
{
	return file->ops == &pidfd_ops ? file->priv : NULL;
}
