/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inode, dentry, mount, path: the tree of names. Every name ever looked up is a dentry in one
 * hash (negative ones too); a memory filesystem keeps its whole tree there.
 *
 * Reference rules: a dentry holds its inode and its parent; a path holds its mount and its dentry.
 * Locks: vfs_tree_lock (mutex) guards names (create, unlink, rename, mount) and the dentry hash;
 * a walk holds it from beginning to end and so needs no references on its way. inode.lock guards
 * data and attributes; it is held while program memory is copied, so it comes before
 * vmspace.lock, and vm_object_ops.get_page must not take it.
 */
#ifndef UK_INODE_H
#define UK_INODE_H

#include <sys/queue.h>
#include <uk/stat.h>
#include <linux/types.h>
#include <uk/essentials.h>
#include <uk/lock.h>
#include <uk/string.h>

struct inode;
struct dentry;
struct mount;
struct superblock;
struct file;
struct file_ops;
struct statfs;
struct path;

struct timestamp {
	int64_t sec;
	uint32_t nsec;
};

/** What a setattr changes: one bit of `valid` per field. */
#define ATTR_MODE  0x01
#define ATTR_UID   0x02
#define ATTR_GID   0x04
#define ATTR_SIZE  0x08
#define ATTR_ATIME 0x10
#define ATTR_MTIME 0x20
struct inode_attr {
	unsigned int valid;
	uint32_t mode, uid, gid;
	uint64_t size_bytes;
	struct timestamp atime, mtime;
};

/**
 * All called with vfs_tree_lock held where they change or read names. NULL means the error in
 * parentheses. `dentry` is a negative dentry with a name; on success the filesystem attaches
 * an inode through dentry_instantiate().
 */
struct inode_ops {
	int (*lookup)(struct inode *dir, struct dentry *dentry);               /* (-ENOENT) */
	int (*create)(struct inode *dir, struct dentry *dentry, uint32_t mode, /* (-EROFS) */
		      uint64_t rdev);                                          /* any S_IFMT type */
	int (*symlink)(struct inode *dir, struct dentry *dentry, const char *target);
	int (*link)(struct inode *inode, struct inode *dir, struct dentry *dentry);
	int (*unlink)(struct inode *dir, struct dentry *dentry);
	int (*rmdir)(struct inode *dir, struct dentry *dentry); /* empty: checked */
	int (*rename)(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *new_dentry, unsigned int flags);
	/** The target; stays valid while the inode does, or is written into buf[PATH_MAX]. */
	const char *(*readlink)(struct inode *inode, char *buf); /* ERR_PTR on error */
	/** For magic links (/proc/self/exe, /proc/self/fd/N): the place itself, with references;
	 *  -ENOENT otherwise (then readlink decides). */
	int (*follow)(struct inode *inode, struct path *target);
	int (*setattr)(struct inode *inode, const struct inode_attr *attr); /* (only in memory) */
	void (*getattr)(struct inode *inode); /* refreshes size and times before stat */
	/** Opens: sets file->ops, file->priv. Default: file->ops = inode->file_ops. */
	int (*open)(struct inode *inode, struct file *file);
	void (*release)(struct inode *inode); /* last reference gone */
};

struct inode {
	unsigned int refcount;
	uint32_t mode; /* S_IFMT | permissions */
	uint32_t nlink, uid, gid;
	bool is_watched;  /* a hint: see <uk/fsnotify.h> */
	bool is_linkable; /* O_TMPFILE without O_EXCL: link(2) may give it its first name */
	uint64_t ino, size_bytes, rdev;
	uint64_t alloc_bytes; /* memory or disk used by the data: st_blocks */
	struct timestamp atime, mtime, ctime, btime;
	struct superblock *sb;
	const struct inode_ops *ops;
	const struct file_ops *file_ops;
	int write_count; /* open files that write it; negative: that forbid it. Atomic */
	struct mutex lock;
	struct filelock_list *locks;        /* flock and POSIX locks; NULL when none */
	struct pipe *pipe;                  /* a FIFO that is open somewhere */
	LIST_HEAD(, inotify_watch) watches; /* inotify_lock */
	void *priv;
};

struct dentry {
	unsigned int refcount;
	unsigned int hash;
	struct inode *inode;          /* NULL: negative */
	struct dentry *parent;        /* itself at a root; changes with inotify_lock held, too */
	struct mount *mounted;        /* a filesystem is mounted here */
	LIST_ENTRY(dentry) hash_link; /* le_prev NULL: not in the hash */
	TAILQ_ENTRY(dentry) sibling_link;
	union {
		TAILQ_HEAD(dentry_list, dentry) children; /* in the order of their cookies */
		TAILQ_ENTRY(dentry) lru_link; /* unpinned, hashed, refcount 0: no children */
	};
	uint64_t cookie; /* ascending in the order of birth: where readdir is */
	bool is_pinned;  /* memory filesystem: the dentry is the only record; the
			    pin owns one reference */
	bool is_deleted;
	bool is_plain; /* a walk may just step on it: there, no link, nothing mounted on it */
	uint16_t name_len;
	char *name; /* NUL-terminated and more, see store_name(); inline_name unless renamed */
	char inline_name[];
};

struct path {
	struct mount *mount;
	struct dentry *dentry;
};

struct superblock {
	const struct fs_type *type;
	uint64_t dev; /* st_dev, as user space encodes it */
	struct dentry *root;
	unsigned int flags; /* MS_RDONLY ... */
	bool keeps_lookups; /* what inode_ops.lookup found, or did not, may be cached.
			       Off (procfs): asked again each time */
	uint64_t last_ino;  /* for filesystems that number as they go */
	void *priv;
};

struct fs_type {
	const char *name; /* as in /proc/filesystems and vfs.fstab */
	bool needs_device;
	/** Builds a superblock with its root dentry. 0 or -errno. */
	int (*mount)(const char *source, unsigned int flags, const char *options,
		     struct superblock *sb);
	void (*unmount)(struct superblock *sb);
	int (*statfs)(struct superblock *sb, struct statfs *out);
};

struct mount {
	unsigned int refcount;
	struct superblock sb;
	struct mount *parent; /* NULL: the root mount */
	struct dentry *mountpoint;
	char *source;
	unsigned int flags;
	TAILQ_ENTRY(mount) link; /* in mount order, for /proc/mounts */
};

/** Every field: refcount and nlink 1 (a directory 2), next number of sb, all times vfs_now(). */
void inode_init(struct inode *inode, struct superblock *sb, uint32_t mode);
/** Calls ops->release, which frees the memory; without one it is uk_free()d. */
void inode_release(struct inode *inode);
static inline void inode_get(struct inode *inode)
{
	__atomic_fetch_add(&inode->refcount, 1, __ATOMIC_RELAXED);
}
static inline void inode_put(struct inode *inode)
{
	if (__atomic_fetch_sub(&inode->refcount, 1, __ATOMIC_ACQ_REL) == 1)
		inode_release(inode);
}

/** First reference to a cached dentry, last one gone. Use dentry_get and dentry_put. */
void dentry_revive(struct dentry *dentry);
void dentry_retire(struct dentry *dentry);
static inline void dentry_get(struct dentry *dentry)
{
	if (uk_unlikely(__atomic_fetch_add(&dentry->refcount, 1, __ATOMIC_RELAXED) == 0))
		dentry_revive(dentry);
}
static inline void dentry_put(struct dentry *dentry)
{
	if (uk_unlikely(__atomic_fetch_sub(&dentry->refcount, 1, __ATOMIC_ACQ_REL) == 1))
		dentry_retire(dentry);
}
/** Attaches an inode (takes over the reference) to a negative dentry. */
void dentry_instantiate(struct dentry *dentry, struct inode *inode);
/** Keeps the dentry (with a reference of its own) until it is deleted: memory filesystems. */
void dentry_pin(struct dentry *dentry);
/**
 * A new root (parent NULL) or a child that can be found at once; negative, refcount 1.
 * NULL: no memory. vfs_tree_lock held, unless nobody knows the tree yet.
 */
struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t len);
/** dentry_alloc + dentry_instantiate, pinned by the one reference: for building trees. Takes the
 *  inode over, also when it fails. NULL inode or no memory: NULL. */
struct dentry *dentry_add_n(struct dentry *parent, const char *name, size_t len,
			    struct inode *inode);
static inline struct dentry *dentry_add(struct dentry *parent, const char *name,
					struct inode *inode)
{
	return dentry_add_n(parent, name, strlen(name), inode);
}
/** The way back: the name goes, and the inode with its last user. Not for folders with names in
 *  them. */
void dentry_remove(struct dentry *dentry);
/** The child in the cache, without a reference, or NULL. */
struct dentry *dentry_lookup_cached(struct dentry *parent, const char *name, size_t len);

/** For inode_ops.setattr: mode, owner and times in memory; inode.lock held. */
void inode_apply_attr(struct inode *inode, const struct inode_attr *attr);
/** The time stamp for changes made now; cheap (coarse clock). */
struct timestamp vfs_now(void);

/** The last reference is gone. With vfs_tree_lock or without it; takes it then. */
void mount_release(struct mount *mount);
static inline void path_get(const struct path *path)
{
	__atomic_fetch_add(&path->mount->refcount, 1, __ATOMIC_RELAXED);
	dentry_get(path->dentry);
}
static inline void path_put(const struct path *path)
{
	dentry_put(path->dentry);
	if (uk_unlikely(__atomic_fetch_sub(&path->mount->refcount, 1, __ATOMIC_ACQ_REL) == 1))
		mount_release(path->mount);
}

/** Makes a filesystem type known; asserts that the name is new. */
void fs_register(const struct fs_type *type);
/** The same type under a second name (initrd: extract). */
void fs_register_alias(const char *name, const struct fs_type *type);
const struct fs_type *fs_find(const char *name);
/** For /proc/filesystems. */
void fs_for_each(void (*visit)(const char *name, const struct fs_type *type, void *ctx), void *ctx);

extern struct mutex vfs_tree_lock;

#endif /* UK_INODE_H */
