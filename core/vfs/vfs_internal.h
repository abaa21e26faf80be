/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of core/vfs share among themselves: the dentry cache and the path walk. */
#ifndef VFS_INTERNAL_H
#define VFS_INTERNAL_H

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <uk/lock.h>
#include <uk/vfs.h>

/* --- dentry cache (dentry.c) ------------------------------------------------------------------ */

/**
 * One component of a name; not NUL-terminated. Names are hashed and compared in words of eight
 * bytes, the first byte lowest, the last word filled up with zeros: for 8, 16... bytes it is all
 * zeros, so that a word that holds a zero byte ends every name.
 */
struct name_part {
	const char *name;
	uint64_t last_word;
	unsigned int len;
	unsigned int hash;
};

/** Bytes of a name before its last word, and what a dentry stores it in. */
static inline size_t name_last_word_at(size_t len)
{
	return len & ~7UL;
}
static inline size_t name_stored_bytes(size_t len)
{
	return name_last_word_at(len) + 8;
}

static inline uint64_t name_word(const char *p)
{
	uint64_t word;

	__builtin_memcpy(&word, p, sizeof(word));
	return word;
}

/** The hash starts from the parent, so that "bin" spreads over its parents. */
#define NAME_HASH_FACTOR 0x9e3779b97f4a7c15UL
static inline uint64_t name_hash_start(const struct dentry *parent)
{
	return (uintptr_t)parent;
}
static inline uint64_t name_hash_add(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * NAME_HASH_FACTOR;
	return hash >> 32 | hash << 32; /* what was mixed best comes lowest */
}

struct name_part name_part_of(const struct dentry *parent, const char *name, size_t len);

LIST_HEAD(dentry_bucket, dentry);
extern struct dentry_bucket *dentry_table;
extern unsigned int dentry_table_mask;

static inline struct dentry_bucket *dentry_bucket_of(unsigned int hash)
{
	return &dentry_table[hash & dentry_table_mask];
}

/** Equal words before the last have no zero byte, so `stored` goes on behind them. */
static inline bool name_is_stored(const struct name_part *part, const char *stored)
{
	size_t end = name_last_word_at(part->len);

	for (size_t i = 0; i < end; i += 8)
		if (name_word(stored + i) != name_word(part->name + i))
			return false;
	return name_word(stored + end) == part->last_word;
}

/** The cached child, positive or negative; no reference. Tree lock held. */
static inline struct dentry *dentry_find(const struct dentry *parent, const struct name_part *part)
{
	struct dentry *dentry;

	LIST_FOREACH (dentry, dentry_bucket_of(part->hash), hash_link)
		if (dentry->hash == part->hash && dentry->parent == parent &&
		    name_is_stored(part, dentry->name))
			break;
	return dentry;
}
/** A negative child nobody can find yet; refcount 1. */
struct dentry *dentry_alloc_detached(struct dentry *parent, const struct name_part *part);
/** Makes a detached one findable. */
void dentry_attach(struct dentry *dentry);
static inline bool dentry_is_attached(const struct dentry *dentry)
{
	return dentry->hash_link.le_prev != NULL;
}
/** Takes the name out of the tree: hash, siblings, pin. The inode stays until the last put. */
void dentry_delete(struct dentry *dentry);
/** An allocated name with room for `len` bytes, before a move or swap. 0 or -ENOMEM. */
int dentry_reserve_name(struct dentry *dentry, unsigned int len);
/** A new parent and name; `part` is hashed for the new parent, the name's room reserved. */
void dentry_move(struct dentry *dentry, struct dentry *parent, const struct name_part *part);
/** Exchanges the places of two dentries with reserved names. */
void dentry_swap(struct dentry *a, struct dentry *b);
/** What is mounted on a directory; NULL: nothing any more. */
void dentry_set_mounted(struct dentry *dentry, struct mount *mount);
bool dentry_is_below(const struct dentry *dentry, const struct dentry *ancestor);
bool dentry_has_children(const struct dentry *dentry);
/** Drops unused cached dentries until at most `keep` are left. */
void dentry_shrink(unsigned int keep);
/** Deletes the whole tree under a root, for unmount. */
void dentry_delete_tree(struct dentry *root);

/* --- the walk (namei.c) ----------------------------------------------------------------------- */

#define WALK_PARENT    0x100 /* stop before the last component; internal UK_LOOKUP_* flag */
#define WALK_MAX_LINKS 40

enum walk_last { WALK_LAST_NORMAL, WALK_LAST_DOT, WALK_LAST_DOTDOT, WALK_LAST_ROOT };

/** What few walks need; dropped at the end. */
struct walk_keeps {
	char *text;           /* `rest` after a symbolic link was put in front */
	char *link_buf;       /* for filesystems that write out their link targets */
	struct dentry *held;  /* the last uncached dentry (procfs) */
	struct path followed; /* a magic link led here */
	struct file *base;    /* dirfd */
};

struct walk {
	struct path at;   /* where we are; no references: the tree lock keeps it */
	const char *rest; /* what is still to walk */
	unsigned int flags;
	unsigned int link_count;
	/* WALK_PARENT only */
	struct name_part last;
	enum walk_last last_kind;
	bool has_trailing_slash;
	bool has_keeps; /* `keeps` is in use: see walk_keeps() */
	struct walk_keeps keeps;
};

/** Takes the tree lock and walks. walk_end() in any case. */
int walk_path(struct walk *walk, const struct vfs_name *name, unsigned int flags);
/** Walks on, after walk_follow(). */
int walk_run(struct walk *walk);
void walk_drop(struct walk *walk);
static inline void walk_end(struct walk *walk)
{
	mutex_unlock(&vfs_tree_lock);
	if (uk_unlikely(walk->has_keeps))
		walk_drop(walk);
}
/** The child `part` of walk->at, negative ones too (WALK_PARENT callers); no reference. */
int walk_child(struct walk *walk, const struct name_part *part, struct dentry **child);
/** Steps onto a child that is no link to follow; crosses mounts. */
void walk_step(struct walk *walk, struct dentry *child);
/** Follows the symbolic link `link` in walk->at; `rest` comes after it. */
int walk_follow(struct walk *walk, struct dentry *link, const char *rest);

/* --- names (names.c) -------------------------------------------------------------------------- */

/**
 * Creates `mode` at walk->last under the tree lock; *dentry is the new child, with a reference.
 * For symbolic links `target`, else NULL.
 */
int name_create(struct walk *walk, uint32_t mode, uint64_t rdev, const char *target,
		struct dentry **dentry);
int mount_check_writable(const struct path *path);

/** file_read() and file_write() that nobody is told about: the caller does. */
uk_ssize_t file_read_silently(struct file *file, struct uio *uio, loff_t *pos);
uk_ssize_t file_write_silently(struct file *file, struct uio *uio, loff_t *pos);

/* --- inotify ---------------------------------------------------------------------------------- */

/** Innermost but for wait queues and heap, irq-off; what it guards: inotify_internal.h. */
extern struct spinlock inotify_lock;

/* --- others ----------------------------------------------------------------------------------- */

extern struct mount vfs_anon_mount; /* pipes, memfds: inodes outside every tree */
/** A dentry with its own name outside every tree, over `inode` (taken over). Refcount 1. */
struct dentry *anon_dentry(const char *name, struct inode *inode);
/** A file over a regular inode starts writing: 0, or -ETXTBSY when that is forbidden. */
int file_begin_write(struct file *file);
/** Opens `path` (its references are taken on success); flags already checked. */
struct file *file_open_path(const struct path *path, int flags);
void mount_destroy_tree(struct mount *mount);

const struct chrdev *chrdev_find(uint64_t rdev);

/** open(2) of a FIFO: waits for the other side. */
int fifo_open(struct inode *inode, struct file *file);
void fifo_release_inode(struct inode *inode);
extern const struct inode_ops pipe_inode_ops;

/** A regular file as if made in `dir`, but without a name. ERR_PTR on error. */
struct inode *ramfs_nameless(struct inode *dir, uint32_t mode);
const char *ramfs_readlink(struct inode *inode, char *buf);
int ramfs_file_setattr(struct inode *inode, const struct inode_attr *attr);

#endif /* VFS_INTERNAL_H */
