/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtqueues against a device that keeps the rules, and against devices that do not. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <uk/string.h>
#include "ring.h"

#define EVENTS   (1UL << VIRTIO_RING_F_EVENT_IDX)
#define INDIRECT (1UL << VIRTIO_RING_F_INDIRECT_DESC)

static char tokens[2048];

/* The device's side: what it has seen of the available ring. */
static uint16_t device_seen;

static void device_return(struct ring *ring, uint32_t id, uint32_t len)
{
	struct vring_used *used = ring->vq.used;

	used->ring[used->idx % ring->vq.size].id = id;
	used->ring[used->idx % ring->vq.size].len = len;
	used->idx++;
}

/* Returns the next chain in order; false when there is none. */
static bool device_work(struct ring *ring, uint32_t len)
{
	if (device_seen == ring->vq.avail->idx)
		return false;
	device_return(ring, ring->vq.avail->ring[device_seen++ % ring->vq.size], len);
	return true;
}

/* Behind the used ring. */
static void set_avail_event(struct ring *ring, uint16_t index)
{
	ring->vq.used->ring[ring->vq.size].id = index;
}

static void open_ring(struct ring *ring, uint16_t size, uint64_t features)
{
	ring_open(ring, size, features);
	device_seen = 0;
}

static int add(struct ring *ring, unsigned int out, unsigned int in, size_t token)
{
	struct virtq_seg segs[VIRTQ_MAX_SEGS + 1];

	for (unsigned int i = 0; i < out + in && i < UK_ARRAY_SIZE(segs); i++)
		segs[i] = (struct virtq_seg){0x1000UL * (i + 1), 100 + i};
	return virtq_add(&ring->vq, segs, out, in, &tokens[token]);
}

static void test_chain_as_the_device_sees_it(void **state)
{
	struct ring ring;
	struct vring_desc *d;

	open_ring(&ring, 8, 0);
	assert_int_equal(add(&ring, 2, 1, 1), 0);
	assert_int_equal(ring.vq.avail->idx, 1);
	assert_true(virtq_wants_notify(&ring.vq));
	d = &ring.vq.desc[ring.vq.avail->ring[0]];
	assert_int_equal(d->addr, 0x1000);
	assert_int_equal(d->flags, VRING_DESC_F_NEXT);
	d = &ring.vq.desc[d->next];
	assert_int_equal(d->len, 101);
	assert_int_equal(d->flags, VRING_DESC_F_NEXT);
	d = &ring.vq.desc[d->next];
	assert_int_equal(d->addr, 0x3000);
	assert_int_equal(d->flags, VRING_DESC_F_WRITE);
	assert_int_equal(virtq_room(&ring.vq), 5);
	assert_int_equal(ring_close(&ring), 1);
}

static void test_round_trips_past_the_end_of_the_index(void **state)
{
	struct ring ring;
	uint32_t len;

	open_ring(&ring, 8, EVENTS);
	for (unsigned int i = 0; i < 70000; i++) {
		assert_int_equal(add(&ring, 1, 1, i % 7), 0);
		assert_false(virtq_has_used(&ring.vq));
		assert_true(device_work(&ring, 50));
		assert_true(virtq_has_used(&ring.vq));
		assert_ptr_equal(virtq_take(&ring.vq, &len), &tokens[i % 7]);
		assert_int_equal(len, 50);
		assert_null(virtq_take(&ring.vq, &len));
	}
	assert_int_equal(virtq_room(&ring.vq), 8);
	ring_close(&ring);
}

static void test_returned_in_any_order(void **state)
{
	struct ring ring;
	uint16_t heads[4];
	uint32_t len;

	open_ring(&ring, 8, 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(add(&ring, 2, 0, i), 0);
		heads[i] = ring.vq.avail->ring[i];
	}
	assert_int_equal(add(&ring, 1, 0, 9), -ENOSPC);
	for (int i = 3; i >= 0; i--)
		device_return(&ring, heads[i], 0);
	for (int i = 3; i >= 0; i--)
		assert_ptr_equal(virtq_take(&ring.vq, &len), &tokens[i]);
	assert_int_equal(virtq_room(&ring.vq), 8);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(add(&ring, 1, 0, i), 0);
	assert_int_equal(ring_close(&ring), 8);
}

static void test_long_chains_go_through_a_table(void **state)
{
	struct ring ring;
	struct vring_desc *d;
	uint32_t len;

	open_ring(&ring, 4, INDIRECT);
	assert_int_equal(add(&ring, 4, 0, 0), 0); /* short enough for the ring */
	assert_int_equal(virtq_room(&ring.vq), 0);
	device_work(&ring, 0);
	virtq_take(&ring.vq, &len);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(add(&ring, 9, 2, i), 0);
	assert_int_equal(add(&ring, 1, 0, 5), -ENOSPC);
	d = &ring.vq.desc[ring.vq.avail->ring[1]];
	assert_int_equal(d->flags, VRING_DESC_F_INDIRECT);
	assert_int_equal(d->len, 11 * sizeof(*d));
	d = (struct vring_desc *)(uintptr_t)d->addr;
	assert_int_equal(d[10].flags, VRING_DESC_F_WRITE);
	assert_int_equal(d[8].flags, VRING_DESC_F_NEXT);
	assert_int_equal(d[9].flags, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
	assert_int_equal(d[0].next, 1);
	assert_int_equal(ring_close(&ring), 4);
}

static void test_without_memory_the_ring_itself_serves(void **state)
{
	struct ring ring;

	open_ring(&ring, 8, INDIRECT);
	ring_fail_malloc = true;
	assert_int_equal(add(&ring, 6, 0, 0), 0);
	assert_int_equal(virtq_room(&ring.vq), 2);
	assert_int_equal(add(&ring, 3, 0, 1), -ENOSPC);
	ring_fail_malloc = false;
	assert_int_equal(add(&ring, 3, 0, 1), 0);
	assert_int_equal(virtq_room(&ring.vq), 1);
	assert_int_equal(ring_close(&ring), 2);
}

static void test_impossible_chains(void **state)
{
	struct ring ring;

	open_ring(&ring, 4, 0);
	assert_int_equal(add(&ring, 0, 0, 0), -EMSGSIZE);
	assert_int_equal(add(&ring, 5, 0, 0), -EMSGSIZE);
	assert_int_equal(add(&ring, VIRTQ_MAX_SEGS + 1, 0, 0), -EMSGSIZE);
	ring_close(&ring);
}

static void test_notifications(void **state)
{
	struct ring ring;

	open_ring(&ring, 8, 0);
	assert_false(virtq_wants_notify(&ring.vq)); /* nothing is there */
	add(&ring, 1, 0, 0);
	assert_true(virtq_wants_notify(&ring.vq));
	ring.vq.used->flags = VRING_USED_F_NO_NOTIFY;
	assert_false(virtq_wants_notify(&ring.vq));
	ring_close(&ring);

	open_ring(&ring, 8, EVENTS);
	add(&ring, 1, 0, 0);
	assert_true(virtq_wants_notify(&ring.vq)); /* avail_event is 0: tell me of number 0 */
	add(&ring, 1, 0, 1);
	assert_false(virtq_wants_notify(&ring.vq));
	set_avail_event(&ring, 3);
	add(&ring, 1, 0, 2);
	assert_false(virtq_wants_notify(&ring.vq));
	add(&ring, 1, 0, 3);
	add(&ring, 1, 0, 4);
	assert_true(virtq_wants_notify(&ring.vq)); /* number 3 is among them */
	ring_close(&ring);
}

/* Nothing is added, but the device's wish to be told was overlooked. */
static void test_notifications_that_got_lost(void **state)
{
	struct ring ring;

	open_ring(&ring, 8, EVENTS);
	assert_false(virtq_wants_notify(&ring.vq));
	add(&ring, 1, 0, 0);
	assert_true(virtq_wants_notify(&ring.vq));
	assert_true(virtq_wants_notify(&ring.vq)); /* it has not begun */
	device_work(&ring, 0);
	assert_false(virtq_wants_notify(&ring.vq));
	add(&ring, 1, 0, 1);
	assert_false(virtq_wants_notify(&ring.vq)); /* seen before the device asked for number 1 */
	set_avail_event(&ring, 1);
	assert_true(virtq_wants_notify(&ring.vq));
	device_work(&ring, 0);
	set_avail_event(&ring, 2); /* it has all there is */
	assert_false(virtq_wants_notify(&ring.vq));
	ring_close(&ring);
}

static void test_again(void **state)
{
	struct ring ring;
	uint16_t head;
	uint32_t len;

	open_ring(&ring, 4, EVENTS);
	assert_int_equal(add(&ring, 0, 3, 0), 0);
	for (unsigned int i = 0; i < 70000; i++) {
		device_work(&ring, 10);
		assert_ptr_equal(virtq_take_chain(&ring.vq, &head, &len), &tokens[i % 7]);
		assert_int_equal(len, 10);
		assert_int_equal(virtq_room(&ring.vq), 1);
		virtq_again(&ring.vq, head, &tokens[(i + 1) % 7]);
	}
	device_work(&ring, 10);
	assert_non_null(virtq_take_chain(&ring.vq, &head, &len));
	virtq_release(&ring.vq, head);
	assert_int_equal(virtq_room(&ring.vq), 4);
	assert_int_equal(ring_close(&ring), 0);
}

static void test_returns_what_was_taken(void **state)
{
	struct ring ring;
	uint16_t head;
	uint32_t len;

	open_ring(&ring, 4, 0);
	add(&ring, 0, 1, 0);
	add(&ring, 0, 1, 1);
	device_work(&ring, 10);
	assert_non_null(virtq_take_chain(&ring.vq, &head, &len));
	device_return(&ring, head, 10);
	assert_null(virtq_take_chain(&ring.vq, &head, &len));
	assert_true(ring.vq.is_broken);
	assert_int_equal(ring_close(&ring), 1);
}

static void test_interrupts(void **state)
{
	struct ring ring;
	uint32_t len;

	open_ring(&ring, 8, 0);
	assert_int_equal(ring.vq.avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
	assert_false(virtq_irq_on(&ring.vq));
	assert_int_equal(ring.vq.avail->flags, 0);
	ring_close(&ring);

	open_ring(&ring, 8, EVENTS);
	assert_int_equal(ring.vq.avail->ring[8], UINT16_MAX);
	add(&ring, 0, 1, 0);
	assert_false(virtq_irq_on(&ring.vq));
	assert_int_equal(ring.vq.avail->ring[8], 0);
	device_work(&ring, 1);
	assert_true(virtq_irq_on(&ring.vq));
	virtq_take(&ring.vq, &len);
	assert_false(virtq_irq_on(&ring.vq));
	assert_int_equal(ring.vq.avail->ring[8], 1);
	ring_close(&ring);
}

/* --- devices that break the rules ---------------------------------------------------------------
 */

static void expect_broken(struct ring *ring, unsigned int in_flight)
{
	uint32_t len;

	assert_null(virtq_take(&ring->vq, &len));
	assert_true(ring->vq.is_broken);
	assert_int_equal(ring_messages, 1);
	assert_null(virtq_take(&ring->vq, &len));
	assert_false(virtq_has_used(&ring->vq));
	assert_int_equal(add(ring, 1, 0, 0), -EIO);
	assert_false(virtq_wants_notify(&ring->vq));
	assert_int_equal(virtq_room(&ring->vq), 0);
	assert_int_equal(ring_messages, 1); /* said once */
	assert_int_equal(ring_close(ring), in_flight);
}

static void open_with_two(struct ring *ring)
{
	open_ring(ring, 8, 0);
	add(ring, 2, 1, 1);
	add(ring, 0, 1, 2);
}

static void test_returns_beyond_the_table(void **state)
{
	struct ring ring;

	open_with_two(&ring);
	device_return(&ring, 0x10000, 0);
	expect_broken(&ring, 2);
}

static void test_returns_the_middle_of_a_chain(void **state)
{
	struct ring ring;

	open_with_two(&ring);
	device_return(&ring, (uint32_t)ring.vq.avail->ring[0] + 1, 0);
	expect_broken(&ring, 2);
}

static void test_returns_twice(void **state)
{
	struct ring ring;
	uint32_t len;

	open_with_two(&ring);
	device_return(&ring, ring.vq.avail->ring[1], 10);
	device_return(&ring, ring.vq.avail->ring[1], 10);
	assert_ptr_equal(virtq_take(&ring.vq, &len), &tokens[2]);
	expect_broken(&ring, 1);
}

static void test_returns_more_than_it_has(void **state)
{
	struct ring ring;

	open_with_two(&ring);
	ring.vq.used->idx = 3;
	expect_broken(&ring, 2);
}

static void test_index_goes_back(void **state)
{
	struct ring ring;

	open_with_two(&ring);
	ring.vq.used->idx = UINT16_MAX;
	expect_broken(&ring, 2);
}

static void test_writes_more_than_there_is_room_for(void **state)
{
	struct ring ring;

	open_with_two(&ring);
	device_return(&ring, ring.vq.avail->ring[1], 101);
	expect_broken(&ring, 2);
}

static void test_length_of_what_it_only_reads_does_not_matter(void **state)
{
	struct ring ring;
	uint32_t len = 1;

	open_ring(&ring, 8, 0);
	add(&ring, 2, 0, 1);
	device_work(&ring, 999);
	assert_ptr_equal(virtq_take(&ring.vq, &len), &tokens[1]);
	assert_int_equal(len, 0);
	ring_close(&ring);
}

static void test_scribbles_over_the_shared_block(void **state)
{
	struct ring ring;
	uint32_t len;

	open_with_two(&ring);
	memset(ring.vq.desc, 0xff, 8 * sizeof(struct vring_desc));
	memset(ring.vq.avail, 0xff, 4 + 8 * sizeof(uint16_t));
	device_return(&ring, 0, 100);
	assert_ptr_equal(virtq_take(&ring.vq, &len), &tokens[1]);
	assert_int_equal(virtq_room(&ring.vq), 7);
	assert_int_equal(add(&ring, 3, 0, 3), 0);
	assert_int_equal(ring_close(&ring), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain_as_the_device_sees_it),
		cmocka_unit_test(test_round_trips_past_the_end_of_the_index),
		cmocka_unit_test(test_returned_in_any_order),
		cmocka_unit_test(test_long_chains_go_through_a_table),
		cmocka_unit_test(test_without_memory_the_ring_itself_serves),
		cmocka_unit_test(test_impossible_chains),
		cmocka_unit_test(test_notifications),
		cmocka_unit_test(test_notifications_that_got_lost),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_returns_beyond_the_table),
		cmocka_unit_test(test_returns_the_middle_of_a_chain),
		cmocka_unit_test(test_returns_twice),
		cmocka_unit_test(test_returns_what_was_taken),
		cmocka_unit_test(test_returns_more_than_it_has),
		cmocka_unit_test(test_index_goes_back),
		cmocka_unit_test(test_writes_more_than_there_is_room_for),
		cmocka_unit_test(test_length_of_what_it_only_reads_does_not_matter),
		cmocka_unit_test(test_scribbles_over_the_shared_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
