/* SPDX-License-Identifier: BSD-3-Clause */
/* System calls without a trap: what higher ranks need to know of them. */
#ifndef UK_VSYSCALL_H
#define UK_VSYSCALL_H

#include <uk/arch/types.h>

/** The place in the program that made the current thread's system call, just behind it; for a
 *  call through __kernel_vsyscall the return address. */
vaddr_t vsyscall_caller(void);

#endif /* UK_VSYSCALL_H */
