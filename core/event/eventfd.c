/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eventfd(2): a counter as a file. A read takes it to zero (EFD_SEMAPHORE: takes one) and waits
 * while it is zero; a write adds and waits while the sum would pass COUNT_MAX.
 *
 * The counter is the whole state and changes by compare-and-exchange only, so there is no lock;
 * whoever changed it wakes afterwards. Sleepers and watchers of both directions share one queue.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/eventfd.h>
#include <uk/file.h>
#include <uk/heap.h>
#include <uk/procfs.h>
#include <uk/task.h>

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
	uint64_t count; /* atomic */
	struct waitq waiters;
	bool is_semaphore;
	unsigned int id; /* fdinfo */
};

static inline uint64_t count_of(const struct eventfd *eventfd)
{
	return __atomic_load_n(&eventfd->count, __ATOMIC_RELAXED);
}

static inline bool try_change(struct eventfd *eventfd, uint64_t *now, uint64_t wanted)
{
	return __atomic_compare_exchange_n(&eventfd->count, now, wanted, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

/* What a read gets; 0: nothing there. */
static uint64_t take(struct eventfd *eventfd)
{
	uint64_t now = count_of(eventfd), taken;

	do {
		if (!now)
			return 0;
		taken = eventfd->is_semaphore ? 1 : now;
	} while (!try_change(eventfd, &now, now - taken));
	return taken;
}

static bool try_add(struct eventfd *eventfd, uint64_t value)
{
	uint64_t now = count_of(eventfd);

	do {
		if (value > COUNT_MAX - now)
			return false;
	} while (!try_change(eventfd, &now, now + value));
	return true;
}

/* Until a read would find something; -EAGAIN, -ERESTARTSYS. */
static int __uk_noinline wait_to_read(const struct file *file)
{
	struct eventfd *eventfd = file->priv;

	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	return waitq_wait_event(&eventfd->waiters, count_of(eventfd), UK_NO_TIMEOUT) ? -ERESTARTSYS
										     : 0;
}

static int __uk_noinline wait_to_write(const struct file *file, uint64_t value)
{
	struct eventfd *eventfd = file->priv;

	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	return waitq_wait_event(&eventfd->waiters, value <= COUNT_MAX - count_of(eventfd),
				UK_NO_TIMEOUT)
		       ? -ERESTARTSYS
		       : 0;
}

static uk_ssize_t eventfd_read(struct file *file, struct uio *uio, loff_t *pos)
{
	struct eventfd *eventfd = file->priv;
	uint64_t value;

	if (uk_unlikely(uio->resid_bytes < sizeof(value)))
		return -EINVAL;
	while (uk_unlikely(!(value = take(eventfd)))) {
		int error = wait_to_read(file);

		if (error)
			return error;
	}
	waitq_wake_one(&eventfd->waiters, EPOLLOUT);
	/* As on Linux, a value that cannot be stored is lost. */
	return uio_put_number(uio, value) ? -EFAULT : (uk_ssize_t)sizeof(value);
}

static uk_ssize_t eventfd_write(struct file *file, struct uio *uio, loff_t *pos)
{
	struct eventfd *eventfd = file->priv;
	uint64_t value;

	if (uk_unlikely(uio->resid_bytes < sizeof(value)))
		return -EINVAL;
	if (uk_unlikely(uio_take_number(uio, &value)))
		return -EFAULT;
	if (uk_unlikely(value == UINT64_MAX))
		return -EINVAL;
	while (uk_unlikely(!try_add(eventfd, value))) {
		int error = wait_to_write(file, value);

		if (error)
			return error;
	}
	waitq_wake_one(&eventfd->waiters, EPOLLIN);
	return sizeof(value);
}

static unsigned int eventfd_poll(struct file *file, struct poll_table *table)
{
	struct eventfd *eventfd = file->priv;
	uint64_t count;

	poll_register(table, &eventfd->waiters);
	count = count_of(eventfd);
	return (count ? EPOLLIN : 0) | (count < COUNT_MAX ? EPOLLOUT : 0);
}

static void eventfd_release(struct file *file)
{
	uk_free(file->priv);
}

static void eventfd_show_fdinfo(struct file *file, struct seq *seq)
{
	const struct eventfd *eventfd = file->priv;

	seq_printf(seq, "eventfd-count: %16lx\neventfd-id: %u\neventfd-semaphore: %d\n",
		   (unsigned long)count_of(eventfd), eventfd->id, eventfd->is_semaphore);
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.lseek = file_lseek_zero,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.show_fdinfo = eventfd_show_fdinfo,
};

struct file *eventfd_create_file(unsigned int initial, int flags)
{
	static struct anon_kind kind = {.name = "anon_inode:[eventfd]"};
	static unsigned int last_id;
	struct eventfd *eventfd;
	struct file *file;

	if (flags & ~(EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC))
		return ERR_PTR(-EINVAL);
	eventfd = uk_malloc(sizeof(*eventfd));
	if (!eventfd)
		return ERR_PTR(-ENOMEM);
	eventfd->count = initial;
	waitq_init(&eventfd->waiters);
	eventfd->is_semaphore = flags & EFD_SEMAPHORE;
	eventfd->id = __atomic_fetch_add(&last_id, 1, __ATOMIC_RELAXED);
	file = anon_file_alloc(&kind, &eventfd_ops, (unsigned int)(flags & EFD_NONBLOCK), eventfd);
	if (IS_ERR(file))
		uk_free(eventfd);
	return file;
}
