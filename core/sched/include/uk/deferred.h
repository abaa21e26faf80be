/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Work that an interrupt leaves for a moment later, when interrupts may be on and kernel data may
 * be touched: on the interrupted thread's way back to the program, or when the CPU gives up a
 * task or has none to run. No thread is switched to for it. It must not sleep, and should be short:
 * what may become long is a task's.
 */
#ifndef UK_DEFERRED_H
#define UK_DEFERRED_H

#include <uk/essentials.h>

struct deferred {
	void (*run)(struct deferred *work);
	struct deferred *next; /* ours, as is_pending; irq-off */
	bool is_pending;
};

extern struct deferred *deferred_first;

/** work->run(work) is called soon; once, however often it was raised until then. Any context. */
void deferred_raise(struct deferred *work);

static inline bool deferred_is_pending(void)
{
	return __atomic_load_n(&deferred_first, __ATOMIC_RELAXED) != NULL;
}

/** The scheduler's: does all there is. Thread context, interrupts on. */
void deferred_run(void);

#endif /* UK_DEFERRED_H */
