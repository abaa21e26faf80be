/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log behind uk_printk(), for those who show it: /dev/kmsg, syslog(2), /proc/narthex/log.
 * Priorities are those of syslog(3): facility << 3 | severity; the kernel's facility is 0.
 */
#ifndef UK_KLOG_H
#define UK_KLOG_H

#include <uk/essentials.h>

#define UK_KLOG_BYTES    8192
#define UK_KLOG_TEXT_MAX 480 /* of one record; longer lines go on in the next one */

struct uk_klog_record {
	uint32_t seq; /* counts all records since boot */
	uint32_t priority;
	uint64_t counter;   /* ukarch_counter() when it was logged */
	bool is_after_loss; /* records between the position and this one are gone */
	size_t len;
	char text[UK_KLOG_TEXT_MAX + 1]; /* NUL-terminated, without newline */
};

/**
 * The record at *position (0: the oldest), which moves on to the next one. False: no more, yet.
 * Any context.
 */
bool uk_klog_next(uint64_t *position, struct uk_klog_record *record);
/** The position of the record that comes next. */
uint64_t uk_klog_end(void);
/** Sleeps until there is a record at `position`. 0 or -EINTR. */
int uk_klog_wait(uint64_t position);
/** A program's message: one record, shown as one of the kernel's would be. */
void uk_klog_write(unsigned int priority, const char *text, size_t len);

#define UK_KLOG_STAMP_MAX 32
/** "[   12.345678] ", as dmesg(1) shows it. Returns the length. */
int uk_klog_stamp(char buf[UK_KLOG_STAMP_MAX], uint64_t ns);

/** Once the rate of ukarch_counter() is known; before that all times show as 0. */
void uk_print_set_clock(uint64_t (*ns_of)(uint64_t counter));

/** Messages up to this level go to the console; as `loglevel=` (enum uk_loglevel). */
unsigned int uk_klog_console_level(void);
void uk_klog_set_console_level(unsigned int level);

/** Bytes to the console; no message falls into a line of them. Any context. */
void uk_console_write(const char *bytes, size_t len);

#endif /* UK_KLOG_H */
