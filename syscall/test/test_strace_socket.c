/* SPDX-License-Identifier: BSD-3-Clause */
/* How strace shows the memory of socket calls. */
#include <linux/uio.h>
#include "strace_show.h"

/* A struct sockaddr of `len` bytes, as bind(2) and as getsockname(2) show it. */
static void check_sockaddr(const void *addr, int len, const char *expected)
{
	assert_string_equal(show_arg(KIND_SOCKADDR_IN, STR(addr), len, 0), expected);
	assert_string_equal(show_arg(KIND_SOCKADDR_OUT, STR(addr), STR(&len), 0), expected);
}

static void test_socket_addresses(void **state)
{
	static const uint8_t in[] = {2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t in6[28] = {10, 0, 0, 80, [8] = 0x20, 1, [23] = 1, 3};
	static const uint8_t nl[12] = {16, 0, 0, 0, 5, 0, 0, 0, 1};

	check_sockaddr("\1\0/tmp/s", 9, "{sa_family=AF_UNIX, sun_path=\"/tmp/s\"}");
	check_sockaddr("\1\0\0abs", 6, "{sa_family=AF_UNIX, sun_path=@\"abs\"}");
	check_sockaddr("\1\0", 2, "{sa_family=AF_UNIX}");
	check_sockaddr(in, sizeof(in),
		       "{sa_family=AF_INET, sin_port=htons(8080), "
		       "sin_addr=inet_addr(\"127.0.0.1\")}");
	check_sockaddr(in6, sizeof(in6),
		       "{sa_family=AF_INET6, sin6_port=htons(80), "
		       "inet_pton(AF_INET6, \"2001:0:0:0:0:0:0:1\"), sin6_scope_id=3}");
	check_sockaddr(nl, sizeof(nl), "{sa_family=AF_NETLINK, nl_pid=5, nl_groups=0x1}");
	check_sockaddr(in, 5, "{sa_family=AF_INET}");
	assert_memory_equal(show_arg(KIND_SOCKADDR_IN, STR(in), 1, 0), "0x", 2);
	assert_memory_equal(show_arg(KIND_SOCKADDR_IN, STR(in), -1, 0), "0x", 2);
	assert_string_equal(show_arg(KIND_SOCKADDR_IN, BAD_ADDRESS, 16, 0), "0x10");
}

static void test_socket_messages(void **state)
{
	struct {
		size_t len;
		int level, type, fds[2];
	} control = {24, 1, 1, {3, 4}};
	struct iovec iov = {"hello", 5};
	struct {
		const void *name;
		int name_len;
		struct iovec *iov;
		size_t count;
		void *control;
		size_t control_len;
		unsigned int flags;
	} message = {"\1\0x", 3, &iov, 1, &control, sizeof(control), 0x20};

	assert_string_equal(
		show_arg(KIND_MSGHDR_IN, STR(&message), 0, 0),
		"{msg_name={sa_family=AF_UNIX, sun_path=\"x\"}, msg_namelen=3, "
		"msg_iov=[{iov_base=\"hello\", iov_len=5}], msg_iovlen=1, "
		"msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, "
		"cmsg_data=[3, 4]}], msg_controllen=24, msg_flags=MSG_TRUNC}");
	message.name = NULL;
	control.len = 1000; /* a length that lies */
	assert_string_equal(show_arg(KIND_MSGHDR_OUT, STR(&message), 0, 2),
			    "{msg_name=NULL, msg_namelen=3, "
			    "msg_iov=[{iov_base=\"he\", iov_len=5}], msg_iovlen=1, "
			    "msg_control=[], msg_controllen=24, msg_flags=MSG_TRUNC}");
	assert_string_equal(show_arg(KIND_MSGHDR_IN, BAD_ADDRESS, 0, 0), "0x10");
}

static void test_socket_values(void **state)
{
	int number = 7, len = 4;

	assert_string_equal(show_arg(KIND_OPTVAL_IN, STR(&number), 4, 0), "[7]");
	assert_string_equal(show_arg(KIND_OPTVAL_OUT, STR(&number), STR(&len), 0), "[7]");
	assert_string_equal(show_arg(KIND_OPTVAL_IN, STR("abc"), 3, 0), "\"abc\"");
	assert_string_equal(show_arg(KIND_SOCKLEN_OUT, STR(&len), 0, 0), "[4]");
	assert_string_equal(show_arg(KIND_MSG_FLAGS, 0x4042, 0, 0),
			    "MSG_PEEK|MSG_DONTWAIT|MSG_NOSIGNAL");
	assert_string_equal(show_arg(KIND_SHUT, 2, 0, 0), "SHUT_RDWR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_socket_addresses),
		cmocka_unit_test(test_socket_messages),
		cmocka_unit_test(test_socket_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
