/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host test's machine: RAM, a page table made of an array, and the little of the kernel that
 * core/mm calls. page.c and heap.c are the real ones.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <uk/vmspace.h>

#define MACHINE_RAM_BYTES (24UL << 20)

/** Builds it, once per program. */
void machine_init(void);
/** The n-th page table or table-page allocation from now on fails; -1: none. */
void machine_fail_after(int count);
/** Leaves in the page table of the one vmspace under test. */
size_t machine_leaf_pages(void);

#endif /* MACHINE_H */
