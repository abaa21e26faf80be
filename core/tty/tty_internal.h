/* SPDX-License-Identifier: BSD-3-Clause */
/* The console terminal: what tty.c and tty_ioctl.c share. */
#ifndef TTY_INTERNAL_H
#define TTY_INTERNAL_H

#include <uk/file.h>
#include <uk/lock.h>
#include <uk/wait.h>
#include "ldisc.h"

struct tty {
	struct spinlock lock; /* guards ld; taken in interrupts */
	struct ldisc ld;
	struct waitq readers; /* input arrived */
	struct waitq writers; /* ^Q */
	bool is_receiving;    /* from tty_open_console() on */
	bool has_interrupt;   /* else input is polled while somebody reads */
	bool is_held_back;    /* the ring is full: more input waits in the UART, unannounced */
	int session, pgrp;    /* whose controlling terminal this is; 0: nobody's */
	struct winsize winsize;
};

extern struct tty console_tty;

/** Makes input arrive; cheap when it already does. */
void tty_start_receiving(struct tty *tty);
/**
 * After the line discipline's state changed: takes the input it has room for now, and wakes
 * whoever may go on. Lock held.
 */
void tty_update_locked(struct tty *tty);
long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* TTY_INTERNAL_H */
