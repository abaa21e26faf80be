/* SPDX-License-Identifier: BSD-3-Clause */
/* Attributes: stat(2), statx(2), statfs(2), access(2), chmod(2) and kin, truncate(2), fallocate(2).
 */
#include <linux/falloc.h>
#include <linux/mount.h>
#include <uk/fsnotify.h>
#include <uk/string.h>
#include "vfs_internal.h"

/* linux/fs.h: what statfs(2) says about the mount, beside the MS_* bits of the same value. */
#define ST_VALID_FLAG 0x20
#define ST_FLAGS_MASK (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS)

static inline struct statx_timestamp statx_time(struct timestamp t)
{
	return (struct statx_timestamp){.tv_sec = t.sec, .tv_nsec = t.nsec};
}

void vfs_stat_inode(const struct inode *inode, struct statx *out)
{
	uint64_t dev = inode->sb->dev;

	*out = (struct statx){
		.stx_mask = STATX_BASIC_STATS | STATX_BTIME,
		.stx_blksize = UK_PAGE_SIZE,
		.stx_nlink = inode->nlink,
		.stx_uid = inode->uid,
		.stx_gid = inode->gid,
		.stx_mode = (__u16)inode->mode,
		.stx_ino = inode->ino,
		.stx_size = inode->size_bytes,
		.stx_blocks = inode->alloc_bytes >> 9,
		.stx_atime = statx_time(inode->atime),
		.stx_btime = statx_time(inode->btime),
		.stx_ctime = statx_time(inode->ctime),
		.stx_mtime = statx_time(inode->mtime),
		.stx_rdev_major = uk_dev_major(inode->rdev),
		.stx_rdev_minor = uk_dev_minor(inode->rdev),
		.stx_dev_major = uk_dev_major(dev),
		.stx_dev_minor = uk_dev_minor(dev),
	};
}

static void refresh(struct inode *inode)
{
	if (inode->ops->getattr)
		inode->ops->getattr(inode);
}

/* A descriptor without a name (AT_EMPTY_PATH): the walk has no place to stand on. */
static struct inode *find_open_inode(int fd)
{
	struct file *file = file_get_fd_path(fd);
	struct inode *inode = file ? file->inode : NULL;

	if (inode) {
		inode_get(inode);
		refresh(inode);
	}
	if (file)
		file_put(file);
	return inode ? inode : ERR_PTR(-EBADF);
}

struct inode *vfs_find_inode(const struct vfs_name *name)
{
	struct inode *inode;
	struct walk walk;
	int ret;

	if (!*name->name && name->flags & UK_LOOKUP_EMPTY_PATH && name->dirfd != AT_FDCWD)
		return find_open_inode(name->dirfd);
	ret = walk_path(&walk, name, 0);
	inode = ret ? ERR_PTR(ret) : walk.at.dentry->inode;
	if (!ret) {
		inode_get(inode);
		refresh(inode);
	}
	walk_end(&walk);
	return inode;
}

int vfs_stat(const struct vfs_name *name, struct statx *out)
{
	struct inode *inode = vfs_find_inode(name);

	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	vfs_stat_inode(inode, out);
	inode_put(inode);
	return 0;
}

int vfs_statfs(const struct path *path, struct statfs *out)
{
	struct superblock *sb = &path->mount->sb;
	int ret;

	memset(out, 0, sizeof(*out));
	out->f_bsize = out->f_frsize = UK_PAGE_SIZE;
	out->f_namelen = NAME_MAX;
	out->f_fsid.val[0] = (int)sb->dev;
	out->f_flags = (path->mount->flags & ST_FLAGS_MASK) | ST_VALID_FLAG;
	ret = sb->type->statfs ? sb->type->statfs(sb, out) : 0;
	return ret;
}

int vfs_access(const struct vfs_name *name, int mode)
{
	struct walk walk;
	int ret;

	if (mode & ~07)
		return -EINVAL;
	ret = walk_path(&walk, name, 0);
	if (!ret) {
		uint32_t type_mode = walk.at.dentry->inode->mode;

		/* The superuser may everything except run what nobody may run. */
		if (mode & 1 && !S_ISDIR(type_mode) && !(type_mode & 0111))
			ret = -EACCES;
		else if (mode & 2 && (S_ISREG(type_mode) || S_ISDIR(type_mode)))
			ret = mount_check_writable(&walk.at);
	}
	walk_end(&walk);
	return ret;
}

static int set_attr_locked(struct inode *inode, const struct inode_attr *attr)
{
	int ret = attr->valid & ATTR_SIZE ? file_growth_limit(inode, attr->size_bytes) : 0;

	if (ret)
		return ret;
	if (inode->ops->setattr)
		return inode->ops->setattr(inode, attr);
	if (attr->valid & ATTR_SIZE)
		return -EINVAL;
	inode_apply_attr(inode, attr);
	return 0;
}

static int set_attr(struct inode *inode, const struct inode_attr *attr)
{
	int ret;

	mutex_lock(&inode->lock);
	ret = set_attr_locked(inode, attr);
	mutex_unlock(&inode->lock);
	return ret;
}

/* What those who watch are told. Both times: utime(2); one of them: as if it came by itself. */
static uint32_t event_of(unsigned int valid)
{
	const unsigned int times = valid & (ATTR_ATIME | ATTR_MTIME);

	if (valid & ATTR_SIZE)
		return IN_MODIFY;
	if (valid & (ATTR_MODE | ATTR_UID | ATTR_GID))
		return IN_ATTRIB;
	if (times == ATTR_ATIME)
		return IN_ACCESS;
	if (times == ATTR_MTIME)
		return IN_MODIFY;
	return times ? IN_ATTRIB : 0; /* chown(-1, -1): nothing */
}

int vfs_setattr(const struct path *path, const struct inode_attr *attr)
{
	struct inode *inode = path->dentry->inode;
	int ret = mount_check_writable(path);

	if (ret)
		return ret;
	if (attr->valid & ATTR_MODE && S_ISLNK(inode->mode))
		return -EOPNOTSUPP;
	if (attr->valid & ATTR_SIZE && !S_ISREG(inode->mode))
		return S_ISDIR(inode->mode) ? -EISDIR : -EINVAL;
	if (attr->valid & ATTR_SIZE && attr->size_bytes > INT64_MAX)
		return -EFBIG;
	if (attr->valid & ATTR_SIZE && inode->write_count < 0)
		return -ETXTBSY;
	ret = set_attr(inode, attr);
	if (!ret)
		fsnotify_dentry(path->dentry, event_of(attr->valid));
	return ret;
}

int vfs_truncate_file(struct file *file, uint64_t size_bytes)
{
	const struct inode_attr attr = {.valid = ATTR_SIZE, .size_bytes = size_bytes};
	int ret;

	if (size_bytes > INT64_MAX)
		return -EINVAL;
	if (!(file->mode & FILE_WRITE) || !file->inode || !S_ISREG(file->inode->mode))
		return -EINVAL;
	ret = set_attr(file->inode, &attr);
	if (!ret)
		fsnotify_file(file, IN_MODIFY);
	return ret;
}

int vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	loff_t end;
	int ret;

	if (offset < 0 || len <= 0)
		return -EINVAL;
	if (!(file->mode & FILE_WRITE))
		return -EBADF;
	if (uk_add_overflow(offset, len, &end))
		return -EFBIG;
	if (mode & FALLOC_FL_PUNCH_HOLE && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (file->inode && S_ISFIFO(file->inode->mode))
		return -ESPIPE;
	if (file->inode && S_ISDIR(file->inode->mode))
		return -EISDIR;
	ret = file->ops->fallocate ? file->ops->fallocate(file, mode, offset, len) : -ENODEV;
	if (!ret)
		fsnotify_file(file, IN_MODIFY);
	return ret;
}
