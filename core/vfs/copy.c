/* SPDX-License-Identifier: BSD-3-Clause */
/* Moving bytes from file to file inside the kernel: sendfile(2), copy_file_range(2). */
#include <uk/fsnotify.h>
#include <uk/heap.h>
#include <uk/sched.h>
#include "vfs_internal.h"

#define CHUNK_BYTES (4 * UK_PAGE_SIZE)

/* One chunk from *in_pos. What the other side does not take is not consumed. */
static uk_ssize_t copy_chunk(struct file *in, loff_t *in_pos, struct file *out, loff_t *out_pos,
			     void *buf, size_t len)
{
	loff_t pos = *in_pos;
	struct uio uio = uio_kernel(buf, UK_MIN(len, CHUNK_BYTES));
	uk_ssize_t got = file_read_silently(in, &uio, &pos), put;

	if (got <= 0)
		return got;
	uio = uio_kernel(buf, (size_t)got);
	put = file_write_silently(out, &uio, out_pos);
	if (put > 0)
		*in_pos += put;
	return put;
}

static uk_ssize_t copy_from(struct file *in, loff_t *in_pos, struct file *out, loff_t *out_pos,
			    size_t len)
{
	void *buf = uk_malloc(CHUNK_BYTES);
	uk_ssize_t ret = 0;
	size_t done = 0;

	if (!buf)
		return -ENOMEM;
	while (done < len) {
		size_t part = UK_MIN(len - done, CHUNK_BYTES);

		ret = copy_chunk(in, in_pos, out, out_pos, buf, part);
		if (ret <= 0)
			break;
		done += (size_t)ret;
		if ((size_t)ret < part || sched_pause())
			break;
	}
	uk_free(buf);
	if (done) {
		fsnotify_file(in, IN_ACCESS);
		fsnotify_file(out, IN_MODIFY);
	}
	return done ? (uk_ssize_t)done : ret;
}

uk_ssize_t vfs_copy_range(struct file *in, loff_t *in_pos, struct file *out, loff_t *out_pos,
			  size_t len)
{
	uk_ssize_t ret;
	loff_t pos;

	if (!(in->mode & FILE_READ) || !(out->mode & FILE_WRITE))
		return -EBADF;
	if (!(in->mode & (FILE_SEEKABLE | FILE_PREAD)))
		return in_pos ? -ESPIPE : -EINVAL;
	if (in->ops->is_no_source && len)
		return -EINVAL;
	len = UK_MIN(len, UK_RW_MAX_BYTES);
	if (in_pos)
		return copy_from(in, in_pos, out, out_pos, len);
	/* As on Linux, without in->pos_lock: the other side may make this wait for ever. */
	pos = in->pos;
	ret = copy_from(in, &pos, out, out_pos, len);
	if (ret > 0)
		in->pos = pos;
	return ret;
}
