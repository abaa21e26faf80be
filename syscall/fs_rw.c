/* SPDX-License-Identifier: BSD-3-Clause */
/* read(2), write(2) and their positioned and vectored forms; lseek; copies between files. */
#include <linux/fs.h>
#include <uk/fd.h>
#include <uk/syscall.h>
#include "fs.h"

/* A length that no program memory has is a bad buffer: EFAULT, as on Linux. What is merely longer
 * than UK_RW_MAX_BYTES is cut by file_read() and file_write(). */
static bool is_length(size_t count)
{
	return uk_likely((long)count >= 0);
}

/* Neither a position nor a limit to look after (pipes, sockets, terminals, devices), and nobody to
 * tell. `direct` is FILE_DIRECT_READ or FILE_DIRECT_WRITE. */
static inline bool is_stream(const struct file *file, unsigned int direct, size_t count)
{
	return (file->mode & direct) && count <= UK_RW_MAX_BYTES;
}

/* A stream, and nobody could close the descriptor meanwhile: the call goes straight to the file. */
static inline struct file *find_stream(int fd, unsigned int direct, size_t count)
{
	const struct fdtable *table = current->fdtable;
	struct file *file;

	if (uk_unlikely((unsigned int)fd >= table->size || table->refcount > 1))
		return NULL;
	file = table->files[fd];
	return file && is_stream(file, direct, count) ? file : NULL;
}

static long __uk_noinline read_any(int fd, void __user *buf, size_t count)
{
	struct fd_loan loan = fd_borrow(fd);
	struct uio uio = uio_user(buf, count);
	long result;

	if (!loan.file)
		return -EBADF;
	if (is_stream(loan.file, FILE_DIRECT_READ, count))
		result = loan.file->ops->read(loan.file, &uio, NULL);
	else
		result = is_length(count) ? file_read(loan.file, &uio, NULL) : -EFAULT;
	fd_return(loan);
	return result;
}

long sys_read(int fd, void __user *buf, size_t count)
{
	struct file *file = find_stream(fd, FILE_DIRECT_READ, count);

	if (file) {
		struct uio uio = uio_user(buf, count);

		return file->ops->read(file, &uio, NULL);
	}
	return read_any(fd, buf, count);
}

static long __uk_noinline write_any(int fd, const void __user *buf, size_t count)
{
	struct fd_loan loan = fd_borrow(fd);
	struct uio uio = uio_user((void __user *)buf, count);
	long result;

	if (!loan.file)
		return -EBADF;
	if (is_stream(loan.file, FILE_DIRECT_WRITE, count))
		result = loan.file->ops->write(loan.file, &uio, NULL);
	else
		result = is_length(count) ? file_write(loan.file, &uio, NULL) : -EFAULT;
	fd_return(loan);
	return result;
}

long sys_write(int fd, const void __user *buf, size_t count)
{
	struct file *file = find_stream(fd, FILE_DIRECT_WRITE, count);

	if (file) {
		struct uio uio = uio_user((void __user *)buf, count);

		return file->ops->write(file, &uio, NULL);
	}
	return write_any(fd, buf, count);
}

long sys_pread64(int fd, void __user *buf, size_t count, loff_t offset)
{
	struct fd_loan loan;
	struct uio uio = uio_user((void __user *)buf, count);
	long result;

	if (offset < 0)
		return -EINVAL;
	loan = fd_borrow(fd);
	if (!loan.file)
		return -EBADF;
	result = is_length(count) ? file_read(loan.file, &uio, &offset) : -EFAULT;
	fd_return(loan);
	return result;
}

long sys_pwrite64(int fd, const void __user *buf, size_t count, loff_t offset)
{
	struct fd_loan loan;
	struct uio uio = uio_user((void __user *)buf, count);
	long result;

	if (offset < 0)
		return -EINVAL;
	loan = fd_borrow(fd);
	if (!loan.file)
		return -EBADF;
	result = is_length(count) ? file_write(loan.file, &uio, &offset) : -EFAULT;
	fd_return(loan);
	return result;
}

typedef uk_ssize_t (*transfer)(struct file *file, struct uio *uio, loff_t *pos);

static long transfer_vector(int fd, const struct iovec __user *iov, unsigned long count,
			    loff_t *pos, transfer move)
{
	struct fd_loan loan = fd_borrow(fd);
	struct user_vector vector;
	long result;

	if (!loan.file)
		return -EBADF;
	result = user_vector_get(&vector, iov, count);
	if (!result) {
		result = move(loan.file, &vector.uio, pos);
		user_vector_put(&vector);
	}
	fd_return(loan);
	return result;
}

long sys_readv(int fd, const struct iovec __user *iov, unsigned long count)
{
	return transfer_vector(fd, iov, count, NULL, file_read);
}

long sys_writev(int fd, const struct iovec __user *iov, unsigned long count)
{
	return transfer_vector(fd, iov, count, NULL, file_write);
}

/* The offset comes whole in its low half on a 64-bit machine. */
long sys_preadv(int fd, const struct iovec __user *iov, unsigned long count,
		unsigned long offset_low, unsigned long offset_high)
{
	loff_t offset = (loff_t)offset_low;

	return offset < 0 ? -EINVAL : transfer_vector(fd, iov, count, &offset, file_read);
}

long sys_pwritev(int fd, const struct iovec __user *iov, unsigned long count,
		 unsigned long offset_low, unsigned long offset_high)
{
	loff_t offset = (loff_t)offset_low;

	return offset < 0 ? -EINVAL : transfer_vector(fd, iov, count, &offset, file_write);
}

long sys_preadv2(int fd, const struct iovec __user *iov, unsigned long count,
		 unsigned long offset_low, unsigned long offset_high, int flags)
{
	loff_t offset = (loff_t)offset_low;

	if (flags & ~RWF_HIPRI)
		return -EOPNOTSUPP;
	if (offset < -1)
		return -EINVAL;
	return transfer_vector(fd, iov, count, offset == -1 ? NULL : &offset, file_read);
}

long sys_pwritev2(int fd, const struct iovec __user *iov, unsigned long count,
		  unsigned long offset_low, unsigned long offset_high, int flags)
{
	loff_t offset = (loff_t)offset_low;
	struct file *file;
	long result;

	if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC))
		return -EOPNOTSUPP;
	if (offset < -1)
		return -EINVAL;
	result = transfer_vector(fd, iov, count, offset == -1 ? NULL : &offset, file_write);
	if (result <= 0 || !(flags & (RWF_DSYNC | RWF_SYNC)))
		return result;
	file = file_get_fd(fd);
	if (file && file->ops->fsync)
		file->ops->fsync(file, !(flags & RWF_SYNC));
	if (file)
		file_put(file);
	return result;
}

long sys_lseek(int fd, loff_t offset, int whence)
{
	struct fd_loan loan = fd_borrow(fd);
	long result = -EINVAL;

	if (!loan.file)
		return -EBADF;
	if (whence >= SEEK_SET && whence <= SEEK_HOLE)
		result = file_lseek(loan.file, offset, whence);
	fd_return(loan);
	return result;
}

/* An offset in the program's memory: NULL means the file's own. */
static int get_offset(loff_t *offset, const loff_t __user *user)
{
	if (!user)
		return 0;
	if (get_user(*offset, user))
		return -EFAULT;
	return *offset < 0 ? -EINVAL : 0;
}

static int check_sendfile(const struct file *in, const struct file *out, bool has_offset)
{
	if (!in || !out || !(in->mode & FILE_READ) || !(out->mode & FILE_WRITE))
		return -EBADF;
	if (has_offset && !(in->mode & (FILE_SEEKABLE | FILE_PREAD)))
		return -ESPIPE;
	return out->flags & O_APPEND ? -EINVAL : 0;
}

long sys_sendfile(int out_fd, int in_fd, loff_t __user *offset, size_t count)
{
	struct file *in = file_get_fd(in_fd), *out = file_get_fd(out_fd);
	loff_t position = 0;
	long result = check_sendfile(in, out, offset);

	if (!result)
		result = get_offset(&position, offset);
	if (!result && (long)count < 0)
		result = -EINVAL;
	if (!result)
		result = vfs_copy_range(in, offset ? &position : NULL, out, NULL,
					UK_MIN(count, UK_RW_MAX_BYTES));
	if (result > 0 && offset && put_user(position, offset))
		result = -EFAULT;
	if (out)
		file_put(out);
	if (in)
		file_put(in);
	return result;
}

static int check_copy(const struct file *in, const struct file *out)
{
	if (!in || !out || !(in->mode & FILE_READ) || !(out->mode & FILE_WRITE) ||
	    (out->flags & O_APPEND))
		return -EBADF;
	if (file_is_type(in, S_IFDIR) || file_is_type(out, S_IFDIR))
		return -EISDIR;
	return file_is_type(in, S_IFREG) && file_is_type(out, S_IFREG) ? 0 : -EINVAL;
}

/* Cuts *len to what there is to copy; ranges of one file must not overlap. */
static int check_ranges(const struct file *in, loff_t in_pos, const struct file *out,
			loff_t out_pos, size_t *len)
{
	uint64_t from = (uint64_t)in_pos, to = (uint64_t)out_pos, end;
	uint64_t size = in->inode->size_bytes;

	if (uk_add_overflow(from, *len, &end) || uk_add_overflow(to, *len, &end))
		return -EOVERFLOW;
	*len = UK_MIN(*len, from < size ? size - from : 0);
	return in->inode == out->inode && from < to + *len && to < from + *len ? -EINVAL : 0;
}

long sys_copy_file_range(int in_fd, loff_t __user *in_offset, int out_fd, loff_t __user *out_offset,
			 size_t len, unsigned int flags)
{
	struct file *in = file_get_fd(in_fd), *out = file_get_fd(out_fd);
	loff_t in_pos = 0, out_pos = 0;
	long result = flags ? -EINVAL : check_copy(in, out);

	if (!result)
		result = get_offset(&in_pos, in_offset);
	if (!result)
		result = get_offset(&out_pos, out_offset);
	if (result)
		goto out;
	result = check_ranges(in, in_offset ? in_pos : in->pos, out,
			      out_offset ? out_pos : out->pos, &len);
	if (result)
		goto out;
	result = vfs_copy_range(in, in_offset ? &in_pos : NULL, out, out_offset ? &out_pos : NULL,
				len);
	if (result > 0 && ((in_offset && put_user(in_pos, in_offset)) ||
			   (out_offset && put_user(out_pos, out_offset))))
		result = -EFAULT;
out:
	if (out)
		file_put(out);
	if (in)
		file_put(in);
	return result;
}
