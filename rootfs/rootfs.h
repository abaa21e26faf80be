/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of rootfs/ share. */
#ifndef ROOTFS_H
#define ROOTFS_H

#include <uk/inode.h>

extern const struct fs_type initrd_type;

/** One entry of vfs.fstab, pointing into the caller's buffer. */
struct fstab_entry {
	char *source, *mountpoint, *driver;
	unsigned int flags; /* MS_* */
	char *options;      /* NULL when there are none */
};

/**
 * Takes "source:mountpoint:driver[:flags:options]" apart, in place. Flags are a number or a comma
 * list of ro, rw, nosuid, nodev, noexec, noatime, mkmp. 0, or -EINVAL and *why.
 */
int fstab_parse(char *text, struct fstab_entry *entry, const char **why);

#endif /* ROOTFS_H */
