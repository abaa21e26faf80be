/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wait queues. A sleeper announces itself (waitq_prepare), tests its condition again and only
 * then sleeps; a wake in between leaves it TASK_RUNNING, so none is lost. Queues are guarded by
 * irq-off.
 */
#include <uk/lock.h>
#include <uk/sched.h>
#include <uk/task.h>
#include <uk/wait.h>

void waitq_add(struct waitq *wq, struct waitq_entry *entry)
{
	unsigned long flags = ukarch_irq_save();

	if (entry->is_exclusive)
		TAILQ_INSERT_TAIL(&wq->entries, entry, link);
	else
		TAILQ_INSERT_HEAD(&wq->entries, entry, link);
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

/* An exclusive entry that took the wake goes to the end: they take turns. */
void waitq_wake_next(struct waitq *wq, unsigned int events)
{
	unsigned long flags = ukarch_irq_save();
	struct waitq_entry *entry, *next;

	for (entry = TAILQ_FIRST(&wq->entries); entry; entry = next) {
		next = TAILQ_NEXT(entry, link);
		if (!entry->wake(entry, events) || !entry->is_exclusive)
			continue;
		TAILQ_REMOVE(&wq->entries, entry, link);
		TAILQ_INSERT_TAIL(&wq->entries, entry, link);
		break;
	}
	ukarch_irq_restore(flags);
}

void waitq_dissolve(struct waitq *wq, unsigned int events)
{
	unsigned long flags = ukarch_irq_save();
	struct waitq_entry *entry;

	while ((entry = TAILQ_FIRST(&wq->entries))) {
		waitq_remove(wq, entry);
		entry->wake(entry, events);
	}
	ukarch_irq_restore(flags);
}

/* A task that is awake already, by an earlier wake or a signal, does not take this one. */
static bool wake_sleeper(struct waitq_entry *entry, unsigned int events)
{
	struct task *task = entry->ctx;

	if (task->state != TASK_SLEEPING)
		return false;
	sched_wake_irqoff(task);
	return true;
}

static void prepare(struct waitq *wq, struct waitq_entry *entry, bool is_exclusive)
{
	entry->wake = wake_sleeper;
	entry->ctx = current;
	entry->is_exclusive = is_exclusive;
	waitq_add(wq, entry);
	sched_announce_sleep(current);
}

void waitq_prepare(struct waitq *wq, struct waitq_entry *entry)
{
	prepare(wq, entry, false);
}

void waitq_prepare_exclusive(struct waitq *wq, struct waitq_entry *entry)
{
	prepare(wq, entry, true);
}

void waitq_finish(struct waitq *wq, struct waitq_entry *entry)
{
	sched_cancel_sleep(current);
	waitq_remove(wq, entry);
}
