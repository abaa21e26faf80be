/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipes and waiting: capacity, atomicity, ends, poll, ppoll, select, pselect. */
#include "t.h"

#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <time.h>

#ifndef F_SETPIPE_SZ
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#endif

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void pipe_basics(void)
{
	char buf[16] = "";
	struct stat st;
	int fds[2];

	CHECK_OK(pipe(fds));
	CHECK_EQ(write(fds[1], "hello ", 6), 6);
	CHECK_EQ(write(fds[1], "world", 5), 5);
	CHECK_EQ(read(fds[0], buf, 3), 3);
	CHECK_EQ(read(fds[0], buf + 3, sizeof(buf) - 3), 8);
	CHECK_STR(buf, "hello world");
	CHECK_OK(fstat(fds[0], &st));
	CHECK(S_ISFIFO(st.st_mode));
	CHECK_ERR(read(fds[1], buf, 1), EBADF);
	CHECK_ERR(write(fds[0], buf, 1), EBADF);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	close(fds[1]);
	CHECK_EQ(read(fds[0], buf, 5), 1); /* what is left, then the end */
	CHECK_EQ(read(fds[0], buf, 5), 0);
	close(fds[0]);
	CHECK_ERR(syscall(SYS_pipe2, fds, 0x1), EINVAL);
	CHECK_OK(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	CHECK_EQ(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	close(fds[0]);
	close(fds[1]);
}

static void pipe_capacity(void)
{
	static char block[65536 + 10];
	int fds[2], count = 0;

	CHECK_OK(pipe2(fds, O_NONBLOCK));
	CHECK_EQ(fcntl(fds[0], F_GETPIPE_SZ), 65536);
	CHECK_EQ(write(fds[1], block, sizeof(block)), 65536); /* partial */
	CHECK_ERR(write(fds[1], block, 1), EAGAIN);
	CHECK_OK(ioctl(fds[0], FIONREAD, &count));
	CHECK_EQ(count, 65536);
	CHECK_EQ(read(fds[0], block, 100), 100);
	CHECK_EQ(read(fds[0], block, sizeof(block)), 65536 - 100);
	CHECK_ERR(read(fds[0], block, 1), EAGAIN);
	CHECK_EQ(write(fds[1], block, 65536 - 100), 65536 - 100);
	CHECK_ERR(write(fds[1], block, PIPE_BUF), EAGAIN); /* up to PIPE_BUF: all or nothing */
	close(fds[0]);
	close(fds[1]);
}

static void pipe_resize(void)
{
	int fds[2];

	CHECK_OK(pipe(fds));
	CHECK_EQ(fcntl(fds[0], F_SETPIPE_SZ, 4096), 4096);
	CHECK_EQ(fcntl(fds[0], F_SETPIPE_SZ, 5000), 8192);
	CHECK_EQ(fcntl(fds[1], F_GETPIPE_SZ), 8192);
	close(fds[0]);
	close(fds[1]);
	fds[0] = t_make_file("f", "", 0);
	CHECK_ERR(fcntl(fds[0], F_GETPIPE_SZ), EBADF);
	close(fds[0]);
}

static void pipe_keeps_order(void)
{
	unsigned char out[977], in[1000];
	unsigned int sent = 0, got = 0;
	bool is_right = true;
	int fds[2];

	CHECK_OK(pipe2(fds, O_NONBLOCK));
	for (int round = 0; round < 500; round++) {
		ssize_t n;

		for (unsigned int i = 0; i < sizeof(out); i++)
			out[i] = (unsigned char)(sent + i);
		n = write(fds[1], out, (size_t)(round % 977 + 1));
		sent += n > 0 ? (unsigned int)n : 0;
		n = read(fds[0], in, (size_t)(round * 7 % 1000 + 1));
		for (ssize_t i = 0; i < n; i++)
			is_right &= in[i] == (unsigned char)got++;
	}
	CHECK(is_right);
	CHECK(got > 10000);
	close(fds[0]);
	close(fds[1]);
}

static short poll_one(int fd, short events)
{
	struct pollfd pfd = {.fd = fd, .events = events, .revents = 0x7fff};

	CHECK(poll(&pfd, 1, 0) >= 0);
	return pfd.revents;
}

static void poll_states(void)
{
	static char block[65536];
	int fds[2], file = t_make_file("f", "", 0);

	CHECK_OK(pipe2(fds, O_NONBLOCK));
	CHECK_EQ(poll_one(fds[0], POLLIN), 0);
	CHECK_EQ(poll_one(fds[1], POLLOUT), POLLOUT);
	CHECK_EQ(write(fds[1], block, sizeof(block)), (long)sizeof(block));
	CHECK_EQ(poll_one(fds[0], POLLIN | POLLRDNORM), POLLIN | POLLRDNORM);
	CHECK_EQ(poll_one(fds[1], POLLOUT), 0);
	CHECK_EQ(poll_one(file, POLLIN | POLLOUT), POLLIN | POLLOUT);
	close(fds[1]);
	CHECK_EQ(poll_one(fds[0], POLLIN), POLLIN | POLLHUP);
	CHECK_EQ(read(fds[0], block, sizeof(block)), (long)sizeof(block));
	CHECK_EQ(poll_one(fds[0], POLLIN), POLLHUP);
	CHECK_EQ(poll_one(fds[1], POLLIN), POLLNVAL);
	CHECK_EQ(poll_one(-1, POLLIN), 0);
	close(fds[0]);
	CHECK_OK(pipe(fds));
	close(fds[0]);
	CHECK_EQ(poll_one(fds[1], POLLOUT), POLLOUT | POLLERR);
	close(fds[1]);
	close(file);
}

static void poll_counts_and_waits(void)
{
	const struct timespec soon = {.tv_nsec = 30000000}, bad = {.tv_nsec = -1};
	struct pollfd pfds[3];
	int fds[2];
	int64_t start;

	CHECK_OK(pipe(fds));
	pfds[0] = (struct pollfd){.fd = fds[0], .events = POLLIN};
	pfds[1] = (struct pollfd){.fd = -5, .events = POLLIN};
	pfds[2] = (struct pollfd){.fd = fds[1], .events = POLLOUT};
	CHECK_EQ(poll(pfds, 3, -1), 1);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(poll(pfds, 3, 1000), 2);
	CHECK_EQ(read(fds[0], &start, 1), 1);
	start = now_ms();
	CHECK_EQ(poll(pfds, 1, 50), 0);
	CHECK(now_ms() - start >= 49);
	CHECK_EQ(poll(NULL, 0, 20), 0);
	start = now_ms();
	CHECK_EQ(ppoll(pfds, 1, &soon, NULL), 0);
	CHECK(now_ms() - start >= 29);
	CHECK_ERR(ppoll(pfds, 1, &bad, NULL), EINVAL);
	CHECK_ERR(syscall(SYS_poll, pfds, 1u << 30, 0), EINVAL);
	close(fds[0]);
	close(fds[1]);
}

static void select_sets(void)
{
	struct timeval soon = {0, 30000};
	int fds[2], high;
	fd_set in, out;
	int64_t start;

	CHECK_OK(pipe(fds));
	high = CHECK_OK(fcntl(fds[0], F_DUPFD, 700));
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(high, &in);
	FD_SET(fds[1], &out);
	CHECK_EQ(select(high + 1, &in, &out, NULL, NULL), 1);
	CHECK(!FD_ISSET(high, &in) && FD_ISSET(fds[1], &out));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	FD_SET(high, &in);
	CHECK_EQ(select(high + 1, &in, &out, NULL, NULL), 2);
	CHECK(FD_ISSET(high, &in));
	CHECK_EQ(read(high, &start, 1), 1);
	start = now_ms();
	CHECK_EQ(syscall(SYS_select, high + 1, &in, NULL, NULL, &soon), 0);
	CHECK(now_ms() - start >= 29);
	CHECK(!FD_ISSET(high, &in));
	CHECK_EQ(soon.tv_sec, 0); /* Linux writes back what was left */
	CHECK_EQ(soon.tv_usec, 0);
	close(high);
	FD_SET(high, &in);
	soon.tv_usec = 0;
	CHECK_ERR(select(high + 1, &in, NULL, NULL, &soon), EBADF);
	CHECK_ERR(syscall(SYS_select, -1, NULL, NULL, NULL, &soon), EINVAL);
	soon.tv_usec = -1;
	CHECK_ERR(syscall(SYS_select, 0, NULL, NULL, NULL, &soon), EINVAL);
	close(fds[0]);
	close(fds[1]);
}

static volatile int alarms;

static void on_signal(int signo)
{
	(void)signo;
	alarms++;
}

/* The mask given to ppoll lets a signal in that is already pending. */
static void waits_with_masks(void)
{
	const struct timespec long_time = {.tv_sec = 5};
	struct pollfd pfd;
	sigset_t set, empty;
	int fds[2];

	CHECK_OK(pipe(fds));
	pfd = (struct pollfd){.fd = fds[0], .events = POLLIN};
	sigemptyset(&empty);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	signal(SIGUSR1, on_signal);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	CHECK_ERR(ppoll(&pfd, 1, &long_time, &empty), EINTR);
	CHECK_EQ(alarms, 1);
	raise(SIGUSR1);
	CHECK_ERR(pselect(0, NULL, NULL, NULL, &long_time, &empty), EINTR);
	CHECK_EQ(alarms, 2);
	sigprocmask(SIG_BLOCK, NULL, &empty);
	CHECK(sigismember(&empty, SIGUSR1));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGUSR1, SIG_DFL);
	close(fds[0]);
	close(fds[1]);
}

static void vectors_through_pipe(void)
{
	char a[3] = "", b[6] = "";
	struct iovec out[2] = {{"ab", 2}, {"cdefg", 5}}, in[2] = {{a, 2}, {b, 5}};
	int fds[2];

	CHECK_OK(pipe(fds));
	CHECK_EQ(writev(fds[1], out, 2), 7);
	CHECK_EQ(readv(fds[0], in, 2), 7);
	CHECK_STR(a, "ab");
	CHECK_STR(b, "cdefg");
	close(fds[0]);
	close(fds[1]);
}

static const struct t_test tests[] = {
	T(pipe_basics),      T(pipe_capacity),    T(pipe_resize),
	T(pipe_keeps_order), T(poll_states),      T(poll_counts_and_waits),
	T(select_sets),      T(waits_with_masks), T(vectors_through_pipe),
};

T_MAIN(tests)
