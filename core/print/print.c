/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel log: records in a ring and, up to `loglevel=`, lines on the console.
 *
 * On the console warnings and worse start with "narthex: ", so that a user can tell them from the
 * program's output. With loglevel 3 or more every line also carries the time since boot. That is
 * 0 until a clock was read for some other reason: the log does not make the kernel find out the
 * counter's rate. Debug messages are formatted only when they are shown.
 *
 * Lock: print_lock (irq-off) guards everything and is held while a line goes to the console, so
 * that no line falls into another one, be it the program's, ours, or an interrupt handler's.
 */
#include <uk/arch/cpu.h>
#include <uk/fmt.h>
#include <uk/lock.h>
#include <uk/param.h>
#include <uk/plat/console.h>
#include <uk/print.h>
#include <uk/string.h>
#include "klog_ring.h"

#define PRIORITY_FACILITY(priority) ((priority) >> 3)
#define PRIORITY_SEVERITY(priority) ((priority)&7)

static struct spinlock print_lock = SPINLOCK_INIT;
static struct klog_ring ring;
static bool is_in_line; /* the last byte on the console was no newline */
static uint64_t (*ns_of_counter)(uint64_t counter);
static uint64_t console_level = UK_LOG_WARN;
UK_PARAM(loglevel, "loglevel", UK_PARAM_U64, console_level,
	 "messages up to this level go to the console: 0 critical .. 2 warnings .. 4 debug");

/* A message on its way to ring and console. */
struct message {
	unsigned int priority;
	enum uk_loglevel level;
	uint64_t counter;
	bool to_console, to_ring;
	unsigned int len; /* of `text`, what the console did not see yet */
	char text[128];
};

/* enum uk_loglevel in the severities of syslog(3), and back. */
static unsigned int severity_of(enum uk_loglevel level)
{
	return level <= UK_LOG_WARN ? (unsigned int)level + 2 : (unsigned int)level + 3;
}

static enum uk_loglevel level_of(unsigned int severity)
{
	if (severity <= 2)
		return UK_LOG_CRIT;
	return severity <= 4 ? (enum uk_loglevel)(severity - 2)
			     : (severity <= 6 ? UK_LOG_INFO : UK_LOG_DEBUG);
}

static void write_locked(const char *bytes, size_t len)
{
	if (!len)
		return;
	ukplat_console_write(bytes, len);
	is_in_line = bytes[len - 1] != '\n';
}

static void flush(struct message *message)
{
	write_locked(message->text, message->len);
	message->len = 0;
}

static void to_console(struct message *message, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (message->len + 2 > sizeof(message->text))
			flush(message);
		if (text[i] == '\n')
			message->text[message->len++] = '\r';
		message->text[message->len++] = text[i];
	}
}

static void emit(void *ctx, const char *text, size_t len)
{
	struct message *message = ctx;

	if (message->to_ring)
		klog_ring_put(&ring, message->priority, message->counter, text, len);
	if (message->to_console)
		to_console(message, text, len);
}

int uk_klog_stamp(char buf[UK_KLOG_STAMP_MAX], uint64_t ns)
{
	uint64_t us = ns / 1000;

	return uk_scnprintf(buf, UK_KLOG_STAMP_MAX, "[%5lu.%06lu] ", us / 1000000, us % 1000000);
}

static void put_prefix(struct message *message)
{
	char stamp[UK_KLOG_STAMP_MAX];

	if (is_in_line)
		to_console(message, "\n", 1);
	if (console_level >= UK_LOG_INFO)
		to_console(message, stamp,
			   (size_t)uk_klog_stamp(
				   stamp, ns_of_counter ? ns_of_counter(message->counter) : 0));
	if (message->level <= UK_LOG_WARN && !PRIORITY_FACILITY(message->priority))
		to_console(message, "narthex: ", 9);
}

static struct message message_of(unsigned int priority)
{
	enum uk_loglevel level = level_of(PRIORITY_SEVERITY(priority));

	return (struct message){
		.priority = priority,
		.level = level,
		.counter = ukarch_counter(),
		.to_console = level <= console_level,
		.to_ring = true,
	};
}

void uk_vprintk(enum uk_loglevel level, const char *fmt, va_list ap)
{
	struct message message = message_of(severity_of(level));
	unsigned long irq_flags;

	if (level >= UK_LOG_DEBUG && !message.to_console)
		return;
	irq_flags = spin_lock_irqsave(&print_lock);
	if (message.to_console && !ring.is_open)
		put_prefix(&message);
	uk_vformat(emit, &message, fmt, ap);
	flush(&message);
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
	struct message message = {.to_console = true};
	unsigned long irq_flags = spin_lock_irqsave(&print_lock);

	emit(&message, bytes, len);
	flush(&message);
	spin_unlock_irqrestore(&print_lock, irq_flags);
}

void uk_console_write(const char *bytes, size_t len)
{
	while (len) {
		const char *newline = memchr(bytes, '\n', len);
		size_t part = newline ? (size_t)(newline + 1 - bytes) : len;
		unsigned long irq_flags = spin_lock_irqsave(&print_lock);

		write_locked(bytes, part);
		spin_unlock_irqrestore(&print_lock, irq_flags);
		bytes += part;
		len -= part;
	}
}

void uk_print_set_clock(uint64_t (*ns_of)(uint64_t counter))
{
	ns_of_counter = ns_of;
}

/* --- for those who show it ------------------------------------------------------------------ */

void uk_klog_write(unsigned int priority, const char *text, size_t len)
{
	struct message message = message_of(priority);
	unsigned long irq_flags = spin_lock_irqsave(&print_lock);

	if (ring.is_open)
		emit(&message, "\n", 1);
	if (message.to_console)
		put_prefix(&message);
	emit(&message, text, len);
	if (ring.is_open)
		emit(&message, "\n", 1);
	flush(&message);
	spin_unlock_irqrestore(&print_lock, irq_flags);
}

bool uk_klog_next(uint64_t *position, struct uk_klog_record *record)
{
	unsigned long irq_flags = spin_lock_irqsave(&print_lock);
	bool is_there = klog_ring_next(&ring, position, record);

	spin_unlock_irqrestore(&print_lock, irq_flags);
	return is_there;
}

uint64_t uk_klog_end(void)
{
	return ring.is_open ? ring.open : ring.end;
}

unsigned int uk_klog_console_level(void)
{
	return (unsigned int)console_level;
}

void uk_klog_set_console_level(unsigned int level)
{
	console_level = level;
}
