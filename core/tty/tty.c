/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The console terminal: joins the line discipline (ldisc.h) to the serial console and to files.
 *
 * Input is taken from the UART's interrupt, from the start, so that ^C reaches a program that never
 * reads. When the line discipline is full, more stays in the UART, and its sender waits, until a
 * read makes room. Output is post-processed in bursts and
 * written at once: there is no output queue, and TIOCOUTQ is always 0.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <uk/clock.h>
#include <uk/heap.h>
#include <uk/klog.h>
#include <uk/plat/console.h>
#include <uk/print.h>
#include <uk/task.h>
#include <uk/tty.h>
#include <uk/vfs.h>
#include "tty_internal.h"

#define POLL_INTERVAL_NS (10 * UK_NSEC_PER_MSEC) /* for a UART without interrupt */

struct tty console_tty = {.lock = SPINLOCK_INIT};

/* --- line discipline to device ----------------------------------------------------------- */

static void console_echo(void *ctx, const char *bytes, size_t len)
{
	uk_console_write(bytes, len);
}

static void console_signal(void *ctx, int signo)
{
	struct tty *tty = ctx;
	struct process *process = tty->pgrp ? process_find(tty->pgrp) : NULL;

	if (process)
		signal_raise_kernel(process, signo);
}

static const struct ldisc_ops console_ldisc_ops = {
	.echo = console_echo,
	.signal = console_signal,
};

static void wake_locked(struct tty *tty)
{
	if (ldisc_poll_in(&tty->ld) || ldisc_is_readable(&tty->ld, 1))
		waitq_wake(&tty->readers, EPOLLIN | EPOLLRDNORM);
	if (!tty->ld.is_stopped)
		waitq_wake(&tty->writers, EPOLLOUT | EPOLLWRNORM);
}

/* Moves bytes from the UART as long as there is room, so that none is lost. */
static void take_input_locked(struct tty *tty)
{
	char bytes[32];
	size_t room, len = 1;

	while ((room = ldisc_room(&tty->ld)) > 0 && len > 0) {
		len = ukplat_console_read(bytes, UK_MIN(room, sizeof(bytes)));
		ldisc_receive(&tty->ld, bytes, len);
	}
	if (tty->is_held_back == !room)
		return;
	tty->is_held_back = !room;
	if (tty->is_held_back)
		ukplat_console_mask_receive();
	else
		ukplat_console_unmask_receive();
}

void tty_update_locked(struct tty *tty)
{
	if (tty->is_receiving)
		take_input_locked(tty);
	wake_locked(tty);
}

/* From the UART's interrupt, or with interrupts off. */
static void console_received(void)
{
	unsigned long irq_flags = spin_lock_irqsave(&console_tty.lock);

	tty_update_locked(&console_tty);
	spin_unlock_irqrestore(&console_tty.lock, irq_flags);
}

void tty_start_receiving(struct tty *tty)
{
	if (uk_likely(tty->is_receiving && tty->has_interrupt))
		return;
	if (!tty->is_receiving) {
		tty->is_receiving = true;
		tty->has_interrupt = ukplat_console_on_receive(console_received) == 0;
		if (!tty->has_interrupt)
			uk_pr_warn("console: no receive interrupt; input is polled\n");
	}
	console_received(); /* what was typed before */
}

/* --- reading ----------------------------------------------------------------------------- */

static bool is_readable(struct tty *tty)
{
	unsigned long irq_flags = spin_lock_irqsave(&tty->lock);
	bool result = ldisc_is_readable(&tty->ld, 1);

	spin_unlock_irqrestore(&tty->lock, irq_flags);
	return result;
}

/* 0, -ETIMEDOUT at the deadline, -EINTR. */
static int wait_readable(struct tty *tty, uint64_t deadline_ns)
{
	while (uk_unlikely(!tty->has_interrupt)) {
		uint64_t next_ns = clock_monotonic_ns() + POLL_INTERVAL_NS;
		int error = waitq_wait_event(&tty->readers, is_readable(tty),
					     UK_MIN(next_ns, deadline_ns));

		if (error != -ETIMEDOUT || next_ns >= deadline_ns)
			return error;
		console_received();
	}
	return waitq_wait_event(&tty->readers, is_readable(tty), deadline_ns);
}

/* Moves what is readable; bytes moved or -EFAULT. */
static uk_ssize_t read_available(struct tty *tty, struct uio *uio, bool *is_line_done)
{
	uk_ssize_t done = 0;
	char chunk[256];

	*is_line_done = false;
	while (uio->resid_bytes && !*is_line_done) {
		unsigned long irq_flags = spin_lock_irqsave(&tty->lock);
		size_t len = ldisc_read(&tty->ld, chunk, UK_MIN(sizeof(chunk), uio->resid_bytes),
					is_line_done);
		uk_ssize_t moved;

		if (uk_unlikely(tty->is_held_back))
			tty_update_locked(tty);
		spin_unlock_irqrestore(&tty->lock, irq_flags);
		if (len == 0)
			break;
		moved = uio_put(uio, chunk, len);
		if (moved < 0)
			return done ? done : moved;
		done += moved;
		if ((size_t)moved < len)
			break;
	}
	return done;
}

/* Waits as VMIN, VTIME and O_NONBLOCK want. 0: look again; else what read(2) returns but for
 * the bytes it already has (1: end of the read). */
static int wait_for_more(struct file *file, struct tty *tty, size_t done, size_t wanted)
{
	struct ldisc_wait wait = ldisc_wait_policy(&tty->ld, done, wanted);
	uint64_t deadline_ns = UK_NO_TIMEOUT;
	int error;

	if (wait.action == LDISC_RETURN)
		return 1;
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	if (wait.action == LDISC_WAIT_TIMED)
		deadline_ns = clock_monotonic_ns() + wait.timeout_ns;
	error = wait_readable(tty, deadline_ns);
	if (error == -ETIMEDOUT)
		return 1;
	return error == -EINTR ? -ERESTARTSYS : error;
}

static uk_ssize_t tty_read(struct file *file, struct uio *uio, loff_t *pos)
{
	struct tty *tty = &console_tty;
	size_t wanted = uio->resid_bytes, done = 0;

	if (!wanted)
		return 0;
	tty_start_receiving(tty);
	for (;;) {
		bool is_line_done;
		uk_ssize_t moved = read_available(tty, uio, &is_line_done);
		int verdict;

		if (moved < 0)
			return done ? (uk_ssize_t)done : moved;
		done += (size_t)moved;
		if (is_line_done || uio->resid_bytes == 0)
			return (uk_ssize_t)done;
		verdict = wait_for_more(file, tty, done, wanted);
		if (verdict > 0)
			return (uk_ssize_t)done;
		if (verdict < 0)
			return done ? (uk_ssize_t)done : verdict;
	}
}

/* --- writing ----------------------------------------------------------------------------- */

static int wait_writable(struct file *file, struct tty *tty)
{
	if (uk_likely(!tty->ld.is_stopped))
		return 0;
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	if (waitq_wait_event(&tty->writers, !__atomic_load_n(&tty->ld.is_stopped, __ATOMIC_RELAXED),
			     UK_NO_TIMEOUT))
		return -ERESTARTSYS;
	return 0;
}

static void write_processed(struct tty *tty, const char *bytes, size_t len)
{
	char out[256];

	while (len) {
		unsigned long irq_flags = spin_lock_irqsave(&tty->lock);
		size_t consumed;
		size_t stored = ldisc_output(&tty->ld, bytes, len, out, sizeof(out), &consumed);

		spin_unlock_irqrestore(&tty->lock, irq_flags);
		uk_console_write(out, stored);
		bytes += consumed;
		len -= consumed;
	}
}

static uk_ssize_t tty_write(struct file *file, struct uio *uio, loff_t *pos)
{
	struct tty *tty = &console_tty;
	size_t done = 0;
	char chunk[248]; /* with a few line ends it still fits one burst */

	while (uio->resid_bytes) {
		uk_ssize_t len = wait_writable(file, tty);

		if (len == 0)
			len = uio_take(uio, chunk, sizeof(chunk));
		if (len < 0)
			return done ? (uk_ssize_t)done : len;
		if (len == 0)
			break;
		write_processed(tty, chunk, (size_t)len);
		done += (size_t)len;
		/* A short take met a bad page behind the bytes it moved. */
		if ((size_t)len < sizeof(chunk))
			break;
	}
	return (uk_ssize_t)done;
}

/* --- the rest ---------------------------------------------------------------------------- */

static unsigned int tty_poll(struct file *file, struct poll_table *table)
{
	struct tty *tty = &console_tty;
	unsigned int events = 0;
	unsigned long irq_flags;

	tty_start_receiving(tty);
	poll_register(table, &tty->readers);
	poll_register(table, &tty->writers);
	irq_flags = spin_lock_irqsave(&tty->lock);
	if (ldisc_poll_in(&tty->ld))
		events |= EPOLLIN | EPOLLRDNORM;
	if (!tty->ld.is_stopped)
		events |= EPOLLOUT | EPOLLWRNORM;
	spin_unlock_irqrestore(&tty->lock, irq_flags);
	return events;
}

static const struct file_ops tty_file_ops = {
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
};

int tty_init(void)
{
	int error;

	waitq_init(&console_tty.readers);
	waitq_init(&console_tty.writers);
	ldisc_init(&console_tty.ld, &console_ldisc_ops, &console_tty);
	error = chrdev_register("console", 0600, 5, 1, &tty_file_ops);
	if (!error)
		error = chrdev_register("tty", 0666, 5, 0, &tty_file_ops);
	if (!error)
		error = chrdev_register("ttyS0", 0660, 4, 64, &tty_file_ops);
	return error;
}

/* Without a usable /dev the descriptors still show a character device to fstat(2), by which
 * libcs choose how they buffer. */
static struct file *open_without_dev(void)
{
	static const struct inode_ops ops;
	static struct superblock no_sb;
	struct inode *inode = uk_malloc(sizeof(*inode));
	struct file *file;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode_init(inode, &no_sb, S_IFCHR | 0600);
	inode->rdev = uk_makedev(5, 1);
	inode->ops = &ops;
	inode->file_ops = &tty_file_ops;
	file = file_alloc(&tty_file_ops, O_RDWR, FILE_READ | FILE_WRITE);
	if (IS_ERR(file))
		inode_put(inode);
	else
		file->inode = inode;
	return file;
}

struct file *tty_open_console(void)
{
	struct file *file = vfs_open_kernel("/dev/console", O_RDWR, 0);

	if (!IS_ERR(file) && file->ops != &tty_file_ops) {
		file_put(file);
		file = ERR_PTR(-ENODEV);
	}
	if (IS_ERR(file))
		file = open_without_dev();
	console_tty.session = current->process->sid;
	console_tty.pgrp = current->process->pgid;
	tty_start_receiving(&console_tty); /* ^C must reach a program that never reads */
	return file;
}
