/* SPDX-License-Identifier: BSD-3-Clause */
/* What the socket calls share (private to syscall/). */
#ifndef UK_SYSCALL_SOCKET_H
#define UK_SYSCALL_SOCKET_H

#include <uk/socket.h>

/** The file with a reference, which is a socket; NULL: *error is -EBADF or -ENOTSOCK. */
struct file *socket_get_fd(int fd, long *error);

/** A struct sockaddr of the program's. 0, -EINVAL, -EFAULT. */
int get_socket_name(struct socket_name *name, const void __user *user, int len);
/** Stores a name: as much as fits into the caller's *user_len bytes, and its full length there.
 *  0, -EINVAL, -EFAULT. */
int put_socket_name(const struct socket_name *name, void __user *user, int __user *user_len);

#endif /* UK_SYSCALL_SOCKET_H */
