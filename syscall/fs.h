/* SPDX-License-Identifier: BSD-3-Clause */
/* What the file calls share (private to syscall/): names from the program, vectors, limits. */
#ifndef UK_SYSCALL_FS_H
#define UK_SYSCALL_FS_H

#include <linux/fcntl.h>
#include <linux/limits.h>
#include <uk/stat.h>
#include <uk/arch/uaccess.h>
#include <uk/file.h>
#include <uk/uio.h>
#include <uk/vfs.h>

/* Nearly every name fits on the stack; a longer one goes to the heap. */
#define USER_PATH_SMALL 240
struct user_path {
	char *text;
	char small[USER_PATH_SMALL];
};

/** After the short way failed with `error`. */
int user_path_get_long(struct user_path *path, const char __user *name, int error);
/** Copies a name in. 0, -EFAULT, -ENAMETOOLONG, -ENOMEM. */
static inline int user_path_get(struct user_path *path, const char __user *name)
{
	long len;

	path->text = path->small;
	len = strncpy_from_user(path->small, name, sizeof(path->small));
	return uk_likely(len >= 0) ? 0 : user_path_get_long(path, name, (int)len);
}
void user_path_free(struct user_path *path);
static inline void user_path_put(struct user_path *path)
{
	if (uk_unlikely(path->text != path->small))
		user_path_free(path);
}

/** Name to place, with references on success. `name` may be NULL only with UK_LOOKUP_EMPTY_PATH. */
int user_lookup(int dirfd, const char __user *name, unsigned int lookup_flags, struct path *path);

/** UK_LOOKUP_* of AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH, for calls that follow by default. */
static inline unsigned int lookup_flags_of_at(int at_flags)
{
	return (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : UK_LOOKUP_FOLLOW) |
	       (at_flags & AT_EMPTY_PATH ? UK_LOOKUP_EMPTY_PATH : 0);
}

/** A vector of buffers, copied in and checked. */
#define USER_VECTOR_SMALL 8
struct user_vector {
	struct uio uio;
	struct iovec *iov;
	struct iovec small[USER_VECTOR_SMALL];
};
/** 0, -EFAULT, -EINVAL (count or a length), -ENOMEM. Empty buffers are left out. */
int user_vector_get(struct user_vector *vector, const struct iovec __user *iov,
		    unsigned long count);
void user_vector_put(struct user_vector *vector);

/** Attributes of what `file` is open on, a name or not. 0 or -errno. */
int file_stat(struct file *file, struct statx *out);
int file_setattr(struct file *file, const struct inode_attr *attr);

static inline bool file_is_type(const struct file *file, unsigned int type)
{
	return file->inode && (file->inode->mode & S_IFMT) == type;
}

#endif /* UK_SYSCALL_FS_H */
