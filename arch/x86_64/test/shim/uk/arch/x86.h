/* SPDX-License-Identifier: BSD-3-Clause */
/* Host tests have no control registers: what would be done to them is noted. */
#ifndef UK_ARCH_X86_H
#define UK_ARCH_X86_H

#include <uk/arch/types.h>

extern uint64_t machine_cr3;
extern unsigned int machine_flushes; /* of the TLB, whole or one page */

#define X86_READ_CR(n)         (machine_cr##n)
#define X86_WRITE_CR(n, value) ((void)(machine_flushes++, machine_cr##n = (value)))

static inline void x86_invlpg(vaddr_t va)
{
	(void)va;
	machine_flushes++;
}

extern char x86_ist_ordinary[], x86_ist_fatal[];
void x86_paging_init(paddr_t image_base);

#endif /* UK_ARCH_X86_H */
