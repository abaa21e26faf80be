/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers that send signals. Each has one entry for the queue of pending signals, so sending needs
 * no memory, cannot fail, and never queues a second one.
 *
 * Guarded by irq-off, as the pending sets: everything.
 */
#include <uk/arch/cpu.h>
#include <uk/task.h>
#include "signal_timer.h"

/* A timer whose signal is ignored goes on, but does not keep the CPU busy with it. */
#define IGNORED_PAUSE_NS (10 * (uint64_t)UK_NSEC_PER_MSEC)

static struct task *target_of(const struct signal_timer *timer)
{
	struct task *task = task_find(timer->target_tid);

	return task && task->process == timer->process ? task : NULL;
}

static void expired(struct ktimer *ktimer)
{
	struct signal_timer *timer = uk_container_of(ktimer, struct signal_timer, timer.ktimer);
	struct task *target = timer->target_tid ? target_of(timer) : NULL;

	interval_timer_expired(&timer->timer);
	if (timer->target_tid && !target)
		return; /* as on Linux the timer ends with its thread */
	if (signal_send_entry(timer->process, target, &timer->entry))
		return;
	interval_timer_skip(&timer->timer,
			    timer->timer.interval_ns < IGNORED_PAUSE_NS ? IGNORED_PAUSE_NS : 0);
}

/* The signal is on its way to the program. */
static void delivered(struct sigqueue *entry, struct uk_siginfo *info)
{
	struct signal_timer *timer = uk_container_of(entry, struct signal_timer, entry);
	uint64_t missed = interval_timer_resume(&timer->timer) - 1;

	if (entry->info.si_code != SI_TIMER)
		return;
	timer->overrun = (int)UK_MIN(missed, (uint64_t)INT32_MAX);
	info->si_overrun = timer->overrun;
}

void signal_timer_init(struct signal_timer *timer, struct process *process,
		       struct ktimer_queue *clock, int signo, int si_code)
{
	ktimer_init(&timer->timer.ktimer, expired);
	timer->timer.clock = clock;
	timer->entry.taken = delivered;
	timer->entry.info.si_signo = signo;
	timer->entry.info.si_code = si_code;
	timer->process = process;
}

void signal_timer_set(struct signal_timer *timer, int flags, const struct timer_setting *setting,
		      struct timer_setting *old)
{
	unsigned long irq_flags = ukarch_irq_save();

	if (old)
		interval_timer_get(&timer->timer, old);
	interval_timer_set(&timer->timer, flags, setting);
	/* As on Linux, the pending signal of an earlier setting is dropped with it; one of
	 * setitimer(2) stays. */
	if (timer->entry.info.si_code == SI_TIMER)
		signal_unqueue_entry(&timer->entry);
	timer->overrun = 0;
	ukarch_irq_restore(irq_flags);
}

void signal_timer_get(struct signal_timer *timer, struct timer_setting *setting)
{
	unsigned long flags = ukarch_irq_save();

	interval_timer_get(&timer->timer, setting);
	ukarch_irq_restore(flags);
}

void signal_timer_end(struct signal_timer *timer)
{
	unsigned long flags = ukarch_irq_save();

	interval_timer_stop(&timer->timer);
	signal_unqueue_entry(&timer->entry);
	ukarch_irq_restore(flags);
}
