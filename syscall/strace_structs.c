/* SPDX-License-Identifier: BSD-3-Clause */
/* The structures strace shows, one function each: the members a reader of a trace looks for. */
#include <asm/poll.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/resource.h>
#include <uk/stat.h>
#include <linux/time_types.h>
#include <linux/utsname.h>
#include <uk/arch/uaccess.h>
#include <uk/signal.h>
#include "strace.h"

#define SHOWN_POLLFDS      8
#define SHOWN_EPOLL_EVENTS 8

static const void __user *user(unsigned long addr)
{
	return (const void __user *)addr;
}

static bool put_times(struct strace_line *line, unsigned long addr, unsigned int count,
		      const char *fraction_name)
{
	struct __kernel_timespec times[2];

	if (copy_from_user(times, user(addr), count * sizeof(times[0])))
		return false;
	strace_put(line, count > 1 ? "[" : "");
	for (unsigned int i = 0; i < count; i++)
		strace_put(line, "%s{tv_sec=%lld, %s=%lld}", i ? ", " : "", times[i].tv_sec,
			   fraction_name, times[i].tv_nsec);
	strace_put(line, count > 1 ? "]" : "");
	return true;
}

static void put_interval(struct strace_line *line, const struct __kernel_timespec *times,
			 const char *fraction_name)
{
	strace_put(line, "{it_interval={tv_sec=%lld, %s=%lld}, ", times[0].tv_sec, fraction_name,
		   times[0].tv_nsec);
	strace_put(line, "it_value={tv_sec=%lld, %s=%lld}}", times[1].tv_sec, fraction_name,
		   times[1].tv_nsec);
}

/* struct itimerspec and itimerval: the same numbers under other names. */
static bool put_itimer(struct strace_line *line, unsigned long addr, const char *fraction_name)
{
	struct __kernel_timespec times[2];

	if (copy_from_user(times, user(addr), sizeof(times)))
		return false;
	put_interval(line, times, fraction_name);
	return true;
}

static bool put_sigevent(struct strace_line *line, unsigned long addr)
{
	struct sigevent event;

	if (copy_from_user(&event, user(addr), sizeof(event)))
		return false;
	strace_put(line, "{sigev_value={sival_ptr=");
	strace_put_pointer(line, (unsigned long)event.sigev_value.sival_ptr);
	strace_put(line, "}, sigev_signo=");
	strace_put_named(line, KIND_SIGNO, (unsigned int)event.sigev_signo);
	strace_put(line, ", sigev_notify=");
	strace_put_named(line, KIND_SIGEV, (unsigned int)event.sigev_notify);
	if (event.sigev_notify == SIGEV_THREAD_ID)
		strace_put(line, ", sigev_notify_thread_id=%d", event._sigev_un._tid);
	strace_put_char(line, '}');
	return true;
}

static bool put_rusage(struct strace_line *line, unsigned long addr)
{
	struct rusage usage;

	if (copy_from_user(&usage, user(addr), sizeof(usage)))
		return false;
	strace_put(line, "{ru_utime={tv_sec=%ld, tv_usec=%ld}, ", (long)usage.ru_utime.tv_sec,
		   (long)usage.ru_utime.tv_usec);
	strace_put(line, "ru_stime={tv_sec=%ld, tv_usec=%ld}, ...}", (long)usage.ru_stime.tv_sec,
		   (long)usage.ru_stime.tv_usec);
	return true;
}

static void put_mode(struct strace_line *line, unsigned int mode)
{
	static const char types[16][8] = {[1] = "S_IFIFO", [2] = "S_IFCHR", [4] = "S_IFDIR",
					  [6] = "S_IFBLK", [8] = "S_IFREG", [10] = "S_IFLNK"};
	static const char socket[] = "S_IFSOCK";
	unsigned int type = mode >> 12 & 0xf;

	if (type == 12)
		strace_put(line, "%s|", socket);
	else if (types[type][0])
		strace_put(line, "%.8s|", types[type]);
	strace_put(line, "%#o", mode & 07777);
}

static bool put_stat(struct strace_line *line, unsigned long addr)
{
	struct stat st;

	if (copy_from_user(&st, user(addr), sizeof(st)))
		return false;
	strace_put(line, "{st_mode=");
	put_mode(line, st.st_mode);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		strace_put(line, ", st_rdev=%#lx, ...}", (unsigned long)st.st_rdev);
	else
		strace_put(line, ", st_size=%lu, ...}", (unsigned long)st.st_size);
	return true;
}

static bool put_statx(struct strace_line *line, unsigned long addr)
{
	const struct statx __user *stx = user(addr);
	uint16_t mode = 0;
	uint64_t size = 0;

	if (get_user(mode, &stx->stx_mode) || get_user(size, &stx->stx_size))
		return false;
	strace_put(line, "{stx_mode=");
	put_mode(line, mode);
	strace_put(line, ", stx_size=%lu, ...}", (unsigned long)size);
	return true;
}

static bool put_statfs(struct strace_line *line, unsigned long addr)
{
	struct statfs fs;

	if (copy_from_user(&fs, user(addr), sizeof(fs)))
		return false;
	strace_put(line, "{f_type=%#lx, f_bsize=%ld, f_blocks=%lu, f_bfree=%lu, ...}",
		   (unsigned long)fs.f_type, (long)fs.f_bsize, (unsigned long)fs.f_blocks,
		   (unsigned long)fs.f_bfree);
	return true;
}

static unsigned int count_bits(sigset_t set)
{
	unsigned int count = 0;

	for (int signo = 1; signo <= UK_NSIG; signo++)
		count += (set & UK_SIGMASK(signo)) != 0;
	return count;
}

/* As strace does: the names without SIG; with most signals set, the complement. */
static void put_sigset(struct strace_line *line, sigset_t set)
{
	bool is_complement = count_bits(set) > UK_NSIG * 2 / 3;
	unsigned int shown = 0;

	strace_put(line, is_complement ? "~[" : "[");
	if (is_complement)
		set = ~set;
	for (int signo = 1; signo <= UK_NSIG; signo++) {
		if (!(set & UK_SIGMASK(signo)))
			continue;
		strace_put(line, shown++ ? " " : "");
		if (signo < SIGRTMIN)
			strace_put(line, "%s", signal_name(signo) + 3);
		else
			strace_put(line, "RT_%d", signo - SIGRTMIN);
	}
	strace_put_char(line, ']');
}

static bool put_user_sigset(struct strace_line *line, unsigned long addr)
{
	sigset_t set = 0;

	if (get_user(set, (const sigset_t __user *)addr))
		return false;
	put_sigset(line, set);
	return true;
}

static bool put_sigaction(struct strace_line *line, unsigned long addr)
{
	struct uk_sigaction action;

	if (copy_from_user(&action, user(addr), sizeof(action)))
		return false;
	strace_put(line, "{sa_handler=");
	if (action.handler == (uintptr_t)SIG_DFL)
		strace_put(line, "SIG_DFL");
	else if (action.handler == (uintptr_t)SIG_IGN)
		strace_put(line, "SIG_IGN");
	else
		strace_put(line, "%#lx", (unsigned long)action.handler);
	strace_put(line, ", sa_mask=");
	put_sigset(line, action.mask);
	strace_put(line, ", sa_flags=");
	strace_put_sigaction_flags(line, action.flags);
	strace_put_char(line, '}');
	return true;
}

static bool put_stack(struct strace_line *line, unsigned long addr)
{
	stack_t stack;

	if (copy_from_user(&stack, user(addr), sizeof(stack)))
		return false;
	strace_put(line, "{ss_sp=");
	strace_put_pointer(line, (unsigned long)stack.ss_sp);
	strace_put(line, ", ss_flags=%s, ss_size=%lu}",
		   stack.ss_flags & SS_DISABLE   ? "SS_DISABLE"
		   : stack.ss_flags & SS_ONSTACK ? "SS_ONSTACK"
						 : "0",
		   (unsigned long)stack.ss_size);
	return true;
}

static void put_limit(struct strace_line *line, const char *name, uint64_t limit)
{
	if (limit == UINT64_MAX)
		strace_put(line, "%sRLIM64_INFINITY", name);
	else if (limit % 1024 == 0 && limit > 1024)
		strace_put(line, "%s%lu*1024", name, (unsigned long)(limit / 1024));
	else
		strace_put(line, "%s%lu", name, (unsigned long)limit);
}

static bool put_rlimit(struct strace_line *line, unsigned long addr)
{
	struct rlimit64 limit;

	if (copy_from_user(&limit, user(addr), sizeof(limit)))
		return false;
	put_limit(line, "{rlim_cur=", limit.rlim_cur);
	put_limit(line, ", rlim_max=", limit.rlim_max);
	strace_put_char(line, '}');
	return true;
}

static bool put_uname(struct strace_line *line, unsigned long addr)
{
	const struct new_utsname __user *name = user(addr);

	strace_put(line, "{sysname=");
	strace_put_string(line, (unsigned long)name->sysname);
	strace_put(line, ", nodename=");
	strace_put_string(line, (unsigned long)name->nodename);
	strace_put(line, ", ...}");
	return true;
}

static bool put_pollfds(struct strace_line *line, unsigned long addr, unsigned long count)
{
	const struct pollfd __user *fds = user(addr);

	strace_put_char(line, '[');
	for (unsigned long i = 0; i < count && i < SHOWN_POLLFDS; i++) {
		struct pollfd fd;

		if (copy_from_user(&fd, fds + i, sizeof(fd)))
			break;
		strace_put(line, "%s{fd=%d, events=", i ? ", " : "", fd.fd);
		strace_put_poll_events(line, (unsigned short)fd.events);
		if (fd.revents) {
			strace_put(line, ", revents=");
			strace_put_poll_events(line, (unsigned short)fd.revents);
		}
		strace_put_char(line, '}');
	}
	strace_put(line, count > SHOWN_POLLFDS ? ", ...]" : "]");
	return true;
}

static bool put_epoll_event(struct strace_line *line, unsigned long addr)
{
	struct epoll_event event;

	if (copy_from_user(&event, user(addr), sizeof(event)))
		return false;
	strace_put(line, "{events=");
	strace_put_epoll_mask(line, event.events);
	strace_put(line, ", data={u32=%u, u64=%lu}}", (uint32_t)event.data,
		   (unsigned long)event.data);
	return true;
}

/* As many as the call returned. */
void strace_put_epoll_events(struct strace_line *line, unsigned long addr, unsigned long count)
{
	strace_put_char(line, '[');
	for (unsigned long i = 0; i < count && i < SHOWN_EPOLL_EVENTS; i++) {
		strace_put(line, i ? ", " : "");
		if (!put_epoll_event(line, addr + i * sizeof(struct epoll_event)))
			break;
	}
	strace_put(line, count > SHOWN_EPOLL_EVENTS ? ", ...]" : "]");
}

static bool put_two_ints(struct strace_line *line, unsigned long addr)
{
	int fds[2];

	if (copy_from_user(fds, user(addr), sizeof(fds)))
		return false;
	strace_put(line, "[%d, %d]", fds[0], fds[1]);
	return true;
}

static bool put_one_int(struct strace_line *line, unsigned long addr)
{
	int value = 0;

	if (get_user(value, (const int __user *)addr))
		return false;
	strace_put(line, "[%d]", value);
	return true;
}

static bool put_offset(struct strace_line *line, unsigned long addr)
{
	loff_t offset = 0;

	if (get_user(offset, (const loff_t __user *)addr))
		return false;
	strace_put(line, "[%ld]", (long)offset);
	return true;
}

bool strace_put_struct(struct strace_line *line, enum strace_kind kind, unsigned long addr,
		       unsigned long count)
{
	switch (kind) {
	case KIND_TS_IN:
	case KIND_TS_OUT:
		return put_times(line, addr, 1, "tv_nsec");
	case KIND_TS2_IN:
		return put_times(line, addr, 2, "tv_nsec");
	case KIND_TV_IN:
	case KIND_TV_OUT:
		return put_times(line, addr, 1, "tv_usec");
	case KIND_TV2_IN:
		return put_times(line, addr, 2, "tv_usec");
	case KIND_ITIMERSPEC_IN:
	case KIND_ITIMERSPEC_OUT:
		return put_itimer(line, addr, "tv_nsec");
	case KIND_ITIMERVAL_IN:
	case KIND_ITIMERVAL_OUT:
		return put_itimer(line, addr, "tv_usec");
	case KIND_SIGEVENT_IN:
		return put_sigevent(line, addr);
	case KIND_RUSAGE_OUT:
		return put_rusage(line, addr);
	case KIND_INT_OUT:
		return put_one_int(line, addr);
	case KIND_STAT_OUT:
		return put_stat(line, addr);
	case KIND_STATX_OUT:
		return put_statx(line, addr);
	case KIND_STATFS_OUT:
		return put_statfs(line, addr);
	case KIND_SIGSET_IN:
	case KIND_SIGSET_OUT:
		return put_user_sigset(line, addr);
	case KIND_SIGACTION_IN:
	case KIND_SIGACTION_OUT:
		return put_sigaction(line, addr);
	case KIND_STACK_IN:
	case KIND_STACK_OUT:
		return put_stack(line, addr);
	case KIND_RLIMIT_IN:
	case KIND_RLIMIT_OUT:
		return put_rlimit(line, addr);
	case KIND_UNAME_OUT:
		return put_uname(line, addr);
	case KIND_POLLFDS:
		return put_pollfds(line, addr, count);
	case KIND_FD2_OUT:
		return put_two_ints(line, addr);
	case KIND_LOFF_IN:
		return put_offset(line, addr);
	case KIND_EPOLL_EVENT_IN:
		return put_epoll_event(line, addr);
	default:
		return false;
	}
}
