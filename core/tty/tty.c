/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A terminal: joins the line discipline (ldisc.h) to what is behind it (struct tty_driver) and to
 * files. Input comes in as it arrives, so that ^C reaches a program that never reads; when the line
 * discipline is full, more stays where it comes from until a read makes room. Output is
 * post-processed in bursts and passed on at once: there is no output queue, and TIOCOUTQ is 0.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/clock.h>
#include <uk/task.h>
#include "tty_internal.h"

#define POLL_INTERVAL_NS (10 * UK_NSEC_PER_MSEC) /* for a device without interrupt */

void tty_setup(struct tty *tty, const struct tty_driver *driver, const struct ldisc_ops *ops)
{
	tty->driver = driver;
	waitq_init(&tty->readers);
	waitq_init(&tty->writers);
	ldisc_init(&tty->ld, ops, tty);
}

void tty_signal(void *ctx, int signo)
{
	const struct tty *tty = ctx;
	struct process *process = tty->pgrp ? process_find(tty->pgrp) : NULL;

	if (process)
		signal_raise_kernel(process, signo);
}

static bool can_write(struct tty *tty)
{
	return tty->is_hung_up || (!__atomic_load_n(&tty->ld.is_stopped, __ATOMIC_RELAXED) &&
				   tty->driver->has_room(tty));
}

static void wake_locked(struct tty *tty)
{
	if (ldisc_poll_in(&tty->ld) || ldisc_is_readable(&tty->ld, 1))
		waitq_wake(&tty->readers, EPOLLIN | EPOLLRDNORM);
	if (can_write(tty))
		waitq_wake(&tty->writers, EPOLLOUT | EPOLLWRNORM);
}

void tty_update_locked(struct tty *tty)
{
	if (tty->is_receiving)
		tty->driver->take_input(tty);
	wake_locked(tty);
}

void tty_update(struct tty *tty)
{
	unsigned long irq_flags = spin_lock_irqsave(&tty->lock);

	tty_update_locked(tty);
	spin_unlock_irqrestore(&tty->lock, irq_flags);
}

/* --- reading ----------------------------------------------------------------------------- */

static bool is_readable(struct tty *tty)
{
	unsigned long irq_flags = spin_lock_irqsave(&tty->lock);
	bool result = ldisc_is_readable(&tty->ld, 1) || tty->is_hung_up;

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
		tty_update(tty);
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

uk_ssize_t tty_read(struct file *file, struct uio *uio, loff_t *pos)
{
	struct tty *tty = tty_of(file);
	size_t wanted = uio->resid_bytes, done = 0;

	if (!wanted || tty->is_hung_up)
		return 0;
	tty->driver->start_receiving(tty);
	for (;;) {
		bool is_line_done;
		uk_ssize_t moved = read_available(tty, uio, &is_line_done);
		int verdict;

		if (moved < 0)
			return done ? (uk_ssize_t)done : moved;
		done += (size_t)moved;
		if (is_line_done || uio->resid_bytes == 0 || tty->is_hung_up)
			return (uk_ssize_t)done;
		verdict = wait_for_more(file, tty, done, wanted);
		if (verdict > 0)
			return (uk_ssize_t)done;
		if (verdict < 0)
			return done ? (uk_ssize_t)done : verdict;
	}
}

/* --- writing ----------------------------------------------------------------------------- */

static int wait_writable(const struct file *file, struct tty *tty)
{
	if (uk_unlikely(!can_write(tty))) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (waitq_wait_event(&tty->writers, can_write(tty), UK_NO_TIMEOUT))
			return -ERESTARTSYS;
	}
	return tty->is_hung_up ? -EIO : 0;
}

/* How many of the bytes went out, before an error if it is not all. */
static size_t write_chunk(const struct file *file, struct tty *tty, const char *bytes, size_t len,
			  int *error)
{
	size_t done = 0;

	*error = 0;
	while (done < len && !*error) {
		done += tty->driver->output(tty, bytes + done, len - done);
		if (done < len)
			*error = wait_writable(file, tty);
	}
	return done;
}

uk_ssize_t tty_write(struct file *file, struct uio *uio, loff_t *pos)
{
	struct tty *tty = tty_of(file);
	size_t done = 0;
	char chunk[248]; /* with a few line ends it still fits one burst */

	while (uio->resid_bytes) {
		uk_ssize_t len = wait_writable(file, tty);
		int error;

		if (len == 0)
			len = uio_take(uio, chunk, sizeof(chunk));
		if (len < 0)
			return done ? (uk_ssize_t)done : len;
		if (len == 0)
			break;
		done += write_chunk(file, tty, chunk, (size_t)len, &error);
		if (error)
			return done ? (uk_ssize_t)done : error;
		/* A short take met a bad page behind the bytes it moved. */
		if ((size_t)len < sizeof(chunk))
			break;
	}
	return (uk_ssize_t)done;
}

/* --- the rest ---------------------------------------------------------------------------- */

unsigned int tty_poll(struct file *file, struct poll_table *table)
{
	struct tty *tty = tty_of(file);
	unsigned int events = 0;
	unsigned long irq_flags;

	tty->driver->start_receiving(tty);
	poll_register(table, &tty->readers);
	poll_register(table, &tty->writers);
	irq_flags = spin_lock_irqsave(&tty->lock);
	if (ldisc_poll_in(&tty->ld) || tty->is_hung_up)
		events |= EPOLLIN | EPOLLRDNORM;
	if (can_write(tty))
		events |= EPOLLOUT | EPOLLWRNORM;
	if (tty->is_hung_up)
		events |= EPOLLERR | EPOLLHUP;
	spin_unlock_irqrestore(&tty->lock, irq_flags);
	return events;
}

long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return tty_ioctl_on(tty_of(file), file, cmd, arg);
}

const struct file_ops tty_file_ops = {
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
};
