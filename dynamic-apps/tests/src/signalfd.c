/* SPDX-License-Identifier: BSD-3-Clause */
/* signalfd(2): what it shows of each kind of signal, in which order, to whom; readiness, waiting.
 */
#include "t_threads.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

static sigset_t set_of(int first, int second)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, first);
	if (second)
		sigaddset(&set, second);
	return set;
}

/* Blocks these signals and opens a file that takes them. */
static int open_for(int first, int second, int flags)
{
	sigset_t set = set_of(first, second);

	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	return (int)CHECK_OK(signalfd(-1, &set, flags));
}

static void end(int fd, int first, int second)
{
	sigset_t set = set_of(first, second);

	CHECK_OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
	close(fd);
}

static struct signalfd_siginfo got[8];

/* The bytes read as signals, or -1. */
static int take(int fd, int max)
{
	ssize_t bytes;

	memset(got, 0x55, sizeof(got));
	bytes = read(fd, got, (size_t)max * sizeof(got[0]));
	return bytes < 0 ? -1 : (int)(bytes / (ssize_t)sizeof(got[0]));
}

static void errors(void)
{
	sigset_t set = set_of(SIGUSR1, 0);
	int fd = CHECK_OK(signalfd(-1, &set, 0)), file = t_make_file("f", "", 0);

	CHECK_ERR(syscall(SYS_signalfd4, -1, &set, 16, 0), EINVAL);
	CHECK_ERR(syscall(SYS_signalfd4, -1, 8, 8, 0), EFAULT);
	CHECK_ERR(syscall(SYS_signalfd4, -1, &set, 8, 1), EINVAL);
	CHECK_ERR(syscall(SYS_signalfd4, -2, &set, 8, 0), EBADF);
	CHECK_ERR(syscall(SYS_signalfd4, file, &set, 8, 0), EINVAL);
	CHECK_ERR(read(fd, got, sizeof(got[0]) - 1), EINVAL);
	CHECK_ERR(read(fd, got, 0), EINVAL);
	CHECK_ERR(write(fd, got, sizeof(got[0])), EINVAL);
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	close(fd);
	fd = CHECK_OK(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_ERR(read(fd, got, sizeof(got)), EAGAIN);
	close(fd);
	fd = CHECK_OK(syscall(SYS_signalfd, -1, &set, 8));
	close(fd);
	close(file);
}

static void its_name(void)
{
	sigset_t set = set_of(SIGUSR1, SIGKILL); /* which nobody can take */
	int fd = CHECK_OK(signalfd(-1, &set, 0));
	char path[64], text[512] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(readlink(path, text, sizeof(text) - 1) > 0);
	CHECK_STR(text, "anon_inode:[signalfd]");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	CHECK(t_get_file(path, text, sizeof(text)) > 0);
	CHECK(strstr(text, "\nsigmask:\t0000000000000200\n") != NULL);
	close(fd);
}

/* --- what is shown -------------------------------------------------------------------------- */

static void senders(void)
{
	int fd = open_for(SIGUSR1, SIGRTMIN, SFD_NONBLOCK);

	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(take(fd, 1), 1);
	CHECK_EQ(got[0].ssi_signo, SIGUSR1);
	CHECK_EQ(got[0].ssi_code, SI_USER);
	CHECK_EQ(got[0].ssi_errno, 0);
	CHECK_EQ(got[0].ssi_pid, getpid());
	CHECK_EQ(got[0].ssi_uid, getuid());
	CHECK_EQ(got[0].ssi_int, 0);
	CHECK_OK(syscall(SYS_tgkill, getpid(), tid(), SIGUSR1));
	CHECK_EQ(take(fd, 1), 1);
	CHECK_EQ(got[0].ssi_code, SI_TKILL);
	CHECK_EQ(got[0].ssi_pid, getpid());
	CHECK_OK(sigqueue(getpid(), SIGRTMIN,
			  (union sigval){.sival_ptr = (void *)0x1122334455667788}));
	CHECK_EQ(take(fd, 1), 1);
	CHECK_EQ(got[0].ssi_signo, SIGRTMIN);
	CHECK_EQ(got[0].ssi_code, SI_QUEUE);
	CHECK_EQ(got[0].ssi_pid, getpid());
	CHECK(got[0].ssi_ptr == 0x1122334455667788);
	CHECK_EQ(got[0].ssi_int, 0x55667788);
	CHECK_ERR(take(fd, 1), EAGAIN);
	end(fd, SIGUSR1, SIGRTMIN);
}

/* One row per kind of siginfo: the bytes behind si_code are 1, 2, 3, ... as 32-bit numbers. */
static const struct kind {
	int signo, code;
	struct signalfd_siginfo shown;
} kinds[] = {
	{SIGUSR1, SI_MESGQ, {.ssi_pid = 1, .ssi_uid = 2, .ssi_int = 3, .ssi_ptr = 0x400000003}},
	{SIGUSR1, SI_ASYNCIO, {.ssi_pid = 1, .ssi_uid = 2, .ssi_int = 3, .ssi_ptr = 0x400000003}},
	{SIGUSR1, -60, {.ssi_pid = 1, .ssi_uid = 2, .ssi_int = 3, .ssi_ptr = 0x400000003}},
	{SIGUSR1, SI_TIMER, {.ssi_tid = 1, .ssi_overrun = 2, .ssi_int = 3, .ssi_ptr = 0x400000003}},
	{SIGUSR1, SI_SIGIO, {.ssi_band = 1, .ssi_fd = 3}},
	{SIGUSR1, SI_USER, {.ssi_pid = 1, .ssi_uid = 2}},
	{SIGUSR1, SI_KERNEL, {.ssi_pid = 1, .ssi_uid = 2}},
	{SIGUSR1, 3, {.ssi_band = 1, .ssi_fd = 3}},
	{SIGUSR1, 50, {.ssi_pid = 1, .ssi_uid = 2}},
	{SIGIO, 1, {.ssi_band = 1, .ssi_fd = 3}},
	{SIGIO, 6, {.ssi_band = 1, .ssi_fd = 3}},
	{SIGIO, 7, {.ssi_pid = 1, .ssi_uid = 2}},
	{SIGCHLD,
	 1,
	 {.ssi_pid = 1,
	  .ssi_uid = 2,
	  .ssi_status = 3,
	  .ssi_utime = 0x600000005,
	  .ssi_stime = 0x800000007}},
	{SIGCHLD,
	 6,
	 {.ssi_pid = 1,
	  .ssi_uid = 2,
	  .ssi_status = 3,
	  .ssi_utime = 0x600000005,
	  .ssi_stime = 0x800000007}},
	{SIGCHLD, 7, {.ssi_pid = 1, .ssi_uid = 2}},
	{SIGSEGV, 1, {.ssi_addr = 0x200000001}},
	{SIGSEGV, 4, {.ssi_addr = 0x200000001}},
	{SIGBUS, 2, {.ssi_addr = 0x200000001}},
	{SIGBUS, 5, {.ssi_addr = 0x200000001, .ssi_addr_lsb = 3}},
	{SIGILL, 3, {.ssi_addr = 0x200000001}},
	{SIGFPE, 8, {.ssi_addr = 0x200000001}},
	{SIGTRAP, 2, {.ssi_addr = 0x200000001}},
	{SIGSYS, 1, {.ssi_call_addr = 0x200000001, .ssi_syscall = 3, .ssi_arch = 4}},
};

static void every_kind(void)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *kind = &kinds[i];
		struct signalfd_siginfo shown = kind->shown;
		int fd = open_for(kind->signo, 0, SFD_NONBLOCK);
		uint32_t info[32] = {(uint32_t)kind->signo, 7, (uint32_t)kind->code};

		for (uint32_t n = 0; n < 8; n++)
			info[4 + n] = n + 1;
		shown.ssi_signo = (uint32_t)kind->signo;
		shown.ssi_errno = 7;
		shown.ssi_code = kind->code;
		CHECK_OK(syscall(SYS_rt_sigqueueinfo, getpid(), kind->signo, info));
		CHECK_EQ(take(fd, 8), 1);
		if (memcmp(&got[0], &shown, sizeof(shown)) != 0)
			t_fail(__FILE__, __LINE__, "signal %d, code %d", kind->signo, kind->code);
		end(fd, kind->signo, 0);
	}
}

/* Lower numbers first; real-time signals queue, others do not; no more than fits. */
static void order(void)
{
	int fd = open_for(SIGUSR2, SIGRTMIN + 1, SFD_NONBLOCK);

	for (int i = 0; i < 3; i++)
		CHECK_OK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i}));
	CHECK_OK(kill(getpid(), SIGUSR2));
	CHECK_OK(kill(getpid(), SIGUSR2));
	CHECK_EQ(read(fd, got, 2 * sizeof(got[0]) + 100), 2 * sizeof(got[0]));
	CHECK_EQ(got[0].ssi_signo, SIGUSR2);
	CHECK_EQ(got[1].ssi_int, 0);
	CHECK_EQ(take(fd, 8), 2);
	CHECK_EQ(got[0].ssi_int, 1);
	CHECK_EQ(got[1].ssi_int, 2);
	CHECK_ERR(take(fd, 8), EAGAIN);
	end(fd, SIGUSR2, SIGRTMIN + 1);
}

static volatile sig_atomic_t handled;

static void on_signal(int signo)
{
	(void)signo;
	handled++;
}

/* Only what is blocked gets there; what is ignored and blocked does, too. */
static void delivery_first(void)
{
	sigset_t usr1 = set_of(SIGUSR1, 0);
	int fd = open_for(SIGUSR1, 0, SFD_NONBLOCK);

	signal(SIGUSR1, on_signal);
	handled = 0;
	CHECK_OK(sigprocmask(SIG_UNBLOCK, &usr1, NULL));
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(handled, 1);
	CHECK_ERR(take(fd, 1), EAGAIN);
	CHECK_OK(sigprocmask(SIG_BLOCK, &usr1, NULL));
	signal(SIGUSR1, SIG_IGN);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(take(fd, 1), 1);
	signal(SIGUSR1, SIG_DFL);
	end(fd, SIGUSR1, 0);
}

static void new_mask(void)
{
	sigset_t set = set_of(SIGUSR2, 0);
	int fd = open_for(SIGUSR1, SIGUSR2, SFD_NONBLOCK);

	CHECK_EQ(signalfd(fd, &set, 0), fd);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_ERR(take(fd, 1), EAGAIN);
	CHECK_OK(kill(getpid(), SIGUSR2));
	CHECK_EQ(take(fd, 2), 1);
	CHECK_EQ(got[0].ssi_signo, SIGUSR2);
	set = set_of(SIGUSR1, 0);
	CHECK_EQ(signalfd(fd, &set, 0), fd);
	CHECK_EQ(take(fd, 2), 1);
	CHECK_EQ(got[0].ssi_signo, SIGUSR1);
	end(fd, SIGUSR1, SIGUSR2);
}

/* --- readiness and waiting ------------------------------------------------------------------ */

static void readiness(void)
{
	int fd = open_for(SIGUSR1, SIGUSR2, 0), epfd = CHECK_OK(epoll_create1(0));
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
	struct pollfd pfd = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDNORM};

	CHECK_OK(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	CHECK_EQ(epoll_wait(epfd, &event, 1, 0), 0);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(poll(&pfd, 1, 0), 1);
	CHECK_EQ(pfd.revents, POLLIN);
	CHECK_EQ(epoll_wait(epfd, &event, 1, 0), 1);
	CHECK_EQ(event.events, EPOLLIN);
	CHECK_EQ(epoll_wait(epfd, &event, 1, 0), 0);
	CHECK_OK(kill(getpid(), SIGUSR2));
	CHECK_EQ(epoll_wait(epfd, &event, 1, 0), 1);
	CHECK_EQ(take(fd, 8), 2);
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	close(epfd);
	end(fd, SIGUSR1, SIGUSR2);
}

static void *kill_soon(void *argument)
{
	(void)argument;
	sleep_ms(20);
	CHECK_OK(kill(getpid(), SIGUSR1));
	return NULL;
}

static void waits(void)
{
	int fd = open_for(SIGUSR1, 0, 0), epfd = CHECK_OK(epoll_create1(0));
	struct epoll_event event = {.events = EPOLLIN};
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	pthread_t killer = start(kill_soon, NULL);

	CHECK_EQ(take(fd, 1), 1);
	CHECK_EQ(got[0].ssi_signo, SIGUSR1);
	join(killer);
	killer = start(kill_soon, NULL);
	CHECK_EQ(poll(&pfd, 1, 5000), 1);
	join(killer);
	CHECK_EQ(take(fd, 1), 1);
	CHECK_OK(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
	killer = start(kill_soon, NULL);
	CHECK_EQ(epoll_wait(epfd, &event, 1, 5000), 1);
	join(killer);
	CHECK_EQ(take(fd, 1), 1);
	close(epfd);
	end(fd, SIGUSR1, 0);
}

static void *interrupt_soon(void *target)
{
	sleep_ms(20);
	pthread_kill(*(pthread_t *)target, SIGUSR2);
	return NULL;
}

static void interrupted(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	pthread_t self = pthread_self(), killer;
	int fd = open_for(SIGUSR1, 0, 0);

	sigaction(SIGUSR2, &action, NULL);
	killer = start(interrupt_soon, &self);
	CHECK_ERR(take(fd, 1), EINTR);
	join(killer);
	signal(SIGUSR2, SIG_DFL);
	end(fd, SIGUSR1, 0);
}

/* A signal for one thread is shown to that thread only. */
static void *take_own(void *fd)
{
	CHECK_OK(syscall(SYS_tgkill, getpid(), tid(), SIGUSR1));
	CHECK_EQ(take(*(int *)fd, 1), 1);
	CHECK_OK(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
	CHECK_ERR(take(*(int *)fd, 1), EAGAIN);
	return NULL;
}

static void per_thread(void)
{
	int fd = open_for(SIGUSR1, 0, SFD_NONBLOCK);

	join(start(take_own, &fd));
	CHECK_EQ(take(fd, 8), 1);
	end(fd, SIGUSR1, 0);
}

static const struct t_test tests[] = {
	T(errors),   T(its_name),  T(senders), T(every_kind),  T(order),      T(delivery_first),
	T(new_mask), T(readiness), T(waits),   T(interrupted), T(per_thread),
};

T_MAIN(tests)
