/* SPDX-License-Identifier: BSD-3-Clause */
/* eventfd(2): a 64-bit counter as a file. */
#ifndef UK_EVENTFD_H
#define UK_EVENTFD_H

#include <linux/fcntl.h>
#include <uk/essentials.h>

struct file;

/* The UAPI headers leave these to libc. */
#define EFD_SEMAPHORE 1
#define EFD_NONBLOCK  O_NONBLOCK
#define EFD_CLOEXEC   O_CLOEXEC

/** EFD_CLOEXEC is the descriptor's and changes nothing here. ERR_PTR(-EINVAL) for unknown flags,
 *  -ENOMEM. */
struct file *eventfd_create_file(unsigned int initial, int flags);

#endif /* UK_EVENTFD_H */
