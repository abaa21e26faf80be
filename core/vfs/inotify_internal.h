/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Watches and their instances: what the hooks (fsnotify.c) and the calls (inotify.c) share.
 *
 * inotify_lock (irq-off) guards all of it: inode.watches, the watches and queues of every instance;
 * and, with vfs_tree_lock, a dentry's name and parent, so that a hook can read them without the
 * tree lock, which it may not take. Nothing is freed while it is held: the last reference to an
 * inode may sleep.
 */
#ifndef INOTIFY_INTERNAL_H
#define INOTIFY_INTERNAL_H

#include <bsd/sys/tree.h>
#include <uk/fsnotify.h>
#include <uk/inotify.h>
#include "inotify_queue.h"

struct inotify_watch {
	LIST_ENTRY(inotify_watch) inode_link; /* inode.watches; then in a list of ended ones */
	RB_ENTRY(inotify_watch) node;         /* by wd */
	struct inotify *instance;
	struct inode *inode; /* reference held */
	int wd;
	uint32_t mask; /* events, IN_EXCL_UNLINK, IN_ONESHOT */
};
RB_HEAD(inotify_watch_tree, inotify_watch);
LIST_HEAD(inotify_watch_list, inotify_watch);

struct inotify {
	LIST_ENTRY(inotify) link; /* of all instances */
	struct inotify_watch_tree watches;
	int last_wd;
	struct waitq readers;
	struct inotify_queue queue; /* last: it ends in a name of any length */
};

LIST_HEAD(inotify_list, inotify);
extern struct inotify_list inotify_instances;
struct inotify_watch *inotify_first_watch(struct inotify *instance);
struct inotify_watch *inotify_next_watch(struct inotify_watch *watch);

/** Queues one event for the watch's reader. */
void inotify_put_event_locked(struct inotify_watch *watch, uint32_t mask, uint32_t cookie,
			      const char *name, size_t name_len);
/** Takes the watch out with an IN_IGNORED and puts it on `ended`. */
void inotify_end_watch_locked(struct inotify_watch *watch, struct inotify_watch_list *ended);
/** Frees what is on the list, without the lock. */
void inotify_free_watches(struct inotify_watch_list *ended);

#endif /* INOTIFY_INTERNAL_H */
