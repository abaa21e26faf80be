/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * File locks: flock(2), and byte ranges with two kinds of owner, the descriptor table (fcntl(2)
 * F_SETLK, POSIX) and the open file (F_OFD_SETLK). All advisory.
 *
 * The range arithmetic works on a plain list and is tested on the build host. inode.locks is
 * allocated with the first lock. Nothing here sleeps except the waiting calls, so on one CPU
 * the lists need no lock of their own.
 */
#ifndef UK_FILELOCK_H
#define UK_FILELOCK_H

#include <sys/queue.h>
#include <linux/fcntl.h>
#include <uk/essentials.h>
#include <uk/wait.h>

struct file;
struct inode;

#define FILELOCK_END UINT64_MAX /* last byte of a lock "to the end of the file" */

struct filelock {
	LIST_ENTRY(filelock) link;
	const void *owner;
	uint64_t first, last; /* bytes, inclusive */
	int pid;              /* what F_GETLK reports; -1 for open-file locks */
	bool is_exclusive;
};
/* Per owner: no overlaps, neighbours of one kind merged; in no order. */
LIST_HEAD(filelock_ranges, filelock);

struct filelock_list {
	struct filelock_ranges ranges; /* POSIX and open-file locks */
	struct filelock_ranges whole;  /* flock: one entry per open file */
	struct waitq waiters;          /* somebody unlocked */
};

/** A lock of another owner that excludes `request`, or NULL. */
struct filelock *filelock_conflict(const struct filelock_ranges *ranges,
				   const struct filelock *request);
/** Sets request's range for its owner, splitting and merging. 0 or -ENOMEM (nothing changed). */
int filelock_set(struct filelock_ranges *ranges, const struct filelock *request);
/** Takes the owner's locks out of [first, last]. 0 or -ENOMEM (nothing changed). */
int filelock_clear(struct filelock_ranges *ranges, const void *owner, uint64_t first,
		   uint64_t last);

/** flock(2): LOCK_SH, LOCK_EX, LOCK_UN, with LOCK_NB. */
int filelock_flock(struct file *file, int operation);
/** fcntl(2) F_GETLK, F_SETLK, F_SETLKW and their F_OFD_ kin; *lock in kernel memory. */
int filelock_fcntl(struct file *file, int cmd, struct flock *lock);

/** A descriptor (owner: its table) or an open file (owner: itself) was closed. */
void filelock_release_owner(struct inode *inode, const void *owner);
void filelock_free_all(struct inode *inode);

#endif /* UK_FILELOCK_H */
