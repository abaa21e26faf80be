/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes along with messages between local sockets: files (SCM_RIGHTS) and ids
 * (SCM_CREDENTIALS). */
#include "t_unix.h"

#include <sys/resource.h>

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

#define FDS_MAX 300

/* A message with room for control messages. */
struct letter {
	struct msghdr head;
	struct iovec iov;
	char text[64];
	_Alignas(8) char control[CMSG_SPACE(FDS_MAX * sizeof(int)) + 200];
};

static struct letter *letter_begin(const char *text)
{
	static struct letter letter;

	memset(&letter, 0, sizeof(letter));
	letter.iov = (struct iovec){letter.text, strlen(text)};
	memcpy(letter.text, text, letter.iov.iov_len);
	letter.head = (struct msghdr){
		.msg_iov = &letter.iov, .msg_iovlen = 1, .msg_control = letter.control};
	return &letter;
}

static struct cmsghdr *letter_add(struct letter *letter, int type, const void *data, size_t len)
{
	struct cmsghdr *head = (struct cmsghdr *)(letter->control + letter->head.msg_controllen);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = type;
	head->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(head), data, len);
	letter->head.msg_controllen += CMSG_SPACE(len);
	return head;
}

static ssize_t send_fds(int fd, const char *text, const int *fds, unsigned int count)
{
	struct letter *letter = letter_begin(text);

	letter_add(letter, SCM_RIGHTS, fds, count * sizeof(int));
	return syscall(SYS_sendmsg, fd, &letter->head, 0); /* musl's own takes less */
}

static ssize_t send_fd(int fd, const char *text, int sent)
{
	return send_fds(fd, text, &sent, 1);
}

/* The next message into a letter with that much room for control messages. */
static struct letter *receive(int fd, size_t room, int flags)
{
	struct letter *letter = letter_begin("");

	letter->iov.iov_len = sizeof(letter->text) - 1;
	letter->head.msg_controllen = room;
	letter->iov.iov_len = (size_t)CHECK_OK(recvmsg(fd, &letter->head, flags));
	return letter;
}

/* The first descriptor in it, or -1. */
static int fd_of(struct letter *letter)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(&letter->head);

	if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len < CMSG_LEN(sizeof(int)))
		return -1;
	return *(int *)CMSG_DATA(head);
}

static int receive_fd(int fd)
{
	return fd_of(receive(fd, 256, 0));
}

static void one_file(int type)
{
	int file = t_make_file("file", "content", 7), got;
	struct letter *letter;
	char buf[10];

	open_pair(type);
	CHECK_EQ(lseek(file, 3, SEEK_SET), 3);
	CHECK_EQ(send_fd(ends[0], "take this", file), 9);
	close(file);
	letter = receive(ends[1], 256, 0);
	CHECK_EQ(letter->iov.iov_len, 9);
	CHECK_STR(letter->text, "take this");
	CHECK_EQ(letter->head.msg_controllen, CMSG_SPACE(sizeof(int)));
	CHECK_EQ(CMSG_FIRSTHDR(&letter->head)->cmsg_len, CMSG_LEN(sizeof(int)));
	CHECK_EQ(letter->head.msg_flags, 0);
	got = fd_of(letter);
	CHECK_EQ(fcntl(got, F_GETFD), 0);
	CHECK_EQ(read(got, buf, sizeof(buf)), 4); /* it is the same open file */
	CHECK(!memcmp(buf, "tent", 4));
	close(got);
	close_pair();
}

static void a_file(void)
{
	one_file(SOCK_STREAM);
	one_file(SOCK_DGRAM);
	one_file(SOCK_SEQPACKET);
}

static void several_files(void)
{
	int pipes[4], same[253];
	struct letter *letter;
	const int *fds;
	char c;

	CHECK_OK(pipe(pipes));
	CHECK_OK(pipe(pipes + 2));
	open_pair(SOCK_STREAM);
	letter = letter_begin("x");
	letter_add(letter, SCM_RIGHTS, pipes, sizeof(int)); /* two lists are one */
	letter_add(letter, SCM_RIGHTS, pipes + 1, 3 * sizeof(int));
	CHECK_EQ(sendmsg(ends[0], &letter->head, 0), 1);
	for (int i = 0; i < 4; i++)
		close(pipes[i]);
	letter = receive(ends[1], sizeof(letter->control), MSG_CMSG_CLOEXEC);
	CHECK_EQ(letter->head.msg_flags, MSG_CMSG_CLOEXEC);
	CHECK_EQ(CMSG_FIRSTHDR(&letter->head)->cmsg_len, CMSG_LEN(4 * sizeof(int)));
	fds = (const int *)CMSG_DATA(CMSG_FIRSTHDR(&letter->head));
	CHECK_EQ(fcntl(fds[3], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(write(fds[1], "a", 1), 1);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(write(fds[3], "b", 1), 1);
	CHECK_EQ(read(fds[2], &c, 1), 1);
	CHECK_EQ(c, 'b');
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	for (int i = 0; i < 253; i++)
		same[i] = ends[0];
	CHECK_EQ(send_fds(ends[0], "y", same, 253), 1);
	letter = receive(ends[1], sizeof(letter->control), 0);
	CHECK_EQ(CMSG_FIRSTHDR(&letter->head)->cmsg_len, CMSG_LEN(253 * sizeof(int)));
	fds = (const int *)CMSG_DATA(CMSG_FIRSTHDR(&letter->head));
	for (int i = 0; i < 253; i++)
		CHECK_OK(close(fds[i]));
	close_pair();
}

static void bad_control(void)
{
	static const int none[FDS_MAX];
	struct letter *letter;
	int fd;

	open_pair(SOCK_STREAM);
	CHECK_ERR(send_fd(ends[0], "x", -1), EBADF);
	CHECK_ERR(send_fd(ends[0], "x", 999), EBADF);
	CHECK_ERR(send_fds(ends[0], "x", none, 254), EINVAL);
	letter = letter_begin("x");
	letter_add(letter, 77, &letter, 8);
	CHECK_ERR(sendmsg(ends[0], &letter->head, 0), EINVAL);
	letter = letter_begin("x");
	letter_add(letter, SCM_RIGHTS, ends, 4)->cmsg_len = 15;
	CHECK_ERR(sendmsg(ends[0], &letter->head, 0), EINVAL);
	letter = letter_begin("x");
	letter_add(letter, SCM_RIGHTS, ends, 4)->cmsg_len = 1000;
	CHECK_ERR(sendmsg(ends[0], &letter->head, 0), EINVAL);
	letter = letter_begin("x");
	letter_add(letter, SCM_CREDENTIALS, ends, 4);
	CHECK_ERR(sendmsg(ends[0], &letter->head, 0), EINVAL);
	letter = letter_begin("x"); /* of a level that is not ours: passed over */
	letter_add(letter, 77, &letter, 8)->cmsg_level = 77;
	CHECK_EQ(sendmsg(ends[0], &letter->head, 0), 1);
	letter = letter_begin("x"); /* a list of none is none */
	letter_add(letter, SCM_RIGHTS, ends, 0);
	CHECK_EQ(sendmsg(ends[0], &letter->head, 0), 1);
	letter = receive(ends[1], 256, 0);
	CHECK_EQ(letter->iov.iov_len, 2);
	CHECK_EQ(letter->head.msg_controllen, 0);
	fd = open(".", O_PATH);
	CHECK_EQ(send_fd(ends[0], "x", fd), 1);
	close(fd);
	fd = receive_fd(ends[1]);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	close(fd);
	close_pair();
}

/* Is the other end of this pipe open anywhere? */
static bool is_open(int read_end)
{
	struct pollfd pollfd = {read_end, POLLIN, 0};

	CHECK_OK(poll(&pollfd, 1, 0));
	return !(pollfd.revents & POLLHUP);
}

/* The end of a pipe travels, so that the other one shows whether it is still there. */
static int canary(int fd)
{
	int pipe_ends[2];

	CHECK_OK(pipe(pipe_ends));
	CHECK_EQ(send_fd(fd, "x", pipe_ends[1]), 1);
	close(pipe_ends[1]);
	CHECK(is_open(pipe_ends[0]));
	return pipe_ends[0];
}

static void not_received(void)
{
	struct letter *letter;
	struct rlimit before, few;
	int pipe_end, three[3];
	char c;

	/* read(2) has no place for it, */
	open_pair(SOCK_STREAM);
	pipe_end = canary(ends[0]);
	CHECK_EQ(read(ends[1], &c, 1), 1);
	CHECK(!is_open(pipe_end));
	close(pipe_end);
	/* nor has a message without room; */
	pipe_end = canary(ends[0]);
	letter = receive(ends[1], 0, 0);
	CHECK_EQ(letter->head.msg_flags, MSG_CTRUNC);
	CHECK(!is_open(pipe_end));
	close(pipe_end);
	/* the socket closes; */
	pipe_end = canary(ends[0]);
	close_pair();
	CHECK(!is_open(pipe_end));
	close(pipe_end);
	/* there is room for two of three; */
	open_pair(SOCK_STREAM);
	for (int i = 0; i < 3; i++)
		three[i] = ends[0];
	CHECK_EQ(send_fds(ends[0], "x", three, 3), 1);
	letter = receive(ends[1], CMSG_LEN(2 * sizeof(int)), 0);
	CHECK_EQ(letter->head.msg_flags, MSG_CTRUNC);
	CHECK_EQ(CMSG_FIRSTHDR(&letter->head)->cmsg_len, CMSG_LEN(2 * sizeof(int)));
	memcpy(three, CMSG_DATA(CMSG_FIRSTHDR(&letter->head)), 2 * sizeof(int));
	close(three[0]);
	close(three[1]);
	/* there are descriptors for one of three. */
	CHECK_EQ(send_fds(ends[0], "x", ends, 2), 1);
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &before));
	few = (struct rlimit){(rlim_t)ends[1] + 2, before.rlim_max};
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &few));
	letter = receive(ends[1], 256, 0);
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &before));
	CHECK_EQ(letter->head.msg_flags, MSG_CTRUNC);
	CHECK_EQ(letter->head.msg_controllen, CMSG_SPACE(sizeof(int)));
	CHECK_EQ(fd_of(letter), ends[1] + 1);
	close(fd_of(letter));
	close_pair();
}

static void places_where_a_read_stops(void)
{
	struct letter *letter;
	int fd;

	open_pair(SOCK_STREAM);
	CHECK_EQ(write(ends[0], "one", 3), 3);
	CHECK_EQ(send_fd(ends[0], "two", ends[0]), 3);
	CHECK_EQ(write(ends[0], "three", 5), 5);
	CHECK_EQ(send_fd(ends[0], "four", ends[0]), 4);
	CHECK_EQ(write(ends[0], "five", 4), 4);
	letter = receive(ends[1], 256, MSG_PEEK);
	CHECK_STR(letter->text, "onetwo");
	fd = fd_of(letter); /* a second one of its own */
	CHECK(fd >= 0);
	close(fd);
	letter = receive(ends[1], 256, MSG_WAITALL);
	CHECK_STR(letter->text, "onetwo");
	fd = fd_of(letter);
	CHECK(fd >= 0);
	close(fd);
	letter = receive(ends[1], 256, 0);
	CHECK_STR(letter->text, "threefour");
	close(fd_of(letter));
	letter = receive(ends[1], 256, 0);
	CHECK_STR(letter->text, "five");
	CHECK_EQ(letter->head.msg_controllen, 0);
	close_pair();
}

/* Large messages arrive with their files at the first part. */
static void with_many_bytes(void)
{
	static char block[20000], got[20000];
	struct letter *letter = letter_begin("");
	int fd;

	open_pair(SOCK_STREAM);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(i * 11);
	CHECK_EQ(write(ends[0], "x", 1), 1);
	CHECK_EQ(read(ends[1], got, 1), 1);
	letter->iov = (struct iovec){block, sizeof(block)};
	letter_add(letter, SCM_RIGHTS, ends, sizeof(int));
	CHECK_EQ(sendmsg(ends[0], &letter->head, 0), sizeof(block));
	letter = letter_begin("");
	letter->iov = (struct iovec){got, sizeof(got)};
	letter->head.msg_controllen = 100;
	CHECK_EQ(recvmsg(ends[1], &letter->head, 0), sizeof(got));
	CHECK(!memcmp(block, got, sizeof(got)));
	fd = fd_of(letter);
	CHECK(fd >= 0);
	close(fd);
	close_pair();
}

/* A connection is handed over before it was accepted, and by itself. */
static void sockets(void)
{
	int listener = new_listener(SOCK_STREAM, "@handed", 5), client, got;
	char c;

	open_pair(SOCK_DGRAM);
	client = new_connected(SOCK_STREAM, "@handed");
	CHECK_EQ(send_fd(client, "c", client), 1);
	CHECK_EQ(send_fd(ends[0], "l", listener), 1);
	close(listener);
	close(client);
	listener = receive_fd(ends[1]);
	got = (int)CHECK_OK(accept(listener, NULL, NULL));
	client = receive_fd(got);
	CHECK_EQ(write(client, "y", 1), 1);
	CHECK_EQ(read(got, &c, 1), 1);
	close(client);
	CHECK_EQ(read(got, &c, 1), 0);
	close(got);
	close(listener);
	close_pair();
}

/* Sockets that nobody can reach are found when another one closes (at the latest some later). */
static bool is_collected(int pipe_end)
{
	for (int i = 0; i < 200 && is_open(pipe_end); i++) {
		close(new_socket(SOCK_STREAM));
		if (i)
			sleep_ms(5);
	}
	return !is_open(pipe_end);
}

static void sent_to_itself(void)
{
	int pipe_end, fd = new_bound(SOCK_DGRAM, "@itself");

	CHECK_OK(connect_to(fd, "@itself"));
	pipe_end = canary(fd);
	CHECK_EQ(send_fd(fd, "x", fd), 1);
	close(new_socket(SOCK_STREAM));
	CHECK(is_open(pipe_end)); /* it can be reached */
	close(fd);
	CHECK(is_collected(pipe_end));
	close(pipe_end);
	/* Each end in the queue of the other. */
	open_pair(SOCK_STREAM);
	pipe_end = canary(ends[0]);
	CHECK_EQ(send_fd(ends[0], "x", ends[0]), 1);
	CHECK_EQ(send_fd(ends[1], "x", ends[1]), 1);
	close_pair();
	CHECK(is_collected(pipe_end));
	close(pipe_end);
}

static void rings(void)
{
	int pipe_end, held, pairs[5][2], listener, client;

	for (int i = 0; i < 5; i++)
		CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pairs[i]));
	pipe_end = canary(pairs[0][0]);
	for (int i = 0; i < 5; i++) /* who reads one finds the next */
		CHECK_EQ(send_fd(pairs[i][0], "x", pairs[(i + 1) % 5][1]), 1);
	held = dup(pairs[3][1]);
	for (int i = 0; i < 5; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	close(new_socket(SOCK_STREAM));
	CHECK(is_open(pipe_end));
	close(held);
	CHECK(is_collected(pipe_end));
	close(pipe_end);
	/* A listening socket in the queue of a connection that it holds. */
	listener = new_listener(SOCK_STREAM, "@ring", 1);
	client = new_connected(SOCK_STREAM, "@ring");
	pipe_end = canary(client);
	CHECK_EQ(send_fd(client, "x", listener), 1);
	close(client);
	CHECK(is_open(pipe_end));
	close(listener);
	CHECK(is_collected(pipe_end));
	close(pipe_end);
}

/* A socket in a queue in a queue ...: putting the last one puts them all. */
static void deep(void)
{
	int inner = new_socket(SOCK_DGRAM), pipe_end = -1, depth;

	for (depth = 0; depth < 2000; depth++) {
		open_pair(SOCK_DGRAM);
		if (depth == 0)
			pipe_end = canary(ends[0]);
		if (send_fd(ends[0], "x", inner) < 0) {
			CHECK_EQ(errno, ETOOMANYREFS);
			close_pair();
			break;
		}
		close(inner);
		close(ends[0]);
		inner = ends[1];
	}
	CHECK(depth >= 4);
	CHECK(is_open(pipe_end));
	close(inner);
	CHECK(is_collected(pipe_end));
	close(pipe_end);
}

/* --- ids ------------------------------------------------------------------------------------ */

static void check_creds(struct letter *letter, pid_t pid, uid_t uid, gid_t gid)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(&letter->head);
	struct ucred creds;

	if (!CHECK(head != NULL))
		return;
	CHECK_EQ(head->cmsg_type, SCM_CREDENTIALS);
	CHECK_EQ(head->cmsg_len, CMSG_LEN(sizeof(creds)));
	memcpy(&creds, CMSG_DATA(head), sizeof(creds));
	CHECK_EQ(creds.pid, pid);
	CHECK_EQ(creds.uid, uid);
	CHECK_EQ(creds.gid, gid);
}

static void ids(void)
{
	struct letter *letter;

	open_pair(SOCK_DGRAM);
	CHECK_EQ(write(ends[0], "before", 6), 6);
	CHECK_OK(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)));
	CHECK_EQ(write(ends[0], "after", 5), 5);
	CHECK_EQ(send_fd(ends[0], "both", ends[0]), 4);
	check_creds(receive(ends[1], 256, 0), 0, 65534, 65534); /* nobody wanted to know */
	check_creds(receive(ends[1], 256, 0), getpid(), getuid(), getgid());
	letter = receive(ends[1], 256, 0);
	check_creds(letter, getpid(), getuid(), getgid());
	CHECK_EQ(CMSG_NXTHDR(&letter->head, CMSG_FIRSTHDR(&letter->head))->cmsg_type, SCM_RIGHTS);
	close(*(int *)CMSG_DATA(CMSG_NXTHDR(&letter->head, CMSG_FIRSTHDR(&letter->head))));
	CHECK_EQ(write(ends[0], "x", 1), 1);
	letter = receive(ends[1], 20, 0);
	CHECK_EQ(letter->head.msg_flags, MSG_CTRUNC);
	close_pair();
}

static ssize_t send_creds(const char *text, pid_t pid, uid_t uid)
{
	const struct ucred creds = {pid, uid, getgid()};
	struct letter *letter = letter_begin(text);

	letter_add(letter, SCM_CREDENTIALS, &creds, sizeof(creds));
	return sendmsg(ends[0], &letter->head, 0);
}

static void chosen_ids(void)
{
	struct letter *letter;

	open_pair(SOCK_STREAM);
	CHECK_OK(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)));
	CHECK_EQ(send_creds("one", getpid(), 5), 3);
	CHECK_EQ(send_creds("more", getpid(), 5), 4);
	CHECK_EQ(send_creds("other", getpid(), 6), 5);
	CHECK_ERR(send_creds("nobody", 0x3ffffff, 6), ESRCH);
	letter = receive(ends[1], 256, 0); /* bytes of one sender at a time */
	CHECK_STR(letter->text, "onemore");
	check_creds(letter, getpid(), 5, getgid());
	letter = receive(ends[1], 256, 0);
	CHECK_STR(letter->text, "other");
	check_creds(letter, getpid(), 6, getgid());
	CHECK_EQ(send_creds("one", getpid(), 5), 3);
	CHECK_EQ(send_creds("two", getpid(), 6), 3);
	CHECK_OK(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &(int){0}, sizeof(int)));
	letter = receive(ends[1], 256, 0); /* who does not ask reads on */
	CHECK_STR(letter->text, "onetwo");
	CHECK_EQ(letter->head.msg_controllen, 0);
	close_pair();
}

/* Who wants to know gets a name, so that it can be answered. */
static void named_by_asking(void)
{
	struct address got = {.len = sizeof(got.un)};
	int server = new_bound(SOCK_DGRAM, "@server"), client = new_socket(SOCK_DGRAM);

	CHECK_OK(setsockopt(client, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)));
	CHECK_OK(connect_to(client, "@server"));
	CHECK_OK(getsockname(client, (struct sockaddr *)&got.un, &got.len));
	CHECK_EQ(got.len, PATH_OFFSET + 6);
	close(client);
	close(server);
}

static const struct t_test tests[] = {
	T(a_file),
	T(several_files),
	T(bad_control),
	T(not_received),
	T(places_where_a_read_stops),
	T(with_many_bytes),
	T(sockets),
	T(sent_to_itself),
	T(rings),
	T(deep),
	T(ids),
	T(chosen_ids),
	T(named_by_asking),
};

T_MAIN(tests)
