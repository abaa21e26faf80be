/* SPDX-License-Identifier: BSD-3-Clause */
/* inode: birth, end, attributes in memory, and the time stamps they all use. */
#include <uk/clock.h>
#include <uk/filelock.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "vfs_internal.h"

static struct timestamp boot_stamp;
static bool is_clock_used;

struct timestamp vfs_now(void)
{
	uint64_t ns;

	if (uk_unlikely(!is_clock_used))
		return boot_stamp;
	ns = clock_realtime_coarse_ns();
	return (struct timestamp){(int64_t)(ns / UK_NSEC_PER_SEC),
				  (uint32_t)(ns % UK_NSEC_PER_SEC)};
}

void vfs_stamp_at_boot(struct timestamp stamp)
{
	boot_stamp = stamp;
}

void vfs_stamp_from_clock(void)
{
	is_clock_used = true;
}

void inode_init(struct inode *inode, struct superblock *sb, uint32_t mode)
{
	memset(inode, 0, sizeof(*inode));
	inode->refcount = 1;
	inode->mode = mode;
	inode->nlink = S_ISDIR(mode) ? 2 : 1;
	inode->ino = ++sb->last_ino;
	inode->mtime = vfs_now();
	inode->atime = inode->ctime = inode->btime = inode->mtime;
	inode->sb = sb;
	mutex_init(&inode->lock);
}

void inode_release(struct inode *inode)
{
	if (inode->locks)
		filelock_free_all(inode);
	if (inode->pipe)
		fifo_release_inode(inode);
	if (inode->ops && inode->ops->release)
		inode->ops->release(inode);
	else
		uk_free(inode);
}

void inode_apply_attr(struct inode *inode, const struct inode_attr *attr)
{
	if (attr->valid & ATTR_MODE)
		inode->mode = (inode->mode & S_IFMT) | (attr->mode & 07777);
	if (attr->valid & ATTR_UID)
		inode->uid = attr->uid;
	if (attr->valid & ATTR_GID)
		inode->gid = attr->gid;
	if (attr->valid & ATTR_ATIME)
		inode->atime = attr->atime;
	if (attr->valid & ATTR_MTIME)
		inode->mtime = attr->mtime;
	inode->ctime = vfs_now();
}
