/* SPDX-License-Identifier: BSD-3-Clause */
/* The Internet checksum against the two bytes at a time of RFC 1071, and what is told a device. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <uk/netdev_checksum.h>
#include "../checksum.h"

static uint16_t slow(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? (uint32_t)p[i] << 8 : p[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void test_all_lengths_and_alignments(void **state)
{
	uint8_t *data = malloc(512);

	for (unsigned int i = 0; i < 512; i++)
		data[i] = (uint8_t)(i * 37 + (i >> 3));
	for (size_t offset = 0; offset < 9; offset++)
		for (size_t len = 0; len < 300; len++)
			assert_int_equal(net_checksum(data + offset, (int)len),
					 slow(data + offset, len));
	free(data);
}

static void test_carries(void **state)
{
	uint8_t data[64];

	memset(data, 0xff, sizeof(data));
	for (int len = 0; len <= 64; len++)
		assert_int_equal(net_checksum(data, len), slow(data, (size_t)len));
	data[0] = 1;
	assert_int_equal(net_checksum(data, 64), slow(data, 64));
}

/* Ethernet, IPv4 or IPv6, TCP with `payload` bytes: the whole in one buffer of exactly that size.
 */
static uint8_t *segment(bool is_ip6, size_t payload, size_t *len)
{
	size_t ip = is_ip6 ? 40 : 20, tcp = 20 + payload;
	uint8_t *f;

	*len = 14 + ip + tcp;
	f = calloc(1, *len);
	for (size_t i = 0; i < *len; i++)
		f[i] = (uint8_t)(i * 11);
	memcpy(f + 12, is_ip6 ? "\x86\xdd" : "\x08\0", 2);
	f[14] = is_ip6 ? 0x60 : 0x45;
	if (is_ip6)
		f[20] = 6;
	else
		memcpy(f + 20, "\0\0\x40\x06", 4);
	return f;
}

/* What the device does: sums from `start`, stores the complement. */
static void complete(uint8_t *f, size_t len, uint16_t start)
{
	uint16_t sum = (uint16_t)~slow(f + start, len - start);

	memcpy(f + start + NET_TCP_CHECKSUM_OFFSET, &sum, 2);
}

static uint16_t verify(const uint8_t *f, size_t len, bool is_ip6)
{
	size_t tcp = len - (is_ip6 ? 54 : 34);
	uint8_t *all = calloc(1, 40 + tcp + 1);
	uint16_t sum;

	memcpy(all, f + (is_ip6 ? 22 : 26), is_ip6 ? 32 : 8);
	all[33] = 6;
	all[34] = (uint8_t)(tcp >> 8);
	all[35] = (uint8_t)tcp;
	memcpy(all + 36, f + len - tcp, tcp);
	sum = slow(all, 36 + tcp);
	free(all);
	return sum;
}

static void test_a_device_completes_the_sum(void **state)
{
	for (int is_ip6 = 0; is_ip6 < 2; is_ip6++) {
		for (size_t payload = 0; payload < 1460; payload += 97) {
			uint16_t start = 0;
			size_t len;
			uint8_t *f = segment(is_ip6, payload, &len);

			assert_true(net_tx_checksum(f, len, len, &start));
			assert_int_equal(start, is_ip6 ? 54 : 34);
			complete(f, len, start);
			assert_int_equal(verify(f, len, is_ip6), 0xffff);
			free(f);
		}
	}
}

static void test_what_is_left_alone(void **state)
{
	uint16_t start;
	size_t len;
	uint8_t *f = segment(false, 8, &len);

	f[23] = 17; /* UDP */
	assert_false(net_tx_checksum(f, len, len, &start));
	f[23] = 6;
	f[20] = 0x20; /* more fragments follow */
	assert_false(net_tx_checksum(f, len, len, &start));
	f[20] = 0;
	f[21] = 1; /* not the first */
	assert_false(net_tx_checksum(f, len, len, &start));
	f[21] = 0;
	assert_false(net_tx_checksum(f, 53, len, &start)); /* TCP's header is elsewhere */
	f[14] = 0x44;
	assert_false(net_tx_checksum(f, len, len, &start));
	f[14] = 0x65;
	assert_false(net_tx_checksum(f, len, len, &start));
	f[12] = 9;
	assert_false(net_tx_checksum(f, len, len, &start));
	assert_false(net_tx_checksum(f, 13, len, &start));
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_lengths_and_alignments),
		cmocka_unit_test(test_carries),
		cmocka_unit_test(test_a_device_completes_the_sum),
		cmocka_unit_test(test_what_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
