/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors: dup and its kin, fcntl flags, close_range, record and file locks, limits. */
#include "t_threads.h"

#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#define F_OFD_GETLK_ 36
#define F_OFD_SETLK_ 37

static void dup_shares_offset(void)
{
	char c;
	int fd = t_make_file("f", "abcdef", 6), copy, other;

	copy = CHECK_OK(dup(fd));
	other = CHECK_OK(open("f", O_RDONLY));
	CHECK_EQ(lseek(fd, 2, SEEK_SET), 2);
	CHECK_EQ(lseek(copy, 0, SEEK_CUR), 2);
	CHECK_EQ(lseek(other, 0, SEEK_CUR), 0);
	close(fd);
	CHECK_EQ(read(copy, &c, 1), 1);
	CHECK_EQ(c, 'c');
	close(copy);
	close(other);
	CHECK_ERR(dup(copy), EBADF);
}

static void dup2_dup3(void)
{
	int fd = t_make_file("f", "", 0);

	CHECK_EQ(dup2(fd, 50), 50);
	CHECK_EQ(dup2(fd, fd), fd);
	CHECK_ERR(syscall(SYS_dup3, fd, fd, 0), EINVAL);
	CHECK_ERR(dup2(-1, 50), EBADF);
	CHECK_OK(fcntl(50, F_GETFD)); /* a failed dup2 closes nothing */
	CHECK_ERR(dup2(fd, -1), EBADF);
	CHECK_ERR(dup2(fd, 1 << 30), EBADF);
	CHECK_ERR(dup2(51, 51), EBADF);
	CHECK_EQ(dup3(fd, 50, O_CLOEXEC), 50);
	CHECK_EQ(fcntl(50, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(syscall(SYS_dup3, fd, 50, O_APPEND), EINVAL);
	CHECK_EQ(dup2(fd, 50), 50);
	CHECK_EQ(fcntl(50, F_GETFD), 0);
	close(50);
	close(fd);
}

static void fcntl_descriptor_flags(void)
{
	int fd = CHECK_OK(open("/dev/null", O_RDWR | O_CLOEXEC)), copy;

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	copy = CHECK_OK(dup(fd)); /* close-on-exec is the descriptor's own */
	CHECK_EQ(fcntl(copy, F_GETFD), 0);
	CHECK_OK(fcntl(copy, F_SETFD, FD_CLOEXEC));
	CHECK_EQ(fcntl(copy, F_GETFD), FD_CLOEXEC);
	CHECK_OK(fcntl(fd, F_SETFD, 0));
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	CHECK_EQ(fcntl(copy, F_GETFD), FD_CLOEXEC);
	close(copy);
	copy = CHECK_OK(fcntl(fd, F_DUPFD, 100));
	CHECK_EQ(copy, 100);
	CHECK_EQ(fcntl(fd, F_DUPFD_CLOEXEC, 100), 101);
	CHECK_EQ(fcntl(101, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(fcntl(fd, F_DUPFD, -1), EINVAL);
	CHECK_ERR(fcntl(fd, F_DUPFD, 1 << 30), EINVAL);
	CHECK_ERR(fcntl(-1, F_GETFD), EBADF);
	CHECK_ERR(fcntl(fd, 9999), EINVAL);
	CHECK_OK(ioctl(fd, FIOCLEX));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_OK(ioctl(fd, FIONCLEX));
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	close(100);
	close(101);
	close(fd);
}

static void fcntl_status_flags(void)
{
	int fds[2], on = 1, copy;
	char c;

	CHECK_OK(pipe2(fds, O_NONBLOCK));
	CHECK_ERR(read(fds[0], &c, 1), EAGAIN);
	CHECK_EQ(fcntl(fds[0], F_GETFL), O_NONBLOCK | O_RDONLY);
	CHECK_EQ(fcntl(fds[1], F_GETFL), O_NONBLOCK | O_WRONLY);
	copy = CHECK_OK(dup(fds[0])); /* status flags are shared */
	CHECK_OK(fcntl(fds[0], F_SETFL, 0));
	CHECK_EQ(fcntl(copy, F_GETFL), O_RDONLY);
	CHECK_OK(ioctl(fds[0], FIONBIO, &on));
	CHECK_EQ(fcntl(copy, F_GETFL), O_RDONLY | O_NONBLOCK);
	CHECK_EQ(write(fds[1], "abc", 3), 3);
	CHECK_OK(ioctl(fds[0], FIONREAD, &on));
	CHECK_EQ(on, 3);
	close(copy);
	close(fds[0]);
	close(fds[1]);
	fds[0] = t_make_file("f", "ab", 2);
	CHECK_OK(fcntl(fds[0], F_SETFL, O_APPEND));
	CHECK_EQ(lseek(fds[0], 0, SEEK_SET), 0);
	CHECK_EQ(write(fds[0], "c", 1), 1);
	CHECK_EQ(lseek(fds[0], 0, SEEK_CUR), 3);
	CHECK_OK(fcntl(fds[0], F_SETFL, O_WRONLY | O_CREAT)); /* the rest is passed over */
	CHECK_EQ(fcntl(fds[0], F_GETFL) & O_ACCMODE, O_RDWR);
	close(fds[0]);
}

static void closing_ranges(void)
{
	for (int i = 200; i < 210; i++)
		CHECK_EQ(dup2(1, i), i);
	CHECK_OK(syscall(SYS_close_range, 202u, 204u, 0));
	CHECK_OK(fcntl(201, F_GETFD));
	CHECK_ERR(fcntl(202, F_GETFD), EBADF);
	CHECK_ERR(fcntl(204, F_GETFD), EBADF);
	CHECK_EQ(fcntl(205, F_GETFD), 0);
	CHECK_OK(syscall(SYS_close_range, 205u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */));
	CHECK_EQ(fcntl(205, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(syscall(SYS_close_range, 3u, 2u, 0), EINVAL);
	CHECK_ERR(syscall(SYS_close_range, 200u, 201u, 8u), EINVAL);
	CHECK_OK(syscall(SYS_close_range, 200u, ~0u, 0));
	CHECK_ERR(fcntl(200, F_GETFD), EBADF);
}

static void descriptor_limit(void)
{
	struct rlimit old, limit;
	int fd, last = -1;

	CHECK_OK(getrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = 40;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	CHECK_EQ(errno, EMFILE);
	CHECK_EQ(last, 39);
	CHECK_ERR(dup(1), EMFILE);
	CHECK_ERR(fcntl(1, F_DUPFD, 40), EINVAL);
	CHECK_ERR(dup2(1, 40), EBADF);
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &old));
	CHECK_OK(syscall(SYS_close_range, 10u, ~0u, 0));
}

static void record_locks(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
	int fd = t_make_file("f", "abc", 3), other = CHECK_OK(open("f", O_RDWR)), reader;

	CHECK_OK(fcntl(fd, F_SETLK, &lock));
	lock.l_type = F_WRLCK;
	CHECK_OK(fcntl(other, F_GETLK, &lock)); /* one's own locks do not conflict */
	CHECK_EQ(lock.l_type, F_UNLCK);
	lock = (struct flock){.l_type = F_UNLCK, .l_whence = SEEK_SET};
	CHECK_OK(fcntl(fd, F_SETLKW, &lock));
	lock.l_type = 77;
	CHECK_ERR(fcntl(fd, F_SETLK, &lock), EINVAL);
	lock = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = -1};
	CHECK_ERR(fcntl(fd, F_SETLK, &lock), EINVAL);
	reader = CHECK_OK(open("f", O_RDONLY));
	lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
	CHECK_ERR(fcntl(reader, F_SETLK, &lock), EBADF);
	close(reader);
	close(other);
	close(fd);
}

static void description_locks(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 5};
	int fd = t_make_file("f", "abc", 3), other = CHECK_OK(open("f", O_RDWR));

	CHECK_OK(fcntl(fd, F_OFD_SETLK_, &lock));
	lock.l_pid = 0;
	CHECK_ERR(fcntl(other, F_OFD_SETLK_, &lock), EAGAIN);
	lock.l_start = 0;
	CHECK_OK(fcntl(other, F_OFD_SETLK_, &lock)); /* beside it */
	lock = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET};
	CHECK_OK(fcntl(other, F_OFD_GETLK_, &lock));
	CHECK_EQ(lock.l_type, F_WRLCK);
	CHECK_EQ(lock.l_start, 5);
	CHECK_EQ(lock.l_len, 5);
	CHECK_EQ(lock.l_pid, -1);
	close(fd); /* gives it free */
	lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
	CHECK_OK(fcntl(other, F_OFD_SETLK_, &lock));
	close(other);
}

static int closed_fd;

static void *waits_for_lock(void *argument)
{
	struct flock lock = {.l_type = F_WRLCK};

	CHECK_ERR(fcntl(closed_fd, F_SETLKW, &lock), EBADF);
	return argument;
}

/* Nobody could release a lock whose descriptor was closed while its owner waited for it. */
static void lock_of_closed_descriptor(void)
{
	struct flock lock = {.l_type = F_WRLCK};
	int fd = t_make_file("f", "", 0);
	pthread_t thread;

	closed_fd = CHECK_OK(open("f", O_RDWR));
	CHECK_OK(fcntl(fd, F_OFD_SETLK_, &lock));
	thread = start(waits_for_lock, NULL);
	sleep_ms(30);
	close(closed_fd);
	lock.l_type = F_UNLCK;
	CHECK_OK(fcntl(fd, F_OFD_SETLK_, &lock));
	join(thread);
	lock.l_type = F_WRLCK;
	CHECK_OK(fcntl(fd, F_OFD_GETLK_, &lock));
	CHECK_EQ(lock.l_type, F_UNLCK);
	close(fd);
}

static void file_locks(void)
{
	int fd = t_make_file("f", "", 0), other = CHECK_OK(open("f", O_RDONLY)), copy;

	CHECK_OK(flock(fd, LOCK_EX));
	CHECK_ERR(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	CHECK_ERR(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	copy = CHECK_OK(dup(fd));
	close(fd);
	CHECK_ERR(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	CHECK_OK(flock(copy, LOCK_SH));
	CHECK_OK(flock(other, LOCK_SH | LOCK_NB));
	CHECK_ERR(flock(copy, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	close(copy);
	CHECK_OK(flock(other, LOCK_EX | LOCK_NB));
	CHECK_OK(flock(other, LOCK_UN));
	CHECK_ERR(flock(other, 77), EINVAL);
	CHECK_ERR(flock(-1, LOCK_SH), EBADF);
	close(other);
}

static void not_a_terminal(void)
{
	int fd = t_make_file("f", "", 0);

	CHECK(!isatty(fd));
	CHECK_EQ(errno, ENOTTY);
	CHECK_ERR(ioctl(fd, 0x12345678), ENOTTY);
	CHECK_ERR(ioctl(-1, 0x12345678), EBADF);
	close(fd);
}

static const struct t_test tests[] = {
	T(dup_shares_offset),  T(dup2_dup3),         T(fcntl_descriptor_flags),
	T(fcntl_status_flags), T(closing_ranges),    T(descriptor_limit),
	T(record_locks),       T(description_locks), T(lock_of_closed_descriptor),
	T(file_locks),         T(not_a_terminal),
};

T_MAIN(tests)
