/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel around core/vfs for host tests: pages from a small RAM, the heap of the host (so
 * the sanitizers see it), one task, a clock that ticks when it is read.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <uk/task.h>
#include <uk/vfs.h>

#define MACHINE_RAM_PAGES 4096
#define MACHINE_ROM_PAGES                                                                          \
	256 /* frames behind the RAM that the allocator does not own: an initrd                    \
	     */

/** Everything there, an empty ramfs at /. Once per program. */
void machine_init(void);
/** Pages that are handed out. */
size_t machine_pages_in_use(void);
/** A direct-map address of the frames behind the RAM. */
char *machine_rom(void);
/** The n-th allocation (page or heap) from now on fails, once; -1: none. */
void machine_fail_after(int count);
/** Program addresses in [start, start + len) fault from now on. */
void machine_bad_range(const void *start, size_t len);
/** Called once, before the next copy from or to program memory: another thread, while it faults. */
extern void (*machine_on_copy)(void);
/** Called when the kernel would sleep; returns what the sleep returns. NULL: -EINTR. */
extern int (*machine_on_sleep)(void);
/** The last signal the kernel raised; 0 afterwards. */
int machine_take_signal(void);
/** Pages that vm_object_unmap was told about so far. */
extern uint64_t machine_unmapped_pages;
/** The page that vm_object_cut was told last. */
extern uint64_t machine_cut_at;

#endif /* MACHINE_H */
