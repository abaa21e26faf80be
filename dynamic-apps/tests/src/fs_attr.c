/* SPDX-License-Identifier: BSD-3-Clause */
/* Attributes: stat and statx fields, modes, owners, times, access, statfs. */
#include "t.h"

#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <time.h>
#include <utime.h>

/* The kernel's struct statx, as far as it is looked at; musl has no name for it. */
struct statx_raw {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	struct {
		int64_t sec;
		uint32_t nsec;
		int32_t pad;
	} atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t more[14];
};

#define STATX_BASIC 0x7ffu

static void stat_fields(void)
{
	struct stat st, up;
	int fd = t_make_file("f", "0123456789", 10);

	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_mode, S_IFREG | 0644);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(st.st_size, 10);
	CHECK_EQ(st.st_blocks, 8);
	CHECK(st.st_blksize >= 512);
	CHECK(st.st_ino != 0);
	CHECK_EQ(st.st_uid, geteuid());
	CHECK_EQ(st.st_gid, getegid());
	CHECK_OK(stat(".", &up));
	CHECK_EQ(up.st_dev, st.st_dev);
	CHECK(up.st_ino != st.st_ino);
	CHECK(S_ISDIR(up.st_mode));
	CHECK_ERR(stat("missing", &st), ENOENT);
	CHECK_ERR(stat("", &st), ENOENT);
	CHECK_ERR(stat("f/", &st), ENOTDIR);
	CHECK_ERR(fstat(-1, &st), EBADF);
	close(fd);
}

static void statx_fields(void)
{
	struct statx_raw sx;
	struct stat st;
	int fd = t_make_file("f", "0123456789", 10);

	memset(&sx, 0xff, sizeof(sx));
	CHECK_OK(fstat(fd, &st));
	CHECK_OK(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_BASIC, &sx));
	CHECK_EQ(sx.mask & STATX_BASIC, STATX_BASIC);
	CHECK_EQ(sx.mode, st.st_mode);
	CHECK_EQ(sx.nlink, 1);
	CHECK_EQ(sx.size, 10);
	CHECK_EQ(sx.ino, st.st_ino);
	CHECK_EQ(sx.blocks, st.st_blocks);
	CHECK_EQ(sx.uid, st.st_uid);
	CHECK_EQ(makedev(sx.dev_major, sx.dev_minor), st.st_dev);
	CHECK_EQ(sx.mtime.sec, st.st_mtim.tv_sec);
	CHECK_EQ(sx.mtime.nsec, st.st_mtim.tv_nsec);
	CHECK_OK(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC, &sx));
	CHECK_EQ(sx.ino, st.st_ino);
	CHECK_OK(syscall(SYS_statx, AT_FDCWD, "/dev/null", 0, STATX_BASIC, &sx));
	CHECK_EQ(sx.rdev_major, 1);
	CHECK_EQ(sx.rdev_minor, 3);
	CHECK_ERR(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x80000000u, &sx), EINVAL);
	CHECK_ERR(syscall(SYS_statx, AT_FDCWD, "f", 0x1000000, STATX_BASIC, &sx), EINVAL);
	CHECK_ERR(syscall(SYS_statx, AT_FDCWD, "f", 0x6000, STATX_BASIC, &sx), EINVAL);
	close(fd);
}

static void modes(void)
{
	struct stat st;
	int fd = t_make_file("f", "", 0);

	CHECK_OK(chmod("f", 06751));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_mode, S_IFREG | 06751);
	CHECK_OK(fchmod(fd, 0));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_mode, S_IFREG);
	CHECK_OK(fchmodat(AT_FDCWD, "f", 0600, 0));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_mode, S_IFREG | 0600);
	CHECK_ERR(chmod("missing", 0600), ENOENT);
	CHECK_ERR(fchmod(-1, 0600), EBADF);
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(chmod("d", 01777));
	CHECK_OK(stat("d", &st));
	CHECK_EQ(st.st_mode, S_IFDIR | 01777);
	close(fd);
}

static void owners(void)
{
	struct stat st;
	int fd = t_make_file("f", "", 0);

	CHECK_OK(symlink("f", "l"));
	CHECK_OK(chown("f", 1000, 2000));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_uid, 1000);
	CHECK_EQ(st.st_gid, 2000);
	CHECK_OK(fchown(fd, (uid_t)-1, 3000));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_uid, 1000);
	CHECK_EQ(st.st_gid, 3000);
	CHECK_OK(lchown("l", 5, 6));
	CHECK_OK(lstat("l", &st));
	CHECK_EQ(st.st_uid, 5);
	CHECK_OK(stat("l", &st));
	CHECK_EQ(st.st_uid, 1000);
	CHECK_OK(chmod("f", 06755));
	CHECK_OK(chown("f", 0, 0)); /* takes the set-id bits away */
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_mode & 07777, 0755);
	CHECK_ERR(chown("missing", 0, 0), ENOENT);
	close(fd);
}

static void times_set(void)
{
	struct timespec ts[2] = {{1000, 1}, {2000, 999999999}};
	struct timeval tv[2] = {{3000, 5}, {4000, 6}};
	struct utimbuf buf = {5000, 6000};
	struct stat st;
	int fd = t_make_file("f", "", 0);

	CHECK_OK(futimens(fd, ts));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_atim.tv_sec, 1000);
	CHECK_EQ(st.st_atim.tv_nsec, 1);
	CHECK_EQ(st.st_mtim.tv_sec, 2000);
	CHECK_EQ(st.st_mtim.tv_nsec, 999999999);
	ts[0].tv_nsec = UTIME_OMIT;
	ts[1].tv_nsec = UTIME_NOW;
	CHECK_OK(utimensat(AT_FDCWD, "f", ts, 0));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_atim.tv_sec, 1000);
	CHECK(st.st_mtim.tv_sec > 1000000000);
	CHECK_OK(utimes("f", tv));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_atim.tv_sec, 3000);
	CHECK_EQ(st.st_mtim.tv_nsec, 6000);
	CHECK_OK(syscall(SYS_utime, "f", &buf));
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_mtim.tv_sec, 6000);
	ts[0].tv_nsec = 1000000000;
	CHECK_ERR(utimensat(AT_FDCWD, "f", ts, 0), EINVAL);
	CHECK_ERR(utimensat(AT_FDCWD, "missing", NULL, 0), ENOENT);
	CHECK_ERR(utimensat(AT_FDCWD, "f", NULL, 0x1), EINVAL);
	CHECK_OK(symlink("f", "l"));
	ts[0] = (struct timespec){7, 0};
	ts[1] = (struct timespec){8, 0};
	CHECK_OK(utimensat(AT_FDCWD, "l", ts, AT_SYMLINK_NOFOLLOW));
	CHECK_OK(lstat("l", &st));
	CHECK_EQ(st.st_mtim.tv_sec, 8);
	CHECK_OK(stat("f", &st));
	CHECK_EQ(st.st_mtim.tv_sec, 6000);
	close(fd);
}

static bool is_later(struct timespec a, struct timespec b)
{
	return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static void times_move(void)
{
	const struct timespec pause = {.tv_nsec = 20000000}, old[2] = {{1, 0}, {1, 0}};
	struct stat before, after;
	int fd = t_make_file("f", "abc", 3);

	CHECK_OK(futimens(fd, old));
	CHECK_OK(fstat(fd, &before));
	nanosleep(&pause, NULL);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_OK(fstat(fd, &after));
	CHECK(is_later(after.st_mtim, before.st_mtim));
	CHECK(is_later(after.st_ctim, before.st_ctim));
	before = after;
	nanosleep(&pause, NULL);
	CHECK_OK(fchmod(fd, 0600));
	CHECK_OK(fstat(fd, &after));
	CHECK(is_later(after.st_ctim, before.st_ctim));
	CHECK(!is_later(after.st_mtim, before.st_mtim));
	CHECK_OK(stat(".", &before));
	nanosleep(&pause, NULL);
	t_put_file("new", "");
	CHECK_OK(stat(".", &after));
	CHECK(is_later(after.st_mtim, before.st_mtim));
	close(fd);
}

static void access_checks(void)
{
	t_put_file("f", "");
	CHECK_OK(chmod("f", 0));
	CHECK_OK(access("f", F_OK));
	CHECK_OK(access("f", R_OK | W_OK)); /* root */
	CHECK_ERR(access("f", X_OK), EACCES);
	CHECK_OK(chmod("f", 0100));
	CHECK_OK(access("f", X_OK));
	CHECK_ERR(access("missing", F_OK), ENOENT);
	CHECK_ERR(access("f", 8), EINVAL);
	CHECK_ERR(access("f/x", F_OK), ENOTDIR);
	CHECK_OK(symlink("missing", "l"));
	CHECK_ERR(access("l", F_OK), ENOENT);
	CHECK_OK(faccessat(AT_FDCWD, "l", F_OK, AT_SYMLINK_NOFOLLOW));
	CHECK_OK(access(".", R_OK | W_OK | X_OK));
}

static void statfs_fields(void)
{
	struct statfs sf;
	int fd;

	CHECK_OK(statfs(".", &sf));
	CHECK(sf.f_bsize > 0);
	CHECK(sf.f_blocks > 0);
	CHECK(sf.f_bfree <= sf.f_blocks);
	CHECK_EQ(sf.f_namelen, 255);
	fd = CHECK_OK(open("/proc/self", O_RDONLY));
	CHECK_OK(fstatfs(fd, &sf));
	CHECK_EQ(sf.f_type, 0x9fa0);
	close(fd);
	CHECK_ERR(statfs("missing", &sf), ENOENT);
	CHECK_ERR(fstatfs(-1, &sf), EBADF);
}

static void extended_attributes(void)
{
	char buf[64];

	t_put_file("f", "");
	errno = 0;
	if (syscall(SYS_getxattr, "f", "user.none", buf, sizeof(buf)) != -1 ||
	    (errno != ENODATA && errno != EOPNOTSUPP))
		CHECK(!"getxattr of what is not there is ENODATA or EOPNOTSUPP");
	CHECK_OK(syscall(SYS_listxattr, "f", buf, sizeof(buf)));
	CHECK_ERR(syscall(SYS_listxattr, "missing", buf, sizeof(buf)), ENOENT);
	CHECK_ERR(syscall(SYS_getxattr, "missing", "user.none", buf, sizeof(buf)), ENOENT);
}

static const struct t_test tests[] = {
	T(stat_fields),   T(statx_fields),  T(modes),
	T(owners),        T(times_set),     T(times_move),
	T(access_checks), T(statfs_fields), T(extended_attributes),
};

T_MAIN(tests)
