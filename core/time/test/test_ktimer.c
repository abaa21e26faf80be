/* SPDX-License-Identifier: BSD-3-Clause */
/* The timer queue on a hand-turned clock and a hardware timer that only remembers its deadline. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <uk/arch/cpu.h>
#include <uk/clock.h>
#include <uk/plat/irq.h>
#include "../clock_internal.h"

#define TIMERS 200

uint64_t fake_counter;
bool fake_irq_enabled = true;

static void (*interrupt)(void);
static uint64_t hardware_ns = UINT64_MAX;
static unsigned int hardware_writes;

static uint64_t wall_offset_ns = 1000000, cpu_ns; /* the other clocks */
static struct ktimer timers[TIMERS];
static struct ktimer *order[4 * TIMERS];
static unsigned int expired_count;

uint64_t clock_monotonic_ns(void)
{
	return fake_counter;
}
uint64_t clock_realtime_ns(void)
{
	return fake_counter + wall_offset_ns;
}
static uint64_t cpu_now(const struct ktimer_queue *queue)
{
	return cpu_ns;
}
static struct ktimer_queue *running[CPU_TIME_QUEUES];
void cpu_time_running(struct ktimer_queue *queues[CPU_TIME_QUEUES])
{
	memcpy(queues, running, sizeof(running));
}
static void run_on(struct ktimer_queue *thread, struct ktimer_queue *process)
{
	running[0] = thread;
	running[1] = process;
	ktimer_follow_task();
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
	hardware_ns = fake_counter + delay_ns;
	hardware_writes++;
}
void ukplat_timer_disarm(void)
{
	hardware_ns = UINT64_MAX;
}

static void note(struct ktimer *timer)
{
	assert_true(timer->deadline_ns <= timer->queue->now_ns(timer->queue));
	assert_false(timer->is_armed);
	order[expired_count++] = timer;
}

static void fire(uint64_t late_ns)
{
	fake_counter = hardware_ns + late_ns;
	hardware_ns = UINT64_MAX;
	fake_irq_enabled = false;
	interrupt();
	assert_false(fake_irq_enabled);
	fake_irq_enabled = true;
}

/* Lets the hardware fire, `late_ns` late, until `until_ns`. */
static void run(uint64_t until_ns, uint64_t late_ns)
{
	while (hardware_ns <= until_ns)
		fire(late_ns);
	fake_counter = UINT64_MAX - 1 < until_ns ? fake_counter : until_ns;
}

static int reset(void **state)
{
	(void)state;
	expired_count = 0;
	for (unsigned int i = 0; i < TIMERS; i++)
		ktimer_init(&timers[i], note);
	return 0;
}

static void test_order(void **state)
{
	uint64_t base = fake_counter;

	(void)state;
	srand(1);
	for (unsigned int i = 0; i < TIMERS; i++)
		ktimer_arm(&timers[i], base + 1 + (uint64_t)(rand() % 50)); /* many are equal */
	run(base + 100, 0);
	assert_int_equal(expired_count, TIMERS);
	for (unsigned int i = 1; i < TIMERS; i++) {
		assert_true(order[i - 1]->deadline_ns <= order[i]->deadline_ns);
		if (order[i - 1]->deadline_ns == order[i]->deadline_ns)
			assert_true(order[i - 1] < order[i]); /* as they were armed */
	}
}

static void test_cancel_and_rearm(void **state)
{
	uint64_t base = fake_counter;

	(void)state;
	ktimer_arm(&timers[0], base + 10);
	ktimer_arm(&timers[1], base + 20);
	ktimer_arm(&timers[2], base + 30);
	assert_true(ktimer_cancel(&timers[0]));
	assert_false(ktimer_cancel(&timers[0]));
	ktimer_arm(&timers[1], base + 40); /* later than before */
	ktimer_arm(&timers[2], base + 5);  /* earlier */
	run(base + 100, 3);
	assert_int_equal(expired_count, 2);
	assert_ptr_equal(order[0], &timers[2]);
	assert_ptr_equal(order[1], &timers[1]);
	assert_false(ktimer_cancel(&timers[1]));
}

static void test_past_and_never(void **state)
{
	(void)state;
	ktimer_arm(&timers[0], fake_counter / 2);
	ktimer_arm(&timers[1], UINT64_MAX);
	run(fake_counter, 0);
	assert_int_equal(expired_count, 1);
	assert_ptr_equal(order[0], &timers[0]);
	assert_int_equal(hardware_ns, UINT64_MAX);
	assert_true(ktimer_cancel(&timers[1]));
}

static void test_hardware_is_left_alone(void **state)
{
	uint64_t base = fake_counter;
	unsigned int writes;

	(void)state;
	ktimer_arm(&timers[0], base + 1000);
	writes = hardware_writes;
	for (unsigned int i = 0; i < 100; i++) {
		ktimer_arm(&timers[1], base + 2000 + i);
		assert_true(ktimer_cancel(&timers[1]));
	}
	assert_true(ktimer_cancel(&timers[0]));
	ktimer_arm(&timers[0], base + 1500);
	assert_int_equal(hardware_writes, writes);
	run(base + 3000, 0); /* once for nothing, then in time */
	assert_int_equal(expired_count, 1);
	assert_int_equal(hardware_writes, writes + 1);
}

static void again(struct ktimer *timer)
{
	order[expired_count++] = timer;
	if (expired_count < 5)
		ktimer_arm(timer, timer->deadline_ns + 10);
}

static void test_periodic(void **state)
{
	uint64_t base = fake_counter;

	(void)state;
	ktimer_init(&timers[0], again);
	ktimer_arm(&timers[0], base + 10);
	run(base + 29, 0);
	assert_int_equal(expired_count, 2);
	run(base + 1000, 25); /* so late that some are due at once */
	assert_int_equal(expired_count, 5);
	assert_int_equal(timers[0].deadline_ns, base + 50);
}

/* Arms for later and lets the hardware fire until it has expired; how late that was. */
static uint64_t lateness(uint64_t machine_late_ns)
{
	uint64_t deadline = fake_counter + 1000000;

	expired_count = 0;
	ktimer_arm(&timers[0], deadline);
	while (!expired_count)
		fire(machine_late_ns);
	return fake_counter - deadline; /* never early: note() looks */
}

/* The machine is always late by the same: soon timers expire in time. */
static void test_lead(void **state)
{
	(void)state;
	assert_int_equal(lateness(5000), 5000);
	for (unsigned int i = 0; i < 100; i++)
		lateness(5000);
	assert_true(lateness(5000) < 50);
	for (unsigned int i = 0; i < 100; i++) /* and now it is not late any more */
		assert_int_equal(lateness(0), 0);
	for (unsigned int i = 0; i < 100; i++) /* and now by more than can be waited for */
		lateness(10000000);
	assert_in_range(lateness(10000000), 10000000 - 200000, 10000000 - 199900);
}

/* A timer on the wall clock follows it both ways; one on the monotonic clock does not care. */
static void test_wall_clock(void **state)
{
	uint64_t base = fake_counter, wall = clock_realtime_ns();

	(void)state;
	ktimer_arm_on(&timers[0], &ktimer_realtime, wall + 100);
	ktimer_arm(&timers[1], base + 50);
	run(base + 60, 0);
	assert_int_equal(expired_count, 1);
	wall_offset_ns -= 200; /* back: at 100 it is too early, so it waits for the rest */
	ktimer_clock_jumped(&ktimer_realtime);
	run(base + 299, 0);
	assert_int_equal(expired_count, 1);
	run(base + 300, 0);
	assert_int_equal(expired_count, 2);
	ktimer_arm_on(&timers[0], &ktimer_realtime, clock_realtime_ns() + 1000000);
	wall_offset_ns += 2000000; /* forth: at once */
	ktimer_clock_jumped(&ktimer_realtime);
	run(fake_counter, 0);
	assert_int_equal(expired_count, 3);
	assert_int_equal(hardware_ns, UINT64_MAX);
}

/* Timers on CPU time wait while their clock stands still. */
static void test_cpu_time(void **state)
{
	struct ktimer_queue thread = {.now_ns = cpu_now}, process = {.now_ns = cpu_now};
	uint64_t base = fake_counter;

	(void)state;
	cpu_ns = 500;
	ktimer_arm_on(&timers[0], &thread, 600);
	ktimer_arm_on(&timers[1], &process, 550);
	assert_int_equal(hardware_ns, UINT64_MAX);
	run_on(&thread, &process);
	assert_int_equal(hardware_ns, base + 50);
	run(base + 50, 0); /* it ran for less than it looked like */
	assert_int_equal(expired_count, 0);
	assert_int_equal(hardware_ns, base + 100);
	cpu_ns = 560;
	run(base + 100, 0);
	assert_int_equal(expired_count, 1);
	assert_int_equal(hardware_ns, base + 140);
	run_on(NULL, NULL);
	cpu_ns = 700;
	run(base + 1000, 0); /* once for nothing */
	assert_int_equal(expired_count, 1);
	assert_int_equal(hardware_ns, UINT64_MAX);
	run_on(&thread, NULL);
	run(base + 1000, 0);
	assert_int_equal(expired_count, 2);
	assert_false(ktimer_follow_task());
	run_on(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_order, reset),
		cmocka_unit_test_setup(test_cancel_and_rearm, reset),
		cmocka_unit_test_setup(test_past_and_never, reset),
		cmocka_unit_test_setup(test_hardware_is_left_alone, reset),
		cmocka_unit_test_setup(test_periodic, reset),
		cmocka_unit_test_setup(test_wall_clock, reset),
		cmocka_unit_test_setup(test_lead, reset),
		cmocka_unit_test_setup(test_cpu_time, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
