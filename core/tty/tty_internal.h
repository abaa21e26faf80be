/* SPDX-License-Identifier: BSD-3-Clause */
/* Terminals: what the files of core/tty share. tty.c and tty_ioctl.c are about any of them; behind
 * one is the console (console.c) or the other end of a pair (pty.c). */
#ifndef TTY_INTERNAL_H
#define TTY_INTERNAL_H

#include <uk/file.h>
#include <uk/lock.h>
#include <uk/wait.h>
#include "ldisc.h"

struct tty;

/** What is behind a terminal. */
struct tty_driver {
	/** Makes input arrive; cheap when it already does. */
	void (*start_receiving)(struct tty *tty);
	/** Takes the input there is room for now. Lock held. */
	void (*take_input)(struct tty *tty);
	/** Is there room for output? */
	bool (*has_room)(struct tty *tty);
	/** Post-processes `bytes` and sends them, as many as there is room for; how many. */
	size_t (*output)(struct tty *tty, const char *bytes, size_t len);
};

struct tty {
	struct spinlock lock; /* guards ld; taken in interrupts */
	const struct tty_driver *driver;
	struct ldisc ld;
	struct waitq readers; /* input arrived */
	struct waitq writers; /* ^Q, room */
	bool is_receiving;    /* else nothing is taken from the device yet */
	bool has_interrupt;   /* else input is polled while somebody reads */
	bool is_held_back;    /* the ring is full: more input waits in the device, unannounced */
	bool is_hung_up;      /* for good */
	int session, pgrp;    /* whose controlling terminal this is; 0: nobody's */
	struct winsize winsize;
};

extern struct tty console_tty;
extern const struct file_ops tty_file_ops;

void tty_setup(struct tty *tty, const struct tty_driver *driver, const struct ldisc_ops *ops);
/** The terminal a file of tty_file_ops is about. */
static inline struct tty *tty_of(const struct file *file)
{
	return file->priv ? file->priv : &console_tty;
}
/**
 * After the line discipline's state changed: takes the input it has room for now, and wakes
 * whoever may go on. Lock held.
 */
void tty_update_locked(struct tty *tty);
/** From the device's interrupt, or with interrupts off. */
void tty_update(struct tty *tty);
/** ldisc_ops.signal and others: to the foreground process group. */
void tty_signal(void *ctx, int signo);

/** tty_ioctl.c: requests that end at this terminal, of whichever side. */
long tty_ioctl_on(struct tty *tty, struct file *file, unsigned int cmd, unsigned long arg);

/* What tty_file_ops are made of: a terminal's file needs more when there are many of them. */
uk_ssize_t tty_read(struct file *file, struct uio *uio, loff_t *pos);
uk_ssize_t tty_write(struct file *file, struct uio *uio, loff_t *pos);
unsigned int tty_poll(struct file *file, struct poll_table *table);
long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* pty.c, with CONFIG_LIBUKTTY_PTY */
int pty_init(void);
extern const struct file_ops pts_file_ops; /* the slave's */
/** The pair whose slave is the controlling terminal of a session, held by `file` as an open slave;
 *  -ENXIO: none. */
int pty_open_controlling(struct file *file, int session);
/** Is the slave of any pair the controlling terminal of the session? */
bool pty_is_controlling_any(int session);

/* devpts.c */
int devpts_init(void);
/** /dev/pts/<number>, of an inode whose file_ops are pts_file_ops, with references. 0, -ENODEV
 *  (not mounted), -ENOMEM. */
int devpts_add(int number, struct path *node);
/** Takes the name away; the references as well. */
void devpts_remove(const struct path *node);

#endif /* TTY_INTERNAL_H */
