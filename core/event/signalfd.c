/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * signalfd(2). The file is nothing but its mask, which is in file.priv. What it shows is what is
 * pending for the task that asks, as on Linux: its own signals and those of its process. Sending a
 * signal wakes sighand.signal_waiters, which all threads of a process share.
 */
#include <linux/errno.h>
#include <uk/file.h>
#include <uk/procfs.h>
#include <uk/signalfd.h>
#include <uk/task.h>

#define UNBLOCKABLE (UK_SIGMASK(SIGKILL) | UK_SIGMASK(SIGSTOP))

_Static_assert(sizeof(sigset_t) <= sizeof(void *), "a mask fits into file.priv");
_Static_assert(sizeof(struct signalfd_siginfo) == 128, "ABI");

static sigset_t mask_of(const struct file *file)
{
	return (sigset_t)__atomic_load_n(&file->priv, __ATOMIC_RELAXED);
}

static bool has_pending(const struct file *file)
{
	const struct task *task = current;

	return (task->pending.set | task->process->shared_pending.set) & mask_of(file);
}

static int wait_for_signal(const struct file *file)
{
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	return waitq_wait_event(&current->sighand->signal_waiters, has_pending(file), UK_NO_TIMEOUT)
		       ? -ERESTARTSYS
		       : 0;
}

/* One signal as bytes; 0 when none is pending. One that cannot be stored is lost, as on Linux. */
static uk_ssize_t read_one(const struct file *file, struct uio *uio)
{
	struct signalfd_siginfo out;
	struct uk_siginfo info;

	if (!signal_take(mask_of(file), &info))
		return 0;
	signalfd_describe(&out, &info);
	return uio_put(uio, &out, sizeof(out)) == sizeof(out) ? (uk_ssize_t)sizeof(out) : -EFAULT;
}

/* Waits for the first; takes what else is there and fits. */
static uk_ssize_t signalfd_read(struct file *file, struct uio *uio, loff_t *pos)
{
	uk_ssize_t done = 0, got = 0;

	if (uio->resid_bytes < sizeof(struct signalfd_siginfo))
		return -EINVAL;
	while (uio->resid_bytes >= sizeof(struct signalfd_siginfo)) {
		got = read_one(file, uio);
		if (got > 0)
			done += got;
		else if (got < 0 || done)
			break;
		else if ((got = wait_for_signal(file)))
			break;
	}
	return done ? done : got;
}

static unsigned int signalfd_poll(struct file *file, struct poll_table *table)
{
	poll_register(table, &current->sighand->signal_waiters);
	return has_pending(file) ? EPOLLIN : 0;
}

static void signalfd_show_fdinfo(struct file *file, struct seq *seq)
{
	seq_printf(seq, "sigmask:\t%016lx\n", mask_of(file));
}

static const struct file_ops signalfd_ops = {
	.read = signalfd_read,
	.lseek = file_lseek_zero,
	.poll = signalfd_poll,
	.show_fdinfo = signalfd_show_fdinfo,
};

struct file *signalfd_create_file(sigset_t mask, int flags)
{
	static struct anon_kind kind = {.name = "anon_inode:[signalfd]"};

	return anon_file_alloc(&kind, &signalfd_ops, (unsigned int)(flags & SFD_NONBLOCK),
			       (void *)(mask & ~UNBLOCKABLE));
}

int signalfd_set_mask(struct file *file, sigset_t mask)
{
	if (file->ops != &signalfd_ops)
		return -EINVAL;
	__atomic_store_n(&file->priv, (void *)(mask & ~UNBLOCKABLE), __ATOMIC_RELAXED);
	waitq_wake(&current->sighand->signal_waiters, 0); /* it may show something now */
	return 0;
}
