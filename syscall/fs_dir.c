/* SPDX-License-Identifier: BSD-3-Clause */
/* Directories: getdents64(2), working directory and root, mount(2), umount2(2). */
#include <linux/mount.h>
#include <uk/heap.h>
#include <uk/syscall.h>
#include "fs.h"
#include "stat.h"

/* Records are built here and copied out in one go: the filesystem holds its locks meanwhile. */
#define BOUNCE_BYTES 8192

/* getdents64(2), getdents(2): variable-length records, 8-byte aligned. */
struct dirent64 {
	uint64_t ino, next;
	uint16_t len;
	uint8_t type;
	char name[];
};
struct dirent_old {
	uint64_t ino, next;
	uint16_t len;
	char name[]; /* the type is the record's last byte */
};
_Static_assert(offsetof(struct dirent64, name) == 19, "ABI");
_Static_assert(offsetof(struct dirent_old, name) == 18, "ABI");

struct dirent_buffer {
	struct dirent_sink sink;
	char *buf;
	size_t size, used;
	bool is_full;
};

static void *reserve(struct dirent_buffer *to, size_t bytes)
{
	void *record = to->buf + to->used;

	if (to->size - to->used < bytes) {
		to->is_full = true;
		return NULL;
	}
	memset(record, 0, bytes);
	to->used += bytes;
	return record;
}

static bool emit64(struct dirent_sink *sink, const char *name, size_t len, uint64_t ino,
		   uint64_t next_cookie, unsigned int type)
{
	size_t bytes = UK_ALIGN_UP(offsetof(struct dirent64, name) + len + 1, 8);
	struct dirent64 *record = reserve(uk_container_of(sink, struct dirent_buffer, sink), bytes);

	if (!record)
		return false;
	record->ino = ino;
	record->next = next_cookie;
	record->len = (uint16_t)bytes;
	record->type = (uint8_t)type;
	memcpy(record->name, name, len);
	return true;
}

static bool emit_old(struct dirent_sink *sink, const char *name, size_t len, uint64_t ino,
		     uint64_t next_cookie, unsigned int type)
{
	size_t bytes = UK_ALIGN_UP(offsetof(struct dirent_old, name) + len + 2, 8);
	struct dirent_old *record =
		reserve(uk_container_of(sink, struct dirent_buffer, sink), bytes);

	if (!record)
		return false;
	record->ino = ino;
	record->next = next_cookie;
	record->len = (uint16_t)bytes;
	memcpy(record->name, name, len);
	((char *)record)[bytes - 1] = (char)type;
	return true;
}

static int list_into(struct file *file, struct dirent_buffer *to)
{
	int error = file_readdir(file, &to->sink);

	if (error < 0)
		return error;
	return to->is_full && !to->used ? -EINVAL : 0;
}

long read_directory(int fd, void __user *out, unsigned int size, bool is_old)
{
	struct dirent_buffer to = {.sink.emit = is_old ? emit_old : emit64,
				   .size = UK_MIN(size, BOUNCE_BYTES)};
	struct file *file = file_get_fd(fd);
	long result = -ENOMEM;
	uint64_t cookie;
	loff_t pos;

	if (!file)
		return -EBADF;
	cookie = file->readdir_cookie;
	pos = file->pos;
	to.buf = uk_malloc(UK_MAX(to.size, 1));
	if (to.buf)
		result = list_into(file, &to);
	if (!result)
		result = copy_to_user(out, to.buf, to.used) ? -EFAULT : (long)to.used;
	if (result < 0) { /* what did not arrive comes again */
		file->readdir_cookie = cookie;
		file->pos = pos;
	}
	uk_free(to.buf);
	file_put(file);
	return result;
}

long sys_getdents64(int fd, void __user *out, unsigned int size)
{
	return read_directory(fd, out, size, false);
}

static int change_to(const char __user *path, int (*change)(const struct path *to))
{
	struct path place;
	int error = user_lookup(AT_FDCWD, path, UK_LOOKUP_FOLLOW | UK_LOOKUP_DIRECTORY, &place);

	if (error)
		return error;
	error = change(&place);
	path_put(&place);
	return error;
}

long sys_chdir(const char __user *path)
{
	return change_to(path, vfs_chdir);
}

long sys_chroot(const char __user *path)
{
	return change_to(path, vfs_chroot);
}

long sys_fchdir(int fd)
{
	struct file *file = file_get_fd_path(fd);
	int error = -ENOTDIR;

	if (!file)
		return -EBADF;
	if (file->path.dentry && file_is_type(file, S_IFDIR))
		error = vfs_chdir(&file->path);
	file_put(file);
	return error;
}

static long copy_cwd(char __user *out, unsigned long size, char *buf, size_t buf_size)
{
	const struct path *cwd = &current_fs()->cwd;
	const char *name;
	size_t len;

	if (cwd->dentry->is_deleted)
		return -ENOENT;
	name = vfs_path_name(cwd, buf, buf_size);
	if (IS_ERR(name))
		return PTR_ERR(name);
	len = strlen(name) + 1;
	if (len > size)
		return -ERANGE;
	return copy_to_user(out, name, len) ? -EFAULT : (long)len;
}

long sys_getcwd(char __user *out, unsigned long size)
{
	char small[256], *buf;
	long result = copy_cwd(out, size, small, sizeof(small));

	if (result != -ENAMETOOLONG)
		return result;
	buf = uk_malloc(PATH_MAX);
	if (!buf)
		return -ENOMEM;
	result = copy_cwd(out, size, buf, PATH_MAX);
	uk_free(buf);
	return result;
}

/* --- mounts ----------------------------------------------------------------------------------- */

#define MS_MGC_VALUE   0xC0ED0000UL /* an ancient marker in the upper half: mount(2) */
#define MS_MGC_BITS    0xffff0000UL
#define MS_PROPAGATION (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)
#define MS_FLAGS_KNOWN                                                                             \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS | MS_MANDLOCK |             \
	 MS_DIRSYNC | MS_NOATIME | MS_NODIRATIME | MS_SILENT | MS_POSIXACL | MS_RELATIME |         \
	 MS_STRICTATIME | MS_LAZYTIME | MS_I_VERSION)
#define FS_TYPE_MAX 32

struct mount_strings {
	char type[FS_TYPE_MAX];
	struct user_path source, options;
};

/* NULL strings are empty ones; the data page of mount(2) is a string for every type we have. */
static int get_optional(struct user_path *text, const char __user *user)
{
	text->text = text->small;
	text->small[0] = '\0';
	return user ? user_path_get(text, user) : 0;
}

static int mount_at(const struct path *at, const char __user *source, const char __user *type,
		    unsigned int flags, const char __user *options)
{
	struct mount_strings strings;
	long error = type ? strncpy_from_user(strings.type, type, sizeof(strings.type)) : -EINVAL;

	if (error < 0)
		return error == -ENAMETOOLONG ? -ENODEV : (int)error;
	error = get_optional(&strings.source, source);
	if (error)
		return (int)error;
	error = get_optional(&strings.options, options);
	if (!error) {
		error = vfs_mount(strings.source.text, at, strings.type, flags,
				  strings.options.text);
		user_path_put(&strings.options);
	}
	user_path_put(&strings.source);
	return (int)error;
}

long sys_mount(const char __user *source, const char __user *target, const char __user *type,
	       unsigned long flags, const void __user *data)
{
	struct path at;
	int error;

	if ((flags & MS_MGC_BITS) == MS_MGC_VALUE)
		flags &= ~MS_MGC_BITS;
	error = user_lookup(AT_FDCWD, target, UK_LOOKUP_FOLLOW, &at);
	if (error)
		return error;
	if (flags & MS_PROPAGATION)
		error = flags & ~(unsigned long)(MS_PROPAGATION | MS_REC | MS_SILENT) ? -EINVAL : 0;
	else if (flags & ~(unsigned long)MS_FLAGS_KNOWN)
		error = -EINVAL;
	else
		error = mount_at(&at, source, type, (unsigned int)flags, data);
	path_put(&at);
	return error;
}

#define UMOUNT_NOFOLLOW 8
/* No filesystem here has requests under way that MNT_FORCE would abort. */
#define UMOUNT_FLAGS_KNOWN (1 /* MNT_FORCE */ | UK_MNT_DETACH | UMOUNT_NOFOLLOW)

long sys_umount2(const char __user *target, int flags)
{
	struct path at;
	int error;

	if (flags & ~UMOUNT_FLAGS_KNOWN)
		return -EINVAL;
	error = user_lookup(AT_FDCWD, target, flags & UMOUNT_NOFOLLOW ? 0 : UK_LOOKUP_FOLLOW, &at);
	if (error)
		return error;
	error = vfs_unmount(&at, flags);
	path_put(&at);
	return error;
}
