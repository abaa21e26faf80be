/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel stacks: UKARCH_KSTACK_SIZE of addresses, naturally aligned, the lowest page unmapped as a
 * guard. Threads come and go, so a few stacks stay mapped for the next one.
 */
#ifndef UK_KSTACK_H
#define UK_KSTACK_H

#include <uk/arch/regs.h>
#include <uk/arch/types.h>

struct kstack;

/** NULL: no memory. Contents undefined. */
struct kstack *kstack_alloc(void);
void kstack_free(struct kstack *stack);
/** What ukarch_thread.user_regs is to be. */
struct ukarch_regs *kstack_user_regs(const struct kstack *stack);

#endif /* UK_KSTACK_H */
