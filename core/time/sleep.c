/* SPDX-License-Identifier: BSD-3-Clause */
/* Sleeping until a clock other than the monotonic one shows a time (clock_nanosleep(2)); that one
 * the scheduler knows itself. */
#include <uk/clock.h>
#include <uk/wait.h>

struct sleeper {
	struct ktimer timer;
	struct waitq self;
	bool is_over;
};

static void wake_sleeper(struct ktimer *timer)
{
	struct sleeper *sleeper = uk_container_of(timer, struct sleeper, timer);

	sleeper->is_over = true;
	waitq_wake(&sleeper->self, 0);
}

int clock_sleep_until(struct ktimer_queue *clock, uint64_t deadline_ns)
{
	struct sleeper sleeper = {.is_over = false};
	int result;

	waitq_init(&sleeper.self);
	ktimer_init(&sleeper.timer, wake_sleeper);
	ktimer_arm_on(&sleeper.timer, clock, deadline_ns);
	result = waitq_wait_event(&sleeper.self, sleeper.is_over, UK_NO_TIMEOUT);
	ktimer_cancel(&sleeper.timer);
	return result;
}
