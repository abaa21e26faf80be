/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel log: a ring of text and, up to `loglevel=`, the console.
 *
 * Warnings and worse start with "narthex: ", so that a user can tell them from the program's
 * output. With loglevel 3 or more every line also carries the time since boot; below that the
 * clock is never read, for reading it makes the kernel find out the counter's frequency.
 * Debug messages are formatted only when they are shown.
 *
 * Lock: print_lock (irq-off) guards everything; the console is written with it held so that
 * lines of interrupt handlers do not fall into others.
 */
#include <uk/fmt.h>
#include <uk/klog.h>
#include <uk/lock.h>
#include <uk/param.h>
#include <uk/plat/console.h>
#include <uk/print.h>
#include <uk/string.h>

static struct spinlock print_lock = SPINLOCK_INIT;
static uint64_t (*print_clock)(void);
static uint64_t console_level = UK_LOG_WARN;
UK_PARAM(loglevel, "loglevel", UK_PARAM_U64, console_level,
	 "messages up to this level go to the console: 0 critical .. 2 warnings .. 4 debug");

static char ring[UK_KLOG_BYTES];
static uint64_t ring_end; /* bytes ever written; the last UK_KLOG_BYTES of them are there */
static bool in_mid_line;  /* the last message did not end in a newline */

/* A line on its way to the console. */
struct line {
	bool to_console;
	unsigned int len;
	char text[128];
};

static void ring_write(const char *text, size_t len)
{
	while (len) {
		size_t at = ring_end % UK_KLOG_BYTES;
		size_t part = UK_MIN(len, UK_KLOG_BYTES - at);

		memcpy(ring + at, text, part);
		ring_end += part;
		text += part;
		len -= part;
	}
}

static void line_flush(struct line *line)
{
	ukplat_console_write(line->text, line->len);
	line->len = 0;
}

static void line_emit(void *ctx, const char *text, size_t len)
{
	struct line *line = ctx;

	if (len == 0)
		return;
	ring_write(text, len);
	in_mid_line = text[len - 1] != '\n';
	for (size_t i = 0; line->to_console && i < len; i++) {
		if (line->len + 2 > sizeof(line->text))
			line_flush(line);
		if (text[i] == '\n')
			line->text[line->len++] = '\r';
		line->text[line->len++] = text[i];
	}
}

#define NO_STAMP UINT64_MAX

/* Taken before the lock: the first reading calibrates the clock, which may log by itself (then
 * without a stamp). */
static uint64_t stamp_now(void)
{
	static bool is_reading;
	uint64_t now_ns;

	if (console_level < UK_LOG_INFO || !print_clock || is_reading)
		return NO_STAMP;
	is_reading = true;
	now_ns = print_clock();
	is_reading = false;
	return now_ns;
}

static void line_prefix(struct line *line, enum uk_loglevel level, uint64_t stamp_ns)
{
	char stamp[32];

	if (stamp_ns != NO_STAMP) {
		uint64_t us = stamp_ns / 1000;

		line_emit(line, stamp,
			  (size_t)uk_scnprintf(stamp, sizeof(stamp), "[%4lu.%06lu] ", us / 1000000,
					       us % 1000000));
	}
	if (level <= UK_LOG_WARN)
		line_emit(line, "narthex: ", 9);
}

void uk_vprintk(enum uk_loglevel level, const char *fmt, va_list ap)
{
	struct line line = {.to_console = level <= console_level};
	unsigned long irq_flags;
	uint64_t stamp_ns;

	if (level >= UK_LOG_DEBUG && !line.to_console)
		return;
	stamp_ns = stamp_now();
	irq_flags = spin_lock_irqsave(&print_lock);
	if (!in_mid_line)
		line_prefix(&line, level, stamp_ns);
	uk_vformat(line_emit, &line, fmt, ap);
	line_flush(&line);
	spin_unlock_irqrestore(&print_lock, irq_flags);
}

void uk_printk(enum uk_loglevel level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	uk_vprintk(level, fmt, ap);
	va_end(ap);
}

void uk_print_raw(const char *bytes, size_t len)
{
	struct line line = {.to_console = true};
	unsigned long irq_flags = spin_lock_irqsave(&print_lock);

	line_emit(&line, bytes, len);
	line_flush(&line);
	spin_unlock_irqrestore(&print_lock, irq_flags);
}

void uk_print_set_clock(uint64_t (*clock_ns)(void))
{
	print_clock = clock_ns;
}

size_t uk_klog_read(uint64_t *position, char *buf, size_t size)
{
	unsigned long irq_flags = spin_lock_irqsave(&print_lock);
	uint64_t oldest = ring_end > UK_KLOG_BYTES ? ring_end - UK_KLOG_BYTES : 0;
	size_t done = 0;

	*position = UK_MIN(UK_MAX(*position, oldest), ring_end);
	while (done < size && *position < ring_end) {
		size_t at = *position % UK_KLOG_BYTES;
		size_t part = UK_MIN(size - done, UK_KLOG_BYTES - at);

		part = UK_MIN(part, ring_end - *position);
		memcpy(buf + done, ring + at, part);
		done += part;
		*position += part;
	}
	spin_unlock_irqrestore(&print_lock, irq_flags);
	return done;
}

unsigned int uk_klog_console_level(void)
{
	return (unsigned int)console_level;
}

void uk_klog_set_console_level(unsigned int level)
{
	console_level = level;
}
