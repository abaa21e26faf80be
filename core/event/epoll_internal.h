/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * epoll(7) from the inside. An instance has items; an item is a file under one of its descriptors
 * and what is wanted of it. It hangs a hook on every wait queue that its file registers; a wake
 * puts it on the instance's ready list. Waiting asks only the files of the items on that list, so
 * its cost does not depend on how many items there are.
 *
 * An item is on the ready list as long as its file may be ready. `is_hit` says that an event came
 * since the file was last asked: such an item is not taken off the list, so no event gets lost
 * between asking and taking off.
 *
 * An item holds no reference to its file: file_release() calls epoll_forget_file(). So a file that
 * can be watched must not lose its last reference under vmspace.lock, that is, not be mapped.
 *
 * Locks, outer first:
 *   epoll_links_lock  which instance watches which file: file.watches, `nested`, life of items
 *   epoll.lock        its tree of items, who scans the ready list; an instance's before those of
 *                     the instances that it watches
 *   epoll.ready_lock  irq-off: ready list, is_listed, is_hit. Only who holds epoll.lock takes items
 *                     off the list; anybody adds to its end.
 */
#ifndef EPOLL_INTERNAL_H
#define EPOLL_INTERNAL_H

#include <bsd/sys/tree.h>
#include <uk/epoll.h>
#include <uk/file.h>
#include <uk/lock.h>

/* Bits of epoll_event.events that say how to watch, not what for. */
#define EPOLL_MODES (EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP)

struct epoll;

struct epoll_hook {
	struct waitq_entry entry; /* ctx: the item */
	struct waitq *wq;
	struct epoll_hook *next;
};

struct epoll_item {
	RB_ENTRY(epoll_item) node;
	TAILQ_ENTRY(epoll_item) ready_link;
	struct epoll *epoll;
	struct file *file;
	int fd;
	bool is_listed, is_hit;
	uint32_t events; /* wanted, and modes; only modes: EPOLLONESHOT, used up */
	uint64_t data;
	LIST_ENTRY(epoll_item) watch_link;  /* file.watches */
	LIST_ENTRY(epoll_item) nested_link; /* epoll.nested, when the file is an instance */
	struct epoll_hook *hooks;           /* the first one is first_hook */
	struct epoll_hook first_hook;       /* most files have one queue */
};

RB_HEAD(epoll_tree, epoll_item);
TAILQ_HEAD(epoll_ready, epoll_item);

struct epoll {
	struct mutex lock;
	struct spinlock ready_lock;
	struct epoll_ready ready;
	struct waitq waiters;  /* in epoll_wait(2) */
	struct waitq watchers; /* who polls the instance itself */
	struct epoll_tree items;
	struct file *file;
	LIST_HEAD(, epoll_item) nested; /* items whose file is an instance */
	uint64_t check;                 /* epoll_nest.c: the last one that came by, */
	unsigned int depth;             /* and what it found */
};

extern struct mutex epoll_links_lock;
extern const struct file_ops epoll_file_ops;

static inline bool file_is_epoll(const struct file *file)
{
	return file->ops == &epoll_file_ops;
}

/* epoll_wait.c */
bool epoll_on_event(struct waitq_entry *entry, unsigned int events);
/** The file of the item is ready: lists it and wakes. Any context. */
void epoll_item_ready(struct epoll_item *item);
/** Takes the item off the ready list; no hook is left that could put it there again. */
void epoll_item_unlist(struct epoll_item *item);
/** Is any file of the instance ready? epoll.lock not held. */
bool epoll_is_ready(struct epoll *epoll);

/* epoll_nest.c */
/** Would `inner`, watched by `outer`, close a loop or make too long a chain? epoll_links_lock held.
 */
bool epoll_nests_too_deep(struct epoll *outer, struct epoll *inner);

#endif /* EPOLL_INTERNAL_H */
