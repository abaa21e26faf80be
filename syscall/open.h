/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors: what the older forms of calls in <arch>/ share with the newer ones. */
#ifndef UK_SYSCALL_OPEN_H
#define UK_SYSCALL_OPEN_H

#include <uk/essentials.h>

int open_user(int dirfd, const char __user *name, int flags, unsigned int mode);
int duplicate(int fd, unsigned int min, bool cloexec);
int duplicate_to(int old_fd, int new_fd, bool cloexec);

#endif /* UK_SYSCALL_OPEN_H */
