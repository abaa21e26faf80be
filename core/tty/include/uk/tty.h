/* SPDX-License-Identifier: BSD-3-Clause */
/* The console as a terminal: /dev/console, /dev/tty, /dev/ttyS0. */
#ifndef UK_TTY_H
#define UK_TTY_H

struct file;

/** Registers the character devices. After vfs_init(). 0 or -errno. */
int tty_init(void);

/**
 * The console open for reading and writing, for descriptors 0, 1 and 2 of the first program;
 * makes it the controlling terminal of the current process. Refcount 1; ERR_PTR(-errno).
 */
struct file *tty_open_console(void);

#endif /* UK_TTY_H */
