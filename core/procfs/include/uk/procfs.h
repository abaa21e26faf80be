/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc and /sys: texts about the system, generated when they are read. A file's whole text is
 * made at the first read (and again when it is read from the start), so it is consistent.
 */
#ifndef UK_PROCFS_H
#define UK_PROCFS_H

#include <stdarg.h>
#include <uk/essentials.h>

/** Registers the filesystem types `proc` and `sysfs`. After vfs_init(). 0 or -errno. */
int procfs_init(void);

struct file;
struct process;
/** Whom an open directory /proc/<pid> is about; NULL for every other file and when it is gone. */
struct process *procfs_process(const struct file *file);

/** A text that grows. Once memory runs out it takes no more, and the read returns -ENOMEM. */
struct seq {
	char *buf;
	size_t len, size;
	bool is_out_of_memory;
	bool is_filled;
};

void seq_printf(struct seq *seq, const char *fmt, ...) __uk_printf(2, 3);
void seq_puts(struct seq *seq, const char *text);
void seq_write(struct seq *seq, const void *data, size_t len);
/** `text` with every byte that is in `special` written as \ooo (mounts, maps). */
void seq_puts_escaped(struct seq *seq, const char *text, const char *special);
/** A set as a list of ranges: "0-3,5". */
void seq_put_ranges(struct seq *seq, uint64_t bits);
/** At least `len` bytes of room at the end, or NULL; the caller adds to seq->len. */
char *seq_reserve(struct seq *seq, size_t len);

/**
 * Adds /proc/narthex/<name>; `name` is static, at most 27 characters. For counters and states of
 * our own that other folders want to show. 0 or -ENOSPC.
 */
int procfs_add(const char *name, void (*show)(struct seq *seq));

#endif /* UK_PROCFS_H */
