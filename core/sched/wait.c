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
	sched_announce_sleep(current);
}

void waitq_finish(struct waitq *wq, struct waitq_entry *entry)
{
	sched_cancel_sleep(current);
	waitq_remove(wq, entry);
}
