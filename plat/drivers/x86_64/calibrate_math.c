/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The arithmetic of calibration: a frequency is an interval that each look at the reference clock
 * narrows. No assumption about how long a look takes: a slow one just narrows less. Pure.
 */
#include "pc.h"

/* a * b / c, saturating; c is not 0. Products of more than 64 bits come only after hours. */
static uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
	__uint128_t product = (__uint128_t)a * b;
	uint64_t quotient = 0, rest = 0;

	if (product >> 64 == 0)
		return (uint64_t)product / c;
	if ((uint64_t)(product >> 64) >= c)
		return UINT64_MAX;
	for (int bit = 127; bit >= 0; bit--) {
		bool carry = rest >> 63;

		rest = rest << 1 | ((uint64_t)(product >> bit) & 1);
		quotient <<= 1;
		if (carry || rest >= c) {
			rest -= c;
			quotient |= 1;
		}
	}
	return quotient;
}

void pc_bounds_narrow(struct pc_freq_bounds *bounds, uint64_t reference_hz, uint64_t ticks,
		      const uint64_t start[2], const uint64_t now[2])
{
	/* The time since the start is at least `ticks` and less than `ticks + 1` periods. */
	uint64_t lo = now[0] > start[1] ? mul_div(now[0] - start[1], reference_hz, ticks + 1) : 0;
	uint64_t hi = ticks ? mul_div(now[1] - start[0], reference_hz, ticks) : UINT64_MAX;

	bounds->lo_hz = UK_MAX(bounds->lo_hz, lo);
	bounds->hi_hz = UK_MIN(bounds->hi_hz, hi);
	if (bounds->lo_hz > bounds->hi_hz) {
		/* A clock jittered (a late host timer): the truth is about where they disagree. */
		lo = bounds->hi_hz;
		bounds->hi_hz = bounds->lo_hz;
		bounds->lo_hz = lo;
	}
}

uint64_t pc_bounds_best(const struct pc_freq_bounds *bounds)
{
	const uint64_t grid = 1000000;
	uint64_t middle = bounds->lo_hz + (bounds->hi_hz - bounds->lo_hz) / 2;
	uint64_t round = (middle + grid / 2) / grid * grid;

	/* Not further off than the measurement itself may be, and nearly always the real value. */
	return round >= bounds->lo_hz && round <= bounds->hi_hz && round ? round : middle;
}

uint64_t pc_unwrap_ticks(uint64_t shown, uint64_t wrap_mask, uint64_t estimate)
{
	uint64_t total = (estimate & ~wrap_mask) | (shown & wrap_mask);
	uint64_t half = wrap_mask / 2 + 1;

	if (total + half < estimate)
		return total + wrap_mask + 1;
	if (total > estimate + half && total > wrap_mask)
		return total - wrap_mask - 1;
	return total;
}
