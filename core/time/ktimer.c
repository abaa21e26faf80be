/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One-shot timers, ordered by deadline, on the CPU's hardware timer.
 *
 * The hardware is programmed only for a deadline earlier than the one it already has: a timeout
 * that is armed and cancelled again (most are) does not touch it, and at worst it fires once for
 * nothing. Timers with the same deadline expire in the order they were armed.
 *
 * Guarded by irq-off: `queue`, every ktimer. With one CPU that also makes ktimer_cancel() final:
 * no callback can be running while somebody else runs.
 */
#include <uk/arch/cpu.h>
#include <uk/clock.h>
#include <uk/lock.h>
#include <uk/plat/irq.h>

RB_HEAD(ktimer_tree, ktimer);

static struct {
	struct spinlock lock;
	struct ktimer_tree tree;
	struct ktimer *first;   /* the leftmost, or NULL */
	uint64_t programmed_ns; /* when the hardware will fire; UINT64_MAX: it will not */
	bool is_initialized;
} queue = {.tree = RB_INITIALIZER(&queue.tree), .programmed_ns = UINT64_MAX};

/* Never 0: an equal deadline goes behind. The tree is never searched. */
static int compare(const struct ktimer *added, const struct ktimer *present)
{
	return added->deadline_ns < present->deadline_ns ? -1 : 1;
}

/* The _STATIC forms need libbsd's <sys/cdefs.h>. */
RB_PROTOTYPE_INTERNAL(ktimer_tree, ktimer, node, compare, __uk_unused static)
RB_GENERATE_INTERNAL(ktimer_tree, ktimer, node, compare, __uk_unused static)

static void remove_locked(struct ktimer *timer)
{
	if (queue.first == timer)
		queue.first = RB_NEXT(ktimer_tree, &queue.tree, timer);
	RB_REMOVE(ktimer_tree, &queue.tree, timer);
	timer->is_armed = false;
}

static void program_locked(void)
{
	uint64_t deadline, now;

	if (!queue.first || queue.first->deadline_ns >= queue.programmed_ns)
		return;
	deadline = queue.first->deadline_ns;
	now = clock_monotonic_ns();
	queue.programmed_ns = deadline;
	ukplat_timer_arm(deadline > now ? deadline - now : 0);
}

/* From the timer's interrupt. */
static void timer_interrupt(void)
{
	unsigned long flags = spin_lock_irqsave(&queue.lock);

	queue.programmed_ns = UINT64_MAX;
	while (queue.first && queue.first->deadline_ns <= clock_monotonic_ns()) {
		struct ktimer *timer = queue.first;

		remove_locked(timer);
		spin_unlock_irqrestore(&queue.lock, flags);
		timer->expired(timer); /* may arm it again, or free it */
		flags = spin_lock_irqsave(&queue.lock);
	}
	program_locked();
	spin_unlock_irqrestore(&queue.lock, flags);
}

void ktimer_arm(struct ktimer *timer, uint64_t deadline_ns)
{
	unsigned long flags = spin_lock_irqsave(&queue.lock);

	if (!queue.is_initialized) {
		queue.is_initialized = true;
		ukplat_timer_init(timer_interrupt);
	}
	if (timer->is_armed)
		remove_locked(timer);
	timer->deadline_ns = deadline_ns;
	timer->is_armed = true;
	RB_INSERT(ktimer_tree, &queue.tree, timer);
	if (!queue.first || deadline_ns < queue.first->deadline_ns)
		queue.first = timer;
	program_locked();
	spin_unlock_irqrestore(&queue.lock, flags);
}

bool ktimer_cancel(struct ktimer *timer)
{
	unsigned long flags = spin_lock_irqsave(&queue.lock);
	bool was_armed = timer->is_armed;

	if (was_armed)
		remove_locked(timer);
	spin_unlock_irqrestore(&queue.lock, flags);
	return was_armed;
}
