/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls on names that exist in an *at form and, on some architectures, in an older one. */
#ifndef UK_SYSCALL_NAMES_H
#define UK_SYSCALL_NAMES_H

#include <uk/essentials.h>

struct vfs_name;

int rename_user(int old_dirfd, const char __user *old_path, int new_dirfd,
		const char __user *new_path, unsigned int flags);
int link_user(int old_dirfd, const char __user *old_path, int new_dirfd,
	      const char __user *new_path, int flags);
int symlink_user(const char __user *target, int dirfd, const char __user *path);
int mkdir_user(int dirfd, const char __user *path, unsigned int mode);
int mknod_user(int dirfd, const char __user *path, unsigned int mode, unsigned int dev);
long readlink_user(int dirfd, const char __user *path, char __user *buf, int size);
/** Copies the name in and makes `call` with it, last link not followed (vfs_unlink, vfs_rmdir). */
int name_call(int dirfd, const char __user *path, int (*call)(const struct vfs_name *where));

#endif /* UK_SYSCALL_NAMES_H */
