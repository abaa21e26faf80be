/* SPDX-License-Identifier: BSD-3-Clause */
/* Expiries at intervals, on any clock; see interval_timer.h. */
#include <linux/time.h>
#include "interval.h"
#include "interval_timer.h"

static uint64_t now_of(const struct interval_timer *timer)
{
	return timer->queue->now_ns(timer->queue);
}

static void arm(struct interval_timer *timer)
{
	if (!timer->is_silent)
		ktimer_arm_on(&timer->ktimer, timer->queue, timer->expiry_ns);
}

/* To the next expiry after `now_ns`. */
static void move_on(struct interval_timer *timer, uint64_t now_ns)
{
	timer->periods += interval_forward(&timer->expiry_ns, now_ns, timer->interval_ns);
}

/* It has expired, is to go on, and waits for its owner. */
static bool is_waiting(const struct interval_timer *timer)
{
	return timer->expiry_ns && timer->interval_ns && timer->queue && !timer->ktimer.is_armed;
}

void interval_timer_set(struct interval_timer *timer, int flags,
			const struct timer_setting *setting)
{
	bool is_absolute = flags & TIMER_ABSTIME;

	ktimer_cancel(&timer->ktimer);
	timer->expiry_ns = timer->interval_ns = timer->periods = 0;
	if (!setting->value_ns || !timer->clock)
		return;
	timer->queue = is_absolute ? timer->clock : clock_relative(timer->clock);
	timer->interval_ns = setting->interval_ns;
	timer->expiry_ns =
		time_add(is_absolute ? 0 : now_of(timer), UK_MIN(setting->value_ns, TIME_MAX_NS));
	arm(timer);
}

void interval_timer_get(struct interval_timer *timer, struct timer_setting *setting)
{
	uint64_t now_ns;

	*setting = (struct timer_setting){.interval_ns = timer->interval_ns};
	if (!timer->expiry_ns || !timer->queue)
		return;
	now_ns = now_of(timer);
	if (is_waiting(timer))
		move_on(timer, now_ns);
	if (timer->expiry_ns > now_ns)
		setting->value_ns = timer->expiry_ns - now_ns;
	else if (timer->ktimer.is_armed)
		setting->value_ns = 1; /* due in this moment; 0 would mean: disarmed */
}

void interval_timer_expired(struct interval_timer *timer)
{
	timer->periods = 0;
	if (!timer->interval_ns)
		timer->expiry_ns = 0;
}

uint64_t interval_timer_resume(struct interval_timer *timer)
{
	uint64_t periods;

	if (is_waiting(timer)) {
		move_on(timer, now_of(timer));
		arm(timer);
	}
	periods = timer->periods;
	timer->periods = 0;
	return UK_MAX(periods, 1UL);
}

void interval_timer_skip(struct interval_timer *timer, uint64_t pause_ns)
{
	if (!is_waiting(timer))
		return;
	move_on(timer, time_add(now_of(timer), pause_ns));
	arm(timer);
}

void interval_timer_stop(struct interval_timer *timer)
{
	ktimer_cancel(&timer->ktimer);
	timer->expiry_ns = 0;
}
