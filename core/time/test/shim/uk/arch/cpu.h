/* SPDX-License-Identifier: BSD-3-Clause */
/* Host tests: a CPU whose counter the test sets, and whose interrupt flag it can look at. */
#ifndef UK_ARCH_CPU_H
#define UK_ARCH_CPU_H

#include <uk/essentials.h>

extern uint64_t fake_counter;
extern bool fake_irq_enabled;

static inline uint64_t ukarch_counter(void)
{
	return fake_counter;
}
static inline unsigned long ukarch_irq_save(void)
{
	bool was_enabled = fake_irq_enabled;

	fake_irq_enabled = false;
	return was_enabled;
}
static inline void ukarch_irq_restore(unsigned long flags)
{
	fake_irq_enabled = fake_irq_enabled || flags;
}
static inline void ukarch_irq_disable(void)
{
	fake_irq_enabled = false;
}
static inline void ukarch_irq_enable(void)
{
	fake_irq_enabled = true;
}
static inline void ukarch_cpu_relax(void)
{
	fake_counter++; /* time passes while somebody waits for it */
}

#endif /* UK_ARCH_CPU_H */
