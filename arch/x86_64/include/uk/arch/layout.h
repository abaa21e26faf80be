/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual address space of x86_64 (4-level paging), also for assembly.
 *
 *   0x0000_0000_0000_0000  never mapped (first 64 KiB)
 *   0x0000_0000_0001_0000  program: ET_EXEC images, brk heap, mappings (downwards), stack, vDSO
 *   0x0000_7fff_ffff_f000  end of the program's half
 *   0xffff_8000_0000_0000  direct map of physical memory, grown on demand   (PML4 256)
 *   0xffff_9000_0000_0000  struct page array, one entry per frame, sparse   (PML4 288)
 *   0xffff_9040_0000_0000  kernel stacks, each above an unmapped guard page (PML4 288)
 *   0xffff_9060_0000_0000  device registers, uncached                       (PML4 288)
 *   0xffff_ffff_8000_0000  kernel image                                     (PML4 511)
 *   0xffff_ffff_ff60_0000  legacy vsyscall page
 */
#ifndef UK_ARCH_LAYOUT_H
#define UK_ARCH_LAYOUT_H

#ifdef __ASSEMBLER__
#define UKARCH_ADDR(x) x
#else
#define UKARCH_ADDR(x) x##UL
#endif

#define UKARCH_USER_BASE      UKARCH_ADDR(0x0000000000010000) /* vm.mmap_min_addr */
#define UKARCH_USER_END       UKARCH_ADDR(0x00007ffffffff000)
#define UKARCH_DIRECTMAP_BASE UKARCH_ADDR(0xffff800000000000)
#define UKARCH_PAGEMAP_BASE   UKARCH_ADDR(0xffff900000000000)
#define UKARCH_KSTACK_BASE    UKARCH_ADDR(0xffff904000000000)
#define UKARCH_DEVICE_BASE    UKARCH_ADDR(0xffff906000000000)
#define UKARCH_IMAGE_BASE     UKARCH_ADDR(0xffffffff80000000)
#define UKARCH_VSYSCALL_ADDR  UKARCH_ADDR(0xffffffffff600000)

/* A kernel stack is naturally aligned; its lowest page is the unmapped guard. */
#define UKARCH_KSTACK_SHIFT 14
#define UKARCH_KSTACK_SIZE  (1 << UKARCH_KSTACK_SHIFT)

#endif /* UK_ARCH_LAYOUT_H */
