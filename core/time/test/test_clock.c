/* SPDX-License-Identifier: BSD-3-Clause */
/* The clocks on a counter that the test turns by hand, and the fixed-point arithmetic below them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <linux/time.h>
#include <string.h>
#include <uk/arch/cpu.h>
#include <uk/assert.h>
#include <uk/clock.h>
#include <uk/lock.h>
#include <uk/plat/time.h>
#include <uk/print.h>
#include <uk/signal.h>
#include <uk/task.h>
#include <uk/timerfd.h>
#include "../clock_internal.h"

#define SEC 1000000000UL

uint64_t fake_counter;
bool fake_irq_enabled = true;
static struct process process = {.pid = 7};
static struct task task = {.tid = 9, .process = &process};
struct task *current = &task;

void uk_assert_failed(const char *expr, const char *file, int line)
{
	fail_msg("assertion %s failed at %s:%d", expr, file, line);
	__builtin_trap();
}
struct task *task_find(int tid)
{
	return tid == task.tid ? &task : NULL;
}
struct process *process_find(int pid)
{
	return pid == process.pid ? &process : NULL;
}
uint64_t task_cpu_ns(const struct task *of)
{
	return clock_cpu_ns();
}
uint64_t process_cpu_ns(const struct process *of)
{
	return clock_cpu_ns();
}

static struct vdso_data page;
struct vdso_data *const clock_page = &page;

static struct ukplat_counter_freq machine = {.hz = SEC, .source = "test"};
static uint64_t wall_ns = 1700000000 * SEC;
static unsigned int calibrations;
static struct ktimer *armed;
static unsigned int jumps, cancels;

struct ktimer_queue ktimer_monotonic, ktimer_realtime;

/* What the clocks tell others when the wall clock is set. */
void ktimer_clock_jumped(struct ktimer_queue *queue)
{
	assert_ptr_equal(queue, &ktimer_realtime);
	jumps++;
}
void timerfd_clock_was_set(void)
{
	cancels++;
}
void ktimer_arm_on(struct ktimer *timer, struct ktimer_queue *queue, uint64_t deadline_ns)
{
}
bool ktimer_cancel(struct ktimer *timer)
{
	return false;
}
int signal_raise_kernel(struct process *to, int signo)
{
	return 0;
}

void ukplat_counter_calibration_begin(void)
{
}
void ukplat_counter_calibrate(uint64_t min_interval_ns, struct ukplat_counter_freq *freq)
{
	calibrations++;
	fake_counter += min_interval_ns; /* it waited */
	*freq = machine;
}
uint64_t ukplat_wallclock_ns(void)
{
	return wall_ns;
}
void ktimer_arm(struct ktimer *timer, uint64_t deadline_ns)
{
	timer->deadline_ns = deadline_ns;
	armed = timer;
}
void uk_printk(enum uk_loglevel level, const char *fmt, ...)
{
}
void uk_print_set_clock(uint64_t (*ns_of)(uint64_t counter))
{
}

static void test_fixed_point(void **state)
{
	(void)state;
	for (uint64_t ns = 0; ns < 3 * SEC; ns += 104729)
		assert_int_equal(clock_fixed_to_ns(clock_fixed_of_ns(ns)), ns);
	for (uint32_t ns = 0; ns < 100; ns++) {
		assert_int_equal(clock_fixed_nsec(clock_fixed_of(5, ns)), ns);
		assert_int_equal(clock_fixed_nsec(clock_fixed_of(5, 999999999 - ns)),
				 999999999 - ns);
		/* The least that still is this nanosecond, to within one part. */
		if (ns)
			assert_int_equal(clock_fixed_nsec(clock_fixed_of(0, ns) - 4), ns - 1);
	}
	assert_int_equal(clock_fixed_to_ns(clock_fixed_of_ns(UINT64_MAX / 2)), UINT64_MAX / 2);
}

static void test_rate(void **state)
{
	static const uint64_t hz[] = {2,   3,          1000000,   999999999,
				      SEC, 2596128043, 1UL << 31, 1UL << 33};

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		unsigned __int128 whole = (unsigned __int128)1 << 64;
		uint64_t want = (uint64_t)((whole + hz[i] / 2) / hz[i]);

		assert_int_equal(clock_rate_of_hz(hz[i]), want);
	}
	/* A year of counting at 10^9: less than a millisecond off. */
	assert_true(clock_fixed_to_ns((uint128_t)(86400 * 365 * SEC) * clock_rate_of_hz(SEC)) -
			    86400 * 365 * SEC + SEC / 1000 <
		    2 * SEC / 1000);
}

static void test_reanchor(void **state)
{
	uint64_t rate = clock_rate_of_hz(SEC), better = clock_rate_of_hz(SEC + 12345);
	uint128_t offset = -((uint128_t)77777 * rate), moved;

	(void)state;
	for (uint64_t at = 0; at < UINT64_MAX / 3; at = at * 3 + 1000) {
		moved = clock_reanchor(offset, rate, better, at);
		assert_true((uint128_t)at * rate + offset == (uint128_t)at * better + moved);
	}
}

/* The tests below share the one clock of clock.c and run in this order. */
static void test_before_the_first_read(void **state)
{
	(void)state;
	fake_counter = 5000;
	clock_init();
	for (unsigned int id = 0; id < VDSO_CLOCKS; id++)
		assert_int_not_equal(page.clocks[id].seq_after, page.clocks[id].seq_before);
	fake_counter += 1000;
	assert_int_equal(clock_realtime_coarse_ns(), wall_ns);
	assert_int_equal(calibrations, 0);
	wall_ns += 12345; /* read once only */
	fake_counter += 1000;
	assert_int_equal(clock_realtime_coarse_ns(), wall_ns - 12345);
}

static void test_first_read(void **state)
{
	(void)state;
	assert_true(clock_monotonic_ns() - 2002000 <= 1); /* 2000 counts, and 2 ms of calibration */
	assert_int_equal(calibrations, 1);
	assert_true(fake_irq_enabled);
	assert_non_null(armed);
	assert_true(armed->deadline_ns - 102001999 <= 1);
	fake_counter += SEC;
	assert_true(clock_monotonic_ns() - 1002001999 <= 1);
	/* The wall clock was read 1000 counts after boot. */
	assert_true(clock_realtime_ns() - (1700000000 * SEC + 1002001000 - 1) <= 1);
	assert_int_equal(clock_realtime_coarse_ns(), clock_realtime_ns());
	assert_int_equal(clock_counter_to_ns(4000), 0);
	assert_true(clock_counter_to_ns(5000 + 777000) - 776999 <= 1);
	assert_int_equal(page.clocks[CLOCK_PROCESS_CPUTIME_ID].rate, 0);
	assert_int_equal(page.clocks[10].rate, 0);
}

static void test_refinement_does_not_jump(void **state)
{
	uint64_t before = clock_monotonic_ns(), real = clock_realtime_ns();
	uint64_t cpu = clock_cpu_ns(), half = clock_counts_to_ns(SEC / 2);
	uint64_t stamp = clock_counter_to_ns(fake_counter - SEC / 2);
	uint32_t seq = page.clocks[CLOCK_MONOTONIC].seq_after;

	(void)state;
	machine.hz = SEC / 1000 * 1001;
	armed->expired(armed);
	/* What was told about the past, and of CPU time that was used in it, stays. */
	assert_int_equal(clock_cpu_ns(), cpu);
	assert_int_equal(clock_counts_to_ns(SEC / 2), half);
	assert_int_equal(clock_counter_to_ns(fake_counter - SEC / 2), stamp);
	assert_int_equal(clock_counter_to_ns(fake_counter), before);
	assert_int_equal(clock_monotonic_ns(), before);
	assert_int_equal(clock_realtime_ns(), real);
	assert_int_equal(page.clocks[CLOCK_MONOTONIC].seq_after, seq + 1);
	assert_true(armed->deadline_ns - (before + SEC) <= 1);
	fake_counter += machine.hz;
	assert_true(clock_monotonic_ns() - before - SEC + 1 <= 2);
	assert_true(clock_cpu_ns() - cpu - SEC + 1 <= 2);
	machine.is_exact = true;
	armed->deadline_ns = 0;
	armed->expired(armed);
	assert_int_equal(armed->deadline_ns, 0); /* not again */
	assert_int_equal(page.clocks[CLOCK_MONOTONIC].seq_after, seq + 1);
}

static void test_set(void **state)
{
	struct __kernel_timespec ts = {.tv_sec = 1234567890, .tv_nsec = 987654321}, now;
	uint64_t monotonic = clock_monotonic_ns();

	(void)state;
	assert_int_equal(clock_set(CLOCK_REALTIME, &ts), 0);
	assert_int_equal(clock_get(CLOCK_REALTIME, &now), 0);
	assert_int_equal(now.tv_sec, ts.tv_sec);
	assert_int_equal(now.tv_nsec, ts.tv_nsec);
	assert_int_equal(clock_get(CLOCK_TAI, &now), 0);
	assert_int_equal(now.tv_sec, ts.tv_sec);
	assert_int_equal(clock_monotonic_ns(), monotonic);
	assert_int_equal(jumps, 1);
	assert_int_equal(cancels, 1);
	ts.tv_nsec = SEC;
	assert_int_equal(clock_set(CLOCK_REALTIME, &ts), -EINVAL);
	ts = (struct __kernel_timespec){.tv_sec = -1};
	assert_int_equal(clock_set(CLOCK_REALTIME, &ts), -EINVAL);
	ts.tv_sec = INT64_MAX;
	assert_int_equal(clock_set(CLOCK_REALTIME, &ts), -EINVAL);
	ts.tv_sec = 9000000000;
	assert_int_equal(clock_set(CLOCK_REALTIME, &ts), -EINVAL);
	ts.tv_sec = 0; /* before the monotonic clock */
	assert_int_equal(clock_set(CLOCK_REALTIME, &ts), -EINVAL);
	ts.tv_sec = 100000;
	assert_int_equal(clock_set(CLOCK_MONOTONIC, &ts), -EINVAL);
	assert_int_equal(clock_set(CLOCK_PROCESS_CPUTIME_ID, &ts), -EINVAL);
	assert_int_equal(clock_set(~7 * 8 | 2, &ts), -EPERM);
	assert_int_equal(clock_set(~8 * 8 | 2, &ts), -EINVAL);
	assert_int_equal(clock_set(99, &ts), -EINVAL);
	assert_int_equal(jumps, 1); /* nothing happened */
}

static void test_ids(void **state)
{
	static const int32_t good[] = {0, 1, 2,  3,          4,          5,          6,         7,
				       8, 9, 11, ~0 * 8 | 2, ~0 * 8 | 6, ~7 * 8 | 2, ~9 * 8 | 6};
	static const int32_t bad[] = {10,         12,         16,         INT32_MAX, INT32_MIN,
				      ~7 * 8 | 3, ~8 * 8 | 2, ~7 * 8 | 6, ~9 * 8 | 2};
	struct __kernel_timespec ts;

	(void)state;
	for (unsigned int i = 0; i < 15; i++) {
		ts.tv_nsec = -1;
		assert_int_equal(clock_get(good[i], &ts), 0);
		assert_true(ts.tv_nsec >= 0 && ts.tv_nsec < (long)SEC);
		assert_int_equal(clock_resolution(good[i], &ts), 0);
		assert_int_equal(ts.tv_nsec, 1);
	}
	for (unsigned int i = 0; i < 9; i++) {
		assert_int_equal(clock_get(bad[i], &ts), -EINVAL);
		assert_int_equal(clock_resolution(bad[i], &ts), -EINVAL);
	}
}

static void test_timers(void **state)
{
	(void)state;
	assert_ptr_equal(clock_timers(CLOCK_MONOTONIC), &ktimer_monotonic);
	assert_ptr_equal(clock_timers(CLOCK_BOOTTIME_ALARM), &ktimer_monotonic);
	assert_ptr_equal(clock_timers(CLOCK_REALTIME), &ktimer_realtime);
	assert_ptr_equal(clock_timers(CLOCK_TAI), &ktimer_realtime);
	assert_ptr_equal(clock_timers(CLOCK_PROCESS_CPUTIME_ID), &process.cpu_timers);
	assert_ptr_equal(clock_timers(CLOCK_THREAD_CPUTIME_ID), &task.cpu_timers);
	assert_ptr_equal(clock_timers(~9 * 8 | 6), &task.cpu_timers);
	assert_int_equal(PTR_ERR(clock_timers(CLOCK_MONOTONIC_RAW)), -EOPNOTSUPP);
	assert_int_equal(PTR_ERR(clock_timers(CLOCK_REALTIME_COARSE)), -EOPNOTSUPP);
	assert_int_equal(PTR_ERR(clock_timers(10)), -EINVAL);
	assert_int_equal(PTR_ERR(clock_timers(~8 * 8 | 2)), -EINVAL);
	assert_ptr_equal(clock_relative(&ktimer_realtime), &ktimer_monotonic);
	assert_ptr_equal(clock_relative(&task.cpu_timers), &task.cpu_timers);
	assert_true(process.cpu_timers.now_ns(&process.cpu_timers) > 0);
}

static void test_cpu_time(void **state)
{
	uint64_t cpu = clock_cpu_ns(), monotonic = clock_monotonic_ns();

	(void)state;
	clock_idle_begin();
	fake_counter += 500 * machine.hz;
	clock_idle_end();
	assert_int_equal(clock_cpu_ns(), cpu);
	fake_counter += machine.hz;
	assert_true(clock_cpu_ns() - cpu - SEC + 1 <= 2);
	assert_true(clock_monotonic_ns() - monotonic - 501 * SEC + 1 <= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed_point), cmocka_unit_test(test_rate),
		cmocka_unit_test(test_reanchor),    cmocka_unit_test(test_before_the_first_read),
		cmocka_unit_test(test_first_read),  cmocka_unit_test(test_refinement_does_not_jump),
		cmocka_unit_test(test_set),         cmocka_unit_test(test_ids),
		cmocka_unit_test(test_timers),      cmocka_unit_test(test_cpu_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
