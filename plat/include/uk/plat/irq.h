/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupt lines and the one-shot timer. */
#ifndef UK_PLAT_IRQ_H
#define UK_PLAT_IRQ_H

#include <uk/essentials.h>

typedef void (*ukplat_irq_handler)(void *arg);

/** Silences legacy controllers, enables the local one. Once, before interrupts are enabled. */
void ukplat_irq_init(void);

/** Routes legacy line `irq` (ISA number) to `handler`; 0, -EBUSY when taken, -EINVAL. */
int ukplat_irq_register(unsigned irq, ukplat_irq_handler handler, void *arg);

/**
 * The one-shot timer of this CPU. ukplat_timer_arm() replaces an earlier deadline; the handler
 * given to ukplat_timer_init() runs in irq context at or after it.
 */
void ukplat_timer_init(void (*expired)(void));
void ukplat_timer_arm(uint64_t delay_ns);
void ukplat_timer_disarm(void);

#endif /* UK_PLAT_IRQ_H */
