/* SPDX-License-Identifier: BSD-3-Clause */
/* Names: the walk, making, linking, removing, renaming, mounts, directory reading. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include "machine.h"

static struct vfs_name at(const char *name)
{
	return (struct vfs_name){AT_FDCWD, name, 0};
}
static int do_mkdir(const char *name)
{
	struct vfs_name n = at(name);
	return vfs_mkdir(&n, 0755);
}
static int do_symlink(const char *target, const char *name)
{
	struct vfs_name n = at(name);
	return vfs_symlink(target, &n);
}
static int do_link(const char *old, const char *name)
{
	struct vfs_name o = at(old), n = at(name);
	return vfs_link(&o, &n);
}
static int do_unlink(const char *name)
{
	struct vfs_name n = at(name);
	return vfs_unlink(&n);
}
static int do_rmdir(const char *name)
{
	struct vfs_name n = at(name);
	return vfs_rmdir(&n);
}
static int do_rename(const char *old, const char *name, unsigned int flags)
{
	struct vfs_name o = at(old), n = at(name);
	return vfs_rename(&o, &n, flags);
}
static int do_stat(const char *name, unsigned int flags, struct statx *st)
{
	struct vfs_name n = {AT_FDCWD, name, flags};
	return vfs_stat(&n, st);
}
static int open_close(const char *name, int flags)
{
	struct vfs_name n = at(name);
	struct file *file = vfs_open(&n, flags, 0644);

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	file_put(file);
	return 0;
}
static uint64_t ino_of(const char *name)
{
	struct statx st;

	assert_int_equal(do_stat(name, UK_LOOKUP_FOLLOW, &st), 0);
	return st.stx_ino;
}
static unsigned int nlink_of(const char *name)
{
	struct statx st;

	assert_int_equal(do_stat(name, 0, &st), 0);
	return st.stx_nlink;
}
static int exists(const char *name)
{
	struct statx st;
	return do_stat(name, 0, &st) == 0;
}

static size_t pages_before;

static int setup(void **state)
{
	pages_before = machine_pages_in_use();
	assert_int_equal(do_mkdir("/t"), 0);
	return 0;
}

/* Removes everything below /t, deepest first, through the API itself. */
static bool remove_one(struct dirent_sink *sink, const char *name, size_t len, uint64_t ino,
		       uint64_t next, unsigned int type);
struct remover {
	struct dirent_sink sink;
	char dir[2048];
};
static void remove_tree(const char *dir)
{
	struct remover remover = {.sink.emit = remove_one};
	struct vfs_name n = at(dir);
	struct file *file = vfs_open(&n, O_RDONLY | O_DIRECTORY, 0);

	assert_false(IS_ERR(file));
	snprintf(remover.dir, sizeof(remover.dir), "%s", dir);
	/* Names vanish under the reader, which must still see all. */
	for (int i = 0; i < 2; i++) {
		loff_t before = file->pos;

		assert_int_equal(file_readdir(file, &remover.sink), 0);
		if (file->pos == before)
			break;
	}
	file_put(file);
}
static char pending[64][300];
static unsigned int pending_count;
static bool remove_one(struct dirent_sink *sink, const char *name, size_t len, uint64_t ino,
		       uint64_t next, unsigned int type)
{
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return true;
	if (pending_count == 64)
		return false;
	snprintf(pending[pending_count++], 300, "%c%.*s", type == 4 ? 'd' : 'f', (int)len, name);
	return true;
}
static void clean(const char *dir)
{
	char name[4096];

	for (;;) {
		char list[64][300];
		unsigned int count;

		pending_count = 0;
		remove_tree(dir);
		count = pending_count;
		if (!count)
			break;
		memcpy(list, pending, sizeof(list));
		for (unsigned int i = 0; i < count; i++) {
			snprintf(name, sizeof(name), "%s/%s", dir, list[i] + 1);
			if (list[i][0] == 'd') {
				clean(name);
				assert_int_equal(do_rmdir(name), 0);
			} else {
				assert_int_equal(do_unlink(name), 0);
			}
		}
	}
}
static int teardown(void **state)
{
	clean("/t");
	assert_int_equal(do_rmdir("/t"), 0);
	assert_int_equal(machine_pages_in_use(), pages_before);
	return 0;
}

static void test_walk(void **state)
{
	struct statx st;

	assert_int_equal(do_mkdir("/t/a"), 0);
	assert_int_equal(do_mkdir("/t/a/b/"), 0);
	assert_int_equal(open_close("/t/a/b/f", O_CREAT | O_WRONLY), 0);
	assert_int_equal(ino_of("/t/a/b/f"), ino_of("//t///a/./b/../b/f"));
	assert_int_equal(ino_of("/"), ino_of("/../.."));
	assert_int_equal(do_stat("/t/a/b/f/", 0, &st), -ENOTDIR);
	assert_int_equal(do_stat("/t/a/b/f/x", 0, &st), -ENOTDIR);
	assert_int_equal(do_stat("/t/a/b/f/..", 0, &st), -ENOTDIR);
	assert_int_equal(do_stat("/t/none/x", 0, &st), -ENOENT);
	assert_int_equal(do_stat("", 0, &st), -ENOENT);
	assert_int_equal(do_stat("", UK_LOOKUP_EMPTY_PATH, &st), 0);
	assert_int_equal(do_stat("/t/a/b/", UK_LOOKUP_DIRECTORY, &st), 0);
	assert_int_equal(do_stat("/t/a/b/f", UK_LOOKUP_DIRECTORY, &st), -ENOTDIR);
}

static void test_long_names(void **state)
{
	char name[4096] = "/t/";
	struct statx st;

	memset(name + 3, 'n', 255);
	assert_int_equal(open_close(name, O_CREAT | O_WRONLY), 0);
	assert_true(exists(name));
	name[3 + 255] = 'n';
	assert_int_equal(do_stat(name, 0, &st), -ENAMETOOLONG);
	assert_int_equal(do_mkdir(name), -ENAMETOOLONG);
}

/* Names are handled in words of eight bytes: every length, every byte, in every place of a word. */
static void test_name_words(void **state)
{
	char name[64] = "/t/", longer[64] = "/t/z";
	uint64_t inodes[40];

	for (unsigned int len = 1; len < 40; len++) {
		name[2 + len] = (char)('a' + len % 26);
		assert_false(exists(name));
		assert_int_equal(open_close(name, O_CREAT | O_EXCL | O_WRONLY), 0);
		inodes[len] = ino_of(name);
	}
	for (unsigned int len = 39; len >= 1; len--) {
		assert_int_equal(ino_of(name), inodes[len]);
		strcpy(longer + 4, name + 3);
		assert_int_equal(do_rename(name, longer, 0), 0);
		assert_int_equal(ino_of(longer), inodes[len]);
		assert_false(exists(name));
		assert_int_equal(do_rename(longer, name, 0), 0);
		assert_int_equal(ino_of(name), inodes[len]);
		name[2 + len] = '\0';
	}
	for (unsigned int i = 0; i < 9; i++) {
		for (unsigned int byte = 1; byte < 256; byte++) {
			char odd[] = "/t/__________";

			odd[3 + i] = (char)byte;
			if (byte == '/')
				continue;
			assert_int_equal(open_close(odd, O_CREAT | O_WRONLY), 0);
			assert_true(exists(odd));
			assert_int_equal(do_unlink(odd), 0);
			assert_false(exists(odd));
		}
	}
}

static void test_symlinks(void **state)
{
	char buf[64];
	struct vfs_name n = at("/t/rel");
	struct statx st;

	assert_int_equal(do_mkdir("/t/d"), 0);
	assert_int_equal(open_close("/t/d/f", O_CREAT | O_WRONLY), 0);
	assert_int_equal(do_symlink("d", "/t/rel"), 0);
	assert_int_equal(do_symlink("/t/rel/f", "/t/abs"), 0);
	assert_int_equal(do_symlink("d/", "/t/slash"), 0);
	assert_int_equal(do_symlink("abs/", "/t/notdir"), 0);
	assert_int_equal(do_symlink("loop", "/t/loop"), 0);
	assert_int_equal(do_symlink("missing", "/t/dangling"), 0);
	assert_int_equal(do_symlink("", "/t/empty"), -ENOENT);
	assert_int_equal(ino_of("/t/rel/f"), ino_of("/t/d/f"));
	assert_int_equal(ino_of("/t/slash/f"), ino_of("/t/d/f"));
	assert_int_equal(ino_of("/t/abs"), ino_of("/t/d/f"));
	assert_int_equal(ino_of("/t/rel/../d/../rel/f"), ino_of("/t/d/f"));
	assert_int_equal(do_stat("/t/notdir", UK_LOOKUP_FOLLOW, &st), -ENOTDIR);
	assert_int_equal(do_stat("/t/loop", UK_LOOKUP_FOLLOW, &st), -ELOOP);
	assert_int_equal(do_stat("/t/loop/x", 0, &st), -ELOOP);
	assert_int_equal(do_stat("/t/loop", 0, &st), 0);
	assert_true(S_ISLNK(st.stx_mode));
	assert_int_equal(st.stx_size, 4);
	/* A slash behind the link follows it. */
	assert_int_equal(do_stat("/t/rel/", 0, &st), 0);
	assert_true(S_ISDIR(st.stx_mode));
	assert_int_equal(vfs_readlink(&n, buf, sizeof(buf)), 1);
	n.name = "/t/abs";
	assert_int_equal(vfs_readlink(&n, buf, 3), 3);
	assert_memory_equal(buf, "/t/", 3);
	n.name = "/t/d";
	assert_int_equal(vfs_readlink(&n, buf, sizeof(buf)), -EINVAL);
	assert_int_equal(open_close("/t/abs", O_RDONLY | O_NOFOLLOW), -ELOOP);
	assert_int_equal(open_close("/t/abs", O_PATH | O_NOFOLLOW), 0);
	assert_int_equal(open_close("/t/rel", O_RDONLY | O_DIRECTORY | O_NOFOLLOW), -ENOTDIR);
	assert_int_equal(open_close("/t/dangling", O_CREAT | O_EXCL | O_WRONLY), -EEXIST);
	assert_int_equal(open_close("/t/dangling", O_CREAT | O_WRONLY), 0);
	assert_true(exists("/t/missing"));
}

static void test_link_chain(void **state)
{
	char from[16], to[16];
	struct statx st;

	assert_int_equal(open_close("/t/l0", O_CREAT | O_WRONLY), 0);
	for (int i = 1; i <= 41; i++) {
		snprintf(to, sizeof(to), "l%d", i - 1);
		snprintf(from, sizeof(from), "/t/l%d", i);
		assert_int_equal(do_symlink(to, from), 0);
	}
	assert_int_equal(do_stat("/t/l40", UK_LOOKUP_FOLLOW, &st), 0);
	assert_int_equal(do_stat("/t/l41", UK_LOOKUP_FOLLOW, &st), -ELOOP);
}

static void test_open_flags(void **state)
{
	struct vfs_name n = at("/t");
	struct file *file;

	assert_int_equal(open_close("/t/f", O_RDONLY), -ENOENT);
	assert_int_equal(open_close("/t/f/", O_CREAT | O_WRONLY), -EISDIR);
	assert_int_equal(open_close("/t/f", O_CREAT | O_EXCL | O_WRONLY), 0);
	assert_int_equal(open_close("/t/f", O_CREAT | O_EXCL | O_WRONLY), -EEXIST);
	assert_int_equal(open_close("/t/f", O_RDONLY | O_DIRECTORY), -ENOTDIR);
	assert_int_equal(open_close("/t", O_WRONLY), -EISDIR);
	assert_int_equal(open_close("/t", O_RDONLY | O_CREAT), -EISDIR);
	assert_int_equal(open_close("/t/.", O_RDONLY | O_CREAT), -EISDIR);
	assert_int_equal(open_close("/t", O_CREAT | O_DIRECTORY), -EINVAL);
	/* O_TMPFILE: no name, until it is linked. */
	file = vfs_open(&n, O_TMPFILE | O_RDWR, 0600);
	assert_false(IS_ERR(file));
	assert_int_equal(file->inode->nlink, 0);
	int fd = fd_install(file, 0, false);
	struct vfs_name old = {fd, "", UK_LOOKUP_EMPTY_PATH}, new_name = at("/t/linked");
	assert_int_equal(vfs_link(&old, &new_name), 0);
	assert_int_equal(ino_of("/t/linked"), file->inode->ino);
	assert_int_equal(fd_close(fd), 0);
	n.flags = 0;
	assert_ptr_equal(vfs_open(&n, O_TMPFILE | O_RDONLY, 0600), ERR_PTR(-EINVAL));
	for (int i = 0; i < 6; i++) {
		machine_fail_after(i);
		file = vfs_open(&n, O_TMPFILE | O_RDWR, 0600);
		machine_fail_after(-1);
		if (!IS_ERR(file))
			file_put(file);
		else
			assert_ptr_equal(file, ERR_PTR(-ENOMEM));
	}
}

static void test_remove(void **state)
{
	assert_int_equal(do_mkdir("/t/d"), 0);
	assert_int_equal(do_mkdir("/t/d/e"), 0);
	assert_int_equal(nlink_of("/t/d"), 3);
	assert_int_equal(do_rmdir("/t/d"), -ENOTEMPTY);
	assert_int_equal(do_unlink("/t/d"), -EISDIR);
	assert_int_equal(do_rmdir("/t/d/."), -EINVAL);
	assert_int_equal(do_rmdir("/t/d/.."), -ENOTEMPTY);
	assert_int_equal(do_rmdir("/"), -EBUSY);
	assert_int_equal(do_rmdir("/t/d/e/"), 0);
	assert_int_equal(nlink_of("/t/d"), 2);
	assert_int_equal(open_close("/t/f", O_CREAT | O_WRONLY), 0);
	assert_int_equal(do_rmdir("/t/f"), -ENOTDIR);
	assert_int_equal(do_unlink("/t/f/"), -ENOTDIR);
	assert_int_equal(do_link("/t/f", "/t/g"), 0);
	assert_int_equal(nlink_of("/t/g"), 2);
	assert_int_equal(do_link("/t/d", "/t/h"), -EPERM);
	assert_int_equal(do_link("/t/f", "/t/g"), -EEXIST);
	assert_int_equal(do_unlink("/t/f"), 0);
	assert_int_equal(nlink_of("/t/g"), 1);
	assert_int_equal(do_unlink("/t/f"), -ENOENT);
	assert_int_equal(do_mkdir("/t/d"), -EEXIST);
	assert_int_equal(do_mkdir("/t/."), -EEXIST);
	assert_int_equal(do_mkdir("/"), -EEXIST);
}

static void test_removed_directory(void **state)
{
	struct path old = current_fs()->cwd, path;
	struct statx st;
	char buf[64];

	path_get(&old);
	assert_int_equal(do_mkdir("/t/gone"), 0);
	assert_int_equal(vfs_lookup_kernel("/t/gone", &path), 0);
	assert_int_equal(vfs_chdir(&path), 0);
	assert_string_equal(vfs_path_name(&path, buf, sizeof(buf)), "/t/gone");
	assert_int_equal(do_rmdir("/t/gone"), 0);
	assert_string_equal(vfs_path_name(&path, buf, sizeof(buf)), "/t/gone (deleted)");
	assert_int_equal(open_close("x", O_CREAT | O_WRONLY), -ENOENT);
	assert_int_equal(do_mkdir("x"), -ENOENT);
	assert_int_equal(do_stat(".", 0, &st), 0);
	assert_int_equal(st.stx_nlink, 0);
	assert_int_equal(ino_of(".."), ino_of("/t"));
	path_put(&path);
	assert_int_equal(vfs_chdir(&old), 0);
	path_put(&old);
}

static void test_rename(void **state)
{
	uint64_t ino;

	assert_int_equal(do_mkdir("/t/a"), 0);
	assert_int_equal(do_mkdir("/t/b"), 0);
	assert_int_equal(do_mkdir("/t/a/sub"), 0);
	assert_int_equal(open_close("/t/a/f", O_CREAT | O_WRONLY), 0);
	ino = ino_of("/t/a/f");
	assert_int_equal(do_rename("/t/a/f", "/t/b/a-much-longer-name-than-before", 0), 0);
	assert_int_equal(ino_of("/t/b/a-much-longer-name-than-before"), ino);
	assert_false(exists("/t/a/f"));
	assert_int_equal(do_rename("/t/b/a-much-longer-name-than-before", "/t/b/g", 0), 0);
	assert_int_equal(ino_of("/t/b/g"), ino);
	assert_int_equal(do_rename("/t/b/g", "/t/b/g", 0), 0);
	assert_int_equal(do_rename("/t/none", "/t/b/g", 0), -ENOENT);
	assert_int_equal(do_rename("/t/a", "/t/a/sub/x", 0), -EINVAL);
	assert_int_equal(do_rename("/t/a", "/t/a/x", 0), -EINVAL);
	assert_int_equal(do_rename("/t/b/g", "/t/a", 0), -EISDIR);
	assert_int_equal(do_rename("/t/a", "/t/b/g", 0), -ENOTDIR);
	assert_int_equal(do_rename("/t/b", "/t/a", 0), -ENOTEMPTY);
	assert_int_equal(do_rename("/t/a/sub", "/t/a", 0), -ENOTEMPTY);
	assert_int_equal(do_rename("/t/b/g", "/t/x/", 0), -ENOTDIR);
	assert_int_equal(do_rename("/t/b/g", "/t/b/.", 0), -EBUSY);
	assert_int_equal(do_rename("/t/b/..", "/t/x", 0), -EBUSY);
	assert_int_equal(do_rename("/t/b/g", "/t/a", RENAME_NOREPLACE), -EEXIST);
	assert_int_equal(do_rename("/t/b/g", "/t/h", RENAME_EXCHANGE), -ENOENT);
	assert_int_equal(do_rename("/t/b/g", "/t/h", RENAME_WHITEOUT), -EINVAL);
	/* Onto a file, onto an empty directory. */
	assert_int_equal(open_close("/t/victim", O_CREAT | O_WRONLY), 0);
	assert_int_equal(do_rename("/t/b/g", "/t/victim", 0), 0);
	assert_int_equal(ino_of("/t/victim"), ino);
	assert_int_equal(do_rename("/t/a/sub", "/t/b/", 0), 0);
	assert_int_equal(nlink_of("/t/a"), 2);
	assert_int_equal(nlink_of("/t"), 4);
	/* Two names of one file stay both. */
	assert_int_equal(do_link("/t/victim", "/t/twin"), 0);
	assert_int_equal(do_rename("/t/victim", "/t/twin", 0), 0);
	assert_true(exists("/t/victim") && exists("/t/twin"));
}

static void test_rename_exchange(void **state)
{
	uint64_t dir, file;
	struct path path;
	char buf[64];

	assert_int_equal(do_mkdir("/t/p"), 0);
	assert_int_equal(do_mkdir("/t/p/dir"), 0);
	assert_int_equal(do_mkdir("/t/p/dir/inner"), 0);
	assert_int_equal(do_mkdir("/t/q"), 0);
	assert_int_equal(open_close("/t/q/file", O_CREAT | O_WRONLY), 0);
	dir = ino_of("/t/p/dir");
	file = ino_of("/t/q/file");
	assert_int_equal(vfs_lookup_kernel("/t/p/dir/inner", &path), 0);
	assert_int_equal(do_rename("/t/p/dir", "/t/q/file", RENAME_EXCHANGE), 0);
	assert_int_equal(ino_of("/t/p/dir"), file);
	assert_int_equal(ino_of("/t/q/file"), dir);
	assert_int_equal(nlink_of("/t/p"), 2);
	assert_int_equal(nlink_of("/t/q"), 3);
	assert_string_equal(vfs_path_name(&path, buf, sizeof(buf)), "/t/q/file/inner");
	assert_ptr_equal(vfs_path_name(&path, buf, 10), ERR_PTR(-ENAMETOOLONG));
	path_put(&path);
	assert_int_equal(do_rename("/t/q", "/t/q/file", RENAME_EXCHANGE), -EINVAL);
	assert_int_equal(do_rename("/t/q/file", "/t/q", RENAME_EXCHANGE), -EINVAL);
}

static void test_mount(void **state)
{
	struct path path;
	struct vfs_name n = at("/t/m/f");
	struct file *file;
	struct statfs sfs;
	char buf[64];
	uint64_t below;

	assert_int_equal(do_mkdir("/t/m"), 0);
	below = ino_of("/t/m");
	assert_int_equal(vfs_lookup_kernel("/t/m", &path), 0);
	assert_int_equal(vfs_mount("none", &path, "nosuchfs", 0, NULL), -ENODEV);
	assert_int_equal(vfs_mount("none", &path, "tmpfs", 0, "size=bad"), -EINVAL);
	assert_int_equal(vfs_mount("none", &path, "tmpfs", 0, "size=16k,nr_inodes=4,mode=700"), 0);
	path_put(&path);
	assert_int_equal(do_rmdir("/t/m"), -EBUSY);
	assert_int_equal(ino_of("/t/m/.."), ino_of("/t"));
	assert_int_equal(vfs_lookup_kernel("/t/m", &path), 0);
	assert_int_equal(path.dentry->inode->mode & 0777, 0700);
	file = vfs_open(&n, O_CREAT | O_RDWR, 0600);
	assert_false(IS_ERR(file));
	assert_string_equal(vfs_file_name(file, buf, sizeof(buf)), "/t/m/f");
	assert_int_equal(vfs_unmount(&path, 0), -EBUSY);
	/* Limits: 4 pages, 4 inodes of which root and f take two. */
	struct uio uio = uio_kernel(calloc(1, 32768), 32768);
	void *data = uio.base;
	assert_int_equal(file_write(file, &uio, NULL), 16384);
	assert_int_equal(file_write(file, &uio, NULL), -ENOSPC);
	free(data);
	assert_int_equal(vfs_statfs(&path, &sfs), 0);
	assert_int_equal(sfs.f_blocks, 4);
	assert_int_equal(sfs.f_bfree, 0);
	assert_int_equal(do_mkdir("/t/m/1"), 0);
	assert_int_equal(do_symlink("x", "/t/m/2"), 0);
	assert_int_equal(do_mkdir("/t/m/3"), -ENOSPC);
	assert_int_equal(do_rename("/t/m/f", "/t/f", 0), -EXDEV);
	assert_int_equal(do_link("/t/m/f", "/t/f"), -EXDEV);
	file_put(file);
	assert_int_equal(do_unlink("/t/m/f"), 0);
	assert_int_equal(vfs_statfs(&path, &sfs), 0);
	assert_int_equal(sfs.f_bfree, 4);
	assert_int_equal(vfs_mount("none", &path, "", MS_REMOUNT | MS_RDONLY, NULL), -EINVAL);
	assert_int_equal(vfs_unmount(&path, 0), 0);
	path_put(&path);
	assert_int_equal(ino_of("/t/m"), below);
	assert_int_equal(vfs_lookup_kernel("/t/m", &path), 0);
	assert_int_equal(vfs_mount("none", &path, "ramfs", MS_RDONLY, NULL), 0);
	path_put(&path);
	assert_int_equal(do_mkdir("/t/m/4"), -EROFS);
	assert_int_equal(do_rmdir("/t/m/1"), -EROFS);
	assert_int_equal(vfs_lookup_kernel("/t/m", &path), 0);
	assert_int_equal(vfs_unmount(&path, 0), 0);
	path_put(&path);
}

static void test_sgid_and_umask(void **state)
{
	struct inode_attr attr = {.valid = ATTR_MODE | ATTR_GID, .mode = 02755, .gid = 42};
	struct path path;
	struct statx st;

	current_fs()->umask = 027;
	assert_int_equal(do_mkdir("/t/g"), 0);
	assert_int_equal(vfs_lookup_kernel("/t/g", &path), 0);
	assert_int_equal(path.dentry->inode->mode & 07777, 0750);
	assert_int_equal(vfs_setattr(&path, &attr), 0);
	path_put(&path);
	assert_int_equal(do_mkdir("/t/g/d"), 0);
	assert_int_equal(do_stat("/t/g/d", 0, &st), 0);
	assert_int_equal(st.stx_gid, 42);
	assert_int_equal(st.stx_mode & 07777, 02750);
	current_fs()->umask = 022;
}

/* Collects names, at most `room` a call. */
struct collector {
	struct dirent_sink sink;
	unsigned int room, count;
	unsigned char seen[200];
};
static bool collect(struct dirent_sink *sink, const char *name, size_t len, uint64_t ino,
		    uint64_t next, unsigned int type)
{
	struct collector *c = uk_container_of(sink, struct collector, sink);

	if (!c->room)
		return false;
	c->room--;
	c->count++;
	if (name[0] == 'n')
		c->seen[atoi(name + 1)]++;
	return true;
}

static void test_readdir_is_stable(void **state)
{
	struct collector c = {.sink.emit = collect};
	struct vfs_name n = at("/t/dir");
	struct file *file;
	char name[32];

	assert_int_equal(do_mkdir("/t/dir"), 0);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "/t/dir/n%d", i);
		assert_int_equal(open_close(name, O_CREAT | O_WRONLY), 0);
	}
	file = vfs_open(&n, O_RDONLY, 0);
	assert_false(IS_ERR(file));
	/* Seven at a time; what was seen is removed, something new is made. */
	for (int round = 0;; round++) {
		unsigned int before = c.count;

		c.room = 7;
		assert_int_equal(file_readdir(file, &c.sink), 0);
		if (c.count == before)
			break;
		for (int i = 0; i < 100; i++) {
			snprintf(name, sizeof(name), "/t/dir/n%d", i);
			if (c.seen[i] && exists(name))
				assert_int_equal(do_unlink(name), 0);
		}
		if (round == 3) /* the reader's next one goes as well */
			assert_int_equal(do_unlink("/t/dir/n99"), 0);
	}
	for (int i = 0; i < 99; i++)
		assert_int_equal(c.seen[i], 1);
	assert_int_equal(c.seen[99], 0);
	assert_int_equal(file_lseek(file, 0, SEEK_SET), 0);
	c.count = 0;
	c.room = 100;
	assert_int_equal(file_readdir(file, &c.sink), 0);
	assert_int_equal(c.count, 2);
	assert_int_equal(do_rmdir("/t/dir"), 0);
	assert_int_equal(file_readdir(file, &c.sink), -ENOENT);
	file_put(file);
}

/* Every allocation in turn fails; then the call works and nothing leaked (the sanitizer looks). */
static void test_out_of_memory(void **state)
{
	int i;

	for (i = 0;; i++) {
		machine_fail_after(i);
		int ret = do_mkdir("/t/oom");
		machine_fail_after(-1);
		if (!ret)
			break;
		assert_int_equal(ret, -ENOMEM);
		assert_false(exists("/t/oom"));
	}
	assert_true(i >= 2);
	for (i = 0;; i++) {
		machine_fail_after(i);
		int ret = do_rename("/t/oom", "/t/another-longer-name", 0);
		machine_fail_after(-1);
		if (!ret)
			break;
		assert_true(exists("/t/oom"));
	}
	assert_int_equal(do_symlink("another-longer-name", "/t/s"), 0);
	for (i = 0;; i++) {
		machine_fail_after(i);
		int ret = open_close("/t/s/new", O_CREAT | O_WRONLY);
		machine_fail_after(-1);
		if (!ret)
			break;
		assert_int_equal(ret, -ENOMEM);
	}
}

/* Random operations on a small tree; the link counts must add up at the end. */
static void count_dirs(const char *dir)
{
	char list[64][300], name[4096];
	unsigned int count, dirs = 0;

	pending_count = 0;
	remove_tree(dir);
	count = pending_count;
	memcpy(list, pending, sizeof(list));
	for (unsigned int i = 0; i < count; i++) {
		if (list[i][0] != 'd')
			continue;
		dirs++;
		snprintf(name, sizeof(name), "%s/%s", dir, list[i] + 1);
		count_dirs(name);
	}
	assert_int_equal(nlink_of(dir), 2 + dirs);
}
static const char *random_name(char *buf)
{
	int depth = 1 + rand() % 3, len = sprintf(buf, "/t");

	while (depth--)
		len += sprintf(buf + len, "/%c", 'a' + rand() % 4);
	return buf;
}
static void test_random_operations(void **state)
{
	char a[32], b[32];

	srand(11);
	for (int i = 0; i < 30000; i++) {
		random_name(a);
		random_name(b);
		switch (rand() % 7) {
		case 0:
			do_mkdir(a);
			break;
		case 1:
			open_close(a, O_CREAT | O_WRONLY);
			break;
		case 2:
			do_rename(a, b, 0);
			break;
		case 3:
			do_rename(a, b, RENAME_EXCHANGE);
			break;
		case 4:
			do_link(a, b);
			break;
		case 5:
			do_unlink(a);
			break;
		case 6:
			do_rmdir(a);
			break;
		}
	}
	count_dirs("/t");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_walk),
		T(test_long_names),
		T(test_name_words),
		T(test_symlinks),
		T(test_link_chain),
		T(test_open_flags),
		T(test_remove),
		T(test_removed_directory),
		T(test_rename),
		T(test_rename_exchange),
		T(test_mount),
		T(test_sgid_and_umask),
		T(test_readdir_is_stable),
		T(test_out_of_memory),
		T(test_random_operations),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
