/* SPDX-License-Identifier: BSD-3-Clause */
/* inotify(7) for the system calls and for /proc; masks and flags are checked by the caller. */
#ifndef UK_INOTIFY_H
#define UK_INOTIFY_H

#include <linux/inotify.h>
#include <uk/vfs.h>

/** An instance, refcount 1; `flags` are O_*. ERR_PTR(-EMFILE, -ENOMEM). */
struct file *inotify_create_file(unsigned int flags);
/** Adds a watch or changes the one there is: its number, or -EINVAL (no instance), -EEXIST,
 *  -ENOSPC, -ENOMEM. May sleep. */
int inotify_add(struct file *file, const struct path *path, uint32_t mask);
/** 0 or -EINVAL. */
int inotify_remove(struct file *file, int wd);
bool file_is_inotify(const struct file *file);

/** /proc/sys/fs/inotify. */
extern struct inotify_limits {
	int64_t max_queued_events, max_user_instances, max_user_watches;
} inotify_limits;

#endif /* UK_INOTIFY_H */
