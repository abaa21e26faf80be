/* SPDX-License-Identifier: BSD-3-Clause */
/* What the programs about local sockets share. */
#ifndef T_UNIX_H
#define T_UNIX_H

#include "t_threads.h"

#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

struct address {
	struct sockaddr_un un;
	socklen_t len;
};
#define ADDRESS(a) (const struct sockaddr *)&(a).un, (a).len

/* A path; or, when the text begins with '@', an abstract name. */
T_UNUSED static struct address address_of(const char *text)
{
	struct address address = {.un.sun_family = AF_UNIX};
	size_t len = strlen(text);

	memcpy(address.un.sun_path, text, len);
	address.len = (socklen_t)(PATH_OFFSET + len + (*text != '@'));
	if (*text == '@')
		address.un.sun_path[0] = '\0';
	return address;
}

T_UNUSED static int bind_to(int fd, const char *text)
{
	struct address address = address_of(text);

	return bind(fd, ADDRESS(address));
}

T_UNUSED static int connect_to(int fd, const char *text)
{
	struct address address = address_of(text);

	return connect(fd, ADDRESS(address));
}

T_UNUSED static int new_socket(int type)
{
	return (int)CHECK_OK(socket(AF_UNIX, type, 0));
}

T_UNUSED static int new_bound(int type, const char *text)
{
	int fd = new_socket(type);

	CHECK_OK(bind_to(fd, text));
	return fd;
}

T_UNUSED static int new_listener(int type, const char *text, int backlog)
{
	int fd = new_bound(type, text);

	CHECK_OK(listen(fd, backlog));
	return fd;
}

T_UNUSED static int new_connected(int type, const char *text)
{
	int fd = new_socket(type);

	CHECK_OK(connect_to(fd, text));
	return fd;
}

T_UNUSED static short ready(int fd)
{
	struct pollfd pollfd = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

	CHECK_OK(poll(&pollfd, 1, 0));
	return pollfd.revents;
}

typedef int (*name_call)(int fd, struct sockaddr *addr, socklen_t *len);

/* The name that getsockname or getpeername tells is `text`; NULL: none. */
T_UNUSED static void check_name(int fd, name_call call, const char *text)
{
	struct address got, wanted = {.un.sun_family = AF_UNIX, .len = PATH_OFFSET};

	memset(&got, 0xee, sizeof(got));
	got.len = sizeof(got.un);
	if (text)
		wanted = address_of(text);
	CHECK_OK(call(fd, (struct sockaddr *)&got.un, &got.len));
	CHECK_EQ(got.len, wanted.len);
	CHECK(!memcmp(&got.un, &wanted.un, wanted.len));
}

#endif /* T_UNIX_H */
