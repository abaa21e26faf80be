/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads until there is no room for another one: the call says so, and all of them can end. */
#include "t.h"

#include <pthread.h>
#include <semaphore.h>

#define WANTED      10000
#define STACK_BYTES (16 * 1024)

static pthread_t threads[WANTED];
static sem_t gate;

static void *wait_at_gate(void *arg)
{
	sem_wait(&gate);
	return arg;
}

/* How many there were at a time. */
static long fill(void)
{
	pthread_attr_t attr;
	long count = 0, same = 0;
	int error = 0;
	void *result;

	CHECK_EQ(sem_init(&gate, 0, 0), 0);
	CHECK_EQ(pthread_attr_init(&attr), 0);
	CHECK_EQ(pthread_attr_setstacksize(&attr, STACK_BYTES), 0);
	while (count < WANTED && !error) {
		error = pthread_create(&threads[count], &attr, wait_at_gate, (void *)count);
		count += !error;
	}
	CHECK(error == 0 || error == EAGAIN || error == ENOMEM);
	for (long i = 0; i < count; i++)
		sem_post(&gate);
	for (long i = 0; i < count; i++)
		same += pthread_join(threads[i], &result) == 0 && result == (void *)i;
	CHECK_EQ(same, count);
	sem_destroy(&gate);
	return count;
}

static void until_none(void)
{
	long first = fill(), second = fill();

	CHECK(first >= 200);
	CHECK(second >= first - first / 10); /* what the first ones took came back */
}

static const struct t_test tests[] = {T(until_none)};

T_MAIN(tests)
