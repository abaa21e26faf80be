/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One-shot timers, ordered by deadline, on the CPU's hardware timer.
 *
 * Each clock has a queue of its own: monotonic time, wall time (which may be set), and CPU time of
 * the thread and the process that run. The hardware counts monotonic time, so it is programmed for
 * what is missing on the other clocks; whoever was too optimistic looks at the clock again and
 * waits for the rest.
 *
 * The hardware is programmed only for a deadline earlier than the one it already has: a timeout
 * that is armed and cancelled again (most are) does not touch it, and at worst it fires once for
 * nothing. Timers with the same deadline expire in the order they were armed.
 *
 * An interrupt comes late: the CPU, or the host's thread that plays it, has to wake up first. So it
 * is asked for earlier by what it was late lately, and the little that is left then is waited for.
 *
 * Guarded by irq-off: `hardware`, every queue and ktimer. With one CPU that also makes
 * ktimer_cancel() final: no callback can be running while somebody else runs.
 */
#include <uk/arch/cpu.h>
#include <uk/clock.h>
#include <uk/lock.h>
#include <uk/plat/irq.h>
#include <uk/sched.h>
#include "clock_internal.h"

#define LEAD_MAX_NS (200 * (uint64_t)UK_NSEC_PER_USEC)

static struct {
	struct spinlock lock;
	uint64_t programmed_ns; /* what it was programmed for; UINT64_MAX: nothing */
	uint64_t asked_ns;      /* when it was asked to fire: lead_ns earlier */
	uint64_t lead_ns;
	unsigned int cpu_time_count; /* timers armed on queues of CPU time */
	bool is_initialized;
} hardware = {.programmed_ns = UINT64_MAX};

static uint64_t monotonic_now(const struct ktimer_queue *queue)
{
	return clock_monotonic_ns();
}

static uint64_t realtime_now(const struct ktimer_queue *queue)
{
	return clock_realtime_ns();
}

struct ktimer_queue ktimer_monotonic = {.now_ns = monotonic_now};
struct ktimer_queue ktimer_realtime = {.now_ns = realtime_now};

/* Never 0: an equal deadline goes behind. The tree is never searched. */
static int compare(const struct ktimer *added, const struct ktimer *present)
{
	return added->deadline_ns < present->deadline_ns ? -1 : 1;
}

/* The _STATIC forms need libbsd's <sys/cdefs.h>. */
RB_PROTOTYPE_INTERNAL(ktimer_tree, ktimer, node, compare, __uk_unused static)
RB_GENERATE_INTERNAL(ktimer_tree, ktimer, node, compare, __uk_unused static)

static bool is_cpu_time(const struct ktimer_queue *queue)
{
	return queue != &ktimer_monotonic && queue != &ktimer_realtime;
}

static void remove_locked(struct ktimer *timer)
{
	struct ktimer_queue *queue = timer->queue;

	if (queue->first == timer)
		queue->first = RB_NEXT(ktimer_tree, &queue->tree, timer);
	RB_REMOVE(ktimer_tree, &queue->tree, timer);
	timer->is_armed = false;
	hardware.cpu_time_count -= is_cpu_time(queue);
}

static void add_locked(struct ktimer *timer, struct ktimer_queue *queue)
{
	timer->queue = queue;
	timer->is_armed = true;
	RB_INSERT(ktimer_tree, &queue->tree, timer);
	if (is_cpu_time(queue) && hardware.cpu_time_count++ == 0)
		sched_follow_switches();
	if (!queue->first || timer->deadline_ns < queue->first->deadline_ns) {
		queue->first = timer;
		queue->earliest_ns = 0;
	}
}

/* Does the clock of `queue` run now? */
static bool is_running(const struct ktimer_queue *queue)
{
	struct ktimer_queue *cpu_time[CPU_TIME_QUEUES];

	if (!is_cpu_time(queue))
		return true;
	cpu_time_running(cpu_time);
	return queue == cpu_time[0] || queue == cpu_time[1];
}

/* When the first timer of `queue` is due, as far as can be told now, on the monotonic clock. */
static uint64_t due_locked(const struct ktimer_queue *queue, uint64_t monotonic_ns)
{
	uint64_t deadline_ns = queue->first->deadline_ns, now_ns, due_ns;

	if (queue == &ktimer_monotonic)
		return deadline_ns;
	now_ns = queue->now_ns(queue);
	if (deadline_ns <= now_ns)
		return monotonic_ns;
	if (uk_add_overflow(monotonic_ns, deadline_ns - now_ns, &due_ns))
		return UINT64_MAX;
	return due_ns;
}

/* A time before which the first timer of `queue` is not due. CPU time runs no faster than time; so
 * what was found out once holds, and a switch of threads need not read these clocks. */
static uint64_t known_due_locked(const struct ktimer_queue *queue)
{
	if (queue == &ktimer_monotonic)
		return queue->first->deadline_ns;
	return is_cpu_time(queue) ? queue->earliest_ns : 0;
}

/* Only for the clock that nearly all timers are on: who is early has to wait on it. */
static uint64_t lead_of_locked(const struct ktimer_queue *queue)
{
	return queue == &ktimer_monotonic ? hardware.lead_ns : 0;
}

/* The hardware fires no later than the first timer of `queue` needs it. */
static void program_locked(struct ktimer_queue *queue)
{
	uint64_t due_ns, now_ns;

	if (!queue || !queue->first || known_due_locked(queue) >= hardware.programmed_ns)
		return; /* without a look at the clock */
	now_ns = clock_monotonic_ns();
	due_ns = due_locked(queue, now_ns);
	queue->earliest_ns = due_ns;
	if (due_ns >= hardware.programmed_ns)
		return;
	hardware.programmed_ns = due_ns;
	hardware.asked_ns = due_ns - UK_MIN(due_ns, lead_of_locked(queue));
	hardware.asked_ns = UK_MAX(hardware.asked_ns, now_ns);
	ukplat_timer_arm(hardware.asked_ns - now_ns);
}

/* A moving average; what is beyond the limit was no matter of waking up. */
static void learn_lead_locked(uint64_t now_ns)
{
	uint64_t late_ns = now_ns - UK_MIN(now_ns, hardware.asked_ns);

	hardware.lead_ns = (7 * hardware.lead_ns + UK_MIN(late_ns, LEAD_MAX_NS)) / 8;
}

/* The interrupt was early, as it should be. */
static void await_first_locked(uint64_t now_ns)
{
	const struct ktimer *first = ktimer_monotonic.first;

	while (first && first->deadline_ns > now_ns &&
	       first->deadline_ns - now_ns <= hardware.lead_ns) {
		ukarch_cpu_relax();
		now_ns = clock_monotonic_ns();
	}
}

/* Runs what is due on `queue`; `flags` are those of the lock, which is let go for callbacks. */
static void expire_locked(struct ktimer_queue *queue, unsigned long *flags)
{
	while (queue && queue->first && queue->first->deadline_ns <= queue->now_ns(queue)) {
		struct ktimer *timer = queue->first;

		remove_locked(timer);
		spin_unlock_irqrestore(&hardware.lock, *flags);
		timer->expired(timer); /* may arm it again, or free it */
		*flags = spin_lock_irqsave(&hardware.lock);
	}
}

/* The queues that may have something due; most of the time there is one. Returns their number. */
static unsigned int find_queues(struct ktimer_queue *queues[2 + CPU_TIME_QUEUES])
{
	unsigned int count = 0;

	queues[count++] = &ktimer_monotonic;
	if (ktimer_realtime.first)
		queues[count++] = &ktimer_realtime;
	if (hardware.cpu_time_count) {
		cpu_time_running(&queues[count]);
		count += CPU_TIME_QUEUES;
	}
	return count;
}

/* From the timer's interrupt. */
static void timer_interrupt(void)
{
	unsigned long flags = spin_lock_irqsave(&hardware.lock);
	struct ktimer_queue *queues[2 + CPU_TIME_QUEUES];
	unsigned int count = find_queues(queues);
	uint64_t now_ns = clock_monotonic_ns();

	hardware.programmed_ns = UINT64_MAX;
	learn_lead_locked(now_ns);
	await_first_locked(now_ns);
	for (unsigned int i = 0; i < count; i++)
		expire_locked(queues[i], &flags);
	/* Callbacks may have armed timers on others, which programmed for themselves. */
	for (unsigned int i = 0; i < count; i++)
		program_locked(queues[i]);
	spin_unlock_irqrestore(&hardware.lock, flags);
}

void ktimer_arm_on(struct ktimer *timer, struct ktimer_queue *queue, uint64_t deadline_ns)
{
	unsigned long flags = spin_lock_irqsave(&hardware.lock);

	if (!hardware.is_initialized) {
		hardware.is_initialized = true;
		ukplat_timer_init(timer_interrupt);
	}
	if (timer->is_armed)
		remove_locked(timer);
	timer->deadline_ns = deadline_ns;
	add_locked(timer, queue);
	if (is_running(queue))
		program_locked(queue);
	spin_unlock_irqrestore(&hardware.lock, flags);
}

void ktimer_arm(struct ktimer *timer, uint64_t deadline_ns)
{
	ktimer_arm_on(timer, &ktimer_monotonic, deadline_ns);
}

bool ktimer_cancel(struct ktimer *timer)
{
	unsigned long flags = spin_lock_irqsave(&hardware.lock);
	bool was_armed = timer->is_armed;

	if (was_armed)
		remove_locked(timer);
	spin_unlock_irqrestore(&hardware.lock, flags);
	return was_armed;
}

void ktimer_clock_jumped(struct ktimer_queue *queue)
{
	unsigned long flags = spin_lock_irqsave(&hardware.lock);

	program_locked(queue);
	spin_unlock_irqrestore(&hardware.lock, flags);
}

bool ktimer_follow_task(void)
{
	struct ktimer_queue *cpu_time[CPU_TIME_QUEUES];
	unsigned long flags;

	if (!hardware.cpu_time_count)
		return false;
	flags = spin_lock_irqsave(&hardware.lock);

	cpu_time_running(cpu_time);
	for (unsigned int i = 0; i < CPU_TIME_QUEUES; i++)
		program_locked(cpu_time[i]);
	spin_unlock_irqrestore(&hardware.lock, flags);
	return true;
}
