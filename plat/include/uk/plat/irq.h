/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupt lines, message-signalled interrupts and the one-shot timer. */
#ifndef UK_PLAT_IRQ_H
#define UK_PLAT_IRQ_H

#include <uk/essentials.h>

typedef void (*ukplat_irq_handler)(void *arg);

/** Silences legacy controllers, enables the local one. Once, before interrupts are enabled. */
void ukplat_irq_init(void);

/** Routes legacy line `irq` (ISA number) to `handler`; 0, -EBUSY when taken, -EINVAL. */
int ukplat_irq_register(unsigned irq, ukplat_irq_handler handler, void *arg);

enum ukplat_irq_trigger { UKPLAT_IRQ_EDGE, UKPLAT_IRQ_LEVEL }; /* both active high */

/** What an interrupt calls, interrupts off. The caller's memory, for ever. */
struct ukplat_irq_action {
	ukplat_irq_handler handler;
	void *arg;
	struct ukplat_irq_action *next; /* of the same line; ours */
};

/**
 * Routes a global system interrupt (ACPI 6.4, 5.2.13; the first 16 are the ISA lines) to *action.
 * A level-triggered one may be registered several times: every action is called, and must know
 * itself whether its device wants anything. 0; -EBUSY when it is taken or was registered with
 * another trigger, -ENODEV when no controller has it, -ENOSPC when vectors ran out, -ENOMEM.
 */
int ukplat_irq_register_gsi(unsigned int gsi, enum ukplat_irq_trigger trigger,
			    struct ukplat_irq_action *action);

/** What a device writes, and where, to raise a message-signalled interrupt (PCI 3.0, 6.8). */
struct ukplat_msi {
	uint64_t address;
	uint32_t data;
};

/** A fresh interrupt that nobody shares. 0, -ENODEV (no local controller), -ENOSPC, -ENOMEM. */
int ukplat_msi_alloc(struct ukplat_irq_action *action, struct ukplat_msi *msi);
/** Gives it back; the device no longer writes it. */
void ukplat_msi_free(const struct ukplat_msi *msi);

/**
 * The one-shot timer of this CPU. ukplat_timer_arm() replaces an earlier deadline; the handler
 * given to ukplat_timer_init() runs in irq context at or after it.
 */
void ukplat_timer_init(void (*expired)(void));
void ukplat_timer_arm(uint64_t delay_ns);
void ukplat_timer_disarm(void);

#endif /* UK_PLAT_IRQ_H */
