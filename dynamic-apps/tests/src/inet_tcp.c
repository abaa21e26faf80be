/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP over the loopback interface: names, connections in every state, data both ways, the ends,
 * options, readiness. Both ends are ours, so one thread does for most of it.
 */
#include "t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

static struct sockaddr_in loopback(uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in in = {0};
	socklen_t len = sizeof(in);

	CHECK_OK(getsockname(fd, (struct sockaddr *)&in, &len));
	return ntohs(in.sin_port);
}

static int listener(int flags)
{
	struct sockaddr_in in = loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	CHECK_OK(fd);
	CHECK_OK(bind(fd, (struct sockaddr *)&in, sizeof(in)));
	CHECK_OK(listen(fd, 8));
	return fd;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in in = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_OK(connect(fd, (struct sockaddr *)&in, sizeof(in)));
	return fd;
}

/* Two connected ends. */
static void make_pair(int ends[2])
{
	int fd = listener(0);

	ends[0] = connect_to(port_of(fd));
	ends[1] = accept(fd, NULL, NULL);
	CHECK_OK(ends[1]);
	close(fd);
}

static void close_pair(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static int events_of(int fd, short wanted, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = wanted};

	return poll(&poll_fd, 1, timeout_ms) < 0 ? -1 : poll_fd.revents;
}

/* --- names --------------------------------------------------------------------------------------
 */

static void kinds(void)
{
	int fd, value;
	socklen_t len = sizeof(value);

	CHECK_ERR(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
	CHECK_ERR(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP), EPROTONOSUPPORT);
	CHECK_ERR(socket(AF_INET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
	CHECK_ERR(socket(AF_INET, 77, 0), EINVAL);
	CHECK_ERR(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len));
	CHECK_EQ(value, SOCK_STREAM);
	CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len));
	CHECK_EQ(value, AF_INET);
	CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &len));
	CHECK_EQ(value, IPPROTO_TCP);
	close(fd);
}

static void names(void)
{
	struct sockaddr_in in, here = loopback(0);
	socklen_t len = sizeof(in);
	int fd = listener(0), client, server;

	CHECK_ERR(getpeername(fd, (struct sockaddr *)&in, &len), ENOTCONN);
	client = connect_to(port_of(fd));
	memset(&in, 0, sizeof(in));
	len = sizeof(in);
	server = accept(fd, (struct sockaddr *)&in, &len);
	CHECK_EQ(len, sizeof(in));
	CHECK_EQ(in.sin_family, AF_INET);
	CHECK_EQ(ntohs(in.sin_port), port_of(client));
	CHECK_EQ(in.sin_addr.s_addr, here.sin_addr.s_addr);
	CHECK_EQ(port_of(server), port_of(fd));
	len = sizeof(in);
	CHECK_OK(getpeername(client, (struct sockaddr *)&in, &len));
	CHECK_EQ(ntohs(in.sin_port), port_of(fd));
	len = 3; /* cut, and the true length told */
	CHECK_OK(getpeername(client, (struct sockaddr *)&in, &len));
	CHECK_EQ(len, sizeof(in));
	close(client);
	close(server);
	close(fd);
}

static void bad_names(void)
{
	struct sockaddr_in in = loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0), other;

	CHECK_ERR(bind(fd, (struct sockaddr *)&in, 8), EINVAL);
	in.sin_family = AF_INET6;
	CHECK_ERR(bind(fd, (struct sockaddr *)&in, sizeof(in)), EAFNOSUPPORT);
	in = loopback(0);
	in.sin_addr.s_addr = htonl(0x01020304);
	CHECK_ERR(bind(fd, (struct sockaddr *)&in, sizeof(in)), EADDRNOTAVAIL);
	in = loopback(0);
	CHECK_OK(bind(fd, (struct sockaddr *)&in, sizeof(in)));
	CHECK_ERR(bind(fd, (struct sockaddr *)&in, sizeof(in)), EINVAL);
	CHECK_OK(listen(fd, 1));
	CHECK_OK(listen(fd, 2));
	CHECK_ERR(connect(fd, (struct sockaddr *)&in, sizeof(in)), EISCONN);
	other = socket(AF_INET, SOCK_STREAM, 0);
	in = loopback(port_of(fd));
	CHECK_ERR(bind(other, (struct sockaddr *)&in, sizeof(in)), EADDRINUSE);
	close(other);
	close(fd);
	CHECK_ERR(bind(0, (struct sockaddr *)&in, sizeof(in)), ENOTSOCK);
	CHECK_ERR(listen(99, 1), EBADF);
}

static void port_is_free_again(void)
{
	struct sockaddr_in in;
	int fd = listener(0), one = 1, client, server;

	/* What stays behind inherits it. */
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	in = loopback(port_of(fd));
	client = connect_to(port_of(fd));
	server = accept(fd, NULL, NULL);
	close(server); /* this end closes first: it stays in TIME_WAIT */
	close(client);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	CHECK_OK(bind(fd, (struct sockaddr *)&in, sizeof(in)));
	CHECK_OK(listen(fd, 1));
	close(fd);
}

/* --- connections --------------------------------------------------------------------------------
 */

static void refused(void)
{
	struct sockaddr_in in;
	int fd = listener(0), error = 0;
	socklen_t len = sizeof(error);

	in = loopback(port_of(fd));
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_ERR(connect(fd, (struct sockaddr *)&in, sizeof(in)), ECONNREFUSED);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) < 0 && errno == EINPROGRESS) {
		CHECK(events_of(fd, POLLOUT, 2000) & POLLERR);
		CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
		CHECK_EQ(error, ECONNREFUSED);
		CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
		CHECK_EQ(error, 0);
	} else {
		CHECK_EQ(errno, ECONNREFUSED);
	}
	close(fd);
}

static void nonblocking(void)
{
	int fd = listener(SOCK_NONBLOCK), client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in in = loopback(port_of(fd));
	int server, error = 1;
	socklen_t len = sizeof(error);
	char byte;

	CHECK_ERR(accept(fd, NULL, NULL), EAGAIN);
	CHECK_EQ(events_of(fd, POLLIN, 0), 0);
	if (connect(client, (struct sockaddr *)&in, sizeof(in)) < 0)
		CHECK_EQ(errno, EINPROGRESS);
	CHECK_EQ(events_of(client, POLLOUT, 2000), POLLOUT);
	CHECK_OK(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &len));
	CHECK_EQ(error, 0);
	CHECK_OK(connect(client, (struct sockaddr *)&in, sizeof(in))); /* tells of the end once */
	CHECK_ERR(connect(client, (struct sockaddr *)&in, sizeof(in)), EISCONN);
	CHECK_EQ(events_of(fd, POLLIN, 2000), POLLIN);
	server = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	CHECK_EQ(fcntl(server, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_EQ(fcntl(server, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(read(server, &byte, 1), EAGAIN);
	/* musl tries accept(2) after it, so not by its function */
	CHECK_ERR(syscall(SYS_accept4, fd, NULL, NULL, 0x10), EINVAL);
	close(server);
	close(client);
	close(fd);
}

static void not_connected(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char byte = 0;

	CHECK_ERR(recv(fd, &byte, 1, 0), ENOTCONN);
	CHECK_ERR(send(fd, &byte, 1, MSG_NOSIGNAL), EPIPE);
	CHECK_ERR(shutdown(fd, SHUT_WR), ENOTCONN);
	CHECK_ERR(accept(fd, NULL, NULL), EINVAL);
	CHECK_EQ(events_of(fd, POLLIN | POLLOUT, 0), POLLOUT | POLLHUP);
	close(fd);
}

static void many_pending(void)
{
	enum { COUNT = 8 };
	int fd = listener(0), clients[COUNT], servers[COUNT];
	char byte;

	for (int i = 0; i < COUNT; i++) {
		clients[i] = connect_to(port_of(fd));
		byte = (char)i;
		CHECK_EQ(write(clients[i], &byte, 1), 1);
	}
	for (int i = 0; i < COUNT; i++) {
		servers[i] = accept(fd, NULL, NULL);
		CHECK_EQ(read(servers[i], &byte, 1), 1);
		CHECK_EQ(byte, i);
	}
	for (int i = 0; i < COUNT; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	close(fd);
}

/* No more than the backlog and one are connected before somebody accepts; who asked in vain asks
 * again. */
static void full_backlog(void)
{
	enum { COUNT = 4 };
	struct sockaddr_in in = loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0), clients[COUNT], servers[COUNT], connected = 0;

	CHECK_OK(bind(fd, (struct sockaddr *)&in, sizeof(in)));
	CHECK_OK(listen(fd, 1));
	in = loopback(port_of(fd));
	for (int i = 0; i < COUNT; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(clients[i], (struct sockaddr *)&in, sizeof(in)) < 0)
			CHECK_EQ(errno, EINPROGRESS);
	}
	for (int i = 0; i < COUNT; i++)
		connected += events_of(clients[i], POLLOUT, 50) == POLLOUT;
	CHECK_EQ(connected, 2);
	for (int i = 0; i < COUNT; i++) {
		servers[i] = accept(fd, NULL, NULL);
		CHECK_OK(servers[i]);
	}
	for (int i = 0; i < COUNT; i++) {
		CHECK_EQ(events_of(clients[i], POLLOUT, 1000), POLLOUT);
		close(clients[i]);
		close(servers[i]);
	}
	close(fd);
}

static void *accepts_one(void *argument)
{
	int fd = *(int *)argument;

	return (void *)(intptr_t)accept(fd, NULL, NULL);
}

static void accept_waits(void)
{
	int fd = listener(0), client;
	pthread_t thread;
	void *server;

	CHECK_EQ(pthread_create(&thread, NULL, accepts_one, &fd), 0);
	usleep(20000);
	client = connect_to(port_of(fd));
	pthread_join(thread, &server);
	CHECK((intptr_t)server >= 0);
	close((int)(intptr_t)server);
	close(client);
	close(fd);
}

/* --- data ---------------------------------------------------------------------------------------
 */

static void bytes_both_ways(void)
{
	struct iovec out[3] = {{"abc", 3}, {"", 0}, {"defgh", 5}}, in[2];
	char first[4], second[10], all[16];
	int ends[2], count;

	make_pair(ends);
	CHECK_EQ(writev(ends[0], out, 3), 8);
	CHECK_EQ(events_of(ends[1], POLLIN, 1000), POLLIN);
	CHECK_OK(ioctl(ends[1], FIONREAD, &count));
	CHECK_EQ(count, 8);
	CHECK_EQ(recv(ends[1], all, sizeof(all), MSG_PEEK), 8);
	CHECK_EQ(memcmp(all, "abcdefgh", 8), 0);
	in[0] = (struct iovec){first, 4};
	in[1] = (struct iovec){second, 10};
	CHECK_EQ(readv(ends[1], in, 2), 8);
	CHECK_EQ(memcmp(first, "abcd", 4), 0);
	CHECK_EQ(memcmp(second, "efgh", 4), 0);
	CHECK_EQ(send(ends[1], "back", 4, 0), 4);
	CHECK_EQ(recv(ends[0], all, 2, 0), 2);
	CHECK_EQ(recv(ends[0], all, sizeof(all), MSG_DONTWAIT), 2);
	CHECK_ERR(recv(ends[0], all, sizeof(all), MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(write(ends[0], "", 0), 0);
	close_pair(ends);
}

struct flow {
	int fd;
	size_t bytes;
	size_t chunk;
	bool is_right;
};

static void *sends(void *argument)
{
	const struct flow *flow = argument;
	unsigned char *data = malloc(flow->chunk);

	for (size_t sent = 0; sent < flow->bytes;) {
		size_t len = flow->bytes - sent < flow->chunk ? flow->bytes - sent : flow->chunk;
		ssize_t done;

		for (size_t i = 0; i < len; i++)
			data[i] = (unsigned char)((sent + i) * 7 + (sent + i) / 251);
		for (size_t at = 0; at < len; at += (size_t)done) {
			done = write(flow->fd, data + at, len - at);
			if (!CHECK(done > 0))
				return NULL;
		}
		sent += len;
	}
	shutdown(flow->fd, SHUT_WR);
	free(data);
	return NULL;
}

static void *receives(void *argument)
{
	struct flow *flow = argument;
	unsigned char *data = malloc(flow->chunk);
	size_t got = 0;
	ssize_t len;

	flow->is_right = true;
	while ((len = read(flow->fd, data, flow->chunk)) > 0) {
		for (ssize_t i = 0; i < len; i++, got++)
			if (data[i] != (unsigned char)(got * 7 + got / 251))
				flow->is_right = false;
	}
	if (len < 0 || got != flow->bytes)
		flow->is_right = false;
	free(data);
	return NULL;
}

/* All of it from one end to the other, which close then. */
static void let_flow(const int ends[2], struct flow *out, struct flow *in)
{
	pthread_t threads[2];

	out->fd = ends[0];
	in->fd = ends[1];
	pthread_create(&threads[0], NULL, sends, out);
	pthread_create(&threads[1], NULL, receives, in);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	CHECK(in->is_right);
	close_pair(ends);
}

static void much_data(void)
{
	static const size_t chunks[] = {1000, 65536, 300000};

	for (int i = 0; i < 3; i++) {
		struct flow out = {.bytes = 3000000, .chunk = chunks[i]};
		struct flow in = {.bytes = 3000000, .chunk = chunks[2 - i]};
		int ends[2];

		make_pair(ends);
		let_flow(ends, &out, &in);
	}
}

static void fills_up(void)
{
	static char data[65536];
	size_t sent = 0, got = 0;
	int ends[2];
	ssize_t done;

	make_pair(ends);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	while ((done = write(ends[0], data, sizeof(data))) > 0)
		sent += (size_t)done;
	CHECK_EQ(errno, EAGAIN);
	CHECK(sent >= 100000);
	CHECK_EQ(events_of(ends[0], POLLOUT, 0), 0);
	while (got < sent && (done = read(ends[1], data, sizeof(data))) > 0)
		got += (size_t)done;
	CHECK_EQ(got, sent);
	CHECK_EQ(events_of(ends[0], POLLOUT, 2000), POLLOUT);
	close_pair(ends);
}

/* What a sender is let put until it would wait, with buffers of `size` bytes that were set before
 * the connection was made, or after. The receiver then gets all of it, and more. */
static size_t put_into_small(int size, bool is_before)
{
	static char data[65536];
	int fd = listener(0), ends[2] = {socket(AF_INET, SOCK_STREAM, 0)}, value;
	struct sockaddr_in in = loopback(port_of(fd));
	size_t sent = 0, got = 0;
	socklen_t len = sizeof(value);
	ssize_t done;

	if (is_before) {
		CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)));
		CHECK_OK(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	}
	CHECK_OK(connect(ends[0], (struct sockaddr *)&in, sizeof(in)));
	ends[1] = accept(fd, NULL, NULL);
	if (!is_before) {
		CHECK_OK(setsockopt(ends[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)));
		CHECK_OK(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	}
	CHECK_OK(getsockopt(ends[1], SOL_SOCKET, SO_RCVBUF, &value, &len));
	CHECK_EQ(value, size < 1152 ? 2304 : 2 * size);
	CHECK_OK(getsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &value, &len));
	CHECK_EQ(value, size < 2304 ? 4608 : 2 * size);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	do {
		while ((done = write(ends[0], data, sizeof(data))) > 0)
			sent += (size_t)done;
	} while (events_of(ends[0], POLLOUT, 100) == POLLOUT);
	fcntl(ends[0], F_SETFL, 0);
	while (got < sent && (done = read(ends[1], data, 1000)) > 0)
		got += (size_t)done;
	CHECK_EQ(got, sent);
	close(fd);
	close_pair(ends);
	return sent;
}

/* Linux keeps to the 64 KiB that it promised before a buffer shrinks. */
static void small_buffers(void)
{
	size_t sent;

	CHECK(put_into_small(1, true) <= 8192);
	sent = put_into_small(4096, true);
	CHECK(sent >= 8192 && sent <= 16384);
	sent = put_into_small(65536, true);
	CHECK(sent >= 100000 && sent <= 300000);
	sent = put_into_small(4096, false);
	CHECK(sent >= 8192 && sent <= 80000);
}

/* With small buffers everything arrives as well, in good time. */
static void much_through_small_buffers(void)
{
	static const int sizes[] = {4096, 20000};

	for (int i = 0; i < 2; i++) {
		struct flow out = {.bytes = 300000, .chunk = 10000};
		struct flow in = {.bytes = 300000, .chunk = 3000};
		int ends[2];

		make_pair(ends);
		for (int end = 0; end < 2; end++) {
			CHECK_OK(setsockopt(ends[end], SOL_SOCKET, SO_RCVBUF, &sizes[i], 4));
			CHECK_OK(setsockopt(ends[end], SOL_SOCKET, SO_SNDBUF, &sizes[i], 4));
		}
		let_flow(ends, &out, &in);
	}
}

static void wait_all_and_low_water(void)
{
	struct timeval limit = {.tv_usec = 50000};
	struct flow out = {.bytes = 200000, .chunk = 10000};
	static char data[200000];
	pthread_t thread;
	int ends[2];

	make_pair(ends);
	out.fd = ends[0];
	pthread_create(&thread, NULL, sends, &out);
	CHECK_EQ(recv(ends[1], data, sizeof(data), MSG_WAITALL), 200000);
	pthread_join(thread, NULL);
	CHECK_EQ(read(ends[1], data, 1), 0);
	CHECK_OK(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	CHECK_ERR(read(ends[0], data, 1), EAGAIN);
	close_pair(ends);
}

static void from_a_file(void)
{
	static char data[100000], back[100000];
	size_t got = 0;
	off_t begin = 0;
	ssize_t len;
	int file, ends[2];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 13);
	file = t_make_file("source", data, sizeof(data));
	make_pair(ends);
	CHECK_EQ(sendfile(ends[0], file, &begin, sizeof(data)), sizeof(data));
	shutdown(ends[0], SHUT_WR);
	while ((len = read(ends[1], back + got, sizeof(back) - got)) > 0)
		got += (size_t)len;
	CHECK_EQ(got, sizeof(data));
	CHECK_EQ(memcmp(data, back, sizeof(data)), 0);
	close(file);
	close_pair(ends);
}

/* --- ends ---------------------------------------------------------------------------------------
 */

static volatile sig_atomic_t pipe_signals;

static void note_pipe(int signo)
{
	(void)signo;
	pipe_signals++;
}

static void orderly_end(void)
{
	int ends[2];
	char byte;

	signal(SIGPIPE, note_pipe);
	make_pair(ends);
	CHECK_EQ(write(ends[0], "x", 1), 1);
	CHECK_OK(shutdown(ends[0], SHUT_WR));
	CHECK_ERR(write(ends[0], "x", 1), EPIPE);
	CHECK_EQ(pipe_signals, 1);
	CHECK_ERR(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_EQ(pipe_signals, 1);
	CHECK_EQ(read(ends[1], &byte, 1), 1);
	CHECK_EQ(read(ends[1], &byte, 1), 0);
	CHECK_EQ(events_of(ends[1], POLLIN | POLLRDHUP, 1000), POLLIN | POLLRDHUP);
	CHECK_EQ(write(ends[1], "y", 1), 1); /* the other direction is open */
	CHECK_EQ(read(ends[0], &byte, 1), 1);
	CHECK_OK(shutdown(ends[1], SHUT_WR));
	CHECK_EQ(read(ends[0], &byte, 1), 0);
	CHECK(events_of(ends[0], POLLIN, 1000) & POLLHUP);
	close_pair(ends);
	signal(SIGPIPE, SIG_DFL);
}

static void reset_when_unread(void)
{
	int ends[2];
	char byte;

	make_pair(ends);
	CHECK_EQ(write(ends[0], "unread", 6), 6);
	CHECK_EQ(events_of(ends[1], POLLIN, 1000), POLLIN);
	close(ends[1]);
	CHECK(events_of(ends[0], POLLIN, 1000) & POLLHUP);
	CHECK_ERR(read(ends[0], &byte, 1), ECONNRESET);
	CHECK_EQ(read(ends[0], &byte, 1), 0);
	CHECK_ERR(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	close(ends[0]);
}

static void reset_on_purpose(void)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	int ends[2];
	char byte;

	make_pair(ends);
	CHECK_OK(setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	close(ends[1]);
	CHECK(events_of(ends[0], POLLIN, 1000) & POLLERR);
	CHECK_ERR(read(ends[0], &byte, 1), ECONNRESET);
	close(ends[0]);
}

static void lingering_close(void)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 5};
	int ends[2];
	char data[6];

	make_pair(ends);
	CHECK_OK(setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	CHECK_EQ(write(ends[0], "linger", 6), 6);
	CHECK_OK(close(ends[0]));
	CHECK_EQ(read(ends[1], data, sizeof(data)), 6);
	CHECK_EQ(read(ends[1], data, sizeof(data)), 0);
	close(ends[1]);
}

/* --- options ------------------------------------------------------------------------------------
 */

static void number_option(int fd, int level, int name, int wanted)
{
	int value = wanted;
	socklen_t len = sizeof(value);

	CHECK_OK(setsockopt(fd, level, name, &value, sizeof(value)));
	value = -1;
	CHECK_OK(getsockopt(fd, level, name, &value, &len));
	if (!CHECK_EQ(value, wanted))
		t_fail(__FILE__, __LINE__, "level %d name %d", level, name);
}

static void options(void)
{
	struct tcp_info info;
	struct linger linger = {1, 7};
	socklen_t len = sizeof(linger);
	int ends[2], value = 5;

	make_pair(ends);
	number_option(ends[0], SOL_SOCKET, SO_REUSEADDR, 1);
	number_option(ends[0], SOL_SOCKET, SO_REUSEPORT, 1);
	number_option(ends[0], SOL_SOCKET, SO_KEEPALIVE, 1);
	number_option(ends[0], SOL_SOCKET, SO_KEEPALIVE, 0);
	number_option(ends[0], IPPROTO_TCP, TCP_NODELAY, 1);
	number_option(ends[0], IPPROTO_TCP, TCP_NODELAY, 0);
	number_option(ends[0], IPPROTO_TCP, TCP_CORK, 1);
	number_option(ends[0], IPPROTO_TCP, TCP_CORK, 0);
	number_option(ends[0], IPPROTO_TCP, TCP_KEEPIDLE, 300);
	number_option(ends[0], IPPROTO_TCP, TCP_KEEPINTVL, 30);
	number_option(ends[0], IPPROTO_TCP, TCP_KEEPCNT, 4);
	number_option(ends[0], IPPROTO_TCP, TCP_USER_TIMEOUT, 10000);
	number_option(ends[0], IPPROTO_IP, IP_TOS, 0x10);
	number_option(ends[0], IPPROTO_IP, IP_TTL, 33);
	CHECK_OK(setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	memset(&linger, 0, sizeof(linger));
	CHECK_OK(getsockopt(ends[0], SOL_SOCKET, SO_LINGER, &linger, &len));
	CHECK_EQ(linger.l_onoff, 1);
	CHECK_EQ(linger.l_linger, 7);
	len = sizeof(info);
	CHECK_OK(getsockopt(ends[0], IPPROTO_TCP, TCP_INFO, &info, &len));
	CHECK_EQ(info.tcpi_state, TCP_ESTABLISHED);
	CHECK(info.tcpi_snd_mss >= 500);
	CHECK_ERR(setsockopt(ends[0], SOL_SOCKET, 9999, &value, sizeof(value)), ENOPROTOOPT);
	CHECK_ERR(setsockopt(ends[0], IPPROTO_TCP, 9999, &value, sizeof(value)), ENOPROTOOPT);
	CHECK_ERR(setsockopt(ends[0], SOL_SOCKET, SO_KEEPALIVE, &value, 1), EINVAL);
	CHECK_ERR(setsockopt(ends[0], IPPROTO_TCP, TCP_KEEPCNT, &(int){0}, sizeof(int)), EINVAL);
	close_pair(ends);
}

static void edges_of_epoll(void)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
	int ends[2], epoll = epoll_create1(0);
	char data[8];

	make_pair(ends);
	CHECK_OK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
	CHECK_EQ(epoll_wait(epoll, &event, 1, 1000), 1);
	CHECK_EQ(event.events, EPOLLOUT);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	CHECK_EQ(write(ends[1], "abc", 3), 3);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 1000), 1);
	CHECK_EQ(event.events, EPOLLIN | EPOLLOUT);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	CHECK_EQ(read(ends[0], data, sizeof(data)), 3);
	close(ends[1]);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 1000), 1);
	CHECK_EQ(event.events, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	close(ends[0]);
	close(epoll);
}

static const struct t_test tests[] = {
	T(kinds),
	T(names),
	T(bad_names),
	T(port_is_free_again),
	T(refused),
	T(nonblocking),
	T(not_connected),
	T(many_pending),
	T(full_backlog),
	T(accept_waits),
	T(bytes_both_ways),
	T(much_data),
	T(fills_up),
	T(small_buffers),
	T(much_through_small_buffers),
	T(wait_all_and_low_water),
	T(from_a_file),
	T(orderly_end),
	T(reset_when_unread),
	T(reset_on_purpose),
	T(lingering_close),
	T(options),
	T(edges_of_epoll),
};

T_MAIN(tests)
