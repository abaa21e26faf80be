/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll(7): interest lists, their errors, and what is reported when. Nested instances, timeouts and
 * signal masks are in epoll_wait.c, several threads in epoll_threads.c. */
#include "t.h"

#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)
#endif

static struct epoll_event events[64];

static int control(int epfd, int op, int fd, uint32_t wanted, uint64_t data)
{
	struct epoll_event event = {.events = wanted, .data.u64 = data};

	return epoll_ctl(epfd, op, fd, &event);
}

static int add(int epfd, int fd, uint32_t wanted)
{
	return control(epfd, EPOLL_CTL_ADD, fd, wanted, (uint64_t)fd);
}

/* What is ready now. */
static int wait_now(int epfd)
{
	memset(events, 0x55, sizeof(events));
	return epoll_wait(epfd, events, 64, 0);
}

/* One file is ready, with these events. */
#define CHECK_ONE(epfd, fd, wanted)                                                                \
	do {                                                                                       \
		if (CHECK_EQ(wait_now(epfd), 1)) {                                                 \
			CHECK_EQ(events[0].data.u64, fd);                                          \
			CHECK_EQ(events[0].events, wanted);                                        \
		}                                                                                  \
	} while (0)

static void signal_event(int fd)
{
	CHECK_EQ(write(fd, &(uint64_t){1}, 8), 8);
}

static void take_event(int fd)
{
	uint64_t value;

	CHECK_EQ(read(fd, &value, 8), 8);
}

/* --- calls and their errors ----------------------------------------------------------------- */

static void create(void)
{
	int fd = CHECK_OK(epoll_create1(EPOLL_CLOEXEC));
	char c, link[64], target[64] = "";

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(read(fd, &c, 1), EINVAL);
	CHECK_ERR(write(fd, &c, 1), EINVAL);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	CHECK(readlink(link, target, sizeof(target) - 1) > 0);
	CHECK_STR(target, "anon_inode:[eventpoll]");
	close(fd);
	fd = CHECK_OK(syscall(SYS_epoll_create, 1));
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	close(fd);
	CHECK_ERR(syscall(SYS_epoll_create, 0), EINVAL);
	CHECK_ERR(syscall(SYS_epoll_create, -1), EINVAL);
	CHECK_ERR(epoll_create1(1), EINVAL);
	CHECK_ERR(epoll_create1(O_NONBLOCK), EINVAL);
}

static void control_errors(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(0, 0));
	int file = t_make_file("f", "", 0), dir = CHECK_OK(open(".", O_RDONLY));
	int path = CHECK_OK(open("f", O_PATH));
	struct epoll_event *bad = (void *)8;

	CHECK_ERR(add(-1, fd, EPOLLIN), EBADF);
	CHECK_ERR(add(epfd, -1, EPOLLIN), EBADF);
	CHECK_ERR(add(epfd, path, EPOLLIN), EBADF);
	CHECK_ERR(add(epfd, file, EPOLLIN), EPERM);
	CHECK_ERR(add(epfd, dir, EPOLLIN), EPERM);
	CHECK_ERR(add(fd, file, EPOLLIN), EPERM);
	CHECK_ERR(add(fd, fd, EPOLLIN), EINVAL);
	CHECK_ERR(add(epfd, epfd, EPOLLIN), EINVAL);
	CHECK_ERR(add(fd, epfd, EPOLLIN), EINVAL);
	CHECK_ERR(epoll_ctl(-1, EPOLL_CTL_ADD, -1, bad), EFAULT);
	CHECK_ERR(epoll_ctl(epfd, 99, fd, bad), EFAULT);
	CHECK_ERR(control(epfd, 99, fd, EPOLLIN, 0), EINVAL);
	CHECK_ERR(control(epfd, 0, fd, EPOLLIN, 0), EINVAL);
	CHECK_ERR(control(epfd, EPOLL_CTL_MOD, fd, EPOLLIN, 0), ENOENT);
	CHECK_ERR(epoll_ctl(epfd, EPOLL_CTL_DEL, fd, bad), ENOENT);
	CHECK_OK(add(epfd, fd, EPOLLIN));
	CHECK_ERR(add(epfd, fd, EPOLLOUT), EEXIST);
	CHECK_OK(epoll_ctl(epfd, EPOLL_CTL_DEL, fd, bad));
	CHECK_ERR(epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL), ENOENT);
	CHECK_OK(add(epfd, fd, EPOLLIN | EPOLLWAKEUP | EPOLLRDHUP | EPOLLPRI));
	close(path);
	close(dir);
	close(file);
	close(fd);
	close(epfd);
}

static void wait_errors(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(1, 0));
	const struct timespec bad_time = {.tv_nsec = 1000000000};
	uint64_t mask = 0;

	CHECK_ERR(epoll_wait(epfd, events, 0, 0), EINVAL);
	CHECK_ERR(epoll_wait(epfd, events, -1, 0), EINVAL);
	CHECK_ERR(epoll_wait(epfd, events, INT_MAX / (int)sizeof(events[0]) + 1, 0), EINVAL);
	CHECK_ERR(epoll_wait(epfd, (void *)-4096L, 1, 0), EFAULT);
	CHECK_ERR(epoll_wait(-1, events, 1, 0), EBADF);
	CHECK_ERR(epoll_wait(fd, events, 1, 0), EINVAL);
	CHECK_EQ(epoll_wait(epfd, (void *)8, 1, 0), 0); /* nothing to write */
	CHECK_ERR(syscall(SYS_epoll_pwait, epfd, events, 1, 0, &mask, 4), EINVAL);
	CHECK_ERR(syscall(SYS_epoll_pwait, epfd, events, 1, 0, (void *)8, 8), EFAULT);
	CHECK_ERR(syscall(SYS_epoll_pwait2, -1, events, 1, &bad_time, NULL, 8), EINVAL);
	CHECK_ERR(syscall(SYS_epoll_pwait2, -1, events, 1, (void *)8, NULL, 8), EFAULT);
	close(fd);
	close(epfd);
}

static void exclusive_rules(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), other = CHECK_OK(epoll_create1(0));
	int fd = CHECK_OK(eventfd(0, 0)), file = t_make_file("f", "", 0);

	CHECK_ERR(add(epfd, file, EPOLLEXCLUSIVE), EPERM);
	CHECK_ERR(add(epfd, other, EPOLLIN | EPOLLEXCLUSIVE), EINVAL);
	CHECK_ERR(add(epfd, fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL);
	CHECK_ERR(add(epfd, fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLPRI), EINVAL);
	CHECK_ERR(control(epfd, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLEXCLUSIVE, 0), EINVAL);
	CHECK_OK(
		add(epfd, fd, EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLEXCLUSIVE | EPOLLET));
	CHECK_ERR(control(epfd, EPOLL_CTL_MOD, fd, EPOLLIN, 0), EINVAL);
	CHECK_OK(epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL));
	/* Nobody waits: both instances have it. */
	CHECK_OK(add(epfd, fd, EPOLLIN | EPOLLEXCLUSIVE));
	CHECK_OK(add(other, fd, EPOLLIN | EPOLLEXCLUSIVE));
	signal_event(fd);
	CHECK_ONE(epfd, fd, EPOLLIN);
	CHECK_ONE(other, fd, EPOLLIN);
	close(file);
	close(fd);
	close(other);
	close(epfd);
}

/* --- what is reported ----------------------------------------------------------------------- */

static void level(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fds[2];
	char buf[16];

	CHECK_OK(pipe(fds));
	CHECK_OK(control(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 0x123456789abcdef0));
	CHECK_OK(add(epfd, fds[1], EPOLLPRI));
	CHECK_EQ(wait_now(epfd), 0);
	CHECK_EQ(write(fds[1], "abc", 3), 3);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(wait_now(epfd), 1);
		CHECK(events[0].data.u64 == 0x123456789abcdef0);
		CHECK_EQ(events[0].events, EPOLLIN);
		CHECK_EQ(read(fds[0], buf, 1), 1);
	}
	CHECK_EQ(wait_now(epfd), 0);
	CHECK_OK(control(epfd, EPOLL_CTL_MOD, fds[1], EPOLLOUT | EPOLLWRNORM, 7));
	CHECK_ONE(epfd, 7, EPOLLOUT | EPOLLWRNORM);
	CHECK_OK(control(epfd, EPOLL_CTL_MOD, fds[1], 0, 7));
	CHECK_EQ(wait_now(epfd), 0);
	close(fds[0]); /* nobody asked for it */
	CHECK_ONE(epfd, 7, EPOLLERR);
	close(fds[1]);
	close(epfd);
}

static void hangup(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fds[2];

	CHECK_OK(pipe(fds));
	CHECK_OK(add(epfd, fds[0], 0));
	CHECK_EQ(write(fds[1], "a", 1), 1);
	CHECK_EQ(wait_now(epfd), 0);
	close(fds[1]);
	CHECK_ONE(epfd, fds[0], EPOLLHUP);
	CHECK_OK(control(epfd, EPOLL_CTL_MOD, fds[0], EPOLLIN, 1));
	CHECK_ONE(epfd, 1, EPOLLIN | EPOLLHUP);
	close(fds[0]);
	CHECK_EQ(wait_now(epfd), 0);
	close(epfd);
}

/* EPOLLRDHUP: only for those who ask, and as an edge of its own. */
static void peer_shuts_down(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), ends[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	CHECK_OK(add(epfd, ends[0], EPOLLRDHUP | EPOLLET));
	CHECK_EQ(wait_now(epfd), 0);
	CHECK_EQ(write(ends[1], "a", 1), 1);
	CHECK_EQ(wait_now(epfd), 0);
	CHECK_OK(shutdown(ends[1], SHUT_WR));
	CHECK_ONE(epfd, ends[0], EPOLLRDHUP);
	CHECK_EQ(wait_now(epfd), 0);
	CHECK_OK(control(epfd, EPOLL_CTL_MOD, ends[0], EPOLLIN, 3));
	CHECK_ONE(epfd, 3, EPOLLIN);
	close(ends[1]);
	CHECK_ONE(epfd, 3, EPOLLIN | EPOLLHUP);
	CHECK_OK(control(epfd, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLRDHUP, 3));
	CHECK_ONE(epfd, 3, EPOLLIN | EPOLLHUP | EPOLLRDHUP);
	close(ends[0]);
	close(epfd);
}

static void edge(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fds[2];
	char buf[16];

	CHECK_OK(pipe(fds));
	CHECK_EQ(write(fds[1], "a", 1), 1);
	CHECK_OK(add(epfd, fds[0], EPOLLIN | EPOLLET)); /* ready already: that counts as an edge */
	CHECK_ONE(epfd, fds[0], EPOLLIN);
	CHECK_EQ(wait_now(epfd), 0);
	CHECK_EQ(write(fds[1], "b", 1), 1); /* more of it is an edge, too */
	CHECK_ONE(epfd, fds[0], EPOLLIN);
	CHECK_EQ(wait_now(epfd), 0);
	CHECK_EQ(write(fds[1], "c", 1), 1);
	CHECK_EQ(read(fds[0], buf, 3), 3);
	CHECK_EQ(wait_now(epfd), 0); /* an edge that is over */
	CHECK_EQ(write(fds[1], "d", 1), 1);
	CHECK_ONE(epfd, fds[0], EPOLLIN);
	CHECK_OK(control(epfd, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLET, 9)); /* armed anew */
	CHECK_ONE(epfd, 9, EPOLLIN);
	CHECK_EQ(wait_now(epfd), 0);
	close(fds[1]);
	CHECK_ONE(epfd, 9, EPOLLIN | EPOLLHUP);
	CHECK_EQ(wait_now(epfd), 0);
	close(fds[0]);
	close(epfd);
}

/* Room for writing comes back as an edge. */
static void edge_out(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(0, EFD_NONBLOCK));

	CHECK_OK(add(epfd, fd, EPOLLIN | EPOLLOUT | EPOLLET));
	CHECK_ONE(epfd, fd, EPOLLOUT);
	CHECK_EQ(wait_now(epfd), 0);
	CHECK_EQ(write(fd, &(uint64_t){UINT64_MAX - 1}, 8), 8);
	CHECK_ONE(epfd, fd, EPOLLIN);
	take_event(fd);
	CHECK_ONE(epfd, fd, EPOLLOUT);
	CHECK_EQ(wait_now(epfd), 0);
	close(fd);
	close(epfd);
}

static void oneshot(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fds[2];

	CHECK_OK(pipe(fds));
	CHECK_OK(add(epfd, fds[0], EPOLLIN | EPOLLONESHOT));
	CHECK_EQ(wait_now(epfd), 0);
	CHECK_EQ(write(fds[1], "a", 1), 1);
	CHECK_ONE(epfd, fds[0], EPOLLIN);
	CHECK_EQ(write(fds[1], "a", 1), 1);
	CHECK_EQ(wait_now(epfd), 0);
	CHECK_ERR(add(epfd, fds[0], EPOLLIN), EEXIST); /* disarmed, not removed */
	CHECK_OK(control(epfd, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLONESHOT, 4));
	CHECK_ONE(epfd, 4, EPOLLIN);
	close(fds[1]);
	CHECK_EQ(wait_now(epfd), 0); /* not even a hang-up */
	CHECK_OK(control(epfd, EPOLL_CTL_MOD, fds[0], EPOLLONESHOT, 5));
	CHECK_ONE(epfd, 5, EPOLLHUP);
	close(fds[0]);
	close(epfd);
}

/* --- descriptors and files ------------------------------------------------------------------ */

static void closing(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(1, 0)),
	    copy = CHECK_OK(dup(fd));

	/* The same file under two numbers is two entries. */
	CHECK_OK(add(epfd, fd, EPOLLIN));
	CHECK_OK(add(epfd, copy, EPOLLIN));
	CHECK_EQ(wait_now(epfd), 2);
	close(copy);
	CHECK_ERR(epoll_ctl(epfd, EPOLL_CTL_DEL, copy, NULL), EBADF);
	CHECK_EQ(wait_now(epfd), 2); /* the file lives, and its entries with it */
	CHECK_EQ(dup2(fd, copy), copy);
	CHECK_OK(epoll_ctl(epfd, EPOLL_CTL_DEL, copy, NULL));
	CHECK_ONE(epfd, fd, EPOLLIN);
	CHECK_EQ(dup2(epfd, fd), fd); /* closes fd; the copy holds the file */
	CHECK_ONE(epfd, fd, EPOLLIN);
	close(copy);
	CHECK_EQ(wait_now(epfd), 0);
	close(epfd);
	CHECK_EQ(wait_now(fd), 0); /* an instance has descriptors, too */
	close(fd);
}

static void reused_number(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(1, 0));
	int copy = CHECK_OK(dup(fd)), other = CHECK_OK(eventfd(0, 0));

	CHECK_OK(control(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 1));
	CHECK_EQ(dup2(other, fd), fd);
	CHECK_OK(control(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 2)); /* another file, the same number */
	CHECK_ONE(epfd, 1, EPOLLIN);
	signal_event(other);
	CHECK_EQ(wait_now(epfd), 2);
	close(copy);
	CHECK_ONE(epfd, 2, EPOLLIN);
	close(other);
	close(fd);
	close(epfd);
}

/* Either side may go first, with events pending. */
static void ends(void)
{
	for (int round = 0; round < 2; round++) {
		int epfd = CHECK_OK(epoll_create1(0)), fds[2];

		CHECK_OK(pipe(fds));
		CHECK_OK(add(epfd, fds[0], EPOLLIN));
		CHECK_OK(add(epfd, fds[1], EPOLLOUT | EPOLLET));
		CHECK_EQ(write(fds[1], "a", 1), 1);
		close(round ? epfd : fds[0]);
		CHECK_EQ(write(fds[1], "a", round), round);
		close(round ? fds[0] : epfd);
		close(fds[1]);
	}
}

/* --- more than fits ------------------------------------------------------------------------- */

#define MANY 10

static void make_ready(int epfd, int *fds)
{
	for (int i = 0; i < MANY; i++) {
		fds[i] = (int)CHECK_OK(eventfd(0, 0));
		CHECK_OK(control(epfd, EPOLL_CTL_ADD, fds[i], EPOLLIN, (uint64_t)i));
	}
	for (int i = MANY - 1; i >= 0; i--)
		signal_event(fds[i]);
}

static void close_all(int epfd, int *fds)
{
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	close(epfd);
}

/* In the order in which they became ready, everyone before anyone comes again. */
static void fair_turns(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fds[MANY], next = MANY - 1;

	make_ready(epfd, fds);
	for (int round = 0; round < 12; round++) {
		int count = epoll_wait(epfd, events, 3, 0);

		CHECK_EQ(count, 3);
		for (int i = 0; i < count; i++) {
			CHECK_EQ(events[i].data.u64, next);
			next = next ? next - 1 : MANY - 1;
		}
	}
	close_all(epfd, fds);
}

/* An array that ends in the middle: what fitted is reported, the rest later. */
static void partial_fault(void)
{
	char *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct epoll_event *out = (struct epoll_event *)(pages + PAGE) - 4;
	int epfd = CHECK_OK(epoll_create1(0)), fds[MANY];

	make_ready(epfd, fds);
	for (int i = 0; i < MANY; i++)
		CHECK_OK(control(epfd, EPOLL_CTL_MOD, fds[i], EPOLLIN | EPOLLET, (uint64_t)i));
	munmap(pages + PAGE, PAGE);
	CHECK_EQ(epoll_wait(epfd, out, MANY, 0), 4);
	CHECK_EQ(out[0].data.u64, 9);
	CHECK_EQ(out[3].data.u64, 6);
	CHECK_ERR(epoll_wait(epfd, (struct epoll_event *)((char *)out + 40), 2, 0), EFAULT);
	CHECK_EQ(wait_now(epfd), 6);
	CHECK_EQ(events[0].data.u64, 5);
	CHECK_EQ(wait_now(epfd), 0);
	munmap(pages, PAGE);
	close_all(epfd, fds);
}

static void many_files(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), first = -1, fd = -1;
	unsigned int seen = 0;

	for (int i = 0; i < 900; i++) {
		fd = (int)CHECK_OK(eventfd(0, 0));
		first = first < 0 ? fd : first;
		CHECK_OK(add(epfd, fd, EPOLLIN | EPOLLET));
	}
	CHECK_EQ(wait_now(epfd), 0);
	for (int i = first; i <= fd; i += 37)
		signal_event(i);
	CHECK_EQ(wait_now(epfd), 25);
	for (int i = 0; i < 25; i++)
		seen += (events[i].data.u64 - (unsigned int)first) % 37 == 0;
	CHECK_EQ(seen, 25);
	for (int i = first; i <= fd; i += 2)
		CHECK_OK(epoll_ctl(epfd, EPOLL_CTL_DEL, i, NULL));
	for (int i = first; i <= fd; i++)
		CHECK_EQ(epoll_ctl(epfd, EPOLL_CTL_DEL, i, NULL), (i - first) % 2 ? 0 : -1);
	for (int i = first; i <= fd; i++)
		close(i);
	close(epfd);
}

static const struct t_test tests[] = {
	T(create),   T(control_errors), T(wait_errors),     T(exclusive_rules),
	T(level),    T(hangup),         T(peer_shuts_down), T(edge),
	T(edge_out), T(oneshot),        T(closing),         T(reused_number),
	T(ends),     T(fair_turns),     T(partial_fault),   T(many_files),
};

T_MAIN(tests)
