/* SPDX-License-Identifier: BSD-3-Clause */
/* The real program half; the direct map is host memory. */
#ifndef UK_ARCH_LAYOUT_H
#define UK_ARCH_LAYOUT_H

#define UKARCH_USER_BASE      0x10000UL
#define UKARCH_USER_END       0x00007ffffffff000UL
#define UKARCH_DIRECTMAP_BASE 0x500000000000UL
#define UKARCH_PAGEMAP_BASE   0xffff900000000000UL
#define UKARCH_KSTACK_SIZE    16384

#endif /* UK_ARCH_LAYOUT_H */
