/* SPDX-License-Identifier: BSD-3-Clause */
/* Wild pointers to every pointer argument of the socket calls, as efault.c for the others. */
#include "efault_try.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

/* Descriptors that set_up() puts in place. */
enum {
	FD_NEW = 60,  /* has no name and never gets one */
	FD_LISTENING, /* many wait to be accepted */
	FD_SOCKET,    /* connected, with much to receive, from a peer with a name */
	FD_PEER,
	FD_RECORD, /* connected */
};

static char good[PAGE] __attribute__((aligned(4096)));
static struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0efault"};
static socklen_t name_len = sizeof(name);
static int one = 1;
static socklen_t one_len = sizeof(one);
static long time_zero[2];
static struct iovec iov = {good, 16};
static struct mmsghdr message = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};

#define G P(good)
#define N P(&name)
#define M P(&message)

/* clang-format off */
static const struct row rows[] = {
	R(socketpair, K(NONE, NONE, NONE, OUT), 0, AF_UNIX, SOCK_STREAM, 0, G),
	R(bind, K(NONE, IN), 0, FD_NEW, N, sizeof(name)),
	R(connect, K(NONE, IN), 0, FD_NEW, N, sizeof(name)),
	R(accept, K(NONE, OUT, OUT), 0, FD_LISTENING, G, P(&name_len)),
	R(accept4, K(NONE, OUT, OUT), 0, FD_LISTENING, G, P(&name_len), 0),
	R(getsockname, K(NONE, OUT, OUT), 0, FD_LISTENING, G, P(&name_len)),
	R(getpeername, K(NONE, OUT, OUT), 0, FD_SOCKET, G, P(&name_len)),
	R(setsockopt, K(NONE, NONE, NONE, IN), 0, FD_NEW, SOL_SOCKET, SO_KEEPALIVE, P(&one), 4),
	R(getsockopt, K(NONE, NONE, NONE, OUT, OUT), 0, FD_NEW, SOL_SOCKET, SO_TYPE, G, P(&one_len)),
	R(sendto, K(NONE, IN), PARTIAL, FD_PEER, G, 100, 0),
	R(sendto, K(NONE, NONE, NONE, NONE, IN), 0, FD_RECORD, G, 100, 0, N, sizeof(name)),
	R(sendto, K(NONE, IN), 0, FD_RECORD, G, 100, 0),
	R(recvfrom, K(NONE, OUT), PARTIAL, FD_SOCKET, G, 100, 0),
	R(recvfrom, K(NONE, NONE, NONE, NONE, OUT, OUT), 0, FD_SOCKET, G, 16, 0, G, P(&name_len)),
	R(sendmsg, K(NONE, IN), 0, FD_PEER, M, 0),
	R(recvmsg, K(NONE, OUT), 0, FD_SOCKET, M, 0),
	R(sendmmsg, K(NONE, IN), 0, FD_PEER, M, 1, 0),
	{"recvmmsg", SYS_recvmmsg, K(NONE, OUT, NONE, NONE, IN), 0, {FD_SOCKET, M, 1, 0, P(time_zero)}},
};
/* clang-format on */

#define WAITING 100

static void put_at(int fd, int place)
{
	CHECK_EQ(dup2(fd, place), place);
	close(fd);
}

static void set_up(void)
{
	const struct sockaddr *addr = (struct sockaddr *)&name;
	int ends[2];

	/* of this run's own: another one may run beside it */
	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "efault-%d", getpid());
	put_at(socket(AF_UNIX, SOCK_STREAM, 0), FD_NEW);
	put_at(socket(AF_UNIX, SOCK_STREAM, 0), FD_LISTENING);
	CHECK_OK(bind(FD_LISTENING, addr, sizeof(name)));
	CHECK_OK(listen(FD_LISTENING, WAITING));
	put_at(socket(AF_UNIX, SOCK_STREAM, 0), FD_SOCKET);
	CHECK_OK(connect(FD_SOCKET, addr, sizeof(name)));
	put_at(accept(FD_LISTENING, NULL, NULL), FD_PEER);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(write(FD_PEER, good, sizeof(good)), sizeof(good));
	for (int i = 0; i < WAITING; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		CHECK_OK(connect(fd, addr, sizeof(name)));
		close(fd);
	}
	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	CHECK_EQ(dup2(ends[0], FD_RECORD), FD_RECORD);
	make_bads();
}

static void every_call(void)
{
	set_up();
	try_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* One level deeper: pointers inside what a pointer names. */
static void pointers_in_messages(void)
{
	for (size_t i = 0; i < bad_count; i++) {
		void *bad = (void *)bads[i].address;
		struct iovec bad_iov = {bad, 16};
		struct msghdr in_iov = {.msg_iov = &bad_iov, .msg_iovlen = 1};
		struct msghdr iovs = {.msg_iov = bad, .msg_iovlen = 1};
		struct msghdr names = {.msg_name = bad,
				       .msg_namelen = sizeof(name),
				       .msg_iov = &iov,
				       .msg_iovlen = 1};
		struct msghdr controls = {.msg_control = bad,
					  .msg_controllen = 100,
					  .msg_iov = &iov,
					  .msg_iovlen = 1};

		if (bads[i].is_readable || bads[i].is_straddling)
			continue;
		CHECK_EQ(raw(SYS_sendmsg, (long[6]){FD_PEER, P(&in_iov)}), -EFAULT);
		CHECK_EQ(raw(SYS_recvmsg, (long[6]){FD_SOCKET, P(&in_iov)}), -EFAULT);
		CHECK_EQ(raw(SYS_sendmsg, (long[6]){FD_PEER, P(&iovs)}), -EFAULT);
		CHECK_EQ(raw(SYS_recvmsg, (long[6]){FD_SOCKET, P(&iovs)}), -EFAULT);
		CHECK_EQ(raw(SYS_sendmsg, (long[6]){FD_RECORD, P(&names)}), -EFAULT);
		CHECK_EQ(raw(SYS_recvmsg, (long[6]){FD_SOCKET, P(&names)}), -EFAULT);
		CHECK_EQ(raw(SYS_sendmsg, (long[6]){FD_PEER, P(&controls)}), -EFAULT);
	}
}

/* Files that come with a message which cannot be stored are gone, and their descriptors free. */
static void files_in_a_lost_message(void)
{
	_Alignas(8) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct cmsghdr *head = (struct cmsghdr *)control;
	struct msghdr out = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct msghdr in = {.msg_iov = &iov, .msg_iovlen = 1, .msg_controllen = sizeof(control)};
	int ends[2], next = dup(0);

	close(next);
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	*head = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(4), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(head), ends, sizeof(int));
	for (size_t i = 0; i < bad_count; i++) {
		if (bads[i].is_straddling)
			continue;
		in.msg_control = (void *)bads[i].address;
		CHECK_EQ(sendmsg(ends[0], &out, 0), 16);
		raw(SYS_recvmsg, (long[6]){ends[1], P(&in)});
		in.msg_controllen = sizeof(control);
	}
	CHECK_EQ(dup(0), next + 2);
	close(next + 2);
	close(ends[0]);
	close(ends[1]);
}

static const struct t_test tests[] = {
	T(every_call),
	T(pointers_in_messages),
	T(files_in_a_lost_message),
};

T_MAIN(tests)
