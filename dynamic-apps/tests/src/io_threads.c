/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipes, eventfds, poll and select between threads: who is woken, and descriptors that others
 * close or replace under a thread that sleeps in a call. */
#include "t_threads.h"

#include <dirent.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/select.h>

#define THREADS 4

static bool is_asleep(const char *thread)
{
	char name[64], text[256];
	const char *state;
	ssize_t size;
	int fd;

	snprintf(name, sizeof(name), "/proc/self/task/%s/stat", thread);
	fd = open(name, O_RDONLY);
	size = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	close(fd);
	if (size <= 0)
		return true; /* it has ended */
	text[size] = 0;
	state = strrchr(text, ')');
	return state && state[1] == ' ' && state[2] == 'S';
}

static bool others_are_asleep(void)
{
	DIR *threads = opendir("/proc/self/task");
	struct dirent *entry;
	bool is_so = true;

	if (!CHECK(threads != NULL))
		return true;
	while ((entry = readdir(threads)))
		if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != tid())
			is_so = is_so && is_asleep(entry->d_name);
	closedir(threads);
	return is_so;
}

/* Until every other thread sleeps in its call: no fixed time is enough on a busy machine. */
static void let_them_sleep(void)
{
	for (int i = 0; i < 5000 && !others_are_asleep(); i++)
		sleep_ms(1);
}

/* A thread in a read or write of so many bytes. */
struct transfer {
	int fd;
	size_t size;
	bool is_write;
	pthread_t thread;
	ssize_t result;
	int error;
	char data[8192];
};

static void *run_transfer(void *argument)
{
	struct transfer *t = argument;

	t->result = t->is_write ? write(t->fd, t->data, t->size) : read(t->fd, t->data, t->size);
	t->error = errno;
	return NULL;
}

static void start_read(struct transfer *t, int fd, size_t size)
{
	*t = (struct transfer){.fd = fd, .size = size};
	t->thread = start(run_transfer, t);
}

static void start_write(struct transfer *t, int fd, size_t size)
{
	*t = (struct transfer){.fd = fd, .size = size, .is_write = true};
	t->thread = start(run_transfer, t);
}

static ssize_t result_of(struct transfer *t)
{
	join(t->thread);
	return t->result;
}

/* --- who is woken --------------------------------------------------------------------------- */

/* One write that is enough for all readers reaches all of them. */
static void readers_share(void)
{
	static struct transfer readers[THREADS];
	int fds[2];

	CHECK_OK(pipe(fds));
	for (int i = 0; i < THREADS; i++)
		start_read(&readers[i], fds[0], 2);
	let_them_sleep();
	CHECK_EQ(write(fds[1], "aabbccdd", 2 * THREADS), 2 * THREADS);
	for (int i = 0; i < THREADS; i++)
		CHECK_EQ(result_of(&readers[i]), 2);
	for (int i = 0; i < THREADS; i++)
		start_read(&readers[i], fds[0], 2);
	let_them_sleep();
	close(fds[1]); /* so does the end */
	for (int i = 0; i < THREADS; i++)
		CHECK_EQ(result_of(&readers[i]), 0);
	close(fds[0]);
}

/* Room for a small write is not lost on a large one that still does not fit. */
static void writers_differ(void)
{
	static struct transfer large, small;
	static char block[65536];
	int fds[2];

	CHECK_OK(pipe(fds));
	CHECK_EQ(fcntl(fds[1], F_SETPIPE_SZ, 8192), 8192);
	CHECK_EQ(write(fds[1], block, 8192), 8192);
	start_write(&large, fds[1], 4096);
	let_them_sleep();
	start_write(&small, fds[1], 10);
	let_them_sleep();
	CHECK_EQ(read(fds[0], block, 4096), 4096);
	CHECK_EQ(read(fds[0], block, 4096), 4096);
	CHECK_EQ(result_of(&small), 10);
	CHECK_EQ(result_of(&large), 4096);
	CHECK_EQ(read(fds[0], block, sizeof(block)), 4106);
	close(fds[0]);
	close(fds[1]);
}

static void *run_pipe_writer(void *fd)
{
	static char block[100000];

	for (int i = 0; i < 20; i++)
		CHECK_EQ(write(*(int *)fd, block, sizeof(block)), sizeof(block));
	return NULL;
}

static void busy_pipe(void)
{
	static char block[7777];
	pthread_t writers[THREADS];
	size_t total = 0;
	ssize_t got;
	int fds[2];

	CHECK_OK(pipe(fds));
	for (int i = 0; i < THREADS; i++)
		writers[i] = start(run_pipe_writer, &fds[1]);
	while (total < THREADS * 20 * 100000UL && (got = read(fds[0], block, sizeof(block))) > 0)
		total += (size_t)got;
	CHECK_EQ(total, THREADS * 20 * 100000UL);
	for (int i = 0; i < THREADS; i++)
		join(writers[i]);
	close(fds[0]);
	close(fds[1]);
}

static void eventfd_waits(void)
{
	int fd = CHECK_OK(eventfd(0, EFD_SEMAPHORE));
	static struct transfer readers[THREADS], writer;
	uint64_t value = UINT64_MAX - 1;

	for (int i = 0; i < THREADS; i++)
		start_read(&readers[i], fd, 8);
	let_them_sleep();
	CHECK_EQ(write(fd, &(uint64_t){THREADS}, 8), 8);
	for (int i = 0; i < THREADS; i++)
		CHECK_EQ(result_of(&readers[i]), 8);
	CHECK_EQ(write(fd, &value, 8), 8);
	start_write(&writer, fd, 8);
	writer.data[0] = 0;
	join(writer.thread); /* nothing to add always fits */
	CHECK_EQ(writer.result, 8);
	writer = (struct transfer){.fd = fd, .size = 8, .is_write = true, .data = {1}};
	writer.thread = start(run_transfer, &writer);
	let_them_sleep();
	CHECK_EQ(read(fd, &value, 8), 8);
	CHECK_EQ(result_of(&writer), 8);
	close(fd);
}

/* SIGPIPE is for the thread that wrote. */
static volatile sig_atomic_t pipe_signal_tid, pipe_signal_code;

static void on_sigpipe(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	pipe_signal_tid = tid();
	pipe_signal_code = info->si_code;
}

static void *write_to_nobody(void *fd)
{
	CHECK_ERR(write(*(int *)fd, "x", 1), EPIPE);
	CHECK_EQ(pipe_signal_tid, tid());
	CHECK_EQ(pipe_signal_code, SI_USER);
	return NULL;
}

static void broken_pipe(void)
{
	struct sigaction action = {.sa_sigaction = on_sigpipe, .sa_flags = SA_SIGINFO};
	int fds[2];

	sigaction(SIGPIPE, &action, NULL);
	CHECK_OK(pipe(fds));
	close(fds[0]);
	join(start(write_to_nobody, &fds[1]));
	close(fds[1]);
	signal(SIGPIPE, SIG_DFL);
}

/* --- descriptors that go away --------------------------------------------------------------- */

/* The call goes on with the file it began with. */
static void closed_under_read(void)
{
	static struct transfer reader;
	int fds[2], other = t_make_file("f", "file", 4);

	CHECK_OK(pipe(fds));
	start_read(&reader, fds[0], 16);
	let_them_sleep();
	close(fds[0]);
	CHECK_EQ(write(fds[1], "pipe", 4), 4);
	CHECK_EQ(result_of(&reader), 4);
	CHECK(!memcmp(reader.data, "pipe", 4));
	close(fds[1]);
	CHECK_OK(pipe(fds));
	start_read(&reader, fds[0], 16);
	let_them_sleep();
	CHECK_EQ(dup2(other, fds[0]), fds[0]);
	CHECK_EQ(write(fds[1], "pipe", 4), 4);
	CHECK_EQ(result_of(&reader), 4);
	CHECK(!memcmp(reader.data, "pipe", 4));
	close(fds[0]);
	close(fds[1]);
	close(other);
}

static void closed_under_write(void)
{
	static struct transfer writer;
	static char block[65536];
	int fds[2];

	CHECK_OK(pipe(fds));
	CHECK_EQ(write(fds[1], block, sizeof(block)), sizeof(block));
	start_write(&writer, fds[1], 100);
	let_them_sleep();
	close(fds[1]); /* the writer is still there: no end of file yet */
	CHECK_EQ(read(fds[0], block, sizeof(block)), sizeof(block));
	CHECK_EQ(result_of(&writer), 100);
	CHECK_EQ(read(fds[0], block, sizeof(block)), 100);
	CHECK_EQ(read(fds[0], block, sizeof(block)), 0);
	close(fds[0]);
}

struct poller {
	struct pollfd pfd;
	pthread_t thread;
	int result;
};

static void *run_poll(void *argument)
{
	struct poller *poller = argument;

	poller->result = poll(&poller->pfd, 1, 3000);
	return NULL;
}

static void start_poll(struct poller *poller, int fd, short events)
{
	*poller = (struct poller){.pfd = {.fd = fd, .events = events}};
	poller->thread = start(run_poll, poller);
}

static void poll_wakes(void)
{
	struct poller poller;
	int fds[2];

	CHECK_OK(pipe(fds));
	start_poll(&poller, fds[0], POLLIN);
	let_them_sleep();
	CHECK_EQ(write(fds[1], "x", 1), 1);
	join(poller.thread);
	CHECK_EQ(poller.result, 1);
	CHECK_EQ(poller.pfd.revents, POLLIN);
	CHECK_EQ(read(fds[0], &poller, 1), 1);
	start_poll(&poller, fds[0], 0);
	let_them_sleep();
	close(fds[1]);
	join(poller.thread);
	CHECK_EQ(poller.pfd.revents, POLLHUP);
	close(fds[0]);
}

/* poll keeps the file it waits for, and looks at the descriptor again when it is woken. */
static void closed_under_poll(void)
{
	struct poller poller;
	int fds[2];

	CHECK_OK(pipe(fds));
	start_poll(&poller, fds[0], POLLIN);
	let_them_sleep();
	close(fds[0]);
	CHECK_EQ(write(fds[1], "x", 1), 1); /* there is still a reader */
	join(poller.thread);
	CHECK_EQ(poller.result, 1);
	CHECK_EQ(poller.pfd.revents, POLLNVAL);
	close(fds[1]);
}

static void *select_one(void *fd)
{
	struct timeval limit = {3, 0};
	fd_set in;

	FD_ZERO(&in);
	FD_SET(*(int *)fd, &in);
	CHECK_EQ(select(*(int *)fd + 1, &in, NULL, NULL, &limit), 1);
	CHECK(FD_ISSET(*(int *)fd, &in));
	return NULL;
}

static void select_wakes(void)
{
	int fd = CHECK_OK(eventfd(0, 0));
	pthread_t thread = start(select_one, &fd);

	let_them_sleep();
	CHECK_EQ(write(fd, &(uint64_t){1}, 8), 8);
	join(thread);
	close(fd);
}

static void closed_under_select(void)
{
	int fds[2], copy;
	pthread_t thread;

	CHECK_OK(pipe(fds));
	copy = (int)CHECK_OK(dup(fds[0]));
	thread = start(select_one, &copy);
	let_them_sleep();
	close(copy);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	join(thread);
	close(fds[0]);
	close(fds[1]);
}

/* A thread that wants a table of its own: what it closes stays open for the others. */
static void *close_own(void *fd)
{
	int other = t_make_file("g", "", 0);

	CHECK_OK(syscall(436 /* close_range */, *(int *)fd, *(int *)fd,
			 2 /* CLOSE_RANGE_UNSHARE */));
	CHECK_ERR(fcntl(*(int *)fd, F_GETFD), EBADF);
	CHECK_OK(fcntl(other, F_GETFD));
	close(other);
	return NULL;
}

static void unshared(void)
{
	int fd = CHECK_OK(eventfd(0, 0));

	join(start(close_own, &fd));
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	close(fd);
}

/* Descriptors come and go while others use the same numbers. */
static atomic_bool is_over;

static void *use_numbers(void *first)
{
	struct pollfd pfds[8];
	char buf[16];

	while (!atomic_load(&is_over)) {
		for (int i = 0; i < 8; i++)
			pfds[i] = (struct pollfd){.fd = *(int *)first + i, .events = POLLIN};
		CHECK(poll(pfds, 8, 1) >= 0);
		for (int i = 0; i < 8; i++)
			if (pfds[i].revents & POLLIN)
				CHECK(read(pfds[i].fd, buf, 8) >= -1);
	}
	return NULL;
}

static void numbers_churn(void)
{
	int first = CHECK_OK(eventfd(0, EFD_NONBLOCK));
	pthread_t users[2];

	atomic_store(&is_over, false);
	users[0] = start(use_numbers, &first);
	users[1] = start(use_numbers, &first);
	for (int round = 0; round < 2000; round++) {
		int fds[2], event = CHECK_OK(eventfd(1, EFD_NONBLOCK));

		CHECK_OK(pipe2(fds, O_NONBLOCK));
		CHECK(write(fds[1], "x", 1) == 1 || errno == EAGAIN);
		if (round % 3 == 0)
			sched_yield();
		if (round % 100 == 0)
			sleep_ms(2);
		close(event);
		close(fds[round & 1]);
		close(fds[!(round & 1)]);
	}
	atomic_store(&is_over, true);
	join(users[0]);
	join(users[1]);
	close(first);
}

static const struct t_test tests[] = {
	T(readers_share),     T(writers_differ),    T(busy_pipe),           T(eventfd_waits),
	T(broken_pipe),       T(closed_under_read), T(closed_under_write),  T(poll_wakes),
	T(closed_under_poll), T(select_wakes),      T(closed_under_select), T(numbers_churn),
	T(unshared),
};

T_MAIN(tests)
