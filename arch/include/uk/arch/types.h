/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kinds of address. They are never mixed: a paddr_t is reached through ukarch_phys_to_virt(), a
 * user pointer through <uk/arch/uaccess.h>.
 */
#ifndef UK_ARCH_TYPES_H
#define UK_ARCH_TYPES_H

#include <uk/essentials.h>

typedef uint64_t paddr_t;  /* physical address, bytes */
typedef uintptr_t vaddr_t; /* virtual address, bytes; kernel or program half */
typedef uint64_t pfn_t;    /* physical frame number: paddr_t >> UK_PAGE_SHIFT */

#define UK_PADDR_NONE ((paddr_t)-1)

#endif /* UK_ARCH_TYPES_H */
