/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of constants that only x86_64 has, for strace: lists in the form of strace_flags.c. */
#ifndef UK_ARCH_PRCTL_NAMES_H
#define UK_ARCH_PRCTL_NAMES_H

#include <asm/mman.h>
#include <asm/prctl.h>

#define UK_ARCH_MAP_FLAGS(F) F(MAP_32BIT)
#define UK_ARCH_PRCTLS(F)    F(ARCH_SET_GS) F(ARCH_SET_FS) F(ARCH_GET_FS) F(ARCH_GET_GS)

#endif /* UK_ARCH_PRCTL_NAMES_H */
