/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The three interval timers that every process has: setitimer(2). ITIMER_VIRTUAL and ITIMER_PROF
 * count the same, since system time is not told apart from user time (cpu_time.c).
 */
#include <linux/errno.h>
#include <linux/time.h>
#include <uk/cpu_time.h>
#include "signal_timer.h"

_Static_assert(ITIMER_REAL == 0 && ITIMER_VIRTUAL == 1 && ITIMER_PROF + 1 == ITIMERS, "itimers[]");

void itimers_init(struct process *process)
{
	struct signal_timer *itimers = process->timers->itimers;
	struct ktimer_queue *cpu_time = cpu_time_process_queue(process);

	signal_timer_init(&itimers[ITIMER_REAL], process, &ktimer_monotonic, SIGALRM, SI_KERNEL);
	signal_timer_init(&itimers[ITIMER_VIRTUAL], process, cpu_time, SIGVTALRM, SI_KERNEL);
	signal_timer_init(&itimers[ITIMER_PROF], process, cpu_time, SIGPROF, SI_KERNEL);
}

int itimer_set(int which, const struct timer_setting *setting, struct timer_setting *old)
{
	struct process_timers *timers;

	if (which < 0 || which >= ITIMERS)
		return -EINVAL;
	timers = process_timers_of(current->process);
	if (!timers)
		return -ENOMEM;
	signal_timer_set(&timers->itimers[which], 0, setting, old);
	return 0;
}

int itimer_get(int which, struct timer_setting *setting)
{
	struct process_timers *timers = current->process->timers;

	if (which < 0 || which >= ITIMERS)
		return -EINVAL;
	if (timers)
		signal_timer_get(&timers->itimers[which], setting);
	else
		*setting = (struct timer_setting){0, 0};
	return 0;
}
