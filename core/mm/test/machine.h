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
/** Takes and gives back all RAM: from here on the allocator need not grow, which costs pages. */
void machine_use_all_ram(void);
/** After `count` more allocations (pages, page tables, heap) one fails; -1: none does. */
void machine_fail_after(int count);
/** Has one failed since? */
bool machine_has_failed(void);
/** What is to be done when the last reference of a file goes. */
extern void (*machine_on_file_release)(struct file *file);
/** Leaves in the page table of the one vmspace under test. */
size_t machine_leaf_pages(void);

#endif /* MACHINE_H */
