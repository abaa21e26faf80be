/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arithmetic of expiry times. Pure; the host tests include it. Times are nanoseconds up to
 * TIME_MAX_NS, which is also what longer ones are cut off at (292 years; as Linux' KTIME_MAX).
 */
#ifndef CORE_TIME_INTERVAL_H
#define CORE_TIME_INTERVAL_H

#include <uk/essentials.h>

#define TIME_MAX_NS ((uint64_t)INT64_MAX)

/** start + delay; both at most TIME_MAX_NS. */
static inline uint64_t time_add(uint64_t start_ns, uint64_t delay_ns)
{
	return UK_MIN(start_ns + delay_ns, TIME_MAX_NS);
}

/**
 * Moves *expiry_ns beyond `now_ns` by whole intervals (not 0) and tells how many; none when it
 * lies there already.
 */
static inline uint64_t interval_forward(uint64_t *expiry_ns, uint64_t now_ns, uint64_t interval_ns)
{
	uint64_t periods, passed_ns;

	if (*expiry_ns > now_ns)
		return 0;
	/* No more than now - expiry, so it cannot wrap; the last interval may reach too far. */
	periods = (now_ns - *expiry_ns) / interval_ns;
	passed_ns = periods * interval_ns;
	*expiry_ns = time_add(*expiry_ns + passed_ns, interval_ns);
	return periods + 1;
}

#endif /* CORE_TIME_INTERVAL_H */
