/* SPDX-License-Identifier: BSD-3-Clause */
/* flock(2) and the locks of fcntl(2) on open files; the arithmetic is in filelock_range.c. */
#include <linux/errno.h>
#include <linux/fs.h>
#include <uk/file.h>
#include <uk/filelock.h>
#include <uk/heap.h>
#include <uk/task.h>

static struct filelock_list *locks_of(struct inode *inode)
{
	struct filelock_list *locks = inode->locks;

	if (!locks) {
		locks = uk_zalloc(sizeof(*locks));
		if (!locks)
			return NULL;
		LIST_INIT(&locks->ranges);
		LIST_INIT(&locks->whole);
		waitq_init(&locks->waiters);
		inode->locks = locks;
	}
	return locks;
}

/* Waits while another owner's lock is in the way, if allowed to; then sets it. */
static int acquire(struct filelock_list *locks, struct filelock_ranges *ranges,
		   const struct filelock *request, bool may_wait)
{
	while (filelock_conflict(ranges, request)) {
		if (!may_wait)
			return -EAGAIN;
		if (waitq_wait_event(&locks->waiters, !filelock_conflict(ranges, request),
				     UK_NO_TIMEOUT))
			return -ERESTARTSYS;
	}
	return filelock_set(ranges, request);
}

int filelock_flock(struct file *file, int operation)
{
	struct filelock request = {.owner = file, .last = FILELOCK_END, .pid = -1};
	struct filelock_list *locks;
	int kind = operation & ~LOCK_NB, ret;

	if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
		return -EINVAL;
	if (!file->inode)
		return -EBADF;
	locks = locks_of(file->inode);
	if (!locks)
		return -ENOMEM;
	/* Conversion is not atomic: the old lock goes first (flock(2)). */
	filelock_clear(&locks->whole, file, 0, FILELOCK_END);
	waitq_wake(&locks->waiters, 0);
	if (kind == LOCK_UN)
		return 0;
	request.is_exclusive = kind == LOCK_EX;
	ret = acquire(locks, &locks->whole, &request, !(operation & LOCK_NB));
	return ret;
}

/* The bytes that struct flock means: l_start relative to l_whence, l_len of either sign. */
static int range_of(struct file *file, const struct flock *lock, struct filelock *request)
{
	int64_t base, first, last;

	switch (lock->l_whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = file->pos;
		break;
	case SEEK_END:
		base = (int64_t)file->inode->size_bytes;
		break;
	default:
		return -EINVAL;
	}
	if (uk_add_overflow(base, (int64_t)lock->l_start, &first))
		return -EOVERFLOW;
	if (lock->l_len < 0) {
		last = first - 1;
		if (uk_add_overflow(first, (int64_t)lock->l_len, &first))
			return -EINVAL;
	} else if (uk_add_overflow(first, (int64_t)lock->l_len - 1, &last)) {
		return -EOVERFLOW;
	}
	if (first < 0)
		return -EINVAL;
	request->first = (uint64_t)first;
	request->last = lock->l_len ? (uint64_t)last : FILELOCK_END;
	return 0;
}

static int get_lock(struct filelock_list *locks, const struct filelock *request, struct flock *lock)
{
	const struct filelock *found = filelock_conflict(&locks->ranges, request);

	if (!found) {
		lock->l_type = F_UNLCK;
		return 0;
	}
	lock->l_type = found->is_exclusive ? F_WRLCK : F_RDLCK;
	lock->l_whence = SEEK_SET;
	lock->l_start = (__kernel_off_t)found->first;
	lock->l_len =
		found->last == FILELOCK_END ? 0 : (__kernel_off_t)(found->last - found->first + 1);
	lock->l_pid = found->pid;
	return 0;
}

static int set_lock(struct file *file, struct filelock_list *locks, struct filelock *request,
		    short type, bool may_wait)
{
	int ret;

	switch (type) {
	case F_UNLCK:
		ret = filelock_clear(&locks->ranges, request->owner, request->first, request->last);
		break;
	case F_RDLCK:
		ret = file->mode & FILE_READ ? acquire(locks, &locks->ranges, request, may_wait)
					     : -EBADF;
		break;
	case F_WRLCK:
		ret = file->mode & FILE_WRITE ? acquire(locks, &locks->ranges, request, may_wait)
					      : -EBADF;
		break;
	default:
		return -EINVAL;
	}
	/* Unlocking and turning exclusive into shared lets others in. */
	if (!ret && type != F_WRLCK)
		waitq_wake(&locks->waiters, 0);
	return ret;
}

int filelock_fcntl(struct file *file, int cmd, struct flock *lock)
{
	bool is_ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
	struct filelock request = {.is_exclusive = lock->l_type == F_WRLCK};
	struct filelock_list *locks;
	int ret;

	if (!file->inode)
		return -EBADF;
	if (is_ofd && lock->l_pid)
		return -EINVAL;
	request.owner = is_ofd ? (const void *)file : (const void *)current_fdtable();
	request.pid = is_ofd ? -1 : current->process->pid;
	ret = range_of(file, lock, &request);
	if (ret)
		return ret;
	locks = locks_of(file->inode);
	if (!locks)
		return -ENOMEM;
	if (cmd == F_GETLK || cmd == F_OFD_GETLK) {
		if (lock->l_type != F_RDLCK && lock->l_type != F_WRLCK)
			return -EINVAL;
		return get_lock(locks, &request, lock);
	}
	return set_lock(file, locks, &request, lock->l_type,
			cmd == F_SETLKW || cmd == F_OFD_SETLKW);
}

/* Removing whole locks never splits one, so it cannot fail. */
void filelock_release_owner(struct inode *inode, const void *owner)
{
	struct filelock_list *locks = inode->locks;

	filelock_clear(&locks->ranges, owner, 0, FILELOCK_END);
	filelock_clear(&locks->whole, owner, 0, FILELOCK_END);
	waitq_wake(&locks->waiters, 0);
}

static void free_ranges(struct filelock_ranges *ranges)
{
	struct filelock *lock;

	while ((lock = LIST_FIRST(ranges))) {
		LIST_REMOVE(lock, link);
		uk_free(lock);
	}
}

void filelock_free_all(struct inode *inode)
{
	free_ranges(&inode->locks->ranges);
	free_ranges(&inode->locks->whole);
	uk_free(inode->locks);
	inode->locks = NULL;
}
