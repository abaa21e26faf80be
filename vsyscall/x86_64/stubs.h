/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slots and stubs of patched call sites (site_code.h): memory above the vsyscall page that the
 * program may execute and only the kernel writes, through the direct map. None is given back while
 * the program lives: a thread may be on its way through one for as long as it likes.
 */
#ifndef VSYSCALL_STUBS_H
#define VSYSCALL_STUBS_H

#include <uk/arch/types.h>
#include "site_code.h"

/** Makes a slot and its stub for the site at `site`. The slot's address, or 0: no room. Guarded by
 * the caller's lock. */
vaddr_t stub_make(const struct site_code *code, vaddr_t site);

/** No program is left that has any: they may be made anew. */
void stubs_reset(void);

/** The stub of a slot. */
vaddr_t stub_of_slot(vaddr_t slot);

/** The stub over `pc`, 0: none was ever made there. */
vaddr_t stub_at(vaddr_t pc);

#endif /* VSYSCALL_STUBS_H */
