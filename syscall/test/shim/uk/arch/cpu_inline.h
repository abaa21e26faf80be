/* SPDX-License-Identifier: BSD-3-Clause */
/* Host tests have no interrupts to keep out. */
#ifndef UK_ARCH_CPU_INLINE_H
#define UK_ARCH_CPU_INLINE_H

#include <uk/essentials.h>

static inline void ukarch_irq_disable(void)
{
}
static inline void ukarch_irq_enable(void)
{
}
static inline unsigned long ukarch_irq_save(void)
{
	return 0;
}
static inline void ukarch_irq_restore(unsigned long flags)
{
}

#endif /* UK_ARCH_CPU_INLINE_H */
