/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Local sockets that hold each other: random conversations with names, connections and files in
 * flight, after which not one socket may be left; every allocation failing on the way; control
 * messages that are garbage.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include "machine.h"
#include "../unix_internal.h"

uint64_t clock_monotonic_ns(void)
{
	return 1000;
}

uint64_t clock_realtime_ns(void)
{
	return 5000001000;
}

uint64_t random_u64(void)
{
	return (uint64_t)rand();
}

#define SCM_RIGHTS 1

static int open_fd(struct socket *socket)
{
	struct file *file = socket_file(socket, O_NONBLOCK);
	int fd;

	if (IS_ERR(file)) {
		socket->ops->release(socket);
		return -ENOMEM;
	}
	fd = fd_install(file, 0, false);
	if (fd < 0)
		file_put(file);
	return fd;
}

static int new_socket(unsigned int type)
{
	struct socket *socket;
	int error = unix_socket_create(type, 0, &socket);

	return error ? error : open_fd(socket);
}

static struct socket *at(int fd)
{
	return socket_of(current->fdtable->files[fd]);
}

static struct socket_name abstract(int number)
{
	struct socket_name name = {.family = UK_AF_UNIX, .len = 6};

	name.bytes[2] = 0;
	name.bytes[3] = (uint8_t)number;
	return name;
}

static uk_ssize_t send_fds(int fd, const int *fds, unsigned int count, const struct socket_name *to)
{
	struct {
		size_t len;
		int level, type, fds[8];
	} message = {16 + count * sizeof(int), 1, SCM_RIGHTS, {0}};
	struct socket_control control = {
		.bytes = (uint8_t *)&message, .len = message.len, .room = message.len};
	struct uio uio = uio_kernel("x", 1);
	struct socket_transfer transfer = {.uio = &uio, .control = &control, .to = to};

	memcpy(message.fds, fds, count * sizeof(int));
	return socket_send(current->fdtable->files[fd], &transfer);
}

static uk_ssize_t receive(int fd, unsigned int flags, size_t room)
{
	uint8_t bytes[256] __uk_aligned(8);
	struct socket_control control = {.bytes = bytes, .room = room};
	char data[3];
	struct uio uio = uio_kernel(data, sizeof(data));
	struct socket_transfer transfer = {.uio = &uio, .control = &control, .flags = flags};
	uk_ssize_t got = socket_receive(current->fdtable->files[fd], &transfer);

	socket_control_finish(&control, rand() % 4);
	return got;
}

static int any_fd(void)
{
	int first = fdtable_next_open(current->fdtable, rand() % 24);

	return first < 0 ? fdtable_next_open(current->fdtable, 0) : first;
}

static void accept_one(int fd)
{
	struct socket *child;

	if (at(fd)->ops->accept && !at(fd)->ops->accept(at(fd), true, &child))
		open_fd(child);
}

static void random_step(void)
{
	static const unsigned int types[] = {UK_SOCK_STREAM, UK_SOCK_DGRAM, UK_SOCK_SEQPACKET};
	struct socket_name name = abstract(rand() % 8);
	struct socket *ends[2];
	int fd = any_fd(), fds[3] = {any_fd(), any_fd(), any_fd()};

	if (fd < 0 || rand() % 12 == 0) {
		if (unix_socket_pair(types[rand() % 3], 0, ends))
			return;
		open_fd(ends[0]);
		open_fd(ends[1]);
		return;
	}
	switch (rand() % 11) {
	case 0:
		new_socket(types[rand() % 3]);
		break;
	case 1:
		at(fd)->ops->bind(at(fd), &name);
		break;
	case 2:
		if (at(fd)->ops->listen)
			at(fd)->ops->listen(at(fd), 3);
		break;
	case 3:
		at(fd)->ops->connect(at(fd), &name, true);
		break;
	case 4:
		accept_one(fd);
		break;
	case 5:
		receive(fd, (unsigned int)(rand() % 2 ? UK_MSG_PEEK : 0), (size_t)(rand() % 64));
		break;
	case 6:
		fd_close(fd);
		break;
	case 7:
		at(fd)->passes_credentials = rand() % 2;
		break;
	default:
		send_fds(fd, fds, 1 + (unsigned int)rand() % 3, rand() % 2 ? &name : NULL);
	}
}

/* Nothing but closing leads to nothing being left. */
static void close_all(void)
{
	int fd;

	while ((fd = fdtable_next_open(current->fdtable, 0)) >= 0)
		fd_close(fd);
	fd_close(new_socket(UK_SOCK_STREAM));
	assert_true(LIST_EMPTY(&unix_all));
}

static void test_random_conversations(void **state)
{
	for (int round = 0; round < 300; round++) {
		srand((unsigned int)round);
		for (int i = 0; i < 400; i++)
			random_step();
		close_all();
	}
}

static void test_failing_allocations(void **state)
{
	for (int round = 0; round < 2000; round++) {
		srand((unsigned int)round);
		for (int i = 0; i < 60; i++) {
			machine_fail_after(rand() % 12);
			random_step();
		}
		machine_fail_after(-1);
		close_all();
	}
}

#define DEPTH       2000
#define STACK_BYTES (DEPTH * 128) /* a level of recursion has five functions and takes more */

static void limit_stack(struct rlimit *before)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_STACK, before), 0);
	limit = *before;
	limit.rlim_cur = STACK_BYTES;
	assert_int_equal(setrlimit(RLIMIT_STACK, &limit), 0);
}

/* A chain of sockets, each in the queue of the next: no depth may be too much for the stack. It is
 * the stack that is small here, since each close looks at all that is in flight. */
static void test_deep_chain(void **state)
{
	struct socket *ends[2];
	int inner = new_socket(UK_SOCK_DGRAM), fds[2];
	struct rlimit before;

	limit_stack(&before);
	for (int depth = 0; depth < DEPTH; depth++) {
		assert_int_equal(unix_socket_pair(UK_SOCK_DGRAM, 0, ends), 0);
		fds[0] = open_fd(ends[0]);
		fds[1] = open_fd(ends[1]);
		assert_int_equal(send_fds(fds[0], &inner, 1, NULL), 1);
		fd_close(inner);
		fd_close(fds[0]);
		inner = fds[1];
	}
	fd_close(inner);
	close_all();
	assert_int_equal(setrlimit(RLIMIT_STACK, &before), 0);
}

static void test_garbage_control(void **state)
{
	uint8_t bytes[64] __uk_aligned(8);
	int fd = new_socket(UK_SOCK_STREAM);

	srand(3);
	for (int round = 0; round < 200000; round++) {
		size_t len = (size_t)rand() % (sizeof(bytes) + 1);
		struct socket_control control = {.bytes = bytes, .len = len, .room = len};
		struct unix_ancillary ancillary = {.ids = UNIX_IDS_UNKNOWN};

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = rand() % 4 ? 0 : (uint8_t)(rand() % 40);
		if (rand() % 2) {
			*(size_t *)bytes = 16 + (size_t)rand() % 20;
			*(int *)(bytes + 8) = 1;
			*(int *)(bytes + 12) = rand() % 3;
		}
		unix_control_get(&control, &ancillary);
		if (ancillary.rights)
			unix_rights_free(ancillary.rights);
	}
	fd_close(fd);
	assert_true(LIST_EMPTY(&unix_all));
}

static void test_paths(void **state)
{
	struct socket_name name = {.family = UK_AF_UNIX, .len = 8};
	int fd = new_socket(UK_SOCK_DGRAM), other = new_socket(UK_SOCK_DGRAM);
	const struct vfs_name where = {AT_FDCWD, "/sock", 0};
	struct path path;

	memcpy(name.bytes + 2, "/sock", 6);
	assert_int_equal(at(fd)->ops->bind(at(fd), &name), 0);
	assert_int_equal(at(other)->ops->bind(at(other), &name), -EADDRINUSE);
	assert_int_equal(at(other)->ops->connect(at(other), &name, true), 0);
	name.bytes[6] = '2'; /* the same socket cannot have two, and no file is left behind */
	assert_int_equal(at(fd)->ops->bind(at(fd), &name), -EINVAL);
	assert_int_equal(at(other)->ops->connect(at(other), &name, true), -ENOENT);
	assert_int_equal(vfs_lookup(&where, &path), 0);
	assert_true(S_ISSOCK(path.dentry->inode->mode));
	assert_int_equal(path.dentry->inode->refcount, 1);
	path_put(&path);
	assert_int_equal(vfs_unlink(&where), 0);
	fd_close(other);
	fd_close(fd);
	assert_true(LIST_EMPTY(&unix_all));
}

static int setup(void **state)
{
	machine_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_conversations),
		cmocka_unit_test(test_failing_allocations),
		cmocka_unit_test(test_deep_chain),
		cmocka_unit_test(test_garbage_control),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
