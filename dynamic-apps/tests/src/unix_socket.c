/* SPDX-License-Identifier: BSD-3-Clause */
/* Local sockets, in pairs and single: streams, datagrams, records; what each end sees of the other.
 */
#include "t_threads.h"

#include <poll.h>
#include <sys/epoll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
static int ends[2];

static void open_pair(int type)
{
	CHECK_OK(socketpair(AF_UNIX, type, 0, ends));
}

static void close_pair(void)
{
	close(ends[0]);
	close(ends[1]);
}

static short ready(int fd)
{
	struct pollfd pollfd = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

	CHECK_OK(poll(&pollfd, 1, 0));
	return pollfd.revents;
}

static int option(int fd, int name)
{
	socklen_t len = sizeof(int);
	int value = -77;

	CHECK_OK(getsockopt(fd, SOL_SOCKET, name, &value, &len));
	CHECK_EQ(len, sizeof(int));
	return value;
}

static void both_ways(void)
{
	char buf[32];

	for (int i = 0; i < 3; i++) {
		open_pair(types[i]);
		CHECK_EQ(write(ends[0], "there", 5), 5);
		CHECK_EQ(write(ends[1], "back", 4), 4);
		CHECK_EQ(read(ends[1], buf, sizeof(buf)), 5);
		CHECK(memcmp(buf, "there", 5) == 0);
		CHECK_EQ(read(ends[0], buf, sizeof(buf)), 4);
		CHECK(memcmp(buf, "back", 4) == 0);
		CHECK_ERR(recv(ends[0], buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
		close_pair();
	}
}

static void descriptors(void)
{
	struct sockaddr_un name;
	socklen_t len = sizeof(name);
	struct stat status;

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));
	CHECK_EQ(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(ends[1], F_GETFL), O_RDWR | O_NONBLOCK);
	CHECK_OK(fstat(ends[0], &status));
	CHECK(S_ISSOCK(status.st_mode));
	CHECK_ERR(lseek(ends[0], 0, SEEK_CUR), ESPIPE);
	CHECK_EQ(option(ends[0], SO_TYPE), SOCK_STREAM);
	CHECK_EQ(option(ends[0], SO_DOMAIN), AF_UNIX);
	CHECK_EQ(option(ends[0], SO_PROTOCOL), 0);
	CHECK_EQ(option(ends[0], SO_ERROR), 0);
	CHECK_EQ(option(ends[0], SO_ACCEPTCONN), 0);
	CHECK_OK(getsockname(ends[0], (struct sockaddr *)&name, &len));
	CHECK_EQ(len, sizeof(sa_family_t));
	CHECK_EQ(name.sun_family, AF_UNIX);
	len = sizeof(name);
	CHECK_OK(getpeername(ends[0], (struct sockaddr *)&name, &len));
	CHECK_EQ(len, sizeof(sa_family_t));
	close_pair();
	open_pair(SOCK_STREAM);
	CHECK_EQ(fcntl(ends[0], F_GETFD), 0);
	CHECK_EQ(fcntl(ends[0], F_GETFL), O_RDWR);
	close_pair();
}

static void stream_has_no_bounds(void)
{
	char buf[64], big[200000];
	int left;

	open_pair(SOCK_STREAM);
	for (int i = 0; i < 10; i++)
		CHECK_EQ(write(ends[0], "0123", 4), 4);
	CHECK_OK(ioctl(ends[1], FIONREAD, &left));
	CHECK_EQ(left, 40);
	CHECK_EQ(recv(ends[1], buf, 10, MSG_PEEK), 10);
	CHECK_EQ(recv(ends[1], buf, 6, 0), 6);
	CHECK(memcmp(buf, "012301", 6) == 0);
	CHECK_EQ(recv(ends[1], buf, sizeof(buf), 0), 34);
	CHECK(memcmp(buf, "230123", 6) == 0);
	CHECK_EQ(send(ends[0], buf, 0, 0), 0); /* nothing */
	CHECK_ERR(recv(ends[1], buf, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_ERR(recv(ends[1], buf, 0, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(read(ends[1], buf, 0), 0);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7);
	CHECK_EQ(write(ends[0], big, 100000), 100000);
	for (size_t at = 0, got; at < 100000; at += got) {
		got = (size_t)CHECK_OK(read(ends[1], big + 100000, 33333));
		CHECK(got > 0 && memcmp(big + at, big + 100000, got) == 0);
	}
	close_pair();
}

static void records_have_bounds(void)
{
	char buf[64];
	int left;

	for (int i = 1; i < 3; i++) {
		open_pair(types[i]);
		CHECK_EQ(write(ends[0], "first", 5), 5);
		CHECK_EQ(write(ends[0], "2nd", 3), 3);
		CHECK_EQ(send(ends[0], "", 0, 0), 0);
		CHECK_EQ(write(ends[0], "last", 4), 4);
		CHECK_OK(ioctl(ends[1], FIONREAD, &left));
		CHECK_EQ(left, types[i] == SOCK_DGRAM ? 5 : 12);
		CHECK_EQ(recv(ends[1], buf, 3, MSG_PEEK | MSG_TRUNC), 5);
		CHECK_EQ(recv(ends[1], buf, 3, 0), 3); /* the rest is lost */
		CHECK_EQ(recv(ends[1], buf, 2, MSG_TRUNC), 3);
		CHECK_EQ(recv(ends[1], buf, sizeof(buf), 0), 0);
		CHECK_EQ(read(ends[1], buf, sizeof(buf)), 4);
		CHECK(memcmp(buf, "last", 4) == 0);
		close_pair();
	}
}

static void messages(void)
{
	char one[3], two[10];
	struct iovec in[2] = {{"scat", 4}, {"tered", 5}}, out[2] = {{one, 3}, {two, 10}};
	struct msghdr send = {.msg_iov = in, .msg_iovlen = 2};
	struct msghdr receive = {.msg_iov = out,
				 .msg_iovlen = 2,
				 .msg_name = two,
				 .msg_namelen = 10,
				 .msg_control = two,
				 .msg_controllen = 10};

	open_pair(SOCK_SEQPACKET);
	CHECK_EQ(sendmsg(ends[0], &send, 0), 9);
	CHECK_EQ(recvmsg(ends[1], &receive, 0), 9);
	CHECK(memcmp(one, "sca", 3) == 0 && memcmp(two, "ttered", 6) == 0);
	CHECK_EQ(receive.msg_flags, 0);
	CHECK_EQ(receive.msg_namelen, 0);
	CHECK_EQ(receive.msg_controllen, 0);
	receive.msg_iovlen = 1;
	CHECK_EQ(sendmsg(ends[0], &send, 0), 9);
	CHECK_EQ(recvmsg(ends[1], &receive, 0), 3);
	CHECK_EQ(receive.msg_flags, MSG_TRUNC);
	send.msg_iovlen = 2000;
	CHECK_ERR(sendmsg(ends[0], &send, 0), EMSGSIZE);
	close_pair();
}

static void full(void)
{
	static char block[4096];
	size_t sent = 0;
	ssize_t got;

	open_pair(SOCK_STREAM);
	CHECK_EQ(ready(ends[0]), POLLOUT);
	while ((got = send(ends[0], block, sizeof(block), MSG_DONTWAIT)) > 0)
		sent += (size_t)got;
	CHECK_ERR(send(ends[0], block, 1, MSG_DONTWAIT), EAGAIN);
	CHECK(sent >= 50000 && sent < 1000000);
	CHECK_EQ(ready(ends[0]), 0);
	CHECK_EQ(ready(ends[1]), POLLIN | POLLOUT);
	while (sent)
		sent -= (size_t)CHECK_OK(read(ends[1], block, sizeof(block)));
	CHECK_EQ(ready(ends[0]), POLLOUT);
	close_pair();
	open_pair(SOCK_DGRAM);
	sent = 4096;
	CHECK_OK(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &(int){4096}, sizeof(int)));
	CHECK_EQ(option(ends[0], SO_SNDBUF), 8192);
	CHECK_ERR(send(ends[0], malloc(9000), 9000, 0), EMSGSIZE);
	CHECK_OK(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &(int){1}, sizeof(int)));
	CHECK_EQ(option(ends[0], SO_SNDBUF), 4608);
	CHECK_OK(setsockopt(ends[0], SOL_SOCKET, SO_RCVBUF, &(int){1}, sizeof(int)));
	CHECK_EQ(option(ends[0], SO_RCVBUF), 2304);
	close_pair();
}

static void closed_peer(void)
{
	char c;

	signal(SIGPIPE, SIG_IGN);
	open_pair(SOCK_STREAM);
	CHECK_EQ(write(ends[1], "x", 1), 1);
	close(ends[1]);
	CHECK_EQ(ready(ends[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	CHECK_EQ(read(ends[0], &c, 1), 1); /* what it sent is still there */
	CHECK_EQ(read(ends[0], &c, 1), 0);
	CHECK_ERR(write(ends[0], "x", 1), EPIPE);
	CHECK_ERR(send(ends[0], "", 0, 0), EPIPE);
	close(ends[0]);
	open_pair(SOCK_STREAM);
	CHECK_EQ(write(ends[0], "x", 1), 1);
	close(ends[1]); /* without having read it */
	CHECK_EQ(ready(ends[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	CHECK_ERR(read(ends[0], &c, 1), ECONNRESET);
	CHECK_EQ(read(ends[0], &c, 1), 0);
	close(ends[0]);
	open_pair(SOCK_SEQPACKET);
	close(ends[1]);
	CHECK_EQ(read(ends[0], &c, 1), 0);
	CHECK_ERR(write(ends[0], "x", 1), EPIPE);
	close(ends[0]);
	open_pair(SOCK_DGRAM);
	close(ends[1]);
	CHECK_ERR(write(ends[0], "x", 1), ECONNREFUSED);
	close(ends[0]);
	signal(SIGPIPE, SIG_DFL);
}

static volatile int pipes;

static void on_pipe(int signo)
{
	(void)signo;
	pipes++;
}

static void sigpipe(void)
{
	signal(SIGPIPE, on_pipe);
	open_pair(SOCK_STREAM);
	close(ends[1]);
	CHECK_ERR(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_EQ(pipes, 0);
	CHECK_ERR(send(ends[0], "x", 1, 0), EPIPE);
	CHECK_EQ(pipes, 1);
	close(ends[0]);
	signal(SIGPIPE, SIG_DFL);
}

static void shutdowns(void)
{
	char c;

	signal(SIGPIPE, SIG_IGN);
	open_pair(SOCK_STREAM);
	CHECK_EQ(write(ends[0], "x", 1), 1);
	CHECK_OK(shutdown(ends[0], SHUT_WR));
	CHECK_ERR(write(ends[0], "x", 1), EPIPE);
	CHECK_EQ(ready(ends[1]), POLLIN | POLLOUT | POLLRDHUP);
	CHECK_EQ(read(ends[1], &c, 1), 1);
	CHECK_EQ(read(ends[1], &c, 1), 0);
	CHECK_EQ(write(ends[1], "y", 1), 1); /* the other way is open */
	CHECK_EQ(read(ends[0], &c, 1), 1);
	CHECK_OK(shutdown(ends[0], SHUT_RD));
	CHECK_ERR(write(ends[1], "y", 1), EPIPE);
	CHECK_EQ(ready(ends[1]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	CHECK_ERR(shutdown(ends[0], 3), EINVAL);
	close_pair();
	signal(SIGPIPE, SIG_DFL);
}

static void time_limits(void)
{
	struct timeval limit = {0, 20000}, got;
	socklen_t len = sizeof(got);
	int64_t begin = now_ns();
	char c;

	open_pair(SOCK_STREAM);
	CHECK_OK(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	CHECK_OK(getsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &got, &len));
	CHECK(got.tv_sec == 0 && got.tv_usec >= 20000 && got.tv_usec < 40000);
	CHECK_ERR(read(ends[0], &c, 1), EAGAIN);
	CHECK(now_ns() - begin >= 19000000);
	limit.tv_usec = 1000000;
	CHECK_ERR(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), EDOM);
	CHECK_ERR(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, 8), EINVAL);
	close_pair();
}

/* What an edge-triggered watch of this end reports now. */
static unsigned int edges_of(int epoll)
{
	struct epoll_event event = {.events = 0};

	return CHECK_OK(epoll_wait(epoll, &event, 1, 0)) ? event.events : 0;
}

static void edges(void)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
	int epoll = (int)CHECK_OK(epoll_create1(0));
	static char block[4096];
	ssize_t got;
	char c;

	open_pair(SOCK_STREAM);
	CHECK_OK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
	CHECK_EQ(edges_of(epoll), EPOLLOUT);
	CHECK_EQ(edges_of(epoll), 0);
	CHECK_EQ(write(ends[1], "xy", 2), 2);
	CHECK_EQ(edges_of(epoll), EPOLLIN | EPOLLOUT);
	CHECK_EQ(read(ends[0], &c, 1), 1); /* what is left is no news */
	CHECK_EQ(edges_of(epoll), 0);
	CHECK_EQ(write(ends[1], "z", 1), 1);
	CHECK_EQ(edges_of(epoll), EPOLLIN | EPOLLOUT);
	CHECK_EQ(read(ends[0], block, 4), 2);
	while ((got = send(ends[0], block, sizeof(block), MSG_DONTWAIT)) > 0)
		;
	CHECK_EQ(edges_of(epoll), 0);
	while ((got = recv(ends[1], block, sizeof(block), MSG_DONTWAIT)) > 0)
		;
	CHECK_EQ(edges_of(epoll), EPOLLOUT); /* there is room again */
	CHECK_OK(shutdown(ends[1], SHUT_WR));
	CHECK_EQ(edges_of(epoll), EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	CHECK_EQ(edges_of(epoll), 0);
	close(ends[1]);
	CHECK_EQ(edges_of(epoll), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
	CHECK_EQ(edges_of(epoll), 0);
	close(ends[0]);
	close(epoll);
}

static void *echoes(void *argument)
{
	char buf[1000];
	ssize_t got;

	while ((got = read(ends[1], buf, sizeof(buf))) > 0)
		for (ssize_t at = 0; at < got;)
			at += CHECK_OK(write(ends[1], buf + at, (size_t)(got - at)));
	shutdown(ends[1], SHUT_WR);
	return argument;
}

/* More than the queues hold, so that both sides have to wait for each other. */
static void *fills(void *argument)
{
	static char block[5000];

	for (int i = 0; i < 200; i++) {
		memset(block, i, sizeof(block));
		for (size_t at = 0; at < sizeof(block);)
			at += (size_t)CHECK_OK(write(ends[0], block + at, sizeof(block) - at));
	}
	shutdown(ends[0], SHUT_WR);
	return argument;
}

static void threads_echo(void)
{
	static char block[5000];
	pthread_t echo, fill;
	char c;

	open_pair(SOCK_STREAM);
	echo = start(echoes, NULL);
	fill = start(fills, NULL);
	for (int i = 0; i < 200; i++) {
		CHECK_EQ(recv(ends[0], block, sizeof(block), MSG_WAITALL), sizeof(block));
		CHECK(block[0] == (char)i && block[sizeof(block) - 1] == (char)i);
	}
	CHECK_EQ(read(ends[0], &c, 1), 0);
	join(fill);
	join(echo);
	close_pair();
}

static void errors(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/nobody"};
	const struct sockaddr *to = (struct sockaddr *)&name;
	int fd = t_make_file("file", "", 0), value;
	socklen_t len = sizeof(value);

	CHECK_ERR(socketpair(AF_UNIX, 99, 0, ends), EINVAL);
	CHECK_ERR(socketpair(AF_UNIX, SOCK_STREAM | 0x100, 0, ends), EINVAL);
	CHECK_ERR(socketpair(AF_UNIX, SOCK_RDM, 0, ends), ESOCKTNOSUPPORT);
	CHECK_ERR(socketpair(AF_UNIX, SOCK_STREAM, 17, ends), EPROTONOSUPPORT);
	CHECK_ERR(socketpair(99, SOCK_STREAM, 0, ends), EAFNOSUPPORT);
	CHECK_ERR(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8), EFAULT);
	CHECK_ERR(send(fd, "x", 1, 0), ENOTSOCK);
	CHECK_ERR(shutdown(fd, SHUT_RD), ENOTSOCK);
	CHECK_ERR(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len), ENOTSOCK);
	CHECK_ERR(recv(-1, &value, 1, 0), EBADF);
	close(fd);
	open_pair(SOCK_STREAM);
	CHECK_ERR(sendto(ends[0], "x", 1, 0, to, sizeof(name)), EISCONN);
	CHECK_ERR(getsockopt(ends[0], SOL_SOCKET, 999, &value, &len), ENOPROTOOPT);
	CHECK_ERR(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &value, 2), EINVAL);
	CHECK_ERR(send(ends[0], (void *)8, 10, 0), EFAULT);
	CHECK_EQ(write(ends[0], "x", 1), 1);
	CHECK_ERR(recv(ends[1], (void *)8, 10, 0), EFAULT);
	close_pair();
	open_pair(SOCK_SEQPACKET);
	CHECK_EQ(sendto(ends[0], "x", 1, 0, to, sizeof(name)), 1); /* the name is ignored */
	close_pair();
}

static void single(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "./nobody"};
	struct sockaddr *to = (struct sockaddr *)&name;
	int fd = (int)CHECK_OK(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	socklen_t len = sizeof(name);
	char c;

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(ready(fd), POLLOUT | POLLHUP);
	CHECK_ERR(send(fd, "x", 1, 0), ENOTCONN);
	CHECK_ERR(recv(fd, &c, 1, 0), EINVAL);
	CHECK_ERR(sendto(fd, "x", 1, 0, to, sizeof(name)), EOPNOTSUPP);
	CHECK_ERR(getpeername(fd, to, &len), ENOTCONN);
	CHECK_ERR(connect(fd, to, sizeof(name)), ENOENT);
	t_put_file("nobody", "");
	CHECK_ERR(connect(fd, to, sizeof(name)), ECONNREFUSED);
	name.sun_path[0] = '\0';
	CHECK_ERR(connect(fd, to, sizeof(name)), ECONNREFUSED);
	CHECK_ERR(connect(fd, to, sizeof(name.sun_family)), EINVAL);
	CHECK_ERR(connect(fd, to, 1000), EINVAL);
	CHECK_ERR(connect(fd, (void *)8, sizeof(name)), EFAULT);
	name.sun_family = AF_INET;
	CHECK_ERR(connect(fd, to, sizeof(name)), EINVAL);
	close(fd);
	fd = (int)CHECK_OK(socket(AF_UNIX, SOCK_SEQPACKET, 0));
	CHECK_ERR(recv(fd, &c, 1, 0), ENOTCONN);
	CHECK_ERR(send(fd, "x", 1, 0), ENOTCONN);
	close(fd);
	fd = (int)CHECK_OK(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	CHECK_EQ(ready(fd), POLLOUT);
	CHECK_ERR(recv(fd, &c, 1, 0), EAGAIN);
	CHECK_ERR(send(fd, "x", 1, 0), ENOTCONN);
	close(fd);
	CHECK_ERR(socket(AF_UNIX, 99, 0), EINVAL);
	CHECK_ERR(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT);
}

static const struct t_test tests[] = {
	T(both_ways),
	T(descriptors),
	T(stream_has_no_bounds),
	T(records_have_bounds),
	T(messages),
	T(full),
	T(closed_peer),
	T(sigpipe),
	T(shutdowns),
	T(time_limits),
	T(edges),
	T(threads_echo),
	T(errors),
	T(single),
};

T_MAIN(tests)
