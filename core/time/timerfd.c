/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * timerfd_create(2): a timer as a file. A read returns how often it has expired since the last
 * one; a timer with an interval is armed again by the read.
 *
 * Guarded by irq-off: everything but the wait queue.
 */
#include <linux/errno.h>
#include <linux/time.h>
#include <linux/timerfd.h>
#include <uk/arch/cpu.h>
#include <uk/file.h>
#include <uk/heap.h>
#include <uk/procfs.h>
#include <uk/signal.h>
#include <uk/timerfd.h>
#include "interval_timer.h"

struct timerfd {
	struct interval_timer timer;
	struct waitq readers;
	bool has_expired; /* nobody has read it yet */
	/* TFD_TIMER_CANCEL_ON_SET: in the list below; and whether the clock was set since. */
	bool is_cancelable, is_canceled;
	int clock_id, settime_flags;
	LIST_ENTRY(timerfd) link;
};

static LIST_HEAD(, timerfd) cancelable = LIST_HEAD_INITIALIZER(cancelable);

static const struct file_ops timerfd_ops;

static struct timerfd *timerfd_of(const struct file *file)
{
	return file->ops == &timerfd_ops ? file->priv : NULL;
}

static bool is_readable(const struct timerfd *timerfd)
{
	return timerfd->has_expired || timerfd->is_canceled;
}

static void expired(struct ktimer *ktimer)
{
	struct timerfd *timerfd = uk_container_of(ktimer, struct timerfd, timer.ktimer);

	interval_timer_expired(&timerfd->timer);
	timerfd->has_expired = true;
	waitq_wake(&timerfd->readers, EPOLLIN);
}

/* --- cancelling --------------------------------------------------------------------------------
 */

static bool counts_wall_time(const struct timerfd *timerfd)
{
	return timerfd->clock_id == CLOCK_REALTIME || timerfd->clock_id == CLOCK_REALTIME_ALARM;
}

static void set_cancelable(struct timerfd *timerfd, bool is_cancelable)
{
	if (is_cancelable && !timerfd->is_cancelable)
		LIST_INSERT_HEAD(&cancelable, timerfd, link);
	else if (!is_cancelable && timerfd->is_cancelable)
		LIST_REMOVE(timerfd, link);
	timerfd->is_cancelable = is_cancelable;
	if (!is_cancelable)
		timerfd->is_canceled = false;
}

void timerfd_clock_was_set(void)
{
	unsigned long flags = ukarch_irq_save();
	struct timerfd *timerfd;

	LIST_FOREACH (timerfd, &cancelable, link) {
		timerfd->is_canceled = true;
		waitq_wake(&timerfd->readers, EPOLLIN);
	}
	ukarch_irq_restore(flags);
}

/* --- the file ----------------------------------------------------------------------------------
 */

/* Expirations, 0 when there are none yet; -ECANCELED once after the clock was set: the program has
 * to look at it again, so the timer does not go on by itself. */
static int take_expirations(struct timerfd *timerfd, uint64_t *count)
{
	unsigned long flags = ukarch_irq_save();
	int error = 0;

	*count = 0;
	if (timerfd->is_canceled) {
		error = -ECANCELED;
		if (timerfd->has_expired)
			interval_timer_stop(&timerfd->timer);
	} else if (timerfd->has_expired) {
		*count = interval_timer_resume(&timerfd->timer);
	}
	timerfd->has_expired = timerfd->is_canceled = false;
	ukarch_irq_restore(flags);
	return error;
}

static uk_ssize_t timerfd_read(struct file *file, struct uio *uio, loff_t *pos)
{
	struct timerfd *timerfd = file->priv;
	uint64_t count;
	int error;

	if (uio->resid_bytes < sizeof(count))
		return -EINVAL;
	for (;;) {
		error = take_expirations(timerfd, &count);
		if (error)
			return error;
		if (count)
			break;
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (waitq_wait_event(&timerfd->readers, is_readable(timerfd), UK_NO_TIMEOUT))
			return -ERESTARTSYS;
	}
	/* As on Linux, a count that cannot be stored is lost. */
	return uio_put_number(uio, count) ? -EFAULT : (uk_ssize_t)sizeof(count);
}

static unsigned int timerfd_poll(struct file *file, struct poll_table *table)
{
	struct timerfd *timerfd = file->priv;

	poll_register(table, &timerfd->readers);
	return is_readable(timerfd) ? EPOLLIN : 0;
}

static void timerfd_release(struct file *file)
{
	struct timerfd *timerfd = file->priv;
	unsigned long flags = ukarch_irq_save();

	interval_timer_stop(&timerfd->timer);
	set_cancelable(timerfd, false);
	ukarch_irq_restore(flags);
	uk_free(timerfd);
}

static void timerfd_show_fdinfo(struct file *file, struct seq *seq)
{
	struct timerfd *timerfd = file->priv;
	struct timer_setting left;

	timerfd_get(file, &left);
	seq_printf(seq, "clockid: %d\nticks: %d\nsettime flags: 0%o\n", timerfd->clock_id,
		   is_readable(timerfd), (unsigned int)timerfd->settime_flags);
	seq_printf(seq, "it_value: (%lu, %lu)\nit_interval: (%lu, %lu)\n",
		   left.value_ns / UK_NSEC_PER_SEC, left.value_ns % UK_NSEC_PER_SEC,
		   left.interval_ns / UK_NSEC_PER_SEC, left.interval_ns % UK_NSEC_PER_SEC);
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.lseek = file_lseek_zero,
	.poll = timerfd_poll,
	.release = timerfd_release,
	.show_fdinfo = timerfd_show_fdinfo,
};

/* --- the calls ---------------------------------------------------------------------------------
 */

static bool is_timerfd_clock(int clock_id)
{
	return clock_id == CLOCK_MONOTONIC || clock_id == CLOCK_REALTIME ||
	       clock_id == CLOCK_REALTIME_ALARM || clock_id == CLOCK_BOOTTIME ||
	       clock_id == CLOCK_BOOTTIME_ALARM;
}

struct file *timerfd_create_file(int clock_id, int flags)
{
	static struct anon_kind kind = {.name = "anon_inode:[timerfd]"};
	struct timerfd *timerfd;
	struct file *file;

	if (flags & ~(TFD_NONBLOCK | TFD_CLOEXEC) || !is_timerfd_clock(clock_id))
		return ERR_PTR(-EINVAL);
	timerfd = uk_zalloc(sizeof(*timerfd));
	if (!timerfd)
		return ERR_PTR(-ENOMEM);
	waitq_init(&timerfd->readers);
	ktimer_init(&timerfd->timer.ktimer, expired);
	timerfd->timer.clock = clock_timers(clock_id);
	timerfd->clock_id = clock_id;
	file = anon_file_alloc(&kind, &timerfd_ops, (unsigned int)(flags & TFD_NONBLOCK), timerfd);
	if (IS_ERR(file))
		uk_free(timerfd);
	return file;
}

/* What was missed is not asked for any more once the timer is set again. */
static int set_locked(struct timerfd *timerfd, int flags, const struct timer_setting *setting)
{
	int on_set = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;

	set_cancelable(timerfd, counts_wall_time(timerfd) && (flags & on_set) == on_set);
	interval_timer_set(&timerfd->timer, flags & TFD_TIMER_ABSTIME ? TIMER_ABSTIME : 0, setting);
	timerfd->settime_flags = flags;
	timerfd->has_expired = false;
	if (!setting->value_ns || !timerfd->is_canceled)
		return 0;
	timerfd->is_canceled = false;
	return -ECANCELED;
}

int timerfd_set(struct file *file, int flags, const struct timer_setting *setting,
		struct timer_setting *old)
{
	struct timerfd *timerfd = timerfd_of(file);
	unsigned long irq_flags;
	int error;

	if (!timerfd)
		return -EINVAL;
	irq_flags = ukarch_irq_save();
	if (old)
		interval_timer_get(&timerfd->timer, old);
	error = set_locked(timerfd, flags, setting);
	ukarch_irq_restore(irq_flags);
	return error;
}

int timerfd_get(struct file *file, struct timer_setting *setting)
{
	struct timerfd *timerfd = timerfd_of(file);
	unsigned long flags;

	if (!timerfd)
		return -EINVAL;
	flags = ukarch_irq_save();
	interval_timer_get(&timerfd->timer, setting);
	ukarch_irq_restore(flags);
	return 0;
}
