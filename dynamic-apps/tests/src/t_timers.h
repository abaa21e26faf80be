/* SPDX-License-Identifier: BSD-3-Clause */
/* What the in-guest programs about timers share: clocks and settings as nanoseconds. */
#ifndef T_TIMERS_H
#define T_TIMERS_H

#include "t.h"

#include <time.h>

#define T_TIMERS_UNUSED __attribute__((unused))

#define MS 1000000L

T_TIMERS_UNUSED static int64_t now(clockid_t clock)
{
	struct timespec ts = {-1, -1};

	CHECK_OK(clock_gettime(clock, &ts));
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

T_TIMERS_UNUSED static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){ns / NS_PER_S, ns % NS_PER_S};
}

T_TIMERS_UNUSED static struct itimerspec setting_of(int64_t value_ns, int64_t interval_ns)
{
	return (struct itimerspec){.it_value = timespec_of(value_ns),
				   .it_interval = timespec_of(interval_ns)};
}

T_TIMERS_UNUSED static int64_t value_of(const struct itimerspec *setting)
{
	return setting->it_value.tv_sec * NS_PER_S + setting->it_value.tv_nsec;
}

#endif
