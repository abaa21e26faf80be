/* SPDX-License-Identifier: BSD-3-Clause */
/* timerfd_create(2): reading, polling, and what happens when the wall clock is set. */
#include "t_timers.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>

static void pause_ns(int64_t ns)
{
	const struct timespec pause = timespec_of(ns);

	CHECK_OK(nanosleep(&pause, NULL));
}

static void set(int fd, int64_t value_ns, int64_t interval_ns)
{
	struct itimerspec setting = setting_of(value_ns, interval_ns);

	CHECK_OK(timerfd_settime(fd, 0, &setting, NULL));
}

/* Expirations that a read returns, 0 when it fails. */
static uint64_t take(int fd)
{
	uint64_t count = 0;
	ssize_t got = read(fd, &count, sizeof(count));

	return got == (ssize_t)sizeof(count) ? count : 0;
}

static int ready(int fd, int timeout_ms)
{
	struct pollfd pollfd = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI};

	return poll(&pollfd, 1, timeout_ms) > 0 ? pollfd.revents : 0;
}

static void read_waits(void)
{
	int fd = (int)CHECK_OK(timerfd_create(CLOCK_MONOTONIC, 0));
	int64_t start = now(CLOCK_MONOTONIC);

	set(fd, 20 * MS, 0);
	CHECK_EQ(take(fd), 1);
	CHECK(now(CLOCK_MONOTONIC) - start >= 20 * MS);
	close(fd);
}

static void read_gives_up(void)
{
	int fd = (int)CHECK_OK(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	uint64_t count;

	CHECK_ERR(read(fd, &count, sizeof(count)), EAGAIN);
	set(fd, 5 * MS, 0);
	CHECK_ERR(read(fd, &count, sizeof(count)), EAGAIN);
	pause_ns(10 * MS);
	CHECK_EQ(take(fd), 1);
	CHECK_ERR(read(fd, &count, sizeof(count)), EAGAIN); /* once only */
	close(fd);
}

static void read_counts(void)
{
	int fd = (int)CHECK_OK(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	struct itimerspec left;
	uint64_t count;

	set(fd, 10 * MS, 10 * MS);
	pause_ns(105 * MS);
	CHECK_OK(timerfd_gettime(fd, &left));
	CHECK(value_of(&left) > 0 && value_of(&left) <= 10 * MS);
	CHECK_EQ(left.it_interval.tv_nsec, 10 * MS);
	count = take(fd);
	CHECK(count >= 10 && count < 100);
	CHECK_OK(fcntl(fd, F_SETFL, 0));
	CHECK(take(fd) >= 1); /* it goes on */
	CHECK(take(fd) >= 1);
	set(fd, 1, 1); /* as short as can be */
	pause_ns(10 * MS);
	CHECK(take(fd) >= 9 * MS);
	for (int i = 0; i < 100; i++)
		CHECK(take(fd) >= 1);
	set(fd, 0, 10 * MS); /* stops it, and forgets what expired */
	CHECK_OK(fcntl(fd, F_SETFL, O_NONBLOCK));
	CHECK_EQ(ready(fd, 0), 0);
	CHECK_ERR(read(fd, &count, sizeof(count)), EAGAIN);
	CHECK_OK(timerfd_gettime(fd, &left));
	CHECK_EQ(value_of(&left), 0);
	close(fd);
}

static void absolute(void)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME};

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		int fd = (int)CHECK_OK(timerfd_create(clocks[i], 0));
		int64_t until = now(clocks[i]) + 15 * MS;
		struct itimerspec setting = setting_of(until, 0);

		CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, NULL));
		CHECK_EQ(take(fd), 1);
		CHECK(now(clocks[i]) >= until);
		CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, NULL));
		CHECK_EQ(take(fd), 1); /* in the past: at once */
		close(fd);
	}
}

static void polling(void)
{
	int fd = (int)CHECK_OK(timerfd_create(CLOCK_MONOTONIC, 0));
	int64_t start = now(CLOCK_MONOTONIC);

	CHECK_EQ(ready(fd, 0), 0);
	set(fd, 20 * MS, 0);
	CHECK_EQ(ready(fd, 5), 0);
	CHECK_EQ(ready(fd, 10000), POLLIN);
	CHECK(now(CLOCK_MONOTONIC) - start >= 20 * MS);
	CHECK_EQ(ready(fd, 0), POLLIN);
	CHECK_EQ(take(fd), 1);
	CHECK_EQ(ready(fd, 0), 0);
	close(fd);
}

/* Level-triggered it is ready until read, edge-triggered once for each expiry. */
static void with_epoll(void)
{
	struct epoll_event wanted = {.events = EPOLLIN | EPOLLET}, got;
	int fd = (int)CHECK_OK(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	int edge = (int)CHECK_OK(epoll_create1(0)), level = (int)CHECK_OK(epoll_create1(0));

	CHECK_OK(epoll_ctl(edge, EPOLL_CTL_ADD, fd, &wanted));
	wanted.events = EPOLLIN;
	CHECK_OK(epoll_ctl(level, EPOLL_CTL_ADD, fd, &wanted));
	CHECK_EQ(epoll_wait(level, &got, 1, 0), 0);
	set(fd, 5 * MS, 0);
	CHECK_EQ(epoll_wait(edge, &got, 1, 10000), 1);
	CHECK_EQ(got.events, EPOLLIN);
	CHECK_EQ(epoll_wait(edge, &got, 1, 0), 0);
	CHECK_EQ(epoll_wait(level, &got, 1, 0), 1);
	CHECK_EQ(epoll_wait(level, &got, 1, 0), 1);
	set(fd, 5 * MS, 0); /* unread */
	CHECK_EQ(epoll_wait(level, &got, 1, 0), 0);
	CHECK_EQ(epoll_wait(edge, &got, 1, 10000), 1);
	CHECK_EQ(take(fd), 1);
	CHECK_EQ(epoll_wait(level, &got, 1, 0), 0);
	close(edge);
	close(level);
	close(fd);
}

static void old_setting(void)
{
	int fd = (int)CHECK_OK(timerfd_create(CLOCK_REALTIME, 0));
	struct itimerspec setting = setting_of(10 * NS_PER_S, 3 * NS_PER_S + 5), old;

	CHECK_OK(timerfd_settime(fd, 0, &setting, &old));
	CHECK_EQ(value_of(&old), 0);
	CHECK_OK(timerfd_settime(fd, 0, &setting, &old));
	CHECK(value_of(&old) > 9 * NS_PER_S && value_of(&old) <= 10 * NS_PER_S);
	CHECK_EQ(old.it_interval.tv_sec, 3);
	CHECK_EQ(old.it_interval.tv_nsec, 5);
	setting.it_value = (struct timespec){INT64_MAX, 0};
	CHECK_OK(timerfd_settime(fd, 0, &setting, NULL));
	CHECK_OK(timerfd_gettime(fd, &old));
	CHECK(old.it_value.tv_sec > 9000000000);
	close(fd);
}

static void errors(void)
{
	struct itimerspec good = setting_of(NS_PER_S, 0), bad = good;
	int fd = (int)CHECK_OK(timerfd_create(CLOCK_MONOTONIC, 0)), other;
	uint64_t count = 1;

	CHECK_ERR(timerfd_create(99, 0), EINVAL);
	CHECK_ERR(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
	CHECK_ERR(timerfd_create(CLOCK_MONOTONIC_RAW, 0), EINVAL);
	CHECK_ERR(timerfd_create(11 /* TAI */, 0), EINVAL);
	CHECK_ERR(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
	bad.it_value.tv_nsec = NS_PER_S;
	CHECK_ERR(timerfd_settime(fd, 0, &bad, NULL), EINVAL);
	bad = good;
	bad.it_interval.tv_sec = -1;
	CHECK_ERR(timerfd_settime(fd, 0, &bad, NULL), EINVAL);
	CHECK_ERR(timerfd_settime(999, 0, &bad, NULL), EINVAL);
	CHECK_ERR(timerfd_settime(fd, 4, &good, NULL), EINVAL);
	CHECK_ERR(timerfd_settime(999, 0, &good, NULL), EBADF);
	CHECK_ERR(timerfd_gettime(999, &good), EBADF);
	other = open("/dev/null", O_RDWR);
	CHECK_ERR(timerfd_settime(other, 0, &good, NULL), EINVAL);
	CHECK_ERR(timerfd_gettime(other, &good), EINVAL);
	CHECK_ERR(read(fd, &count, sizeof(count) - 1), EINVAL);
	CHECK_ERR(write(fd, &count, sizeof(count)), EINVAL);
	CHECK_ERR(pread(fd, &count, sizeof(count), 0), ESPIPE);
	close(other);
	close(fd);
}

static void as_a_file(void)
{
	int fd = (int)CHECK_OK(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)), copy;
	uint32_t halves[2] = {0, 0};
	struct iovec iov[2] = {{&halves[0], 4}, {&halves[1], 4}};
	char path[64], text[512] = "";
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	CHECK(t_get_file(path, text, sizeof(text)) > 0);
	CHECK(strstr(text, "clockid: 1\nticks: 0\nsettime flags: 00\nit_value: (0, 0)\n"));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR | O_NONBLOCK);
	CHECK_OK(fstat(fd, &st));
	copy = (int)CHECK_OK(dup(fd));
	set(fd, MS, 0);
	close(fd);
	pause_ns(5 * MS);
	CHECK_EQ(readv(copy, iov, 2), 8);
	CHECK_EQ(halves[0], 1);
	CHECK_EQ(halves[1], 0);
	set(copy, 3600 * NS_PER_S, 0);
	close(copy); /* armed */
}

static void no_op(int signo)
{
	(void)signo;
}

/* A signal ends the wait, or the read goes on with SA_RESTART. */
static void interrupted(void)
{
	struct sigaction action = {.sa_handler = no_op};
	struct itimerval soon = {.it_value = {0, 10000}};
	int fd = (int)CHECK_OK(timerfd_create(CLOCK_MONOTONIC, 0));
	uint64_t count;

	CHECK_OK(sigaction(SIGALRM, &action, NULL));
	set(fd, 100 * NS_PER_S, 0);
	CHECK_OK(setitimer(ITIMER_REAL, &soon, NULL));
	CHECK_ERR(read(fd, &count, sizeof(count)), EINTR);
	action.sa_flags = SA_RESTART;
	CHECK_OK(sigaction(SIGALRM, &action, NULL));
	set(fd, 60 * MS, 0);
	CHECK_OK(setitimer(ITIMER_REAL, &soon, NULL));
	CHECK_EQ(take(fd), 1);
	signal(SIGALRM, SIG_DFL);
	close(fd);
}

/* --- the wall clock is set: in the guest only, a host's clock is left alone --------------------
 */

static void set_wall_clock(int64_t by_ns)
{
	struct timespec there = timespec_of(now(CLOCK_REALTIME) + by_ns);

	CHECK_OK(clock_settime(CLOCK_REALTIME, &there));
}

static void cancelled(void)
{
	int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
	struct itimerspec setting = setting_of(now(CLOCK_REALTIME) + 3600 * NS_PER_S, 0), left;
	int fd, unasked;
	uint64_t count;

	if (getpid() != 1)
		return;
	fd = (int)CHECK_OK(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	unasked = (int)CHECK_OK(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	CHECK_OK(timerfd_settime(fd, flags, &setting, NULL));
	CHECK_OK(timerfd_settime(unasked, TFD_TIMER_ABSTIME, &setting, NULL));
	CHECK_EQ(ready(fd, 0), 0);
	set_wall_clock(10 * NS_PER_S);
	CHECK_EQ(ready(fd, 0), POLLIN);
	CHECK_EQ(ready(unasked, 0), 0);
	CHECK_ERR(read(fd, &count, sizeof(count)), ECANCELED);
	CHECK_EQ(ready(fd, 0), 0); /* told once */
	CHECK_OK(timerfd_gettime(fd, &left));
	CHECK(value_of(&left) <= 3590 * NS_PER_S && value_of(&left) > 3500 * NS_PER_S);
	set_wall_clock(-10 * NS_PER_S);
	/* Setting it again tells, too, and sets it nevertheless. */
	CHECK_ERR(timerfd_settime(fd, flags, &setting, NULL), ECANCELED);
	CHECK_OK(timerfd_settime(fd, flags, &setting, NULL));
	CHECK_OK(timerfd_gettime(fd, &left));
	CHECK(value_of(&left) > 3500 * NS_PER_S);
	set_wall_clock(4000 * NS_PER_S); /* beyond the expiry */
	CHECK_EQ(ready(unasked, 1000), POLLIN);
	CHECK_EQ(take(unasked), 1);
	CHECK_ERR(read(fd, &count, sizeof(count)), ECANCELED);
	set_wall_clock(-4000 * NS_PER_S);
	/* A relative time, and another clock, are not concerned. */
	CHECK_OK(timerfd_settime(fd, TFD_TIMER_CANCEL_ON_SET, &setting, NULL));
	set_wall_clock(NS_PER_S);
	CHECK_EQ(ready(fd, 0), 0);
	set_wall_clock(-NS_PER_S);
	close(fd);
	close(unasked);
}

static const struct t_test tests[] = {
	T(read_waits), T(read_gives_up), T(read_counts), T(absolute),
	T(polling),    T(with_epoll),    T(old_setting), T(errors),
	T(as_a_file),  T(interrupted),   T(cancelled),
};

T_MAIN(tests)
