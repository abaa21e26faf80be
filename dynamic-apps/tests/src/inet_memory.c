/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * More data on its way than there is memory for, because nobody reads: senders are told to wait,
 * what was taken from them arrives, and all memory comes back. The runner gives the guest little.
 */
#include "t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>

#define PAIRS 80
#define BUFFER_SIZE                                                                                \
	200000 /* SO_SNDBUF: so much, twice, for the sender, and more for the receiver */

struct pair {
	int ends[2];
	size_t sent, got;
};

static struct pair pairs[PAIRS];
static unsigned char data[65536];

static unsigned char byte_at(size_t at)
{
	return (unsigned char)(at * 7 + at / 251);
}

static void make_pair(int ends[2])
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0), size = BUFFER_SIZE;
	socklen_t len = sizeof(in);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_OK(bind(fd, (struct sockaddr *)&in, sizeof(in)));
	CHECK_OK(listen(fd, 1));
	CHECK_OK(getsockname(fd, (struct sockaddr *)&in, &len));
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_OK(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	CHECK_OK(connect(ends[0], (struct sockaddr *)&in, sizeof(in)));
	ends[1] = accept(fd, NULL, NULL);
	CHECK_OK(ends[1]);
	close(fd);
}

/* Puts as much as is taken. */
static size_t put(struct pair *pair)
{
	size_t before = pair->sent;
	ssize_t done;

	do {
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = byte_at(pair->sent + i);
		done = send(pair->ends[0], data, sizeof(data), MSG_DONTWAIT);
		if (done > 0)
			pair->sent += (size_t)done;
	} while (done > 0);
	CHECK_EQ(errno, EAGAIN);
	return pair->sent - before;
}

/* Reads all that was put, and sees that it is that. */
static void drain(struct pair *pair)
{
	bool is_right = true;
	ssize_t len = 1;

	while (pair->got < pair->sent && len > 0) {
		struct pollfd ready = {.fd = pair->ends[1], .events = POLLIN};

		if (!CHECK_EQ(poll(&ready, 1, 30000), 1))
			return;
		len = recv(pair->ends[1], data, sizeof(data), MSG_DONTWAIT);
		for (ssize_t i = 0; i < len; i++)
			is_right &= data[i] == byte_at(pair->got + (size_t)i);
		pair->got += len > 0 ? (size_t)len : 0;
	}
	CHECK(is_right);
	CHECK_EQ(pair->got, pair->sent);
}

#define BLOCKED_BYTES ((size_t)1000000)

static void *puts_all(void *argument)
{
	static const unsigned char zeros[BLOCKED_BYTES];

	return (void *)(write(*(int *)argument, zeros, sizeof(zeros)));
}

static void fill(void)
{
	size_t more;

	do {
		more = 0;
		for (int i = 0; i < PAIRS; i++)
			more += put(&pairs[i]);
		usleep(50000);
	} while (more);
}

static unsigned long free_bytes(void)
{
	struct sysinfo info;

	CHECK_OK(sysinfo(&info));
	return info.freeram * info.mem_unit;
}

static void readers_are_slow(void)
{
	unsigned long before;
	struct pair late = {0};
	pthread_t thread;
	void *written;

	before = free_bytes();
	for (int i = 0; i < PAIRS; i++)
		make_pair(pairs[i].ends);
	make_pair(late.ends);
	fill();
	/* A sender that waits. */
	CHECK_EQ(pthread_create(&thread, NULL, puts_all, &late.ends[0]), 0);
	usleep(100000);
	for (int i = 0; i < PAIRS; i++) {
		CHECK(pairs[i].sent > 0);
		drain(&pairs[i]);
	}
	for (size_t got = 0; got < BLOCKED_BYTES;) {
		ssize_t len = read(late.ends[1], data, sizeof(data));

		if (!CHECK(len > 0))
			break;
		got += (size_t)len;
	}
	pthread_join(thread, &written);
	CHECK_EQ((size_t)written, BLOCKED_BYTES);
	for (int i = 0; i < PAIRS; i++) {
		close(pairs[i].ends[0]);
		close(pairs[i].ends[1]);
	}
	close(late.ends[0]);
	close(late.ends[1]);
	usleep(100000);
	if (t_is_guest()) /* nobody else is there */
		CHECK(free_bytes() + (2 << 20) >= before);
}

static const struct t_test tests[] = {T(readers_are_slow)};

T_MAIN(tests)
