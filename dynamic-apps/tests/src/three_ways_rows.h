/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For three_ways.c: arguments with which calls succeed, and the things they name. What a call
 * writes lies in `arena`, which is the same before each of the ways, and so is all that reset()
 * puts in place.
 */
#ifndef THREE_WAYS_ROWS_H
#define THREE_WAYS_ROWS_H

#include "t.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>

/* Descriptors in place before each call; all others from 3 on are free. */
enum {
	FD_FILE = 60,
	FD_ZERO,
	FD_PIPE_READ,
	FD_PIPE_WRITE,
	FD_DIRECTORY,
	FD_EVENT,
	FD_EPOLL, /* watches the pipe, which has something to read */
	FD_SOCKET,
	FD_PEER,
	FD_TIMER,
	FD_PID,
	FD_SPARE,
	FD_END,
};

static char arena[2 * PAGE] __attribute__((aligned(4096)));

/* What is in the arena before a call; the rest is filled with a pattern. */
struct inputs {
	long zeros[16];
	struct iovec iov[2];
	struct pollfd pollfd;
	long mask;       /* SIGUSR2 */
	long offsets[2]; /* for copy_file_range */
	uint64_t how[3]; /* of openat2 */
	long fdset[2];
	struct epoll_event event;
	uint32_t cap_header[2];
	struct msghdr msg;
	int four;
	uint32_t words[2]; /* futexes */
};

#define I    ((struct inputs *)(arena + PAGE))
#define P(x) ((long)(x))
#define OUT  P(arena)
#define OUT2 P(arena + 1024)
#define ZERO P(I->zeros)

/* Results, or what is written, differ from call to call by nature: only success is compared. */
#define VARIES 1

struct row {
	long nr;
	unsigned int flags;
	long args[6];
};

#define R(call, ...)                                                                               \
	{                                                                                          \
		SYS_##call, 0,                                                                     \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define V(call, ...)                                                                               \
	{                                                                                          \
		SYS_##call, VARIES,                                                                \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

static char *mapped; /* four pages of anonymous memory */
static long own_pid, own_timer;

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define CWD  AT_FDCWD
#define MAP  P(mapped)

/* clang-format off */
#define GOOD_ROWS                                                                                  \
	/* data */                                                                                 \
	R(read, FD_FILE, OUT, 50), R(read, FD_ZERO, OUT, 1), R(read, FD_PIPE_READ, OUT, 5),        \
	R(read, FD_EVENT, OUT, 8), R(read, FD_DIRECTORY, OUT, 10), R(read, FD_SOCKET, OUT, 10),    \
	R(write, FD_FILE, OUT, 150), R(write, FD_PIPE_WRITE, OUT, 5), R(write, FD_EVENT, ZERO, 8), \
	R(write, FD_ZERO, OUT, 9), R(pread64, FD_FILE, OUT, 50, 3),                                \
	R(pwrite64, FD_FILE, OUT, 50, 90), R(readv, FD_FILE, P(I->iov), 2),                        \
	R(writev, FD_FILE, P(I->iov), 2), R(preadv, FD_FILE, P(I->iov), 2, 5, 0),                  \
	R(pwritev, FD_FILE, P(I->iov), 2, 5, 0), R(preadv2, FD_FILE, P(I->iov), 2, 5, 0, 0),       \
	R(pwritev2, FD_FILE, P(I->iov), 2, 5, 0, 0), R(lseek, FD_FILE, 10, SEEK_SET),              \
	R(sendfile, FD_PIPE_WRITE, FD_FILE, 0, 10),                                                \
	R(copy_file_range, FD_FILE, P(I->offsets), FD_FILE, P(I->offsets + 1), 10, 0),             \
	R(truncate, P("f"), 10), R(ftruncate, FD_FILE, 20), R(fallocate, FD_FILE, 0, 0, 300),      \
	R(fsync, FD_FILE), R(fdatasync, FD_FILE), R(fadvise64, FD_FILE, 0, 0, 0),                  \
	R(sync_file_range, FD_FILE, 0, 10, 0), R(readahead, FD_FILE, 0, 10),                       \
	/* names and attributes */                                                                 \
	R(open, P("f"), O_RDONLY), R(openat, CWD, P("f"), O_RDONLY),                               \
	R(openat2, CWD, P("f"), P(I->how), 24), R(creat, P("g"), 0600),                            \
	R(stat, P("/dev/null"), OUT), R(lstat, P("/dev/null"), OUT), R(fstat, FD_ZERO, OUT),       \
	R(newfstatat, CWD, P("/dev/null"), OUT, 0), R(statx, CWD, P("/dev/null"), 0, 0x7ff, OUT),  \
	V(fstat, FD_FILE, OUT), R(statfs, P("/proc"), OUT), V(fstatfs, FD_FILE, OUT),              \
	R(access, P("f"), R_OK), R(faccessat, CWD, P("f"), R_OK),                                  \
	R(faccessat2, CWD, P("f"), R_OK, 0), R(chmod, P("f"), 0600), R(fchmod, FD_FILE, 0600),     \
	R(fchmodat, CWD, P("f"), 0600), R(chown, P("f"), -1, -1), R(lchown, P("f"), -1, -1),       \
	R(fchown, FD_FILE, -1, -1), R(fchownat, CWD, P("f"), -1, -1, 0), R(utime, P("f"), ZERO),   \
	R(utimes, P("f"), ZERO), R(futimesat, CWD, P("f"), ZERO),                                  \
	R(utimensat, CWD, P("f"), ZERO, 0), R(umask, 077), R(getxattr, P("f"), P("user.x"), OUT, 9), \
	R(lgetxattr, P("f"), P("user.x"), OUT, 9), R(fgetxattr, FD_FILE, P("user.x"), OUT, 9),     \
	R(listxattr, P("f"), OUT, 100), R(llistxattr, P("f"), OUT, 100),                           \
	R(flistxattr, FD_FILE, OUT, 100), R(removexattr, P("f"), P("user.x")),                     \
	R(lremovexattr, P("f"), P("user.x")), R(fremovexattr, FD_FILE, P("user.x")),               \
	R(setxattr, P("f"), P("bad"), OUT, 1, 0), R(lsetxattr, P("f"), P("bad"), OUT, 1, 0),       \
	R(fsetxattr, FD_FILE, P("bad"), OUT, 1, 0),                                                \
	V(getdents, FD_DIRECTORY, OUT, 1000), V(getdents64, FD_DIRECTORY, OUT, 1000),              \
	R(readlink, P("l"), OUT, 100), R(readlinkat, CWD, P("l"), OUT, 100),                       \
	R(rename, P("f"), P("g")), R(renameat, CWD, P("f"), CWD, P("g")),                          \
	R(renameat2, CWD, P("f"), CWD, P("g"), 1), R(link, P("f"), P("g")),                        \
	R(linkat, CWD, P("f"), CWD, P("g"), 0), R(symlink, P("x"), P("g")),                        \
	R(symlinkat, P("x"), CWD, P("g")), R(unlink, P("l")), R(unlinkat, CWD, P("l"), 0),         \
	R(unlinkat, CWD, P("d"), AT_REMOVEDIR), R(mkdir, P("g"), 0700),                            \
	R(mkdirat, CWD, P("g"), 0700), R(rmdir, P("d")), R(mknod, P("g"), S_IFREG | 0600, 0),      \
	R(mknodat, CWD, P("g"), S_IFREG | 0600, 0), R(chdir, P(".")), R(fchdir, FD_DIRECTORY),     \
	R(getcwd, OUT, 300), R(getcwd, OUT, 2),                                                    \
	/* descriptors and waiting */                                                              \
	R(close, FD_SPARE), R(close_range, FD_SPARE, FD_SPARE, 0), R(dup, FD_FILE),                \
	R(dup2, FD_FILE, FD_SPARE), R(dup3, FD_FILE, FD_SPARE, 0), R(fcntl, FD_FILE, F_GETFL, 0),  \
	R(fcntl, FD_FILE, F_DUPFD, 5), R(fcntl, FD_FILE, F_SETFD, 1), R(flock, FD_FILE, LOCK_SH),  \
	R(ioctl, FD_PIPE_READ, FIONREAD, OUT), R(pipe, OUT), R(pipe2, OUT, O_CLOEXEC),             \
	R(memfd_create, P("m"), 0), R(poll, P(&I->pollfd), 1, 0),                                  \
	R(ppoll, P(&I->pollfd), 1, ZERO, P(&I->mask), 8), R(select, 64, P(I->fdset), 0, 0, ZERO),  \
	R(pselect6, 64, P(I->fdset), 0, 0, ZERO, 0), R(epoll_create, 1), R(epoll_create1, 0),      \
	R(epoll_ctl, FD_EPOLL, EPOLL_CTL_ADD, FD_EVENT, P(&I->event)),                             \
	R(epoll_wait, FD_EPOLL, OUT, 4, 0), R(epoll_pwait, FD_EPOLL, OUT, 4, 0, P(&I->mask), 8),   \
	R(epoll_pwait2, FD_EPOLL, OUT, 4, ZERO, 0, 8), R(eventfd, 3), R(eventfd2, 3, 0),           \
	R(signalfd, -1, P(&I->mask), 8), R(signalfd4, -1, P(&I->mask), 8, 0),                      \
	R(timerfd_create, CLOCK_MONOTONIC, 0), R(timerfd_settime, FD_TIMER, 0, ZERO, OUT),         \
	R(timerfd_gettime, FD_TIMER, OUT), R(inotify_init), R(inotify_init1, 0),                   \
	/* memory */                                                                               \
	R(mmap, MAP, PAGE, RW, ANON | MAP_FIXED, -1, 0), R(mmap, MAP, 0, RW, ANON, -1, 0),         \
	R(munmap, MAP + 3 * (long)PAGE, PAGE), R(mprotect, MAP, PAGE, PROT_READ),                  \
	R(pkey_mprotect, MAP, PAGE, PROT_READ, -1), R(pkey_alloc, 1, 0), R(madvise, MAP, PAGE, 4), \
	R(mremap, MAP, PAGE, PAGE, 0), R(mincore, MAP, PAGE, OUT), R(msync, MAP, PAGE, MS_ASYNC),  \
	R(mlock, MAP, PAGE), R(mlock2, MAP, PAGE, 0), R(munlock, MAP, PAGE), R(munlockall),        \
	R(get_mempolicy, OUT, 0, 0, 0, 0), R(set_mempolicy, 0, 0, 0), R(mbind, MAP, PAGE, 0, 0, 0), \
	/* time */                                                                                 \
	V(clock_gettime, CLOCK_MONOTONIC, OUT), R(clock_getres, CLOCK_MONOTONIC, OUT),             \
	V(gettimeofday, OUT, 0), V(time, OUT), V(times, OUT), R(nanosleep, ZERO, 0),               \
	R(clock_nanosleep, CLOCK_MONOTONIC, 0, ZERO, 0), R(getitimer, 0, OUT),                     \
	R(setitimer, 0, ZERO, OUT), R(alarm, 0), R(timer_settime, own_timer, 0, ZERO, OUT),        \
	R(timer_gettime, own_timer, OUT), R(timer_getoverrun, own_timer),                          \
	V(adjtimex, P(arena)), V(clock_adjtime, 0, P(arena)),                                      \
	/* signals and the process */                                                              \
	R(rt_sigaction, SIGUSR2, 0, OUT, 8), R(rt_sigprocmask, SIG_BLOCK, P(&I->mask), OUT, 8),    \
	R(rt_sigpending, OUT, 8), R(rt_sigtimedwait, P(&I->mask), OUT, ZERO, 8),                   \
	R(sigaltstack, 0, OUT), R(kill, own_pid, 0), R(tkill, own_pid, 0),                         \
	R(tgkill, own_pid, own_pid, 0), R(pidfd_open, own_pid, 0),                                 \
	R(pidfd_send_signal, FD_PID, 0, 0, 0), R(futex, P(I->words), 1, 1),                        \
	R(futex, P(I->words), 0, 7, 0), R(get_robust_list, 0, OUT, OUT2), R(getgroups, 32, OUT),   \
	R(getresuid, OUT, OUT2, P(arena + 2048)), R(getresgid, OUT, OUT2, P(arena + 2048)),        \
	R(capget, P(I->cap_header), OUT), R(getrlimit, 7, OUT), R(prlimit64, 0, 7, 0, OUT),        \
	V(getrusage, 0, OUT), R(prctl, PR_GET_NAME, OUT), R(prctl, PR_GET_DUMPABLE),               \
	R(arch_prctl, 0x1003, OUT), R(sched_getaffinity, 0, 128, OUT), R(sched_getparam, 0, OUT),  \
	R(sched_getscheduler, 0), R(sched_get_priority_max, 1), R(sched_get_priority_min, 1),      \
	V(sched_rr_get_interval, 0, OUT), R(sched_getattr, 0, OUT, 48, 0), R(getpriority, 0, 0),   \
	V(getcpu, OUT, OUT2, 0), R(personality, 0xffffffff), R(membarrier, 0, 0, 0),               \
	R(wait4, -1, OUT, 1, 0),                                                            \
	/* the system */                                                                           \
	R(uname, OUT), V(sysinfo, OUT), V(getrandom, OUT, 100, 0), R(syslog, 10),                  \
	/* sockets */                                                                              \
	R(socket, AF_UNIX, SOCK_STREAM, 0), R(socketpair, AF_UNIX, SOCK_STREAM, 0, OUT),           \
	R(getsockname, FD_SOCKET, OUT, P(&I->four)), R(getpeername, FD_SOCKET, OUT, P(&I->four)),  \
	R(sendto, FD_SOCKET, OUT, 10, 0, 0, 0), R(recvfrom, FD_SOCKET, OUT, 10, MSG_DONTWAIT, 0, 0), \
	R(sendmsg, FD_SOCKET, P(&I->msg), 0), R(recvmsg, FD_SOCKET, P(&I->msg), MSG_DONTWAIT),     \
	R(setsockopt, FD_SOCKET, SOL_SOCKET, SO_REUSEADDR, P(&I->four), 4),                        \
	R(getsockopt, FD_SOCKET, SOL_SOCKET, SO_TYPE, OUT, P(&I->four)),                           \
	R(bind, FD_SOCKET, ZERO, 1), R(listen, FD_FILE, 1), R(connect, FD_FILE, ZERO, 16),         \
	R(accept, FD_SOCKET, 0, 0), R(accept4, FD_SOCKET, 0, 0, 0), R(shutdown, FD_FILE, 1)
/* clang-format on */

static void fill_arena(void)
{
	memset(arena, 0x5a, sizeof(arena));
	memset(I, 0, sizeof(*I));
	I->iov[0] = (struct iovec){arena, 10};
	I->iov[1] = (struct iovec){arena + 100, 20};
	I->pollfd = (struct pollfd){FD_PIPE_READ, POLLIN, 0};
	I->mask = 1L << (SIGUSR2 - 1);
	I->offsets[1] = 40;
	I->fdset[0] = 1L << FD_PIPE_READ;
	I->event = (struct epoll_event){.events = EPOLLIN};
	I->cap_header[0] = 0x20080522;
	I->msg = (struct msghdr){.msg_iov = I->iov, .msg_iovlen = 2};
	I->four = 4;
	I->words[0] = 8;
}

/* What is made once. */
static void set_up(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int fds[2], timer;

	own_pid = getpid();
	setsid(); /* so that it is EPERM from now on */
	CHECK_EQ(dup2(open("/dev/zero", O_RDWR), FD_ZERO), FD_ZERO);
	CHECK_OK(pipe2(fds, O_NONBLOCK));
	CHECK_EQ(dup2(fds[0], FD_PIPE_READ), FD_PIPE_READ);
	CHECK_EQ(dup2(fds[1], FD_PIPE_WRITE), FD_PIPE_WRITE);
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
	CHECK_EQ(dup2(fds[0], FD_SOCKET), FD_SOCKET);
	CHECK_EQ(dup2(fds[1], FD_PEER), FD_PEER);
	CHECK_EQ(dup2(open(".", O_RDONLY), FD_DIRECTORY), FD_DIRECTORY);
	CHECK_EQ(dup2(eventfd(0, EFD_NONBLOCK), FD_EVENT), FD_EVENT);
	CHECK_EQ(dup2(epoll_create1(0), FD_EPOLL), FD_EPOLL);
	CHECK_OK(epoll_ctl(FD_EPOLL, EPOLL_CTL_ADD, FD_PIPE_READ, &event));
	CHECK_EQ(dup2(timerfd_create(CLOCK_MONOTONIC, 0), FD_TIMER), FD_TIMER);
	CHECK_EQ(dup2((int)syscall(SYS_pidfd_open, getpid(), 0), FD_PID), FD_PID);
	CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &timer));
	own_timer = timer;
	mapped = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
}

/* What a call may have changed, as it was. */
static void reset(void)
{
	char scratch[512];
	sigset_t none;
	int fd;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	syscall(SYS_close_range, 3, FD_FILE, 0);
	syscall(SYS_close_range, FD_SPARE, ~0U, 0);
	unlink("f");
	if (unlink("g") != 0)
		rmdir("g");
	unlink("missing");
	rmdir("missing");
	unlink("l");
	(void)!symlink("f", "l");
	mkdir("d", 0755);
	memset(scratch, 'f', 100);
	fd = t_make_file("f", scratch, 100);
	dup2(fd, FD_FILE);
	dup2(fd, FD_SPARE);
	close(fd);
	lseek(FD_FILE, 0, SEEK_SET);
	lseek(FD_DIRECTORY, 0, SEEK_SET);
	while (read(FD_PIPE_READ, scratch, sizeof(scratch)) > 0)
		;
	while (read(FD_SOCKET, scratch, sizeof(scratch)) > 0)
		;
	while (read(FD_PEER, scratch, sizeof(scratch)) > 0)
		;
	(void)!write(FD_PIPE_WRITE, "twenty bytes in here", 20);
	(void)!write(FD_PEER, "twenty bytes in here", 20);
	while (read(FD_EVENT, scratch, 8) > 0)
		;
	(void)!write(FD_EVENT, "\5\0\0\0\0\0\0", 8);
	epoll_ctl(FD_EPOLL, EPOLL_CTL_DEL, FD_EVENT, NULL);
	alarm(0);
	mmap(mapped, 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	mapped[0] = 1;
	fill_arena();
}

/* What the arena does not show of a call's work. */
struct state {
	off_t offset, size;
	mode_t file_mode, made_mode, mask;
	nlink_t links;
	int is_renamed, has_link, has_directory, pipe_has, peer_has;
	int free_fd, spare_flags;
	long blocked;
	unsigned int alarm;
	char mapped;
};

static void get_state(struct state *state)
{
	struct stat st;

	memset(state, 0, sizeof(*state));
	state->free_fd = dup(0);
	close(state->free_fd);
	state->offset = lseek(FD_FILE, 0, SEEK_CUR);
	if (fstat(FD_FILE, &st) == 0) {
		state->size = st.st_size;
		state->file_mode = st.st_mode;
		state->links = st.st_nlink;
	}
	state->made_mode = lstat("g", &st) == 0 ? st.st_mode : 0;
	state->is_renamed = access("f", F_OK);
	state->has_link = lstat("l", &st);
	state->has_directory = access("d", F_OK);
	state->mask = umask(022);
	ioctl(FD_PIPE_READ, FIONREAD, &state->pipe_has);
	ioctl(FD_PEER, FIONREAD, &state->peer_has);
	state->spare_flags = fcntl(FD_SPARE, F_GETFD);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &state->blocked, 8);
	state->alarm = alarm(0) > 0;
	state->mapped = mapped[0];
}

#endif /* THREE_WAYS_ROWS_H */
