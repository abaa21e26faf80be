/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inotify(7): instances, which are files, and their watches. A watch keeps its inode alive but not
 * its name or its mount; it ends with the inode's last name or with the filesystem.
 */
#include <asm/ioctls.h>
#include <linux/errno.h>
#include <uk/heap.h>
#include <uk/procfs.h>
#include <uk/task.h>
#include "inotify_internal.h"
#include "vfs_internal.h"

#define WATCH_BITS (IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT)

struct spinlock inotify_lock = SPINLOCK_INIT;
struct inotify_list inotify_instances = LIST_HEAD_INITIALIZER(inotify_instances);
struct inotify_limits inotify_limits = {
	.max_queued_events = 16384,
	.max_user_instances = 128,
	.max_user_watches = 65536,
};
static unsigned int instance_count, watch_count;

static inline int compare(const struct inotify_watch *a, const struct inotify_watch *b)
{
	return a->wd < b->wd ? -1 : a->wd > b->wd;
}
RB_GENERATE_INTERNAL(inotify_watch_tree, inotify_watch, node, compare, static __uk_unused)

struct inotify_watch *inotify_first_watch(struct inotify *instance)
{
	return RB_MIN(inotify_watch_tree, &instance->watches);
}

struct inotify_watch *inotify_next_watch(struct inotify_watch *watch)
{
	return RB_NEXT(inotify_watch_tree, , watch);
}

/* --- watches -------------------------------------------------------------------------------- */

void inotify_put_event_locked(struct inotify_watch *watch, uint32_t mask, uint32_t cookie,
			      const char *name, size_t name_len)
{
	struct inotify *instance = watch->instance;
	const struct inotify_event event = {.wd = watch->wd, .mask = mask, .cookie = cookie};

	if (inotify_queue_add(&instance->queue, &event, name, name_len,
			      (unsigned int)inotify_limits.max_queued_events))
		waitq_wake(&instance->readers, EPOLLIN | EPOLLRDNORM);
}

void inotify_end_watch_locked(struct inotify_watch *watch, struct inotify_watch_list *ended)
{
	inotify_put_event_locked(watch, IN_IGNORED, 0, NULL, 0);
	RB_REMOVE(inotify_watch_tree, &watch->instance->watches, watch);
	LIST_REMOVE(watch, inode_link);
	LIST_INSERT_HEAD(ended, watch, inode_link);
	watch_count--;
}

void inotify_free_watches(struct inotify_watch_list *ended)
{
	struct inotify_watch *watch;

	while ((watch = LIST_FIRST(ended))) {
		LIST_REMOVE(watch, inode_link);
		inode_put(watch->inode);
		uk_free(watch);
	}
}

static struct inotify_watch *find_watch(struct inotify *instance, int wd)
{
	struct inotify_watch key = {.wd = wd};

	return RB_FIND(inotify_watch_tree, &instance->watches, &key);
}

static struct inotify_watch *watch_of(const struct inotify *instance, const struct inode *inode)
{
	struct inotify_watch *watch;

	LIST_FOREACH (watch, &inode->watches, inode_link)
		if (watch->instance == instance)
			return watch;
	return NULL;
}

/* A number is not given twice until all have been given. */
static int next_wd(struct inotify *instance)
{
	do {
		instance->last_wd = instance->last_wd == INT32_MAX ? 1 : instance->last_wd + 1;
	} while (find_watch(instance, instance->last_wd));
	return instance->last_wd;
}

/* `spare` becomes the watch of `inode` if there is none yet; else *spare stays. */
static int add_locked(struct inotify *instance, struct inode *inode, uint32_t mask,
		      struct inotify_watch **spare)
{
	struct inotify_watch *watch = watch_of(instance, inode);

	if (watch) {
		if (mask & IN_MASK_CREATE)
			return -EEXIST;
		if (!(mask & IN_MASK_ADD))
			watch->mask = 0;
		watch->mask |= mask & WATCH_BITS;
		return watch->wd;
	}
	if (watch_count >= (uint64_t)inotify_limits.max_user_watches)
		return -ENOSPC;
	watch = *spare;
	*spare = NULL;
	*watch = (struct inotify_watch){
		.instance = instance,
		.inode = inode,
		.wd = next_wd(instance),
		.mask = mask & WATCH_BITS,
	};
	inode_get(inode);
	RB_INSERT(inotify_watch_tree, &instance->watches, watch);
	LIST_INSERT_HEAD(&inode->watches, watch, inode_link);
	watch_count++;
	return watch->wd;
}

/* From now on the inode, and what is in it, has somebody to tell. */
static void mark_watched(const struct dentry *dentry)
{
	const struct dentry *child;

	dentry->inode->is_watched = true;
	if (!S_ISDIR(dentry->inode->mode))
		return;
	mutex_lock(&vfs_tree_lock);
	TAILQ_FOREACH (child, &dentry->children, sibling_link)
		if (child->inode)
			child->inode->is_watched = true;
	mutex_unlock(&vfs_tree_lock);
}

int inotify_add(struct file *file, const struct path *path, uint32_t mask)
{
	struct inotify_watch *spare = uk_malloc(sizeof(*spare));
	unsigned long flags;
	int wd;

	if (!spare)
		return -ENOMEM;
	flags = spin_lock_irqsave(&inotify_lock);
	wd = add_locked(file->priv, path->dentry->inode, mask, &spare);
	spin_unlock_irqrestore(&inotify_lock, flags);
	uk_free(spare);
	if (wd > 0)
		mark_watched(path->dentry);
	return wd;
}

int inotify_remove(struct file *file, int wd)
{
	struct inotify_watch_list ended = LIST_HEAD_INITIALIZER(ended);
	unsigned long flags = spin_lock_irqsave(&inotify_lock);
	struct inotify_watch *watch = find_watch(file->priv, wd);

	if (watch)
		inotify_end_watch_locked(watch, &ended);
	spin_unlock_irqrestore(&inotify_lock, flags);
	inotify_free_watches(&ended);
	return watch ? 0 : -EINVAL;
}

/* --- the file ------------------------------------------------------------------------------- */

static struct inotify_item *take(struct inotify *instance, size_t room)
{
	unsigned long flags = spin_lock_irqsave(&inotify_lock);
	struct inotify_item *item = inotify_queue_take(&instance->queue, room);

	spin_unlock_irqrestore(&inotify_lock, flags);
	return item;
}

/* As on Linux an event that meets a bad buffer is lost. */
static int put_item(struct inotify *instance, struct inotify_item *item, struct uio *uio)
{
	size_t len = inotify_item_bytes(item);
	uk_ssize_t moved = uio_put(uio, &item->event, len);

	inotify_item_free(&instance->queue, item);
	return moved == (uk_ssize_t)len ? 0 : -EFAULT;
}

static uk_ssize_t inotify_read(struct file *file, struct uio *uio, loff_t *pos)
{
	struct inotify *instance = file->priv;
	size_t wanted = uio->resid_bytes;
	int error = 0;

	while (!error) {
		struct inotify_item *item = take(instance, uio->resid_bytes);

		if (IS_ERR(item))
			error = (int)PTR_ERR(item);
		else if (item)
			error = put_item(instance, item, uio);
		else if (uio->resid_bytes < wanted)
			break;
		else if (file->flags & O_NONBLOCK)
			error = -EAGAIN;
		else if (waitq_wait_event(&instance->readers, instance->queue.count, UK_NO_TIMEOUT))
			error = -ERESTARTSYS;
	}
	if (error == -EFAULT || uio->resid_bytes == wanted)
		return error;
	return (uk_ssize_t)(wanted - uio->resid_bytes);
}

static unsigned int inotify_poll(struct file *file, struct poll_table *table)
{
	struct inotify *instance = file->priv;

	poll_register(table, &instance->readers);
	return instance->queue.count ? EPOLLIN | EPOLLRDNORM : 0;
}

static long inotify_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct inotify *instance = file->priv;

	return cmd == FIONREAD ? put_user((int)instance->queue.bytes, (int __user *)arg) : -ENOTTY;
}

static void inotify_release(struct file *file)
{
	struct inotify_watch_list ended = LIST_HEAD_INITIALIZER(ended);
	struct inotify *instance = file->priv;
	unsigned long flags = spin_lock_irqsave(&inotify_lock);
	struct inotify_watch *watch;

	while ((watch = RB_ROOT(&instance->watches)))
		inotify_end_watch_locked(watch, &ended);
	LIST_REMOVE(instance, link);
	instance_count--;
	spin_unlock_irqrestore(&inotify_lock, flags);
	inotify_free_watches(&ended);
	inotify_queue_clear(&instance->queue);
	uk_free(instance);
}

static void inotify_show_fdinfo(struct file *file, struct seq *seq)
{
	unsigned long flags = spin_lock_irqsave(&inotify_lock);
	struct inotify *instance = file->priv;
	struct inotify_watch *watch;

	RB_FOREACH (watch, inotify_watch_tree, &instance->watches)
		seq_printf(seq, "inotify wd:%x ino:%lx sdev:%lx mask:%x ignored_mask:0\n",
			   (unsigned int)watch->wd, watch->inode->ino, watch->inode->sb->dev,
			   watch->mask & IN_ALL_EVENTS);
	spin_unlock_irqrestore(&inotify_lock, flags);
}

static const struct file_ops inotify_file_ops = {
	.read = inotify_read,
	.lseek = file_lseek_zero,
	.poll = inotify_poll,
	.ioctl = inotify_ioctl,
	.release = inotify_release,
	.show_fdinfo = inotify_show_fdinfo,
};

bool file_is_inotify(const struct file *file)
{
	return file->ops == &inotify_file_ops;
}

struct file *inotify_create_file(unsigned int flags)
{
	static struct anon_kind kind = {.name = "anon_inode:inotify"};
	struct inotify *instance;
	unsigned long irq_flags;
	struct file *file;

	if (instance_count >= (uint64_t)inotify_limits.max_user_instances)
		return ERR_PTR(-EMFILE);
	instance = uk_zalloc(sizeof(*instance));
	if (!instance)
		return ERR_PTR(-ENOMEM);
	file = anon_file_alloc(&kind, &inotify_file_ops, flags, instance);
	if (IS_ERR(file)) {
		uk_free(instance);
		return file;
	}
	RB_INIT(&instance->watches);
	waitq_init(&instance->readers);
	inotify_queue_init(&instance->queue);
	file->flags = flags; /* read-only */
	file->mode = FILE_READ;
	irq_flags = spin_lock_irqsave(&inotify_lock);
	LIST_INSERT_HEAD(&inotify_instances, instance, link);
	instance_count++;
	spin_unlock_irqrestore(&inotify_lock, irq_flags);
	return file;
}
