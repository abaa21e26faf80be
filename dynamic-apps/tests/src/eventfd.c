/* SPDX-License-Identifier: BSD-3-Clause */
/* eventfd(2): the counter, its limits, readiness; and what a file without a name answers to calls
 * that are for others. */
#include "t.h"

#include <dirent.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#define MAX 0xfffffffffffffffeULL

static ssize_t get(int fd, uint64_t *value)
{
	*value = 77;
	return read(fd, value, sizeof(*value));
}

static ssize_t put(int fd, uint64_t value)
{
	return write(fd, &value, sizeof(value));
}

static void counts(void)
{
	int fd = CHECK_OK(eventfd(5, EFD_NONBLOCK));
	uint64_t value;

	CHECK_EQ(get(fd, &value), 8);
	CHECK_EQ(value, 5);
	CHECK_ERR(get(fd, &value), EAGAIN);
	CHECK_EQ(put(fd, 0), 8);
	CHECK_ERR(get(fd, &value), EAGAIN);
	CHECK_EQ(put(fd, 1), 8);
	CHECK_EQ(put(fd, 0xffffffffffULL), 8);
	CHECK_EQ(get(fd, &value), 8);
	CHECK_EQ(value, 0x10000000000ULL);
	close(fd);
	fd = CHECK_OK(eventfd(0xffffffffu, EFD_NONBLOCK));
	CHECK_EQ(get(fd, &value), 8);
	CHECK_EQ(value, 0xffffffffu);
	close(fd);
}

static void semaphore(void)
{
	int fd = CHECK_OK(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
	uint64_t value;

	CHECK_EQ(put(fd, 1), 8);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(get(fd, &value), 8);
		CHECK_EQ(value, 1);
	}
	CHECK_ERR(get(fd, &value), EAGAIN);
	close(fd);
}

static void limits(void)
{
	int fd = CHECK_OK(eventfd(0, EFD_NONBLOCK));
	uint64_t value;

	CHECK_ERR(put(fd, UINT64_MAX), EINVAL);
	CHECK_EQ(put(fd, MAX), 8);
	CHECK_ERR(put(fd, 1), EAGAIN);
	CHECK_ERR(put(fd, MAX), EAGAIN);
	CHECK_EQ(put(fd, 0), 8);
	CHECK_EQ(get(fd, &value), 8);
	CHECK(value == MAX);
	CHECK_EQ(put(fd, 7), 8);
	CHECK_ERR(put(fd, MAX - 6), EAGAIN);
	CHECK_EQ(put(fd, MAX - 7), 8);
	close(fd);
}

static void sizes(void)
{
	int fd = CHECK_OK(eventfd(9, 0));
	uint64_t value[2] = {3, 0};
	struct iovec halves[2] = {{value, 3}, {(char *)value + 3, 5}};

	CHECK_ERR(write(fd, value, 7), EINVAL);
	CHECK_ERR(read(fd, value, 7), EINVAL);
	CHECK_ERR(read(fd, value, 0), EINVAL);
	CHECK_EQ(read(fd, value, sizeof(value)), 8);
	CHECK_EQ(value[0], 9);
	CHECK_EQ(put(fd, 0x0102030405060708), 8);
	CHECK_EQ(readv(fd, halves, 2), 8);
	CHECK_EQ(value[0], 0x0102030405060708);
	close(fd);
}

/* A bad buffer of a write changes nothing; of a read it loses the value. */
static void faults(void)
{
	int fd = CHECK_OK(eventfd(9, EFD_NONBLOCK));
	uint64_t value;

	CHECK_ERR(syscall(SYS_write, fd, 8, 8), EFAULT);
	CHECK_ERR(syscall(SYS_read, fd, 8, 8), EFAULT);
	CHECK_ERR(get(fd, &value), EAGAIN);
	close(fd);
}

static void flags(void)
{
	int fd = CHECK_OK(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	uint64_t value;

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR | O_NONBLOCK);
	close(fd);
	fd = CHECK_OK(syscall(SYS_eventfd, 1));
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	CHECK_EQ(get(fd, &value), 8);
	CHECK_OK(fcntl(fd, F_SETFL, O_NONBLOCK));
	CHECK_ERR(get(fd, &value), EAGAIN);
	close(fd);
	CHECK_ERR(syscall(SYS_eventfd2, 0, 2), EINVAL);
	CHECK_ERR(syscall(SYS_eventfd2, 0, O_APPEND), EINVAL);
}

static short ready(int fd)
{
	struct pollfd pfd = {.fd = fd,
			     .events = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM | POLLPRI};

	CHECK(poll(&pfd, 1, 0) >= 0);
	return pfd.revents;
}

static void readiness(void)
{
	int fd = CHECK_OK(eventfd(0, 0));
	uint64_t value;

	CHECK_EQ(ready(fd), POLLOUT);
	CHECK_EQ(put(fd, 1), 8);
	CHECK_EQ(ready(fd), POLLIN | POLLOUT);
	CHECK_EQ(put(fd, MAX - 1), 8);
	CHECK_EQ(ready(fd), POLLIN);
	CHECK_EQ(get(fd, &value), 8);
	CHECK_EQ(ready(fd), POLLOUT);
	close(fd);
}

/* --- files without a name ------------------------------------------------------------------- */

static void its_name(void)
{
	char link[64], target[64] = "", info[512];
	int fd = CHECK_OK(eventfd(31, 0));

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	CHECK(readlink(link, target, sizeof(target) - 1) > 0);
	CHECK_STR(target, "anon_inode:[eventfd]");
	CHECK_ERR(open(link, O_RDONLY), ENXIO);
	snprintf(link, sizeof(link), "/proc/self/fdinfo/%d", fd);
	CHECK(t_get_file(link, info, sizeof(info)) > 0);
	CHECK(strstr(info, "\neventfd-count:               1f\n") != NULL);
	close(fd);
}

static void other_calls(void)
{
	char buf[PAGE];
	struct stat st;
	struct statfs fs;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = CHECK_OK(eventfd(1, 0)), one = 1;
	uint64_t value;

	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK_EQ(st.st_size, 0);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_OK(fstatfs(fd, &fs));
	CHECK_EQ(lseek(fd, 5, SEEK_SET), 0);
	CHECK_ERR(pread(fd, &value, 8, 100), ESPIPE);
	CHECK_ERR(pwrite(fd, &value, 8, 100), ESPIPE);
	CHECK_ERR(ftruncate(fd, 0), EINVAL);
	CHECK_ERR(fsync(fd), EINVAL);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV);
	CHECK_ERR(fchdir(fd), ENOTDIR);
	CHECK_ERR(openat(fd, "x", O_RDONLY), ENOTDIR);
	CHECK_ERR(syscall(SYS_getdents64, fd, buf, sizeof(buf)), ENOTDIR);
	CHECK_ERR(ioctl(fd, FIONREAD, &one), ENOTTY);
	CHECK_OK(ioctl(fd, FIONBIO, &one));
	CHECK_OK(flock(fd, LOCK_EX | LOCK_NB));
	CHECK_OK(flock(fd, LOCK_UN));
	CHECK_OK(fcntl(fd, F_SETLK, &lock));
	CHECK_ERR(fcntl(fd, F_GETPIPE_SZ), EBADF);
	CHECK_ERR(posix_fallocate(fd, 0, 1) ? (errno = posix_fallocate(fd, 0, 1), -1) : 0, ENODEV);
	close(fd);
}

static const struct t_test tests[] = {
	T(counts), T(semaphore), T(limits),   T(sizes),       T(faults),
	T(flags),  T(readiness), T(its_name), T(other_calls),
};

T_MAIN(tests)
