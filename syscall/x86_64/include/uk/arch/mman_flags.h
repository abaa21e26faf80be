/* SPDX-License-Identifier: BSD-3-Clause */
/* Flags of mmap(2) that only some architectures have; 0 where they do not exist. */
#ifndef UK_ARCH_MMAN_FLAGS_H
#define UK_ARCH_MMAN_FLAGS_H

#include <asm/mman.h>

#define UK_ARCH_MAP_LOW_2G MAP_32BIT

#endif /* UK_ARCH_MMAN_FLAGS_H */
