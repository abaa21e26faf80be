/* SPDX-License-Identifier: BSD-3-Clause */
/* Host tests of core/vfs: the test's own memory is the program's, kernel windows are mapped in. */
#ifndef UK_ARCH_LAYOUT_H
#define UK_ARCH_LAYOUT_H

#define UKARCH_USER_BASE      0x10000UL
#define UKARCH_USER_END       0x00007ffffffff000UL
#define UKARCH_DIRECTMAP_BASE 0x500000000000UL
#define UKARCH_PAGEMAP_BASE   0x510000000000UL

#endif /* UK_ARCH_LAYOUT_H */
