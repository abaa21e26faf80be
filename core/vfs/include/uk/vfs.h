/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls of the virtual filesystem: what system call handlers, the loader and rootfs use.
 * Names are kernel strings (already copied in), at most PATH_MAX bytes with the NUL. All return
 * 0 or -errno as the man page of the call says, and may sleep.
 */
#ifndef UK_VFS_H
#define UK_VFS_H

#include <asm/statfs.h>
#include <uk/stat.h>
#include <uk/file.h>
#include <uk/inode.h>

/** Working directory, root and umask; shared by CLONE_FS. */
struct fsctx {
	unsigned int refcount;
	struct path root, cwd; /* vfs_tree_lock */
	uint32_t umask;
};
struct fsctx *fsctx_create(const struct path *root);
struct fsctx *fsctx_copy(struct fsctx *from);
void fsctx_put(struct fsctx *fs);
struct fsctx *current_fs(void);

/** A name relative to a directory: what every *at call takes. */
struct vfs_name {
	int dirfd; /* AT_FDCWD or a descriptor; ignored for absolute names */
	const char *name;
	unsigned int flags; /* UK_LOOKUP_* */
};
#define UK_LOOKUP_FOLLOW     0x1 /* follow a symbolic link in the last component */
#define UK_LOOKUP_EMPTY_PATH 0x2 /* "" names dirfd itself (AT_EMPTY_PATH) */
#define UK_LOOKUP_DIRECTORY  0x4 /* must be a directory */

/** Resolves; *path gets references. path_resolution(7). */
int vfs_lookup(const struct vfs_name *name, struct path *path);
/** open(2). name->flags are not used, the open flags say it. ERR_PTR. */
struct file *vfs_open(const struct vfs_name *name, int flags, uint32_t mode);
struct file *vfs_open_path(const struct path *path, int flags); /* ERR_PTR */
/** Convenience for the kernel itself: relative to the root, following links. */
int vfs_lookup_kernel(const char *name, struct path *path);
struct file *vfs_open_kernel(const char *name, int flags, uint32_t mode);
/** A small file of the kernel's own, mode 0644; `flags` beside O_WRONLY: O_CREAT | O_EXCL, O_TRUNC.
 */
int vfs_write_kernel(const char *name, int flags, const char *text, size_t len);

void vfs_stat_inode(const struct inode *inode, struct statx *out);
int vfs_stat(const struct vfs_name *name, struct statx *out);
/** What `name` leads to, attributes up to date, with a reference. ERR_PTR on error. */
struct inode *vfs_find_inode(const struct vfs_name *name);
int vfs_statfs(const struct path *path, struct statfs *out);
int vfs_access(const struct vfs_name *name, int mode);
int vfs_mknod(const struct vfs_name *name, uint32_t mode, uint64_t rdev);
/** The same; *made gets references to the new node. */
int vfs_mknod_path(const struct vfs_name *name, uint32_t mode, uint64_t rdev, struct path *made);
int vfs_mkdir(const struct vfs_name *name, uint32_t mode);
int vfs_symlink(const char *target, const struct vfs_name *name);
int vfs_link(const struct vfs_name *old, const struct vfs_name *new_name);
int vfs_unlink(const struct vfs_name *name);
int vfs_rmdir(const struct vfs_name *name);
int vfs_rename(const struct vfs_name *old, const struct vfs_name *new_name, unsigned int flags);
/** Length, at most `size`, not NUL-terminated (readlink(2)). */
uk_ssize_t vfs_readlink(const struct vfs_name *name, char *buf, size_t size);
int vfs_setattr(const struct path *path, const struct inode_attr *attr);
int vfs_truncate_file(struct file *file, uint64_t size_bytes);
int vfs_chdir(const struct path *path);
int vfs_chroot(const struct path *path);
/** fallocate(2) / ftruncate(2) checks, then the file's own. */
int vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len);
/** The absolute name of a path as seen from the current root; " (deleted)" appended when it is.
 *  Returns a pointer into buf, or ERR_PTR(-ENAMETOOLONG). */
char *vfs_path_name(const struct path *path, char *buf, size_t size);

/** The same for an open file; files without a name are "pipe:[7]", "anon_inode:[...]". */
char *vfs_file_name(const struct file *file, char *buf, size_t size);

int vfs_mount(const char *source, const struct path *at, const char *type, unsigned int flags,
	      const char *options);
/** umount2(2); *at holds one of the mount's references. */
int vfs_unmount(const struct path *at, int flags);
#define UK_MNT_DETACH 0x2 /* MNT_DETACH; the UAPI headers leave it to libc */
/** In mount order, under vfs_tree_lock; for /proc/mounts. */
void vfs_for_each_mount(void (*visit)(struct mount *mount, void *ctx), void *ctx);

uk_ssize_t vfs_copy_range(struct file *in, loff_t *in_pos, struct file *out, loff_t *out_pos,
			  size_t len); /* copy_file_range, sendfile */

/** getdents64(2): the filesystem calls sink->emit until it returns false. */
struct dirent_sink {
	bool (*emit)(struct dirent_sink *sink, const char *name, size_t len, uint64_t ino,
		     uint64_t next_cookie, unsigned int type /* DT_* */);
};

/** vfs_open's equivalents for things without a name; refcount 1 files. ERR_PTR. */
int pipe_create(struct file **read_end, struct file **write_end, int flags);
struct file *memfd_create_file(const char *name, unsigned int flags);
/** fcntl(2) F_ADD_SEALS, F_GET_SEALS: -EINVAL for files without seals. */
int memfd_add_seals(struct file *file, unsigned int seals);
int memfd_get_seals(struct file *file);
/** fcntl(2) F_SETPIPE_SZ, F_GETPIPE_SZ: the size, or -EBADF when it is no pipe. */
long pipe_set_size(struct file *file, unsigned long size_bytes);
long pipe_get_size(struct file *file);
/** An anonymous object for MAP_SHARED | MAP_ANONYMOUS and /dev/zero. ERR_PTR. */
struct vm_object *shared_anon_object(uint64_t size_bytes);

/* Boot, in the order of core/main.c. 0 or -errno. */
/** Filesystem types, and a ramfs at the root. Needs the heap only. */
int vfs_init(void);
/** The place every fsctx starts from: the root of the topmost filesystem mounted at /; no
 *  references taken. */
void vfs_root(struct path *root);
/**
 * Until this is called every new time stamp is `stamp`, afterwards the clock's: reading the
 * clock for the first time means to calibrate it, which no file made at boot is worth.
 */
void vfs_stamp_at_boot(struct timestamp stamp);
void vfs_stamp_from_clock(void);

/* --- helpers for filesystems that live in the dentry tree (ramfs, devfs, procfs) ----------------
 */

/**
 * A regular file whose content starts out as `data` (initrd): used in place, copied page by page
 * when written or when a page is needed and `data` is not page-aligned.
 */
struct inode *ramfs_inode_over(struct superblock *sb, uint32_t mode, const void *data,
			       size_t len_bytes);
/**
 * Boot only: such a file, mode 0644, where the tree has none of the name. 0, -EEXIST, -ENOMEM, or
 * -EROFS: the folder is not in memory, and to a disk the kernel writes nothing unasked.
 */
int vfs_provide_file(const char *folder, const char *name, const void *data, size_t len_bytes);
/** Gives an empty regular file of a ramfs its data: hard links in an archive. 0 or -EINVAL. */
int ramfs_set_data(struct inode *inode, const void *data, size_t len_bytes);
struct inode *ramfs_inode(struct superblock *sb, uint32_t mode, uint64_t rdev);
/** `target` is not NUL-terminated. */
struct inode *ramfs_symlink_inode(struct superblock *sb, const char *target, size_t len);
/** The superblock of an empty ramfs: for types that live in the dentry tree. `options` as of
 *  tmpfs, or NULL for no limits. */
int ramfs_mount_empty(struct superblock *sb, const char *options);
void ramfs_unmount(struct superblock *sb);
int ramfs_statfs(struct superblock *sb, struct statfs *out);
/** Pages of data in all memory filesystems, without those read in place. */
uint64_t ramfs_pages_in_use(void);
extern const struct inode_ops ramfs_dir_ops;
extern const struct fs_type ramfs_type, tmpfs_type;

/** file_ops of a directory whose entries are all in the dentry tree. */
extern const struct file_ops dcache_dir_file_ops;

/** Registers a character device: opening a node with this rdev uses `ops`, and devfs shows it. */
int chrdev_register(const char *name, uint32_t mode, unsigned int major, unsigned int minor,
		    const struct file_ops *ops);
struct chrdev {
	LIST_ENTRY(chrdev) link;
	const char *name;
	uint32_t mode;
	uint64_t rdev;
	const struct file_ops *ops;
};
/** devfs: told about every device there is and every one that comes. One listener. */
void chrdev_listen(void (*appeared)(const struct chrdev *dev));

/** st_dev and st_rdev as user space encodes them (makedev(3)). */
static inline uint64_t uk_makedev(unsigned int major, unsigned int minor)
{
	return (uint64_t)(major & 0xfff) << 8 | (minor & 0xff) |
	       (uint64_t)(minor & 0xffffff00) << 12 | (uint64_t)(major & 0xfffff000) << 32;
}
static inline unsigned int uk_dev_major(uint64_t dev)
{
	return (unsigned int)(dev >> 8 & 0xfff) | ((unsigned int)(dev >> 32) & 0xfffff000);
}
static inline unsigned int uk_dev_minor(uint64_t dev)
{
	return (unsigned int)(dev & 0xff) | ((unsigned int)(dev >> 12) & 0xffffff00);
}

#endif /* UK_VFS_H */
