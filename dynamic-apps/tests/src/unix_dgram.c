/* SPDX-License-Identifier: BSD-3-Clause */
/* Local datagram sockets with names: who may send to whom, and what a full receiver means. Reads
 * that wait for more, and times of arrival. */
#include "t_unix.h"

#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>

static ssize_t send_to(int fd, const char *text, const char *name, int flags)
{
	struct address address = address_of(name);

	return sendto(fd, text, strlen(text), flags, ADDRESS(address));
}

/* The next message and its sender's name are these; NULL: it has none. */
static void check_from(int fd, const char *text, const char *name)
{
	struct address from = {.len = sizeof(from.un)}, wanted = {.len = 0};
	char buf[64];
	ssize_t got = CHECK_OK(
		recvfrom(fd, buf, sizeof(buf) - 1, 0, (struct sockaddr *)&from.un, &from.len));

	if (got < 0)
		return;
	buf[got] = '\0';
	CHECK_STR(buf, text);
	if (name)
		wanted = address_of(name);
	CHECK_EQ(from.len, wanted.len);
	CHECK(!memcmp(&from.un, &wanted.un, wanted.len));
}

static void by_name(void)
{
	int server = new_bound(SOCK_DGRAM, "@server"), client = new_bound(SOCK_DGRAM, "client");
	int nobody = new_socket(SOCK_DGRAM);

	CHECK_EQ(send_to(client, "one", "@server", 0), 3);
	CHECK_EQ(send_to(nobody, "two", "@server", 0), 3);
	check_from(server, "one", "client");
	check_from(server, "two", NULL);
	CHECK_EQ(send_to(server, "back", "client", 0), 4);
	check_from(client, "back", "@server");
	CHECK_ERR(send_to(client, "x", "@none", 0), ECONNREFUSED);
	CHECK_ERR(send_to(client, "x", "none", 0), ENOENT);
	CHECK_ERR(send(client, "x", 1, 0), ENOTCONN);
	CHECK_EQ(send_to(server, "self", "@server", 0), 4);
	check_from(server, "self", "@server");
	/* From a sender that is gone: the name is still known. */
	CHECK_EQ(send_to(client, "last", "@server", 0), 4);
	close(client);
	check_from(server, "last", "client");
	CHECK_ERR(send_to(server, "x", "client", 0), ECONNREFUSED);
	CHECK_OK(unlink("client"));
	close(nobody);
	close(server);
}

static void connected(void)
{
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	int server = new_bound(SOCK_DGRAM, "@server"), client = new_bound(SOCK_DGRAM, "@client");
	int other = new_socket(SOCK_DGRAM);
	char buf[10];

	CHECK_OK(connect_to(client, "@server"));
	check_name(client, getpeername, "@server");
	CHECK_EQ(send(client, "one", 3, 0), 3);
	check_from(server, "one", "@client");
	CHECK_ERR(getpeername(server, (struct sockaddr *)buf, &(socklen_t){10}), ENOTCONN);
	/* Who is connected hears its peer alone. */
	CHECK_OK(connect_to(server, "@client"));
	CHECK_ERR(connect_to(other, "@server"), EPERM);
	CHECK_ERR(send_to(other, "x", "@server", 0), EPERM);
	CHECK_EQ(send_to(other, "x", "@client", MSG_DONTWAIT), -1);
	CHECK_EQ(errno, EPERM);
	/* Dissolved: what had come is lost, and the other one hears of that. */
	CHECK_EQ(send(client, "lost", 4, 0), 4);
	CHECK_OK(connect(server, &nowhere, sizeof(nowhere)));
	CHECK_ERR(recv(server, buf, 10, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(ready(client) & POLLERR, POLLERR);
	CHECK_ERR(recv(client, buf, 10, 0), ECONNRESET);
	CHECK_EQ(ready(client), POLLOUT);
	CHECK_OK(connect_to(other, "@server"));
	CHECK_OK(connect(other, &nowhere, sizeof(nowhere.sa_family)));
	CHECK_ERR(send(other, "x", 1, 0), ENOTCONN);
	CHECK_ERR(connect(other, &nowhere, 1), EINVAL);
	/* The peer closes: told once, then there is none. */
	close(server);
	CHECK_ERR(send(client, "x", 1, 0), ECONNREFUSED);
	CHECK_ERR(send(client, "x", 1, 0), ENOTCONN);
	close(client);
	close(other);
}

/* How many wait at most in a queue of somebody who is not connected to the sender. */
static int queue_length(void)
{
	char text[20];

	CHECK(t_get_file("/proc/sys/net/unix/max_dgram_qlen", text, sizeof(text)) > 0);
	return atoi(text) + 1;
}

static void crowded(void)
{
	int server = new_bound(SOCK_DGRAM, "@server"), client = new_socket(SOCK_DGRAM), sent = 0;
	struct timeval limit = {0, 20000};
	char buf[10];

	CHECK_OK(connect_to(client, "@server"));
	while (send(client, "x", 1, MSG_DONTWAIT) == 1)
		sent++;
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(sent, queue_length());
	CHECK_EQ(ready(client), 0);
	CHECK_OK(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)));
	CHECK_ERR(send(client, "x", 1, 0), EAGAIN);
	CHECK_EQ(recv(server, buf, 10, 0), 1);
	CHECK_EQ(ready(client), POLLOUT);
	close(server);
	CHECK_EQ(ready(client), POLLOUT);
	close(client);
}

static void *receives_later(void *fd)
{
	char buf[10];

	sleep_ms(20);
	for (int i = 0; i <= queue_length(); i++)
		CHECK_EQ(recv((int)(intptr_t)fd, buf, sizeof(buf), 0), 1);
	return NULL;
}

static void waits_for_room(void)
{
	int server = new_bound(SOCK_DGRAM, "@server"), client = new_socket(SOCK_DGRAM);
	pthread_t thread;

	for (int i = 0; i < queue_length(); i++)
		CHECK_EQ(send_to(client, "x", "@server", MSG_DONTWAIT), 1);
	thread = start(receives_later, (void *)(intptr_t)server);
	CHECK_EQ(send_to(client, "x", "@server", 0), 1);
	join(thread);
	close(client);
	close(server);
}

static void *closes_later(void *fd)
{
	sleep_ms(20);
	close((int)(intptr_t)fd);
	return NULL;
}

static void receiver_closes(void)
{
	int server = new_bound(SOCK_DGRAM, "@server"), client = new_socket(SOCK_DGRAM);
	pthread_t thread;

	CHECK_OK(connect_to(client, "@server"));
	for (int i = 0; i < queue_length(); i++)
		CHECK_EQ(send(client, "x", 1, MSG_DONTWAIT), 1);
	thread = start(closes_later, (void *)(intptr_t)server);
	CHECK_ERR(send(client, "x", 1, 0), ECONNREFUSED);
	join(thread);
	close(client);
}

/* epoll hears of a crowded receiver's room, also of one connected to later. */
static void room_is_an_event(void)
{
	struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
	int server = new_bound(SOCK_DGRAM, "@server"), client = new_socket(SOCK_DGRAM);
	int epoll = (int)CHECK_OK(epoll_create1(0));
	char buf[10];

	CHECK_OK(epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event));
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);
	CHECK_OK(connect_to(client, "@server"));
	while (send(client, "x", 1, MSG_DONTWAIT) == 1)
		;
	epoll_wait(epoll, &event, 1, 0);
	CHECK_EQ(ready(client), 0);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	CHECK_EQ(recv(server, buf, 10, 0), 1);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);
	CHECK_EQ(event.events, EPOLLOUT);
	CHECK_EQ(send(client, "x", 1, MSG_DONTWAIT), 1);
	CHECK_EQ(ready(client), 0);
	close(client); /* while it waits there */
	CHECK_EQ(recv(server, buf, 10, 0), 1);
	close(server);
	close(epoll);
}

static void shut_down(void)
{
	int server = new_bound(SOCK_DGRAM, "@server"), client = new_socket(SOCK_DGRAM);
	char buf[10];

	CHECK_OK(connect_to(client, "@server"));
	CHECK_EQ(send(client, "x", 1, 0), 1);
	CHECK_OK(shutdown(server, SHUT_RD));
	CHECK_ERR(send(client, "x", 1, 0), EPIPE); /* without a signal */
	CHECK_EQ(ready(server), POLLIN | POLLOUT | POLLRDHUP);
	CHECK_EQ(recv(server, buf, 10, 0), 1);
	CHECK_EQ(recv(server, buf, 10, 0), 0);
	CHECK_ERR(recv(server, buf, 10, MSG_DONTWAIT), EAGAIN);
	CHECK_OK(shutdown(client, SHUT_RDWR));
	CHECK_EQ(ready(client), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	CHECK_ERR(send_to(client, "x", "@server", 0), EPIPE);
	close(client);
	close(server);
}

static void several_at_once(void)
{
	int server = new_bound(SOCK_DGRAM, "@server"), client = new_socket(SOCK_DGRAM);
	struct address address = address_of("@server");
	char in[3][4] = {"a", "bb", "ccc"}, out[4][4];
	struct mmsghdr messages[4];
	struct iovec iov[4];

	memset(messages, 0, sizeof(messages));
	for (int i = 0; i < 3; i++) {
		iov[i] = (struct iovec){in[i], (size_t)i + 1};
		messages[i].msg_hdr = (struct msghdr){.msg_name = &address.un,
						      .msg_namelen = address.len,
						      .msg_iov = &iov[i],
						      .msg_iovlen = 1};
	}
	CHECK_EQ(sendmmsg(client, messages, 3, 0), 3);
	CHECK_EQ(messages[2].msg_len, 3);
	memset(messages, 0, sizeof(messages));
	for (int i = 0; i < 4; i++) {
		iov[i] = (struct iovec){out[i], 4};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	CHECK_EQ(recvmmsg(server, messages, 4, MSG_WAITFORONE, NULL), 3);
	for (unsigned int i = 0; i < 3; i++)
		CHECK_EQ(messages[i].msg_len, i + 1);
	CHECK(!memcmp(out[2], "ccc", 3));
	close(client);
	close(server);
}

static void *sends_in_parts(void *fd)
{
	for (int i = 0; i < 5; i++) {
		sleep_ms(5);
		CHECK_EQ(write((int)(intptr_t)fd, "1234", 4), 4);
	}
	return NULL;
}

/* SO_RCVLOWAT and MSG_WAITALL make a read wait for more than there is. */
static void least_to_read(void)
{
	pthread_t thread;
	char buf[100];
	int ends[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	CHECK_OK(setsockopt(ends[1], SOL_SOCKET, SO_RCVLOWAT, &(int){10}, sizeof(int)));
	thread = start(sends_in_parts, (void *)(intptr_t)ends[0]);
	CHECK_EQ(recv(ends[1], buf, sizeof(buf), 0), 12);
	CHECK_EQ(recv(ends[1], buf, 8, MSG_WAITALL), 8);
	join(thread);
	CHECK_EQ(write(ends[0], "12345", 5), 5);
	CHECK_EQ(recv(ends[1], buf, 10, MSG_WAITALL | MSG_DONTWAIT), 5);
	CHECK_EQ(write(ends[0], "12345", 5), 5);
	CHECK_EQ(recv(ends[1], buf, 10, MSG_WAITALL | MSG_PEEK), 5);
	close(ends[0]);
	CHECK_EQ(recv(ends[1], buf, 10, MSG_WAITALL), 5); /* nothing more can come */
	close(ends[1]);
}

static void queue_lengths(void)
{
	int ends[2], value;
	char buf[2000];

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	CHECK_OK(ioctl(ends[0], TIOCOUTQ, &value));
	CHECK_EQ(value, 0);
	CHECK_EQ(write(ends[0], buf, 2000), 2000);
	CHECK_OK(ioctl(ends[0], TIOCOUTQ, &value));
	CHECK(value >= 2000);
	CHECK_EQ(read(ends[1], buf, 2000), 2000);
	CHECK_OK(ioctl(ends[0], TIOCOUTQ, &value));
	CHECK_EQ(value, 0);
	close(ends[0]);
	close(ends[1]);
	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	CHECK_EQ(write(ends[0], buf, 100), 100);
	CHECK_OK(ioctl(ends[0], TIOCOUTQ, &value));
	CHECK(value >= 100);
	close(ends[1]);
	CHECK_OK(ioctl(ends[0], TIOCOUTQ, &value));
	CHECK_EQ(value, 0);
	close(ends[0]);
}

static void time_of_arrival(void)
{
	struct {
		struct cmsghdr head;
		struct timeval time;
	} control;
	struct iovec iov = {&(char[1]){0}, 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int ends[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	CHECK_OK(setsockopt(ends[1], SOL_SOCKET, SO_TIMESTAMP, &(int){1}, sizeof(int)));
	CHECK_EQ(write(ends[0], "x", 1), 1);
	CHECK_EQ(recvmsg(ends[1], &message, 0), 1);
	CHECK_EQ(message.msg_controllen, sizeof(control));
	CHECK_EQ(control.head.cmsg_level, SOL_SOCKET);
	CHECK_EQ(control.head.cmsg_type, SCM_TIMESTAMP);
	CHECK_EQ(control.head.cmsg_len, sizeof(control));
	CHECK(time(NULL) - control.time.tv_sec <= 2 && control.time.tv_usec < 1000000);
	close(ends[0]);
	close(ends[1]);
}

static const struct t_test tests[] = {
	T(by_name),         T(connected),        T(crowded),         T(waits_for_room),
	T(receiver_closes), T(room_is_an_event), T(shut_down),       T(several_at_once),
	T(least_to_read),   T(queue_lengths),    T(time_of_arrival),
};

T_MAIN(tests)
