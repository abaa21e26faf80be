/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel log. Declared at the lowest rank because every folder logs; defined in core/print.
 * Messages up to `loglevel=` go to the console, all but unshown debug ones go to the log that
 * /dev/kmsg shows. A message ends in a newline; without one the next message continues it.
 * Callable from any context, with any lock held, before the console exists.
 */
#ifndef UK_PRINT_H
#define UK_PRINT_H

#include <stdarg.h>
#include <uk/essentials.h>

enum uk_loglevel { UK_LOG_CRIT = 0, UK_LOG_ERR, UK_LOG_WARN, UK_LOG_INFO, UK_LOG_DEBUG };

void uk_printk(enum uk_loglevel level, const char *fmt, ...) __uk_printf(2, 3);
void uk_vprintk(enum uk_loglevel level, const char *fmt, va_list ap) __uk_printf(2, 0);

/** Text straight to the console, past log level and log (strace). Any context. */
void uk_print_raw(const char *bytes, size_t len);

/* A file defines UK_LOG_NAME ("mm: ") before including this to mark its messages. */
#ifndef UK_LOG_NAME
#define UK_LOG_NAME ""
#endif
#define uk_pr_crit(fmt, ...)  uk_printk(UK_LOG_CRIT, UK_LOG_NAME fmt, ##__VA_ARGS__)
#define uk_pr_err(fmt, ...)   uk_printk(UK_LOG_ERR, UK_LOG_NAME fmt, ##__VA_ARGS__)
#define uk_pr_warn(fmt, ...)  uk_printk(UK_LOG_WARN, UK_LOG_NAME fmt, ##__VA_ARGS__)
#define uk_pr_info(fmt, ...)  uk_printk(UK_LOG_INFO, UK_LOG_NAME fmt, ##__VA_ARGS__)
#define uk_pr_debug(fmt, ...) uk_printk(UK_LOG_DEBUG, UK_LOG_NAME fmt, ##__VA_ARGS__)

#endif /* UK_PRINT_H */
