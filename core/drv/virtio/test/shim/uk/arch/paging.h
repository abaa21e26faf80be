/* SPDX-License-Identifier: BSD-3-Clause */
/* On the build host a device "reaches" memory at its address. */
#ifndef SHIM_PAGING_H
#define SHIM_PAGING_H

#include <uk/arch/types.h>

static inline paddr_t ukarch_virt_to_phys(const void *at)
{
	return (paddr_t)(uintptr_t)at;
}
static inline void *ukarch_phys_to_virt(paddr_t pa)
{
	return (void *)(uintptr_t)pa;
}

#endif /* SHIM_PAGING_H */
