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
};

static inline struct ramfs_file *ramfs_file_of(struct inode *inode)
{
	return uk_container_of(inode, struct ramfs_file, inode);
}

static inline bool ramfs_is_mapped(const struct ramfs_file *file)
{
	return !LIST_EMPTY(&file->object.mappings);
}

/** Pages that `bytes` take. */
static inline uint64_t ramfs_page_count(uint64_t bytes)
{
	return (bytes >> UK_PAGE_SHIFT) + !!(bytes & (UK_PAGE_SIZE - 1));
}

/** A page for the file, its content undefined, nobody sees it yet; counted. ERR_PTR on error. */
struct page *ramfs_alloc_page(struct ramfs_file *file);
void ramfs_free_page(struct ramfs_file *file, struct page *page);
/** Makes it the file's own where there is none. Takes it over, also on failure. 0 or -ENOMEM. */
int ramfs_insert_page(struct ramfs_file *file, uint64_t index, struct page *page);
/** The two in one, with what the file holds there. */
int ramfs_add_page(struct ramfs_file *file, uint64_t index, struct page **out);
/** What the file holds at `index` without the tree, from byte `from` of the page on. */
void ramfs_fill_page(const struct ramfs_file *file, uint64_t index, struct page *page, size_t from);
/** For page_tree_remove; ctx is the file. */
void ramfs_drop_page(void *ctx, uint64_t index, struct page *page);
/** No initrd data from `size` on. */
void ramfs_cut_backing(struct ramfs_file *file, uint64_t size);
/** Zeros from `size` to the end of its page. */
void ramfs_clear_tail(struct ramfs_file *file, uint64_t size);

loff_t ramfs_lseek(struct file *file, loff_t offset, int whence);
int ramfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len);

struct inode *ramfs_file_inode(struct superblock *sb, uint32_t mode);
extern const struct file_ops ramfs_file_ops;
extern const struct inode_ops ramfs_file_inode_ops;

#endif /* RAMFS_H */
