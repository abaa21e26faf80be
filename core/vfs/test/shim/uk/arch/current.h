/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UK_ARCH_CURRENT_H
#define UK_ARCH_CURRENT_H

extern struct ukarch_thread *machine_thread;
static inline struct ukarch_thread *ukarch_thread_current(void)
{
	return machine_thread;
}

#endif /* UK_ARCH_CURRENT_H */
