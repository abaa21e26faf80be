/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll(7) with several threads: how many an event wakes, what others do to the interest list and
 * the descriptors meanwhile, and work shared out by EPOLLONESHOT. */
#include "t_threads.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)
#endif

#define WAITERS 5

static int control(int epfd, int op, int fd, uint32_t wanted)
{
	struct epoll_event event = {.events = wanted, .data.fd = fd};

	return epoll_ctl(epfd, op, fd, &event);
}

static int add(int epfd, int fd, uint32_t wanted)
{
	return control(epfd, EPOLL_CTL_ADD, fd, wanted);
}

static void signal_event(int fd)
{
	CHECK_EQ(write(fd, &(uint64_t){1}, 8), 8);
}

/* A thread in epoll_wait: its instance, and what came out. */
struct waiter {
	int epfd, timeout_ms;
	pthread_t thread;
	int result, error, fd;
};

static void *run_waiter(void *argument)
{
	struct waiter *waiter = argument;
	struct epoll_event event = {.data.fd = -1};

	waiter->result = epoll_wait(waiter->epfd, &event, 1, waiter->timeout_ms);
	waiter->error = errno;
	waiter->fd = event.data.fd;
	return NULL;
}

static void start_waiter(struct waiter *waiter, int epfd, int timeout_ms)
{
	waiter->epfd = epfd;
	waiter->timeout_ms = timeout_ms;
	waiter->thread = start(run_waiter, waiter);
}

static int join_waiter(struct waiter *waiter)
{
	join(waiter->thread);
	return waiter->result;
}

static void let_them_sleep(void)
{
	sleep_ms(40);
}

/* --- how many are woken --------------------------------------------------------------------- */

/* Several threads in one instance: an edge is for one of them. */
static void one_of_an_instance(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(0, 0)), woken = 0;
	struct waiter waiters[WAITERS];

	CHECK_OK(add(epfd, fd, EPOLLIN | EPOLLET));
	for (int i = 0; i < WAITERS; i++)
		start_waiter(&waiters[i], epfd, 150);
	let_them_sleep();
	signal_event(fd);
	for (int i = 0; i < WAITERS; i++)
		woken += join_waiter(&waiters[i]);
	CHECK_EQ(woken, 1);
	close(fd);
	close(epfd);
}

/* As many edges as there are threads: everybody gets one. */
static void one_each(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fds[WAITERS];
	struct waiter waiters[WAITERS];
	unsigned int seen = 0;

	for (int i = 0; i < WAITERS; i++) {
		fds[i] = (int)CHECK_OK(eventfd(0, 0));
		CHECK_OK(add(epfd, fds[i], EPOLLIN | EPOLLET));
		start_waiter(&waiters[i], epfd, 5000);
	}
	let_them_sleep();
	for (int i = 0; i < WAITERS; i++)
		signal_event(fds[i]);
	for (int i = 0; i < WAITERS; i++) {
		CHECK_EQ(join_waiter(&waiters[i]), 1);
		for (int j = 0; j < WAITERS; j++)
			seen |= waiters[i].fd == fds[j] ? 1u << j : 0;
	}
	CHECK_EQ(seen, (1u << WAITERS) - 1);
	for (int i = 0; i < WAITERS; i++)
		close(fds[i]);
	close(epfd);
}

/* Several instances watch one file: an event is for all, or with EPOLLEXCLUSIVE for one. */
static int woken_instances(uint32_t mode)
{
	int fd = CHECK_OK(eventfd(0, 0)), woken = 0;
	struct waiter waiters[WAITERS];

	for (int i = 0; i < WAITERS; i++) {
		int epfd = CHECK_OK(epoll_create1(0));

		CHECK_OK(add(epfd, fd, EPOLLIN | mode));
		start_waiter(&waiters[i], epfd, 150);
	}
	let_them_sleep();
	signal_event(fd);
	for (int i = 0; i < WAITERS; i++) {
		woken += join_waiter(&waiters[i]);
		close(waiters[i].epfd);
	}
	close(fd);
	return woken;
}

static void exclusive(void)
{
	CHECK_EQ(woken_instances(0), WAITERS);
	CHECK_EQ(woken_instances(EPOLLEXCLUSIVE | EPOLLET), 1);
}

/* An exclusive instance that nobody waits on does not swallow the event. */
static void exclusive_idle(void)
{
	int idle = CHECK_OK(epoll_create1(0)), busy = CHECK_OK(epoll_create1(0));
	int fd = CHECK_OK(eventfd(0, 0));
	struct waiter waiter;

	CHECK_OK(add(idle, fd, EPOLLIN | EPOLLEXCLUSIVE));
	CHECK_OK(add(busy, fd, EPOLLIN | EPOLLEXCLUSIVE));
	start_waiter(&waiter, busy, 5000);
	let_them_sleep();
	signal_event(fd);
	CHECK_EQ(join_waiter(&waiter), 1);
	close(fd);
	close(busy);
	close(idle);
}

/* --- changes while somebody waits ----------------------------------------------------------- */

static void list_changes(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(1, 0));
	struct waiter waiter;

	start_waiter(&waiter, epfd, 5000);
	let_them_sleep();
	CHECK_OK(add(epfd, fd, EPOLLIN | EPOLLONESHOT)); /* ready already */
	CHECK_EQ(join_waiter(&waiter), 1);
	start_waiter(&waiter, epfd, 5000);
	let_them_sleep();
	CHECK_OK(control(epfd, EPOLL_CTL_MOD, fd, EPOLLOUT));
	CHECK_EQ(join_waiter(&waiter), 1);
	CHECK_OK(control(epfd, EPOLL_CTL_MOD, fd, EPOLLPRI));
	start_waiter(&waiter, epfd, 80);
	let_them_sleep();
	CHECK_OK(epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL));
	signal_event(fd);
	CHECK_EQ(join_waiter(&waiter), 0);
	close(fd);
	close(epfd);
}

/* The descriptors of the instance or of the watched file go away under the waiter. */
static void closed_descriptors(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(0, 0));
	struct waiter waiter;

	CHECK_OK(add(epfd, fd, EPOLLIN));
	start_waiter(&waiter, epfd, 5000);
	let_them_sleep();
	close(epfd); /* the waiter still has the instance */
	signal_event(fd);
	CHECK_EQ(join_waiter(&waiter), 1);
	CHECK_EQ(waiter.fd, fd);
	close(fd);
	fd = CHECK_OK(eventfd(0, 0));
	epfd = CHECK_OK(epoll_create1(0));
	CHECK_OK(add(epfd, fd, EPOLLIN | EPOLLET));
	start_waiter(&waiter, epfd, 80);
	let_them_sleep();
	close(fd);
	CHECK_EQ(join_waiter(&waiter), 0);
	close(epfd);
}

static void on_signal(int signo)
{
	(void)signo;
}

/* Never restarted, whatever SA_RESTART says (signal(7)). */
static void interrupted(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	int epfd = CHECK_OK(epoll_create1(0));
	struct waiter waiter;

	sigaction(SIGUSR1, &action, NULL);
	start_waiter(&waiter, epfd, -1);
	let_them_sleep();
	pthread_kill(waiter.thread, SIGUSR1);
	CHECK_EQ(join_waiter(&waiter), -1);
	CHECK_EQ(waiter.error, EINTR);
	signal(SIGUSR1, SIG_DFL);
	close(epfd);
}

static void through_levels(void)
{
	int outer = CHECK_OK(epoll_create1(0)), middle = CHECK_OK(epoll_create1(0));
	int inner = CHECK_OK(epoll_create1(0)), fd = CHECK_OK(eventfd(0, 0));
	struct waiter waiter;

	CHECK_OK(add(inner, fd, EPOLLIN));
	CHECK_OK(add(middle, inner, EPOLLIN));
	CHECK_OK(add(outer, middle, EPOLLIN | EPOLLET));
	start_waiter(&waiter, outer, 5000);
	let_them_sleep();
	signal_event(fd);
	CHECK_EQ(join_waiter(&waiter), 1);
	close(inner);
	start_waiter(&waiter, outer, 80);
	let_them_sleep();
	signal_event(fd);
	CHECK_EQ(join_waiter(&waiter), 0);
	close(fd);
	close(middle);
	close(outer);
}

/* --- work shared out ------------------------------------------------------------------------ */

#define WORKERS 4
#define PIPES   8
#define ROUNDS  400

static struct {
	int epfd, stop;
	int pipes[PIPES][2];
	atomic_int in_work[PIPES];
	atomic_int taken, overlaps;
} work;

static int index_of(int fd)
{
	for (int i = 0; i < PIPES; i++)
		if (work.pipes[i][0] == fd)
			return i;
	return -1;
}

/* One byte at a time; the pipe is armed again only when it is done. */
static void *run_worker(void *unused)
{
	struct epoll_event event;
	char c;

	(void)unused;
	for (;;) {
		int i;

		if (epoll_wait(work.epfd, &event, 1, -1) != 1)
			continue;
		if (event.data.fd == work.stop)
			return NULL;
		i = index_of(event.data.fd);
		atomic_fetch_add(&work.overlaps, atomic_fetch_add(&work.in_work[i], 1) != 0);
		if (read(event.data.fd, &c, 1) == 1)
			atomic_fetch_add(&work.taken, 1);
		sched_yield();
		atomic_fetch_sub(&work.in_work[i], 1);
		control(work.epfd, EPOLL_CTL_MOD, event.data.fd, EPOLLIN | EPOLLET | EPOLLONESHOT);
	}
}

static void oneshot_workers(void)
{
	pthread_t workers[WORKERS];

	memset(&work, 0, sizeof(work));
	work.epfd = (int)CHECK_OK(epoll_create1(0));
	work.stop = (int)CHECK_OK(eventfd(0, 0));
	CHECK_OK(add(work.epfd, work.stop, EPOLLIN));
	for (int i = 0; i < PIPES; i++) {
		CHECK_OK(pipe(work.pipes[i]));
		CHECK_OK(add(work.epfd, work.pipes[i][0], EPOLLIN | EPOLLET | EPOLLONESHOT));
	}
	for (int i = 0; i < WORKERS; i++)
		workers[i] = start(run_worker, NULL);
	for (int round = 0; round < ROUNDS; round++)
		CHECK_EQ(write(work.pipes[round % PIPES][1], "x", 1), 1);
	for (int i = 0; i < 2000 && atomic_load(&work.taken) < ROUNDS; i++)
		sleep_ms(1);
	CHECK_EQ(atomic_load(&work.taken), ROUNDS);
	CHECK_EQ(atomic_load(&work.overlaps), 0);
	signal_event(work.stop); /* level: for all of them */
	for (int i = 0; i < WORKERS; i++)
		join(workers[i]);
	for (int i = 0; i < PIPES; i++) {
		close(work.pipes[i][0]);
		close(work.pipes[i][1]);
	}
	close(work.stop);
	close(work.epfd);
}

/* Files come and go while others wait for them and touch them. */
static atomic_bool is_over;

static void *come_and_go(void *epfd)
{
	for (int i = 0; i < 1500; i++) {
		int fd = CHECK_OK(eventfd(i % 2, EFD_NONBLOCK)), copy = dup(fd);

		CHECK_OK(add(*(int *)epfd, fd, EPOLLIN | (i % 3 ? 0 : EPOLLET)));
		CHECK_OK(add(*(int *)epfd, copy, EPOLLIN | EPOLLONESHOT));
		signal_event(fd);
		if (i % 5 == 0)
			CHECK_OK(epoll_ctl(*(int *)epfd, EPOLL_CTL_DEL, fd, NULL));
		if (i % 7 == 0)
			sched_yield();
		close(copy);
		close(fd);
	}
	return NULL;
}

static void *wait_on_and_on(void *epfd)
{
	struct epoll_event events[4];

	while (!atomic_load(&is_over))
		CHECK(epoll_wait(*(int *)epfd, events, 4, 1) >= 0);
	return NULL;
}

static void churn(void)
{
	int epfd = CHECK_OK(epoll_create1(0)), outer = CHECK_OK(epoll_create1(0));
	pthread_t waiters[2], movers[2];
	struct epoll_event event;

	CHECK_OK(add(outer, epfd, EPOLLIN));
	atomic_store(&is_over, false);
	waiters[0] = start(wait_on_and_on, &epfd);
	waiters[1] = start(wait_on_and_on, &outer);
	movers[0] = start(come_and_go, &epfd);
	movers[1] = start(come_and_go, &epfd);
	join(movers[0]);
	join(movers[1]);
	atomic_store(&is_over, true);
	join(waiters[0]);
	join(waiters[1]);
	CHECK_EQ(epoll_wait(epfd, &event, 1, 0), 0);
	close(outer);
	close(epfd);
}

static const struct t_test tests[] = {
	T(one_of_an_instance), T(one_each),
	T(exclusive),          T(exclusive_idle),
	T(list_changes),       T(closed_descriptors),
	T(interrupted),        T(through_levels),
	T(oneshot_workers),    T(churn),
};

T_MAIN(tests)
