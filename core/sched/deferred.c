/* SPDX-License-Identifier: BSD-3-Clause */
/* Deferred work; see <uk/deferred.h>. The list is guarded by irq-off. */
#include <uk/arch/cpu.h>
#include <uk/deferred.h>
#include <uk/task.h>

struct deferred *deferred_first;

void deferred_raise(struct deferred *work)
{
	unsigned long flags = ukarch_irq_save();

	if (!work->is_pending) {
		work->is_pending = true;
		work->next = deferred_first;
		deferred_first = work;
		/* It may be on its way to the program already. */
		ukarch_thread_set_work(&current->thread, UKARCH_WORK_RESCHED);
	}
	ukarch_irq_restore(flags);
}

void deferred_run(void)
{
	struct deferred *work;

	for (;;) {
		ukarch_irq_disable();
		work = deferred_first;
		if (!work)
			break;
		deferred_first = work->next;
		work->is_pending = false;
		ukarch_irq_enable();
		work->run(work);
	}
	ukarch_irq_enable();
}
