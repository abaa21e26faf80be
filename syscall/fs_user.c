/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and vectors from the program's memory, and what several file calls share. */
#include <uk/clock.h>
#include <uk/heap.h>
#include <uk/task.h>
#include "fs.h"

int user_path_get_long(struct user_path *path, const char __user *name, int error)
{
	long len;

	if (error != -ENAMETOOLONG)
		return error;
	path->text = uk_malloc(PATH_MAX);
	if (!path->text)
		return -ENOMEM;
	len = strncpy_from_user(path->text, name, PATH_MAX);
	if (len >= 0)
		return 0;
	uk_free(path->text);
	return (int)len;
}

void user_path_free(struct user_path *path)
{
	uk_free(path->text);
}

int user_lookup(int dirfd, const char __user *name, unsigned int lookup_flags, struct path *path)
{
	struct user_path text;
	struct vfs_name where = {.dirfd = dirfd, .flags = lookup_flags};
	int error = user_path_get(&text, name);

	if (error)
		return error;
	where.name = text.text;
	error = vfs_lookup(&where, path);
	user_path_put(&text);
	return error;
}

/* Checks lengths and addresses, drops empty buffers, cuts the total to UK_RW_MAX_BYTES. */
static int settle_vector(struct user_vector *vector, unsigned long count)
{
	unsigned int used = 0;
	size_t total = 0;

	for (unsigned long i = 0; i < count; i++) {
		struct iovec iov = vector->iov[i];

		if ((long)iov.iov_len < 0)
			return -EINVAL;
		if (!user_range_ok((uintptr_t)iov.iov_base, iov.iov_len))
			return -EFAULT;
		iov.iov_len = UK_MIN(iov.iov_len, UK_RW_MAX_BYTES - total);
		total += iov.iov_len;
		if (iov.iov_len)
			vector->iov[used++] = iov;
	}
	vector->uio = used ? uio_user(vector->iov[0].iov_base, vector->iov[0].iov_len)
			   : uio_user(NULL, 0);
	vector->uio.resid_bytes = total;
	vector->uio.next = vector->iov + 1;
	vector->uio.next_count = used ? used - 1 : 0;
	return 0;
}

int user_vector_get(struct user_vector *vector, const struct iovec __user *iov, unsigned long count)
{
	int error;

	if (count > UIO_MAXIOV)
		return -EINVAL;
	vector->iov = vector->small;
	if (count > USER_VECTOR_SMALL)
		vector->iov = uk_malloc(count * sizeof(*iov));
	if (!vector->iov)
		return -ENOMEM;
	error = copy_from_user(vector->iov, iov, count * sizeof(*iov));
	if (!error)
		error = settle_vector(vector, count);
	if (error)
		user_vector_put(vector);
	return error;
}

void user_vector_put(struct user_vector *vector)
{
	if (vector->iov != vector->small)
		uk_free(vector->iov);
}

int file_stat(struct file *file, struct statx *out)
{
	struct inode *inode = file->inode;

	if (inode) {
		if (inode->ops && inode->ops->getattr)
			inode->ops->getattr(inode);
		vfs_stat_inode(inode, out);
		return 0;
	}
	/* Linux' anonymous inodes look like this. */
	memset(out, 0, sizeof(*out));
	out->stx_mask = STATX_BASIC_STATS;
	out->stx_mode = 0600;
	out->stx_nlink = 1;
	out->stx_ino = 1;
	out->stx_blksize = UK_PAGE_SIZE;
	return 0;
}

/* Pipes and memfds have no name; their attributes live in memory only. */
static void setattr_in_memory(struct inode *inode, const struct inode_attr *attr)
{
	uint64_t now = clock_realtime_ns();

	mutex_lock(&inode->lock);
	if (attr->valid & ATTR_MODE)
		inode->mode = (inode->mode & S_IFMT) | attr->mode;
	if (attr->valid & ATTR_UID)
		inode->uid = attr->uid;
	if (attr->valid & ATTR_GID)
		inode->gid = attr->gid;
	if (attr->valid & ATTR_ATIME)
		inode->atime = attr->atime;
	if (attr->valid & ATTR_MTIME)
		inode->mtime = attr->mtime;
	inode->ctime.sec = (int64_t)(now / UK_NSEC_PER_SEC);
	inode->ctime.nsec = (uint32_t)(now % UK_NSEC_PER_SEC);
	mutex_unlock(&inode->lock);
}

int file_setattr(struct file *file, const struct inode_attr *attr)
{
	if (file->path.dentry)
		return vfs_setattr(&file->path, attr);
	if (file->inode)
		setattr_in_memory(file->inode, attr);
	return 0;
}
