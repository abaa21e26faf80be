/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * file: an open file description (open(2)); fdtable: descriptors -> (file, close-on-exec).
 *
 * Locks: file.pos_lock serialises the implicit offset (files with FILE_SEEKABLE only);
 * fdtable.lock guards the table; lookups take no lock on one CPU.
 */
#ifndef UK_FILE_H
#define UK_FILE_H

#include <linux/types.h>
#include <uk/inode.h>
#include <uk/lock.h>
#include <uk/poll.h>
#include <uk/uio.h>

struct epoll_item;
struct file;
struct vma;
struct vm_object;
struct dirent_sink;
struct seq;

/**
 * Operations; NULL means the default in parentheses. `pos` is the offset to use and advance;
 * NULL for streams. read and write return bytes moved, 0 at end of file, or -errno;
 * blocking ones return -EAGAIN with O_NONBLOCK and -ERESTARTSYS when a signal came first.
 */
struct file_ops {
	/** A character device was opened; may replace file->ops and set file->priv. Without the
	 *  tree lock. On an error nothing else is called. (nothing) */
	int (*open)(struct file *file);
	uk_ssize_t (*read)(struct file *file, struct uio *uio, loff_t *pos);  /* (-EINVAL) */
	uk_ssize_t (*write)(struct file *file, struct uio *uio, loff_t *pos); /* (-EINVAL) */
	loff_t (*lseek)(struct file *file, loff_t offset, int whence);        /* (-ESPIPE) */
	/** Ready EPOLL* bits now; registers with `table` on every queue that can change them.
	 * Called with epoll.lock held: takes no mutex under which a file may be put. */
	unsigned int (*poll)(struct file *file, struct poll_table *table);     /* (always IN|OUT) */
	long (*ioctl)(struct file *file, unsigned int cmd, unsigned long arg); /* (-ENOTTY) */
	/** The memory behind the file, with a reference, for mmap. ERR_PTR on error. (-ENODEV) */
	struct vm_object *(*mmap)(struct file *file, unsigned int prot, bool is_shared);
	int (*readdir)(struct file *file, struct dirent_sink *sink);              /* (-ENOTDIR) */
	int (*fsync)(struct file *file, bool data_only);                          /* (-EINVAL) */
	int (*fallocate)(struct file *file, int mode, loff_t offset, loff_t len); /* (-ENODEV) */
	int (*set_flags)(struct file *file, unsigned int flags); /* F_SETFL veto (allowed) */
	void (*flush)(struct file *file);                        /* one descriptor was closed */
	void (*release)(struct file *file);                      /* last reference gone */
	/** What /proc/<pid>/fdinfo/<fd> says beyond offset and flags. (nothing) */
	void (*show_fdinfo)(struct file *file, struct seq *seq);
	bool is_no_source; /* sendfile(2) does not read it (it does) */
};

/* file.mode */
#define FILE_READ     0x1
#define FILE_WRITE    0x2
#define FILE_SEEKABLE 0x4  /* has an implicit offset */
#define FILE_PATH     0x8  /* O_PATH: names a place, cannot be used for I/O */
#define FILE_PREAD    0x10 /* no offset of its own, but pread(2) and lseek(2) are allowed */
#define FILE_NOTIFY   0x20 /* a stream whose reads and writes somebody may watch */
#define FILE_WRITER   0x40 /* counted in inode.write_count */
#define FILE_DENIES   0x80 /* the same, as one that forbids writing */
/* file_note_direct() says so: a stream, nobody to tell, and the operation is there. */
#define FILE_DIRECT_READ  0x100
#define FILE_DIRECT_WRITE 0x200

struct file {
	unsigned int refcount;
	unsigned int flags; /* O_* status flags as F_GETFL shows them */
	unsigned int mode;  /* FILE_* */
	const struct file_ops *ops;
	struct path path;    /* references held; dentry NULL for anonymous files */
	struct inode *inode; /* = path.dentry->inode when there is one; reference held */
	loff_t pos;          /* pos_lock */
	struct mutex pos_lock;
	void *priv; /* the ops' */
	struct fown {
		int pid, signo;
	} owner;                         /* F_SETOWN, F_SETSIG */
	uint64_t readdir_cookie;         /* the filesystem's */
	LIST_HEAD(, epoll_item) watches; /* interest lists it is in: core/event's */
};

/** After mode or ops of a file that is being made were changed. */
void file_note_direct(struct file *file);
/** A file over an inode / without one; refcount 1. ERR_PTR(-ENOMEM/-ENFILE). */
struct file *file_alloc(const struct file_ops *ops, unsigned int flags, unsigned int mode);
static inline void file_get(struct file *file)
{
	__atomic_fetch_add(&file->refcount, 1, __ATOMIC_RELAXED);
}
/** As long as the file is open nobody may open its inode for writing: what runs is not changed.
 *  0, or -ETXTBSY: somebody does so already. Once per file. */
int file_deny_write(struct file *file);
void file_allow_write(struct file *file);

void file_release(struct file *file);
static inline void file_put(struct file *file)
{
	if (__atomic_fetch_sub(&file->refcount, 1, __ATOMIC_ACQ_REL) == 1)
		file_release(file);
}

/**
 * Files that are neither in a tree nor have an inode of their own: eventfd, epoll, ... As on Linux
 * they share one, and /proc/<pid>/fd shows them by the name of their kind.
 */
struct anon_kind {
	const char *name;      /* "anon_inode:[eventfd]" */
	struct dentry *dentry; /* NULL until the first file */
};
/** Open for reading and writing; `flags`: status flags as O_NONBLOCK. On failure `priv` is still
 *  the caller's. ERR_PTR(-ENOMEM). */
struct file *anon_file_alloc(struct anon_kind *kind, const struct file_ops *ops, unsigned int flags,
			     void *priv);
/** The same over a new inode of this mode, called "<kind>:[<inode>]". */
struct file *anon_file_alloc_own(const char *kind, uint32_t mode, const struct file_ops *ops,
				 unsigned int flags, void *priv);

/* --- I/O with all checks of read(2) and friends; `pos` NULL: the file's own offset ------------ */
uk_ssize_t file_read(struct file *file, struct uio *uio, loff_t *pos);
uk_ssize_t file_write(struct file *file, struct uio *uio, loff_t *pos);
/** Into kernel memory, not touching the file's own offset: for the loader. Less than `len` only
 *  at the end of the file. */
uk_ssize_t file_read_kernel(struct file *file, void *buf, size_t len, loff_t offset);
/** lseek(2). */
loff_t file_lseek(struct file *file, loff_t offset, int whence);
/** getdents(2): -ENOTDIR, -ENOENT for a removed directory. */
int file_readdir(struct file *file, struct dirent_sink *sink);
/** Ready bits; the default (always ready) when the file has no opinion. */
static inline unsigned int file_poll(struct file *file, struct poll_table *table)
{
	return file->ops->poll ? file->ops->poll(file, table)
			       : EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;
}
/** F_SETFL: only O_APPEND, O_NONBLOCK, O_DIRECT, O_NOATIME and O_ASYNC change. */
int file_set_flags(struct file *file, unsigned int flags);

/* Building blocks for file_ops. */
/** SEEK_SET, SEEK_CUR, SEEK_END, and SEEK_DATA/SEEK_HOLE of a file without holes. */
loff_t file_lseek_sized(struct file *file, loff_t offset, int whence, uint64_t size_bytes);
/** file_ops.lseek of devices that have no position: always 0. */
loff_t file_lseek_zero(struct file *file, loff_t offset, int whence);
/** A read from `len` bytes at `data` that are the whole file: for generated texts. */
uk_ssize_t file_read_from(struct uio *uio, loff_t *pos, const void *data, size_t len);
/** RLIMIT_FSIZE and the largest offset: shortens *len or refuses with -EFBIG (and SIGXFSZ). */
int file_write_limit(loff_t pos, size_t *len);
/** The same for a file that is to have `size` bytes: 0, or -EFBIG if it would grow too large. */
int file_growth_limit(const struct inode *inode, uint64_t size);

/** Largest count of one read or write (read(2), NOTES). */
#define UK_RW_MAX_BYTES 0x7ffff000UL

/* --- descriptors ------------------------------------------------------------------------------ */
struct fdtable {
	unsigned int refcount;
	struct mutex lock;
	unsigned int size;        /* slots allocated */
	unsigned int lowest_free; /* no free slot below */
	struct file **files;      /* [size] */
	unsigned long *cloexec;   /* bitmap [size], behind files in the same block */
};

struct fdtable *fdtable_create(void);
struct fdtable *fdtable_copy(struct fdtable *from); /* fork */
void fdtable_put(struct fdtable *table);
/** The current task shares its table with nobody from now on. 0 or -ENOMEM. */
int fdtable_unshare(void);
void fdtable_close_on_exec(struct fdtable *table);
struct fdtable *current_fdtable(void);
/** What is open in any table, or NULL, without a reference; the lowest open descriptor >= fd, or
 *  -1. For listings: table.lock held, or irq-off. */
struct file *fdtable_peek(const struct fdtable *table, int fd);
int fdtable_next_open(const struct fdtable *table, int fd);

/** The file behind `fd` with a reference, or NULL (-EBADF). O_PATH files only with
 * file_get_fd_path. */
struct file *file_get_fd(int fd);
struct file *file_get_fd_path(int fd);

/** Lowest free descriptor >= min; takes over the caller's reference only on success.
 *  -EMFILE (RLIMIT_NOFILE), -ENOMEM. */
int fd_install(struct file *file, unsigned int min, bool cloexec);
/** dup2/dup3: `fd` exactly; what was there is closed. -EBUSY: reserved by another thread. */
int fd_install_at(struct file *file, int fd, bool cloexec);
int fd_close(int fd); /* 0 or -EBADF */
int fd_get_cloexec(int fd);
int fd_set_cloexec(int fd, bool cloexec);
int fd_close_range(unsigned int first, unsigned int last, bool cloexec_only);

/** The lowest free descriptor, to be filled by fd_install_reserved() or given back by
 *  fd_unreserve() before the call ends; until then it is not open. For calls that must not get
 *  hold of something they have no descriptor for. -EMFILE, -ENOMEM. */
int fd_reserve(bool cloexec);
/** Takes over the caller's reference. */
void fd_install_reserved(int fd, struct file *file);
void fd_unreserve(int fd);

#endif /* UK_FILE_H */
