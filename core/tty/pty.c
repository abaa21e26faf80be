/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pseudo terminals: pty(7). A pair is a terminal (the slave, /dev/pts/N) and a ring of what the
 * program there has written, for the master's file (/dev/ptmx) to read. What is written to the
 * master goes into the line discipline as if it were typed.
 *
 * Echo has the upper half of the ring to itself, and is lost where that is full; a program's output
 * waits for room in the lower half.
 *
 * Locks: ptys_lock guards the list, numbers and the counts of slaves; it comes after vfs_tree_lock
 * (a walk may put a file). tty.lock guards the ring.
 */
#include <asm/ioctls.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/arch/uaccess.h>
#include <uk/heap.h>
#include <uk/task.h>
#include <uk/vfs.h>
#include "tty_internal.h"

#define PTYS_MAX     4096 /* as Linux' kernel.pty.max */
#define RING_BYTES   8192
#define OUTPUT_BYTES 4096

struct pty {
	struct tty tty; /* the slave's; must stay first */
	LIST_ENTRY(pty) link;
	unsigned int refcount; /* the master's file, and one for each of the slave's */
	int number;
	bool is_locked; /* TIOCSPTLCK */
	bool was_open;  /* the slave, ever */
	unsigned int slaves;
	struct path node;
	struct waitq readers, writers; /* the master's: output, or nobody there; room for input */
	uint32_t head, tail;           /* of the ring; count up for ever */
	char ring[RING_BYTES];
};

static LIST_HEAD(, pty) ptys = LIST_HEAD_INITIALIZER(ptys);
static struct mutex ptys_lock = MUTEX_INIT(ptys_lock);

static struct pty *pty_of(struct tty *tty)
{
	return uk_container_of(tty, struct pty, tty);
}

/* --- the ring: tty.lock ---------------------------------------------------------------------- */

static uint32_t ring_used(const struct pty *pty)
{
	return pty->head - pty->tail;
}

static void ring_put(struct pty *pty, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && ring_used(pty) < RING_BYTES; i++)
		pty->ring[pty->head++ % RING_BYTES] = bytes[i];
	waitq_wake(&pty->readers, EPOLLIN | EPOLLRDNORM);
}

static size_t ring_take(struct pty *pty, char *bytes, size_t size)
{
	size_t len = UK_MIN((size_t)ring_used(pty), size);

	for (size_t i = 0; i < len; i++)
		bytes[i] = pty->ring[pty->tail++ % RING_BYTES];
	return len;
}

/* --- what is behind the slave ---------------------------------------------------------------- */

static void pty_start_receiving(struct tty *tty)
{
}

static void pty_take_input(struct tty *tty)
{
	tty->is_held_back = !ldisc_room(&tty->ld);
	if (!tty->is_held_back)
		waitq_wake(&pty_of(tty)->writers, EPOLLOUT | EPOLLWRNORM);
}

static bool pty_has_room(struct tty *tty)
{
	return ring_used(pty_of(tty)) < OUTPUT_BYTES;
}

static size_t pty_output(struct tty *tty, const char *bytes, size_t len)
{
	unsigned long irq_flags = spin_lock_irqsave(&tty->lock);
	size_t done = 0;
	char out[256];

	while (done < len && pty_has_room(tty)) {
		size_t consumed;
		size_t stored = ldisc_output(&tty->ld, bytes + done, len - done, out, sizeof(out),
					     &consumed);

		ring_put(pty_of(tty), out, stored);
		done += consumed;
	}
	spin_unlock_irqrestore(&tty->lock, irq_flags);
	return done;
}

static const struct tty_driver pty_driver = {
	.start_receiving = pty_start_receiving,
	.take_input = pty_take_input,
	.has_room = pty_has_room,
	.output = pty_output,
};

static void pty_echo(void *ctx, const char *bytes, size_t len)
{
	ring_put(pty_of(ctx), bytes, len);
}

static const struct ldisc_ops pty_ldisc_ops = {
	.echo = pty_echo,
	.signal = tty_signal,
};

/* --- birth and death ------------------------------------------------------------------------- */

static struct pty *pty_alloc(void)
{
	struct pty *pty = uk_zalloc(sizeof(*pty));

	if (!pty)
		return NULL;
	tty_setup(&pty->tty, &pty_driver, &pty_ldisc_ops);
	pty->tty.ld.termios.c_cflag = B38400 | CS8 | CREAD;
	pty->tty.ld.termios.c_iflag &= ~(unsigned int)IUTF8;
	pty->tty.ld.termios.c_ispeed = pty->tty.ld.termios.c_ospeed = 38400;
	pty->tty.is_receiving = pty->tty.has_interrupt = true;
	pty->refcount = 1;
	pty->is_locked = true;
	waitq_init(&pty->readers);
	waitq_init(&pty->writers);
	return pty;
}

static bool is_number_used_locked(int number)
{
	const struct pty *pty;

	LIST_FOREACH (pty, &ptys, link)
		if (pty->number == number)
			return true;
	return false;
}

static void pty_put_locked(struct pty *pty)
{
	if (--pty->refcount)
		return;
	LIST_REMOVE(pty, link);
	waitq_dissolve(&pty->tty.readers, EPOLLHUP);
	waitq_dissolve(&pty->tty.writers, EPOLLHUP);
	waitq_dissolve(&pty->readers, EPOLLHUP);
	waitq_dissolve(&pty->writers, EPOLLHUP);
	uk_free(pty);
}

static int ptmx_open(struct file *file)
{
	struct pty *pty = pty_alloc();
	int error;

	if (!pty)
		return -ENOMEM;
	mutex_lock(&ptys_lock);
	while (is_number_used_locked(pty->number))
		pty->number++;
	LIST_INSERT_HEAD(&ptys, pty, link);
	mutex_unlock(&ptys_lock);
	error = pty->number < PTYS_MAX ? devpts_add(pty->number, &pty->node) : -ENOSPC;
	if (!error) {
		file->priv = pty;
		return 0;
	}
	mutex_lock(&ptys_lock);
	pty_put_locked(pty);
	mutex_unlock(&ptys_lock);
	return error;
}

static void open_locked(struct file *file, struct pty *pty)
{
	pty->refcount++;
	pty->slaves++;
	pty->was_open = true;
	file->priv = &pty->tty;
}

/* By the node that was opened: numbers are used again. */
static int open_slave(struct file *file)
{
	struct pty *pty;
	int error = -EIO;

	mutex_lock(&ptys_lock);
	LIST_FOREACH (pty, &ptys, link)
		if (pty->node.dentry && pty->node.dentry->inode == file->inode)
			break;
	if (pty && !pty->is_locked) {
		open_locked(file, pty);
		error = 0;
	}
	mutex_unlock(&ptys_lock);
	return error;
}

static struct pty *find_controlling_locked(int session)
{
	struct pty *pty;

	LIST_FOREACH (pty, &ptys, link)
		if (pty->tty.session == session && !pty->tty.is_hung_up)
			break;
	return pty;
}

bool pty_is_controlling_any(int session)
{
	bool is_one;

	mutex_lock(&ptys_lock);
	is_one = find_controlling_locked(session) != NULL;
	mutex_unlock(&ptys_lock);
	return is_one;
}

int pty_open_controlling(struct file *file, int session)
{
	struct pty *pty;

	mutex_lock(&ptys_lock);
	pty = find_controlling_locked(session);
	if (pty) {
		open_locked(file, pty);
		file->ops = &pts_file_ops;
	}
	mutex_unlock(&ptys_lock);
	return pty ? 0 : -ENXIO;
}

/* With the last one the master reads EIO, once it has read what was written. */
static void close_slave(struct file *file)
{
	struct pty *pty = pty_of(file->priv);

	mutex_lock(&ptys_lock);
	if (!--pty->slaves) {
		pty->tty.session = pty->tty.pgrp = 0;
		waitq_wake(&pty->readers, EPOLLIN | EPOLLHUP);
	}
	pty_put_locked(pty);
	mutex_unlock(&ptys_lock);
}

/* SIGHUP goes to the leader of the session and to the foreground. */
static void hang_up(struct tty *tty)
{
	struct process *leader = tty->session ? process_find(tty->session) : NULL;
	unsigned long irq_flags = spin_lock_irqsave(&tty->lock);

	tty->is_hung_up = true;
	waitq_wake(&tty->readers, EPOLLIN | EPOLLERR | EPOLLHUP);
	waitq_wake(&tty->writers, EPOLLOUT | EPOLLERR | EPOLLHUP);
	spin_unlock_irqrestore(&tty->lock, irq_flags);
	if (leader) {
		signal_raise_kernel(leader, SIGHUP);
		signal_raise_kernel(leader, SIGCONT);
	}
	if (tty->pgrp != tty->session) {
		tty_signal(tty, SIGHUP);
		tty_signal(tty, SIGCONT);
	}
	tty->session = tty->pgrp = 0;
}

static void master_release(struct file *file)
{
	struct pty *pty = file->priv;
	struct path node = pty->node;

	mutex_lock(&ptys_lock);
	hang_up(&pty->tty);
	pty->node = (struct path){NULL, NULL};
	pty_put_locked(pty);
	mutex_unlock(&ptys_lock);
	devpts_remove(&node);
}

/* --- the master's file ----------------------------------------------------------------------- */

static bool is_other_closed(const struct pty *pty)
{
	return pty->was_open && !pty->slaves;
}

static size_t take_output(struct pty *pty, char *bytes, size_t size)
{
	unsigned long irq_flags = spin_lock_irqsave(&pty->tty.lock);
	size_t len = ring_take(pty, bytes, size);

	if (len)
		tty_update_locked(&pty->tty);
	spin_unlock_irqrestore(&pty->tty.lock, irq_flags);
	return len;
}

static int wait_output(const struct file *file, struct pty *pty)
{
	if (ring_used(pty))
		return 0;
	if (is_other_closed(pty))
		return -EIO;
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	if (waitq_wait_event(&pty->readers, ring_used(pty) || is_other_closed(pty), UK_NO_TIMEOUT))
		return -ERESTARTSYS;
	return ring_used(pty) ? 0 : -EIO;
}

static uk_ssize_t master_read(struct file *file, struct uio *uio, loff_t *pos)
{
	struct pty *pty = file->priv;
	uk_ssize_t done = uio->resid_bytes ? wait_output(file, pty) : 0;
	char chunk[256];

	while (done >= 0 && uio->resid_bytes) {
		size_t len = take_output(pty, chunk, UK_MIN(sizeof(chunk), uio->resid_bytes));
		uk_ssize_t moved = len ? uio_put(uio, chunk, len) : 0;

		if (moved < 0)
			return done ? done : moved;
		done += moved;
		if (!len || (size_t)moved < len)
			break;
	}
	return done;
}

static size_t type(struct pty *pty, const char *bytes, size_t len)
{
	struct tty *tty = &pty->tty;
	unsigned long irq_flags = spin_lock_irqsave(&tty->lock);

	len = UK_MIN(len, ldisc_room(&tty->ld));
	ldisc_receive(&tty->ld, bytes, len);
	tty_update_locked(tty);
	spin_unlock_irqrestore(&tty->lock, irq_flags);
	return len;
}

static int wait_input_room(const struct file *file, struct pty *pty)
{
	if (ldisc_room(&pty->tty.ld))
		return 0;
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	return waitq_wait_event(&pty->writers, ldisc_room(&pty->tty.ld), UK_NO_TIMEOUT)
		       ? -ERESTARTSYS
		       : 0;
}

static uk_ssize_t master_write(struct file *file, struct uio *uio, loff_t *pos)
{
	struct pty *pty = file->priv;
	size_t done = 0;
	char chunk[256];

	while (uio->resid_bytes) {
		uk_ssize_t len = wait_input_room(file, pty);
		size_t typed = 0;

		if (!len)
			len = uio_take(uio, chunk, sizeof(chunk));
		if (len <= 0)
			return done ? (uk_ssize_t)done : len;
		while (typed < (size_t)len) {
			int error = wait_input_room(file, pty);

			if (error)
				return done + typed ? (uk_ssize_t)(done + typed) : error;
			typed += type(pty, chunk + typed, (size_t)len - typed);
		}
		done += typed;
		if (typed < sizeof(chunk))
			break;
	}
	return (uk_ssize_t)done;
}

static unsigned int master_poll(struct file *file, struct poll_table *table)
{
	struct pty *pty = file->priv;
	unsigned int events = 0;

	poll_register(table, &pty->readers);
	poll_register(table, &pty->writers);
	if (ring_used(pty))
		events |= EPOLLIN | EPOLLRDNORM;
	if (ldisc_room(&pty->tty.ld))
		events |= EPOLLOUT | EPOLLWRNORM;
	if (is_other_closed(pty))
		events |= EPOLLHUP;
	return events;
}

static long set_lock(struct pty *pty, const int __user *arg)
{
	int wanted;

	if (get_user(wanted, arg))
		return -EFAULT;
	pty->is_locked = wanted;
	return 0;
}

/* The slave without its name: TIOCGPTPEER. */
static long open_peer(const struct pty *pty, unsigned int flags)
{
	struct file *file;
	int fd;

	if (flags & ~(unsigned int)(O_ACCMODE | O_NONBLOCK | O_NOCTTY | O_CLOEXEC))
		return -EINVAL;
	file = vfs_open_path(&pty->node, (int)flags);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = fd_install(file, 0, flags & O_CLOEXEC);
	if (fd < 0)
		file_put(file);
	return fd;
}

/* What is not about the master's end is about the terminal, whoever asks. */
static long master_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pty *pty = file->priv;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case TIOCGPTN:
		return put_user(pty->number, (int __user *)user);
	case TIOCSPTLCK:
		return set_lock(pty, user);
	case TIOCGPTLCK:
		return put_user((int)pty->is_locked, (int __user *)user);
	case TIOCGPTPEER:
		return open_peer(pty, (unsigned int)arg);
	case FIONREAD:
		return put_user((int)ring_used(pty), (int __user *)user);
	case TIOCGPGRP:
		return put_user(pty->tty.pgrp, (int __user *)user);
	case TIOCGSID:
		return pty->tty.session ? put_user(pty->tty.session, (int __user *)user) : -ENOTTY;
	default:
		return tty_ioctl_on(&pty->tty, file, cmd, arg);
	}
}

static const struct file_ops ptmx_file_ops = {
	.open = ptmx_open,
	.read = master_read,
	.write = master_write,
	.poll = master_poll,
	.ioctl = master_ioctl,
	.release = master_release,
};

const struct file_ops pts_file_ops = {
	.open = open_slave,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
	.release = close_slave,
};

int pty_init(void)
{
	int error = devpts_init();

	return error ? error : chrdev_register("ptmx", 0666, 5, 2, &ptmx_file_ops);
}
