/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals and threads: to one thread, to the process, masks, waiting, stacks, restarts. */
#include "t_threads.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

static atomic_int handled, handled_tid, handled_code, handled_value;

static void on_signal(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	handled_tid = tid();
	handled_code = info->si_code;
	handled_value = info->si_value.sival_int;
	handled++;
}

static void handle(int signo, int flags)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags};

	handled = handled_tid = handled_code = handled_value = 0;
	CHECK_OK(sigaction(signo, &action, NULL));
}

static void mask(int how, int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	CHECK_EQ(pthread_sigmask(how, &set, NULL), 0);
}

static bool is_pending(int signo)
{
	sigset_t set;

	CHECK_OK(sigpending(&set));
	return sigismember(&set, signo) == 1;
}

static void wait_handled(int count)
{
	int64_t begin = now_ns();

	while (handled < count && now_ns() - begin < 5 * NS_PER_S)
		sched_yield();
	CHECK_EQ(handled, count);
}

/* A thread that goes through one stage and then waits to be let go. */
struct helper {
	int (*does)(void);
	pthread_t thread;
	atomic_int tid, may_end;
	int result;
};

static void *helper_runs(void *argument)
{
	struct helper *helper = argument;

	helper->tid = tid();
	if (helper->does)
		helper->result = helper->does();
	while (!helper->may_end)
		sched_yield();
	return NULL;
}

static void helper_start(struct helper *helper, int (*does)(void))
{
	memset(helper, 0, sizeof(*helper));
	helper->does = does;
	helper->thread = start(helper_runs, helper);
	while (!helper->tid)
		sched_yield();
}

static int helper_end(struct helper *helper)
{
	helper->may_end = 1;
	join(helper->thread);
	return helper->result;
}

/* --- to one thread -------------------------------------------------------------------------- */

static void to_one_thread(void)
{
	siginfo_t info = {.si_code = SI_QUEUE};
	struct helper one, two;

	info.si_value.sival_int = 77;
	handle(SIGUSR1, 0);
	helper_start(&one, NULL);
	helper_start(&two, NULL);
	CHECK_EQ(pthread_kill(two.thread, SIGUSR1), 0);
	wait_handled(1);
	CHECK_EQ(handled_tid, two.tid);
	CHECK_EQ(handled_code, SI_TKILL);
	CHECK_OK(syscall(SYS_tgkill, getpid(), one.tid, SIGUSR1));
	wait_handled(2);
	CHECK_EQ(handled_tid, one.tid);
	CHECK_OK(syscall(SYS_tkill, two.tid, SIGUSR1));
	wait_handled(3);
	CHECK_EQ(handled_tid, two.tid);
	CHECK_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
	CHECK_EQ(handled, 4); /* to itself: before the call returns */
	CHECK_EQ(handled_tid, tid());
	CHECK_OK(syscall(SYS_rt_tgsigqueueinfo, getpid(), one.tid, SIGUSR1, &info));
	wait_handled(5);
	CHECK_EQ(handled_value, 77);
	CHECK_EQ(handled_code, SI_QUEUE);
	CHECK_EQ(pthread_kill(one.thread, 65), EINVAL);
	helper_end(&one);
	helper_end(&two);
	signal(SIGUSR1, SIG_DFL);
}

static int tells_mask(void)
{
	sigset_t set;

	pthread_sigmask(SIG_BLOCK, NULL, &set);
	return sigismember(&set, SIGUSR1) | sigismember(&set, SIGUSR2) << 1 |
	       is_pending(SIGUSR2) << 2;
}

static int changes_mask(void)
{
	mask(SIG_UNBLOCK, SIGUSR2);
	mask(SIG_BLOCK, SIGUSR1);
	return tells_mask();
}

static void masks_are_inherited(void)
{
	struct helper one;

	handle(SIGUSR2, 0);
	mask(SIG_BLOCK, SIGUSR2);
	raise(SIGUSR2); /* pending for this thread: not inherited */
	helper_start(&one, tells_mask);
	CHECK_EQ(helper_end(&one), 2);
	helper_start(&one, changes_mask);
	CHECK_EQ(helper_end(&one), 1);
	CHECK_EQ(tells_mask(), 2 | 4); /* each has its own */
	CHECK_EQ(handled, 0);
	mask(SIG_UNBLOCK, SIGUSR2);
	CHECK_EQ(handled, 1);
	signal(SIGUSR2, SIG_DFL);
}

static void pending_for_one(void)
{
	struct helper one;

	handle(SIGUSR1, 0);
	mask(SIG_BLOCK, SIGUSR1);
	helper_start(&one, NULL); /* blocks it as well */
	CHECK_EQ(pthread_kill(one.thread, SIGUSR1), 0);
	CHECK(!is_pending(SIGUSR1));
	mask(SIG_UNBLOCK, SIGUSR1);
	CHECK_EQ(handled, 0);
	helper_end(&one); /* ends with it */
	CHECK_EQ(handled, 0);
	signal(SIGUSR1, SIG_DFL);
}

/* --- to the process ------------------------------------------------------------------------- */

static void goes_to_who_does_not_block(void)
{
	struct helper one;

	handle(SIGUSR1, 0);
	helper_start(&one, NULL);
	mask(SIG_BLOCK, SIGUSR1);
	for (int i = 1; i <= 20; i++) {
		CHECK_OK(kill(getpid(), SIGUSR1));
		wait_handled(i);
		CHECK_EQ(handled_tid, one.tid);
	}
	CHECK_EQ(handled_code, SI_USER);
	mask(SIG_UNBLOCK, SIGUSR1);
	CHECK_OK(kill(getpid(), SIGUSR1)); /* if it can, who sends it gets it */
	CHECK_EQ(handled, 21);
	CHECK_EQ(handled_tid, tid());
	helper_end(&one);
	signal(SIGUSR1, SIG_DFL);
}

static int unblocks(void)
{
	int before = handled;

	mask(SIG_UNBLOCK, SIGUSR1);
	return handled - before;
}

static void waits_until_one_unblocks(void)
{
	struct helper one;

	handle(SIGUSR1, 0);
	mask(SIG_BLOCK, SIGUSR1);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK(is_pending(SIGUSR1));
	helper_start(&one, unblocks);
	CHECK_EQ(helper_end(&one), 1);
	CHECK(!is_pending(SIGUSR1));
	mask(SIG_UNBLOCK, SIGUSR1);
	CHECK_EQ(handled, 1);
	signal(SIGUSR1, SIG_DFL);
}

static void timer_signal_goes_to_who_takes_it(void)
{
	const struct itimerval soon = {.it_value = {.tv_usec = 10000}};
	struct helper one;

	handle(SIGALRM, 0);
	helper_start(&one, NULL);
	mask(SIG_BLOCK, SIGALRM);
	CHECK_OK(setitimer(ITIMER_REAL, &soon, NULL));
	wait_handled(1);
	CHECK_EQ(handled_tid, one.tid);
	mask(SIG_UNBLOCK, SIGALRM);
	helper_end(&one);
	signal(SIGALRM, SIG_DFL);
}

/* --- sigwait -------------------------------------------------------------------------------- */

static int waits_for_usr1(void)
{
	sigset_t set;
	int signo = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_EQ(sigwait(&set, &signo), 0);
	return signo;
}

static void sigwait_in_threads(void)
{
	struct helper one, two;

	mask(SIG_BLOCK, SIGUSR1);
	helper_start(&one, waits_for_usr1);
	sleep_ms(5);
	CHECK_OK(kill(getpid(), SIGUSR1)); /* by the process' queue */
	CHECK_EQ(helper_end(&one), SIGUSR1);
	helper_start(&one, waits_for_usr1);
	helper_start(&two, waits_for_usr1);
	CHECK_EQ(pthread_kill(two.thread, SIGUSR1), 0); /* by its own */
	CHECK_EQ(helper_end(&two), SIGUSR1);
	CHECK(!is_pending(SIGUSR1));
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(helper_end(&one), SIGUSR1);
	CHECK(!is_pending(SIGUSR1));
	mask(SIG_UNBLOCK, SIGUSR1);
}

static int suspends(void)
{
	sigset_t none;

	sigemptyset(&none);
	CHECK_ERR(sigsuspend(&none), EINTR);
	return handled_tid == tid();
}

static void sigsuspend_in_thread(void)
{
	struct helper one;

	handle(SIGUSR1, 0);
	mask(SIG_BLOCK, SIGUSR1);
	helper_start(&one, suspends);
	sleep_ms(5);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(helper_end(&one), 1);
	CHECK_EQ(handled, 1);
	mask(SIG_UNBLOCK, SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
}

/* --- interrupted calls ---------------------------------------------------------------------- */

static int fds[2];

static int reads(void)
{
	char c = 0;
	ssize_t got = read(fds[0], &c, 1);

	return got == 1 ? c : -errno;
}

static int polls(void)
{
	struct pollfd pollfd = {.fd = fds[0], .events = POLLIN};

	return poll(&pollfd, 1, 10000) < 0 ? -errno : 0;
}

static int sleeps(void)
{
	const struct timespec pause = {10, 0};
	struct timespec left = {0, 0};

	if (nanosleep(&pause, &left) == 0)
		return 0;
	return errno == EINTR && left.tv_sec == 9 ? -errno : 1;
}

static int interrupt(int (*does)(void), int flags)
{
	struct helper one;

	handle(SIGUSR1, flags);
	helper_start(&one, does);
	sleep_ms(10);
	CHECK_EQ(pthread_kill(one.thread, SIGUSR1), 0);
	wait_handled(1);
	if (flags & SA_RESTART && does == reads)
		CHECK_EQ(write(fds[1], "z", 1), 1);
	return helper_end(&one);
}

static void interrupted_calls(void)
{
	CHECK_OK(pipe(fds));
	CHECK_EQ(interrupt(reads, 0), -EINTR);
	CHECK_EQ(interrupt(reads, SA_RESTART), 'z');
	CHECK_EQ(interrupt(polls, 0), -EINTR);
	CHECK_EQ(interrupt(polls, SA_RESTART), -EINTR); /* never begun again */
	CHECK_EQ(interrupt(sleeps, 0), -EINTR);
	CHECK_EQ(interrupt(sleeps, SA_RESTART), -EINTR);
	close(fds[0]);
	close(fds[1]);
	signal(SIGUSR1, SIG_DFL);
}

/* Closing in one thread what another reads: the reader keeps its pipe until it returns. */
static void close_under_reader(void)
{
	struct helper one;
	int keep;

	CHECK_OK(pipe(fds));
	keep = fds[1];
	helper_start(&one, reads);
	sleep_ms(10);
	CHECK_OK(close(fds[0]));
	CHECK_EQ(write(keep, "k", 1), 1);
	CHECK_EQ(helper_end(&one), 'k');
	close(keep);
}

/* --- stacks --------------------------------------------------------------------------------- */

static __thread sigjmp_buf back;
static __thread char alternative[32 * 1024] __attribute__((aligned(16)));
static __thread volatile bool was_on_alternative;
static __thread void *volatile fault_at;

static void on_overflow(int signo, siginfo_t *info, void *context)
{
	char here;

	(void)signo;
	(void)context;
	was_on_alternative = &here >= alternative && &here < alternative + sizeof(alternative);
	fault_at = info->si_addr;
	siglongjmp(back, 1);
}

static int recurse(int level)
{
	volatile char frame[2048];

	frame[0] = (char)level;
	asm volatile("" : "+r"(level));
	return level >= 0 ? recurse(level + 1) + frame[0] : 0;
}

static int overflows(void)
{
	stack_t stack = {.ss_sp = alternative, .ss_size = sizeof(alternative)}, old;
	char here;

	CHECK_OK(sigaltstack(NULL, &old));
	CHECK_EQ(old.ss_flags, SS_DISABLE); /* not inherited */
	CHECK_OK(sigaltstack(&stack, NULL));
	for (int i = 0; i < 3; i++) {
		was_on_alternative = false;
		if (!sigsetjmp(back, 1))
			recurse(0);
		CHECK(was_on_alternative);
		CHECK((char *)fault_at < &here && (char *)fault_at > &here - (9 << 20));
	}
	stack.ss_flags = SS_DISABLE;
	CHECK_OK(sigaltstack(&stack, NULL));
	return 5;
}

/* In two threads at a time, each with its own alternate stack. */
static void stack_overflows(void)
{
	struct sigaction action = {.sa_sigaction = on_overflow,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};
	struct helper one, two;

	CHECK_OK(sigaction(SIGSEGV, &action, NULL));
	helper_start(&one, overflows);
	helper_start(&two, overflows);
	CHECK_EQ(helper_end(&one), 5);
	CHECK_EQ(helper_end(&two), 5);
	signal(SIGSEGV, SIG_DFL);
}

static int faults(void)
{
	if (!sigsetjmp(back, 1))
		*(volatile char *)(uintptr_t)(PAGE + (uintptr_t)tid()) = 1;
	return (uintptr_t)fault_at == PAGE + (uintptr_t)tid();
}

/* A fault goes to the thread that caused it. */
static void faults_stay_in_their_thread(void)
{
	struct sigaction action = {.sa_sigaction = on_overflow, .sa_flags = SA_SIGINFO};
	struct helper helpers[4];

	CHECK_OK(sigaction(SIGSEGV, &action, NULL));
	for (int i = 0; i < 4; i++)
		helper_start(&helpers[i], faults);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(helper_end(&helpers[i]), 1);
	signal(SIGSEGV, SIG_DFL);
}

static const struct t_test tests[] = {
	T(to_one_thread),
	T(masks_are_inherited),
	T(pending_for_one),
	T(goes_to_who_does_not_block),
	T(waits_until_one_unblocks),
	T(timer_signal_goes_to_who_takes_it),
	T(sigwait_in_threads),
	T(sigsuspend_in_thread),
	T(interrupted_calls),
	T(close_under_reader),
	T(stack_overflows),
	T(faults_stay_in_their_thread),
};

T_MAIN(tests)
