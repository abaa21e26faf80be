/* SPDX-License-Identifier: BSD-3-Clause */
/* open, openat and the resolution of paths: flags, errors, symbolic links, O_PATH. */
#include "t.h"

#include <sys/fsuid.h>
#include <sys/mount.h>

static void open_create_flags(void)
{
	int fd = CHECK_OK(open("new", O_RDWR | O_CREAT | O_EXCL, 0640));
	struct stat st;

	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_mode, S_IFREG | 0640);
	CHECK_EQ(st.st_size, 0);
	close(fd);
	CHECK_ERR(open("new", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
	CHECK_ERR(open("missing", O_RDONLY), ENOENT);
	CHECK_ERR(open("missing/x", O_RDONLY | O_CREAT, 0600), ENOENT);
	CHECK_ERR(open("new/x", O_RDONLY), ENOTDIR);
	CHECK_ERR(open("new/", O_RDONLY), ENOTDIR);
	CHECK_ERR(open("", O_RDONLY), ENOENT);
	CHECK_ERR(open("other/", O_RDWR | O_CREAT, 0600), EISDIR);
}

static void open_access_mode(void)
{
	char c = 'x';
	int fd;

	t_put_file("f", "abc");
	fd = CHECK_OK(open("f", O_RDONLY));
	CHECK_ERR(write(fd, &c, 1), EBADF);
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, 'a');
	CHECK_ERR(ftruncate(fd, 0), EINVAL);
	close(fd);
	fd = CHECK_OK(open("f", O_WRONLY));
	CHECK_ERR(read(fd, &c, 1), EBADF);
	CHECK_EQ(write(fd, "z", 1), 1);
	close(fd);
	CHECK_ERR(read(fd, &c, 1), EBADF);
	CHECK_ERR(close(fd), EBADF);
	CHECK_ERR(write(-1, &c, 1), EBADF);
	CHECK_ERR(read(1 << 30, &c, 1), EBADF);
}

static void open_truncate(void)
{
	struct stat st;

	t_put_file("f", "abcdef");
	close(CHECK_OK(open("f", O_RDWR | O_TRUNC)));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_size, 0);
}

static void open_directory(void)
{
	char c;
	int fd;

	CHECK_OK(mkdir("d", 0755));
	t_put_file("f", "");
	CHECK_ERR(open("d", O_WRONLY), EISDIR);
	CHECK_ERR(open("d", O_RDWR), EISDIR);
	CHECK_ERR(open("d", O_RDONLY | O_CREAT, 0600), EISDIR);
	CHECK_ERR(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	fd = CHECK_OK(open("d", O_RDONLY | O_DIRECTORY));
	CHECK_ERR(read(fd, &c, 1), EISDIR);
	CHECK_ERR(write(fd, &c, 1), EBADF);
	CHECK_ERR(ftruncate(fd, 0), EINVAL);
	close(fd);
	CHECK_OK(open("d/", O_RDONLY));
	CHECK_OK(open("d/.", O_RDONLY));
	CHECK_OK(open("d/../d/./", O_RDONLY));
	CHECK_OK(open("/../../..", O_RDONLY | O_DIRECTORY));
}

static void open_relative(void)
{
	char buf[8] = "";
	int dir, fd;

	CHECK_OK(mkdir("d", 0755));
	t_put_file("d/f", "in d");
	t_put_file("f", "plain");
	dir = CHECK_OK(open("d", O_RDONLY | O_DIRECTORY));
	fd = CHECK_OK(openat(dir, "f", O_RDONLY));
	CHECK_EQ(read(fd, buf, sizeof(buf)), 4);
	CHECK(!memcmp(buf, "in d", 4));
	close(fd);
	fd = CHECK_OK(openat(dir, "../f", O_RDONLY));
	CHECK_EQ(read(fd, buf, sizeof(buf)), 5);
	CHECK_ERR(openat(fd, "x", O_RDONLY), ENOTDIR);
	CHECK_ERR(openat(-7, "x", O_RDONLY), EBADF);
	CHECK_ERR(openat(dir, "nothing", O_RDONLY), ENOENT);
	fd = CHECK_OK(openat(-7, "/", O_RDONLY)); /* absolute: the descriptor is not looked at */
	close(fd);
	close(dir);
}

static void open_symlinks(void)
{
	char buf[8] = "";
	int fd;

	t_put_file("target", "hello");
	CHECK_OK(symlink("target", "link"));
	CHECK_OK(symlink("nowhere", "dangling"));
	CHECK_OK(symlink("loop2", "loop1"));
	CHECK_OK(symlink("loop1", "loop2"));
	fd = CHECK_OK(open("link", O_RDONLY));
	CHECK_EQ(read(fd, buf, 5), 5);
	CHECK_STR(buf, "hello");
	close(fd);
	CHECK_ERR(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_ERR(open("dangling", O_RDONLY), ENOENT);
	CHECK_ERR(open("dangling", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK_ERR(open("loop1", O_RDONLY), ELOOP);
	CHECK_ERR(open("loop1/x", O_RDONLY), ELOOP);
	fd = CHECK_OK(open("dangling", O_RDWR | O_CREAT, 0600)); /* makes what it names */
	close(fd);
	CHECK_OK(access("nowhere", F_OK));
}

static void open_symlink_depth(void)
{
	char from[16], to[16];

	t_put_file("s0", "x");
	for (int i = 1; i <= 41; i++) {
		snprintf(from, sizeof(from), "s%d", i - 1);
		snprintf(to, sizeof(to), "s%d", i);
		CHECK_OK(symlink(from, to));
	}
	close(CHECK_OK(open("s40", O_RDONLY)));
	CHECK_ERR(open("s41", O_RDONLY), ELOOP);
}

static void open_symlink_directories(void)
{
	struct stat st;

	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(mkdir("d/e", 0755));
	t_put_file("d/f", "x");
	CHECK_OK(symlink("d/e", "l"));
	CHECK_OK(stat("l/../f", &st)); /* .. of what the link names */
	CHECK_OK(lstat("l", &st));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_EQ(st.st_size, 3);
	CHECK_OK(lstat("l/", &st)); /* a slash at the end follows */
	CHECK(S_ISDIR(st.st_mode));
	CHECK_OK(symlink("f", "d/same"));
	CHECK_OK(stat("d/same", &st)); /* relative to the link's directory */
	CHECK(S_ISREG(st.st_mode));
}

static void open_long_names(void)
{
	char name[300], path[5000];

	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	close(CHECK_OK(open(name, O_RDWR | O_CREAT, 0600)));
	name[255] = 'n';
	name[256] = '\0';
	CHECK_ERR(open(name, O_RDWR | O_CREAT, 0600), ENAMETOOLONG);
	CHECK_ERR(mkdir(name, 0700), ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(path) - 1; i += 2)
		memcpy(path + i, "./", 2);
	path[4096] = '\0';
	CHECK_ERR(open(path, O_RDONLY), ENAMETOOLONG);
	path[4094] = '\0';
	close(CHECK_OK(open(path, O_RDONLY)));
}

static void open_path_only(void)
{
	struct stat st;
	char c;
	int fd, again;

	t_put_file("f", "abc");
	CHECK_OK(symlink("f", "l"));
	fd = CHECK_OK(open("f", O_PATH));
	CHECK_ERR(read(fd, &c, 1), EBADF);
	CHECK_ERR(write(fd, &c, 1), EBADF);
	CHECK_ERR(syscall(SYS_fchmod, fd, 0600), EBADF);
	CHECK_ERR(lseek(fd, 0, SEEK_SET), EBADF);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, 3);
	CHECK(fcntl(fd, F_GETFL) & O_PATH);
	again = CHECK_OK(dup(fd));
	close(again);
	close(fd);
	fd = CHECK_OK(open("l", O_PATH | O_NOFOLLOW));
	CHECK_OK(fstat(fd, &st));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_EQ(readlinkat(fd, "", &c, 1), 1);
	CHECK_EQ(c, 'f');
	close(fd);
}

static void open_empty_path(void)
{
	struct stat st;
	int fd = t_make_file("f", "abcd", 4);

	CHECK_OK(fstatat(fd, "", &st, AT_EMPTY_PATH));
	CHECK_EQ(st.st_size, 4);
	CHECK_ERR(fstatat(fd, "", &st, 0), ENOENT);
	CHECK_OK(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
	CHECK(S_ISDIR(st.st_mode));
	CHECK_ERR(fstatat(AT_FDCWD, "f", &st, 0x40000000), EINVAL);
	CHECK_OK(fchownat(fd, "", 7, 8, AT_EMPTY_PATH));
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_uid, 7);
	CHECK_OK(linkat(fd, "", AT_FDCWD, "second", AT_EMPTY_PATH));
	CHECK_OK(stat("second", &st));
	CHECK_EQ(st.st_nlink, 2);
	close(fd);
}

static void open_temporary(void)
{
	struct stat st;
	int fd = CHECK_OK(open(".", O_RDWR | O_TMPFILE, 0666));

	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(st.st_mode & 07777, 0644);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_OK(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
	CHECK_OK(unlink("named"));
	CHECK_ERR(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH), ENOENT);
	close(fd);
	fd = CHECK_OK(open(".", O_RDWR | O_TMPFILE | O_EXCL, 0600));
	CHECK_ERR(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH), ENOENT);
	close(fd);
	t_put_file("f", "x");
	CHECK_ERR(open("f", O_RDWR | O_TMPFILE, 0600), ENOTDIR);
	CHECK_ERR(open(".", O_TMPFILE, 0600), EINVAL);
	CHECK_ERR(open("/proc", O_RDWR | O_TMPFILE, 0600), EOPNOTSUPP);
}

/* The owner is the caller, the group may be the directory's; not on a read-only filesystem. */
static void open_temporary_elsewhere(void)
{
	struct stat st;
	int fd;

	CHECK_OK(mkdir("dir", 0777));
	CHECK_OK(chown("dir", 0, 55));
	CHECK_OK(chmod("dir", 02777));
	setfsuid(44);
	fd = CHECK_OK(open("dir", O_RDWR | O_TMPFILE, 0600));
	setfsuid(0);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_uid, 44);
	CHECK_EQ(st.st_gid, 55);
	close(fd);
	CHECK_OK(mount("none", "dir", "tmpfs", MS_RDONLY, ""));
	CHECK_ERR(open("dir", O_RDWR | O_TMPFILE, 0600), EROFS);
	CHECK_OK(umount("dir"));
	CHECK_OK(mount("none", "dir", "tmpfs", 0, "nr_inodes=2"));
	fd = CHECK_OK(open("dir", O_RDWR | O_TMPFILE, 0600));
	CHECK_ERR(open("dir", O_RDWR | O_TMPFILE, 0600), ENOSPC);
	close(fd);
	CHECK_OK(umount("dir"));
}

static void open_mode_and_umask(void)
{
	struct stat st;

	CHECK_EQ(umask(027), 022);
	close(CHECK_OK(open("f", O_RDWR | O_CREAT, 0777)));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_mode & 07777, 0750);
	CHECK_OK(mkdir("d", 0777));
	CHECK_OK(stat("d", &st));
	CHECK_EQ(st.st_mode & 07777, 0750);
	CHECK_EQ(umask(022), 027);
	close(CHECK_OK(open("ro", O_RDWR | O_CREAT, 0444))); /* the mode is for later opens */
}

static void open_lowest_descriptor(void)
{
	int a = CHECK_OK(open("/dev/null", O_RDONLY));
	int b = CHECK_OK(open("/dev/null", O_RDONLY));

	CHECK(b > a);
	close(a);
	CHECK_EQ(open("/dev/null", O_RDONLY), a);
	close(a);
	close(b);
}

static void open_append(void)
{
	char buf[16] = "";
	int fd = t_make_file("f", "12345", 5);
	int app = CHECK_OK(open("f", O_WRONLY | O_APPEND));

	CHECK_EQ(write(app, "67", 2), 2);
	CHECK_EQ(lseek(app, 0, SEEK_SET), 0);
	CHECK_EQ(write(app, "89", 2), 2);
	CHECK_EQ(lseek(app, 0, SEEK_CUR), 9);
	CHECK_EQ(pwrite(app, "X", 1, 0), 1); /* Linux appends here too */
	CHECK_EQ(pread(fd, buf, sizeof(buf), 0), 10);
	CHECK_STR(buf, "123456789X");
	close(app);
	close(fd);
}

static void open_special_files(void)
{
	struct stat st;
	char c = 1;
	int fd;

	fd = CHECK_OK(open("/dev/null", O_RDWR));
	CHECK_EQ(write(fd, &c, 1), 1);
	CHECK_EQ(read(fd, &c, 1), 0);
	CHECK_OK(fstat(fd, &st));
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(st.st_rdev, 0x103);
	close(fd);
	fd = CHECK_OK(open("/dev/full", O_RDWR));
	CHECK_ERR(write(fd, &c, 1), ENOSPC);
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, 0);
	close(fd);
	fd = CHECK_OK(open("/dev/zero", O_RDWR));
	c = 1;
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, 0);
	CHECK_EQ(write(fd, &c, 1), 1);
	close(fd);
	fd = CHECK_OK(open("/dev/urandom", O_RDONLY));
	CHECK_EQ(read(fd, &c, 1), 1);
	close(fd);
	CHECK_ERR(open("/dev/null/x", O_RDONLY), ENOTDIR);
}

static const struct t_test tests[] = {
	T(open_create_flags),
	T(open_access_mode),
	T(open_truncate),
	T(open_directory),
	T(open_relative),
	T(open_symlinks),
	T(open_symlink_depth),
	T(open_symlink_directories),
	T(open_long_names),
	T(open_path_only),
	T(open_empty_path),
	T(open_temporary),
	T(open_temporary_elsewhere),
	T(open_mode_and_umask),
	T(open_lowest_descriptor),
	T(open_append),
	T(open_special_files),
};

T_MAIN(tests)
