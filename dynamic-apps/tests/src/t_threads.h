/* SPDX-License-Identifier: BSD-3-Clause */
/* What the in-guest programs with threads share: start and join, clocks, one CPU for all. */
#ifndef T_THREADS_H
#define T_THREADS_H

#include "t.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#define T_UNUSED __attribute__((unused))

T_UNUSED static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* The time of this clock, so much from now (or before now). */
T_UNUSED static struct timespec after_ms(clockid_t clock, long ms)
{
	struct timespec ts;
	int64_t ns;

	clock_gettime(clock, &ts);
	ns = ts.tv_sec * NS_PER_S + ts.tv_nsec + ms * 1000000LL;
	return (struct timespec){ns / NS_PER_S, ns % NS_PER_S};
}

T_UNUSED static void sleep_ms(long ms)
{
	const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&pause, NULL);
}

T_UNUSED static pid_t tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

T_UNUSED static pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	if (!CHECK_EQ(pthread_create(&thread, NULL, run, argument), 0))
		exit(1);
	return thread;
}

T_UNUSED static void *join(pthread_t thread)
{
	void *result = NULL;

	CHECK_EQ(pthread_join(thread, &result), 0);
	return result;
}

/* From here on this thread and those it starts have one CPU together. */
T_UNUSED static void use_one_cpu(cpu_set_t *before)
{
	cpu_set_t one;
	int cpu = 0;

	CHECK_OK(sched_getaffinity(0, sizeof(*before), before));
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, before))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CHECK_OK(sched_setaffinity(0, sizeof(one), &one));
}

#endif /* T_THREADS_H */
