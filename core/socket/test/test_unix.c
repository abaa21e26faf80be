/* SPDX-License-Identifier: BSD-3-Clause */
/* Local sockets against a model in plain arrays; every allocation failing; program memory that
 * faults; what a sleeper finds when it wakes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/clock.h>
#include <uk/socket.h>
#include "machine.h"

static struct file *ends[2];

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
	return 0xfffff; /* the last number: the next is the first */
}

/* As the system call does. */
static int unix_socketpair(unsigned int type, int protocol, unsigned int flags,
			   struct file *files[2])
{
	struct socket *sockets[2];
	int error = unix_socket_pair(type, protocol, sockets);

	if (error)
		return error;
	for (int i = 0; i < 2; i++) {
		files[i] = socket_file(sockets[i], flags);
		if (IS_ERR(files[i]))
			sockets[i]->ops->release(sockets[i]);
	}
	for (int i = 0; i < 2; i++)
		if (IS_ERR(files[i])) {
			error = (int)PTR_ERR(files[i]);
			if (!IS_ERR(files[!i]))
				file_put(files[!i]);
			return error;
		}
	return 0;
}

static void open_pair(unsigned int type)
{
	assert_int_equal(unix_socketpair(type, 0, 0, ends), 0);
}

static void close_end(int end)
{
	file_put(ends[end]);
	ends[end] = NULL;
}

static void close_pair(void)
{
	for (int i = 0; i < 2; i++)
		if (ends[i])
			close_end(i);
}

static uk_ssize_t send(int end, const void *data, size_t len, unsigned int flags)
{
	struct uio uio = uio_user((void *)data, len);
	struct socket_transfer transfer = {.uio = &uio, .flags = flags};

	return socket_send(ends[end], &transfer);
}

static uk_ssize_t receive(int end, void *data, size_t len, unsigned int flags)
{
	struct uio uio = uio_user(data, len);
	struct socket_transfer transfer = {.uio = &uio, .flags = flags};

	return socket_receive(ends[end], &transfer);
}

static unsigned char next_in, next_out; /* a stream of bytes that count up */
static size_t inside;

static void write_some(size_t len)
{
	static unsigned char data[70000];
	uk_ssize_t moved;

	for (size_t i = 0; i < len; i++)
		data[i] = (unsigned char)(next_in + i);
	moved = send(0, data, len, UK_MSG_DONTWAIT);
	if (moved < 0) {
		assert_int_equal(moved, -EAGAIN);
		assert_true(inside > 100000);
		return;
	}
	next_in = (unsigned char)(next_in + moved);
	inside += (size_t)moved;
}

static void read_some(size_t len, bool is_peek)
{
	static unsigned char got[70000];
	uk_ssize_t moved = receive(1, got, len, UK_MSG_DONTWAIT | (is_peek ? UK_MSG_PEEK : 0));

	if (!inside) {
		assert_int_equal(moved, -EAGAIN);
		return;
	}
	assert_int_equal(moved, len < inside ? len : inside);
	for (uk_ssize_t i = 0; i < moved; i++)
		assert_int_equal(got[i], (unsigned char)(next_out + i));
	if (is_peek)
		return;
	next_out = (unsigned char)(next_out + moved);
	inside -= (size_t)moved;
}

static void test_stream_model(void **state)
{
	srand(7);
	open_pair(UK_SOCK_STREAM);
	for (int i = 0; i < 20000; i++) {
		size_t len = 1 + (size_t)rand() % (rand() % 16 ? 300 : 70000);

		if (rand() % 2)
			write_some(len);
		else
			read_some(len, rand() % 4 == 0);
	}
	close_pair();
}

static void test_records(void **state)
{
	char data[5000] = "record", got[5000];
	int sent = 0;

	open_pair(UK_SOCK_SEQPACKET);
	while (send(0, data, (size_t)sent * 10, UK_MSG_DONTWAIT) == sent * 10)
		sent++;
	assert_true(sent > 100);
	for (int i = 0; i < sent; i++) {
		assert_int_equal(receive(1, got, 0, UK_MSG_PEEK | UK_MSG_TRUNC), i * 10);
		assert_int_equal(receive(1, got, sizeof(got), 0), i * 10);
	}
	assert_int_equal(receive(1, got, sizeof(got), UK_MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(send(0, data, 300000, 0), -EMSGSIZE);
	close_pair();
}

/* Whatever allocation fails, nothing is lost or leaked (the sanitizer counts). */
static void test_failing_allocations(void **state)
{
	char data[2000] = "x", got[2000];
	int error;

	for (int count = 0;; count++) {
		machine_fail_after(count);
		error = unix_socketpair(UK_SOCK_STREAM, 0, 0, ends);
		machine_fail_after(-1);
		if (!error)
			break;
		assert_int_equal(error, -ENOMEM);
	}
	machine_fail_after(0);
	assert_int_equal(send(0, data, sizeof(data), 0), -ENOMEM);
	machine_fail_after(-1);
	assert_int_equal(send(0, data, sizeof(data), 0), sizeof(data));
	assert_int_equal(receive(1, got, sizeof(got), 0), sizeof(data));
	close_pair();
}

static void test_faulting_buffers(void **state)
{
	static char data[8192] = "x";
	char got[100];

	machine_bad_range(data + 4096, 4096);
	for (unsigned int type = UK_SOCK_STREAM; type <= UK_SOCK_DGRAM; type++) {
		open_pair(type);
		assert_int_equal(send(0, data + 4096, 10, 0), -EFAULT);
		assert_int_equal(receive(1, got, sizeof(got), UK_MSG_DONTWAIT), -EAGAIN);
		/* half of it is there: a stream takes that, a record is all or nothing */
		if (type == UK_SOCK_STREAM) {
			assert_int_equal(send(0, data + 4090, 10, 0), 6);
			assert_int_equal(receive(1, data + 4096, 6, 0), -EFAULT);
			assert_int_equal(receive(1, data + 4092, 6, 0), 4);
			assert_int_equal(receive(1, got, sizeof(got), 0), 2);
		} else {
			assert_int_equal(send(0, data + 4090, 10, 0), -EFAULT);
		}
		assert_int_equal(receive(1, got, sizeof(got), UK_MSG_DONTWAIT), -EAGAIN);
		close_pair();
	}
	machine_bad_range(NULL, 0);
}

static int wake_by_sending(void)
{
	assert_int_equal(send(0, "woken", 5, 0), 5);
	return 0;
}

static int wake_by_closing(void)
{
	close_end(0);
	return 0;
}

static int time_is_over(void)
{
	return -ETIMEDOUT;
}

static void test_sleepers(void **state)
{
	char got[10];

	open_pair(UK_SOCK_STREAM);
	machine_on_sleep = wake_by_sending;
	assert_int_equal(receive(1, got, sizeof(got), 0), 5);
	machine_on_sleep = time_is_over;
	assert_int_equal(receive(1, got, sizeof(got), 0), -EAGAIN);
	machine_on_sleep = NULL; /* a signal */
	assert_int_equal(receive(1, got, sizeof(got), 0), -ERESTARTSYS);
	socket_of(ends[1])->receive_timeout_ns = 5;
	assert_int_equal(receive(1, got, sizeof(got), 0), -EINTR);
	machine_on_sleep = wake_by_closing;
	assert_int_equal(receive(1, got, sizeof(got), 0), 0);
	machine_on_sleep = NULL;
	assert_int_equal(send(1, got, 1, 0), -EPIPE);
	assert_int_equal(machine_take_signal(), SIGPIPE);
	assert_int_equal(send(1, got, 1, UK_MSG_NOSIGNAL), -EPIPE);
	assert_int_equal(machine_take_signal(), 0);
	close_pair();
}

static void test_unread_is_a_reset(void **state)
{
	char got[10];

	open_pair(UK_SOCK_STREAM);
	assert_int_equal(send(0, "x", 1, 0), 1);
	close_end(1);
	assert_true(file_poll(ends[0], NULL) & EPOLLERR);
	assert_int_equal(receive(0, got, 1, 0), -ECONNRESET);
	assert_int_equal(receive(0, got, 1, 0), 0);
	close_pair();
}

static int setup(void **state)
{
	machine_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_model),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_failing_allocations),
		cmocka_unit_test(test_faulting_buffers),
		cmocka_unit_test(test_sleepers),
		cmocka_unit_test(test_unread_is_a_reset),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
