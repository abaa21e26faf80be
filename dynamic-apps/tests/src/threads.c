/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of threads: start, end, ids, thread-local storage, cancellation. How they share a CPU is
 * in thread_cpu.c, what they wait on in thread_sync.c, signals in thread_signals.c, the end of the
 * whole process in thread_ends.c.
 */
#include "t_threads.h"

/* --- start and end -------------------------------------------------------------------------- */

static void *plus_one(void *argument)
{
	return (char *)argument + 1;
}

static void *ends_by_exit(void *argument)
{
	pthread_exit((char *)argument + 2);
}

static void create_and_join(void)
{
	static char base[4];

	CHECK(join(start(plus_one, base)) == base + 1);
	CHECK(join(start(ends_by_exit, base)) == base + 2);
	for (int i = 0; i < 500; i++)
		if (join(start(plus_one, base)) != base + 1)
			t_fail(__FILE__, __LINE__, "thread %d gives another value", i);
}

static atomic_int detached_left;

static void *counts_down(void *argument)
{
	(void)argument;
	atomic_fetch_sub(&detached_left, 1);
	return NULL;
}

static void detached(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	detached_left = 40;
	CHECK_EQ(pthread_attr_init(&attr), 0);
	CHECK_EQ(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED), 0);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(pthread_create(&thread, &attr, counts_down, NULL), 0);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(pthread_detach(start(counts_down, NULL)), 0);
	while (detached_left)
		sched_yield();
	pthread_attr_destroy(&attr);
}

static pthread_barrier_t barrier;

static void *waits_at_barrier(void *argument)
{
	(void)argument;
	pthread_barrier_wait(&barrier);
	return NULL;
}

/* All there at once, each with a stack of its own. */
static void many_at_once(void)
{
	enum { COUNT = 1000 };
	static pthread_t threads[COUNT];
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	CHECK_EQ(pthread_attr_setstacksize(&attr, 64 * 1024), 0);
	pthread_barrier_init(&barrier, NULL, COUNT + 1);
	for (int i = 0; i < COUNT; i++)
		if (!CHECK_EQ(pthread_create(&threads[i], &attr, waits_at_barrier, NULL), 0))
			exit(1);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < COUNT; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&barrier);
	pthread_attr_destroy(&attr);
}

static void *starts_another(void *argument)
{
	uintptr_t level = (uintptr_t)argument;

	return level ? join(start(starts_another, (void *)(level - 1))) : (void *)4711;
}

static void threads_start_threads(void)
{
	CHECK_EQ((uintptr_t)join(start(starts_another, (void *)20)), 4711);
}

static void *stack_address(void *argument)
{
	char here;
	void *address = &here;

	(void)argument;
	asm("" : "+r"(address)); /* what gcc does not know it does not mind */
	return address;
}

static void given_stack(void)
{
	static char stack[64 * 1024] __attribute__((aligned(4096)));
	pthread_attr_t attr;
	pthread_t thread;
	char *used;

	pthread_attr_init(&attr);
	CHECK_EQ(pthread_attr_setstack(&attr, stack, sizeof(stack)), 0);
	CHECK_EQ(pthread_create(&thread, &attr, stack_address, NULL), 0);
	used = join(thread);
	CHECK(used > stack && used < stack + sizeof(stack));
	pthread_attr_destroy(&attr);
}

static void *joins(void *argument)
{
	return join(*(pthread_t *)argument);
}

static void *sleeps_a_little(void *argument)
{
	sleep_ms(30);
	return argument;
}

static void timed_join(void)
{
	pthread_t sleeper = start(sleeps_a_little, (void *)5), other;
	struct timespec past = {1, 0};
	void *result = NULL;

	CHECK_EQ(pthread_timedjoin_np(sleeper, &result, &past), ETIMEDOUT);
	CHECK_EQ(pthread_tryjoin_np(sleeper, &result), EBUSY);
	other = start(joins, &sleeper); /* not by who started it */
	CHECK_EQ((uintptr_t)join(other), 5);
}

/* --- ids, errno and thread-local storage ---------------------------------------------------- */

struct ids {
	pid_t pid, ppid, tid;
	pthread_t self;
};

static void *tells_ids(void *argument)
{
	*(struct ids *)argument = (struct ids){getpid(), getppid(), tid(), pthread_self()};
	return NULL;
}

static void ids(void)
{
	struct ids first, second;
	pthread_t threads[2] = {start(tells_ids, &first), start(tells_ids, &second)};

	join(threads[0]);
	join(threads[1]);
	CHECK_EQ(tid(), getpid());
	CHECK_EQ(first.pid, getpid());
	CHECK_EQ(second.pid, getpid());
	CHECK_EQ(first.ppid, getppid());
	CHECK(first.tid != getpid() && second.tid != getpid() && first.tid != second.tid);
	CHECK(first.tid > 0 && second.tid > 0);
	CHECK(pthread_equal(first.self, threads[0]));
	/* joined is gone: the kernel clears the id only when the thread can do nothing more */
	for (int i = 0; i < 1000 && syscall(SYS_tgkill, getpid(), first.tid, 0) == 0; i++)
		sleep_ms(1);
	CHECK_ERR(syscall(SYS_tgkill, getpid(), first.tid, 0), ESRCH);
	CHECK_ERR(syscall(SYS_tgkill, getpid() + 1, tid(), 0), ESRCH);
}

static void *keeps_errno(void *argument)
{
	int mine = (int)(uintptr_t)argument;

	for (int i = 0; i < 200; i++) {
		errno = mine;
		sched_yield();
		if (errno != mine)
			return (void *)1;
	}
	return NULL;
}

static void errno_is_its_own(void)
{
	pthread_t threads[4];

	for (uintptr_t i = 0; i < 4; i++)
		threads[i] = start(keeps_errno, (void *)(1000 + i));
	CHECK(keeps_errno((void *)2000) == NULL);
	for (int i = 0; i < 4; i++)
		CHECK(join(threads[i]) == NULL);
}

static __thread int initialized = 42;
static __thread char zeroed[3000];
static pthread_key_t key;
static atomic_int destroyed;

static void on_destroy(void *value)
{
	atomic_fetch_add(&destroyed, (int)(uintptr_t)value);
}

static void *uses_tls(void *argument)
{
	if (initialized != 42 || zeroed[0] || zeroed[sizeof(zeroed) - 1])
		return (void *)1;
	initialized = (int)(uintptr_t)argument;
	memset(zeroed, initialized, sizeof(zeroed));
	pthread_setspecific(key, argument);
	for (int i = 0; i < 50; i++) {
		sched_yield();
		if (initialized != (int)(uintptr_t)argument || zeroed[77] != (char)initialized)
			return (void *)2;
	}
	return pthread_getspecific(key) == argument ? NULL : (void *)3;
}

static void thread_local_storage(void)
{
	pthread_t threads[5];

	destroyed = 0;
	CHECK_EQ(pthread_key_create(&key, on_destroy), 0);
	for (uintptr_t i = 0; i < 5; i++)
		threads[i] = start(uses_tls, (void *)(i + 1));
	for (int i = 0; i < 5; i++)
		CHECK_EQ((uintptr_t)join(threads[i]), 0);
	CHECK_EQ(initialized, 42);
	CHECK_EQ(destroyed, 15);
	pthread_key_delete(key);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int once_runs;

static void runs_once(void)
{
	sleep_ms(5);
	once_runs++;
}

static void *calls_once(void *argument)
{
	pthread_once(&once, runs_once);
	return (void *)(uintptr_t)(once_runs != 1 || argument);
}

static void once_only(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		threads[i] = start(calls_once, NULL);
	for (int i = 0; i < 4; i++)
		CHECK(join(threads[i]) == NULL);
}

/* --- cancellation --------------------------------------------------------------------------- */

static int cancel_pipe[2];
static atomic_int cleaned, is_spinning;

static void on_cancel(void *argument)
{
	cleaned = (int)(uintptr_t)argument;
}

static void *reads_forever(void *argument)
{
	char c;

	pthread_cleanup_push(on_cancel, argument);
	while (read(cancel_pipe[0], &c, 1) < 0)
		;
	pthread_cleanup_pop(0);
	return NULL;
}

static void *spins_forever(void *argument)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	is_spinning = 1;
	for (;;)
		;
	return argument;
}

static void *is_not_cancelled(void *argument)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	is_spinning = 1;
	sleep_ms(20);
	return argument;
}

static void cancellation(void)
{
	pthread_t thread;

	CHECK_OK(pipe(cancel_pipe));
	thread = start(reads_forever, (void *)8);
	sleep_ms(10);
	CHECK_EQ(pthread_cancel(thread), 0);
	CHECK(join(thread) == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 8);
	is_spinning = 0;
	thread = start(spins_forever, NULL);
	while (!is_spinning)
		sched_yield();
	CHECK_EQ(pthread_cancel(thread), 0);
	CHECK(join(thread) == PTHREAD_CANCELED);
	is_spinning = 0;
	thread = start(is_not_cancelled, (void *)6);
	while (!is_spinning)
		sched_yield();
	CHECK_EQ(pthread_cancel(thread), 0);
	CHECK_EQ((uintptr_t)join(thread), 6);
	close(cancel_pipe[0]);
	close(cancel_pipe[1]);
}

static const struct t_test tests[] = {
	T(create_and_join),      T(detached),   T(many_at_once), T(threads_start_threads),
	T(given_stack),          T(timed_join), T(ids),          T(errno_is_its_own),
	T(thread_local_storage), T(once_only),  T(cancellation),
};

T_MAIN(tests)
