/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clocks. Kernel and vDSO compute them from the same page (<uk/vdso_data.h>), so they agree
 * to the last bit. There is no tick: the page changes only when the counter's rate gets better
 * known and when the wall clock is set.
 *
 * A measured rate is refined by a timer 0.1, 1, 10 and 100 seconds later, against the reference
 * that runs since boot. The clock never jumps: the better rate holds from that moment on. Earlier
 * rates are kept: what was once told of the past, and of CPU time, is told again.
 *
 * Guarded by irq-off (and the page's sequence counts for readers): `state`.
 */
#include <linux/errno.h>
#include <linux/time.h>
#include <uk/arch/cpu.h>
#include <uk/assert.h>
#include <uk/clock.h>
#include <uk/klog.h>
#include <uk/lock.h>
#include <uk/plat/time.h>
#include <uk/timerfd.h>
#define UK_LOG_NAME "time: "
#include <uk/print.h>
#include "clock_internal.h"

#define CALIBRATE_MIN_NS (2 * (uint64_t)UK_NSEC_PER_MSEC)
#define FIRST_REFINE_NS  (100 * (uint64_t)UK_NSEC_PER_MSEC)
#define LAST_REFINE_NS   (100 * (uint64_t)UK_NSEC_PER_SEC)
#define MAX_ERAS         5 /* the first rate and four better ones */
/*
 * So many counts after boot the coarse clock may still show boot, unless somebody read a clock by
 * then: 100 ms at 2.5 GHz. Stamps of files made meanwhile are that much too early, which nobody can
 * tell who never read a clock; and a short program is spared the calibration.
 */
#define COARSE_BOOT_COUNTS 250000000
#define REALTIME_MAX_SEC   8277292036ULL /* as Linux: 2^63 ns less 30 years of uptime */

/* CLOCK_MONOTONIC_RAW is not slewed on Linux; without NTP there is nothing to slew either. */
#define MONOTONIC_CLOCKS                                                                           \
	(1u << CLOCK_MONOTONIC | 1u << CLOCK_MONOTONIC_RAW | 1u << CLOCK_MONOTONIC_COARSE |        \
	 1u << CLOCK_BOOTTIME | 1u << CLOCK_BOOTTIME_ALARM)
#define REALTIME_CLOCKS                                                                            \
	(1u << CLOCK_REALTIME | 1u << CLOCK_REALTIME_COARSE | 1u << CLOCK_REALTIME_ALARM |         \
	 1u << CLOCK_TAI)

/* From some counter on this is the monotonic clock: counter * rate + offset. */
struct era {
	uint64_t from, rate;
	uint128_t offset;
};

static struct {
	struct spinlock lock;
	uint64_t boot_counter;
	struct era eras[MAX_ERAS]; /* oldest first; none changes any more */
	unsigned int era_count;    /* 0: not calibrated */
	uint128_t wall_offset;     /* realtime minus monotonic */
	uint64_t wall_ns;          /* the machine's wall clock ... */
	uint64_t wall_counter;     /* ... at this counter; 0: not read yet */
	uint64_t idle_counts;      /* spent idle so far */
	uint64_t idle_since;
	struct ktimer refine_timer;
	uint64_t refine_ns;
} state = {.lock = SPINLOCK_INIT};

void clock_init(void)
{
	for (unsigned int id = 0; id < VDSO_CLOCKS; id++)
		clock_page->clocks[id].seq_before = 1; /* not valid */
	clock_page->nsec_per_sec = UK_NSEC_PER_SEC;
	clock_page->usec_per_sec = UK_NSEC_PER_SEC / UK_NSEC_PER_USEC;
	clock_page->resolution_ns = 1;
	clock_page->cpu_count = 1;
	state.boot_counter = ukarch_counter();
	ukplat_counter_calibration_begin();
}

static const struct era *last_era(void)
{
	return &state.eras[state.era_count - 1];
}

static void publish(unsigned int ids, uint128_t offset)
{
	uint64_t rate = last_era()->rate;

	for (unsigned int id = 0; id < VDSO_CLOCKS; id++) {
		struct vdso_clock *clock = &clock_page->clocks[id];
		uint32_t seq = clock->seq_before + 1;

		if (!(ids & 1u << id))
			continue;
		__atomic_store_n(&clock->seq_before, seq, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		clock->rate = rate;
		clock->frac = (uint64_t)offset;
		clock->sec = (uint64_t)(offset >> 64);
		__atomic_store_n(&clock->seq_after, seq, __ATOMIC_RELEASE);
	}
}

static uint128_t era_at(const struct era *era, uint64_t counter)
{
	return (uint128_t)counter * era->rate + era->offset;
}

static void begin_era(const struct era *era)
{
	UK_ASSERT(state.era_count < MAX_ERAS);
	state.eras[state.era_count] = *era;
	__atomic_store_n(&state.era_count, state.era_count + 1, __ATOMIC_RELEASE);
}

static void publish_all(void)
{
	publish(MONOTONIC_CLOCKS, last_era()->offset);
	publish(REALTIME_CLOCKS, last_era()->offset + state.wall_offset);
}

static void set_rate(uint64_t rate)
{
	const struct era *old = last_era();
	struct era era = {.from = ukarch_counter(), .rate = rate};

	era.offset = clock_reanchor(old->offset, old->rate, rate, era.from);
	begin_era(&era);
	publish_all();
}

static void read_wall_once(void)
{
	if (state.wall_counter)
		return;
	state.wall_ns = ukplat_wallclock_ns();
	state.wall_counter = ukarch_counter();
	if (!state.wall_ns)
		uk_pr_warn("the machine has no wall clock: starting at 1970\n");
}

static void refine(struct ktimer *timer)
{
	struct ukplat_counter_freq freq;
	unsigned long flags = spin_lock_irqsave(&state.lock);
	uint64_t rate;

	ukplat_counter_calibrate(0, &freq);
	rate = clock_rate_of_hz(freq.hz);
	if (rate != last_era()->rate)
		set_rate(rate);
	spin_unlock_irqrestore(&state.lock, flags);
	uk_pr_debug("counter: %lu Hz (%s, after %lu ms)\n", freq.hz, freq.source,
		    state.refine_ns / UK_NSEC_PER_MSEC);
	state.refine_ns *= 10;
	if (state.refine_ns <= LAST_REFINE_NS && !freq.is_exact)
		ktimer_arm(timer, clock_monotonic_ns() + state.refine_ns);
}

static void __uk_cold __uk_noinline calibrate(void)
{
	struct era era = {.from = state.boot_counter};
	struct ukplat_counter_freq freq;
	unsigned long flags = spin_lock_irqsave(&state.lock);

	if (state.era_count) { /* by another CPU, or by an interrupt just before */
		spin_unlock_irqrestore(&state.lock, flags);
		return;
	}
	ukplat_counter_calibrate(CALIBRATE_MIN_NS, &freq);
	read_wall_once();
	era.rate = clock_rate_of_hz(freq.hz);
	era.offset = -((uint128_t)era.from * era.rate);
	state.wall_offset = clock_fixed_of_ns(state.wall_ns) - era_at(&era, state.wall_counter);
	begin_era(&era);
	publish_all();
	uk_print_set_clock(clock_counter_to_ns);
	spin_unlock_irqrestore(&state.lock, flags);
	uk_pr_debug("counter: %lu Hz (%s)\n", freq.hz, freq.source);
	if (!freq.is_exact) {
		state.refine_ns = FIRST_REFINE_NS;
		ktimer_init(&state.refine_timer, refine);
		ktimer_arm(&state.refine_timer, clock_monotonic_ns() + FIRST_REFINE_NS);
	}
}

uint128_t clock_read_fixed(unsigned int id)
{
	const struct vdso_clock *clock = &clock_page->clocks[id];
	uint128_t time;
	uint32_t seq;

	if (uk_unlikely(!state.era_count))
		calibrate();
	do {
		seq = __atomic_load_n(&clock->seq_after, __ATOMIC_ACQUIRE);
		time = vdso_clock_at(clock, ukarch_counter());
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (seq != __atomic_load_n(&clock->seq_before, __ATOMIC_RELAXED));
	return time;
}

uint64_t clock_monotonic_ns(void)
{
	return clock_fixed_to_ns(clock_read_fixed(CLOCK_MONOTONIC));
}

uint64_t clock_realtime_ns(void)
{
	return clock_fixed_to_ns(clock_read_fixed(CLOCK_REALTIME));
}

uint64_t clock_realtime_coarse_ns(void)
{
	if (uk_likely(state.era_count) ||
	    ukarch_counter() - state.boot_counter > COARSE_BOOT_COUNTS)
		return clock_realtime_ns();
	read_wall_once();
	return state.wall_ns;
}

int clock_set_realtime_ns(uint64_t ns)
{
	unsigned long flags;
	uint128_t now;
	int error = -EINVAL;

	if (ns / UK_NSEC_PER_SEC >= REALTIME_MAX_SEC)
		return -EINVAL;
	now = clock_read_fixed(CLOCK_MONOTONIC); /* calibrates */
	flags = spin_lock_irqsave(&state.lock);
	if (clock_fixed_of_ns(ns) >= now) {
		state.wall_offset = clock_fixed_of_ns(ns) - era_at(last_era(), ukarch_counter());
		publish(REALTIME_CLOCKS, last_era()->offset + state.wall_offset);
		error = 0;
	}
	spin_unlock_irqrestore(&state.lock, flags);
	if (!error) {
		ktimer_clock_jumped(&ktimer_realtime);
		timerfd_clock_was_set();
	}
	return error;
}

uint64_t clock_counter_to_ns(uint64_t counter)
{
	const struct era *era;

	if (!state.era_count)
		calibrate();
	if (counter <= state.boot_counter)
		return 0;
	for (era = last_era(); counter < era->from; era--)
		;
	return clock_fixed_to_ns(era_at(era, counter));
}

/* As if they had been counted from boot on. Nobody has counted more than there were since then, so
 * a better rate changes no duration that was there to be told before. */
uint64_t clock_counts_to_ns(uint64_t counts)
{
	return clock_counter_to_ns(state.boot_counter + counts);
}

/* --- CPU time -----------------------------------------------------------------------------------
 */

void clock_idle_begin(void)
{
	state.idle_since = ukarch_counter();
}

void clock_idle_end(void)
{
	state.idle_counts += ukarch_counter() - state.idle_since;
}

uint64_t clock_cpu_ns(void)
{
	return clock_counts_to_ns(ukarch_counter() - state.boot_counter - state.idle_counts);
}
