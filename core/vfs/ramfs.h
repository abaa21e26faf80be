/* SPDX-License-Identifier: BSD-3-Clause */
/* What the halves of the memory filesystem share: names (ramfs.c), data (ramfs_file.c), mount
 * options (tmpfs_options.c). */
#ifndef RAMFS_H
#define RAMFS_H

#include <uk/vfs.h>
#include <uk/vm_object.h>
#include "page_tree.h"

/** Limits of a tmpfs, superblock.priv; a plain ramfs has none (NULL). */
struct ramfs_quota {
	uint64_t max_pages, used_pages; /* 0: no limit */
	uint64_t max_inodes, used_inodes;
};

struct tmpfs_options {
	uint64_t size_bytes; /* 0: no limit */
	uint64_t inode_count;
	uint32_t mode, uid, gid;
};
/** Pure. `ram_bytes` is what "50%" is of; *options holds the defaults. 0 or -EINVAL. */
int tmpfs_parse_options(const char *text, uint64_t ram_bytes, struct tmpfs_options *options);

/**
 * A regular file. A page is the one in the tree; else the part of `backing` over it; else a
 * hole. Every byte behind backing_bytes or the file's size reads as zero; backing_bytes never
 * exceeds the size. The memory lives as long as the object, which mappings hold.
 */
struct ramfs_file {
	struct inode inode;
	struct vm_object object;
	struct page_tree pages;
	const char *backing; /* in the direct map */
	uint64_t backing_bytes;
	unsigned int seals;
	bool has_writable_map; /* since the object was last found unmapped */
};

static inline struct ramfs_file *ramfs_file_of(struct inode *inode)
{
	return uk_container_of(inode, struct ramfs_file, inode);
}

struct inode *ramfs_file_inode(struct superblock *sb, uint32_t mode);
extern const struct file_ops ramfs_file_ops;
extern const struct inode_ops ramfs_file_inode_ops;

#endif /* RAMFS_H */
