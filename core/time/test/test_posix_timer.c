/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers that send signals and the arithmetic below them, on a clock that the test turns by hand.
 * Signals go to a box that holds one entry and may be closed (blocked) or bottomless (ignored).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <limits.h>
#include <linux/errno.h>
#include <linux/time.h>
#include <string.h>
#include <uk/arch/cpu.h>
#include <uk/cpu_time.h>
#include <uk/heap.h>
#include <uk/plat/irq.h>
#include <uk/posix_timer.h>
#include <uk/signal.h>
#include "../interval.h"

#define SEC 1000000000UL
#define MS  1000000UL

uint64_t fake_counter = 10 * SEC;
bool fake_irq_enabled = true;
static uint64_t wall_offset_ns = 1700000000 * SEC, cpu_ns;
static struct process process = {.pid = 7};
static struct task task = {.tid = 9, .process = &process};
struct task *current = &task;

static void (*interrupt)(void);
static uint64_t hardware_ns = UINT64_MAX;

static struct sigqueue *box; /* the pending entry */
static bool is_ignored;      /* signals are thrown away */
static unsigned int sent, reserved, thrown_away;
static unsigned int limit = 100;
static int raised[100];

/* <stdlib.h> does not go together with the kernel's own types. */
void *calloc(size_t count, size_t size);
void *realloc(void *ptr, size_t size);
void free(void *ptr);

static unsigned int allocations_left = UINT_MAX;

static bool has_memory(void)
{
	return allocations_left && allocations_left--;
}
void *uk_zalloc(size_t size)
{
	return has_memory() ? calloc(1, size) : NULL;
}
void *uk_realloc(void *ptr, size_t size)
{
	return has_memory() ? realloc(ptr, size) : NULL;
}
void uk_free(void *ptr)
{
	free(ptr);
}
uint64_t clock_monotonic_ns(void)
{
	return fake_counter;
}
uint64_t clock_realtime_ns(void)
{
	return fake_counter + wall_offset_ns;
}
uint64_t task_cpu_ns(const struct task *of)
{
	return cpu_ns;
}
uint64_t process_cpu_ns(const struct process *of)
{
	return cpu_ns;
}
struct task *task_find(int tid)
{
	return tid == task.tid ? &task : NULL;
}
void sched_follow_switches(void)
{
}
void ukplat_timer_init(void (*expired)(void))
{
	interrupt = expired;
}
void ukplat_timer_arm(uint64_t delay_ns)
{
	if (uk_add_overflow(fake_counter, delay_ns, &hardware_ns))
		hardware_ns = UINT64_MAX;
}
int signal_raise_kernel(struct process *to, int signo)
{
	assert_ptr_equal(to, &process);
	raised[signo]++;
	return 0;
}
bool signal_send_entry(struct process *to, struct task *thread, struct sigqueue *entry)
{
	assert_ptr_equal(to, &process);
	assert_true(!thread || thread == &task);
	if (is_ignored) {
		thrown_away++;
		return false;
	}
	sent += !entry->pending;
	entry->pending = (struct sigpending *)1;
	box = entry;
	return true;
}
void signal_unqueue_entry(struct sigqueue *entry)
{
	entry->pending = NULL;
	if (box == entry)
		box = NULL;
}
int signal_reserve(struct process *to)
{
	if (reserved == limit)
		return -EAGAIN;
	reserved++;
	return 0;
}
void signal_unreserve(struct process *to)
{
	reserved--;
}

/* Time passes; the hardware fires when it is due. */
static void run(uint64_t ns)
{
	uint64_t until = fake_counter + ns;

	while (hardware_ns <= until) {
		cpu_ns += hardware_ns - UK_MIN(hardware_ns, fake_counter);
		fake_counter = UK_MAX(hardware_ns, fake_counter);
		hardware_ns = UINT64_MAX;
		fake_irq_enabled = false;
		interrupt();
		fake_irq_enabled = true;
	}
	cpu_ns += until - fake_counter;
	fake_counter = until;
}

/* The program takes what is pending; false when nothing is. */
static bool deliver(struct uk_siginfo *info)
{
	struct sigqueue *entry = box;

	memset(info, 0, sizeof(*info));
	if (!entry)
		return false;
	*info = entry->info;
	box = NULL;
	entry->pending = NULL;
	entry->taken(entry, info);
	return true;
}

static int setup(void **state)
{
	(void)state;
	box = NULL;
	is_ignored = false;
	sent = thrown_away = 0;
	memset(raised, 0, sizeof(raised));
	process.rlimits[RLIMIT_CPU] = (struct rlimit64){UINT64_MAX, UINT64_MAX};
	task.is_on_cpu = true;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	posix_timers_exit(&process);
	assert_int_equal(reserved, 0);
	assert_null(box);
	assert_true(fake_irq_enabled);
	return 0;
}

static int new_timer(struct ktimer_queue *clock, int signo)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signo};
	int id = -1;

	event.sigev_value.sival_int = 4711;
	assert_int_equal(posix_timer_create(clock, &event, &id), 0);
	return id;
}

static void set(int id, int flags, uint64_t value_ns, uint64_t interval_ns)
{
	struct timer_setting setting = {value_ns, interval_ns};

	assert_int_equal(posix_timer_set(id, flags, &setting, NULL), 0);
}

static uint64_t left(int id)
{
	struct timer_setting setting;

	assert_int_equal(posix_timer_get(id, &setting), 0);
	return setting.value_ns;
}

/* --- arithmetic ------------------------------------------------------------------------------- */

static void test_forward(void **state)
{
	static const struct {
		uint64_t expiry, now, interval, periods, next;
	} rows[] = {
		{10, 9, 5, 0, 10}, /* not due */
		{10, 10, 5, 1, 15},
		{10, 14, 5, 1, 15},
		{10, 15, 5, 2, 20},
		{1, 1000000, 1, 1000000, 1000001},
		{1, TIME_MAX_NS - 1, 1, TIME_MAX_NS - 1, TIME_MAX_NS},
		{1, TIME_MAX_NS, 1, TIME_MAX_NS, TIME_MAX_NS}, /* the end of time */
		{5, 10, TIME_MAX_NS, 1, TIME_MAX_NS},
		{TIME_MAX_NS, TIME_MAX_NS, TIME_MAX_NS, 1, TIME_MAX_NS},
		{1, TIME_MAX_NS, TIME_MAX_NS - 1, 2, TIME_MAX_NS},
		{0, 3 * SEC, SEC, 4, 4 * SEC},
	};

	(void)state;
	for (size_t i = 0; i < UK_ARRAY_SIZE(rows); i++) {
		uint64_t expiry = rows[i].expiry;

		assert_int_equal(interval_forward(&expiry, rows[i].now, rows[i].interval),
				 rows[i].periods);
		assert_int_equal(expiry, rows[i].next);
	}
}

static void test_add(void **state)
{
	(void)state;
	assert_int_equal(time_add(1, 2), 3);
	assert_int_equal(time_add(TIME_MAX_NS, 0), TIME_MAX_NS);
	assert_int_equal(time_add(TIME_MAX_NS, 1), TIME_MAX_NS);
	assert_int_equal(time_add(TIME_MAX_NS, TIME_MAX_NS), TIME_MAX_NS);
}

/* --- timer_create ----------------------------------------------------------------------------- */

static void test_one_shot(void **state)
{
	int id = new_timer(&ktimer_monotonic, SIGUSR1);
	struct uk_siginfo info;

	(void)state;
	assert_int_equal(left(id), 0);
	set(id, 0, 100, 0);
	assert_int_equal(left(id), 100);
	run(99);
	assert_int_equal(sent, 0);
	assert_int_equal(left(id), 1);
	run(1);
	assert_int_equal(sent, 1);
	assert_int_equal(left(id), 0);
	assert_true(deliver(&info));
	assert_int_equal(info.si_signo, SIGUSR1);
	assert_int_equal(info.si_code, SI_TIMER);
	assert_int_equal(info.si_tid, id);
	assert_int_equal(info.si_int, 4711);
	assert_int_equal(info.si_overrun, 0);
	run(SEC);
	assert_int_equal(sent, 1);
}

static void test_overrun(void **state)
{
	int id = new_timer(&ktimer_monotonic, SIGUSR1);
	struct uk_siginfo info;

	(void)state;
	set(id, 0, 10, 10);
	run(105); /* ten expirations, one signal */
	assert_int_equal(sent, 1);
	assert_int_equal(posix_timer_overrun(id), 0);
	assert_int_equal(left(id), 5);
	run(20);
	assert_true(deliver(&info));
	assert_int_equal(info.si_overrun, 11);
	assert_int_equal(posix_timer_overrun(id), 11);
	assert_int_equal(left(id), 5);
	run(5);
	assert_int_equal(sent, 2);
	assert_true(deliver(&info));
	assert_int_equal(info.si_overrun, 0);
}

static void test_overrun_is_limited(void **state)
{
	int id = new_timer(&ktimer_realtime, SIGUSR1);
	struct uk_siginfo info;

	(void)state;
	set(id, TIMER_ABSTIME, 1, 1);
	run(0);
	assert_true(deliver(&info));
	assert_int_equal(info.si_overrun, INT_MAX);
	assert_int_equal(posix_timer_overrun(id), INT_MAX);
}

static void test_absurd(void **state)
{
	int id = new_timer(&ktimer_monotonic, SIGUSR1);
	struct uk_siginfo info;

	(void)state;
	set(id, 0, TIME_MAX_NS, TIME_MAX_NS);
	assert_int_equal(left(id), TIME_MAX_NS - fake_counter);
	set(id, TIMER_ABSTIME, UINT64_MAX, UINT64_MAX);
	assert_int_equal(left(id), TIME_MAX_NS - fake_counter);
	set(id, 0, 1, TIME_MAX_NS);
	run(1);
	assert_true(deliver(&info));
	assert_int_equal(info.si_overrun, 0);
	assert_int_equal(left(id), TIME_MAX_NS - fake_counter);
}

/* Set again, it drops the signal of its old setting. */
static void test_set_again(void **state)
{
	struct timer_setting setting = {50, 0}, old;
	int id = new_timer(&ktimer_monotonic, SIGUSR1);
	struct uk_siginfo info;

	(void)state;
	set(id, 0, 10, 7);
	run(10);
	assert_non_null(box);
	assert_int_equal(posix_timer_set(id, 0, &setting, &old), 0);
	assert_int_equal(old.value_ns, 7);
	assert_int_equal(old.interval_ns, 7);
	assert_false(deliver(&info));
	run(49);
	assert_false(deliver(&info));
	run(1);
	assert_true(deliver(&info));
	assert_int_equal(info.si_overrun, 0);
}

static void test_ignored(void **state)
{
	int id = new_timer(&ktimer_monotonic, SIGUSR1);
	struct uk_siginfo info;

	(void)state;
	is_ignored = true;
	set(id, 0, 1, 1);
	run(100 * MS); /* not a hundred million times */
	assert_in_range(thrown_away, 5, 11);
	is_ignored = false;
	run(11 * MS);
	assert_true(deliver(&info));
	set(id, 0, 20 * MS, 20 * MS);
	is_ignored = true;
	thrown_away = 0;
	run(100 * MS);
	assert_int_equal(thrown_away, 5);
	set(id, 0, 1, 0);
	run(SEC);
	assert_int_equal(thrown_away, 6);
}

static void test_only_asked(void **state)
{
	struct sigevent event = {.sigev_notify = SIGEV_NONE};
	int id;

	(void)state;
	assert_int_equal(posix_timer_create(&ktimer_monotonic, &event, &id), 0);
	set(id, 0, 100, 30);
	run(110);
	assert_int_equal(left(id), 20);
	set(id, 0, 100, 0);
	run(99);
	assert_int_equal(left(id), 1);
	run(1);
	assert_int_equal(left(id), 0);
	assert_int_equal(sent, 0);
}

/* A relative time is not moved by setting the clock, an absolute one is. */
static void test_wall_clock(void **state)
{
	int absolute = new_timer(&ktimer_realtime, SIGUSR1);
	int relative = new_timer(&ktimer_realtime, SIGUSR2);

	(void)state;
	set(absolute, TIMER_ABSTIME, clock_realtime_ns() + 1000, 0);
	set(relative, 0, 1000, 0);
	wall_offset_ns += 600;
	ktimer_clock_jumped(&ktimer_realtime);
	assert_int_equal(left(absolute), 400);
	assert_int_equal(left(relative), 1000);
	run(400);
	assert_int_equal(sent, 1);
	run(600);
	assert_int_equal(sent, 2);
}

static void test_events(void **state)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
	struct uk_siginfo info;
	int id = 77;

	(void)state;
	event._sigev_un._tid = 9;
	assert_int_equal(posix_timer_create(&ktimer_monotonic, &event, &id), 0);
	set(id, 0, 1, 1);
	run(1);
	assert_true(deliver(&info));
	task.tid = 0; /* the thread is gone: so is the timer */
	run(100);
	assert_int_equal(sent, 1);
	assert_int_equal(posix_timer_create(&ktimer_monotonic, &event, &id), -EINVAL);
	task.tid = 9;
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = 0;
	assert_int_equal(posix_timer_create(&ktimer_monotonic, &event, &id), -EINVAL);
	event.sigev_signo = UK_NSIG + 1;
	assert_int_equal(posix_timer_create(&ktimer_monotonic, &event, &id), -EINVAL);
	event.sigev_signo = UK_NSIG;
	event.sigev_notify = 3;
	assert_int_equal(posix_timer_create(&ktimer_monotonic, &event, &id), -EINVAL);
	assert_int_equal(posix_timer_create(&ktimer_monotonic, NULL, &id), 0);
	set(id, 0, 1, 0);
	run(1);
	assert_true(deliver(&info));
	assert_int_equal(info.si_signo, SIGALRM);
	assert_int_equal(info.si_int, id);
}

static void test_ids(void **state)
{
	struct timer_setting setting;
	int id, other;

	(void)state;
	for (unsigned int i = 0; i < 50; i++)
		assert_int_equal(new_timer(&ktimer_monotonic, SIGUSR1), (int)i);
	assert_int_equal(posix_timer_delete(20), 0);
	assert_int_equal(posix_timer_delete(10), 0);
	assert_int_equal(posix_timer_delete(10), -EINVAL);
	assert_int_equal(posix_timer_get(10, &setting), -EINVAL);
	assert_int_equal(posix_timer_set(10, 0, &setting, NULL), -EINVAL);
	assert_int_equal(posix_timer_overrun(-1), -EINVAL);
	assert_int_equal(posix_timer_overrun(INT_MAX), -EINVAL);
	assert_int_equal(new_timer(&ktimer_monotonic, SIGUSR1), 10);
	assert_int_equal(new_timer(&ktimer_monotonic, SIGUSR1), 20);
	assert_int_equal(new_timer(&ktimer_monotonic, SIGUSR1), 50);
	limit = reserved;
	assert_int_equal(posix_timer_create(&ktimer_monotonic, NULL, &id), -EAGAIN);
	posix_timers_exec(&process);
	assert_int_equal(reserved, 0);
	limit = 100;
	assert_int_equal(posix_timer_create(&ktimer_monotonic, NULL, &other), 0);
	assert_int_equal(other, 0);
}

static void test_no_memory(void **state)
{
	struct timer_setting setting = {1, 1};
	int id;

	(void)state;
	allocations_left = 0;
	assert_int_equal(itimer_set(ITIMER_REAL, &setting, NULL), -ENOMEM);
	/* The process' timers, which stay; the timer; the table. */
	for (unsigned int i = 0; i < 3; i++) {
		allocations_left = i > 0;
		assert_int_equal(posix_timer_create(&ktimer_monotonic, NULL, &id), -EAGAIN);
		assert_int_equal(reserved, 0);
	}
	allocations_left = UINT_MAX;
	assert_int_equal(posix_timer_create(&ktimer_monotonic, NULL, &id), 0);
}

/* --- CPU time --------------------------------------------------------------------------------- */

static void test_cpu_clocks(void **state)
{
	int id = new_timer(cpu_time_task_queue(&task), SIGUSR1);

	(void)state;
	set(id, 0, 100, 0);
	task.is_on_cpu = false;
	fake_counter += SEC; /* somebody else's time */
	run(0);
	assert_int_equal(left(id), 100);
	task.is_on_cpu = true;
	ktimer_follow_task();
	run(100);
	assert_int_equal(sent, 1);
	set(id, 0, 100, 0);
	posix_timers_thread_exit(&task);
	run(SEC);
	assert_int_equal(sent, 1);
	assert_int_equal(left(id), 0);
	set(id, 0, 100, 0);
	assert_int_equal(left(id), 0);
}

static void test_cpu_limit(void **state)
{
	struct rlimit64 *cpu_limit = &process.rlimits[RLIMIT_CPU];
	uint64_t soft = cpu_ns / SEC + 2;

	(void)state;
	*cpu_limit = (struct rlimit64){soft, soft + 2};
	cpu_time_limit_changed(&process);
	run(soft * SEC - cpu_ns - 1);
	assert_int_equal(raised[SIGXCPU], 0);
	run(1);
	assert_int_equal(raised[SIGXCPU], 1);
	assert_int_equal(cpu_limit->rlim_cur, soft + 1);
	run(SEC);
	assert_int_equal(raised[SIGXCPU], 2);
	assert_int_equal(raised[SIGKILL], 0);
	run(SEC);
	assert_int_equal(raised[SIGXCPU], 2);
	assert_int_equal(raised[SIGKILL], 1);
	run(10 * SEC);
	assert_int_equal(raised[SIGKILL], 1);
	*cpu_limit = (struct rlimit64){UINT64_MAX, UINT64_MAX};
	cpu_time_limit_changed(&process);
	run(10 * SEC);
	assert_int_equal(raised[SIGXCPU], 2);
}

/* --- setitimer -------------------------------------------------------------------------------- */

static void test_itimers(void **state)
{
	struct timer_setting setting = {100, 50}, old = {1, 1};
	struct uk_siginfo info;

	(void)state;
	assert_int_equal(itimer_get(ITIMER_REAL, &old), 0);
	assert_int_equal(old.value_ns, 0);
	assert_int_equal(itimer_get(3, &old), -EINVAL);
	assert_int_equal(itimer_set(-1, &setting, &old), -EINVAL);
	assert_int_equal(itimer_set(ITIMER_REAL, &setting, &old), 0);
	assert_int_equal(old.value_ns, 0);
	run(130);
	assert_int_equal(itimer_get(ITIMER_REAL, &old), 0);
	assert_int_equal(old.value_ns, 20);
	setting = (struct timer_setting){0, 50};
	assert_int_equal(itimer_set(ITIMER_REAL, &setting, NULL), 0);
	assert_true(deliver(&info)); /* stays pending */
	assert_int_equal(info.si_signo, SIGALRM);
	assert_int_equal(info.si_code, SI_KERNEL);
	assert_int_equal(info.si_overrun, 0);
	run(SEC);
	assert_int_equal(sent, 1);
	setting = (struct timer_setting){100, 0};
	assert_int_equal(itimer_set(ITIMER_PROF, &setting, NULL), 0);
	posix_timers_exec(&process); /* they stay */
	run(100);
	assert_true(deliver(&info));
	assert_int_equal(info.si_signo, SIGPROF);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forward),
		cmocka_unit_test(test_add),
		TEST(test_one_shot),
		TEST(test_overrun),
		TEST(test_overrun_is_limited),
		TEST(test_absurd),
		TEST(test_set_again),
		TEST(test_ignored),
		TEST(test_only_asked),
		TEST(test_wall_clock),
		TEST(test_events),
		TEST(test_ids),
		TEST(test_no_memory),
		TEST(test_cpu_clocks),
		TEST(test_cpu_limit),
		TEST(test_itimers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
