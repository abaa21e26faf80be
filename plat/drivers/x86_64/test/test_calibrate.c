/* SPDX-License-Identifier: BSD-3-Clause */
/* Calibration arithmetic on a simulated reference clock, with and without jitter. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "../pc.h"

#define PIT_HZ 1193182

/* Ticks of the reference when the CPU counter, running at `hz` from `start`, is at `now`. */
static uint64_t ticks_at(uint64_t now, uint64_t start, uint64_t hz)
{
	return (uint64_t)((unsigned __int128)(now - start) * PIT_HZ / hz);
}

static struct pc_freq_bounds look(uint64_t hz, uint64_t interval, uint64_t poll, unsigned int polls)
{
	struct pc_freq_bounds bounds = {0, UINT64_MAX};
	uint64_t start = 123456789, now = start + interval;
	const uint64_t start_seen[2] = {start - 3, start + 3};

	for (unsigned int i = 0; i < polls; i++, now += poll) {
		const uint64_t seen[2] = {now - 4, now + 4};

		pc_bounds_narrow(&bounds, PIT_HZ, ticks_at(now, start, hz), start_seen, seen);
	}
	return bounds;
}

static void test_converges(void **state)
{
	static const uint64_t rates[] = {1000000000, 2596128043, 3193999123, 4999999999, 800000001};

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		uint64_t hz = rates[i];
		struct pc_freq_bounds bounds = look(hz, hz / 500, 25, 2000); /* 2 ms */
		uint64_t best = pc_bounds_best(&bounds);
		uint64_t error = best > hz ? best - hz : hz - best;

		assert_true(bounds.lo_hz <= hz && hz <= bounds.hi_hz);
		assert_true(error * 1000000 / hz <= 8); /* ppm */
	}
}

static void test_grid(void **state)
{
	struct pc_freq_bounds round = look(1000000000, 2000000, 25, 2000);
	struct pc_freq_bounds odd = {2595900000, 2595910000}, wide = {1990000, 2700000};

	(void)state;
	assert_int_equal(pc_bounds_best(&round), 1000000000);
	assert_int_equal(pc_bounds_best(&odd), 2595905000);
	assert_int_equal(pc_bounds_best(&wide), 2000000);
}

static void test_contradiction(void **state)
{
	struct pc_freq_bounds bounds = {900, 1000};
	const uint64_t start[2] = {0, 0}, now[2] = {5000, 5000};

	(void)state;
	/* Says at least 1250: the answer lies where the two disagree. */
	pc_bounds_narrow(&bounds, 1, 3, start, now);
	assert_int_equal(bounds.lo_hz, 1000);
	assert_int_equal(bounds.hi_hz, 1250);
}

static void test_extremes(void **state)
{
	struct pc_freq_bounds bounds = {0, UINT64_MAX};
	const uint64_t start[2] = {10, 20}, before[2] = {5, 15}, late[2] = {1UL << 62, 1UL << 62};

	(void)state;
	pc_bounds_narrow(&bounds, PIT_HZ, 0, start, before);
	assert_int_equal(bounds.lo_hz, 0);
	assert_int_equal(bounds.hi_hz, UINT64_MAX);
	pc_bounds_narrow(&bounds, PIT_HZ, 1, start, late); /* saturates instead of wrapping */
	assert_int_equal(bounds.hi_hz, UINT64_MAX);
	bounds = (struct pc_freq_bounds){0, UINT64_MAX};
	pc_bounds_narrow(&bounds, PIT_HZ, 1UL << 40, start, late); /* a 128-bit product */
	assert_int_equal(bounds.hi_hz,
			 (uint64_t)(((unsigned __int128)(1UL << 62) - 10) * PIT_HZ >> 40));
}

static void test_unwrap(void **state)
{
	(void)state;
	for (uint64_t total = 0; total < 500000; total += 997) {
		for (int off = -30000; off <= 30000; off += 15000) {
			if ((int64_t)total + off < 0)
				continue;
			assert_int_equal(pc_unwrap_ticks(total & 0xffff, 0xffff,
							 total + (uint64_t)(int64_t)off),
					 total);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_converges),     cmocka_unit_test(test_grid),
		cmocka_unit_test(test_contradiction), cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_unwrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
