/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors: what the older forms of calls in <arch>/ share with the newer ones. */
#ifndef UK_SYSCALL_OPEN_H
#define UK_SYSCALL_OPEN_H

#include <uk/essentials.h>

struct file;

int open_user(int dirfd, const char __user *name, int flags, unsigned int mode);
/** A descriptor for a file just made, or the error: ERR_PTR's, or that of fd_install(). */
long install_new_file(struct file *file, bool cloexec);
/** Descriptors for both files, told to the program; takes the references over. */
int install_pair(struct file *const ends[2], bool cloexec, int __user *fds);
int duplicate(int fd, unsigned int min, bool cloexec);
int duplicate_to(int old_fd, int new_fd, bool cloexec);

#endif /* UK_SYSCALL_OPEN_H */
