/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * futex(2) by the bare call: waiting, waking, requeueing, time limits, keys, errors; futex_waitv.
 * The operations with priority inheritance and robust lists are in futex_pi.c.
 */
#include "t_futex.h"

#include <sys/mman.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

static const struct timespec soon = {0, 20000000};

static void wait_compares(void)
{
	uint32_t word = 5;

	CHECK_ERR(futex(&word, FUTEX_WAIT, 4, NULL, NULL, 0), EAGAIN);
	CHECK_ERR(futex(&word, FUTEX_WAIT_PRIVATE, 4, NULL, NULL, 0), EAGAIN);
	CHECK_ERR(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 4, NULL, NULL, 1), EAGAIN);
	CHECK_ERR(futex(&word, FUTEX_WAIT, 4, &soon, NULL, 0), EAGAIN);
	CHECK_EQ(futex_wake(&word, INT_MAX), 0);
	CHECK_EQ(futex(&word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0), 0);
}

/* The operation ends by its time limit, and not before 20 ms are over. */
static void expect_timeout(int op, const struct timespec *limit)
{
	uint32_t word = 5;
	int64_t begin = now_ns();

	if (!CHECK_ERR(futex(&word, op, 5, limit, NULL, ~0u), ETIMEDOUT))
		t_fail(__FILE__, __LINE__, "operation %d", op);
	CHECK(now_ns() - begin >= 19000000);
	CHECK(now_ns() - begin < NS_PER_S);
}

static void time_limits(void)
{
	struct timespec limit;
	uint32_t word = 5;

	expect_timeout(FUTEX_WAIT, &soon);
	expect_timeout(FUTEX_WAIT_PRIVATE, &soon);
	limit = after_ms(CLOCK_MONOTONIC, 20);
	expect_timeout(FUTEX_WAIT_BITSET_PRIVATE, &limit);
	limit = after_ms(CLOCK_REALTIME, 20);
	expect_timeout(FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, &limit);
	limit = after_ms(CLOCK_REALTIME, 20);
	expect_timeout(FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, &limit);
	limit = after_ms(CLOCK_MONOTONIC, -20);
	CHECK_ERR(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, &limit, NULL, 1), ETIMEDOUT);
	limit = (struct timespec){0, 0};
	CHECK_ERR(futex(&word, FUTEX_WAIT_PRIVATE, 5, &limit, NULL, 0), ETIMEDOUT);
	limit = (struct timespec){0, NS_PER_S};
	CHECK_ERR(futex(&word, FUTEX_WAIT_PRIVATE, 5, &limit, NULL, 0), EINVAL);
	limit = (struct timespec){-1, 0};
	CHECK_ERR(futex(&word, FUTEX_WAIT_PRIVATE, 5, &limit, NULL, 0), EINVAL);
	CHECK_ERR(futex(&word, FUTEX_WAIT_PRIVATE, 5, (void *)8, NULL, 0), EFAULT);
}

static void longest_time_limit(void)
{
	const struct timespec forever = {INT64_MAX, NS_PER_S - 1};
	uint32_t word = 5;
	struct waiter w = {
		.word = &word, .op = FUTEX_WAIT_PRIVATE, .value = 5, .timeout = &forever};

	waiter_start(&w);
	CHECK_EQ(w.is_done, 0);
	CHECK_EQ(futex_wake(&word, 1), 1);
	WAITER_ENDS(&w, 0);
}

static void bad_operations(void)
{
	uint32_t word = 5;

	CHECK_ERR(futex(&word, 2 /* FUTEX_FD */, 0, NULL, NULL, 0), ENOSYS);
	CHECK_ERR(futex(&word, 14, 0, NULL, NULL, 0), ENOSYS);
	CHECK_ERR(futex(&word, 127, 0, NULL, NULL, 0), ENOSYS);
	CHECK_ERR(futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0), ENOSYS);
	CHECK_ERR(futex(&word, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0), ENOSYS);
	CHECK_ERR(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, NULL, NULL, 0), EINVAL);
	CHECK_ERR(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 5, NULL, NULL, 0), EINVAL);
	CHECK_ERR(futex(&word, FUTEX_REQUEUE, (uint32_t)-1, NULL, &word, 0), EINVAL);
	CHECK_ERR(futex(&word, FUTEX_REQUEUE, 0, (void *)-1L, &word, 0), EINVAL);
}

static void bad_addresses(void)
{
	char *page = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t word = 5;

	CHECK_ERR(futex((char *)&word + 1, FUTEX_WAIT, 5, NULL, NULL, 0), EINVAL);
	CHECK_ERR(futex((char *)&word + 2, FUTEX_WAKE, 5, NULL, NULL, 0), EINVAL);
	CHECK_ERR(futex(&word, FUTEX_REQUEUE, 1, NULL, (char *)&word + 2, 0), EINVAL);
	CHECK_ERR(futex(NULL, FUTEX_WAIT, 5, NULL, NULL, 0), EFAULT);
	CHECK_ERR(futex(NULL, FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0), EFAULT);
	CHECK_ERR(futex((void *)0x123456789000, FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0), EFAULT);
	CHECK_ERR(futex((void *)0xffff800000000000, FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0), EFAULT);
	CHECK_ERR(futex((void *)0xffff800000000000, FUTEX_WAKE_PRIVATE, 5, NULL, NULL, 0), EFAULT);
	CHECK_ERR(futex(NULL, FUTEX_WAKE, 5, NULL, NULL, 0), EFAULT);
	CHECK_EQ(futex((void *)0x123456789000, FUTEX_WAKE_PRIVATE, 5, NULL, NULL, 0), 0);
	CHECK_ERR(futex(page, FUTEX_WAIT_PRIVATE, 0, &soon, NULL, 0), ETIMEDOUT); /* untouched */
	CHECK_ERR(futex(&word, FUTEX_WAKE_OP, 1, count_of(1), page,
			FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 1)),
		  EFAULT); /* read-only */
	CHECK_OK(mprotect(page, PAGE, PROT_NONE));
	CHECK_ERR(futex(page, FUTEX_WAIT_PRIVATE, 0, &soon, NULL, 0), EFAULT);
	CHECK_OK(munmap(page, 2 * PAGE));
}

static void wakes_in_order(void)
{
	uint32_t word = 7;
	struct waiter w[4];

	waiters_done = 0;
	for (int i = 0; i < 4; i++) {
		w[i] = (struct waiter){.word = &word, .op = FUTEX_WAIT_PRIVATE, .value = 7};
		waiter_start(&w[i]);
	}
	CHECK_EQ(waiters_done, 0);
	CHECK_EQ(futex_wake(&word, 1), 1);
	WAITER_ENDS(&w[0], 0);
	CHECK_EQ(w[0].is_done, 1);
	CHECK_EQ(futex_wake(&word, 1), 1);
	WAITER_ENDS(&w[1], 0);
	CHECK_EQ(waiters_done, 2);
	CHECK_EQ(futex_wake(&word, INT_MAX), 2);
	WAITER_ENDS(&w[2], 0);
	WAITER_ENDS(&w[3], 0);
	CHECK_EQ(futex_wake(&word, INT_MAX), 0);
}

static void bitsets(void)
{
	uint32_t word = 7;
	struct waiter w[3];

	for (int i = 0; i < 3; i++) {
		w[i] = (struct waiter){.word = &word,
				       .op = FUTEX_WAIT_BITSET_PRIVATE,
				       .value = 7,
				       .bits = 1u << i};
		waiter_start(&w[i]);
	}
	CHECK_EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 8), 0);
	CHECK_EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 2 | 16), 1);
	WAITER_ENDS(&w[1], 0);
	CHECK_EQ(futex_wake(&word, INT_MAX), 2); /* plain: any bit */
	WAITER_ENDS(&w[0], 0);
	WAITER_ENDS(&w[2], 0);
}

static void requeue(void)
{
	uint32_t first = 7, second = 8;
	struct waiter w[4];

	for (int i = 0; i < 4; i++) {
		w[i] = (struct waiter){.word = &first, .op = FUTEX_WAIT_PRIVATE, .value = 7};
		waiter_start(&w[i]);
	}
	CHECK_ERR(futex(&first, FUTEX_CMP_REQUEUE_PRIVATE, 1, count_of(1), &second, 6), EAGAIN);
	CHECK_EQ(futex(&first, FUTEX_CMP_REQUEUE_PRIVATE, 1, count_of(1), &second, 7), 2);
	WAITER_ENDS(&w[0], 0);
	CHECK_EQ(futex_wake(&second, INT_MAX), 1);
	WAITER_ENDS(&w[1], 0);
	CHECK_EQ(futex(&first, FUTEX_REQUEUE_PRIVATE, 0, count_of(INT_MAX), &second, 0), 2);
	CHECK_EQ(futex_wake(&first, INT_MAX), 0);
	CHECK_EQ(futex_wake(&second, INT_MAX), 2);
	WAITER_ENDS(&w[2], 0);
	WAITER_ENDS(&w[3], 0);
}

static void requeued_waiter_times_out(void)
{
	const struct timespec limit = {0, 150000000};
	uint32_t first = 7, second = 8;
	struct waiter w = {.word = &first, .op = FUTEX_WAIT_PRIVATE, .value = 7, .timeout = &limit};

	waiter_start(&w);
	CHECK_EQ(futex(&first, FUTEX_REQUEUE_PRIVATE, 0, count_of(1), &second, 0), 1);
	WAITER_ENDS(&w, -ETIMEDOUT);
	CHECK_EQ(futex_wake(&second, INT_MAX), 0);
}

static void wake_op(void)
{
	static const struct {
		unsigned int op, argument, cmp, cmp_argument, before, after;
		bool is_true;
	} cases[] = {
		{FUTEX_OP_SET, 9, FUTEX_OP_CMP_EQ, 3, 3, 9, true},
		{FUTEX_OP_SET, 9, FUTEX_OP_CMP_EQ, 4, 3, 9, false},
		{FUTEX_OP_ADD, 2, FUTEX_OP_CMP_NE, 4, 3, 5, true},
		{FUTEX_OP_ADD, 0xfff, FUTEX_OP_CMP_NE, 3, 3, 2, false}, /* adds -1 */
		{FUTEX_OP_OR, 4, FUTEX_OP_CMP_LT, 4, 3, 7, true},
		{FUTEX_OP_OR, 4, FUTEX_OP_CMP_LT, 3, 3, 7, false},
		{FUTEX_OP_ANDN, 1, FUTEX_OP_CMP_LE, 3, 3, 2, true},
		{FUTEX_OP_ANDN, 1, FUTEX_OP_CMP_LE, 2, 3, 2, false},
		{FUTEX_OP_XOR, 6, FUTEX_OP_CMP_GT, 2, 3, 5, true},
		{FUTEX_OP_XOR, 6, FUTEX_OP_CMP_GT, 3, 3, 5, false},
		{FUTEX_OP_XOR, 6, FUTEX_OP_CMP_GE, 3, 3, 5, true},
		{FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 31, FUTEX_OP_CMP_GE, 0, 0x80000000, 0x80000000,
		 false}, /* compared as signed numbers */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t first = 7, second = cases[i].before;
		struct waiter w1 = {.word = &first, .op = FUTEX_WAIT_PRIVATE, .value = 7};
		struct waiter w2 = {.word = &second, .op = FUTEX_WAIT_PRIVATE, .value = second};
		uint32_t op = FUTEX_OP(cases[i].op, cases[i].argument, cases[i].cmp,
				       cases[i].cmp_argument);

		waiter_start(&w1);
		waiter_start(&w2);
		CHECK_EQ(futex(&first, FUTEX_WAKE_OP_PRIVATE, 1, count_of(1), &second, op),
			 cases[i].is_true ? 2 : 1);
		CHECK_EQ(second, cases[i].after);
		CHECK_EQ(futex_wake(&second, 1), !cases[i].is_true);
		WAITER_ENDS(&w1, 0);
		WAITER_ENDS(&w2, 0);
	}
}

static void wake_op_errors(void)
{
	uint32_t first = 7, second = 3;

	CHECK_ERR(futex(&first, FUTEX_WAKE_OP, 1, count_of(1), &second,
			FUTEX_OP(5u, 0, FUTEX_OP_CMP_EQ, 0)),
		  ENOSYS);
	CHECK_ERR(futex(&first, FUTEX_WAKE_OP, 1, count_of(1), &second,
			FUTEX_OP(FUTEX_OP_SET, 0, 6u, 0)),
		  ENOSYS);
	CHECK_ERR(futex(&first, FUTEX_WAKE_OP, 1, count_of(1), (char *)&second + 1, 0), EINVAL);
	CHECK_ERR(futex(&first, FUTEX_WAKE_OP, 1, count_of(1), (void *)8, 0), EFAULT);
}

static atomic_int handled;

static void on_signal(int signo)
{
	(void)signo;
	handled++;
}

static void handle(int flags)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

	handled = 0;
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
}

static void interrupted(void)
{
	const struct timespec limit = {30, 0};
	uint32_t word = 5;
	struct waiter w = {.word = &word, .op = FUTEX_WAIT_PRIVATE, .value = 5};

	handle(0);
	waiter_start(&w);
	pthread_kill(w.thread, SIGUSR1);
	WAITER_ENDS(&w, -EINTR);
	handle(SA_RESTART);
	waiter_start(&w);
	pthread_kill(w.thread, SIGUSR1);
	while (!handled)
		sched_yield();
	sleep_ms(10);
	CHECK_EQ(w.is_done, 0); /* waits again */
	CHECK_EQ(futex_wake(&word, 1), 1);
	WAITER_ENDS(&w, 0);
	w.timeout = &limit; /* with a time limit it is not begun again after a handler */
	waiter_start(&w);
	pthread_kill(w.thread, SIGUSR1);
	WAITER_ENDS(&w, -EINTR);
	signal(SIGUSR1, SIG_DFL);
}

/* One page of a file, mapped twice: shared futexes are the same, private ones are not. */
static void keys(void)
{
	int fd = t_make_file("shared", "", 0);
	uint32_t *one, *two;
	struct waiter w;

	CHECK_OK(ftruncate(fd, PAGE));
	one = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	two = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	w = (struct waiter){.word = one + 5, .op = FUTEX_WAIT};
	waiter_start(&w);
	CHECK_EQ(futex(two + 4, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(two + 5, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(two + 5, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	WAITER_ENDS(&w, 0);
	w.op = FUTEX_WAIT_PRIVATE;
	waiter_start(&w);
	CHECK_EQ(futex(two + 5, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(one + 5, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
	WAITER_ENDS(&w, 0);
	munmap(one, PAGE);
	munmap(two, PAGE);
	close(fd);
}

/* --- a lock and a game of ping-pong, as the futex man page has them ------------------------- */

static _Atomic uint32_t lock_word; /* 0 free, 1 held, 2 held and waited for */
static unsigned long guarded;

static void lock(void)
{
	uint32_t expected = 0;

	if (atomic_compare_exchange_strong(&lock_word, &expected, 1))
		return;
	while (atomic_exchange(&lock_word, 2) != 0)
		futex(&lock_word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
}

static void unlock(void)
{
	if (atomic_exchange(&lock_word, 0) == 2)
		futex_wake(&lock_word, 1);
}

static void *adds(void *argument)
{
	for (int i = 0; i < 2000; i++) {
		unsigned long read;

		lock();
		read = guarded;
		if (i % 50 == 0)
			sched_yield();
		guarded = read + 1;
		unlock();
	}
	return argument;
}

static void lock_excludes(void)
{
	pthread_t threads[8];

	guarded = 0;
	for (int i = 0; i < 8; i++)
		threads[i] = start(adds, NULL);
	for (int i = 0; i < 8; i++)
		join(threads[i]);
	CHECK_EQ(guarded, 16000);
	CHECK_EQ(lock_word, 0);
}

static _Atomic uint32_t turn;

static void play(uint32_t mine, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		while (turn != mine)
			futex(&turn, FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0);
		turn = !mine;
		futex_wake(&turn, 1);
	}
}

static void *plays(void *argument)
{
	play(1, 2000);
	return argument;
}

static void ping_pong(void)
{
	pthread_t other;

	turn = 0;
	other = start(plays, NULL);
	play(0, 2000);
	join(other);
	CHECK_EQ(turn, 0);
}

/* --- futex_waitv ---------------------------------------------------------------------------- */

struct wait_entry {
	uint64_t value, address;
	uint32_t flags, reserved;
};

enum { SIZE_U32 = 2, PRIVATE = 128 };

static struct wait_entry entries[129];
static uint32_t words[3] = {1, 2, 3};

static long waitv(unsigned int count, unsigned int flags, const struct timespec *limit, int clock)
{
	return syscall(SYS_futex_waitv, entries, count, flags, limit, clock);
}

static void fill_entries(void)
{
	for (int i = 0; i < 129; i++)
		entries[i] = (struct wait_entry){words[i % 3], (uintptr_t)&words[i % 3],
						 SIZE_U32 | PRIVATE, 0};
}

static atomic_int waitv_tid;

static void *waits_for_three(void *argument)
{
	waitv_tid = tid();
	*(long *)argument = waitv(3, 0, NULL, CLOCK_MONOTONIC);
	return NULL;
}

static void waitv_wakes(void)
{
	pthread_t thread;
	long result = -1;

	fill_entries();
	for (int i = 0; i < 3; i++) {
		waitv_tid = 0;
		thread = start(waits_for_three, &result);
		while (!waitv_tid)
			sched_yield();
		while (futex_wake(&words[i], 1) == 0)
			sched_yield();
		join(thread);
		CHECK_EQ(result, i);
		CHECK_EQ(futex_wake(&words[0], 1) + futex_wake(&words[1], 1), 0);
	}
}

static void waitv_errors(void)
{
	struct timespec limit = after_ms(CLOCK_MONOTONIC, 20), past = {1, 0};

	fill_entries();
	CHECK_ERR(waitv(3, 0, &limit, CLOCK_MONOTONIC), ETIMEDOUT);
	limit = after_ms(CLOCK_REALTIME, 20);
	CHECK_ERR(waitv(128, 0, &limit, CLOCK_REALTIME), ETIMEDOUT);
	CHECK_ERR(waitv(0, 0, NULL, 0), EINVAL);
	CHECK_ERR(waitv(129, 0, NULL, 0), EINVAL);
	CHECK_ERR(waitv(3, 1, NULL, 0), EINVAL);
	CHECK_ERR(waitv(3, 0, &past, CLOCK_PROCESS_CPUTIME_ID), EINVAL);
	entries[1].value++;
	CHECK_ERR(waitv(3, 0, NULL, 0), EAGAIN);
	entries[1] = entries[0];
	entries[1].reserved = 1;
	CHECK_ERR(waitv(3, 0, NULL, 0), EINVAL);
	entries[1] = entries[0];
	entries[1].flags = 1u << 31;
	CHECK_ERR(waitv(3, 0, NULL, 0), EINVAL);
	entries[1] = entries[0];
	entries[1].address = 2;
	CHECK_ERR(waitv(3, 0, NULL, 0), EINVAL);
	entries[1].address = 8;
	CHECK_ERR(waitv(3, 0, &past, CLOCK_MONOTONIC), EFAULT);
	CHECK_ERR(syscall(SYS_futex_waitv, 8, 3, 0, NULL, 0), EFAULT);
	CHECK_ERR(syscall(SYS_futex_waitv, NULL, 3, 0, NULL, 0), EINVAL);
}

static const struct t_test tests[] = {
	T(wait_compares),  T(time_limits),    T(longest_time_limit),
	T(bad_operations), T(bad_addresses),  T(wakes_in_order),
	T(bitsets),        T(requeue),        T(requeued_waiter_times_out),
	T(wake_op),        T(wake_op_errors), T(interrupted),
	T(keys),           T(lock_excludes),  T(ping_pong),
	T(waitv_wakes),    T(waitv_errors),
};

T_MAIN(tests)
