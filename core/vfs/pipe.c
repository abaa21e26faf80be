/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pipes and FIFOs (pipe(7), fifo(7)). A byte ring whose buffer starts small and doubles up to
 * the capacity as it is needed, so an idle pipe costs little and a busy one never allocates.
 *
 * pipe.lock guards everything but the wait queues; nobody sleeps on a queue while holding it.
 * The pipe exists while one end is open somewhere: inode.pipe, which comes and goes under
 * inode.lock; whoever has an end open may follow it without.
 *
 * Data wakes one sleeping reader, and one that leaves some of it wakes the next. Room wakes all
 * writers: what is enough for one need not be enough for the one that waits longest.
 */
#include <asm/ioctls.h>
#include <linux/errno.h>
#include <uk/assert.h>
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/string.h>
#include <uk/task.h>
#include "vfs_internal.h"

#define BUF_FIRST_BYTES  1024
#define CAPACITY_DEFAULT 65536
#define CAPACITY_MAX     (1UL << 31)

#define EVENTS_IN  (EPOLLIN | EPOLLRDNORM)
#define EVENTS_OUT (EPOLLOUT | EPOLLWRNORM)

struct pipe {
	struct mutex lock;
	char *buf;
	size_t buf_bytes;              /* allocated: 0 or a power of two, at most capacity */
	size_t capacity;               /* a power of two, at least a page */
	size_t head, used;             /* the next byte to read, bytes there */
	unsigned int readers, writers; /* open ends */
	unsigned int reader_opens, writer_opens; /* ever; FIFOs wait for a change */
	struct waitq readable, writable;
};

static struct pipe *pipe_alloc(void)
{
	struct pipe *pipe = uk_zalloc(sizeof(*pipe));

	if (!pipe)
		return NULL;
	mutex_init(&pipe->lock);
	pipe->capacity = CAPACITY_DEFAULT;
	waitq_init(&pipe->readable);
	waitq_init(&pipe->writable);
	return pipe;
}

static void pipe_free(struct pipe *pipe)
{
	uk_free(pipe->buf);
	uk_free(pipe);
}

/* A buffer of `size` bytes with what is there at its start. */
static int rebuffer(struct pipe *pipe, size_t size)
{
	char *buf = uk_malloc(size);
	size_t first = UK_MIN(pipe->used, pipe->buf_bytes - pipe->head);

	if (!buf)
		return -ENOMEM;
	if (pipe->used) {
		memcpy(buf, pipe->buf + pipe->head, first);
		memcpy(buf + first, pipe->buf, pipe->used - first);
	}
	uk_free(pipe->buf);
	pipe->buf = buf;
	pipe->buf_bytes = size;
	pipe->head = 0;
	return 0;
}

/* Room in the buffer for `len` more bytes, which the capacity allows. */
static int make_room(struct pipe *pipe, size_t len)
{
	size_t size = pipe->buf_bytes ? pipe->buf_bytes : BUF_FIRST_BYTES;

	if (uk_likely(pipe->used + len <= pipe->buf_bytes))
		return 0;
	while (size < pipe->used + len)
		size *= 2;
	return rebuffer(pipe, size);
}

/* --- reading ------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) uk_ssize_t take_bytes(struct pipe *pipe,
								   struct uio *uio)
{
	uk_ssize_t done = 0;

	while (pipe->used && uio->resid_bytes) {
		size_t part = UK_MIN(pipe->used, pipe->buf_bytes - pipe->head);
		uk_ssize_t moved = uio_put(uio, pipe->buf + pipe->head, part);

		if (moved <= 0)
			return done ? done : moved;
		done += moved;
		pipe->used -= (size_t)moved;
		pipe->head = pipe->used ? (pipe->head + (size_t)moved) & (pipe->buf_bytes - 1) : 0;
	}
	return done;
}

static inline uk_ssize_t take_and_wake(struct pipe *pipe, struct uio *uio)
{
	uk_ssize_t ret = take_bytes(pipe, uio);

	waitq_wake(&pipe->writable, EVENTS_OUT);
	return ret;
}

static int wait_for_data(struct file *file)
{
	struct pipe *pipe = file->inode->pipe;

	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	return waitq_wait_event_exclusive(&pipe->readable, pipe->used || !pipe->writers,
					  UK_NO_TIMEOUT)
		       ? -ERESTARTSYS
		       : 0;
}

/* pipe.lock held, and given back. */
static uk_ssize_t __uk_noinline read_from_empty(struct file *file, struct uio *uio)
{
	struct pipe *pipe = file->inode->pipe;
	uk_ssize_t ret;

	while (!pipe->used && pipe->writers) {
		mutex_unlock(&pipe->lock);
		ret = wait_for_data(file);
		if (ret)
			return ret;
		mutex_lock(&pipe->lock);
	}
	ret = pipe->used ? take_and_wake(pipe, uio) : 0;
	if (pipe->used)
		waitq_wake_one(&pipe->readable, EVENTS_IN);
	mutex_unlock(&pipe->lock);
	return ret;
}

static uk_ssize_t pipe_read(struct file *file, struct uio *uio, loff_t *pos)
{
	struct pipe *pipe = file->inode->pipe;
	uk_ssize_t ret;

	if (!uio->resid_bytes)
		return 0;
	mutex_lock(&pipe->lock);
	if (uk_unlikely(!pipe->used))
		return read_from_empty(file, uio);
	ret = take_and_wake(pipe, uio);
	mutex_unlock(&pipe->lock);
	return ret;
}

/* --- writing ------------------------------------------------------------------------------- */

static uk_ssize_t put_bytes(struct pipe *pipe, struct uio *uio, size_t len)
{
	uk_ssize_t done = 0, moved;
	int ret = make_room(pipe, len);

	if (ret)
		return ret;
	while ((size_t)done < len) {
		size_t tail = (pipe->head + pipe->used) & (pipe->buf_bytes - 1);
		size_t part = UK_MIN(len - (size_t)done, pipe->buf_bytes - tail);

		moved = uio_take(uio, pipe->buf + tail, part);
		if (moved <= 0)
			return done ? done : moved;
		pipe->used += (size_t)moved;
		done += moved;
		if ((size_t)moved < part)
			break;
	}
	return done;
}

static bool has_room(const struct pipe *pipe, size_t len)
{
	return pipe->capacity - pipe->used >= len;
}

static uk_ssize_t no_readers(void)
{
	signal_raise_self(SIGPIPE);
	return -EPIPE;
}

/* One round: as much as fits now. -EAGAIN: nothing fits; writes up to PIPE_BUF go whole. */
static uk_ssize_t write_round(struct pipe *pipe, struct uio *uio, size_t least)
{
	uk_ssize_t moved;

	if (uk_unlikely(!pipe->readers))
		return no_readers();
	if (uk_unlikely(!has_room(pipe, least)))
		return -EAGAIN;
	moved = put_bytes(pipe, uio, UK_MIN(uio->resid_bytes, pipe->capacity - pipe->used));
	if (moved > 0)
		waitq_wake_one(&pipe->readable, EVENTS_IN);
	return moved;
}

static int __uk_noinline wait_for_room(struct file *file, size_t least)
{
	struct pipe *pipe = file->inode->pipe;

	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	return waitq_wait_event(&pipe->writable, has_room(pipe, least) || !pipe->readers,
				UK_NO_TIMEOUT)
		       ? -ERESTARTSYS
		       : 0;
}

static uk_ssize_t pipe_write(struct file *file, struct uio *uio, loff_t *pos)
{
	struct pipe *pipe = file->inode->pipe;
	size_t total = uio->resid_bytes, least = total <= PIPE_BUF ? total : 1, done = 0;
	uk_ssize_t ret = 0;

	if (!total)
		return 0;
	mutex_lock(&pipe->lock);
	while (done < total) {
		ret = write_round(pipe, uio, least);
		if (uk_likely(ret > 0)) {
			done += (size_t)ret;
			continue;
		}
		if (ret != -EAGAIN)
			break;
		mutex_unlock(&pipe->lock);
		ret = wait_for_room(file, least);
		if (ret)
			return done ? (uk_ssize_t)done : ret;
		mutex_lock(&pipe->lock);
	}
	mutex_unlock(&pipe->lock);
	return done ? (uk_ssize_t)done : ret;
}

/* --- the rest of file_ops ------------------------------------------------------------------- */

static unsigned int pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->inode->pipe;
	unsigned int events = 0;

	if (file->mode & FILE_READ) {
		poll_register(table, &pipe->readable);
		if (pipe->used)
			events |= EVENTS_IN;
		/* A FIFO that nobody opened for writing yet has not hung up. */
		if (!pipe->writers && (uintptr_t)file->priv != pipe->writer_opens)
			events |= EPOLLHUP;
	}
	if (file->mode & FILE_WRITE) {
		poll_register(table, &pipe->writable);
		if (has_room(pipe, PIPE_BUF))
			events |= EVENTS_OUT;
		if (!pipe->readers)
			events |= EPOLLERR;
	}
	return events;
}

static long pipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	int used = (int)file->inode->pipe->used;

	if (cmd != FIONREAD)
		return -ENOTTY;
	return put_user(used, (int __user *)arg);
}

/* Both locks held. */
static bool take_ends_off(struct pipe *pipe, unsigned int mode)
{
	if (mode & FILE_READ)
		pipe->readers--;
	if (mode & FILE_WRITE)
		pipe->writers--;
	return !pipe->readers && !pipe->writers;
}

static void drop_ends(struct inode *inode, unsigned int mode)
{
	struct pipe *pipe = inode->pipe;
	bool was_last;

	mutex_lock(&inode->lock);
	mutex_lock(&pipe->lock);
	was_last = take_ends_off(pipe, mode);
	if (was_last)
		inode->pipe = NULL;
	waitq_wake(&pipe->readable, EVENTS_IN | EPOLLHUP);
	waitq_wake(&pipe->writable, EVENTS_OUT | EPOLLERR);
	mutex_unlock(&pipe->lock);
	mutex_unlock(&inode->lock);
	if (was_last)
		pipe_free(pipe);
}

static void pipe_release(struct file *file)
{
	drop_ends(file->inode, file->mode);
}

static const struct file_ops pipe_file_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
};

/* --- opening ------------------------------------------------------------------------------- */

void fifo_release_inode(struct inode *inode)
{
	pipe_free(inode->pipe);
	inode->pipe = NULL;
}

static void add_ends(struct pipe *pipe, unsigned int mode)
{
	mutex_lock(&pipe->lock);
	if (mode & FILE_READ) {
		pipe->readers++;
		pipe->reader_opens++;
		waitq_wake(&pipe->writable, 0);
	}
	if (mode & FILE_WRITE) {
		pipe->writers++;
		pipe->writer_opens++;
		waitq_wake(&pipe->readable, 0);
	}
	mutex_unlock(&pipe->lock);
}

/* fifo(7): each side waits until the other was opened, be it only for a moment; `opens` is how
 * often that had happened before. */
static int wait_for_other_side(struct pipe *pipe, unsigned int access, unsigned int opens)
{
	if (access == FILE_WRITE)
		return waitq_wait_event(&pipe->writable,
					pipe->readers || pipe->reader_opens != opens,
					UK_NO_TIMEOUT);
	return waitq_wait_event(&pipe->readable, pipe->writers || pipe->writer_opens != opens,
				UK_NO_TIMEOUT);
}

/* inode.lock held: the FIFO's pipe, if need be a new one, with one more end. ERR_PTR. */
static struct pipe *attach(struct inode *inode, struct file *file, unsigned int access)
{
	struct pipe *pipe = inode->pipe;

	if (access == FILE_WRITE && file->flags & O_NONBLOCK && (!pipe || !pipe->readers))
		return ERR_PTR(-ENXIO);
	if (!pipe)
		pipe = pipe_alloc();
	if (!pipe)
		return ERR_PTR(-ENOMEM);
	inode->pipe = pipe;
	file->priv = (void *)(uintptr_t)pipe->writer_opens;
	add_ends(pipe, access);
	return pipe;
}

int fifo_open(struct inode *inode, struct file *file)
{
	unsigned int access = file->mode & (FILE_READ | FILE_WRITE), opens = 0;
	struct pipe *pipe;

	if (!access)
		return -EINVAL;
	mutex_lock(&inode->lock);
	pipe = attach(inode, file, access);
	if (!IS_ERR(pipe))
		opens = access == FILE_WRITE ? pipe->reader_opens : pipe->writer_opens;
	mutex_unlock(&inode->lock);
	if (IS_ERR(pipe))
		return (int)PTR_ERR(pipe);
	if (access != (FILE_READ | FILE_WRITE) && !(file->flags & O_NONBLOCK) &&
	    wait_for_other_side(pipe, access, opens)) {
		drop_ends(inode, access);
		return -ERESTARTSYS;
	}
	if (access & FILE_READ && pipe->writers)
		file->priv = NULL; /* it was there: its going is a hang-up */
	file->ops = &pipe_file_ops;
	return 0;
}

const struct inode_ops pipe_inode_ops = {0};

static struct file *open_end(struct dentry *dentry, unsigned int flags, unsigned int mode)
{
	struct file *file = file_alloc(&pipe_file_ops, flags, mode);

	if (IS_ERR(file))
		return file;
	file->path = (struct path){&vfs_anon_mount, dentry};
	path_get(&file->path);
	file->inode = dentry->inode;
	inode_get(file->inode);
	add_ends(file->inode->pipe, mode);
	return file;
}

static struct dentry *pipe_dentry(void)
{
	struct inode *inode = uk_malloc(sizeof(*inode));
	struct dentry *dentry;
	char name[32];

	if (!inode)
		return NULL;
	inode_init(inode, &vfs_anon_mount.sb, S_IFIFO | 0600);
	inode->ops = &pipe_inode_ops;
	inode->pipe = pipe_alloc();
	if (!inode->pipe) {
		inode_put(inode);
		return NULL;
	}
	uk_snprintf(name, sizeof(name), "pipe:[%lu]", (unsigned long)inode->ino);
	dentry = anon_dentry(name, inode);
	return dentry;
}

int pipe_create(struct file **read_end, struct file **write_end, int flags)
{
	struct dentry *dentry;

	if (flags & ~(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL; /* O_DIRECT, packets, is missing */
	dentry = pipe_dentry();
	if (!dentry)
		return -ENOMEM;
	flags &= O_NONBLOCK;
	*read_end = open_end(dentry, (unsigned int)flags | O_RDONLY, FILE_READ);
	*write_end = ERR_PTR(-ENOMEM);
	if (!IS_ERR(*read_end)) {
		*write_end = open_end(dentry, (unsigned int)flags | O_WRONLY, FILE_WRITE);
		if (IS_ERR(*write_end))
			file_put(*read_end);
	}
	dentry_put(dentry);
	return IS_ERR(*write_end) ? -ENOMEM : 0;
}

long pipe_set_size(struct file *file, unsigned long size_bytes)
{
	struct pipe *pipe = file->inode ? file->inode->pipe : NULL;
	size_t capacity = UK_PAGE_SIZE;
	long ret;

	if (!pipe || file->ops != &pipe_file_ops)
		return -EBADF;
	if (size_bytes > CAPACITY_MAX)
		return -EINVAL;
	while (capacity < size_bytes)
		capacity *= 2;
	mutex_lock(&pipe->lock);
	ret = -EBUSY;
	if (capacity < pipe->used)
		goto out;
	if (pipe->buf_bytes > capacity) {
		ret = rebuffer(pipe, capacity);
		if (ret)
			goto out;
	}
	pipe->capacity = capacity;
	waitq_wake(&pipe->writable, EVENTS_OUT);
	ret = (long)capacity;
out:
	mutex_unlock(&pipe->lock);
	return ret;
}

long pipe_get_size(struct file *file)
{
	if (!file->inode || !file->inode->pipe || file->ops != &pipe_file_ops)
		return -EBADF;
	return (long)file->inode->pipe->capacity;
}
