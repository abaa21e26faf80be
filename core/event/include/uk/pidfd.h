/* SPDX-License-Identifier: BSD-3-Clause */
/* pidfd_open(2): a process as a file, ready to be read when it has ended. */
#ifndef UK_PIDFD_H
#define UK_PIDFD_H

#include <linux/pidfd.h>
#include <uk/essentials.h>

struct file;
struct process;

/** `flags`: PIDFD_NONBLOCK. ERR_PTR: -EINVAL (flags, pid, a thread that leads no process), -ESRCH,
 *  -ENOMEM. */
struct file *pidfd_create_file(int pid, unsigned int flags);
/** The process, as long as the file is held; NULL when it is no pidfd. */
struct process *pidfd_process(const struct file *file);

#endif /* UK_PIDFD_H */
