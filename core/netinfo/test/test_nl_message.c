/* SPDX-License-Identifier: BSD-3-Clause */
/* Netlink messages: what is made can be read back; lengths that lie. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <uk/heap.h>
#include "nl_message.h"

static int allocations_left = -1;

void *uk_realloc(void *ptr, size_t size)
{
	if (allocations_left == 0)
		return NULL;
	allocations_left -= allocations_left > 0;
	return realloc(ptr, size);
}

static void make(struct nl_writer *writer, uint16_t type)
{
	static const uint8_t body[5] = {1, 2, 3, 4, 5};

	nl_begin(writer, type, NLM_F_MULTI);
	nl_put(writer, body, sizeof(body));
	nl_attribute_text(writer, 3, "name");
	nl_attribute_u32(writer, 4, 0x12345678);
	nl_attribute_u8(writer, 5, 7);
	nl_end(writer);
}

static void test_there_and_back(void **state)
{
	struct nl_writer writer = {.sequence = 5, .port = 6};
	const struct nlmsghdr *message;
	size_t len, at = 0;

	for (uint16_t type = 16; type < 20; type++)
		make(&writer, type);
	for (uint16_t type = 16; type < 20; type++) {
		message = nl_message_at((uint8_t *)writer.out.buf, writer.out.len, at);
		assert_non_null(message);
		assert_int_equal(message->nlmsg_type, type);
		assert_int_equal(message->nlmsg_seq, 5);
		assert_int_equal(message->nlmsg_pid, 6);
		assert_string_equal(nl_find(message, 5, 3, &len), "name");
		assert_int_equal(len, 5);
		assert_int_equal(*(const uint32_t *)nl_find(message, 5, 4, &len), 0x12345678);
		assert_int_equal(*(const uint8_t *)nl_find(message, 5, 5, &len), 7);
		assert_int_equal(len, 1);
		assert_null(nl_find(message, 5, 6, &len));
		at += NLMSG_ALIGN(message->nlmsg_len);
	}
	assert_null(nl_message_at((uint8_t *)writer.out.buf, writer.out.len, at));
	free(writer.out.buf);
}

static void test_cuts(void **state)
{
	struct nl_writer writer = {.sequence = 0};
	size_t one, rest, done = 0;

	make(&writer, 16);
	one = writer.out.len;
	for (int i = 0; i < 9; i++)
		make(&writer, 17);
	assert_int_equal(nl_cut((uint8_t *)writer.out.buf, writer.out.len, 1), one);
	assert_int_equal(nl_cut((uint8_t *)writer.out.buf, writer.out.len, one), one);
	assert_int_equal(nl_cut((uint8_t *)writer.out.buf, writer.out.len, 2 * one - 1), one);
	assert_int_equal(nl_cut((uint8_t *)writer.out.buf, writer.out.len, 3 * one), 3 * one);
	for (rest = writer.out.len; rest; rest -= one, done++)
		assert_int_equal(nl_cut((uint8_t *)writer.out.buf + done * one, rest, one), one);
	free(writer.out.buf);
}

static void test_acknowledgement(void **state)
{
	const struct {
		struct nlmsghdr head;
		uint32_t body;
	} request = {{sizeof(request), 99, NLM_F_REQUEST, 3, 4}, 0xabcd};
	struct nl_writer writer = {.sequence = 3, .port = 4};
	const struct nlmsghdr *answer;

	nl_acknowledge(&writer, &request.head, -EPERM);
	answer = (const struct nlmsghdr *)writer.out.buf;
	assert_int_equal(answer->nlmsg_type, NLMSG_ERROR);
	assert_int_equal(answer->nlmsg_len, NLMSG_HDRLEN + 4 + sizeof(request));
	assert_int_equal(((const struct nlmsgerr *)NLMSG_DATA(answer))->error, -EPERM);
	writer.out.len = 0;
	nl_acknowledge(&writer, &request.head, 0);
	answer = (const struct nlmsghdr *)writer.out.buf;
	assert_int_equal(answer->nlmsg_len, NLMSG_HDRLEN + 4 + NLMSG_HDRLEN);
	assert_int_equal(answer->nlmsg_flags, NLM_F_CAPPED);
	free(writer.out.buf);
}

static void test_lengths_that_lie(void **state)
{
	uint32_t words[16] = {0};
	struct nlmsghdr *head = (struct nlmsghdr *)words;
	struct nlattr *attribute = (struct nlattr *)(head + 1);
	const uint8_t *bytes = (const uint8_t *)words;
	size_t len;

	assert_null(nl_message_at(bytes, 15, 0));
	assert_null(nl_message_at(bytes, sizeof(words), 0)); /* a length of 0 */
	assert_null(nl_message_at(bytes, sizeof(words), sizeof(words)));
	assert_null(nl_message_at(bytes, sizeof(words), sizeof(words) + 4));
	head->nlmsg_len = sizeof(words) + 1;
	assert_null(nl_message_at(bytes, sizeof(words), 0));
	head->nlmsg_len = sizeof(words);
	assert_non_null(nl_message_at(bytes, sizeof(words), 0));
	assert_null(nl_find(head, 1000, 0, &len)); /* behind the end */
	assert_null(nl_find(head, 0, 7, &len));    /* an attribute of length 0 */
	*attribute = (struct nlattr){100, 7};
	assert_null(nl_find(head, 0, 7, &len));
	*attribute = (struct nlattr){4, 7};
	assert_non_null(nl_find(head, 0, 7, &len));
	assert_int_equal(len, 0);
	head->nlmsg_len = NLMSG_HDRLEN + 3;
	assert_null(nl_find(head, 0, 7, &len));
}

static void test_no_memory(void **state)
{
	for (int left = 0; left < 2; left++) {
		struct nl_writer writer = {.sequence = 0};

		allocations_left = left;
		for (int i = 0; i < 100; i++)
			make(&writer, 16);
		assert_true(writer.out.is_out_of_memory);
		free(writer.out.buf);
	}
	allocations_left = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),  cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_acknowledgement), cmocka_unit_test(test_lengths_that_lie),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
