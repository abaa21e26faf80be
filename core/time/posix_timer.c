/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * timer_create(2) and the calls on its timers: a table by id, per process. Each timer keeps one
 * place of RLIMIT_SIGPENDING for its signal.
 *
 * Guarded by irq-off: the table.
 */
#include <linux/errno.h>
#include <uk/arch/cpu.h>
#include <uk/heap.h>
#include <uk/string.h>
#include <uk/task.h>
#include "signal_timer.h"

#define FIRST_SIZE 8

struct process_timers *process_timers_of(struct process *process)
{
	if (!process->timers) {
		process->timers = uk_zalloc(sizeof(*process->timers));
		if (process->timers)
			itimers_init(process);
	}
	return process->timers;
}

/* --- the table ---------------------------------------------------------------------------------
 */

/* The lowest free id; -EAGAIN when there is none and no memory for more. */
static int free_id(struct process_timers *timers)
{
	unsigned int id = timers->lowest_free, size;
	struct signal_timer **grown;

	while (id < timers->size && timers->by_id[id])
		id++;
	timers->lowest_free = id;
	if (id < timers->size)
		return (int)id;
	size = timers->size ? 2 * timers->size : FIRST_SIZE;
	grown = uk_realloc(timers->by_id, size * sizeof(*grown));
	if (!grown)
		return -EAGAIN;
	memset(grown + timers->size, 0, (size - timers->size) * sizeof(*grown));
	timers->by_id = grown;
	timers->size = size;
	return (int)id;
}

static int add_to_table(struct process_timers *timers, struct signal_timer *timer)
{
	unsigned long flags = ukarch_irq_save();
	int id = free_id(timers);

	if (id >= 0)
		timers->by_id[id] = timer;
	ukarch_irq_restore(flags);
	return id;
}

static struct signal_timer *find(const struct process *process, int id)
{
	const struct process_timers *timers = process->timers;

	return timers && (unsigned int)id < timers->size ? timers->by_id[id] : NULL;
}

static void delete_timer(struct process *process, unsigned int id)
{
	struct process_timers *timers = process->timers;
	struct signal_timer *timer;
	unsigned long flags = ukarch_irq_save();

	timer = timers->by_id[id];
	timers->by_id[id] = NULL;
	timers->lowest_free = UK_MIN(timers->lowest_free, id);
	signal_timer_end(timer);
	signal_unreserve(process);
	ukarch_irq_restore(flags);
	uk_free(timer);
}

/* --- the calls ---------------------------------------------------------------------------------
 */

static bool is_own_thread(int tid)
{
	const struct task *task = task_find(tid);

	return task && task->process == current->process;
}

static bool is_valid_event(const struct sigevent *event)
{
	switch (event->sigev_notify) {
	case SIGEV_NONE:
		return true;
	case SIGEV_THREAD_ID:
		if (!is_own_thread(event->_sigev_un._tid))
			return false;
		break;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD: /* made of SIGEV_SIGNAL by the C library; alone it means the same */
		break;
	default:
		return false;
	}
	return event->sigev_signo >= 1 && event->sigev_signo <= UK_NSIG;
}

static void apply_event(struct signal_timer *timer, const struct sigevent *event, int id)
{
	struct uk_siginfo *info = &timer->entry.info;

	info->si_tid = id; /* "si_timerid" to programs */
	info->si_int = id;
	if (!event)
		return;
	info->si_value = event->sigev_value;
	timer->timer.is_silent = event->sigev_notify == SIGEV_NONE;
	if (event->sigev_notify == SIGEV_THREAD_ID)
		timer->target_tid = event->_sigev_un._tid;
}

static int create(struct process *process, struct ktimer_queue *clock, const struct sigevent *event)
{
	struct process_timers *timers = process_timers_of(process);
	struct signal_timer *timer = timers ? uk_zalloc(sizeof(*timer)) : NULL;
	int id = -EAGAIN;

	if (!timer)
		return -EAGAIN;
	signal_timer_init(timer, process, clock, event ? event->sigev_signo : SIGALRM, SI_TIMER);
	id = add_to_table(timers, timer);
	if (id < 0)
		uk_free(timer);
	else
		apply_event(timer, event, id);
	return id;
}

int posix_timer_create(struct ktimer_queue *clock, const struct sigevent *event, int *id)
{
	struct process *process = current->process;

	if (signal_reserve(process))
		return -EAGAIN;
	*id = event && !is_valid_event(event) ? -EINVAL : create(process, clock, event);
	if (*id < 0)
		signal_unreserve(process);
	return UK_MIN(*id, 0);
}

int posix_timer_set(int id, int flags, const struct timer_setting *setting,
		    struct timer_setting *old)
{
	struct signal_timer *timer = find(current->process, id);

	if (!timer)
		return -EINVAL;
	signal_timer_set(timer, flags, setting, old);
	return 0;
}

int posix_timer_get(int id, struct timer_setting *setting)
{
	struct signal_timer *timer = find(current->process, id);

	if (!timer)
		return -EINVAL;
	signal_timer_get(timer, setting);
	return 0;
}

int posix_timer_overrun(int id)
{
	const struct signal_timer *timer = find(current->process, id);

	return timer ? timer->overrun : -EINVAL;
}

int posix_timer_delete(int id)
{
	if (!find(current->process, id))
		return -EINVAL;
	delete_timer(current->process, (unsigned int)id);
	return 0;
}

/* --- the ends ----------------------------------------------------------------------------------
 */

void posix_timers_exec(struct process *process)
{
	const struct process_timers *timers = process->timers;

	for (unsigned int id = 0; timers && id < timers->size; id++)
		if (timers->by_id[id])
			delete_timer(process, id);
}

void posix_timers_exit(struct process *process)
{
	struct process_timers *timers = process->timers;

	ktimer_cancel(&process->cpu_limit);
	if (!timers)
		return;
	posix_timers_exec(process);
	for (unsigned int which = 0; which < ITIMERS; which++)
		signal_timer_end(&timers->itimers[which]);
	process->timers = NULL;
	uk_free(timers->by_id);
	uk_free(timers);
}

static void forget_clock(const struct process_timers *timers, const struct ktimer_queue *clock)
{
	for (unsigned int id = 0; id < timers->size; id++) {
		struct signal_timer *timer = timers->by_id[id];

		if (timer && timer->timer.clock == clock)
			timer->timer.clock = timer->timer.queue = NULL;
	}
}

void posix_timers_thread_exit(struct task *task)
{
	unsigned long flags = ukarch_irq_save();

	while (task->cpu_timers.first)
		ktimer_cancel(task->cpu_timers.first);
	if (task->process->timers)
		forget_clock(task->process->timers, &task->cpu_timers);
	ukarch_irq_restore(flags);
}
