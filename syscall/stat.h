/* SPDX-License-Identifier: BSD-3-Clause */
/* What the older forms in <arch>/ share with the *at calls of stat and names. */
#ifndef UK_SYSCALL_STAT_H
#define UK_SYSCALL_STAT_H

#include <uk/essentials.h>

struct stat;
struct inode_attr;

long stat_user(int dirfd, const char __user *path, unsigned int lookup_flags,
	       struct stat __user *out);
int access_user(int dirfd, const char __user *path, int mode, unsigned int lookup_flags);
/** Times of utimensat(2) already in *attr, with both ATTR_*TIME or fewer; `path` NULL: dirfd
 * itself. */
int set_times(int dirfd, const char __user *path, int at_flags, const struct inode_attr *attr);
/** In *attr: both times are now. */
void attr_times_now(struct inode_attr *attr);
/** `is_old`: the layout of getdents(2) instead of getdents64(2). */
long read_directory(int fd, void __user *out, unsigned int size, bool is_old);

#endif /* UK_SYSCALL_STAT_H */
