/* SPDX-License-Identifier: BSD-3-Clause */
/* The vDSO as the loader sees it. */
#ifndef UK_VDSO_H
#define UK_VDSO_H

#include <uk/arch/types.h>

struct vmspace;

/**
 * Maps the data page and the vDSO into a fresh address space, close above its stack (whose place
 * is random; vm->stack_top must be set) and sets vm->vdso_base and vm->vsyscall. *ehdr is what
 * AT_SYSINFO_EHDR holds. Its pages appear when first touched. 0, -ENOMEM.
 */
int vdso_map(struct vmspace *vm, vaddr_t *ehdr);

#endif /* UK_VDSO_H */
