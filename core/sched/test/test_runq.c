/* SPDX-License-Identifier: BSD-3-Clause */
/* The run queue: who comes first, who preempts whom, how CPU time becomes virtual time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>
#include <linux/sched.h>
#include <uk/sched_entity.h>

#define COUNT 200

static struct runq runq;

static struct sched_entity entity_of(unsigned int policy, unsigned int priority, int nice,
				     uint64_t virtual_time)
{
	struct sched_entity entity = {.virtual_time = virtual_time};

	sched_entity_set(&entity, policy, priority, nice);
	return entity;
}

static struct sched_entity *take_first(void)
{
	struct sched_entity *first = runq.first;

	runq_remove(&runq, first);
	return first;
}

static void test_one(void **state)
{
	struct sched_entity a = entity_of(SCHED_NORMAL, 0, 0, 7);

	(void)state;
	runq_init(&runq);
	assert_null(runq.first);
	runq_add(&runq, &a);
	assert_true(a.is_queued);
	assert_ptr_equal(runq.first, &a);
	assert_ptr_equal(take_first(), &a);
	assert_false(a.is_queued);
	assert_null(runq.first);
	assert_int_equal(runq.count, 0);
}

static void test_least_virtual_time_first(void **state)
{
	struct sched_entity *entities = calloc(COUNT, sizeof(*entities));
	uint64_t last = 0;

	(void)state;
	runq_init(&runq);
	srand(1);
	for (int i = 0; i < COUNT; i++) {
		entities[i] = entity_of(SCHED_NORMAL, 0, 0, (uint64_t)(rand() % 1000));
		runq_add(&runq, &entities[i]);
	}
	for (int i = 0; i < COUNT; i++) {
		struct sched_entity *first = take_first();

		assert_true(first->virtual_time >= last);
		last = first->virtual_time;
	}
	assert_null(runq.first);
	free(entities);
}

static void test_equal_ones_in_order(void **state)
{
	struct sched_entity e[4];

	(void)state;
	runq_init(&runq);
	for (int i = 0; i < 4; i++) {
		e[i] = entity_of(SCHED_NORMAL, 0, 0, 5);
		runq_add(&runq, &e[i]);
	}
	for (int i = 0; i < 4; i++)
		assert_ptr_equal(take_first(), &e[i]);
}

static void test_remove_any(void **state)
{
	struct sched_entity e[5];

	(void)state;
	for (int gone = 0; gone < 5; gone++) {
		runq_init(&runq);
		for (int i = 0; i < 5; i++) {
			e[i] = entity_of(SCHED_NORMAL, 0, 0, (uint64_t)i);
			runq_add(&runq, &e[i]);
		}
		runq_remove(&runq, &e[gone]);
		for (int i = 0; i < 5; i++)
			if (i != gone)
				assert_ptr_equal(take_first(), &e[i]);
		assert_null(runq.first);
	}
}

static void test_realtime_before_fair(void **state)
{
	struct sched_entity fair = entity_of(SCHED_NORMAL, 0, -20, 0);
	struct sched_entity low = entity_of(SCHED_FIFO, 1, 0, 0);
	struct sched_entity high = entity_of(SCHED_RR, 99, 0, 1000);
	struct sched_entity second = entity_of(SCHED_FIFO, 99, 0, 0);

	(void)state;
	runq_init(&runq);
	runq_add(&runq, &fair);
	runq_add(&runq, &low);
	runq_requeue_behind(&runq, &high);
	runq_add(&runq, &high);
	runq_requeue_behind(&runq, &second);
	runq_add(&runq, &second);
	assert_ptr_equal(take_first(), &high);
	/* The slice is over: behind those of its priority, before all others. */
	runq_requeue_behind(&runq, &high);
	runq_add(&runq, &high);
	assert_ptr_equal(take_first(), &second);
	assert_ptr_equal(take_first(), &high);
	assert_ptr_equal(take_first(), &low);
	assert_ptr_equal(take_first(), &fair);
}

static void test_nice_scales_time(void **state)
{
	struct sched_entity normal = entity_of(SCHED_NORMAL, 0, 0, 0);
	struct sched_entity nice = entity_of(SCHED_NORMAL, 0, 5, 0);
	struct sched_entity mean = entity_of(SCHED_NORMAL, 0, -5, 0);
	struct sched_entity idle = entity_of(SCHED_IDLE, 0, 0, 0);

	(void)state;
	runq_init(&runq);
	runq_charge(&runq, &normal, 1024000);
	runq_charge(&runq, &nice, 1024000);
	runq_charge(&runq, &mean, 1024000);
	runq_charge(&runq, &idle, 1024000);
	assert_int_equal(normal.virtual_time, 1024000);
	/* Five steps of 1.25 each way. */
	assert_in_range(nice.virtual_time, 3000000, 3200000);
	assert_in_range(mean.virtual_time, 330000, 340000);
	assert_true(idle.virtual_time > 300 * normal.virtual_time);
	assert_int_equal(idle.run_counts, 1024000);
}

static void test_share_follows_weight(void **state)
{
	struct sched_entity normal = entity_of(SCHED_NORMAL, 0, 0, 0);
	struct sched_entity nice = entity_of(SCHED_NORMAL, 0, 5, 0);

	(void)state;
	runq_init(&runq);
	runq_add(&runq, &normal);
	runq_add(&runq, &nice);
	for (int slice = 0; slice < 40000; slice++) {
		struct sched_entity *running = take_first();

		runq_charge(&runq, running, 1000);
		runq_add(&runq, running);
	}
	assert_in_range(normal.run_counts / (nice.run_counts / 100), 295, 315);
}

static void test_least_only_grows(void **state)
{
	struct sched_entity runner = entity_of(SCHED_NORMAL, 0, 0, 0);
	struct sched_entity waits = entity_of(SCHED_NORMAL, 0, 0, 50);

	(void)state;
	runq_init(&runq);
	runq_charge(&runq, &runner, 40);
	assert_int_equal(runq.least_virtual_time, 40);
	runq_add(&runq, &waits);
	runq_charge(&runq, &runner, 100);
	assert_int_equal(runq.least_virtual_time, 50);
	waits.virtual_time = 10;
	runq_charge(&runq, &runner, 1);
	assert_int_equal(runq.least_virtual_time, 50);
}

static void test_sleepers_save_up_little(void **state)
{
	struct sched_entity late = entity_of(SCHED_NORMAL, 0, 0, 5);
	struct sched_entity recent = entity_of(SCHED_NORMAL, 0, 0, 0);

	(void)state;
	runq_init(&runq);
	runq_place_woken(&runq, &late);
	assert_int_equal(late.virtual_time, 5);
	runq.least_virtual_time = 100 * SCHED_SLEEPER_COUNTS;
	runq_place_woken(&runq, &late);
	assert_int_equal(late.virtual_time, 99 * SCHED_SLEEPER_COUNTS);
	recent.virtual_time = runq.least_virtual_time - 1;
	runq_place_woken(&runq, &recent);
	assert_int_equal(recent.virtual_time, 100 * SCHED_SLEEPER_COUNTS - 1);
}

static void test_who_preempts(void **state)
{
	struct sched_entity normal = entity_of(SCHED_NORMAL, 0, 0, 1000 + SCHED_PREEMPT_COUNTS);
	struct sched_entity behind = entity_of(SCHED_NORMAL, 0, 0, 999);
	struct sched_entity close = entity_of(SCHED_NORMAL, 0, 0, 1001);
	struct sched_entity batch = entity_of(SCHED_BATCH, 0, 0, 0);
	struct sched_entity low = entity_of(SCHED_FIFO, 1, 0, 0);
	struct sched_entity high = entity_of(SCHED_FIFO, 2, 0, 0);

	(void)state;
	assert_true(runq_preempts(&behind, &normal));
	assert_false(runq_preempts(&close, &normal));
	assert_false(runq_preempts(&batch, &normal));
	assert_true(runq_preempts(&low, &normal));
	assert_false(runq_preempts(&normal, &low));
	assert_true(runq_preempts(&high, &low));
	assert_false(runq_preempts(&low, &high));
	assert_false(runq_preempts(&low, &low));
}

static void test_yield_goes_last(void **state)
{
	struct sched_entity a = entity_of(SCHED_NORMAL, 0, 0, 10);
	struct sched_entity b = entity_of(SCHED_NORMAL, 0, 0, 500);
	struct sched_entity yields = entity_of(SCHED_NORMAL, 0, 0, 1);

	(void)state;
	runq_init(&runq);
	runq_add(&runq, &a);
	runq_place_last(&runq, &yields);
	assert_int_equal(yields.virtual_time, 10);
	runq_add(&runq, &b);
	runq_place_last(&runq, &yields);
	assert_int_equal(yields.virtual_time, 500);
	runq_add(&runq, &yields);
	assert_ptr_equal(take_first(), &a);
	assert_ptr_equal(take_first(), &b);
	assert_ptr_equal(take_first(), &yields);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_least_virtual_time_first),
		cmocka_unit_test(test_equal_ones_in_order),
		cmocka_unit_test(test_remove_any),
		cmocka_unit_test(test_realtime_before_fair),
		cmocka_unit_test(test_nice_scales_time),
		cmocka_unit_test(test_share_follows_weight),
		cmocka_unit_test(test_least_only_grows),
		cmocka_unit_test(test_sleepers_save_up_little),
		cmocka_unit_test(test_who_preempts),
		cmocka_unit_test(test_yield_goes_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
