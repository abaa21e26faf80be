/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll(7): instances as files, their interest lists, waiting. All calls may sleep. */
#ifndef UK_EPOLL_H
#define UK_EPOLL_H

#include <linux/eventpoll.h>
#include <uk/essentials.h>

struct file;

/** A new instance, refcount 1. ERR_PTR(-ENOMEM). */
struct file *epoll_create_file(void);

/**
 * epoll_ctl(2). The caller holds both files; `event` is not looked at by EPOLL_CTL_DEL. 0, or
 * -EPERM (no file to wait for), -EINVAL, -EEXIST, -ENOENT, -ELOOP, -ENOMEM.
 */
int epoll_control(struct file *file, int op, struct file *target, int fd,
		  const struct epoll_event *event);

#define EPOLL_MAX_EVENTS ((int)(INT32_MAX / sizeof(struct epoll_event)))

/**
 * epoll_wait(2) for at most `timeout_ns`; UK_NO_TIMEOUT for ever, 0 not at all. Writes up to `max`
 * (1 to EPOLL_MAX_EVENTS) events and returns how many, or -EINVAL (no instance), -EFAULT (nothing
 * could be written), -EINTR.
 */
long epoll_wait_events(struct file *file, struct epoll_event __user *events, int max,
		       uint64_t timeout_ns);

/** The last reference to a file that is in interest lists is gone: takes it out of them. */
void epoll_forget_file(struct file *file);

#endif /* UK_EPOLL_H */
