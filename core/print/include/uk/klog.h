/* SPDX-License-Identifier: BSD-3-Clause */
/* The log ring behind uk_printk(): for /dev/kmsg, syslog(2), /proc/narthex/log; and its clock. */
#ifndef UK_KLOG_H
#define UK_KLOG_H

#include <uk/essentials.h>

#define UK_KLOG_BYTES 8192

/** From now on messages may carry a time stamp; `clock_ns` is callable from any context. */
void uk_print_set_clock(uint64_t (*clock_ns)(void));

/**
 * Copies log text from *position on (0: the oldest there is) and advances it; what was already
 * overwritten is skipped. Returns bytes stored, 0 at the end. Any context.
 */
size_t uk_klog_read(uint64_t *position, char *buf, size_t size);

/** Messages up to this level go to the console; as `loglevel=` (enum uk_loglevel). */
unsigned int uk_klog_console_level(void);
void uk_klog_set_console_level(unsigned int level);

#endif /* UK_KLOG_H */
