/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chmod(2) and chown(2) on names of /proc and /sys. Inodes die with their last user, so what was
 * changed is kept by inode number, and put on again at each lookup, as long as the machine runs. As
 * on Linux what is changed below /proc/<pid> is forgotten, and below /proc/sys nothing can be.
 */
#include <uk/heap.h>
#include "procfs_internal.h"

struct changed {
	SLIST_ENTRY(changed) link;
	uint64_t ino;
	uint32_t mode, uid, gid;
};

static SLIST_HEAD(, changed) changes = SLIST_HEAD_INITIALIZER(changes);
static struct spinlock changes_lock = SPINLOCK_INIT;

static struct changed *find_locked(uint64_t ino)
{
	struct changed *changed;

	SLIST_FOREACH (changed, &changes, link)
		if (changed->ino == ino)
			break;
	return changed;
}

void proc_apply_changes(struct inode *inode)
{
	const struct changed *changed;
	unsigned long flags;

	if (uk_likely(SLIST_EMPTY(&changes)))
		return;
	flags = spin_lock_irqsave(&changes_lock);
	changed = find_locked(inode->ino);
	if (changed) {
		inode->mode = changed->mode;
		inode->uid = changed->uid;
		inode->gid = changed->gid;
	}
	spin_unlock_irqrestore(&changes_lock, flags);
}

/* `fresh` is for an inode that nobody changed before. */
static void remember(const struct inode *inode, struct changed *fresh)
{
	unsigned long flags = spin_lock_irqsave(&changes_lock);
	struct changed *changed = find_locked(inode->ino);

	if (!changed) {
		changed = fresh;
		fresh = NULL;
		SLIST_INSERT_HEAD(&changes, changed, link);
	}
	changed->ino = inode->ino;
	changed->mode = inode->mode;
	changed->uid = inode->uid;
	changed->gid = inode->gid;
	spin_unlock_irqrestore(&changes_lock, flags);
	uk_free(fresh);
}

static bool is_sysctl(const struct proc_inode *pi)
{
	const uint64_t sysctl_dirs = PROC_IN(DIR_SYS_LAST + 1) - PROC_IN(DIR_SYS);

	if (S_ISDIR(pi->inode.mode))
		return sysctl_dirs & PROC_IN(pi->dir);
	return pi->entry && (sysctl_dirs & pi->entry->in);
}

/* Sizes do not matter (O_TRUNC of a shell's redirection). */
int proc_setattr(struct inode *inode, const struct inode_attr *attr)
{
	const struct proc_inode *pi = proc_inode(inode);
	bool is_lasting = attr->valid & (ATTR_MODE | ATTR_UID | ATTR_GID);
	struct changed *fresh = NULL;

	if (is_lasting && is_sysctl(pi))
		return -EPERM;
	if ((attr->valid & ATTR_MODE) && pi->pid)
		return -EPERM;
	if (is_lasting && !pi->pid) {
		fresh = uk_malloc(sizeof(*fresh));
		if (!fresh)
			return -ENOMEM;
	}
	inode_apply_attr(inode, attr);
	if (fresh)
		remember(inode, fresh);
	return 0;
}
