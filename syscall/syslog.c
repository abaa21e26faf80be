/* SPDX-License-Identifier: BSD-3-Clause */
/* syslog(2): the log as text, "<priority>[   seconds] message" a line, and the console's level. */
#include <linux/capability.h>
#include <linux/errno.h>
#include <uk/arch/uaccess.h>
#include <uk/clock.h>
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/klog.h>
#include <uk/print.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "accounting.h"

/* The UAPI headers leave the actions to libc's documentation. */
enum {
	ACTION_CLOSE,
	ACTION_OPEN,
	ACTION_READ,
	ACTION_READ_ALL,
	ACTION_READ_CLEAR,
	ACTION_CLEAR,
	ACTION_CONSOLE_OFF,
	ACTION_CONSOLE_ON,
	ACTION_CONSOLE_LEVEL,
	ACTION_SIZE_UNREAD,
	ACTION_SIZE_BUFFER,
};

#define LINE_MAX (8 + UK_KLOG_STAMP_MAX + UK_KLOG_TEXT_MAX)

/* Positions in the log: of ACTION_READ, and of the last ACTION_CLEAR. */
static uint64_t read_position, clear_position;
static unsigned int saved_level;
static bool is_level_saved;

static size_t format(char line[LINE_MAX], const struct uk_klog_record *record)
{
	char stamp[UK_KLOG_STAMP_MAX];

	uk_klog_stamp(stamp, clock_counter_to_ns(record->counter));
	return (size_t)uk_scnprintf(line, LINE_MAX, "<%u>%s%s\n", record->priority, stamp,
				    record->text);
}

/* Records from *position on, as many whole ones as fit; *position moves behind them. */
static long copy_lines(uint64_t *position, char __user *buf, size_t size)
{
	struct uk_klog_record record;
	uint64_t next = *position;
	char line[LINE_MAX];
	size_t done = 0;

	while (uk_klog_next(&next, &record)) {
		size_t len = format(line, &record);

		if (len > size - done)
			break;
		if (copy_to_user(buf + done, line, len))
			return -EFAULT;
		done += len;
		*position = next;
	}
	return (long)done;
}

static size_t length_from(uint64_t position)
{
	struct uk_klog_record record;
	char line[LINE_MAX];
	size_t len = 0;

	while (uk_klog_next(&position, &record))
		len += format(line, &record);
	return len;
}

static long read_new(char __user *buf, size_t size)
{
	if (uk_klog_wait(read_position))
		return -ERESTARTSYS;
	return copy_lines(&read_position, buf, size);
}

/* The newest that fit. */
static long read_all(char __user *buf, size_t size)
{
	size_t surplus = length_from(clear_position), skipped = 0;
	uint64_t position = clear_position;
	struct uk_klog_record record;
	char line[LINE_MAX];

	surplus = surplus > size ? surplus - size : 0;
	while (skipped < surplus && uk_klog_next(&position, &record))
		skipped += format(line, &record);
	return copy_lines(&position, buf, size);
}

/* Linux' console levels count severities: messages below the level are shown. */
static const unsigned char linux_levels[] = {3, 4, 5, 7, 8};

static long set_console_level(int level)
{
	unsigned int ours = UK_LOG_CRIT;

	if (level < 1 || level > 8)
		return -EINVAL;
	while (ours < UK_LOG_DEBUG && linux_levels[ours + 1] <= level)
		ours++;
	uk_klog_set_console_level(ours);
	is_level_saved = false;
	return 0;
}

static long console_off(void)
{
	if (!is_level_saved)
		saved_level = uk_klog_console_level();
	is_level_saved = true;
	uk_klog_set_console_level(UK_LOG_CRIT);
	return 0;
}

static long console_on(void)
{
	if (is_level_saved)
		uk_klog_set_console_level(saved_level);
	is_level_saved = false;
	return 0;
}

static long read_action(int type, char __user *buf, int len)
{
	long result;

	if (!buf || len < 0)
		return -EINVAL;
	if (!len)
		return 0;
	if (!user_range_ok((uintptr_t)buf, (size_t)len))
		return -EFAULT;
	if (type == ACTION_READ)
		return read_new(buf, (size_t)len);
	result = read_all(buf, (size_t)len);
	if (type == ACTION_READ_CLEAR && result >= 0)
		clear_position = uk_klog_end();
	return result;
}

long sys_syslog(int type, char __user *buf, int len)
{
	if (type != ACTION_READ_ALL && type != ACTION_SIZE_BUFFER && !is_capable(CAP_SYSLOG))
		return -EPERM;
	switch (type) {
	case ACTION_CLOSE:
	case ACTION_OPEN:
		return 0;
	case ACTION_READ:
	case ACTION_READ_ALL:
	case ACTION_READ_CLEAR:
		return read_action(type, buf, len);
	case ACTION_CLEAR:
		clear_position = uk_klog_end();
		return 0;
	case ACTION_CONSOLE_OFF:
		return console_off();
	case ACTION_CONSOLE_ON:
		return console_on();
	case ACTION_CONSOLE_LEVEL:
		return set_console_level(len);
	case ACTION_SIZE_UNREAD:
		return (long)length_from(read_position);
	case ACTION_SIZE_BUFFER:
		return UK_KLOG_BYTES;
	default:
		return -EINVAL;
	}
}
