/* SPDX-License-Identifier: BSD-3-Clause */
/* What threads wait on, by the C library: mutexes of every kind, conditions, barriers, rwlocks. */
#include "t_threads.h"

#include <semaphore.h>
#include <sys/mman.h>

/* A mutex in every kind there is; the same tests hold for all. */
struct kind {
	const char *name;
	int type, protocol, robust, shared;
};

static const struct kind kinds[] = {
	{"normal", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, 0, 0},
	{"recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, 0, 0},
	{"checking", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, 0, 0},
	{"robust", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, 1, 0},
	{"shared", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, 0, 1},
	{"robust shared", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, 1, 1},
	{"inheriting", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, 0, 0},
	{"inheriting checking", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_INHERIT, 0, 1},
	{"inheriting robust", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, 1, 0},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void mutex_make(pthread_mutex_t *mutex, const struct kind *kind)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	CHECK_EQ(pthread_mutexattr_settype(&attr, kind->type), 0);
	CHECK_EQ(pthread_mutexattr_setprotocol(&attr, kind->protocol), 0);
	CHECK_EQ(pthread_mutexattr_setrobust(&attr, kind->robust ? PTHREAD_MUTEX_ROBUST
								 : PTHREAD_MUTEX_STALLED),
		 0);
	CHECK_EQ(pthread_mutexattr_setpshared(&attr, kind->shared ? PTHREAD_PROCESS_SHARED
								  : PTHREAD_PROCESS_PRIVATE),
		 0);
	CHECK_EQ(pthread_mutex_init(mutex, &attr), 0);
	pthread_mutexattr_destroy(&attr);
}

/* --- mutexes -------------------------------------------------------------------------------- */

static pthread_mutex_t mutex;
static unsigned long guarded;

static void *adds(void *argument)
{
	for (int i = 0; i < 400; i++) {
		unsigned long read;

		CHECK_EQ(pthread_mutex_lock(&mutex), 0);
		read = guarded;
		if (i % 20 == 0)
			sched_yield();
		guarded = read + 1;
		CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	}
	return argument;
}

static void mutexes_exclude(void)
{
	pthread_t threads[6];

	for (size_t k = 0; k < KINDS; k++) {
		mutex_make(&mutex, &kinds[k]);
		guarded = 0;
		for (int i = 0; i < 6; i++)
			threads[i] = start(adds, NULL);
		for (int i = 0; i < 6; i++)
			join(threads[i]);
		if (!CHECK_EQ(guarded, 2400))
			t_fail(__FILE__, __LINE__, "%s", kinds[k].name);
		pthread_mutex_destroy(&mutex);
	}
}

static void *tries(void *argument)
{
	struct timespec limit = after_ms(CLOCK_REALTIME, 15);

	(void)argument;
	CHECK_EQ(pthread_mutex_trylock(&mutex), EBUSY);
	CHECK_EQ(pthread_mutex_timedlock(&mutex, &limit), ETIMEDOUT);
	limit = after_ms(CLOCK_REALTIME, -100);
	CHECK_EQ(pthread_mutex_timedlock(&mutex, &limit), ETIMEDOUT);
	return NULL;
}

static void mutexes_time_out(void)
{
	for (size_t k = 0; k < KINDS; k++) {
		mutex_make(&mutex, &kinds[k]);
		CHECK_EQ(pthread_mutex_lock(&mutex), 0);
		join(start(tries, NULL));
		CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
		pthread_mutex_destroy(&mutex);
	}
}

static void *unlocks(void *argument)
{
	(void)argument;
	return (void *)(uintptr_t)pthread_mutex_unlock(&mutex);
}

static void checking_mutexes(void)
{
	mutex_make(&mutex, &kinds[2]);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), EDEADLK);
	CHECK_EQ((uintptr_t)join(start(unlocks, NULL)), EPERM);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), EPERM);
	pthread_mutex_destroy(&mutex);
	mutex_make(&mutex, &kinds[1]);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	join(start(tries, NULL));
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	pthread_mutex_destroy(&mutex);
}

/* --- a robust mutex tells that its owner is gone -------------------------------------------- */

static void *dies_with_it(void *argument)
{
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	if (argument)
		sleep_ms(20); /* somebody waits by then */
	return NULL;
}

static void owner_dies(const struct kind *kind, void *is_waited_for)
{
	pthread_t owner;

	mutex_make(&mutex, kind);
	owner = start(dies_with_it, is_waited_for);
	if (is_waited_for)
		while (pthread_mutex_trylock(&mutex) == 0) {
			pthread_mutex_unlock(&mutex);
			sched_yield();
		}
	else
		join(owner);
	if (!CHECK_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD))
		t_fail(__FILE__, __LINE__, "%s", kind->name);
	CHECK_EQ(pthread_mutex_consistent(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	if (is_waited_for)
		join(owner);
	/* again, and given up */
	join(start(dies_with_it, NULL));
	CHECK_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), ENOTRECOVERABLE);
	pthread_mutex_destroy(&mutex);
}

static void robust_mutexes(void)
{
	for (size_t k = 0; k < KINDS; k++) {
		if (!kinds[k].robust)
			continue;
		owner_dies(&kinds[k], NULL);
		owner_dies(&kinds[k], &mutex);
	}
}

/* --- shared memory: the same mutex and condition at two addresses --------------------------- */

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	int turn;
};

static void take_turns(struct shared *shared, int mine)
{
	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&shared->mutex);
		while (shared->turn != mine)
			pthread_cond_wait(&shared->cond, &shared->mutex);
		shared->turn = !mine;
		pthread_cond_signal(&shared->cond);
		pthread_mutex_unlock(&shared->mutex);
	}
}

static void *takes_turns(void *argument)
{
	take_turns(argument, 1);
	return NULL;
}

static void shared_at_two_addresses(void)
{
	int fd = t_make_file("shared", "", 0);
	pthread_condattr_t attr;
	struct shared *one, *two;
	pthread_t thread;

	CHECK_OK(ftruncate(fd, PAGE));
	one = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	two = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	mutex_make(&one->mutex, &kinds[4]);
	pthread_condattr_init(&attr);
	pthread_condattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	CHECK_EQ(pthread_cond_init(&one->cond, &attr), 0);
	thread = start(takes_turns, two);
	take_turns(one, 0);
	join(thread);
	munmap(one, PAGE);
	munmap(two, PAGE);
	close(fd);
}

/* --- conditions ----------------------------------------------------------------------------- */

static pthread_cond_t cond;
static int waiting, released;

static void *waits_for_release(void *argument)
{
	pthread_mutex_lock(&mutex);
	waiting++;
	while (!released)
		pthread_cond_wait(&cond, &mutex);
	released--;
	pthread_mutex_unlock(&mutex);
	return argument;
}

static void release_all(const struct kind *kind)
{
	pthread_t threads[8];
	int seen = 0;

	mutex_make(&mutex, kind);
	pthread_cond_init(&cond, NULL);
	waiting = released = 0;
	for (int i = 0; i < 8; i++)
		threads[i] = start(waits_for_release, NULL);
	while (seen < 8) {
		pthread_mutex_lock(&mutex);
		seen = waiting;
		pthread_mutex_unlock(&mutex);
		sched_yield();
	}
	pthread_mutex_lock(&mutex);
	released = 1;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&mutex);
	while (seen) {
		pthread_mutex_lock(&mutex);
		seen = released;
		pthread_mutex_unlock(&mutex);
		sched_yield();
	}
	pthread_mutex_lock(&mutex);
	released = 7;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < 8; i++)
		join(threads[i]);
	CHECK_EQ(released, 0);
	pthread_cond_destroy(&cond);
	pthread_mutex_destroy(&mutex);
}

static void conditions(void)
{
	for (size_t k = 0; k < KINDS; k++)
		release_all(&kinds[k]);
}

static void condition_time_limits(void)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
	pthread_condattr_t attr;
	struct timespec limit;
	int64_t begin;

	mutex_make(&mutex, &kinds[0]);
	for (int i = 0; i < 2; i++) {
		pthread_condattr_init(&attr);
		CHECK_EQ(pthread_condattr_setclock(&attr, clocks[i]), 0);
		CHECK_EQ(pthread_cond_init(&cond, &attr), 0);
		pthread_mutex_lock(&mutex);
		begin = now_ns();
		limit = after_ms(clocks[i], 20);
		CHECK_EQ(pthread_cond_timedwait(&cond, &mutex, &limit), ETIMEDOUT);
		CHECK(now_ns() - begin >= 19000000);
		limit = (struct timespec){.tv_nsec = 1}; /* long past */
		CHECK_EQ(pthread_cond_timedwait(&cond, &mutex, &limit), ETIMEDOUT);
		pthread_mutex_unlock(&mutex);
		pthread_cond_destroy(&cond);
	}
	pthread_mutex_destroy(&mutex);
}

static void unlock_it(void *argument)
{
	pthread_mutex_unlock(argument);
}

static void *is_cancelled_waiting(void *argument)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock_it, &mutex);
	waiting = 1;
	for (;;)
		pthread_cond_wait(&cond, &mutex);
	pthread_cleanup_pop(1);
	return argument;
}

static void condition_is_cancelled(void)
{
	pthread_t thread;

	mutex_make(&mutex, &kinds[0]);
	pthread_cond_init(&cond, NULL);
	waiting = 0;
	thread = start(is_cancelled_waiting, NULL);
	while (!__atomic_load_n(&waiting, __ATOMIC_ACQUIRE))
		sched_yield();
	sleep_ms(5);
	CHECK_EQ(pthread_cancel(thread), 0);
	CHECK(join(thread) == PTHREAD_CANCELED);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	pthread_cond_destroy(&cond);
	pthread_mutex_destroy(&mutex);
}

/* --- barriers, rwlocks, semaphores ---------------------------------------------------------- */

static pthread_barrier_t barrier;
static atomic_int arrived, serial;

static void *goes_in_steps(void *argument)
{
	for (int step = 1; step <= 20; step++) {
		arrived++;
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			serial++;
		if (arrived != step * 5)
			return (void *)1;
		pthread_barrier_wait(&barrier);
	}
	return argument;
}

static void barriers(void)
{
	pthread_t threads[5];

	arrived = serial = 0;
	CHECK_EQ(pthread_barrier_init(&barrier, NULL, 5), 0);
	for (int i = 0; i < 5; i++)
		threads[i] = start(goes_in_steps, NULL);
	for (int i = 0; i < 5; i++)
		CHECK(join(threads[i]) == NULL);
	CHECK_EQ(serial, 20);
	pthread_barrier_destroy(&barrier);
}

static pthread_rwlock_t rwlock;
static int pair[2];

static void *reads_pair(void *argument)
{
	for (int i = 0; i < 300; i++) {
		pthread_rwlock_rdlock(&rwlock);
		if (pair[0] != pair[1])
			argument = (void *)1;
		if (i % 30 == 0)
			sched_yield();
		pthread_rwlock_unlock(&rwlock);
	}
	return argument;
}

static void *writes_pair(void *argument)
{
	for (int i = 0; i < 200; i++) {
		pthread_rwlock_wrlock(&rwlock);
		pair[0]++;
		if (i % 20 == 0)
			sched_yield();
		pair[1]++;
		pthread_rwlock_unlock(&rwlock);
	}
	return argument;
}

static void *tries_to_write(void *argument)
{
	struct timespec limit = after_ms(CLOCK_REALTIME, 10);

	CHECK_EQ(pthread_rwlock_tryrdlock(&rwlock), 0);
	pthread_rwlock_unlock(&rwlock);
	CHECK_EQ(pthread_rwlock_trywrlock(&rwlock), EBUSY);
	CHECK_EQ(pthread_rwlock_timedwrlock(&rwlock, &limit), ETIMEDOUT);
	return argument;
}

static void rwlocks(void)
{
	pthread_t threads[6];

	CHECK_EQ(pthread_rwlock_init(&rwlock, NULL), 0);
	for (int i = 0; i < 6; i++)
		threads[i] = start(i % 3 ? reads_pair : writes_pair, NULL);
	for (int i = 0; i < 6; i++)
		CHECK(join(threads[i]) == NULL);
	CHECK_EQ(pair[0], 400);
	pthread_rwlock_rdlock(&rwlock);
	join(start(tries_to_write, NULL));
	pthread_rwlock_unlock(&rwlock);
	pthread_rwlock_destroy(&rwlock);
}

static sem_t full, empty;
static int slot, sum;

static void *consumes(void *argument)
{
	for (int i = 0; i < 500; i++) {
		while (sem_wait(&full) < 0)
			;
		sum += slot;
		sem_post(&empty);
	}
	return argument;
}

static void semaphores(void)
{
	struct timespec limit;
	pthread_t consumer;

	CHECK_OK(sem_init(&full, 0, 0));
	CHECK_OK(sem_init(&empty, 0, 1));
	consumer = start(consumes, NULL);
	for (int i = 1; i <= 500; i++) {
		sem_wait(&empty);
		slot = i;
		sem_post(&full);
	}
	join(consumer);
	CHECK_EQ(sum, 125250);
	CHECK_ERR(sem_trywait(&full), EAGAIN);
	limit = after_ms(CLOCK_REALTIME, 10);
	CHECK_ERR(sem_timedwait(&full, &limit), ETIMEDOUT);
	sem_destroy(&full);
	sem_destroy(&empty);
}

static const struct t_test tests[] = {
	T(mutexes_exclude),
	T(mutexes_time_out),
	T(checking_mutexes),
	T(robust_mutexes),
	T(shared_at_two_addresses),
	T(conditions),
	T(condition_time_limits),
	T(condition_is_cancelled),
	T(barriers),
	T(rwlocks),
	T(semaphores),
};

T_MAIN(tests)
