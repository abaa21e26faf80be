/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll(7) of epolls: readiness through several levels, loops, depth; poll(2) and fdinfo of an
 * instance; how long a wait lasts and which signals end it. */
#include "t.h"

#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

#define CHAIN 5 /* instances, epoll_ctl(2) */

static struct epoll_event events[16];

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int add(int epfd, int fd, uint32_t wanted)
{
	struct epoll_event event = {.events = wanted, .data.fd = fd};

	return epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event);
}

static int wait_now(int epfd)
{
	return epoll_wait(epfd, events, 16, 0);
}

static void signal_event(int fd)
{
	CHECK_EQ(write(fd, &(uint64_t){1}, 8), 8);
}

static void take_event(int fd)
{
	uint64_t value;

	CHECK_EQ(read(fd, &value, 8), 8);
}

static short poll_now(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN | POLLRDNORM | POLLOUT};

	CHECK(poll(&pfd, 1, 0) >= 0);
	return pfd.revents;
}

static void make_chain(int *chain, int count)
{
	for (int i = 0; i < count; i++)
		chain[i] = (int)CHECK_OK(epoll_create1(0));
}

static void close_chain(const int *chain, int count)
{
	for (int i = 0; i < count; i++)
		close(chain[i]);
}

/* chain[0] watches chain[1] watches ... watches an eventfd. */
static void levels(void)
{
	int chain[CHAIN], fd = CHECK_OK(eventfd(0, 0));

	make_chain(chain, CHAIN);
	CHECK_OK(add(chain[CHAIN - 1], fd, EPOLLIN));
	for (int i = 0; i + 1 < CHAIN; i++)
		CHECK_OK(add(chain[i], chain[i + 1], EPOLLIN));
	CHECK_EQ(wait_now(chain[0]), 0);
	CHECK_EQ(poll_now(chain[0]), 0);
	signal_event(fd);
	CHECK_EQ(poll_now(chain[0]), POLLIN | POLLRDNORM);
	for (int i = 0; i < CHAIN; i++) {
		CHECK_EQ(wait_now(chain[i]), 1);
		CHECK_EQ(events[0].events, EPOLLIN);
		CHECK_EQ(events[0].data.fd, i + 1 < CHAIN ? chain[i + 1] : fd);
	}
	CHECK_EQ(wait_now(chain[0]), 1); /* level: still */
	take_event(fd);
	CHECK_EQ(wait_now(chain[0]), 0);
	CHECK_EQ(poll_now(chain[0]), 0);
	signal_event(fd);
	CHECK_EQ(wait_now(chain[0]), 1);
	close(fd);
	CHECK_EQ(wait_now(chain[0]), 0);
	close_chain(chain, CHAIN);
}

static void edges(void)
{
	int outer = CHECK_OK(epoll_create1(0)), inner = CHECK_OK(epoll_create1(0));
	int a = CHECK_OK(eventfd(0, 0)), b = CHECK_OK(eventfd(0, 0));

	CHECK_OK(add(inner, a, EPOLLIN));
	CHECK_OK(add(inner, b, EPOLLIN | EPOLLET));
	CHECK_OK(add(outer, inner, EPOLLIN | EPOLLET));
	signal_event(a);
	CHECK_EQ(wait_now(outer), 1);
	CHECK_EQ(wait_now(outer), 0);
	signal_event(b);
	CHECK_EQ(wait_now(outer), 1);
	CHECK_EQ(wait_now(outer), 0);
	CHECK_EQ(wait_now(inner), 2);
	CHECK_EQ(wait_now(inner), 1);
	close(a);
	CHECK_EQ(wait_now(inner), 0);
	CHECK_EQ(wait_now(outer), 0);
	close(b);
	close(inner);
	close(outer);
}

static void ready_before(void)
{
	int outer = CHECK_OK(epoll_create1(0)), inner = CHECK_OK(epoll_create1(0));
	int fd = CHECK_OK(eventfd(1, 0));

	CHECK_OK(add(inner, fd, EPOLLIN));
	CHECK_OK(add(outer, inner, EPOLLIN));
	CHECK_EQ(wait_now(outer), 1);
	close(inner); /* its last descriptor: gone from the outer one */
	CHECK_EQ(wait_now(outer), 0);
	close(fd);
	close(outer);
}

/* The limit holds whichever end a chain grows at, and when two are joined. */
static void depth(void)
{
	int chain[CHAIN + 1];

	make_chain(chain, CHAIN + 1);
	for (int i = CHAIN - 1; i > 0; i--)
		CHECK_OK(add(chain[i], chain[i + 1], EPOLLIN));
	CHECK_ERR(add(chain[0], chain[1], EPOLLIN), ELOOP);
	close_chain(chain, CHAIN + 1);
	make_chain(chain, CHAIN + 1);
	for (int i = 0; i + 1 < CHAIN; i++)
		CHECK_OK(add(chain[i], chain[i + 1], EPOLLIN));
	CHECK_ERR(add(chain[CHAIN - 1], chain[CHAIN], EPOLLIN), ELOOP);
	CHECK_OK(epoll_ctl(chain[1], EPOLL_CTL_DEL, chain[2], NULL));
	CHECK_OK(add(chain[CHAIN - 1], chain[CHAIN], EPOLLIN));
	CHECK_ERR(add(chain[1], chain[2], EPOLLIN), ELOOP);
	CHECK_OK(add(chain[0], chain[2], EPOLLIN));
	CHECK_ERR(add(chain[0], chain[2], EPOLLIN), EEXIST);
	close_chain(chain, CHAIN + 1);
}

static void loops(void)
{
	int chain[4];

	make_chain(chain, 4);
	CHECK_OK(add(chain[0], chain[1], EPOLLIN));
	CHECK_ERR(add(chain[1], chain[0], EPOLLIN), ELOOP);
	CHECK_OK(add(chain[1], chain[2], EPOLLIN));
	CHECK_OK(add(chain[0], chain[2], EPOLLIN)); /* two ways are no loop */
	CHECK_OK(add(chain[2], chain[3], EPOLLIN));
	CHECK_ERR(add(chain[3], chain[0], EPOLLIN), ELOOP);
	CHECK_ERR(add(chain[3], chain[1], EPOLLIN), ELOOP);
	CHECK_ERR(add(chain[2], chain[0], EPOLLOUT), ELOOP);
	CHECK_ERR(add(chain[2], chain[2], EPOLLIN), EINVAL);
	close_chain(chain, 4);
}

static void fdinfo(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(0, 0));
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = 0xabcdef};
	char path[64], info[1024], line[64];

	CHECK_OK(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", epfd);
	CHECK(t_get_file(path, info, sizeof(info)) > 0);
	snprintf(line, sizeof(line),
		 "\ntfd: %8d events: 80000019 data:           abcdef  pos:0 ino:", fd);
	CHECK(strstr(info, line) != NULL);
	close(fd);
	close(epfd);
}

/* --- waiting -------------------------------------------------------------------------------- */

static void timeouts(void)
{
	const struct timespec soon = {.tv_nsec = 3000000}, zero = {0, 0};
	int epfd = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(0, 0));
	int64_t start = now_us();

	CHECK_OK(add(epfd, fd, EPOLLIN));
	CHECK_EQ(epoll_wait(epfd, events, 4, 20), 0);
	CHECK(now_us() - start >= 20000);
	start = now_us();
	CHECK_EQ(syscall(SYS_epoll_pwait2, epfd, events, 4, &soon, NULL, 8), 0);
	CHECK(now_us() - start >= 3000);
	CHECK_EQ(syscall(SYS_epoll_pwait2, epfd, events, 4, &zero, NULL, 8), 0);
	signal_event(fd);
	CHECK_EQ(epoll_wait(epfd, events, 4, -1), 1);
	CHECK_EQ(syscall(SYS_epoll_pwait2, epfd, events, 4, NULL, NULL, 8), 1);
	CHECK_EQ(epoll_wait(epfd, events, 4, INT_MAX), 1);
	take_event(fd);
	/* What was ready and no longer is does not end the wait. */
	start = now_us();
	CHECK_EQ(epoll_wait(epfd, events, 4, 10), 0);
	CHECK(now_us() - start >= 10000);
	close(fd);
	close(epfd);
}

static volatile sig_atomic_t handled;

static void on_signal(int signo)
{
	(void)signo;
	handled++;
}

/* epoll_pwait: a signal that only its mask lets through ends it, unless something is ready. */
static void masks(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	int epfd = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(0, 0));
	sigset_t usr1, none, before;

	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigaction(SIGUSR1, &action, NULL);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	handled = 0;
	raise(SIGUSR1);
	CHECK_EQ(epoll_wait(epfd, events, 4, 1), 0);
	CHECK_EQ(handled, 0);
	CHECK_ERR(epoll_pwait(epfd, events, 4, -1, &none), EINTR);
	CHECK_EQ(handled, 1);
	sigprocmask(SIG_BLOCK, NULL, &before);
	CHECK(sigismember(&before, SIGUSR1));
	CHECK_OK(add(epfd, fd, EPOLLIN));
	signal_event(fd);
	raise(SIGUSR1);
	CHECK_EQ(epoll_pwait(epfd, events, 4, -1, &none), 1);
	CHECK_EQ(epoll_pwait(epfd, events, 4, 0, &usr1), 1);
	CHECK_EQ(handled, 1);
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	CHECK_EQ(handled, 2);
	signal(SIGUSR1, SIG_DFL);
	close(fd);
	close(epfd);
}

static const struct t_test tests[] = {
	T(levels), T(edges), T(ready_before), T(depth), T(loops), T(fdinfo), T(timeouts), T(masks),
};

T_MAIN(tests)
