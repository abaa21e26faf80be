/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A line of strace: built piece by piece, shown when the call may block, when the buffer is full
 * and at its end, which is also when it is kept for crash reports.
 *
 * All threads share the console. As with strace -f, a line that is broken by another one ends in
 * "<unfinished ...>" and goes on with "<... name resumed>"; while there is more than one thread,
 * lines begin with "[pid N] ".
 *
 * Lock: line_lock guards which line is open, and the records.
 */
#include <stdarg.h>
#include <uk/fmt.h>
#include <uk/lock.h>
#include <uk/print.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include "strace.h"

#define RECORDS 8

static struct spinlock line_lock = SPINLOCK_INIT;
static struct strace_line *open_line; /* the last text on the console is an unended line's */
static char records[RECORDS][STRACE_RECORD_BYTES];
static unsigned int next_record;

void strace_begin(struct strace_line *line, unsigned long nr)
{
	line->nr = nr;
	line->len = line->record_len = 0;
	line->is_begun = false;
}

static void keep(struct strace_line *line, const char *text, size_t len)
{
	len = UK_MIN(len, sizeof(line->record) - 1 - line->record_len);
	memcpy(line->record + line->record_len, text, len);
	line->record_len += (unsigned int)len;
	line->record[line->record_len] = '\0';
}

static void print(const char *text)
{
	uk_print_raw(text, strlen(text));
}

static void break_locked(void)
{
	if (open_line)
		print(" <unfinished ...>\n");
	open_line = NULL;
}

/* What stands before the text: at the beginning, and after something came in between. */
static void lead_in_locked(struct strace_line *line)
{
	const char *name = syscall_name(line->nr);
	int tid = strace_shown_tid();
	char text[48] = "";

	if (tid) {
		uk_snprintf(text, sizeof(text), "[pid %5d] ", tid);
		print(text);
	}
	if (!line->is_begun) {
		keep(line, text, strlen(text));
		return;
	}
	if (name)
		uk_snprintf(text, sizeof(text), "<... %s resumed>", name);
	else
		uk_snprintf(text, sizeof(text), "<... syscall_%lu resumed>", line->nr);
	print(text);
}

static void show_locked(struct strace_line *line)
{
	if (open_line != line) {
		break_locked();
		lead_in_locked(line);
	}
	uk_print_raw(line->text, line->len);
	keep(line, line->text, line->len);
	line->len = 0;
	line->is_begun = true;
	open_line = line;
}

void strace_flush(struct strace_line *line)
{
	unsigned long flags = spin_lock_irqsave(&line_lock);

	if (line->len)
		show_locked(line);
	spin_unlock_irqrestore(&line_lock, flags);
}

void strace_end(struct strace_line *line)
{
	unsigned long flags;

	strace_put_char(line, '\n');
	flags = spin_lock_irqsave(&line_lock);
	show_locked(line);
	open_line = NULL;
	memcpy(records[next_record++ % RECORDS], line->record, line->record_len + 1);
	spin_unlock_irqrestore(&line_lock, flags);
}

void strace_break(void)
{
	unsigned long flags = spin_lock_irqsave(&line_lock);

	break_locked();
	spin_unlock_irqrestore(&line_lock, flags);
}

void strace_visit_records(void (*visit)(const char *text, void *ctx), void *ctx)
{
	for (unsigned int i = 0; i < RECORDS; i++) {
		char *record = records[(next_record + i) % RECORDS];
		size_t len = strlen(record);

		if (len && record[len - 1] == '\n')
			record[len - 1] = '\0';
		if (len)
			visit(record, ctx);
	}
	if (open_line)
		visit(open_line->record, ctx);
}

/* --- text --------------------------------------------------------------------------------- */

void strace_put_char(struct strace_line *line, char c)
{
	if (line->len == sizeof(line->text))
		strace_flush(line);
	line->text[line->len++] = c;
}

void strace_put(struct strace_line *line, const char *fmt, ...)
{
	size_t room = sizeof(line->text) - line->len;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = uk_vsnprintf(line->text + line->len, room, fmt, ap);
	va_end(ap);
	if (len > 0 && (size_t)len >= room) { /* no piece is longer than the whole buffer */
		strace_flush(line);
		va_start(ap, fmt);
		len = uk_vsnprintf(line->text, sizeof(line->text), fmt, ap);
		va_end(ap);
		len = UK_MIN(len, (int)sizeof(line->text) - 1);
	}
	if (len > 0)
		line->len += (unsigned int)len;
}
