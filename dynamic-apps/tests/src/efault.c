/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A wild pointer to every pointer argument of every call that is there: EFAULT, no crash, nothing
 * written. A row holds arguments that are good; each pointer among them is replaced in turn by
 * addresses of every bad kind. Rows of calls that look at a pointer only sometimes say so (ANY).
 * The kernel's table of calls tells whether one is missing.
 */
#include "efault_try.h"

#include <asm/unistd.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <sys/uio.h>

/* Descriptors that set_up() puts in place. */
enum {
	FD_FILE = 60,
	FD_ZERO,
	FD_PIPE_READ,
	FD_PIPE_WRITE,
	FD_DIRECTORY,
	FD_EVENT,
	FD_EPOLL, /* with something to report */
	FD_PID,
	FD_INOTIFY,
	FD_SOCKET, /* one of a pair for datagrams, with one to receive */
	FD_TIMER,
};

#define TIMER 0 /* the first that timer_create() makes */

static char good[2 * PAGE] __attribute__((aligned(4096)));
static char name_good[] = "f";
static struct iovec iov_good = {good, 16};
static long two_pointers[2];
static struct pollfd poll_good = {.fd = -1};
static long time_zero[4];
static uint64_t mask_good;
static char exe_path[] = "/proc/self/exe";
static unsigned int cap_header[2] = {0x20080522, 0};
static struct flock lock_good = {.l_type = F_RDLCK};
static uint64_t how_good[3];
static long event_good[8] = {0, SIGUSR1};
static long timex_good[26];
static struct sockaddr address_good = {.sa_family = AF_UNIX};
static int len_good = 100, option_len_good = 4;
static long waitv_good[3] = {0, (long)&mask_good, 2};

#define F   P(name_good)
#define G   P(good)
#define Z   P(time_zero)
#define CWD AT_FDCWD

/* clang-format off */
static const struct row rows[] = {
	/* files by name */
	R(open, K(STR), 0, F, O_RDONLY),
	R(openat, K(NONE, STR), 0, CWD, F, O_RDONLY),
	R(openat2, K(NONE, STR, IN), 0, CWD, F, P(how_good), 24),
	R(creat, K(STR), 0, F, 0600),
	R(stat, K(STR, OUT), 0, F, G),
	R(lstat, K(STR, OUT), 0, F, G),
	R(fstat, K(NONE, OUT), 0, FD_FILE, G),
	R(newfstatat, K(NONE, STR, OUT), 0, CWD, F, G, 0),
	R(statx, K(NONE, STR, NONE, NONE, OUT), 0, CWD, F, 0, 0x7ff, G),
	R(statfs, K(STR, OUT), 0, F, G),
	R(fstatfs, K(NONE, OUT), 0, FD_FILE, G),
	R(access, K(STR), 0, F, 0),
	R(faccessat, K(NONE, STR), 0, CWD, F, 0),
	{"faccessat2", 439, K(NONE, STR), 0, {CWD, F, 0, 0}},
	R(readlink, K(STR, OUT), 0, P("l"), G, 100),
	R(readlinkat, K(NONE, STR, OUT), 0, CWD, P("l"), G, 100),
	R(getdents, K(NONE, OUT), 0, FD_DIRECTORY, G, 1000),
	R(getdents64, K(NONE, OUT), 0, FD_DIRECTORY, G, 1000),
	R(getcwd, K(OUT), 0, G, PAGE),
	R(chdir, K(STR), 0, P(".")),
	R(chroot, K(STR), 0, P("/")),
	R(mkdir, K(STR), 0, F, 0700),
	R(mkdirat, K(NONE, STR), 0, CWD, F, 0700),
	R(rmdir, K(STR), 0, F),
	R(link, K(STR, STR), 0, F, F),
	R(linkat, K(NONE, STR, NONE, STR), 0, CWD, F, CWD, F, 0),
	R(symlink, K(STR, STR), 0, F, F),
	R(symlinkat, K(STR, NONE, STR), 0, F, CWD, F),
	R(unlink, K(STR), 0, F),
	R(unlinkat, K(NONE, STR), 0, CWD, F, 0),
	R(rename, K(STR, STR), 0, F, F),
	R(renameat, K(NONE, STR, NONE, STR), 0, CWD, F, CWD, F),
	R(renameat2, K(NONE, STR, NONE, STR), 0, CWD, F, CWD, F, 0),
	R(mknod, K(STR), 0, F, S_IFREG, 0),
	R(mknodat, K(NONE, STR), 0, CWD, F, S_IFREG, 0),
	R(chmod, K(STR), 0, F, 0644),
	R(fchmodat, K(NONE, STR), 0, CWD, F, 0644),
	R(chown, K(STR), 0, F, -1, -1),
	R(lchown, K(STR), 0, F, -1, -1),
	R(fchownat, K(NONE, STR), 0, CWD, F, -1, -1, 0),
	R(utime, K(STR, IN), 0, F, Z),
	R(utimes, K(STR, IN), 0, F, Z),
	R(futimesat, K(NONE, STR, IN), 0, CWD, F, Z),
	R(utimensat, K(NONE, STR, IN), 0, CWD, F, Z, 0),
	R(truncate, K(STR), 0, F, 100),
	R(getxattr, K(STR, STR), 0, F, P("user.x"), G, 10),
	R(getxattr, K(NONE, NONE, OUT), ANY, F, P("user.x"), G, 10),
	R(lgetxattr, K(STR, STR), 0, F, P("user.x"), G, 10),
	R(lgetxattr, K(NONE, NONE, OUT), ANY, F, P("user.x"), G, 10),
	R(fgetxattr, K(NONE, STR), 0, FD_FILE, P("user.x"), G, 10),
	R(fgetxattr, K(NONE, NONE, OUT), ANY, FD_FILE, P("user.x"), G, 10),
	R(setxattr, K(STR, STR), 0, F, P("user.x"), G, 10, 0),
	R(setxattr, K(NONE, NONE, IN), ANY, F, P("user.x"), G, 10, 0),
	R(lsetxattr, K(STR, STR), 0, F, P("user.x"), G, 10, 0),
	R(lsetxattr, K(NONE, NONE, IN), ANY, F, P("user.x"), G, 10, 0),
	R(fsetxattr, K(NONE, STR), 0, FD_FILE, P("user.x"), G, 10, 0),
	R(fsetxattr, K(NONE, NONE, IN), ANY, FD_FILE, P("user.x"), G, 10, 0),
	R(removexattr, K(STR, STR), 0, F, P("user.x")),
	R(lremovexattr, K(STR, STR), 0, F, P("user.x")),
	R(fremovexattr, K(NONE, STR), 0, FD_FILE, P("user.x")),
	R(listxattr, K(STR), 0, F, G, 10),
	R(listxattr, K(NONE, OUT), ANY, F, G, 10),
	R(llistxattr, K(STR), 0, F, G, 10),
	R(llistxattr, K(NONE, OUT), ANY, F, G, 10),
	R(flistxattr, K(NONE, OUT), ANY, FD_FILE, G, 10),
	R(mount, K(NONE, STR, STR), 0, 0, P("."), P("tmpfs"), 0, 0),
	R(mount, K(STR, NONE, NONE, NONE, IN), ANY, P("none"), P("missing"), P("tmpfs"), 0, G),
	R(umount2, K(STR), 0, F, 0),
	R(execve, K(STR, IN, IN), 0, P(exe_path), P(two_pointers), P(two_pointers)),
	R(execveat, K(NONE, STR, IN, IN), 0, CWD, P(exe_path), P(two_pointers), P(two_pointers), 0),
	R(memfd_create, K(STR), 0, F, 0),
	R(inotify_add_watch, K(NONE, STR), 0, FD_INOTIFY, F, IN_OPEN),

	/* data */
	R(read, K(NONE, OUT), PARTIAL, FD_ZERO, G, 100),
	R(read, K(NONE, OUT), PARTIAL, FD_FILE, G, 1),
	R(write, K(NONE, IN), PARTIAL, FD_FILE, G, 100),
	R(write, K(NONE, IN), PARTIAL, FD_PIPE_WRITE, G, 100),
	R(read, K(NONE, OUT), PARTIAL, FD_PIPE_READ, G, 1),
	R(pread64, K(NONE, OUT), PARTIAL, FD_FILE, G, 50, 0),
	R(pwrite64, K(NONE, IN), PARTIAL, FD_FILE, G, 50, 0),
	R(readv, K(NONE, IN), 0, FD_ZERO, P(&iov_good), 1),
	R(writev, K(NONE, IN), 0, FD_FILE, P(&iov_good), 1),
	R(preadv, K(NONE, IN), 0, FD_FILE, P(&iov_good), 1, 0, 0),
	R(pwritev, K(NONE, IN), 0, FD_FILE, P(&iov_good), 1, 0, 0),
	R(preadv2, K(NONE, IN), 0, FD_FILE, P(&iov_good), 1, 0, 0, 0),
	R(pwritev2, K(NONE, IN), 0, FD_FILE, P(&iov_good), 1, 0, 0, 0),
	R(sendfile, K(NONE, NONE, OUT), 0, FD_PIPE_WRITE, FD_FILE, Z, 1),
	R(copy_file_range, K(NONE, IN), 0, FD_FILE, Z, FD_FILE, P(time_zero + 2), 1, 0),
	R(copy_file_range, K(NONE, NONE, NONE, IN), 0, FD_FILE, Z, FD_FILE, P(time_zero + 2), 1, 0),

	/* descriptors and waiting */
	R(pipe, K(OUT), 0, G),
	R(pipe2, K(OUT), 0, G, 0),
	{"fcntl F_GETLK", SYS_fcntl, K(NONE, NONE, OUT), 0, {FD_FILE, F_GETLK, P(&lock_good)}},
	{"fcntl F_SETLK", SYS_fcntl, K(NONE, NONE, IN), 0, {FD_FILE, F_SETLK, P(&lock_good)}},
	{"ioctl FIONREAD", SYS_ioctl, K(NONE, NONE, OUT), 0, {FD_PIPE_READ, FIONREAD, G}},
	{"ioctl FIONBIO", SYS_ioctl, K(NONE, NONE, IN), 0, {FD_PIPE_READ, FIONBIO, P(&poll_good)}},
	{"ioctl TCGETS", SYS_ioctl, K(NONE, NONE, OUT), ANY, {0, 0x5401, G}},
	{"ioctl TIOCGWINSZ", SYS_ioctl, K(NONE, NONE, OUT), ANY, {0, TIOCGWINSZ, G}},
	R(poll, K(OUT), 0, P(&poll_good), 1, 0),
	R(ppoll, K(OUT, NONE, IN, IN), 0, P(&poll_good), 1, Z, P(&mask_good), 8),
	R(select, K(NONE, OUT, OUT, OUT, IN), 0, 64, Z, Z, Z, Z),
	R(pselect6, K(NONE, OUT, OUT, OUT, IN, IN), 0, 64, Z, Z, Z, Z, Z),

	/* events */
	R(read, K(NONE, OUT), 0, FD_EVENT, G, 8),
	R(write, K(NONE, IN), 0, FD_EVENT, G, 8),
	R(signalfd, K(NONE, IN), 0, -1, P(&mask_good), 8),
	R(signalfd4, K(NONE, IN), 0, -1, P(&mask_good), 8, 0),
	R(epoll_ctl, K(NONE, NONE, NONE, IN), 0, FD_EPOLL, EPOLL_CTL_ADD, FD_PIPE_WRITE, G),
	R(epoll_ctl, K(NONE, NONE, NONE, IN), 0, FD_EPOLL, EPOLL_CTL_MOD, FD_PIPE_READ, G),
	R(epoll_ctl, K(NONE, NONE, NONE, IN), ANY, FD_EPOLL, EPOLL_CTL_DEL, FD_ZERO, G),
	R(epoll_wait, K(NONE, OUT), 0, FD_EPOLL, G, 1, -1),
	R(epoll_pwait, K(NONE, OUT, NONE, NONE, IN), 0, FD_EPOLL, G, 1, -1, P(&mask_good), 8),
	{"epoll_pwait2", 441, K(NONE, OUT, NONE, IN, IN), 0, {FD_EPOLL, G, 1, Z, P(&mask_good), 8}},
	{"pidfd_send_signal", 424, K(NONE, NONE, IN), 0, {FD_PID, SIGCHLD, G, 0}},

	/* sockets */
	R(socketpair, K(NONE, NONE, NONE, OUT), 0, AF_UNIX, SOCK_STREAM, 0, G),
	R(bind, K(NONE, IN), 0, FD_SOCKET, P(&address_good), 16),
	R(connect, K(NONE, IN), 0, FD_SOCKET, P(&address_good), 16),
	R(accept, K(NONE, OUT, OUT), ANY, FD_SOCKET, G, P(&len_good)),
	R(accept4, K(NONE, OUT, OUT), ANY, FD_SOCKET, G, P(&len_good), 0),
	R(getsockname, K(NONE, OUT, OUT), 0, FD_SOCKET, G, P(&len_good)),
	R(getpeername, K(NONE, OUT, OUT), 0, FD_SOCKET, G, P(&len_good)),
	R(sendto, K(NONE, IN), 0, FD_SOCKET, G, 10, 0, 0, 0),
	R(sendto, K(NONE, NONE, NONE, NONE, IN), 0, FD_SOCKET, G, 10, 0, P(&address_good), 16),
	R(recvfrom, K(NONE, OUT, NONE, NONE, NONE, OUT), 0, FD_SOCKET, G, 10, 2, P(good + 64),
	  P(&len_good)),
	R(recvfrom, K(NONE, NONE, NONE, NONE, OUT), ANY, FD_SOCKET, G, 10, 2, G, P(&len_good)),
	R(sendmsg, K(NONE, IN), 0, FD_SOCKET, G, 0),
	R(recvmsg, K(NONE, OUT), 0, FD_SOCKET, G, 2),
	R(sendmmsg, K(NONE, IN), 0, FD_SOCKET, G, 1, 0),
	R(recvmmsg, K(NONE, OUT, NONE, NONE, IN), 0, FD_SOCKET, G, 1, 2, Z),
	R(setsockopt, K(NONE, NONE, NONE, IN), 0, FD_SOCKET, 1, 2, P(&len_good), 4),
	R(getsockopt, K(NONE, NONE, NONE, OUT, OUT), 0, FD_SOCKET, 1, 3, G, P(&option_len_good)),

	/* memory */
	R(mincore, K(NONE, NONE, OUT), 0, G, 2 * PAGE, G),
	R(get_mempolicy, K(OUT, OUT), ANY, G, P(good + 64), 64, 0, 0),
	R(set_mempolicy, K(NONE, IN), ANY, 2, Z, 64),
	R(mbind, K(NONE, NONE, NONE, IN), ANY, G, PAGE, 2, Z, 64, 0),

	/* time */
	R(clock_gettime, K(NONE, OUT), 0, 1, G),
	R(clock_getres, K(NONE, OUT), 0, 1, G),
	R(clock_settime, K(NONE, IN), 0, 0, Z),
	R(clock_nanosleep, K(NONE, NONE, IN), 0, 1, 0, Z, 0),
	R(clock_nanosleep, K(NONE, NONE, NONE, OUT), ANY, 1, 0, Z, G),
	R(nanosleep, K(IN), 0, Z, 0),
	R(nanosleep, K(NONE, OUT), ANY, Z, G),
	R(gettimeofday, K(OUT, OUT), 0, G, P(good + 64)),
	R(settimeofday, K(IN, IN), 0, Z, Z),
	R(time, K(OUT), 0, G),
	R(times, K(OUT), 0, G),
	R(timer_create, K(NONE, IN), 0, 1, P(event_good), P(good)),
	R(timer_create, K(NONE, NONE, OUT), 0, 1, 0, G),
	R(timer_settime, K(NONE, NONE, IN, OUT), 0, TIMER, 0, Z, G),
	R(timer_gettime, K(NONE, OUT), 0, TIMER, G),
	R(setitimer, K(NONE, IN, OUT), 0, 0, Z, G),
	R(getitimer, K(NONE, OUT), 0, 0, G),
	R(timerfd_settime, K(NONE, NONE, IN, OUT), 0, FD_TIMER, 0, Z, G),
	R(timerfd_gettime, K(NONE, OUT), 0, FD_TIMER, G),
	R(read, K(NONE, OUT), ANY, FD_TIMER, G, 8),
	R(adjtimex, K(OUT), 0, P(timex_good)),
	R(clock_adjtime, K(NONE, OUT), 0, 0, P(timex_good)),

	/* signals */
	R(rt_sigaction, K(NONE, IN, OUT), 0, SIGUSR1, Z, G, 8),
	R(rt_sigprocmask, K(NONE, IN, OUT), 0, SIG_BLOCK, P(&mask_good), G, 8),
	R(rt_sigpending, K(OUT), 0, G, 8),
	R(rt_sigsuspend, K(IN), 0, P(&mask_good), 8),
	R(rt_sigtimedwait, K(IN, NONE, IN), 0, P(&mask_good), 0, Z, 8),
	R(rt_sigtimedwait, K(NONE, OUT), ANY, P(&mask_good), G, Z, 8),
	R(rt_sigqueueinfo, K(NONE, NONE, IN), 0, 0x3fffffff, SIGCHLD, G),
	R(rt_tgsigqueueinfo, K(NONE, NONE, NONE, IN), 0, 0x3fffffff, 0x3fffffff, SIGCHLD, G),
	R(sigaltstack, K(IN), 0, Z, 0),
	R(sigaltstack, K(NONE, OUT), 0, 0, G),

	/* the process */
	{"futex WAIT", SYS_futex, K(IN), ALIGNED, {P(&poll_good.fd), 0, 1, 0, 0, 0}},
	{"futex timeout", SYS_futex, K(NONE, NONE, NONE, IN), 0, {Z, 0, 0, Z, 0, 0}},
	{"futex REQUEUE", SYS_futex, K(NONE, NONE, NONE, NONE, IN), ALIGNED, {Z, 3, 0, 0, G, 0}},
	{"futex_waitv", 449, K(IN, NONE, NONE, IN), 0, {P(waitv_good), 1, 0, Z, 1}},
	{"clone3", 435, K(IN), 0, {P(how_good), 64}},
	{"rseq", 334, K(OUT), ANY, {G, 32, 0, 0}}, /* the libc has registered one: EINVAL */
	R(get_robust_list, K(NONE, OUT, OUT), 0, 0, G, P(good + 64)),
	R(wait4, K(NONE, OUT, NONE, OUT), ANY, -1, G, 1, P(good + 64)),
	R(waitid, K(NONE, NONE, OUT, NONE, OUT), ANY, 0, 0, G, 5, P(good + 256)),
	{"prctl SET_NAME", SYS_prctl, K(NONE, STR), 0, {PR_SET_NAME, F}},
	{"prctl GET_NAME", SYS_prctl, K(NONE, OUT), 0, {PR_GET_NAME, G}},
	{"prctl GET_PDEATHSIG", SYS_prctl, K(NONE, OUT), 0, {PR_GET_PDEATHSIG, G}},
	{"arch_prctl GET_FS", SYS_arch_prctl, K(NONE, OUT), 0, {0x1003, G}},
	{"arch_prctl GET_GS", SYS_arch_prctl, K(NONE, OUT), 0, {0x1004, G}},
	R(sched_getaffinity, K(NONE, NONE, OUT), 0, 0, 128, G),
	R(sched_setaffinity, K(NONE, NONE, IN), 0, 0, 8, P(good + 512)),
	R(sched_getparam, K(NONE, OUT), 0, 0, G),
	R(sched_setparam, K(NONE, IN), 0, 0, Z),
	R(sched_setscheduler, K(NONE, NONE, IN), 0, 0, 0, Z),
	R(sched_rr_get_interval, K(NONE, OUT), 0, 0, G),
	R(sched_setattr, K(NONE, IN), 0, 0, P(good + 64), 0),
	R(sched_getattr, K(NONE, OUT), 0, 0, G, 48, 0),
	R(getcpu, K(OUT, OUT), 0, G, P(good + 8), 0),
	R(getresuid, K(OUT, OUT, OUT), 0, G, P(good + 8), P(good + 16)),
	R(getresgid, K(OUT, OUT, OUT), 0, G, P(good + 8), P(good + 16)),
	R(getgroups, K(NONE, OUT), ANY, 32, G),
	R(setgroups, K(NONE, IN), 0, 1, Z),
	R(capget, K(IN, OUT), 0, P(cap_header), G),
	R(capset, K(IN, IN), 0, P(cap_header), G),
	R(getrlimit, K(NONE, OUT), 0, 7, G),
	R(setrlimit, K(NONE, IN), 0, 4, Z),
	R(prlimit64, K(NONE, NONE, IN), 0, 0, 4, Z, 0),
	R(prlimit64, K(NONE, NONE, NONE, OUT), 0, 0, 4, 0, G),
	R(getrusage, K(NONE, OUT), 0, 0, G),

	/* the system */
	R(uname, K(OUT), 0, G),
	R(sysinfo, K(OUT), 0, G),
	R(sethostname, K(IN), 0, F, 5),
	R(setdomainname, K(IN), 0, F, 5),
	R(getrandom, K(OUT), PARTIAL, G, 100, 0),
	{"syslog READ_ALL", SYS_syslog, K(NONE, OUT), PARTIAL, {3, G, PAGE}},
};
/* clang-format on */

static void set_up(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int fds[2], timer = -1;

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds));
	CHECK_EQ(dup2(fds[0], FD_SOCKET), FD_SOCKET);
	CHECK_EQ(send(fds[1], good, 10, 0), 10);
	CHECK_EQ(dup2(t_make_file("f", good, sizeof(good)), FD_FILE), FD_FILE);
	CHECK_OK(symlink("./f", "l"));
	CHECK_EQ(dup2(open("/dev/zero", O_RDWR), FD_ZERO), FD_ZERO);
	CHECK_OK(pipe2(fds, O_NONBLOCK));
	CHECK_EQ(dup2(fds[0], FD_PIPE_READ), FD_PIPE_READ);
	CHECK_EQ(dup2(fds[1], FD_PIPE_WRITE), FD_PIPE_WRITE);
	CHECK_EQ(dup2(open(".", O_RDONLY), FD_DIRECTORY), FD_DIRECTORY);
	CHECK_EQ(dup2(inotify_init(), FD_INOTIFY), FD_INOTIFY);
	CHECK_EQ(write(fds[0] = open("/dev/kmsg", O_WRONLY), "efault\n", 7), 7); /* for syslog */
	close(fds[0]);
	CHECK_EQ(write(FD_PIPE_WRITE, good, 1000), 1000);
	CHECK_EQ(dup2(eventfd(10000, EFD_SEMAPHORE | EFD_NONBLOCK), FD_EVENT), FD_EVENT);
	CHECK_EQ(dup2(epoll_create1(0), FD_EPOLL), FD_EPOLL);
	CHECK_OK(epoll_ctl(FD_EPOLL, EPOLL_CTL_ADD, FD_PIPE_READ, &event));
	CHECK_EQ(dup2((int)syscall(434, getpid(), 0), FD_PID), FD_PID);
	CHECK_EQ(dup2(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), FD_TIMER), FD_TIMER);
	CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &timer));
	CHECK_EQ(timer, TIMER);
	CHECK_EQ(lseek(FD_FILE, 0, SEEK_SET), 0);
	make_bads();
}

/* --- is the table complete? ----------------------------------------------------------------- */

/* The kernel's own table, as far as it says which arguments are pointers. */
static const struct call {
	const char *name, *status;
	long nr;
	const char *types[6];
} calls[] = {
#define SYSCALL(name, status, result, note, ...) {#name, #status, __NR_##name, {__VA_ARGS__}},
#define SYSCALL_HOLE(first, last)
#define A(type, name, kind) #type
#define NOARGS              ""
#include "../../../syscall/syscalls.def"
};

/* Pointers that nobody looks at when the call is made, or that cannot be tried here. */
static const struct left_out {
	long nr;
	int argument;
} left_out[] = {
	{SYS_set_tid_address, 0}, /* kept_pointers() */
	{SYS_set_robust_list, 0}, /* kept_pointers() */
	{SYS_clone, 2},           /* does not undo the new thread: clone.c */
	{SYS_getcpu, 2},          /* unused */
	{SYS_reboot, 3},          /* of a restart */
};

static bool has_row(long nr, int argument)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].nr == nr && rows[i].kinds[argument] != NONE)
			return true;
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (left_out[i].nr == nr && left_out[i].argument == argument)
			return true;
	return false;
}

static void every_pointer_has_a_row(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (int argument = 0; argument < 6; argument++) {
			const char *type = calls[i].types[argument];

			if (type && strstr(type, "__user") && strcmp(calls[i].status, "ENOSYS") &&
			    !has_row(calls[i].nr, argument))
				t_fail(__FILE__, __LINE__, "%s, argument %d has no row",
				       calls[i].name, argument + 1);
		}
}

static void every_call(void)
{
	set_up();
	try_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* One level deeper: pointers inside what a pointer names. */
static void pointers_in_structures(void)
{
	for (size_t i = 0; i < bad_count; i++) {
		struct iovec iov[2] = {{good, 4}, {(void *)bads[i].address, 100}};
		long argv[2] = {(long)bads[i].address, 0}, args[6] = {0};
		long result;

		if (bads[i].is_readable || bads[i].is_straddling)
			continue;
		CHECK_EQ(raw(SYS_writev, (long[6]){FD_FILE, P(&iov[1]), 1}), -EFAULT);
		CHECK_EQ(raw(SYS_readv, (long[6]){FD_ZERO, P(&iov[1]), 1}), -EFAULT);
		result = raw(SYS_readv, (long[6]){FD_ZERO, P(iov), 2});
		CHECK(result == 4 || result == -EFAULT);
		CHECK_EQ(raw(SYS_execve, (long[6]){P(exe_path), P(argv), P(two_pointers)}),
			 -EFAULT);
		CHECK_EQ(raw(SYS_execve, (long[6]){P(exe_path), P(two_pointers), P(argv)}),
			 -EFAULT);
		args[5] = (long)argv; /* pselect6: a pointer and a size behind the sixth */
		argv[1] = 8;
		args[0] = 1;
		args[4] = Z;
		CHECK_EQ(raw(SYS_pselect6, args), -EFAULT);
	}
}

/* Lengths that wrap or reach beyond what is mapped, with a start that is good. */
static void lengths(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long result;

	munmap(p + PAGE, PAGE);
	result = raw(SYS_read, (long[6]){FD_ZERO, P(p), 2 * PAGE});
	CHECK(result == (long)PAGE || result == -EFAULT);
	result = raw(SYS_read, (long[6]){FD_ZERO, P(p), 1L << 46});
	CHECK(result == (long)PAGE || result == -EFAULT);
	CHECK_EQ(raw(SYS_read, (long[6]){FD_ZERO, P(p), -1}), -EFAULT);
	CHECK_EQ(raw(SYS_write, (long[6]){FD_FILE, P(p), -1}), -EFAULT);
	CHECK_EQ(raw(SYS_read, (long[6]){FD_ZERO, P(p), (long)(1UL << 63)}), -EFAULT);
	munmap(p, PAGE);
}

/* The last thing: pointers that the kernel only keeps and uses when the program ends. */
static void kept_pointers(void)
{
	CHECK(syscall(SYS_set_tid_address, 8) > 0);
	CHECK_OK(syscall(SYS_set_robust_list, 8, 24));
}

static const struct t_test tests[] = {
	T(every_pointer_has_a_row), T(every_call), T(pointers_in_structures), T(lengths),
	T(kept_pointers),
};

T_MAIN(tests)
