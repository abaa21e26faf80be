/* SPDX-License-Identifier: BSD-3-Clause */
/* Of several errors the one that Linux finds first; and other edges of the calls on files. */
#include "t.h"

#include <limits.h>
#include <linux/falloc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/uio.h>

#define NOREPLACE_   1u
#define EXCHANGE_    2u
#define SETPIPE_SZ_  1031
#define ADD_SEALS_   1033
#define SEAL_GROW_   4
#define MAY_SEAL_    2u
#define LAST_OFFSET_ LLONG_MAX

static long rename2(const char *old, const char *name, unsigned int flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, name, flags);
}

static void mount_read_only(const char *where)
{
	CHECK_OK(mkdir(where, 0755));
	CHECK_OK(mount("none", where, "tmpfs", MS_RDONLY, ""));
}

/* Both walks come before "." and ".."; then the mounts; then the names. */
static void rename_order(void)
{
	t_put_file("f", "");
	CHECK_OK(mkdir("d", 0755));
	mount_read_only("ro");
	CHECK_ERR(rename(".", "missing/x"), ENOENT);
	CHECK_ERR(rename("..", "x"), EBUSY);
	CHECK_ERR(rename("missing", "."), EBUSY);
	CHECK_ERR(rename(".", "ro/x"), EXDEV);
	CHECK_ERR(rename2("f", ".", NOREPLACE_), EEXIST);
	CHECK_ERR(rename("ro/missing", "ro/x"), EROFS);
	CHECK_ERR(rename("ro/missing/a", "ro/x"), ENOENT);
	CHECK_OK(umount("ro"));
}

static void exchange_with_slash(void)
{
	t_put_file("f", "");
	CHECK_OK(mkdir("d", 0755));
	CHECK_ERR(rename2("d", "f/", EXCHANGE_), ENOTDIR);
	CHECK_ERR(rename2("f/", "d", EXCHANGE_), ENOTDIR);
	CHECK_OK(rename2("f", "d/", EXCHANGE_));
	CHECK_ERR(rename2("f", "d/", EXCHANGE_), ENOTDIR);
	CHECK_OK(rename2("f/", "d", EXCHANGE_));
}

static void create_exclusively(void)
{
	const int flags = O_CREAT | O_EXCL | O_RDWR;

	CHECK_OK(mkdir("d", 0755));
	CHECK_ERR(open(".", flags, 0600), EEXIST);
	CHECK_ERR(open("d/..", flags, 0600), EEXIST);
	CHECK_ERR(open("/", flags, 0600), EEXIST);
	CHECK_ERR(open("d", flags, 0600), EEXIST);
	CHECK_ERR(open("d/", flags, 0600), EISDIR);
	CHECK_ERR(open("x/", flags, 0600), EISDIR);
	CHECK_ERR(open(".", O_CREAT | O_RDWR, 0600), EISDIR);
}

static void read_only_mount(void)
{
	mount_read_only("ro");
	CHECK_ERR(unlink("ro/missing"), EROFS);
	CHECK_ERR(rmdir("ro/missing"), EROFS);
	CHECK_ERR(unlink("ro/missing/"), EROFS);
	CHECK_ERR(unlink("ro/."), EISDIR);
	CHECK_ERR(rmdir("ro/."), EINVAL);
	CHECK_ERR(mkdir("ro/x", 0755), EROFS);
	CHECK_ERR(symlink("a", "ro/x"), EROFS);
	CHECK_OK(umount("ro"));
}

static void no_offsets(void)
{
	struct iovec vector = {(void *)"a", 1};
	int fds[2];
	char c;

	CHECK_OK(pipe(fds));
	CHECK_ERR(pwrite(fds[0], "a", 1, 0), ESPIPE);
	CHECK_ERR(pread(fds[1], &c, 1, 0), ESPIPE);
	CHECK_ERR(pwritev(fds[0], &vector, 1, 0), ESPIPE);
	CHECK_ERR(preadv(fds[1], &vector, 1, 0), ESPIPE);
	CHECK_ERR(pwrite(fds[1], "a", 1, -1), EINVAL);
	CHECK_ERR(pread(-1, &c, 1, -1), EINVAL);
	CHECK_EQ(fcntl(fds[0], SETPIPE_SZ_, 0), 4096);
	CHECK_ERR(fcntl(fds[0], SETPIPE_SZ_, -1), EINVAL);
	close(fds[0]);
	close(fds[1]);
}

/* A transfer that would end behind the largest offset is refused, not cut. */
static void last_offset(void)
{
	int fd = t_make_file("f", "", 0);
	char c;

	CHECK_ERR(pwrite(fd, "a", 1, LAST_OFFSET_), EINVAL);
	CHECK_ERR(pwrite(fd, "ab", 2, LAST_OFFSET_ - 1), EINVAL);
	CHECK_ERR(pread(fd, &c, 1, LAST_OFFSET_), EINVAL);
	CHECK_EQ(pread(fd, &c, 0, LAST_OFFSET_), 0);
	CHECK_EQ(pread(fd, &c, 1, LAST_OFFSET_ - 1), 0);
	close(fd);
	fd = CHECK_OK(open("f", O_RDONLY));
	CHECK_ERR(pwrite(fd, "a", 1, LAST_OFFSET_), EBADF);
	close(fd);
}

static void sealed_growth(void)
{
	int fd = CHECK_OK(syscall(SYS_memfd_create, "name", MAY_SEAL_));

	CHECK_OK(ftruncate(fd, 100));
	CHECK_OK(fcntl(fd, ADD_SEALS_, SEAL_GROW_));
	CHECK_ERR(fallocate(fd, 0, 0, 101), EPERM);
	CHECK_ERR(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 101), EPERM);
	CHECK_OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 100));
	close(fd);
}

static void names_in_proc(void)
{
	CHECK_ERR(symlink("x", "/proc/new"), ENOENT);
	CHECK_ERR(mkdir("/proc/new", 0755), ENOENT);
	CHECK_ERR(mknod("/proc/new", 0600, 0), ENOENT);
	CHECK_ERR(link("/proc/meminfo", "/proc/new"), ENOENT);
	CHECK_ERR(link("/proc/meminfo", "/proc/cpuinfo"), EEXIST);
	CHECK_ERR(symlink("x", "/proc/self/new"), ENOENT);
	CHECK_ERR(rename("/proc/meminfo", "/proc/new"), ENOENT);
	CHECK_ERR(rename("/proc/new", "/proc/meminfo"), ENOENT);
	CHECK_ERR(rename("/proc/meminfo", "/proc/cpuinfo"), EPERM);
	CHECK_ERR(unlink("/proc/meminfo"), EPERM);
	CHECK_ERR(rmdir("/proc/sys"), EPERM);
	CHECK_ERR(symlink("x", "/sys/new"), EPERM);
	CHECK_ERR(mkdir("/sys/new", 0755), EPERM);
}

static const struct t_test tests[] = {
	T(rename_order), T(exchange_with_slash), T(read_only_mount), T(create_exclusively),
	T(no_offsets),   T(last_offset),         T(sealed_growth),   T(names_in_proc),
};

T_MAIN(tests)
