/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The console terminal: input from the UART's interrupt, from the start; when the line discipline
 * is full, more stays in the UART, and its sender waits. Output is written at once.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <uk/heap.h>
#include <uk/klog.h>
#include <uk/plat/console.h>
#include <uk/print.h>
#include <uk/task.h>
#include <uk/tty.h>
#include <uk/vfs.h>
#include "tty_internal.h"

struct tty console_tty = {.lock = SPINLOCK_INIT};

static void console_echo(void *ctx, const char *bytes, size_t len)
{
	uk_console_write(bytes, len);
}

static const struct ldisc_ops console_ldisc_ops = {
	.echo = console_echo,
	.signal = tty_signal,
};

/* Moves bytes from the UART as long as there is room, so that none is lost. */
static void console_take_input(struct tty *tty)
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

static void console_received(void)
{
	tty_update(&console_tty);
}

static void console_start_receiving(struct tty *tty)
{
	if (uk_likely(tty->is_receiving && tty->has_interrupt))
		return;
	if (!tty->is_receiving) {
		tty->is_receiving = true;
		tty->has_interrupt = ukplat_console_on_receive(console_received) == 0;
		if (!tty->has_interrupt)
			uk_pr_warn("console: no receive interrupt; input is polled\n");
	}
	tty_update(tty); /* what was typed before */
}

static bool console_has_room(struct tty *tty)
{
	return true;
}

static size_t console_output(struct tty *tty, const char *bytes, size_t len)
{
	size_t done = 0;
	char out[256];

	while (done < len) {
		unsigned long irq_flags = spin_lock_irqsave(&tty->lock);
		size_t consumed;
		size_t stored = ldisc_output(&tty->ld, bytes + done, len - done, out, sizeof(out),
					     &consumed);

		spin_unlock_irqrestore(&tty->lock, irq_flags);
		uk_console_write(out, stored);
		done += consumed;
	}
	return done;
}

static const struct tty_driver console_driver = {
	.start_receiving = console_start_receiving,
	.take_input = console_take_input,
	.has_room = console_has_room,
	.output = console_output,
};

/* /dev/tty is whichever terminal controls the process: another file of it. */
static int open_controlling(struct file *file)
{
	int session = current->process->sid;

	if (console_tty.session && console_tty.session == session) {
		file->ops = &tty_file_ops;
		return 0;
	}
	return IS_ENABLED(CONFIG_LIBUKTTY_PTY) ? pty_open_controlling(file, session) : -ENXIO;
}

static const struct file_ops controlling_file_ops = {.open = open_controlling};

int tty_init(void)
{
	int error;

	tty_setup(&console_tty, &console_driver, &console_ldisc_ops);
	error = chrdev_register("console", 0600, 5, 1, &tty_file_ops);
	if (!error)
		error = chrdev_register("tty", 0666, 5, 0, &controlling_file_ops);
	if (!error)
		error = chrdev_register("ttyS0", 0660, 4, 64, &tty_file_ops);
	if (!error && IS_ENABLED(CONFIG_LIBUKTTY_PTY))
		error = pty_init();
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
	console_start_receiving(&console_tty); /* ^C must reach a program that never reads */
	return file;
}
