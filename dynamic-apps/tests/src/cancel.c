/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cancellation of threads in and around system calls: pthread_cancel(3), pthreads(7) "Cancellation
 * points". A C library recognises by the interrupted thread's registers whether a call had taken
 * effect, or lets an unwinder go through its frames: so this is about the registers that a signal
 * handler sees as much as about the library.
 */
#include "t_threads.h"

#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>

static int ends[2]; /* of a local stream nobody writes to */
static atomic_int order;

struct blocked {
	void (*call)(void);
	atomic_int is_in;
	int outer, inner; /* when its cleanup handlers ran */
};

static void in_read(void)
{
	char c;

	CHECK_EQ(read(ends[0], &c, 1), -2);
}

static void in_readv(void)
{
	char c;
	struct iovec part = {&c, 1};

	CHECK_EQ(readv(ends[0], &part, 1), -2);
}

static void in_recv(void)
{
	char c;

	CHECK_EQ(recv(ends[0], &c, 1, 0), -2);
}

static void in_nanosleep(void)
{
	CHECK_EQ(nanosleep(&(struct timespec){30, 0}, NULL), -2);
}

static void in_poll(void)
{
	CHECK_EQ(poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, 30000), -2);
}

static void in_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	CHECK_EQ(select(ends[0] + 1, &set, NULL, NULL, &(struct timeval){30, 0}), -2);
}

static void in_epoll_wait(void)
{
	struct epoll_event event;
	int fd = epoll_create1(0);

	CHECK_EQ(epoll_wait(fd, &event, 1, 30000), -2);
}

static void in_pause(void)
{
	CHECK_EQ(pause(), -2);
}

static void in_sem_wait(void)
{
	sem_t never;

	sem_init(&never, 0, 0);
	CHECK_EQ(sem_wait(&never), -2);
}

static void on_inner(void *argument)
{
	((struct blocked *)argument)->inner = ++order;
}

static void on_outer(void *argument)
{
	((struct blocked *)argument)->outer = ++order;
}

static void *block(void *argument)
{
	struct blocked *blocked = argument;

	pthread_cleanup_push(on_outer, blocked);
	pthread_cleanup_push(on_inner, blocked);
	blocked->is_in = 1;
	blocked->call();
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancel_blocked(void (*call)(void), long after_ms)
{
	struct blocked blocked = {.call = call};
	pthread_t thread;

	order = 0;
	thread = start(block, &blocked);
	while (!blocked.is_in)
		sched_yield();
	if (after_ms)
		sleep_ms(after_ms);
	CHECK_EQ(pthread_cancel(thread), 0);
	CHECK(join(thread) == PTHREAD_CANCELED);
	CHECK_EQ(blocked.inner, 1);
	CHECK_EQ(blocked.outer, 2);
}

static void (*const calls[])(void) = {in_read,   in_readv,      in_recv,  in_nanosleep, in_poll,
				      in_select, in_epoll_wait, in_pause, in_sem_wait};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* Every call is left for good, and the handlers run, the last one first. */
static void blocked_calls(void)
{
	for (size_t i = 0; i < CALLS; i++)
		cancel_blocked(calls[i], 20);
}

/* At whatever moment: before the call, in it, on the way into its sleep. */
static void any_moment(void)
{
	for (int i = 0; i < 200; i++)
		cancel_blocked(calls[(size_t)i % CALLS], i % 7 == 6 ? 1 : 0);
}

/* --- asynchronous --------------------------------------------------------------------------- */

static void in_calls(void)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;)
		syscall(SYS_getppid);
}

static void in_a_loop(void)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (volatile int i = 0;; i++)
		;
}

static void in_read_asynchronously(void)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	in_read();
}

static void asynchronously(void)
{
	for (int i = 0; i < 20; i++) {
		cancel_blocked(in_calls, i % 3);
		cancel_blocked(in_a_loop, i % 3);
		cancel_blocked(in_read_asynchronously, i % 3);
	}
}

/* --- not now -------------------------------------------------------------------------------- */

/* A thread that must not be cancelled does not even notice: its read goes on. Then it is. */
static void *read_undisturbed(void *argument)
{
	struct blocked *blocked = argument;
	char c = 0;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	blocked->is_in = 1;
	CHECK_EQ(read(ends[0], &c, 1), 1);
	CHECK_EQ(c, 'x');
	blocked->inner = 1;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	sleep_ms(0);
	blocked->outer = 1;
	return NULL;
}

static void disabled(void)
{
	struct blocked blocked = {0};
	pthread_t thread = start(read_undisturbed, &blocked);

	while (!blocked.is_in)
		sched_yield();
	sleep_ms(20);
	CHECK_EQ(pthread_cancel(thread), 0);
	sleep_ms(20);
	CHECK_EQ(blocked.inner, 0);
	CHECK_EQ(write(ends[1], "x", 1), 1);
	CHECK(join(thread) == PTHREAD_CANCELED);
	CHECK_EQ(blocked.inner, 1);
	CHECK_EQ(blocked.outer, 0);
}

/* --- what was done stays done --------------------------------------------------------------- */

static atomic_int taken;

static void *take_all(void *argument)
{
	char c;

	(void)argument;
	while (read(ends[0], &c, 1) == 1)
		taken++;
	return NULL;
}

/* No byte is lost: a read that has taken one is not cancelled. glibc promises it from 2.41 on. */
static void nothing_is_lost(void)
{
	char rest[64];

	for (int i = 0; i < 100; i++) {
		pthread_t thread;
		ssize_t left;

		taken = 0;
		thread = start(take_all, NULL);
		for (int n = 0; n < 20; n++)
			CHECK_EQ(write(ends[1], "y", 1), 1);
		CHECK_EQ(pthread_cancel(thread), 0);
		CHECK(join(thread) == PTHREAD_CANCELED);
		left = recv(ends[0], rest, sizeof(rest), MSG_DONTWAIT);
#ifndef __GLIBC__
		CHECK_EQ(taken + (left < 0 ? 0 : left), 20);
#else
		CHECK(taken + left <= 20);
#endif
	}
}

static const struct t_test tests[] = {T(blocked_calls), T(any_moment), T(asynchronously),
				      T(disabled), T(nothing_is_lost)};

int main(int argc, char **argv)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return 1;
	t_main(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
