/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll(7): instances and their interest lists. epoll_internal.h tells how it all works. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/heap.h>
#include <uk/procfs.h>
#include "epoll_internal.h"

/* What EPOLLEXCLUSIVE goes together with (epoll_ctl(2)). */
#define EXCLUSIVE_ALLOWS                                                                           \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

struct mutex epoll_links_lock = MUTEX_INIT(epoll_links_lock);

static int compare(const struct epoll_item *a, const struct epoll_item *b)
{
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return (a->fd > b->fd) - (a->fd < b->fd);
}

/* The _STATIC forms need libbsd's <sys/cdefs.h>. */
RB_PROTOTYPE_INTERNAL(epoll_tree, epoll_item, node, compare, __uk_unused static)
RB_GENERATE_INTERNAL(epoll_tree, epoll_item, node, compare, __uk_unused static)

static struct epoll_item *find(struct epoll *epoll, struct file *file, int fd)
{
	const struct epoll_item wanted = {.file = file, .fd = fd};

	return RB_FIND(epoll_tree, &epoll->items, (struct epoll_item *)&wanted);
}

/* --- hooks ------------------------------------------------------------------------------------ */

struct hooking {
	struct poll_table table;
	struct epoll_item *item;
	bool is_out_of_memory;
};

static void add_hook(struct poll_table *table, struct waitq *wq)
{
	struct hooking *hooking = uk_container_of(table, struct hooking, table);
	struct epoll_item *item = hooking->item;
	struct epoll_hook *hook = &item->first_hook;

	if (item->hooks)
		hook = uk_malloc(sizeof(*hook));
	if (!hook) {
		hooking->is_out_of_memory = true;
		return;
	}
	hook->entry = (struct waitq_entry){
		.wake = epoll_on_event,
		.ctx = item,
		.is_exclusive = item->events & EPOLLEXCLUSIVE,
	};
	hook->wq = wq;
	hook->next = item->hooks;
	item->hooks = hook;
	waitq_add(wq, &hook->entry);
}

static void remove_hooks(struct epoll_item *item)
{
	struct epoll_hook *hook, *next;

	for (hook = item->hooks; hook; hook = next) {
		next = hook->next;
		waitq_remove(hook->wq, &hook->entry);
		if (hook != &item->first_hook)
			uk_free(hook);
	}
}

/* --- items: epoll_links_lock and epoll.lock held ---------------------------------------------- */

static void remove_item(struct epoll_item *item)
{
	remove_hooks(item);
	epoll_item_unlist(item);
	LIST_REMOVE(item, watch_link);
	if (file_is_epoll(item->file))
		LIST_REMOVE(item, nested_link);
	RB_REMOVE(epoll_tree, &item->epoll->items, item);
	uk_free(item);
}

static int insert_item(struct epoll *epoll, struct file *file, int fd,
		       const struct epoll_event *event)
{
	struct epoll_item *item = uk_zalloc(sizeof(*item));
	struct hooking hooking = {.table.add = add_hook, .item = item};

	if (!item)
		return -ENOMEM;
	item->epoll = epoll;
	item->file = file;
	item->fd = fd;
	item->events = event->events;
	item->data = event->data;
	RB_INSERT(epoll_tree, &epoll->items, item);
	LIST_INSERT_HEAD(&file->watches, item, watch_link);
	if (file_is_epoll(file))
		LIST_INSERT_HEAD(&epoll->nested, item, nested_link);
	if (file_poll(file, &hooking.table) & item->events)
		epoll_item_ready(item);
	if (hooking.is_out_of_memory)
		remove_item(item);
	return hooking.is_out_of_memory ? -ENOMEM : 0;
}

static int add(struct epoll *epoll, struct file *file, int fd, const struct epoll_event *event)
{
	int error = -ELOOP;

	mutex_lock(&epoll_links_lock);
	if (!file_is_epoll(file) || !epoll_nests_too_deep(epoll, file->priv)) {
		mutex_lock(&epoll->lock);
		error = find(epoll, file, fd) ? -EEXIST : insert_item(epoll, file, fd, event);
		mutex_unlock(&epoll->lock);
	}
	mutex_unlock(&epoll_links_lock);
	return error;
}

static int delete (struct epoll *epoll, struct file *file, int fd)
{
	struct epoll_item *item;

	mutex_lock(&epoll_links_lock);
	mutex_lock(&epoll->lock);
	item = find(epoll, file, fd);
	if (item)
		remove_item(item);
	mutex_unlock(&epoll->lock);
	mutex_unlock(&epoll_links_lock);
	return item ? 0 : -ENOENT;
}

static int modify(struct epoll *epoll, struct file *file, int fd, const struct epoll_event *event)
{
	struct epoll_item *item;
	int error = 0;

	mutex_lock(&epoll->lock);
	item = find(epoll, file, fd);
	if (!item) {
		error = -ENOENT;
	} else if (item->events & EPOLLEXCLUSIVE) {
		error = -EINVAL;
	} else {
		item->data = event->data;
		/* Before the file is asked: an event in between must find what is wanted now. */
		__atomic_store_n(&item->events, event->events, __ATOMIC_SEQ_CST);
		if (file_poll(file, NULL) & event->events)
			epoll_item_ready(item);
	}
	mutex_unlock(&epoll->lock);
	return error;
}

/* EPOLLEXCLUSIVE is for EPOLL_CTL_ADD, and not for instances. */
static bool is_bad_exclusive(int op, const struct file *target, uint32_t events)
{
	if (!(events & EPOLLEXCLUSIVE))
		return false;
	if (op == EPOLL_CTL_ADD)
		return file_is_epoll(target) || events & ~EXCLUSIVE_ALLOWS;
	return op == EPOLL_CTL_MOD;
}

int epoll_control(struct file *file, int op, struct file *target, int fd,
		  const struct epoll_event *event)
{
	struct epoll_event wanted;

	if (!target->ops->poll)
		return -EPERM;
	if (file == target || !file_is_epoll(file))
		return -EINVAL;
	if (op == EPOLL_CTL_DEL)
		return delete (file->priv, target, fd);
	if (is_bad_exclusive(op, target, event->events))
		return -EINVAL;
	/* EPOLLWAKEUP without effect, as on a machine that is never suspended. */
	wanted.events = (event->events & ~EPOLLWAKEUP) | EPOLLERR | EPOLLHUP;
	wanted.data = event->data;
	if (op == EPOLL_CTL_ADD)
		return add(file->priv, target, fd, &wanted);
	return op == EPOLL_CTL_MOD ? modify(file->priv, target, fd, &wanted) : -EINVAL;
}

void epoll_forget_file(struct file *file)
{
	struct epoll_item *item;

	mutex_lock(&epoll_links_lock);
	while ((item = LIST_FIRST(&file->watches))) {
		struct epoll *epoll = item->epoll;

		mutex_lock(&epoll->lock);
		remove_item(item);
		mutex_unlock(&epoll->lock);
	}
	mutex_unlock(&epoll_links_lock);
}

/* --- the file --------------------------------------------------------------------------------- */

static unsigned int epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll *epoll = file->priv;

	poll_register(table, &epoll->watchers);
	return epoll_is_ready(epoll) ? EPOLLIN | EPOLLRDNORM : 0;
}

/* Nobody waits, and nobody watches it any more; epoll_forget_file() may be waiting for an item. */
static void epoll_release(struct file *file)
{
	struct epoll *epoll = file->priv;
	struct epoll_item *item;

	mutex_lock(&epoll_links_lock);
	while ((item = RB_ROOT(&epoll->items)))
		remove_item(item);
	mutex_unlock(&epoll_links_lock);
	uk_free(epoll);
}

static void epoll_show_fdinfo(struct file *file, struct seq *seq)
{
	struct epoll *epoll = file->priv;
	struct epoll_item *item;

	mutex_lock(&epoll->lock);
	RB_FOREACH (item, epoll_tree, &epoll->items) {
		const struct inode *inode = item->file->inode;

		seq_printf(seq, "tfd: %8d events: %8x data: %16lx  pos:%ld ino:%lx sdev:%x\n",
			   item->fd, item->events, (unsigned long)item->data, item->file->pos,
			   (unsigned long)(inode ? inode->ino : 0),
			   (unsigned int)(inode ? inode->sb->dev : 0));
	}
	mutex_unlock(&epoll->lock);
}

const struct file_ops epoll_file_ops = {
	.lseek = file_lseek_zero,
	.poll = epoll_poll,
	.release = epoll_release,
	.show_fdinfo = epoll_show_fdinfo,
};

struct file *epoll_create_file(void)
{
	static struct anon_kind kind = {.name = "anon_inode:[eventpoll]"};
	struct epoll *epoll = uk_zalloc(sizeof(*epoll));
	struct file *file;

	if (!epoll)
		return ERR_PTR(-ENOMEM);
	mutex_init(&epoll->lock);
	TAILQ_INIT(&epoll->ready);
	waitq_init(&epoll->waiters);
	waitq_init(&epoll->watchers);
	file = anon_file_alloc(&kind, &epoll_file_ops, 0, epoll);
	if (IS_ERR(file))
		uk_free(epoll);
	else
		epoll->file = file;
	return file;
}
