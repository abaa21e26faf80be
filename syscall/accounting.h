/* SPDX-License-Identifier: BSD-3-Clause */
/* Capabilities of the current process (private to syscall/). */
#ifndef UK_SYSCALL_ACCOUNTING_H
#define UK_SYSCALL_ACCOUNTING_H

#include <uk/essentials.h>

/** Is capability CAP_* in the effective set of the current process? */
bool is_capable(unsigned int capability);

#endif /* UK_SYSCALL_ACCOUNTING_H */
