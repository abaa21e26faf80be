/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wait queues and sleeping. A sleeper announces itself (waitq_prepare), tests its condition again
 * and only then sleeps; a wake in between leaves it TASK_RUNNING, so none is lost. Queues and
 * task states are guarded by irq-off.
 */
#include <linux/errno.h>
#include <uk/clock.h>
#include <uk/lock.h>
#include <uk/sched.h>
#include <uk/signal.h>
#include <uk/task.h>
#include <uk/wait.h>

void waitq_add(struct waitq *wq, struct waitq_entry *entry)
{
	unsigned long flags = ukarch_irq_save();

	TAILQ_INSERT_TAIL(&wq->entries, entry, link);
	entry->is_queued = true;
	ukarch_irq_restore(flags);
}

void waitq_remove(struct waitq *wq, struct waitq_entry *entry)
{
	unsigned long flags = ukarch_irq_save();

	if (entry->is_queued)
		TAILQ_REMOVE(&wq->entries, entry, link);
	entry->is_queued = false;
	ukarch_irq_restore(flags);
}

void waitq_wake_all(struct waitq *wq, unsigned int events)
{
	unsigned long flags = ukarch_irq_save();
	struct waitq_entry *entry, *next;

	for (entry = TAILQ_FIRST(&wq->entries); entry; entry = next) {
		next = TAILQ_NEXT(entry, link);
		entry->wake(entry, events);
	}
	ukarch_irq_restore(flags);
}

void waitq_wake_one(struct waitq *wq, unsigned int events)
{
	unsigned long flags = ukarch_irq_save();
	struct waitq_entry *entry, *next;

	for (entry = TAILQ_FIRST(&wq->entries); entry; entry = next) {
		next = TAILQ_NEXT(entry, link);
		entry->wake(entry, events);
		if (entry->is_exclusive)
			break;
	}
	ukarch_irq_restore(flags);
}

static void wake_sleeper(struct waitq_entry *entry, unsigned int events)
{
	sched_wake(entry->ctx);
}

void waitq_prepare(struct waitq *wq, struct waitq_entry *entry)
{
	entry->wake = wake_sleeper;
	entry->ctx = current;
	entry->is_exclusive = false;
	waitq_add(wq, entry);
	__atomic_store_n(&current->state, TASK_SLEEPING, __ATOMIC_SEQ_CST);
}

void waitq_finish(struct waitq *wq, struct waitq_entry *entry)
{
	__atomic_store_n(&current->state, TASK_RUNNING, __ATOMIC_SEQ_CST);
	waitq_remove(wq, entry);
}

struct sleep_timer {
	struct ktimer timer;
	struct task *task;
};

static void sleep_expired(struct ktimer *timer)
{
	sched_wake(uk_container_of(timer, struct sleep_timer, timer)->task);
}

/* Nobody else is runnable: halt until an interrupt changes our state. */
static void idle_until_runnable(struct task *task)
{
	ukarch_irq_disable();
	while (__atomic_load_n(&task->state, __ATOMIC_SEQ_CST) != TASK_RUNNING) {
		clock_idle_begin();
		ukarch_irq_enable_and_halt();
		ukarch_irq_disable();
		clock_idle_end();
	}
	ukarch_irq_enable();
}

static int sleep_until(uint64_t deadline_ns, bool is_interruptible)
{
	struct task *task = current;
	struct sleep_timer sleep = {.task = task};
	int result = 0;

	if (deadline_ns != UK_NO_TIMEOUT && clock_monotonic_ns() >= deadline_ns) {
		task->state = TASK_RUNNING;
		return -ETIMEDOUT;
	}
	task->is_interruptible = is_interruptible;
	if (is_interruptible && signal_is_pending())
		task->state = TASK_RUNNING;
	ktimer_init(&sleep.timer, sleep_expired);
	if (deadline_ns != UK_NO_TIMEOUT)
		ktimer_arm(&sleep.timer, deadline_ns);
	idle_until_runnable(task);
	task->is_interruptible = false;
	if (deadline_ns != UK_NO_TIMEOUT && !ktimer_cancel(&sleep.timer))
		result = -ETIMEDOUT;
	return is_interruptible && signal_is_pending() ? -EINTR : result;
}

int sched_sleep_until(uint64_t deadline_ns)
{
	return sleep_until(deadline_ns, false);
}

int sched_sleep_interruptible_until(uint64_t deadline_ns)
{
	return sleep_until(deadline_ns, true);
}

void sched_wake(struct task *task)
{
	unsigned long flags = ukarch_irq_save();

	if (task->state == TASK_SLEEPING)
		task->state = TASK_RUNNING;
	ukarch_irq_restore(flags);
}

void sched_interrupt(struct task *task)
{
	if (task->is_interruptible)
		sched_wake(task);
}

void sched_yield(void)
{
	ukarch_thread_clear_work(&current->thread, UKARCH_WORK_RESCHED);
}
