/* SPDX-License-Identifier: BSD-3-Clause */
/* Open files: birth, end, and reading and writing with the checks of read(2), write(2), lseek(2).
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <uk/epoll.h>
#include <uk/filelock.h>
#include <uk/fsnotify.h>
#include <uk/heap.h>
#include <uk/task.h>
#include "vfs_internal.h"

#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | FASYNC)

void file_note_direct(struct file *file)
{
	file->mode &= ~(FILE_DIRECT_READ | FILE_DIRECT_WRITE);
	if (file->mode & (FILE_SEEKABLE | FILE_PATH | FILE_NOTIFY))
		return;
	if ((file->mode & FILE_READ) && file->ops->read)
		file->mode |= FILE_DIRECT_READ;
	if ((file->mode & FILE_WRITE) && file->ops->write)
		file->mode |= FILE_DIRECT_WRITE;
}

struct file *file_alloc(const struct file_ops *ops, unsigned int flags, unsigned int mode)
{
	struct file *file = uk_malloc(sizeof(*file));

	if (!file)
		return ERR_PTR(-ENOMEM);
	file->refcount = 1;
	file->flags = flags;
	file->mode = mode;
	file->ops = ops;
	file_note_direct(file);
	file->path.mount = NULL;
	file->path.dentry = NULL;
	file->inode = NULL;
	file->pos = 0;
	mutex_init(&file->pos_lock);
	file->priv = NULL;
	file->owner.pid = file->owner.signo = 0;
	file->readdir_cookie = 0;
	LIST_INIT(&file->watches);
	return file;
}

/* Writers count up and those who forbid it down; nobody passes zero. */
static bool count_towards(struct inode *inode, int step)
{
	int count = __atomic_load_n(&inode->write_count, __ATOMIC_RELAXED);

	do {
		if (step > 0 ? count < 0 : count > 0)
			return false;
	} while (!__atomic_compare_exchange_n(&inode->write_count, &count, count + step, true,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return true;
}

int file_begin_write(struct file *file)
{
	if (!count_towards(file->inode, 1))
		return -ETXTBSY;
	file->mode |= FILE_WRITER;
	return 0;
}

int file_deny_write(struct file *file)
{
	if (!count_towards(file->inode, -1))
		return -ETXTBSY;
	file->mode |= FILE_DENIES;
	return 0;
}

static void file_uncount(struct file *file)
{
	__atomic_fetch_add(&file->inode->write_count, file->mode & FILE_WRITER ? -1 : 1,
			   __ATOMIC_ACQ_REL);
	file->mode &= ~(unsigned int)(FILE_WRITER | FILE_DENIES);
}

void file_allow_write(struct file *file)
{
	if (file->mode & FILE_DENIES)
		file_uncount(file);
}

void file_release(struct file *file)
{
	if (uk_unlikely(!LIST_EMPTY(&file->watches)))
		epoll_forget_file(file);
	if (file->inode && file->inode->locks)
		filelock_release_owner(file->inode, file);
	fsnotify_close(file);
	if (file->mode & (FILE_WRITER | FILE_DENIES))
		file_uncount(file);
	if (file->ops->release)
		file->ops->release(file);
	if (file->inode)
		inode_put(file->inode);
	if (file->path.dentry)
		path_put(&file->path);
	uk_free(file);
}

/* Offsets that the call names, before it matters what the file was opened for. */
static inline int check_named_pos(const struct file *file, const loff_t *pos)
{
	if (*pos < 0)
		return -EINVAL;
	return file->mode & (FILE_SEEKABLE | FILE_PREAD) ? 0 : -ESPIPE;
}

/* A transfer that would pass the largest offset is refused as a whole. */
static inline bool passes_last_pos(loff_t pos, const struct uio *uio)
{
	return uk_unlikely((uint64_t)pos + uio->resid_bytes > INT64_MAX);
}

static inline __attribute__((always_inline)) uk_ssize_t transfer_at(
	struct file *file, struct uio *uio, loff_t *pos,
	uk_ssize_t (*move)(struct file *file, struct uio *uio, loff_t *pos))
{
	return passes_last_pos(*pos, uio) ? -EINVAL : move(file, uio, pos);
}

/* Where the transfer happens when the call names no offset. */
static uk_ssize_t read_at_own_pos(struct file *file, struct uio *uio)
{
	uk_ssize_t ret;

	mutex_lock(&file->pos_lock);
	ret = transfer_at(file, uio, &file->pos, file->ops->read);
	mutex_unlock(&file->pos_lock);
	return ret;
}

static uk_ssize_t write_at_own_pos(struct file *file, struct uio *uio)
{
	uk_ssize_t ret;

	mutex_lock(&file->pos_lock);
	ret = transfer_at(file, uio, &file->pos, file->ops->write);
	mutex_unlock(&file->pos_lock);
	return ret;
}

/* Cuts the transfer to UK_RW_MAX_BYTES: segments beyond it are simply never reached. */
static inline void cap_length(struct uio *uio)
{
	if (uk_unlikely(uio->resid_bytes > UK_RW_MAX_BYTES)) {
		uio->resid_bytes = UK_RW_MAX_BYTES;
		if (uio->len_bytes > UK_RW_MAX_BYTES)
			uio->len_bytes = UK_RW_MAX_BYTES;
	}
}

static inline __attribute__((always_inline)) uk_ssize_t do_read(struct file *file, struct uio *uio,
								loff_t *pos)
{
	int ret = pos ? check_named_pos(file, pos) : 0;

	if (uk_unlikely(ret))
		return ret;
	if (uk_unlikely(!(file->mode & FILE_READ)))
		return -EBADF;
	if (uk_unlikely(!file->ops->read))
		return file->inode && S_ISDIR(file->inode->mode) ? -EISDIR : -EINVAL;
	cap_length(uio);
	if (pos)
		return transfer_at(file, uio, pos, file->ops->read);
	if (file->mode & FILE_SEEKABLE)
		return read_at_own_pos(file, uio);
	return file->ops->read(file, uio, NULL);
}

static inline __attribute__((always_inline)) uk_ssize_t do_write(struct file *file, struct uio *uio,
								 loff_t *pos)
{
	int ret = pos ? check_named_pos(file, pos) : 0;

	if (uk_unlikely(ret))
		return ret;
	if (uk_unlikely(!(file->mode & FILE_WRITE)))
		return -EBADF;
	if (uk_unlikely(!file->ops->write))
		return -EINVAL;
	cap_length(uio);
	if (pos)
		return transfer_at(file, uio, pos, file->ops->write);
	if (file->mode & FILE_SEEKABLE)
		return write_at_own_pos(file, uio);
	return file->ops->write(file, uio, NULL);
}

uk_ssize_t file_read(struct file *file, struct uio *uio, loff_t *pos)
{
	uk_ssize_t moved = do_read(file, uio, pos);

	if (moved > 0)
		fsnotify_file(file, IN_ACCESS);
	return moved;
}

uk_ssize_t file_write(struct file *file, struct uio *uio, loff_t *pos)
{
	uk_ssize_t moved = do_write(file, uio, pos);

	if (moved > 0)
		fsnotify_file(file, IN_MODIFY);
	return moved;
}

uk_ssize_t file_read_silently(struct file *file, struct uio *uio, loff_t *pos)
{
	return do_read(file, uio, pos);
}

uk_ssize_t file_write_silently(struct file *file, struct uio *uio, loff_t *pos)
{
	return do_write(file, uio, pos);
}

uk_ssize_t file_read_kernel(struct file *file, void *buf, size_t len, loff_t offset)
{
	size_t done = 0;

	while (done < len) {
		struct uio uio = uio_kernel((char *)buf + done, len - done);
		uk_ssize_t got = file_read(file, &uio, &offset);

		if (got < 0)
			return got;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (uk_ssize_t)done;
}

uk_ssize_t file_read_from(struct uio *uio, loff_t *pos, const void *data, size_t len)
{
	uk_ssize_t moved;

	if (*pos < 0)
		return -EINVAL;
	if ((uint64_t)*pos >= len)
		return 0;
	moved = uio_put(uio, (const char *)data + *pos, len - (size_t)*pos);
	if (moved > 0)
		*pos += moved;
	return moved;
}

int file_write_limit(loff_t pos, size_t *len)
{
	uint64_t limit = process_rlimit(RLIMIT_FSIZE), room;

	if (uk_unlikely(limit <= (uint64_t)pos)) {
		signal_raise_self(SIGXFSZ);
		return -EFBIG;
	}
	if (uk_unlikely(pos == INT64_MAX))
		return -EFBIG;
	room = UK_MIN(limit, (uint64_t)INT64_MAX) - (uint64_t)pos;
	if (*len > room)
		*len = room;
	return 0;
}

int file_growth_limit(const struct inode *inode, uint64_t size)
{
	if (size <= inode->size_bytes || size <= process_rlimit(RLIMIT_FSIZE))
		return 0;
	signal_raise_self(SIGXFSZ);
	return -EFBIG;
}

loff_t file_lseek(struct file *file, loff_t offset, int whence)
{
	loff_t ret;

	if (file->mode & FILE_PATH)
		return -EBADF;
	if (!file->ops->lseek)
		return -ESPIPE;
	mutex_lock(&file->pos_lock);
	ret = file->ops->lseek(file, offset, whence);
	mutex_unlock(&file->pos_lock);
	return ret;
}

loff_t file_lseek_sized(struct file *file, loff_t offset, int whence, uint64_t size_bytes)
{
	loff_t base;

	switch (whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = file->pos;
		break;
	case SEEK_END:
		base = (loff_t)size_bytes;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (offset < 0 || (uint64_t)offset >= size_bytes)
			return -ENXIO;
		base = 0;
		if (whence == SEEK_HOLE)
			offset = (loff_t)size_bytes;
		break;
	default:
		return -EINVAL;
	}
	if (uk_add_overflow(base, offset, &offset) || offset < 0)
		return -EINVAL;
	file->pos = offset;
	return offset;
}

loff_t file_lseek_zero(struct file *file, loff_t offset, int whence)
{
	return whence >= SEEK_SET && whence <= SEEK_END ? 0 : -EINVAL;
}

int file_readdir(struct file *file, struct dirent_sink *sink)
{
	int ret;

	if (file->mode & FILE_PATH)
		return -EBADF;
	if (!file->ops->readdir)
		return -ENOTDIR;
	if (file->path.dentry && file->path.dentry->is_deleted)
		return -ENOENT;
	mutex_lock(&file->pos_lock);
	ret = file->ops->readdir(file, sink);
	mutex_unlock(&file->pos_lock);
	if (!ret)
		fsnotify_file(file, IN_ACCESS);
	return ret;
}

int file_set_flags(struct file *file, unsigned int flags)
{
	unsigned int wanted = (file->flags & ~(unsigned int)SETFL_MASK) | (flags & SETFL_MASK);
	int ret = 0;

	if (file->mode & FILE_PATH)
		return -EBADF;
	if (file->ops->set_flags)
		ret = file->ops->set_flags(file, wanted);
	if (!ret)
		file->flags = wanted;
	return ret;
}
