/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fixed-point time: 64.64 bits, seconds and binary fraction. Conversions without a 128-bit
 * division. Pure; the host tests include it.
 */
#ifndef CORE_TIME_CLOCK_MATH_H
#define CORE_TIME_CLOCK_MATH_H

#include <uk/essentials.h>
#include <uk/vdso_data.h>

typedef unsigned __int128 uint128_t;

/** 2^64 / hz, rounded: what one count adds. hz > 1. */
static inline uint64_t clock_rate_of_hz(uint64_t hz)
{
	uint64_t rate = UINT64_MAX / hz, rest = UINT64_MAX % hz + 1;

	return rest > hz - rest || rest == hz ? rate + 1 : rate;
}

/** Time as fixed point; clock_fixed_to_ns() of it gives the same nanoseconds back. */
static inline uint128_t clock_fixed_of(uint64_t sec, uint32_t nsec)
{
	/* 2^64 / 10^9 = 18446744073.7095516...; rounded up, less than a nanosecond in all. */
	uint64_t frac = nsec * 18446744073UL + (nsec * 3047500986UL >> 32);

	return (uint128_t)sec << 64 | (nsec ? frac + 1 : 0);
}

static inline uint128_t clock_fixed_of_ns(uint64_t ns)
{
	return clock_fixed_of(ns / UK_NSEC_PER_SEC, (uint32_t)(ns % UK_NSEC_PER_SEC));
}

static inline uint64_t clock_fixed_sec(uint128_t time)
{
	return (uint64_t)(time >> 64);
}
static inline uint32_t clock_fixed_nsec(uint128_t time)
{
	return (uint32_t)vdso_scale((uint64_t)time, UK_NSEC_PER_SEC);
}
static inline uint64_t clock_fixed_to_ns(uint128_t time)
{
	return clock_fixed_sec(time) * UK_NSEC_PER_SEC + clock_fixed_nsec(time);
}

/** What `offset` must become so that the clock does not jump at `counter` when its rate changes. */
static inline uint128_t clock_reanchor(uint128_t offset, uint64_t rate, uint64_t new_rate,
				       uint64_t counter)
{
	return offset + (uint128_t)counter * rate - (uint128_t)counter * new_rate;
}

#endif /* CORE_TIME_CLOCK_MATH_H */
