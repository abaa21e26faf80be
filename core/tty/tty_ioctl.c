/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Terminal requests: ioctl_tty(2). Settings that belong to a real line (baud rate, parity) are
 * kept and given back but change nothing: the UART stays at 115200 8n1.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/tty.h>
#include <uk/arch/uaccess.h>
#include <uk/string.h>
#include <uk/task.h>
#include "tty_internal.h"

_Static_assert(offsetof(struct termios2, c_cc) == offsetof(struct termios, c_cc),
	       "termios is the front of termios2");

/* Bits per second of CBAUD codes: B0 .. B38400, then B57600 .. B4000000 with CBAUDEX. */
static unsigned int baud_rate(unsigned int cflag)
{
	static const unsigned int rates[] = {0,   50,   75,   110,  134,  150,  200,   300,
					     600, 1200, 1800, 2400, 4800, 9600, 19200, 38400};
	static const unsigned int extended[] = {
		0,       57600,   115200,  230400,  460800,  500000,  576000,  921600,
		1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000};
	unsigned int code = cflag & CBAUD;

	return code & CBAUDEX ? extended[code & 0xf] : rates[code & 0xf];
}

static void set_termios(struct tty *tty, const struct termios2 *termios, bool flush)
{
	unsigned long irq_flags = spin_lock_irqsave(&tty->lock);

	if (flush)
		ldisc_flush_input(&tty->ld);
	ldisc_set_termios(&tty->ld, termios);
	tty_update_locked(tty);
	spin_unlock_irqrestore(&tty->lock, irq_flags);
}

static long put_termios(struct tty *tty, void __user *to, size_t size)
{
	unsigned long irq_flags = spin_lock_irqsave(&tty->lock);
	struct termios2 copy = tty->ld.termios;

	spin_unlock_irqrestore(&tty->lock, irq_flags);
	return copy_to_user(to, &copy, size);
}

static long take_termios(struct tty *tty, const void __user *from, size_t size, bool flush)
{
	struct termios2 termios = tty->ld.termios;

	if (copy_from_user(&termios, from, size))
		return -EFAULT;
	/* BOTHER: the program gave the speed as a number; only termios2 can. */
	if ((termios.c_cflag & CBAUD) != BOTHER)
		termios.c_ispeed = termios.c_ospeed = baud_rate(termios.c_cflag);
	set_termios(tty, &termios, flush);
	return 0;
}

static long do_termios(struct tty *tty, unsigned int cmd, void __user *arg)
{
	switch (cmd) {
	case TCGETS:
		return put_termios(tty, arg, sizeof(struct termios));
	case TCGETS2:
		return put_termios(tty, arg, sizeof(struct termios2));
	case TCSETS:
	case TCSETSW: /* output is written at once: nothing to wait for */
		return take_termios(tty, arg, sizeof(struct termios), false);
	case TCSETSF:
		return take_termios(tty, arg, sizeof(struct termios), true);
	case TCSETS2:
	case TCSETSW2:
		return take_termios(tty, arg, sizeof(struct termios2), false);
	case TCSETSF2:
		return take_termios(tty, arg, sizeof(struct termios2), true);
	default:
		return -ENOTTY;
	}
}

/* --- windows, flushing, flow ------------------------------------------------------------- */

static long set_winsize(struct tty *tty, const void __user *arg)
{
	struct winsize size;

	if (copy_from_user(&size, arg, sizeof(size)))
		return -EFAULT;
	if (!memcmp(&size, &tty->winsize, sizeof(size)))
		return 0;
	tty->winsize = size;
	tty_signal(tty, SIGWINCH);
	return 0;
}

static long flush(struct tty *tty, unsigned long which)
{
	unsigned long irq_flags;

	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which == TCOFLUSH)
		return 0;
	irq_flags = spin_lock_irqsave(&tty->lock);
	ldisc_flush_input(&tty->ld);
	tty_update_locked(tty);
	spin_unlock_irqrestore(&tty->lock, irq_flags);
	return 0;
}

static long flow(struct tty *tty, unsigned long action)
{
	unsigned long irq_flags;

	if (action > TCION)
		return -EINVAL;
	irq_flags = spin_lock_irqsave(&tty->lock);
	if (action == TCOOFF || action == TCOON)
		tty->ld.is_stopped = action == TCOOFF;
	tty_update_locked(tty);
	spin_unlock_irqrestore(&tty->lock, irq_flags);
	return 0;
}

static long count_readable(struct tty *tty, int __user *arg)
{
	unsigned long irq_flags;
	int count;

	tty->driver->start_receiving(tty);
	irq_flags = spin_lock_irqsave(&tty->lock);
	count = (int)ldisc_readable_bytes(&tty->ld);
	spin_unlock_irqrestore(&tty->lock, irq_flags);
	return put_user(count, arg);
}

/* --- job control ------------------------------------------------------------------------- */

static bool is_controlling(const struct tty *tty)
{
	return tty->session && tty->session == current->process->sid;
}

static long set_pgrp(struct tty *tty, const int __user *arg)
{
	int pgrp;

	if (!is_controlling(tty))
		return -ENOTTY;
	if (get_user(pgrp, arg))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	if (!process_find(pgrp))
		return -ESRCH;
	tty->pgrp = pgrp;
	return 0;
}

static bool has_controlling(int session)
{
	return console_tty.session == session ||
	       (IS_ENABLED(CONFIG_LIBUKTTY_PTY) && pty_is_controlling_any(session));
}

static long take_as_controlling(struct tty *tty)
{
	const struct process *process = current->process;

	if (is_controlling(tty))
		return 0;
	if (process->sid != process->pid || tty->session || has_controlling(process->sid))
		return -EPERM;
	tty->session = process->sid;
	tty->pgrp = process->pgid;
	return 0;
}

static long give_up(struct tty *tty)
{
	if (!is_controlling(tty))
		return -ENOTTY;
	if (current->process->sid == current->process->pid) {
		tty_signal(tty, SIGHUP);
		tty_signal(tty, SIGCONT);
		tty->session = tty->pgrp = 0;
	}
	return 0;
}

static long do_job_control(struct tty *tty, unsigned int cmd, int __user *arg)
{
	switch (cmd) {
	case TIOCGPGRP:
		return is_controlling(tty) ? put_user(tty->pgrp, arg) : -ENOTTY;
	case TIOCGSID:
		return is_controlling(tty) ? put_user(tty->session, arg) : -ENOTTY;
	case TIOCSPGRP:
		return set_pgrp(tty, arg);
	case TIOCSCTTY:
		return take_as_controlling(tty);
	case TIOCNOTTY:
		return give_up(tty);
	default:
		return -ENOTTY;
	}
}

static long set_nonblocking(struct file *file, const int __user *arg)
{
	int on;

	if (get_user(on, arg))
		return -EFAULT;
	if (on)
		file->flags |= O_NONBLOCK;
	else
		file->flags &= ~(unsigned int)O_NONBLOCK;
	return 0;
}

/* The line discipline can be asked for and set, as long as it is this one. */
static long set_discipline(const int __user *arg)
{
	int number;

	if (get_user(number, arg))
		return -EFAULT;
	return number == N_TTY ? 0 : -EINVAL;
}

long tty_ioctl_on(struct tty *tty, struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	if (tty->is_hung_up)
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	switch (cmd) {
	case TIOCGWINSZ:
		return copy_to_user(user, &tty->winsize, sizeof(tty->winsize));
	case TIOCSWINSZ:
		return set_winsize(tty, user);
	case TCFLSH:
		return flush(tty, arg);
	case TCXONC:
		return flow(tty, arg);
	case TCSBRK:
	case TCSBRKP:
	case TIOCEXCL:
	case TIOCNXCL:
		return 0; /* all output is out; a break has no receiver */
	case FIONREAD:
		return count_readable(tty, user);
	case TIOCOUTQ:
		return put_user(0, (int __user *)user);
	case FIONBIO:
		return set_nonblocking(file, user);
	case TIOCGETD:
		return put_user(N_TTY, (int __user *)user);
	case TIOCSETD:
		return set_discipline(user);
	case TIOCGPGRP:
	case TIOCGSID:
	case TIOCSPGRP:
	case TIOCSCTTY:
	case TIOCNOTTY:
		return do_job_control(tty, cmd, user);
	default:
		return do_termios(tty, cmd, user);
	}
}
