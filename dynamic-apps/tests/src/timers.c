/* SPDX-License-Identifier: BSD-3-Clause */
/* The timers of timer_create(2): what they send, when, how often, and what they refuse. */
#include "t_timers.h"

#include <limits.h>
#include <sys/resource.h>
#include <time.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid /* glibc has no name for it */
#endif

/* glibc has wrappers that number timers in their own way; the kernel's calls are meant here. */
#define create(clock, event, id)         syscall(SYS_timer_create, clock, event, id)
#define settime(id, flags, setting, old) syscall(SYS_timer_settime, id, flags, setting, old)
#define gettime(id, setting)             syscall(SYS_timer_gettime, id, setting)
#define getoverrun(id)                   syscall(SYS_timer_getoverrun, id)
#define remove_timer(id)                 syscall(SYS_timer_delete, id)

static volatile int seen_count, seen_signo, seen_code, seen_id, seen_overrun;
static volatile uintptr_t seen_value;

static void on_signal(int signo, siginfo_t *info, void *context)
{
	(void)context;
	seen_count++;
	seen_signo = signo;
	seen_code = info->si_code;
	seen_id = info->si_timerid;
	seen_overrun = info->si_overrun;
	seen_value = (uintptr_t)info->si_value.sival_ptr;
}

static void install(int signo)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

	seen_count = seen_signo = seen_code = seen_id = seen_overrun = 0;
	seen_value = 0;
	CHECK_OK(sigaction(signo, &action, NULL));
}

static void block(int how, int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	CHECK_OK(sigprocmask(how, &set, NULL));
}

/* Sleeps on, whatever interrupts. */
static void pause_ns(int64_t ns)
{
	int64_t end = now(CLOCK_MONOTONIC) + ns;
	struct timespec until = timespec_of(end);

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* Waits until the handler has run `count` times; generous, since hosts are busy. */
static bool wait_for_count(int count)
{
	for (int i = 0; i < 5000 && seen_count < count; i++)
		pause_ns(MS);
	return seen_count >= count;
}

static int new_timer(clockid_t clock, int signo)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signo};
	int id = -1;

	event.sigev_value.sival_ptr = (void *)0x123456789abcUL;
	CHECK_OK(create(clock, &event, &id));
	return id;
}

static void set(int id, int64_t value_ns, int64_t interval_ns)
{
	struct itimerspec setting = setting_of(value_ns, interval_ns);

	CHECK_OK(settime(id, 0, &setting, NULL));
}

static void one_shot(void)
{
	int id = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	struct itimerspec left;
	int64_t start = now(CLOCK_MONOTONIC);

	install(SIGUSR1);
	set(id, 20 * MS, 0);
	CHECK_OK(gettime(id, &left));
	CHECK(value_of(&left) > 0 && value_of(&left) <= 20 * MS);
	CHECK(wait_for_count(1));
	CHECK(now(CLOCK_MONOTONIC) - start >= 20 * MS);
	CHECK_EQ(seen_signo, SIGUSR1);
	CHECK_EQ(seen_code, SI_TIMER);
	CHECK_EQ(seen_id, id);
	CHECK_EQ(seen_overrun, 0);
	CHECK(seen_value == 0x123456789abcUL);
	CHECK_OK(gettime(id, &left));
	CHECK_EQ(value_of(&left), 0);
	CHECK_EQ(getoverrun(id), 0);
	pause_ns(30 * MS);
	CHECK_EQ(seen_count, 1);
	CHECK_OK(remove_timer(id));
	signal(SIGUSR1, SIG_DFL);
}

static void default_event(void)
{
	int id = -1;

	install(SIGALRM);
	CHECK_OK(create(CLOCK_MONOTONIC, NULL, &id));
	set(id, MS, 0);
	CHECK(wait_for_count(1));
	CHECK_EQ(seen_signo, SIGALRM);
	CHECK_EQ(seen_code, SI_TIMER);
	CHECK_EQ(seen_id, id);
	CHECK_EQ((int)seen_value, id);
	CHECK_OK(remove_timer(id));
	signal(SIGALRM, SIG_DFL);
}

static void periodic(void)
{
	int id = new_timer(CLOCK_MONOTONIC, SIGRTMIN);
	struct itimerspec left;
	int64_t start = now(CLOCK_MONOTONIC);

	install(SIGRTMIN);
	set(id, 5 * MS, 3 * MS);
	CHECK(wait_for_count(5));
	CHECK(now(CLOCK_MONOTONIC) - start >= (5 + 4 * 3) * MS - 100000);
	CHECK_OK(gettime(id, &left));
	CHECK(value_of(&left) > 0 && value_of(&left) <= 3 * MS);
	CHECK_EQ(left.it_interval.tv_nsec, 3 * MS);
	set(id, 0, 7 * MS);
	CHECK_OK(gettime(id, &left));
	CHECK_EQ(value_of(&left), 0);
	CHECK_EQ(left.it_interval.tv_nsec, 0); /* disarming forgets the interval */
	CHECK_OK(remove_timer(id));
	signal(SIGRTMIN, SIG_DFL);
}

/* One signal is pending, the rest is counted; it goes on when the signal was taken. */
static void overrun(void)
{
	int id = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	struct itimerspec left;

	install(SIGUSR1);
	block(SIG_BLOCK, SIGUSR1);
	set(id, 10 * MS, 10 * MS);
	pause_ns(105 * MS);
	CHECK_EQ(getoverrun(id), 0); /* of the last that was delivered: none yet */
	CHECK_OK(gettime(id, &left));
	CHECK(value_of(&left) > 0 && value_of(&left) <= 10 * MS);
	block(SIG_UNBLOCK, SIGUSR1);
	CHECK_EQ(seen_count, 1);
	CHECK(seen_overrun >= 9 && seen_overrun < 100);
	CHECK_EQ(getoverrun(id), seen_overrun);
	CHECK(wait_for_count(2));
	CHECK(seen_overrun < 50);
	CHECK_OK(remove_timer(id));
	signal(SIGUSR1, SIG_DFL);
}

/* Takes a blocked signal that is pending now or soon. */
static bool take(int signo, siginfo_t *info)
{
	const struct timespec patience = {10, 0};
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, signo);
	return CHECK_EQ(sigtimedwait(&wanted, info, &patience), signo);
}

/* An interval of a nanosecond costs nothing but what the program does about it. The signal stays
 * blocked: delivered, it would never let the program go on. */
static void shortest_interval(void)
{
	int id = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	struct itimerspec setting = setting_of(1, 1);
	siginfo_t info;

	block(SIG_BLOCK, SIGUSR1);
	CHECK_OK(settime(id, 0, &setting, NULL));
	pause_ns(20 * MS);
	take(SIGUSR1, &info);
	CHECK(info.si_overrun >= 20 * MS - 1000000 && info.si_overrun < INT_MAX);
	for (int i = 0; i < 100; i++)
		take(SIGUSR1, &info);
	set(id, 0, 0);
	CHECK_OK(settime(id, TIMER_ABSTIME, &setting, NULL)); /* since boot */
	take(SIGUSR1, &info);
	CHECK(info.si_overrun > 1000000);
	CHECK_OK(remove_timer(id));
	block(SIG_UNBLOCK, SIGUSR1);
}

/* The wall clock has passed more nanoseconds since 1970 than an int can hold. */
static void overrun_has_a_limit(void)
{
	int id = new_timer(CLOCK_REALTIME, SIGUSR1);
	struct itimerspec setting = setting_of(1, 1);
	siginfo_t info;

	block(SIG_BLOCK, SIGUSR1);
	CHECK_OK(settime(id, TIMER_ABSTIME, &setting, NULL));
	take(SIGUSR1, &info);
	CHECK_EQ(info.si_code, SI_TIMER);
	CHECK_EQ(info.si_overrun, INT_MAX);
	CHECK_EQ(getoverrun(id), INT_MAX);
	CHECK_OK(remove_timer(id));
	block(SIG_UNBLOCK, SIGUSR1);
}

static void absolute(void)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					   11 /* TAI */};

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		int id = new_timer(clocks[i], SIGUSR2);
		int64_t until = now(clocks[i]) + 15 * MS;
		struct itimerspec setting = setting_of(until, 0), left;

		install(SIGUSR2);
		CHECK_OK(settime(id, TIMER_ABSTIME, &setting, NULL));
		CHECK_OK(gettime(id, &left));
		CHECK(value_of(&left) > 0 && value_of(&left) <= 15 * MS);
		CHECK(wait_for_count(1));
		CHECK(now(clocks[i]) >= until);
		CHECK_OK(settime(id, TIMER_ABSTIME, &setting, NULL)); /* in the past: at once */
		CHECK(wait_for_count(2));
		CHECK_OK(remove_timer(id));
	}
	signal(SIGUSR2, SIG_DFL);
}

static void only_asked(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_NONE};
	struct itimerspec left;
	int id = -1;

	CHECK_OK(create(CLOCK_MONOTONIC, &event, &id));
	set(id, 10 * MS, 0);
	CHECK_OK(gettime(id, &left));
	CHECK(value_of(&left) > 0 && value_of(&left) <= 10 * MS);
	pause_ns(12 * MS);
	CHECK_OK(gettime(id, &left));
	CHECK_EQ(value_of(&left), 0);
	set(id, 10 * MS, 10 * MS);
	pause_ns(25 * MS);
	CHECK_OK(gettime(id, &left));
	CHECK(value_of(&left) > 0 && value_of(&left) <= 10 * MS);
	CHECK_OK(remove_timer(id));
}

static void to_a_thread(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
	int id = -1;

	install(SIGUSR1);
	event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
	CHECK_OK(create(CLOCK_MONOTONIC, &event, &id));
	set(id, MS, 0);
	CHECK(wait_for_count(1));
	CHECK_EQ(seen_code, SI_TIMER);
	CHECK_OK(remove_timer(id));
	event.sigev_notify_thread_id = 0x3fffffff;
	CHECK_ERR(create(CLOCK_MONOTONIC, &event, &id), EINVAL);
	event.sigev_notify_thread_id = 0;
	CHECK_ERR(create(CLOCK_MONOTONIC, &event, &id), EINVAL);
	signal(SIGUSR1, SIG_DFL);
}

static void old_setting(void)
{
	int id = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	struct itimerspec setting = setting_of(10 * NS_PER_S, 3 * NS_PER_S + 5), old;

	CHECK_OK(settime(id, 0, &setting, &old));
	CHECK_EQ(value_of(&old), 0);
	CHECK_EQ(old.it_interval.tv_sec, 0);
	CHECK_OK(settime(id, 0, &setting, &old));
	CHECK(value_of(&old) > 9 * NS_PER_S && value_of(&old) <= 10 * NS_PER_S);
	CHECK_EQ(old.it_interval.tv_sec, 3);
	CHECK_EQ(old.it_interval.tv_nsec, 5);
	CHECK_OK(remove_timer(id));
}

static void absurd_times(void)
{
	int id = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	struct itimerspec setting = {.it_value = {INT64_MAX, 999999999},
				     .it_interval = {INT64_MAX, 999999999}};
	struct itimerspec left;

	CHECK_OK(settime(id, 0, &setting, NULL));
	CHECK_OK(gettime(id, &left));
	CHECK(left.it_value.tv_sec > 9000000000);
	CHECK(left.it_interval.tv_sec > 9000000000);
	CHECK_OK(settime(id, TIMER_ABSTIME, &setting, NULL));
	CHECK_OK(gettime(id, &left));
	CHECK(left.it_value.tv_sec > 9000000000);
	/* The first expiry is now, the second never. */
	install(SIGUSR1);
	setting.it_value = (struct timespec){0, 1};
	CHECK_OK(settime(id, 0, &setting, NULL));
	CHECK(wait_for_count(1));
	CHECK_EQ(seen_overrun, 0);
	CHECK_OK(gettime(id, &left));
	CHECK(left.it_value.tv_sec > 9000000000);
	CHECK_OK(remove_timer(id));
	signal(SIGUSR1, SIG_DFL);
}

static void errors_of_create(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 0};
	int id = -1;

	CHECK_ERR(create(99, NULL, &id), EINVAL);
	CHECK_ERR(create(10, NULL, &id), EINVAL);
	CHECK_ERR(create(CLOCK_MONOTONIC_RAW, NULL, &id), EOPNOTSUPP);
	CHECK_ERR(create(CLOCK_MONOTONIC_COARSE, NULL, &id), EOPNOTSUPP);
	CHECK_ERR(create(CLOCK_REALTIME_COARSE, NULL, &id), EOPNOTSUPP);
	CHECK_ERR(create(CLOCK_MONOTONIC, &event, &id), EINVAL);
	event.sigev_signo = 65;
	CHECK_ERR(create(CLOCK_MONOTONIC, &event, &id), EINVAL);
	event.sigev_signo = SIGUSR1;
	event.sigev_notify = 3;
	CHECK_ERR(create(CLOCK_MONOTONIC, &event, &id), EINVAL);
	event.sigev_notify = SIGEV_NONE;
	event.sigev_signo = 4711; /* not looked at */
	CHECK_OK(create(CLOCK_MONOTONIC, &event, &id));
	CHECK_OK(remove_timer(id));
	CHECK_ERR(create(CLOCK_MONOTONIC, NULL, NULL), EFAULT);
}

static void errors_of_the_others(void)
{
	int id = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	struct itimerspec good = setting_of(NS_PER_S, 0), bad = good;

	CHECK_ERR(settime(id, 0, NULL, NULL), EINVAL);
	CHECK_ERR(settime(id + 1000, 0, &good, NULL), EINVAL);
	CHECK_ERR(settime(-1, 0, &good, NULL), EINVAL);
	bad.it_value.tv_nsec = NS_PER_S;
	CHECK_ERR(settime(id, 0, &bad, NULL), EINVAL);
	bad.it_value = (struct timespec){-1, 0};
	CHECK_ERR(settime(id, 0, &bad, NULL), EINVAL);
	bad = good;
	bad.it_interval.tv_nsec = -1;
	CHECK_ERR(settime(id, 0, &bad, NULL), EINVAL);
	CHECK_ERR(gettime(id + 1000, &good), EINVAL);
	CHECK_ERR(getoverrun(id + 1000), EINVAL);
	CHECK_ERR(remove_timer(id + 1000), EINVAL);
	CHECK_ERR(remove_timer(INT_MIN), EINVAL);
	CHECK_OK(remove_timer(id));
	CHECK_ERR(remove_timer(id), EINVAL);
	CHECK_ERR(gettime(id, &good), EINVAL);
	CHECK_ERR(settime(id, 0, &good, NULL), EINVAL);
}

static void many(void)
{
	enum { COUNT = 1000 };
	static int ids[COUNT];

	install(SIGRTMIN + 1);
	for (int i = 0; i < COUNT; i++) {
		ids[i] = new_timer(CLOCK_MONOTONIC, SIGRTMIN + 1);
		set(ids[i], (1 + i % 10) * MS, 0);
	}
	CHECK(wait_for_count(COUNT));
	pause_ns(5 * MS);
	CHECK_EQ(seen_count, COUNT);
	for (int i = 0; i < COUNT; i++)
		for (int other = i + 1; other < COUNT; other++)
			if (ids[i] == ids[other])
				t_fail(__FILE__, __LINE__, "id %d twice", ids[i]);
	for (int i = 0; i < COUNT; i++)
		CHECK_OK(remove_timer(ids[i]));
	signal(SIGRTMIN + 1, SIG_DFL);
}

/* Each timer keeps a place in the queue of signals; none are left. */
static void limit(void)
{
	struct rlimit before, none;
	const union sigval value = {.sival_int = 1};
	int id = -1;

	CHECK_OK(getrlimit(RLIMIT_SIGPENDING, &before));
	none = before;
	none.rlim_cur = 0;
	CHECK_OK(setrlimit(RLIMIT_SIGPENDING, &none));
	CHECK_ERR(create(CLOCK_MONOTONIC, NULL, &id), EAGAIN);
	CHECK_ERR(sigqueue(getpid(), SIGRTMIN, value), EAGAIN);
	install(SIGUSR1);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(seen_count, 1);
	CHECK_OK(setrlimit(RLIMIT_SIGPENDING, &before));
	CHECK_OK(create(CLOCK_MONOTONIC, NULL, &id));
	CHECK_OK(remove_timer(id));
	signal(SIGUSR1, SIG_DFL);
}

/* A timer goes on while its signal is ignored. */
static void ignored(void)
{
	int id = new_timer(CLOCK_MONOTONIC, SIGUSR1);

	signal(SIGUSR1, SIG_IGN);
	set(id, MS, MS);
	pause_ns(20 * MS);
	install(SIGUSR1);
	CHECK(wait_for_count(3));
	CHECK_OK(remove_timer(id));
	signal(SIGUSR1, SIG_DFL);
}

static void interrupts_a_sleep(void)
{
	int id = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	struct timespec long_sleep = {100, 0}, left = {0, 0};

	install(SIGUSR1);
	set(id, 10 * MS, 0);
	CHECK_ERR(syscall(SYS_nanosleep, &long_sleep, &left), EINTR);
	CHECK_EQ(seen_count, 1);
	CHECK(left.tv_sec >= 95 && left.tv_sec < 100);
	set(id, 10 * MS, 0);
	long_sleep.tv_sec = now(CLOCK_REALTIME) / NS_PER_S + 100;
	CHECK_ERR(syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &long_sleep, NULL),
		  EINTR);
	CHECK_EQ(seen_count, 2);
	CHECK_OK(remove_timer(id));
	signal(SIGUSR1, SIG_DFL);
}

/* The guest's clock is nobody else's; a host's is left alone. */
static bool may_set_the_clock(void)
{
	return getpid() == 1;
}

static void set_wall_clock(int64_t by_ns)
{
	struct timespec there = timespec_of(now(CLOCK_REALTIME) + by_ns);

	CHECK_OK(clock_settime(CLOCK_REALTIME, &there));
}

static void follows_the_wall_clock(void)
{
	int absolute, relative;
	struct itimerspec setting = setting_of(now(CLOCK_REALTIME) + 3600 * NS_PER_S, 0);

	if (!may_set_the_clock())
		return;
	absolute = new_timer(CLOCK_REALTIME, SIGUSR1);
	relative = new_timer(CLOCK_REALTIME, SIGUSR1);
	install(SIGUSR1);
	CHECK_OK(settime(absolute, TIMER_ABSTIME, &setting, NULL));
	set(relative, 3600 * NS_PER_S, 0);
	pause_ns(5 * MS);
	CHECK_EQ(seen_count, 0);
	set_wall_clock(4000 * NS_PER_S);
	CHECK(wait_for_count(1));
	CHECK_EQ(seen_id, absolute);
	pause_ns(5 * MS);
	CHECK_EQ(seen_count, 1);
	set_wall_clock(-4000 * NS_PER_S);
	CHECK_OK(remove_timer(absolute));
	CHECK_OK(remove_timer(relative));
	signal(SIGUSR1, SIG_DFL);
}

static const struct t_test tests[] = {
	T(one_shot),
	T(default_event),
	T(periodic),
	T(overrun),
	T(shortest_interval),
	T(overrun_has_a_limit),
	T(absolute),
	T(only_asked),
	T(to_a_thread),
	T(old_setting),
	T(absurd_times),
	T(errors_of_create),
	T(errors_of_the_others),
	T(many),
	T(limit),
	T(ignored),
	T(interrupts_a_sleep),
	T(follows_the_wall_clock),
};

T_MAIN(tests)
