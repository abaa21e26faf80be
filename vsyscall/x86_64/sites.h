/* SPDX-License-Identifier: BSD-3-Clause */
/* Patched call sites, between the files of this folder. */
#ifndef VSYSCALL_SITES_H
#define VSYSCALL_SITES_H

#include <uk/arch/regs.h>
#include <uk/essentials.h>

#ifdef CONFIG_SYSCALL_PATCHING

/** The address of the program's that stands for `pc`; 0 when it is not in a stub. */
vaddr_t sites_settle(vaddr_t pc);
/** The `syscall` of the site whose stub came to x86_site_entry with `rcx`. */
vaddr_t sites_syscall_of(vaddr_t rcx);

/** Puts all original bytes of the current program back, and patches no more. */
void sites_stop(void);

/** 0 or -errno; once, at boot. */
int sites_init(void);

#else

static inline vaddr_t sites_settle(vaddr_t pc)
{
	return 0;
}
static inline vaddr_t sites_syscall_of(vaddr_t rcx)
{
	return 0;
}
static inline void sites_stop(void)
{
}
static inline int sites_init(void)
{
	return 0;
}

#endif

#endif /* VSYSCALL_SITES_H */
