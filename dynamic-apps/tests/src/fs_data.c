/* SPDX-License-Identifier: BSD-3-Clause */
/* File data: read and write in all forms, offsets, holes, truncation, copies, memfd and seals. */
#include "t.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS   1033
#define F_GET_SEALS   1034
#define F_SEAL_SEAL   1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW   4
#define F_SEAL_WRITE  8
#endif
#define MFD_CLOEXEC_       1u
#define MFD_ALLOW_SEALING_ 2u
#define FALLOC_KEEP_SIZE_  1
#define FALLOC_PUNCH_HOLE_ 2
#define FALLOC_ZERO_RANGE_ 16

static off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_size : -1;
}

static void read_write_offsets(void)
{
	char buf[16] = "";
	int fd = t_make_file("f", "hello world", 11);

	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 11);
	CHECK_EQ(read(fd, buf, 1), 0);
	CHECK_EQ(lseek(fd, -5, SEEK_END), 6);
	CHECK_EQ(read(fd, buf, sizeof(buf)), 5);
	CHECK_STR(buf, "world");
	CHECK_EQ(lseek(fd, 4, SEEK_SET), 4);
	CHECK_EQ(lseek(fd, 2, SEEK_CUR), 6);
	CHECK_EQ(pread(fd, buf, 5, 0), 5);
	CHECK(!memcmp(buf, "hello", 5));
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
	CHECK_EQ(pwrite(fd, "W", 1, 6), 1);
	CHECK_EQ(read(fd, buf, 1), 1);
	CHECK_EQ(buf[0], 'W');
	CHECK_EQ(read(fd, buf, 0), 0);
	close(fd);
}

static void lseek_errors(void)
{
	int fd = t_make_file("f", "abc", 3), fds[2];

	CHECK_ERR(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_ERR(lseek(fd, -4, SEEK_END), EINVAL);
	CHECK_ERR(lseek(fd, 0, 99), EINVAL);
	CHECK_ERR(lseek(fd, LLONG_MAX, SEEK_CUR), EINVAL);
	CHECK_EQ(lseek(fd, 1L << 40, SEEK_SET), 1L << 40);
	CHECK_ERR(pread(fd, &fd, 1, -1), EINVAL);
	CHECK_ERR(pwrite(fd, &fd, 1, -1), EINVAL);
	CHECK_OK(pipe(fds));
	CHECK_ERR(lseek(fds[0], 0, SEEK_CUR), ESPIPE);
	CHECK_ERR(pread(fds[0], &fd, 1, 0), ESPIPE);
	CHECK_ERR(pwrite(fds[1], &fd, 1, 0), ESPIPE);
	close(fds[0]);
	close(fds[1]);
	close(fd);
}

static void write_beyond_end(void)
{
	char buf[8192];
	int fd = t_make_file("f", "", 0);

	CHECK_EQ(pwrite(fd, "end", 3, 6000), 3);
	CHECK_EQ(size_of(fd), 6003);
	memset(buf, 1, sizeof(buf));
	CHECK_EQ(pread(fd, buf, sizeof(buf), 0), 6003);
	for (int i = 0; i < 6000; i++)
		if (buf[i] != 0) {
			CHECK(buf[i] == 0);
			break;
		}
	CHECK(!memcmp(buf + 6000, "end", 3));
	CHECK_EQ(pread(fd, buf, 10, 6003), 0);
	CHECK_EQ(pread(fd, buf, 10, 1L << 40), 0);
	close(fd);
}

static void write_pattern(void)
{
	static unsigned char out[100000], in[100000];
	int fd = t_make_file("f", "", 0);

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (unsigned char)(i * 7 + i / 251);
	for (size_t at = 0; at < sizeof(out);) {
		size_t part = at % 3333 + 1;

		if (part > sizeof(out) - at)
			part = sizeof(out) - at;
		if (!CHECK_EQ(write(fd, out + at, part), (long)part))
			break;
		at += part;
	}
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	for (size_t at = 0; at < sizeof(in);) {
		ssize_t got = read(fd, in + at, 4097);

		if (!CHECK(got > 0))
			break;
		at += (size_t)got;
	}
	CHECK(!memcmp(in, out, sizeof(in)));
	close(fd);
}

static void vectors(void)
{
	char a[4] = "", b[8] = "";
	struct iovec out[3] = {{"abc", 3}, {NULL, 0}, {"defgh", 5}};
	struct iovec in[2] = {{a, 3}, {b, 8}};
	int fd = t_make_file("f", "", 0);

	CHECK_EQ(writev(fd, out, 3), 8);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(readv(fd, in, 2), 8);
	CHECK_STR(a, "abc");
	CHECK_STR(b, "defgh");
	CHECK_EQ(pwritev(fd, out, 1, 5), 3);
	CHECK_EQ(preadv(fd, in, 1, 5), 3);
	CHECK_STR(a, "abc");
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 8);
	CHECK_EQ(readv(fd, in, 0), 0);
	CHECK_ERR(syscall(SYS_readv, fd, in, -1), EINVAL);
	CHECK_ERR(syscall(SYS_readv, fd, in, 1025), EINVAL);
	in[0].iov_len = SIZE_MAX;
	CHECK_ERR(readv(fd, in, 1), EINVAL);
	close(fd);
}

static void truncate_grow_shrink(void)
{
	char buf[8] = "";
	int fd = t_make_file("f", "abcdefgh", 8);

	CHECK_OK(ftruncate(fd, 3));
	CHECK_EQ(size_of(fd), 3);
	CHECK_OK(ftruncate(fd, 8)); /* what was cut off does not come back */
	CHECK_EQ(pread(fd, buf, 8, 0), 8);
	CHECK(!memcmp(buf, "abc\0\0\0\0\0", 8));
	CHECK_OK(truncate("f", 10000));
	CHECK_EQ(size_of(fd), 10000);
	CHECK_ERR(truncate("f", -1), EINVAL);
	CHECK_ERR(ftruncate(fd, -1), EINVAL);
	CHECK_ERR(truncate("missing", 0), ENOENT);
	CHECK_ERR(truncate(".", 0), EISDIR);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 8);
	close(fd);
}

static void truncate_zeroes_mappings(void)
{
	int fd = t_make_file("f", "", 0);
	char *p;

	CHECK_OK(ftruncate(fd, PAGE));
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!CHECK(p != MAP_FAILED))
		return;
	memset(p, 'x', PAGE);
	CHECK_OK(ftruncate(fd, 100));
	CHECK_EQ(p[99], 'x');
	CHECK_EQ(p[100], 0);
	CHECK_OK(ftruncate(fd, PAGE));
	CHECK_EQ(p[PAGE - 1], 0);
	munmap(p, PAGE);
	close(fd);
}

static void fallocate_modes(void)
{
	char buf[PAGE];
	int fd = t_make_file("f", "", 0);

	CHECK_OK(fallocate(fd, 0, 0, 3 * PAGE));
	CHECK_EQ(size_of(fd), 3 * PAGE);
	CHECK_OK(fallocate(fd, FALLOC_KEEP_SIZE_, 0, 10 * PAGE));
	CHECK_EQ(size_of(fd), 3 * PAGE);
	memset(buf, 'x', sizeof(buf));
	for (int i = 0; i < 3; i++)
		CHECK_EQ(pwrite(fd, buf, PAGE, i * (long)PAGE), (long)PAGE);
	CHECK_OK(fallocate(fd, FALLOC_KEEP_SIZE_ | FALLOC_PUNCH_HOLE_, PAGE, PAGE));
	CHECK_EQ(size_of(fd), 3 * PAGE);
	CHECK_EQ(pread(fd, buf, PAGE, PAGE), (long)PAGE);
	CHECK(buf[0] == 0 && buf[PAGE - 1] == 0);
	CHECK_EQ(pread(fd, buf, PAGE, 2 * PAGE), (long)PAGE);
	CHECK(buf[0] == 'x');
	CHECK_ERR(fallocate(fd, 0, 0, 0), EINVAL);
	CHECK_ERR(fallocate(fd, 0, -1, 1), EINVAL);
	CHECK_ERR(fallocate(fd, FALLOC_PUNCH_HOLE_, 0, 1), EOPNOTSUPP);
	close(fd);
	fd = CHECK_OK(open("f", O_RDONLY));
	CHECK_ERR(fallocate(fd, 0, 0, 1), EBADF);
	close(fd);
}

static unsigned long free_blocks(const char *path)
{
	struct statfs st;

	return CHECK_OK(statfs(path, &st)) ? 0 : st.f_bfree;
}

/* On a filesystem of 256 pages: all of the range or nothing. */
static void fallocate_without_space(void)
{
	unsigned long before;
	int fd;

	CHECK_OK(mkdir("small", 0755));
	CHECK_OK(mount("none", "small", "tmpfs", 0, "size=1m"));
	fd = t_make_file("small/f", "x", 1);
	before = free_blocks("small");
	CHECK_EQ(before, 255);
	CHECK_ERR(fallocate(fd, 0, 0, 1L << 40), ENOSPC);
	CHECK_EQ(free_blocks("small"), before);
	t_put_file("small/g", "y");
	CHECK_ERR(fallocate(fd, 0, 0, 1 << 20), ENOSPC);
	CHECK_EQ(free_blocks("small"), before - 1);
	CHECK_EQ(size_of(fd), 1);
	CHECK_OK(fallocate(fd, 0, 0, (1 << 20) - (long)PAGE));
	CHECK_EQ(free_blocks("small"), 0);
	CHECK_OK(fallocate(fd, 0, 0, (1 << 20) - (long)PAGE));
	close(fd);
	CHECK_OK(umount("small"));
	rmdir("small");
}

static void seek_hole_data(void)
{
	int fd = t_make_file("f", "", 0);

	CHECK_EQ(pwrite(fd, "x", 1, 1 << 20), 1);
	CHECK_OK(ftruncate(fd, 2 << 20));
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 1 << 20);
	CHECK_EQ(lseek(fd, 1 << 20, SEEK_HOLE), (1 << 20) + (long)PAGE);
	CHECK_ERR(lseek(fd, (1 << 20) + (long)PAGE, SEEK_DATA), ENXIO);
	CHECK_ERR(lseek(fd, 2 << 20, SEEK_DATA), ENXIO);
	CHECK_ERR(lseek(fd, 2 << 20, SEEK_HOLE), ENXIO);
	CHECK_ERR(lseek(fd, -1, SEEK_DATA), ENXIO);
	close(fd);
}

static void copies(void)
{
	char buf[16] = "";
	int in = t_make_file("in", "0123456789", 10);
	int out = t_make_file("out", "", 0);
	off_t from = 2, to = 1;
	int fds[2];

	CHECK_EQ(sendfile(out, in, &from, 4), 4);
	CHECK_EQ(from, 6);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 10);
	CHECK_EQ(sendfile(out, in, NULL, 4), 0);
	CHECK_EQ(pread(out, buf, 16, 0), 4);
	CHECK(!memcmp(buf, "2345", 4));
	from = 0;
	CHECK_EQ(copy_file_range(in, &from, out, &to, 100, 0), 10);
	CHECK_EQ(from, 10);
	CHECK_EQ(to, 11);
	CHECK_EQ(pread(out, buf, 16, 0), 11);
	CHECK(!memcmp(buf, "20123456789", 11));
	CHECK_ERR(copy_file_range(in, NULL, out, NULL, 1, 1), EINVAL);
	from = 0;
	to = 1;
	CHECK_ERR(copy_file_range(in, &from, in, &to, 5, 0), EINVAL); /* overlap */
	CHECK_ERR(copy_file_range(in, &from, in, &to, SIZE_MAX, 0), EOVERFLOW);
	from = 8;
	to = 10; /* only two bytes are there to copy, so nothing overlaps */
	CHECK_EQ(copy_file_range(in, &from, in, &to, 100, 0), 2);
	CHECK_EQ(size_of(in), 12);
	CHECK_OK(ftruncate(in, 10));
	from = to = 10;
	CHECK_EQ(copy_file_range(in, &from, in, &to, 5, 0), 0);
	CHECK_EQ(lseek(in, 2, SEEK_SET), 2);
	CHECK_EQ(sendfile(in, in, NULL, 3), 3);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 5);
	CHECK_OK(pipe(fds));
	from = 0;
	CHECK_EQ(sendfile(fds[1], in, &from, 10), 10);
	CHECK_EQ(read(fds[0], buf, 16), 10);
	CHECK(!memcmp(buf, "0123456789", 10));
	close(fds[0]);
	close(fds[1]);
	close(out);
	out = CHECK_OK(open("out", O_RDONLY));
	CHECK_ERR(sendfile(out, in, NULL, 1), EBADF);
	close(in);
	close(out);
}

static void copies_from_device(void)
{
	int in = CHECK_OK(open("/dev/zero", O_RDONLY)), out = t_make_file("out", "xxxxxx", 6);
	int fds[2];
	char buf[16];
	off_t from = 3;

	CHECK_EQ(lseek(out, 1, SEEK_SET), 1);
	CHECK_EQ(sendfile(out, in, NULL, 2), 2);
	CHECK_EQ(sendfile(out, in, &from, 1), 1);
	CHECK_EQ(pread(out, buf, 16, 0), 6);
	CHECK(!memcmp(buf, "x\0\0\0xx", 6));
	CHECK_ERR(copy_file_range(in, NULL, out, NULL, 1, 0), EINVAL);
	CHECK_OK(pipe(fds));
	CHECK_ERR(sendfile(out, fds[0], NULL, 1), EINVAL);
	CHECK_ERR(sendfile(out, fds[0], &from, 1), ESPIPE);
	close(fds[0]);
	close(fds[1]);
	close(in);
	in = open("/dev/null", O_RDONLY);
	CHECK_ERR(sendfile(out, in, NULL, 1), EINVAL);
	CHECK_EQ(sendfile(out, in, NULL, 0), 0);
	close(in);
	in = open("/dev/zero", O_RDONLY);
	CHECK_EQ(sendfile(out, in, NULL, 1), 1);
	close(in);
	close(out);
}

static void memfd_seals(void)
{
	int fd = CHECK_OK(syscall(SYS_memfd_create, "name", MFD_ALLOW_SEALING_ | MFD_CLOEXEC_));
	char path[64], target[64] = "";
	void *p;

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), 0);
	CHECK_OK(ftruncate(fd, PAGE));
	CHECK_EQ(write(fd, "abc", 3), 3);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
	CHECK_ERR(ftruncate(fd, 0), EPERM);
	CHECK_ERR(ftruncate(fd, 2 * PAGE), EPERM);
	CHECK_ERR(pwrite(fd, "x", 1, PAGE), EPERM);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK_OK(mprotect(p, PAGE, PROT_READ)); /* it could become writable again */
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	munmap(p, PAGE);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL));
	CHECK_ERR(write(fd, "x", 1), EPERM);
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0); /* once sealed, never to be written */
	CHECK(p != MAP_FAILED);
	CHECK_ERR(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	munmap(p, PAGE);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(readlink(path, target, sizeof(target) - 1) > 0);
	CHECK_STR(target, "/memfd:name (deleted)");
	close(fd);
	fd = CHECK_OK(syscall(SYS_memfd_create, "", 0));
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	close(fd);
	CHECK_ERR(syscall(SYS_memfd_create, "x", 0x8000), EINVAL);
	fd = t_make_file("f", "", 0);
	close(fd);
}

static void synchronisation(void)
{
	int fd = t_make_file("f", "abc", 3), fds[2];

	CHECK_OK(fsync(fd));
	CHECK_OK(fdatasync(fd));
	CHECK_OK(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
	CHECK_EQ(posix_fadvise(fd, 0, 0, 77), EINVAL);
	CHECK_OK(syscall(SYS_syncfs, fd));
	sync();
	CHECK_ERR(fsync(-1), EBADF);
	CHECK_OK(pipe(fds));
	CHECK_ERR(fsync(fds[0]), EINVAL);
	close(fds[0]);
	close(fds[1]);
	close(fd);
}

static void file_size_limit(void)
{
	struct rlimit old, limit;
	int fd = t_make_file("f", "", 0);
	char buf[200] = "";

	CHECK_OK(getrlimit(RLIMIT_FSIZE, &old));
	limit = old;
	limit.rlim_cur = 100;
	signal(SIGXFSZ, SIG_IGN);
	CHECK_OK(setrlimit(RLIMIT_FSIZE, &limit));
	CHECK_EQ(write(fd, buf, 200), 100);
	CHECK_ERR(write(fd, buf, 1), EFBIG);
	CHECK_ERR(ftruncate(fd, 101), EFBIG);
	CHECK_OK(setrlimit(RLIMIT_FSIZE, &old));
	signal(SIGXFSZ, SIG_DFL);
	close(fd);
}

static volatile sig_atomic_t too_large;

static void on_too_large(int signo)
{
	too_large = signo;
}

/* A file that is too large already may shrink; every kind of growth is refused with a signal. */
static void file_size_limit_of_truncation(void)
{
	struct rlimit old, limit;
	int fd = t_make_file("f", "", 0);

	CHECK_OK(getrlimit(RLIMIT_FSIZE, &old));
	CHECK_OK(ftruncate(fd, 1000));
	limit = old;
	limit.rlim_cur = 100;
	signal(SIGXFSZ, on_too_large);
	CHECK_OK(setrlimit(RLIMIT_FSIZE, &limit));
	CHECK_OK(ftruncate(fd, 500));
	CHECK_OK(truncate("f", 400));
	CHECK_OK(fallocate(fd, 0, 0, 400));
	CHECK_OK(ftruncate(fd, 400));
	CHECK_EQ(too_large, 0);
	CHECK_ERR(truncate("f", 401), EFBIG);
	CHECK_EQ(too_large, SIGXFSZ);
	CHECK_OK(truncate("f", 50));
	too_large = 0;
	CHECK_ERR(ftruncate(fd, 101), EFBIG);
	CHECK_EQ(too_large, SIGXFSZ);
	too_large = 0;
	CHECK_ERR(fallocate(fd, FALLOC_KEEP_SIZE_, 0, 101), EFBIG);
	CHECK_EQ(too_large, SIGXFSZ);
	CHECK_OK(ftruncate(fd, 100));
	CHECK_OK(setrlimit(RLIMIT_FSIZE, &old));
	signal(SIGXFSZ, SIG_DFL);
	close(fd);
}

static const struct t_test tests[] = {
	T(read_write_offsets),
	T(lseek_errors),
	T(write_beyond_end),
	T(write_pattern),
	T(vectors),
	T(truncate_grow_shrink),
	T(truncate_zeroes_mappings),
	T(fallocate_modes),
	T(fallocate_without_space),
	T(seek_hole_data),
	T(copies),
	T(copies_from_device),
	T(memfd_seals),
	T(synchronisation),
	T(file_size_limit),
	T(file_size_limit_of_truncation),
};

T_MAIN(tests)
