/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what happens to files to events: who watches the inode itself, and who the directory that
 * its name is in. The order of events is Linux': the directory's first, for one call as its man
 * page lists the steps. Locks: see inotify_internal.h.
 */
#include "inotify_internal.h"
#include "vfs_internal.h"

/* One thing that happened, on its way to the watches of one inode. */
struct notice {
	uint32_t event, cookie;
	bool is_unlinked; /* what happened to a file without a name: IN_EXCL_UNLINK */
	const char *name;
	size_t name_len;
	struct inotify_watch_list ended; /* to be freed when the lock is let go */
};

static uint32_t dir_bit(uint32_t mode)
{
	return S_ISDIR(mode) ? IN_ISDIR : 0;
}

static void tell_locked(struct inode *inode, struct notice *notice)
{
	struct inotify_watch *watch = LIST_FIRST(&inode->watches), *next;

	for (; watch; watch = next) {
		next = LIST_NEXT(watch, inode_link);
		if (!(watch->mask & notice->event & IN_ALL_EVENTS) ||
		    (notice->is_unlinked && watch->mask & IN_EXCL_UNLINK))
			continue;
		inotify_put_event_locked(watch, notice->event, notice->cookie, notice->name,
					 notice->name_len);
		if (watch->mask & IN_ONESHOT)
			inotify_end_watch_locked(watch, &notice->ended);
	}
}

/* The hint was wrong, if nobody can hear of the inode through another name. */
static bool is_unheard(const struct inode *inode, const struct dentry *dentry)
{
	return dentry && LIST_EMPTY(&inode->watches) &&
	       LIST_EMPTY(&dentry->parent->inode->watches) && !dentry->is_deleted &&
	       (S_ISDIR(inode->mode) || inode->nlink <= 1);
}

/* Whoever watches the directory, by name, then whoever watches the inode. */
static void tell_both(struct inode *inode, const struct dentry *dentry, struct notice *notice)
{
	unsigned long flags = spin_lock_irqsave(&inotify_lock);
	struct inode *dir = dentry ? dentry->parent->inode : inode;

	notice->event |= dir_bit(inode->mode);
	if (dir != inode) {
		notice->name = dentry->name;
		notice->name_len = dentry->name_len;
		tell_locked(dir, notice);
		notice->name = NULL;
		notice->name_len = 0;
	}
	tell_locked(inode, notice);
	if (is_unheard(inode, dentry))
		inode->is_watched = false;
	spin_unlock_irqrestore(&inotify_lock, flags);
	inotify_free_watches(&notice->ended);
}

void fsnotify_file_slow(const struct file *file, uint32_t event)
{
	const struct dentry *dentry = file->path.dentry;
	struct notice notice = {.event = event, .is_unlinked = dentry && dentry->is_deleted};

	if (!(file->mode & FILE_PATH))
		tell_both(file->inode, dentry, &notice);
}

void fsnotify_close_slow(const struct file *file)
{
	fsnotify_file_slow(file, file->mode & FILE_WRITE ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
}

void fsnotify_dentry_slow(const struct dentry *dentry, uint32_t event)
{
	struct notice notice = {.event = event};

	tell_both(dentry->inode, dentry, &notice);
}

static void tell(struct inode *inode, struct notice *notice)
{
	unsigned long flags;

	if (LIST_EMPTY(&inode->watches))
		return;
	flags = spin_lock_irqsave(&inotify_lock);
	tell_locked(inode, notice);
	spin_unlock_irqrestore(&inotify_lock, flags);
	inotify_free_watches(&notice->ended);
}

void fsnotify_inode(struct inode *inode, uint32_t event)
{
	struct notice notice = {.event = event | dir_bit(inode->mode)};

	tell(inode, &notice);
}

void fsnotify_name(struct inode *dir, const char *name, size_t len, uint32_t event, uint32_t mode)
{
	struct notice notice = {
		.event = event | dir_bit(mode),
		.name = name,
		.name_len = len,
	};

	tell(dir, &notice);
}

void fsnotify_move(const struct fsnotify_move *move)
{
	static uint32_t last_cookie;
	uint32_t is_dir = dir_bit(move->inode->mode);
	struct notice from = {
		.event = IN_MOVED_FROM | is_dir,
		.cookie = __atomic_add_fetch(&last_cookie, 1, __ATOMIC_RELAXED),
		.name = move->from,
		.name_len = move->from_len,
	};
	struct notice to = {
		.event = IN_MOVED_TO | is_dir,
		.cookie = from.cookie,
		.name = move->to,
		.name_len = move->to_len,
	};
	struct notice self = {.event = IN_MOVE_SELF};

	tell(move->from_dir, &from);
	tell(move->to_dir, &to);
	if (move->victim)
		fsnotify_inode(move->victim, IN_ATTRIB);
	tell(move->inode, &self);
}

void fsnotify_inode_gone(struct inode *inode)
{
	struct notice notice = {.event = IN_DELETE_SELF};
	struct inotify_watch *watch;
	unsigned long flags;

	if (LIST_EMPTY(&inode->watches))
		return;
	flags = spin_lock_irqsave(&inotify_lock);
	tell_locked(inode, &notice);
	while ((watch = LIST_FIRST(&inode->watches)))
		inotify_end_watch_locked(watch, &notice.ended);
	spin_unlock_irqrestore(&inotify_lock, flags);
	inotify_free_watches(&notice.ended);
}

static void end_watches_on(struct inotify *instance, const struct superblock *sb,
			   struct inotify_watch_list *ended)
{
	struct inotify_watch *watch = inotify_first_watch(instance), *next;

	for (; watch; watch = next) {
		next = inotify_next_watch(watch);
		if (watch->inode->sb != sb)
			continue;
		inotify_put_event_locked(watch, IN_UNMOUNT, 0, NULL, 0);
		inotify_end_watch_locked(watch, ended);
	}
}

void fsnotify_unmount(const struct superblock *sb)
{
	struct inotify_watch_list ended = LIST_HEAD_INITIALIZER(ended);
	unsigned long flags = spin_lock_irqsave(&inotify_lock);
	struct inotify *instance;

	LIST_FOREACH (instance, &inotify_instances, link)
		end_watches_on(instance, sb, &ended);
	spin_unlock_irqrestore(&inotify_lock, flags);
	inotify_free_watches(&ended);
}
