/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Assertions: for our own bugs only, never for what a program, a device or a shortage of memory
 * can cause. Always on; a failure prints a backtrace and ends the machine (core/crash).
 */
#ifndef UK_ASSERT_H
#define UK_ASSERT_H

#include <uk/essentials.h>

void __uk_noreturn __uk_cold uk_assert_failed(const char *expr, const char *file, int line);
/** Ends the machine with a message: for states from which nothing sensible can follow. */
void __uk_noreturn __uk_cold uk_crash(const char *fmt, ...) __uk_printf(1, 2);

#define UK_ASSERT(expr) (uk_likely(expr) ? (void)0 : uk_assert_failed(#expr, __FILE__, __LINE__))

#endif /* UK_ASSERT_H */
