/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers with names: flag words ("O_RDONLY|O_CLOEXEC") and choices ("SEEK_SET"), as strace(1)
 * writes them. Each list is one macro, expanded twice: into values and into one string of names.
 */
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/inotify.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/signalfd.h>
#include <uk/stat.h>
#include <linux/time.h>
#include <linux/timerfd.h>
#include <asm/ioctls.h>
#include <asm/signal.h>
#include <asm/socket.h>
#include <linux/in.h>
#include <linux/tcp.h>
#include <uk/arch/prctl_names.h>
#include <uk/eventfd.h>
#include <uk/signal.h>
#include <uk/socket.h>
#include <uk/string.h>
#include "strace.h"

/* Not in UAPI headers that the kernel may include: from access(2), socket(2). */
#define F_OK             0
#define X_OK             1
#define W_OK             2
#define R_OK             4
#define SOCK_STREAM      1
#define SOCK_DGRAM       2
#define SOCK_RAW         3
#define SOCK_SEQPACKET   5
#define SOCK_MASK        0xf
#define AF_UNSPEC        0
#define AF_UNIX          1
#define AF_INET          2
#define AF_INET6         10
#define AF_NETLINK       16
#define AF_PACKET        17
#define SHUT_RD          0
#define SHUT_WR          1
#define SHUT_RDWR        2
#define SOL_IP           IPPROTO_IP
#define SOL_TCP          IPPROTO_TCP
#define SOL_IPV6         IPPROTO_IPV6
#define SOL_NETLINK      270
#define MSG_OOB          UK_MSG_OOB
#define MSG_PEEK         UK_MSG_PEEK
#define MSG_DONTROUTE    UK_MSG_DONTROUTE
#define MSG_CTRUNC       UK_MSG_CTRUNC
#define MSG_TRUNC        UK_MSG_TRUNC
#define MSG_DONTWAIT     UK_MSG_DONTWAIT
#define MSG_EOR          UK_MSG_EOR
#define MSG_WAITALL      UK_MSG_WAITALL
#define MSG_CONFIRM      UK_MSG_CONFIRM
#define MSG_ERRQUEUE     UK_MSG_ERRQUEUE
#define MSG_NOSIGNAL     UK_MSG_NOSIGNAL
#define MSG_MORE         UK_MSG_MORE
#define MSG_WAITFORONE   UK_MSG_WAITFORONE
#define MSG_CMSG_CLOEXEC UK_MSG_CMSG_CLOEXEC
#define SOCK_CLOEXEC     O_CLOEXEC
#define SOCK_NONBLOCK    O_NONBLOCK

/* clang-format off */
/* O_SYNC contains O_DSYNC, O_TMPFILE contains O_DIRECTORY: the larger ones come first. */
#define OPEN(F)                                                                                    \
	F(O_CREAT) F(O_EXCL) F(O_NOCTTY) F(O_TRUNC) F(O_APPEND) F(O_NONBLOCK) F(O_SYNC)            \
	F(O_DSYNC) F(O_DIRECT) F(O_NOFOLLOW) F(O_NOATIME) F(O_CLOEXEC) F(O_PATH) F(O_TMPFILE)      \
	F(O_DIRECTORY) F(FASYNC)
#define AT(F)                                                                                      \
	F(AT_SYMLINK_NOFOLLOW) F(AT_SYMLINK_FOLLOW) F(AT_NO_AUTOMOUNT) F(AT_EMPTY_PATH)            \
	F(AT_STATX_FORCE_SYNC) F(AT_STATX_DONT_SYNC) F(AT_RECURSIVE) F(AT_EACCESS)
#define UNLINK(F) F(AT_REMOVEDIR)
#define ACCESS(F) F(R_OK) F(W_OK) F(X_OK)
#define WHENCE(F) F(SEEK_SET) F(SEEK_CUR) F(SEEK_END) F(SEEK_DATA) F(SEEK_HOLE)
#define FLOCK(F) F(LOCK_SH) F(LOCK_EX) F(LOCK_UN) F(LOCK_NB)
#define MEMFD(F) F(MFD_CLOEXEC) F(MFD_ALLOW_SEALING) F(MFD_HUGETLB)
#define RENAME(F) F(RENAME_NOREPLACE) F(RENAME_EXCHANGE) F(RENAME_WHITEOUT)
#define FCNTL(F)                                                                                   \
	F(F_DUPFD) F(F_GETFD) F(F_SETFD) F(F_GETFL) F(F_SETFL) F(F_GETLK) F(F_SETLK)               \
	F(F_SETLKW) F(F_SETOWN) F(F_GETOWN) F(F_SETSIG) F(F_GETSIG) F(F_SETOWN_EX)                 \
	F(F_GETOWN_EX) F(F_OFD_GETLK) F(F_OFD_SETLK) F(F_OFD_SETLKW) F(F_SETLEASE)                 \
	F(F_GETLEASE) F(F_NOTIFY) F(F_DUPFD_CLOEXEC) F(F_SETPIPE_SZ) F(F_GETPIPE_SZ)               \
	F(F_ADD_SEALS) F(F_GET_SEALS)
#define IOCTL(F)                                                                                   \
	F(TCGETS) F(TCSETS) F(TCSETSW) F(TCSETSF) F(TCSBRK) F(TCXONC) F(TCFLSH) F(TIOCSCTTY)       \
	F(TIOCGPGRP) F(TIOCSPGRP) F(TIOCOUTQ) F(TIOCGWINSZ) F(TIOCSWINSZ) F(FIONREAD)              \
	F(TIOCNOTTY) F(TIOCGSID) F(FIONBIO) F(FIONCLEX) F(FIOCLEX) F(FIOASYNC) F(TIOCGPTN)         \
	F(TIOCSPTLCK) F(FICLONE) F(FS_IOC_GETFLAGS) F(FS_IOC_SETFLAGS) F(BLKGETSIZE64)             \
	F(BLKSSZGET)
#define PROT(F) F(PROT_READ) F(PROT_WRITE) F(PROT_EXEC) F(PROT_GROWSDOWN) F(PROT_GROWSUP)
#define MAP(F)                                                                                     \
	F(MAP_FIXED) F(MAP_ANONYMOUS) F(MAP_GROWSDOWN) F(MAP_DENYWRITE) F(MAP_EXECUTABLE)          \
	F(MAP_LOCKED) F(MAP_NORESERVE) F(MAP_POPULATE) F(MAP_NONBLOCK) F(MAP_STACK)                \
	F(MAP_HUGETLB) F(MAP_SYNC) F(MAP_FIXED_NOREPLACE) UK_ARCH_MAP_FLAGS(F)
#define MREMAP(F) F(MREMAP_MAYMOVE) F(MREMAP_FIXED) F(MREMAP_DONTUNMAP)
#define MADVICE(F)                                                                                 \
	F(MADV_NORMAL) F(MADV_RANDOM) F(MADV_SEQUENTIAL) F(MADV_WILLNEED) F(MADV_DONTNEED)         \
	F(MADV_FREE) F(MADV_REMOVE) F(MADV_DONTFORK) F(MADV_DOFORK) F(MADV_MERGEABLE)              \
	F(MADV_UNMERGEABLE) F(MADV_HUGEPAGE) F(MADV_NOHUGEPAGE) F(MADV_DONTDUMP)                   \
	F(MADV_DODUMP) F(MADV_WIPEONFORK) F(MADV_KEEPONFORK) F(MADV_COLD) F(MADV_PAGEOUT)          \
	F(MADV_POPULATE_READ) F(MADV_POPULATE_WRITE)
#define MSYNC(F) F(MS_ASYNC) F(MS_INVALIDATE) F(MS_SYNC)
#define CLOCKS(F)                                                                                  \
	F(CLOCK_REALTIME) F(CLOCK_MONOTONIC) F(CLOCK_PROCESS_CPUTIME_ID)                           \
	F(CLOCK_THREAD_CPUTIME_ID) F(CLOCK_MONOTONIC_RAW) F(CLOCK_REALTIME_COARSE)                 \
	F(CLOCK_MONOTONIC_COARSE) F(CLOCK_BOOTTIME) F(CLOCK_REALTIME_ALARM)                        \
	F(CLOCK_BOOTTIME_ALARM) F(CLOCK_TAI)
#define TIMER(F) F(TIMER_ABSTIME)
#define TIMERFD(F) F(TFD_CLOEXEC) F(TFD_NONBLOCK)
#define TIMERFDSET(F) F(TFD_TIMER_ABSTIME) F(TFD_TIMER_CANCEL_ON_SET)
#define ITIMER(F) F(ITIMER_REAL) F(ITIMER_VIRTUAL) F(ITIMER_PROF)
#define RUSAGE(F) F(RUSAGE_SELF) F(RUSAGE_CHILDREN) F(RUSAGE_THREAD)
#define SIGEV(F) F(SIGEV_SIGNAL) F(SIGEV_NONE) F(SIGEV_THREAD) F(SIGEV_THREAD_ID)
#define SIGHOW(F) F(SIG_BLOCK) F(SIG_UNBLOCK) F(SIG_SETMASK)
#define FUTEX(F)                                                                                   \
	F(FUTEX_WAIT) F(FUTEX_WAKE) F(FUTEX_FD) F(FUTEX_REQUEUE) F(FUTEX_CMP_REQUEUE)              \
	F(FUTEX_WAKE_OP) F(FUTEX_LOCK_PI) F(FUTEX_UNLOCK_PI) F(FUTEX_TRYLOCK_PI)                   \
	F(FUTEX_WAIT_BITSET) F(FUTEX_WAKE_BITSET) F(FUTEX_WAIT_REQUEUE_PI)                         \
	F(FUTEX_CMP_REQUEUE_PI) F(FUTEX_LOCK_PI2)
#define RESOURCE(F)                                                                                \
	F(RLIMIT_CPU) F(RLIMIT_FSIZE) F(RLIMIT_DATA) F(RLIMIT_STACK) F(RLIMIT_CORE)                \
	F(RLIMIT_RSS) F(RLIMIT_NPROC) F(RLIMIT_NOFILE) F(RLIMIT_MEMLOCK) F(RLIMIT_AS)              \
	F(RLIMIT_LOCKS) F(RLIMIT_SIGPENDING) F(RLIMIT_MSGQUEUE) F(RLIMIT_NICE)                     \
	F(RLIMIT_RTPRIO) F(RLIMIT_RTTIME)
#define PRCTL(F)                                                                                   \
	F(PR_SET_PDEATHSIG) F(PR_GET_PDEATHSIG) F(PR_GET_DUMPABLE) F(PR_SET_DUMPABLE)              \
	F(PR_GET_KEEPCAPS) F(PR_GET_NAME) F(PR_GET_SECCOMP) F(PR_SET_SECCOMP)                      \
	F(PR_CAPBSET_READ) F(PR_CAPBSET_DROP) F(PR_GET_SECUREBITS) F(PR_SET_SECUREBITS)            \
	F(PR_SET_TIMERSLACK) F(PR_GET_TIMERSLACK) F(PR_SET_MM) F(PR_SET_PTRACER)                   \
	F(PR_SET_CHILD_SUBREAPER) F(PR_GET_CHILD_SUBREAPER) F(PR_SET_NO_NEW_PRIVS)                 \
	F(PR_GET_NO_NEW_PRIVS) F(PR_SET_THP_DISABLE) F(PR_GET_THP_DISABLE) F(PR_CAP_AMBIENT)       \
	F(PR_SET_VMA)
#define GRND(F) F(GRND_NONBLOCK) F(GRND_RANDOM) F(GRND_INSECURE)
#define CLONE(F)                                                                                   \
	F(CLONE_VM) F(CLONE_FS) F(CLONE_FILES) F(CLONE_SIGHAND) F(CLONE_PIDFD) F(CLONE_PTRACE)     \
	F(CLONE_VFORK) F(CLONE_PARENT) F(CLONE_THREAD) F(CLONE_NEWNS) F(CLONE_SYSVSEM)             \
	F(CLONE_SETTLS) F(CLONE_PARENT_SETTID) F(CLONE_CHILD_CLEARTID) F(CLONE_DETACHED)           \
	F(CLONE_UNTRACED) F(CLONE_CHILD_SETTID) F(CLONE_NEWCGROUP) F(CLONE_NEWUTS)                 \
	F(CLONE_NEWIPC) F(CLONE_NEWUSER) F(CLONE_NEWPID) F(CLONE_NEWNET) F(CLONE_IO)
#define FAMILY(F) F(AF_UNSPEC) F(AF_UNIX) F(AF_INET) F(AF_INET6) F(AF_NETLINK) F(AF_PACKET)
#define SOCKTYPE(F) F(SOCK_STREAM) F(SOCK_DGRAM) F(SOCK_RAW) F(SOCK_SEQPACKET)
#define SOCKFLAG(F) F(SOCK_CLOEXEC) F(SOCK_NONBLOCK)
#define MSGFLAG(F)                                                                                 \
	F(MSG_OOB) F(MSG_PEEK) F(MSG_DONTROUTE) F(MSG_CTRUNC) F(MSG_TRUNC) F(MSG_DONTWAIT)         \
	F(MSG_EOR) F(MSG_WAITALL) F(MSG_CONFIRM) F(MSG_ERRQUEUE) F(MSG_NOSIGNAL) F(MSG_MORE)       \
	F(MSG_WAITFORONE) F(MSG_CMSG_CLOEXEC)
#define SHUTDOWN(F) F(SHUT_RD) F(SHUT_WR) F(SHUT_RDWR)
#define LEVEL(F) F(SOL_SOCKET) F(SOL_IP) F(SOL_TCP) F(SOL_IPV6) F(SOL_NETLINK)
#define SOCKOPTION(F)                                                                              \
	F(SO_DEBUG) F(SO_REUSEADDR) F(SO_TYPE) F(SO_ERROR) F(SO_DONTROUTE) F(SO_BROADCAST)         \
	F(SO_SNDBUF) F(SO_RCVBUF) F(SO_KEEPALIVE) F(SO_OOBINLINE) F(SO_PRIORITY) F(SO_LINGER)      \
	F(SO_REUSEPORT) F(SO_PASSCRED) F(SO_PEERCRED) F(SO_RCVLOWAT) F(SO_SNDLOWAT)                \
	F(SO_RCVTIMEO_OLD) F(SO_SNDTIMEO_OLD) F(SO_BINDTODEVICE) F(SO_TIMESTAMP_OLD)               \
	F(SO_ACCEPTCONN) F(SO_PEERSEC) F(SO_SNDBUFFORCE) F(SO_RCVBUFFORCE) F(SO_MARK)              \
	F(SO_PROTOCOL) F(SO_DOMAIN) F(SO_PEEK_OFF) F(SO_BUSY_POLL) F(SO_INCOMING_CPU)              \
	F(SO_PEERGROUPS)
#define TCPOPTION(F)                                                                               \
	F(TCP_NODELAY) F(TCP_MAXSEG) F(TCP_CORK) F(TCP_KEEPIDLE) F(TCP_KEEPINTVL) F(TCP_KEEPCNT)   \
	F(TCP_SYNCNT) F(TCP_LINGER2) F(TCP_DEFER_ACCEPT) F(TCP_WINDOW_CLAMP) F(TCP_INFO)           \
	F(TCP_QUICKACK) F(TCP_CONGESTION) F(TCP_USER_TIMEOUT) F(TCP_FASTOPEN) F(TCP_NOTSENT_LOWAT)
#define INOTIFY(F)                                                                                 \
	F(IN_ACCESS) F(IN_MODIFY) F(IN_ATTRIB) F(IN_CLOSE_WRITE) F(IN_CLOSE_NOWRITE) F(IN_OPEN)    \
	F(IN_MOVED_FROM) F(IN_MOVED_TO) F(IN_CREATE) F(IN_DELETE) F(IN_DELETE_SELF)                \
	F(IN_MOVE_SELF) F(IN_UNMOUNT) F(IN_Q_OVERFLOW) F(IN_IGNORED) F(IN_ONLYDIR)                 \
	F(IN_DONT_FOLLOW) F(IN_EXCL_UNLINK) F(IN_MASK_CREATE) F(IN_MASK_ADD) F(IN_ISDIR)           \
	F(IN_ONESHOT)
#define POLL(F)                                                                                    \
	F(POLLIN) F(POLLPRI) F(POLLOUT) F(POLLERR) F(POLLHUP) F(POLLNVAL) F(POLLRDNORM)            \
	F(POLLRDBAND) F(POLLWRNORM) F(POLLWRBAND) F(POLLRDHUP)
#define EVENTFD(F)   F(EFD_SEMAPHORE) F(EFD_CLOEXEC) F(EFD_NONBLOCK)
#define SIGNALFD(F)  F(SFD_CLOEXEC) F(SFD_NONBLOCK)
#define EPOLLFLAG(F) F(EPOLL_CLOEXEC)
#define EPOLLOP(F)   F(EPOLL_CTL_ADD) F(EPOLL_CTL_DEL) F(EPOLL_CTL_MOD)
#define EPOLLMASK(F)                                                                               \
	F(EPOLLIN) F(EPOLLPRI) F(EPOLLOUT) F(EPOLLERR) F(EPOLLHUP) F(EPOLLNVAL) F(EPOLLRDNORM)     \
	F(EPOLLRDBAND) F(EPOLLWRNORM) F(EPOLLWRBAND) F(EPOLLMSG) F(EPOLLRDHUP) F(EPOLLEXCLUSIVE)   \
	F(EPOLLWAKEUP) F(EPOLLONESHOT) F(EPOLLET)
#define SA(F)                                                                                      \
	F(SA_RESTORER) F(SA_ONSTACK) F(SA_RESTART) F(SA_NOCLDSTOP) F(SA_NOCLDWAIT)                 \
	F(SA_NODEFER) F(SA_RESETHAND) F(SA_SIGINFO)
/* clang-format on */

#define VALUE(constant) (uint32_t)(constant),
#define NAME(constant)  #constant "\0"
#define FLAGS(list)                                                                                \
	do {                                                                                       \
		static const uint32_t values_[] = {list(VALUE)};                                   \
		static const char names_[] = list(NAME);                                           \
		put_flags(line, &value, values_, UK_ARRAY_SIZE(values_), names_);                  \
	} while (0)
#define CHOICE(list)                                                                               \
	do {                                                                                       \
		static const uint32_t values_[] = {list(VALUE)};                                   \
		static const char names_[] = list(NAME);                                           \
		put_choice(line, &value, values_, UK_ARRAY_SIZE(values_), names_);                 \
	} while (0)

/* Shown already: a later part of the same argument follows after a bar. */
#define SHOWN (1UL << 63)

static void put_separator(struct strace_line *line, unsigned long *value)
{
	if (*value & SHOWN)
		strace_put_char(line, '|');
	*value |= SHOWN;
}

/* Takes every flag that is wholly set out of *value. */
static void put_flags(struct strace_line *line, unsigned long *value, const uint32_t *values,
		      size_t count, const char *names)
{
	for (size_t i = 0; i < count; i++, names += strlen(names) + 1) {
		if (!values[i] || (*value & values[i]) != values[i])
			continue;
		*value &= ~(unsigned long)values[i];
		put_separator(line, value);
		strace_put(line, "%s", names);
	}
}

/* The one name for the whole of *value; nothing when there is none. */
static void put_choice(struct strace_line *line, unsigned long *value, const uint32_t *values,
		       size_t count, const char *names)
{
	for (size_t i = 0; i < count; i++, names += strlen(names) + 1)
		if ((*value & ~SHOWN) == values[i]) {
			put_separator(line, value);
			strace_put(line, "%s", names);
			*value = SHOWN;
			return;
		}
}

/* What no name was found for; 0 alone when there was nothing at all. */
static void put_rest(struct strace_line *line, unsigned long value)
{
	if (value == SHOWN)
		return;
	if (value & SHOWN)
		strace_put_char(line, '|');
	value &= ~SHOWN;
	strace_put(line, value ? "%#lx" : "%lu", value);
}

static void put_open_flags(struct strace_line *line, unsigned long value)
{
	static const char access_names[4][12] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};

	strace_put(line, "%s", access_names[value & O_ACCMODE]);
	value = (value & ~(unsigned long)O_ACCMODE & UINT32_MAX) | SHOWN;
	FLAGS(OPEN);
	put_rest(line, value);
}

static void put_mmap_flags(struct strace_line *line, unsigned long value)
{
	static const char type_names[4][20] = {"MAP_FILE", "MAP_SHARED", "MAP_PRIVATE",
					       "MAP_SHARED_VALIDATE"};

	strace_put(line, "%s", type_names[value & 3]);
	value = (value & ~3UL & UINT32_MAX) | SHOWN;
	FLAGS(MAP);
	put_rest(line, value);
}

static void put_futex_op(struct strace_line *line, unsigned long op)
{
	unsigned long value = op & FUTEX_CMD_MASK & UINT32_MAX;

	CHOICE(FUTEX);
	put_rest(line, value);
	if (op & FUTEX_PRIVATE_FLAG)
		strace_put(line, "_PRIVATE");
	if (op & FUTEX_CLOCK_REALTIME)
		strace_put(line, "|FUTEX_CLOCK_REALTIME");
}

static void put_socket_type(struct strace_line *line, unsigned long type)
{
	unsigned long value = type & SOCK_MASK;

	CHOICE(SOCKTYPE);
	value |= type & ~(unsigned long)SOCK_MASK;
	FLAGS(SOCKFLAG);
	put_rest(line, value);
}

/* Clone flags carry a signal number in the low byte. */
static void put_clone_flags(struct strace_line *line, unsigned long flags)
{
	unsigned long value = flags & ~0xffUL & ~SHOWN;

	FLAGS(CLONE);
	if (flags & 0xff) {
		put_separator(line, &value);
		strace_put(line, "%s", signal_name(flags & 0xff));
	}
	put_rest(line, value);
}

static void put_signo(struct strace_line *line, unsigned long value)
{
	if (value >= 1 && value < SIGRTMIN)
		strace_put(line, "%s", signal_name((int)value));
	else if (value >= SIGRTMIN && value <= UK_NSIG)
		strace_put(line, "SIGRT_%lu", value - SIGRTMIN);
	else
		strace_put(line, "%d", (int)value);
}

void strace_put_named(struct strace_line *line, enum strace_kind kind, unsigned long value)
{
	value &= kind == KIND_CLONE || kind == KIND_PROT ? ~SHOWN : UINT32_MAX;
	switch (kind) {
	case KIND_OPEN_FLAGS:
		put_open_flags(line, value);
		return;
	case KIND_MMAP_FLAGS:
		put_mmap_flags(line, value);
		return;
	case KIND_FUTEX_OP:
		put_futex_op(line, value);
		return;
	case KIND_SOCK_TYPE:
		put_socket_type(line, value);
		return;
	case KIND_CLONE:
		put_clone_flags(line, value);
		return;
	case KIND_SIGNO:
		put_signo(line, value);
		return;
	case KIND_ACCESS:
		if (value == F_OK) {
			strace_put(line, "F_OK");
			return;
		}
		FLAGS(ACCESS);
		break;
	case KIND_PROT:
		if (value == PROT_NONE) {
			strace_put(line, "PROT_NONE");
			return;
		}
		FLAGS(PROT);
		break;
	case KIND_O_FLAGS:
		FLAGS(OPEN);
		break;
	case KIND_AT_FLAGS:
		FLAGS(AT);
		break;
	case KIND_UNLINK_FLAGS:
		FLAGS(UNLINK);
		break;
	case KIND_FLOCK:
		FLAGS(FLOCK);
		break;
	case KIND_MEMFD:
		FLAGS(MEMFD);
		break;
	case KIND_RENAME:
		FLAGS(RENAME);
		break;
	case KIND_MREMAP_FLAGS:
		FLAGS(MREMAP);
		break;
	case KIND_MSYNC:
		FLAGS(MSYNC);
		break;
	case KIND_TIMER_FLAGS:
		FLAGS(TIMER);
		break;
	case KIND_MSG_FLAGS:
		FLAGS(MSGFLAG);
		break;
	case KIND_SHUT:
		CHOICE(SHUTDOWN);
		break;
	case KIND_SOL:
		CHOICE(LEVEL);
		break;
	case KIND_SO:
		CHOICE(SOCKOPTION);
		break;
	case KIND_TCP:
		CHOICE(TCPOPTION);
		break;
	case KIND_EVENTFD_FLAGS:
		FLAGS(EVENTFD);
		break;
	case KIND_SIGNALFD_FLAGS:
		FLAGS(SIGNALFD);
		break;
	case KIND_EPOLL_FLAGS:
		FLAGS(EPOLLFLAG);
		break;
	case KIND_TIMERFD_FLAGS:
		FLAGS(TIMERFD);
		break;
	case KIND_TIMERFD_SET:
		FLAGS(TIMERFDSET);
		break;
	case KIND_GRND:
		FLAGS(GRND);
		break;
	case KIND_INOTIFY:
		FLAGS(INOTIFY);
		break;
	case KIND_WHENCE:
		CHOICE(WHENCE);
		break;
	case KIND_FCNTL:
		CHOICE(FCNTL);
		break;
	case KIND_IOCTL:
		CHOICE(IOCTL);
		break;
	case KIND_MADVICE:
		CHOICE(MADVICE);
		break;
	case KIND_CLOCK:
		CHOICE(CLOCKS);
		break;
	case KIND_SIGHOW:
		CHOICE(SIGHOW);
		break;
	case KIND_EPOLL_OP:
		CHOICE(EPOLLOP);
		break;
	case KIND_SIGEV:
		CHOICE(SIGEV);
		break;
	case KIND_ITIMER:
		CHOICE(ITIMER);
		break;
	case KIND_RUSAGE:
		CHOICE(RUSAGE);
		break;
	case KIND_RESOURCE:
		CHOICE(RESOURCE);
		break;
	case KIND_PRCTL:
		CHOICE(PRCTL);
		break;
	case KIND_ARCH_PRCTL:
		CHOICE(UK_ARCH_PRCTLS);
		break;
	case KIND_AF:
		CHOICE(FAMILY);
		break;
	default:
		break;
	}
	put_rest(line, value);
}

void strace_put_poll_events(struct strace_line *line, unsigned int events)
{
	unsigned long value = events;

	FLAGS(POLL);
	put_rest(line, value);
}

void strace_put_epoll_mask(struct strace_line *line, unsigned int events)
{
	unsigned long value = events;

	FLAGS(EPOLLMASK);
	put_rest(line, value);
}

void strace_put_sigaction_flags(struct strace_line *line, unsigned long flags)
{
	unsigned long value = flags & UINT32_MAX;

	FLAGS(SA);
	put_rest(line, value);
}
