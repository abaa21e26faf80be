/* SPDX-License-Identifier: BSD-3-Clause */
/* A small machine for host tests: 32 MiB of program addresses, kernel windows in host memory. */
#ifndef UK_ARCH_LAYOUT_H
#define UK_ARCH_LAYOUT_H

#define UKARCH_USER_BASE      0x10000UL
#define UKARCH_USER_END       0x2000000UL
#define UKARCH_DIRECTMAP_BASE 0x500000000000UL
#define UKARCH_PAGEMAP_BASE   0x510000000000UL

#endif /* UK_ARCH_LAYOUT_H */
