/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clocks (clock_gettime(2) numbers) and one-shot timers on the monotonic clock.
 *
 * The counter's frequency is found when a clock is first read (which may wait 2 ms for it), so
 * code on the way to the program's start reads no clock: it keeps ukarch_counter() and asks
 * clock_counter_to_ns() when somebody wants to know, or uses the coarse wall clock.
 */
#ifndef UK_CLOCK_H
#define UK_CLOCK_H

#include <sys/queue.h>
#include <bsd/sys/tree.h>
#include <linux/time_types.h>
#include <uk/essentials.h>

/** Starts counting; the frequency itself is found when a clock is first read. */
void clock_init(void);

uint64_t clock_monotonic_ns(void); /* since boot; never goes back; any context */
uint64_t clock_realtime_ns(void);  /* since 1970-01-01 UTC */
/** Wall clock for file times: never later than clock_realtime_ns(); never waits near boot. */
uint64_t clock_realtime_coarse_ns(void);
/** 0; -EINVAL when the wall clock would lie before the monotonic clock or beyond 2232. */
int clock_set_realtime_ns(uint64_t ns);

/** The monotonic time at which ukarch_counter() was `counter`; 0 for before boot. */
uint64_t clock_counter_to_ns(uint64_t counter);

/** A number of counts as a duration. */
uint64_t clock_counts_to_ns(uint64_t counts);

/** Time the CPU was not idle since boot: what CPU-time clocks show. */
uint64_t clock_cpu_ns(void);
/** The scheduler's: the CPU has nothing to run between these two. Interrupts off at both. */
void clock_idle_begin(void);
void clock_idle_end(void);

/** One-shot timer; the callback runs in irq context, interrupts off. */
struct ktimer {
	RB_ENTRY(ktimer) node;
	uint64_t deadline_ns;
	void (*expired)(struct ktimer *timer);
	struct ktimer_queue *queue; /* while armed */
	bool is_armed;
};

/**
 * The timers on one clock, first deadline first. Zeroed memory is an empty queue; what clock it
 * shows is set before the first timer is armed on it.
 */
struct ktimer_queue {
	RB_HEAD(ktimer_tree, ktimer) tree;
	struct ktimer *first; /* the leftmost, or NULL */
	uint64_t (*now_ns)(const struct ktimer_queue *queue);
	uint64_t earliest_ns; /* of CPU time: `first` is not due before this monotonic time */
};
extern struct ktimer_queue ktimer_monotonic, ktimer_realtime;

static inline void ktimer_init(struct ktimer *timer, void (*expired)(struct ktimer *))
{
	timer->is_armed = false;
	timer->expired = expired;
}
/** (Re)arms for an absolute monotonic time. Any context. */
void ktimer_arm(struct ktimer *timer, uint64_t deadline_ns);
/** The same on any clock: a timer on ktimer_realtime follows when the wall clock is set. */
void ktimer_arm_on(struct ktimer *timer, struct ktimer_queue *queue, uint64_t deadline_ns);
/** After it returns the callback is not running and will not run. true: it was armed. */
bool ktimer_cancel(struct ktimer *timer);
/** The clock of `queue` has jumped. Any context. */
void ktimer_clock_jumped(struct ktimer_queue *queue);

/**
 * The scheduler's: this CPU runs another task now. Clocks of CPU time stand still while nobody runs
 * on them, so their timers expire only on the CPU that runs their thread or process. false: there
 * are none, so it need not tell any more (sched_follow_switches()). Interrupts off.
 */
bool ktimer_follow_task(void);

/**
 * clock_gettime(2), clock_settime(2), clock_getres(2) for every clock id, the negative ones of
 * clock_getcpuclockid(3) included. 0; -EINVAL for an unknown or unsettable clock or a bad time,
 * -EPERM for a CPU-time clock that exists but is not set.
 */
int clock_get(int32_t id, struct __kernel_timespec *ts);
int clock_set(int32_t id, const struct __kernel_timespec *ts);
int clock_resolution(int32_t id, struct __kernel_timespec *ts);

/**
 * Where timers on a clock id are armed. ERR_PTR: -EINVAL for an unknown clock, -EOPNOTSUPP for one
 * that only shows time. Of a CPU-time clock the queue lives as long as its thread or process.
 */
struct ktimer_queue *clock_timers(int32_t id);
/** The same for a time from now, which does not move when the wall clock is set. */
static inline struct ktimer_queue *clock_relative(struct ktimer_queue *clock)
{
	return clock == &ktimer_realtime ? &ktimer_monotonic : clock;
}
/** Sleeps until a clock shows `deadline_ns`. 0, or -EINTR when a signal is pending. */
int clock_sleep_until(struct ktimer_queue *clock, uint64_t deadline_ns);

/** The vDSO's data page (vdso/ maps it; core/time keeps it current). */
struct page;
struct page *clock_vdso_data_page(void);
/** Where __kernel_vsyscall jumps to, in every program. */
void clock_vdso_set_syscall_entry(const void *entry);

#endif /* UK_CLOCK_H */
