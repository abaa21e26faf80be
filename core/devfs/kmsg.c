/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /dev/kmsg: the kernel log, one record per read: "priority,sequence,microseconds,-;text\n", and
 * one message per write, "<priority>" in front or not. The position of an open file is that in the
 * log; file.priv holds it as a number.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <uk/clock.h>
#include <uk/devfs.h>
#include <uk/fmt.h>
#include <uk/klog.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/vfs.h>

#define MEM_MAJOR  1
#define KMSG_MINOR 11
#define FACILITY_USER                                                                              \
	(1u << 3) /* syslog(3) LOG_USER: what a program writes is never the kernel's */
#define SEVERITY_DEFAULT 4u
#define WRITE_MAX        1024

static uint64_t position_of(const struct file *file)
{
	return (uint64_t)(uintptr_t)file->priv;
}

static void set_position(struct file *file, uint64_t position)
{
	file->priv = (void *)(uintptr_t)position;
}

/* A record as a line; bytes that are not printable as \xNN. `out` is large enough for all. */
#define LINE_MAX (64 + 4 * UK_KLOG_TEXT_MAX)
static size_t format(char out[LINE_MAX], const struct uk_klog_record *record)
{
	size_t len = (size_t)uk_scnprintf(out, LINE_MAX, "%u,%u,%lu,-;", record->priority,
					  record->seq, clock_counter_to_ns(record->counter) / 1000);

	for (size_t i = 0; i < record->len; i++) {
		unsigned char c = (unsigned char)record->text[i];

		if (c < ' ' || c >= 0x7f || c == '\\')
			len += (size_t)uk_scnprintf(out + len, LINE_MAX - len, "\\x%02x", c);
		else
			out[len++] = (char)c;
	}
	out[len++] = '\n';
	return len;
}

static uk_ssize_t put_record(struct uio *uio, const struct uk_klog_record *record)
{
	char line[LINE_MAX];
	size_t len = format(line, record);

	return len > uio->resid_bytes ? -EINVAL : uio_put(uio, line, len);
}

static uk_ssize_t kmsg_read(struct file *file, struct uio *uio, loff_t *pos)
{
	uint64_t position = position_of(file);
	struct uk_klog_record record;

	while (!uk_klog_next(&position, &record)) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		if (uk_klog_wait(position))
			return -ERESTARTSYS;
	}
	/* As on Linux, who was too slow is told so once and goes on with the oldest. */
	if (record.is_after_loss && position_of(file)) {
		set_position(file, 0);
		return -EPIPE;
	}
	set_position(file, position);
	return put_record(uio, &record); /* lost, if the buffer is too small */
}

/* "<30>text": the number is the priority if it is one. */
static const char *parse_priority(const char *text, unsigned int *priority)
{
	unsigned int value = 0;
	const char *at = text + 1;

	if (*text != '<' || *at < '0' || *at > '9')
		return text;
	for (; *at >= '0' && *at <= '9' && value < 1000; at++)
		value = value * 10 + (unsigned int)(*at - '0');
	if (*at != '>')
		return text;
	*priority = value >> 3 ? value : FACILITY_USER | value;
	return at + 1;
}

static uk_ssize_t kmsg_write(struct file *file, struct uio *uio, loff_t *pos)
{
	unsigned int priority = FACILITY_USER | SEVERITY_DEFAULT;
	char text[WRITE_MAX + 1];
	size_t len = uio->resid_bytes;
	const char *message;
	uk_ssize_t moved;

	if (len > WRITE_MAX)
		return -EINVAL;
	moved = uio_take(uio, text, len);
	if (moved < (uk_ssize_t)len)
		return -EFAULT;
	text[len] = '\0';
	message = parse_priority(text, &priority);
	uk_klog_write(priority, message, len - (size_t)(message - text));
	return (uk_ssize_t)len;
}

/* To the oldest record or behind the newest: nothing else makes sense. */
static loff_t kmsg_lseek(struct file *file, loff_t offset, int whence)
{
	if (offset)
		return -ESPIPE;
	if (whence == SEEK_SET || whence == SEEK_DATA)
		set_position(file, 0);
	else if (whence == SEEK_END)
		set_position(file, uk_klog_end());
	else
		return -EINVAL;
	return 0;
}

static unsigned int kmsg_poll(struct file *file, struct poll_table *table)
{
	unsigned int readable = uk_klog_end() > position_of(file) ? EPOLLIN | EPOLLRDNORM : 0;

	return readable | EPOLLOUT | EPOLLWRNORM;
}

static const struct file_ops kmsg_ops = {
	.read = kmsg_read,
	.write = kmsg_write,
	.lseek = kmsg_lseek,
	.poll = kmsg_poll,
};

int devfs_register_kmsg(void)
{
	return chrdev_register("kmsg", 0644, MEM_MAJOR, KMSG_MINOR, &kmsg_ops);
}
