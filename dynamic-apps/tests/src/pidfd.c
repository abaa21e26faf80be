/* SPDX-License-Identifier: BSD-3-Clause */
/* pidfd_open(2) on this process: the file, its readiness, and signals through it. */
#include "t_threads.h"

#include <poll.h>
#include <sys/epoll.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static int open_pid(int pid, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static int send_to(int pidfd, int signo, const void *info)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signo, info, 0);
}

static void *open_thread(void *unused)
{
	(void)unused;
	CHECK_EQ(open_pid(tid(), 0), -1); /* it leads no process */
	return NULL;
}

static void opens(void)
{
	char path[64], info[512], line[64], c;
	int fd = CHECK_OK(open_pid(getpid(), 0));

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
	CHECK_ERR(read(fd, &c, 1), EINVAL);
	CHECK_ERR(write(fd, &c, 1), EINVAL);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	CHECK(t_get_file(path, info, sizeof(info)) > 0);
	snprintf(line, sizeof(line), "\nPid:\t%d\n", getpid());
	CHECK(strstr(info, line) != NULL);
	close(fd);
	fd = CHECK_OK(open_pid(getpid(), O_NONBLOCK));
	CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	close(fd);
	CHECK_ERR(open_pid(getpid(), 1), EINVAL);
	CHECK_ERR(open_pid(getpid(), O_CLOEXEC), EINVAL);
	CHECK_ERR(open_pid(0, 0), EINVAL);
	CHECK_ERR(open_pid(-1, 0), EINVAL);
	CHECK_ERR(open_pid(0x3fffffff, 0), ESRCH);
	join(start(open_thread, NULL));
}

/* Ready when the process has ended, which a program does not see of itself. */
static void readiness(void)
{
	int fd = CHECK_OK(open_pid(getpid(), 0)), epfd = CHECK_OK(epoll_create1(0));
	struct epoll_event event = {.events = EPOLLIN};
	struct pollfd pfd = {.fd = fd, .events = POLLIN | POLLOUT};

	CHECK_EQ(poll(&pfd, 1, 0), 0);
	CHECK_OK(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
	join(start(open_thread, NULL)); /* one thread is not the process */
	CHECK_EQ(epoll_wait(epfd, &event, 1, 10), 0);
	close(epfd);
	close(fd);
}

static volatile sig_atomic_t count, code, value, sender;

static void on_signal(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	count++;
	code = info->si_code;
	value = info->si_value.sival_int;
	sender = info->si_pid;
}

static void sends(void)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
	int fd = CHECK_OK(open_pid(getpid(), 0));
	siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};

	sigaction(SIGUSR1, &action, NULL);
	count = 0;
	CHECK_OK(send_to(fd, SIGUSR1, NULL));
	CHECK_EQ(count, 1);
	CHECK_EQ(code, SI_USER);
	CHECK_EQ(sender, getpid());
	info.si_value.sival_int = 4711;
	CHECK_OK(send_to(fd, SIGUSR1, &info));
	CHECK_EQ(count, 2);
	CHECK_EQ(code, SI_QUEUE);
	CHECK_EQ(value, 4711);
	info.si_code = SI_TKILL; /* towards oneself any code is fine */
	CHECK_OK(send_to(fd, SIGUSR1, &info));
	CHECK_EQ(code, SI_TKILL);
	CHECK_OK(send_to(fd, 0, NULL));
	CHECK_EQ(count, 3);
	signal(SIGUSR1, SIG_DFL);
	close(fd);
}

static void send_errors(void)
{
	int fd = CHECK_OK(open_pid(getpid(), 0)), file = t_make_file("f", "", 0);
	siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};

	CHECK_ERR(send_to(-1, 0, NULL), EBADF);
	CHECK_ERR(send_to(file, 0, NULL), EBADF);
	CHECK_ERR(send_to(fd, 65, NULL), EINVAL);
	CHECK_ERR(send_to(fd, -1, NULL), EINVAL);
	CHECK_ERR(send_to(fd, SIGUSR2, &info), EINVAL);
	CHECK_ERR(send_to(fd, SIGUSR1, (void *)8), EFAULT);
	CHECK_ERR(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0x100), EINVAL);
	close(file);
	close(fd);
}

/* As Linux has it: a directory /proc/<pid> will do, that of a thread will not. */
static void directory_of_proc(void)
{
	int fd = CHECK_OK(open("/proc/self", O_RDONLY | O_DIRECTORY));
	int task = CHECK_OK(open("/proc/self/task", O_RDONLY | O_DIRECTORY));
	int proc = CHECK_OK(open("/proc", O_RDONLY | O_DIRECTORY));
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

	sigaction(SIGUSR1, &action, NULL);
	count = 0;
	CHECK_OK(send_to(fd, SIGUSR1, NULL));
	CHECK_EQ(count, 1);
	CHECK_ERR(send_to(task, 0, NULL), EBADF);
	CHECK_ERR(send_to(proc, 0, NULL), EBADF);
	close(fd);
	close(task);
	close(proc);
	signal(SIGUSR1, SIG_DFL);
}

static const struct t_test tests[] = {
	T(opens), T(readiness), T(sends), T(send_errors), T(directory_of_proc),
};

T_MAIN(tests)
