/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers and threads: whom they signal, whose time they count, who waits for them. */
#include "t_threads.h"
#include "t_timers.h"

#include <sys/time.h>
#include <sys/timerfd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid /* glibc has no name for it */
#endif

static atomic_int seen_count;
static atomic_int seen_tid;
static atomic_bool is_over;

static void on_signal(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)info;
	(void)context;
	seen_tid = tid();
	seen_count++;
}

static void install(int signo)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};

	seen_count = seen_tid = 0;
	CHECK_OK(sigaction(signo, &action, NULL));
}

static bool wait_for_count(int count)
{
	for (int i = 0; i < 10000 && seen_count < count; i++)
		sleep_ms(1);
	return seen_count >= count;
}

/* --- SIGEV_THREAD: the C library's own helper thread ------------------------------------------ */

static atomic_int notified;

static void notify(union sigval value)
{
	notified += value.sival_int;
}

static void calls_a_function(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = notify};
	struct itimerspec setting = setting_of(5 * MS, 5 * MS);
	timer_t timer;

	notified = 0;
	event.sigev_value.sival_int = 3;
	CHECK_OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CHECK_OK(timer_settime(timer, 0, &setting, NULL));
	for (int i = 0; i < 10000 && notified < 9; i++)
		sleep_ms(1);
	CHECK(notified >= 9);
	CHECK_EQ(notified % 3, 0);
	CHECK_OK(timer_delete(timer));
}

/* --- SIGEV_THREAD_ID -------------------------------------------------------------------------- */

struct target {
	atomic_int tid;
	atomic_bool may_end;
};

static void *is_target(void *argument)
{
	struct target *target = argument;

	target->tid = tid();
	while (!target->may_end)
		sleep_ms(1);
	return NULL;
}

/* Its signals reach this thread only; when it has ended, nobody. */
static void one_thread_only(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
	struct itimerspec setting = setting_of(2 * MS, 2 * MS);
	struct target target = {0, false};
	pthread_t thread = start(is_target, &target);
	int id = -1, count;

	install(SIGUSR1);
	while (!target.tid)
		sleep_ms(1);
	event.sigev_notify_thread_id = target.tid;
	CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
	CHECK_OK(syscall(SYS_timer_settime, id, 0, &setting, NULL));
	CHECK(wait_for_count(5));
	CHECK_EQ(seen_tid, target.tid);
	target.may_end = true;
	join(thread);
	sleep_ms(5);
	count = seen_count;
	sleep_ms(20);
	CHECK_EQ(seen_count, count);
	CHECK_OK(syscall(SYS_timer_settime, id, 0, &setting, NULL));
	sleep_ms(10);
	CHECK_EQ(seen_count, count);
	CHECK_OK(syscall(SYS_timer_delete, id));
	CHECK_ERR(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL);
	signal(SIGUSR1, SIG_DFL);
}

/* A blocked one ends with its timer's signal pending. */
static void *ends_with_signal(void *argument)
{
	struct target *target = argument;
	sigset_t set;

	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	target->tid = tid();
	while (!target->may_end)
		sleep_ms(1);
	return NULL;
}

static void ends_while_pending(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
	struct itimerspec setting = setting_of(MS, MS);
	int ids[8];

	install(SIGUSR1);
	for (int i = 0; i < 8; i++) {
		struct target target = {0, false};
		pthread_t thread = start(ends_with_signal, &target);

		while (!target.tid)
			sleep_ms(1);
		event.sigev_notify_thread_id = target.tid;
		CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &ids[i]));
		CHECK_OK(syscall(SYS_timer_settime, ids[i], 0, &setting, NULL));
		sleep_ms(3);
		target.may_end = true;
		join(thread);
	}
	CHECK_EQ(seen_count, 0);
	for (int i = 0; i < 8; i++)
		CHECK_OK(syscall(SYS_timer_delete, ids[i]));
	signal(SIGUSR1, SIG_DFL);
}

/* --- CPU time --------------------------------------------------------------------------------- */

static void *works(void *argument)
{
	volatile unsigned long work = 0;

	(void)argument;
	while (!is_over)
		work++;
	return NULL;
}

static void *sleeps(void *argument)
{
	(void)argument;
	while (!is_over)
		sleep_ms(1);
	return NULL;
}

static void end_of(pthread_t *threads, int count)
{
	is_over = true;
	for (int i = 0; i < count; i++)
		join(threads[i]);
	is_over = false;
}

/* The process' clock runs while any of its threads works. */
static void all_threads_count(void)
{
	struct itimerval setting = {{0, 20000}, {0, 20000}}, none = {{0, 0}, {0, 0}};
	int64_t begin = now(CLOCK_PROCESS_CPUTIME_ID);
	pthread_t threads[3];

	install(SIGPROF);
	CHECK_OK(setitimer(ITIMER_PROF, &setting, NULL));
	for (int i = 0; i < 3; i++)
		threads[i] = start(works, NULL);
	CHECK(wait_for_count(5));
	CHECK(now(CLOCK_PROCESS_CPUTIME_ID) - begin >= 80 * MS);
	end_of(threads, 3);
	CHECK_OK(setitimer(ITIMER_PROF, &none, NULL));
	signal(SIGPROF, SIG_DFL);
}

/* A thread's clock runs for its own work only. */
static void own_time_only(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec setting = setting_of(30 * MS, 0), left;
	clockid_t busy, idle;
	pthread_t threads[2];
	timer_t of_busy, of_idle;

	install(SIGUSR1);
	install(SIGUSR2);
	threads[0] = start(works, NULL);
	threads[1] = start(sleeps, NULL);
	CHECK_EQ(pthread_getcpuclockid(threads[0], &busy), 0);
	CHECK_EQ(pthread_getcpuclockid(threads[1], &idle), 0);
	CHECK_OK(timer_create(busy, &event, &of_busy));
	event.sigev_signo = SIGUSR2;
	CHECK_OK(timer_create(idle, &event, &of_idle));
	setting.it_value.tv_sec = 3;
	CHECK_OK(timer_settime(of_idle, 0, &setting, NULL));
	setting.it_value.tv_sec = 0;
	CHECK_OK(timer_settime(of_busy, 0, &setting, NULL));
	CHECK(wait_for_count(1));
	CHECK(now(busy) >= 30 * MS);
	sleep_ms(20);
	CHECK_EQ(seen_count, 1);
	CHECK_OK(timer_gettime(of_idle, &left));
	CHECK(left.it_value.tv_sec >= 2);
	end_of(threads, 2);
	/* Their clocks are gone; the timers are there still, and silent. */
	CHECK_OK(timer_gettime(of_idle, &left));
	CHECK_OK(timer_delete(of_busy));
	CHECK_OK(timer_delete(of_idle));
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
}

/* Until another thread has worked so much; clock_nanosleep returns its error. */
static void sleeping_while_others_work(void)
{
	struct timespec bit = {0, 30 * MS};
	pthread_t thread;
	clockid_t clock;
	int64_t begin, until;

	thread = start(works, NULL);
	begin = now(CLOCK_PROCESS_CPUTIME_ID);
	CHECK_EQ(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &bit, NULL), 0);
	CHECK(now(CLOCK_PROCESS_CPUTIME_ID) - begin >= 30 * MS);
	CHECK_EQ(pthread_getcpuclockid(thread, &clock), 0);
	until = now(clock) + 30 * MS;
	bit = (struct timespec){until / NS_PER_S, until % NS_PER_S};
	CHECK_EQ(clock_nanosleep(clock, TIMER_ABSTIME, &bit, NULL), 0);
	CHECK(now(clock) >= until);
	end_of(&thread, 1);
}

/* --- waiting for one timer -------------------------------------------------------------------- */

static void *reads_timer(void *argument)
{
	uint64_t count = 0;

	return (void *)(uintptr_t)(read(*(int *)argument, &count, sizeof(count)) == 8 ? count : 0);
}

/* Set while somebody reads already. */
static void set_for_a_reader(void)
{
	struct itimerspec setting = setting_of(5 * MS, 0);
	int fd = (int)CHECK_OK(timerfd_create(CLOCK_MONOTONIC, 0));
	pthread_t thread = start(reads_timer, &fd);

	sleep_ms(5);
	CHECK_OK(timerfd_settime(fd, 0, &setting, NULL));
	CHECK_EQ((uintptr_t)join(thread), 1);
	close(fd);
}

/* --- the wall clock is set: in the guest only, a host's clock is left alone --------------------
 */

static void set_wall_clock(int64_t by_ns)
{
	int64_t there = now(CLOCK_REALTIME) + by_ns;
	struct timespec ts = {there / NS_PER_S, there % NS_PER_S};

	CHECK_OK(clock_settime(CLOCK_REALTIME, &ts));
}

static void *sleeps_on_the_wall(void *argument)
{
	const struct timespec *until = argument;

	return (void *)(uintptr_t)clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, until, NULL);
}

static void sleep_follows_the_wall_clock(void)
{
	struct timespec until = after_ms(CLOCK_REALTIME, 3600 * 1000);
	int64_t begin = now(CLOCK_MONOTONIC);
	pthread_t thread;

	if (getpid() != 1)
		return;
	thread = start(sleeps_on_the_wall, &until);
	sleep_ms(10);
	set_wall_clock(4000 * NS_PER_S);
	CHECK(join(thread) == NULL);
	CHECK(now(CLOCK_MONOTONIC) - begin < 100 * NS_PER_S);
	set_wall_clock(-4000 * NS_PER_S);
}

static void *reads_canceled(void *argument)
{
	uint64_t count;
	ssize_t got = read(*(int *)argument, &count, sizeof(count));

	return (void *)(uintptr_t)(got < 0 ? errno : 0);
}

static void reader_is_canceled(void)
{
	struct timespec until = after_ms(CLOCK_REALTIME, 3600 * 1000);
	struct itimerspec setting = {.it_value = until};
	pthread_t thread;
	int fd;

	if (getpid() != 1)
		return;
	fd = (int)CHECK_OK(timerfd_create(CLOCK_REALTIME, 0));
	CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &setting, NULL));
	thread = start(reads_canceled, &fd);
	sleep_ms(10);
	set_wall_clock(NS_PER_S);
	CHECK_EQ((uintptr_t)join(thread), ECANCELED);
	set_wall_clock(-NS_PER_S);
	close(fd);
}

static const struct t_test tests[] = {
	T(calls_a_function),   T(one_thread_only),
	T(ends_while_pending), T(all_threads_count),
	T(own_time_only),      T(sleeping_while_others_work),
	T(set_for_a_reader),   T(sleep_follows_the_wall_clock),
	T(reader_is_canceled),
};

T_MAIN(tests)
