/* SPDX-License-Identifier: BSD-3-Clause */
/* Device files: the filesystem "devfs", the memory devices (mem(4), random(4)) and kmsg. */
#ifndef UK_DEVFS_H
#define UK_DEVFS_H

/** Makes the filesystem known and registers the devices. After vfs_init(). 0 or -ENOMEM. */
int devfs_init(void);

/** null, zero, full, random, urandom. */
int devfs_register_mem(void);
int devfs_register_kmsg(void);

#endif /* UK_DEVFS_H */
