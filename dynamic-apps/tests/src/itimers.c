/* SPDX-License-Identifier: BSD-3-Clause */
/* setitimer(2) and alarm(2), and everything that counts CPU time: timers, limits, sums. */
#include "t.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <time.h>

#define MS 1000000L

static volatile int seen_count, seen_signo, seen_code;

static void on_signal(int signo, siginfo_t *info, void *context)
{
	(void)context;
	seen_count++;
	seen_signo = signo;
	seen_code = info->si_code;
}

static void install(int signo)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

	seen_count = seen_signo = seen_code = 0;
	CHECK_OK(sigaction(signo, &action, NULL));
}

static int64_t now(clockid_t clock)
{
	struct timespec ts = {-1, -1};

	CHECK_OK(clock_gettime(clock, &ts));
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void pause_ns(int64_t ns)
{
	int64_t end = now(CLOCK_MONOTONIC) + ns;
	struct timespec until = {end / NS_PER_S, end % NS_PER_S};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* Sleeps until the handler has run `count` times. */
static bool wait_for_count(int count)
{
	for (int i = 0; i < 5000 && seen_count < count; i++)
		pause_ns(MS);
	return seen_count >= count;
}

/* Works until then; gives the CPU time it took, or -1 after many seconds. */
static int64_t work_until_count(int count)
{
	int64_t start = now(CLOCK_PROCESS_CPUTIME_ID), used = 0;
	volatile unsigned int work = 0;

	while (seen_count < count && used < 20 * NS_PER_S) {
		for (int i = 0; i < 1000; i++)
			work++;
		used = now(CLOCK_PROCESS_CPUTIME_ID) - start;
	}
	return seen_count >= count ? used : -1;
}

static struct itimerval setting_of(long value_us, long interval_us)
{
	return (struct itimerval){
		.it_value = {value_us / 1000000, value_us % 1000000},
		.it_interval = {interval_us / 1000000, interval_us % 1000000},
	};
}

static void set(int which, long value_us, long interval_us)
{
	struct itimerval setting = setting_of(value_us, interval_us);

	CHECK_OK(setitimer(which, &setting, NULL));
}

static long value_of(const struct itimerval *setting)
{
	return setting->it_value.tv_sec * 1000000 + setting->it_value.tv_usec;
}

/* --- real time ------------------------------------------------------------------------------ */

static void real_once(void)
{
	struct itimerval left;
	int64_t start = now(CLOCK_MONOTONIC);

	install(SIGALRM);
	set(ITIMER_REAL, 20000, 0);
	CHECK_OK(getitimer(ITIMER_REAL, &left));
	CHECK(value_of(&left) > 0 && value_of(&left) <= 20000);
	CHECK(wait_for_count(1));
	CHECK(now(CLOCK_MONOTONIC) - start >= 20 * MS);
	CHECK_EQ(seen_signo, SIGALRM);
	CHECK_EQ(seen_code, SI_KERNEL);
	CHECK_OK(getitimer(ITIMER_REAL, &left));
	CHECK_EQ(value_of(&left), 0);
	pause_ns(30 * MS);
	CHECK_EQ(seen_count, 1);
	signal(SIGALRM, SIG_DFL);
}

static void real_periodic(void)
{
	struct itimerval old, stop = setting_of(0, 0);
	int64_t start = now(CLOCK_MONOTONIC);

	install(SIGALRM);
	set(ITIMER_REAL, 5000, 3000);
	CHECK(wait_for_count(4));
	CHECK(now(CLOCK_MONOTONIC) - start >= (5 + 3 * 3) * MS - 100000);
	CHECK_OK(setitimer(ITIMER_REAL, &stop, &old));
	CHECK(value_of(&old) > 0 && value_of(&old) <= 3000);
	CHECK_EQ(old.it_interval.tv_usec, 3000);
	seen_count = 0;
	pause_ns(10 * MS);
	CHECK_EQ(seen_count, 0);
	signal(SIGALRM, SIG_DFL);
}

/* Blocked, it is pending once, and stays so when the timer is stopped. */
static void real_pending(void)
{
	sigset_t set_of_one, pending;

	install(SIGALRM);
	sigemptyset(&set_of_one);
	sigaddset(&set_of_one, SIGALRM);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set_of_one, NULL));
	set(ITIMER_REAL, 1000, 1000);
	pause_ns(10 * MS);
	set(ITIMER_REAL, 0, 0);
	CHECK_OK(sigpending(&pending));
	CHECK(sigismember(&pending, SIGALRM));
	CHECK_OK(sigprocmask(SIG_UNBLOCK, &set_of_one, NULL));
	CHECK_EQ(seen_count, 1);
	pause_ns(5 * MS);
	CHECK_EQ(seen_count, 1);
	signal(SIGALRM, SIG_DFL);
}

static void alarms(void)
{
	install(SIGALRM);
	CHECK_EQ(alarm(5), 0);
	CHECK_EQ(alarm(100), 5);
	CHECK_EQ(alarm(0), 100);
	CHECK_EQ(alarm(0), 0);
	CHECK_EQ(alarm(0xffffffffU), 0);
	CHECK_EQ(alarm(0), 0xffffffffU);
	set(ITIMER_REAL, 1000000 + 400000, 0);
	CHECK_EQ(alarm(0), 1); /* rounded */
	set(ITIMER_REAL, 400000, 0);
	CHECK_EQ(alarm(0), 1); /* but never to none */
	CHECK_EQ(alarm(1), 0);
	CHECK(wait_for_count(1));
	CHECK_EQ(alarm(0), 0);
	signal(SIGALRM, SIG_DFL);
}

static void errors(void)
{
	struct itimerval good = setting_of(1000000, 0), bad = good;

	CHECK_ERR(syscall(SYS_setitimer, 3, &good, NULL), EINVAL);
	CHECK_ERR(syscall(SYS_setitimer, -1, &good, NULL), EINVAL);
	CHECK_ERR(syscall(SYS_getitimer, 3, &good), EINVAL);
	bad.it_value.tv_usec = 1000000;
	CHECK_ERR(syscall(SYS_setitimer, ITIMER_REAL, &bad, NULL), EINVAL);
	bad.it_value.tv_usec = -1;
	CHECK_ERR(syscall(SYS_setitimer, ITIMER_REAL, &bad, NULL), EINVAL);
	bad = good;
	bad.it_interval.tv_sec = -1;
	CHECK_ERR(syscall(SYS_setitimer, ITIMER_REAL, &bad, NULL), EINVAL);
	good.it_value.tv_sec = INT64_MAX;
	CHECK_OK(syscall(SYS_setitimer, ITIMER_REAL, &good, NULL));
	CHECK_OK(syscall(SYS_setitimer, ITIMER_REAL, NULL, &good)); /* stops it */
	CHECK(good.it_value.tv_sec > 9000000000);
	CHECK_OK(getitimer(ITIMER_REAL, &good));
	CHECK_EQ(value_of(&good), 0);
}

/* --- CPU time ------------------------------------------------------------------------------- */

static void counts_work(int which, int signo)
{
	struct itimerval left;
	int64_t used;

	install(signo);
	set(which, 30000, 20000);
	pause_ns(60 * MS);
	CHECK_EQ(seen_count, 0); /* sleeping is no work */
	CHECK_OK(getitimer(which, &left));
	CHECK(value_of(&left) > 0 && value_of(&left) <= 40000);
	CHECK_EQ(left.it_interval.tv_usec, 20000);
	used = work_until_count(3);
	CHECK(used >= 40 * MS); /* 30 + 20 + 20, less what getting here took */
	CHECK_EQ(seen_signo, signo);
	CHECK_EQ(seen_code, SI_KERNEL);
	set(which, 0, 0);
	signal(signo, SIG_DFL);
}

static void virtual_time(void)
{
	counts_work(ITIMER_VIRTUAL, SIGVTALRM);
}

static void profiling_time(void)
{
	counts_work(ITIMER_PROF, SIGPROF);
}

static void timer_on(clockid_t clock)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec setting = {.it_value = {0, 30 * MS}, .it_interval = {0, 10 * MS}}, left;
	int64_t used;
	int id = -1;

	install(SIGUSR1);
	CHECK_OK(syscall(SYS_timer_create, clock, &event, &id));
	CHECK_OK(syscall(SYS_timer_settime, id, 0, &setting, NULL));
	pause_ns(50 * MS);
	CHECK_EQ(seen_count, 0);
	CHECK_OK(syscall(SYS_timer_gettime, id, &left));
	CHECK(left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 30 * MS);
	used = work_until_count(3);
	CHECK(used >= 25 * MS);
	CHECK_EQ(seen_code, SI_TIMER);
	setting = (struct itimerspec){.it_value = {0, 0}};
	CHECK_OK(syscall(SYS_timer_settime, id, 0, &setting, NULL));
	seen_count = 0;
	setting.it_value.tv_nsec = 1;
	CHECK_OK(syscall(SYS_timer_settime, id, TIMER_ABSTIME, &setting, NULL));
	CHECK(work_until_count(1) >= 0); /* in the past: at once */
	CHECK_OK(syscall(SYS_timer_delete, id));
	signal(SIGUSR1, SIG_DFL);
}

static void timers_on_cpu_clocks(void)
{
	clockid_t process;

	timer_on(CLOCK_PROCESS_CPUTIME_ID);
	timer_on(CLOCK_THREAD_CPUTIME_ID);
	CHECK_EQ(clock_getcpuclockid(0, &process), 0);
	timer_on(process);
	CHECK_EQ(clock_getcpuclockid(getpid(), &process), 0);
	timer_on(process);
}

static void sleeping_on_cpu_clocks(void)
{
	struct timespec bit = {0, 1}, hour = {3600, 0}, left = {0, 0};

	CHECK_ERR(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &bit, NULL), EOPNOTSUPP);
	CHECK_ERR(syscall(SYS_clock_nanosleep, -2, 0, &bit, NULL), EINVAL); /* the same, by id */
	CHECK_ERR(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &bit, NULL), EOPNOTSUPP);
	CHECK_ERR(syscall(SYS_clock_nanosleep, CLOCK_REALTIME_COARSE, 0, &bit, NULL), EOPNOTSUPP);
	/* In the past. */
	CHECK_OK(syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, &bit, NULL));
	/* Nobody works, so only the signal ends it. */
	install(SIGALRM);
	set(ITIMER_REAL, 20000, 0);
	CHECK_ERR(syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, &hour, &left), EINTR);
	CHECK(left.tv_sec == 3599 || left.tv_sec == 3600);
	signal(SIGALRM, SIG_DFL);
}

static void cpu_limit(void)
{
	struct rlimit before, limit;

	CHECK_OK(getrlimit(RLIMIT_CPU, &before));
	install(SIGXCPU);
	limit = before;
	limit.rlim_cur = (rlim_t)(now(CLOCK_PROCESS_CPUTIME_ID) / NS_PER_S + 1);
	CHECK_OK(setrlimit(RLIMIT_CPU, &limit));
	CHECK(work_until_count(1) >= 0); /* when exactly? Linux counts ticks for this */
	CHECK_EQ(seen_signo, SIGXCPU);
	CHECK_OK(setrlimit(RLIMIT_CPU, &before));
	signal(SIGXCPU, SIG_DFL);
}

static int64_t ns_of(const struct timeval *tv)
{
	return tv->tv_sec * NS_PER_S + tv->tv_usec * 1000L;
}

static void sums(void)
{
	struct rusage self, thread, children;
	struct tms all;
	int64_t process;
	clock_t first, second;

	CHECK_OK(getrusage(RUSAGE_THREAD, &thread));
	CHECK_OK(getrusage(RUSAGE_SELF, &self));
	process = now(CLOCK_PROCESS_CPUTIME_ID);
	CHECK(ns_of(&self.ru_utime) + ns_of(&self.ru_stime) > 0);
	CHECK(ns_of(&self.ru_utime) + ns_of(&self.ru_stime) <= process + 10 * MS);
	CHECK(ns_of(&thread.ru_utime) + ns_of(&thread.ru_stime) <=
	      ns_of(&self.ru_utime) + ns_of(&self.ru_stime) + 10 * MS);
	CHECK_OK(getrusage(RUSAGE_CHILDREN, &children));
	CHECK(ns_of(&children.ru_utime) >= 0);
	first = times(&all);
	CHECK(all.tms_utime >= 0 && all.tms_stime >= 0);
	CHECK(all.tms_cutime >= 0 && all.tms_cstime >= 0);
	CHECK((int64_t)(all.tms_utime + all.tms_stime) * 10 * MS <= process + 30 * MS);
	pause_ns(50 * MS);
	second = times(NULL);
	CHECK(second - first >= 4 && second - first < 1000);
}

/* --- how the clock is disciplined ------------------------------------------------------------- */

static void adjtimex_tells(void)
{
	struct timex state;
	int64_t wall;

	memset(&state, 0, sizeof(state));
	CHECK(syscall(SYS_adjtimex, &state) >= 0);
	wall = now(CLOCK_REALTIME) / NS_PER_S;
	CHECK(llabs(state.time.tv_sec - wall) <= 1);
	CHECK_EQ(state.tick, 10000);
	CHECK_EQ(state.precision, 1);
	memset(&state, 0, sizeof(state));
	CHECK(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &state) >= 0);
	CHECK(llabs(state.time.tv_sec - wall) <= 1);
	CHECK_ERR(syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &state), EOPNOTSUPP);
	CHECK_ERR(syscall(SYS_clock_adjtime, 99, &state), EINVAL);
	state.modes = ADJ_OFFSET_SS_READ;
	CHECK(syscall(SYS_adjtimex, &state) >= 0);
}

static void setting_clocks(void)
{
	struct timespec ts = {0, NS_PER_S};

	CHECK_ERR(syscall(SYS_clock_settime, CLOCK_REALTIME, &ts), EINVAL);
	CHECK_ERR(syscall(SYS_clock_settime, CLOCK_MONOTONIC, NULL), EINVAL);
	CHECK_ERR(syscall(SYS_clock_settime, CLOCK_PROCESS_CPUTIME_ID, &ts), EINVAL);
	CHECK_ERR(syscall(SYS_clock_settime, -6, &ts), EPERM); /* of this process, by id */
	CHECK_ERR(syscall(SYS_clock_settime, -1, &ts), EINVAL);
}

static const struct t_test tests[] = {
	T(real_once),
	T(real_periodic),
	T(real_pending),
	T(alarms),
	T(errors),
	T(virtual_time),
	T(profiling_time),
	T(timers_on_cpu_clocks),
	T(sleeping_on_cpu_clocks),
	T(cpu_limit),
	T(sums),
	T(adjtimex_tells),
	T(setting_clocks),
};

T_MAIN(tests)
