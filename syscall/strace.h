/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of strace (private to syscall/). Text is built piece by piece in a struct strace_line.
 * Everything but strace.c runs in host tests, and everything but strace.c and strace_line.c is free
 * of state; user memory is read through <uk/arch/uaccess.h> only, and what cannot be read is shown
 * as a pointer.
 *
 * Tables are plain arrays of numbers beside one string of names: no pointers, so nothing to
 * relocate at boot.
 */
#ifndef UK_STRACE_H
#define UK_STRACE_H

#include <uk/essentials.h>

/* How an argument is shown; the names that syscalls.def uses. */
enum strace_kind {
	KIND_NONE,
	/* plain values */
	KIND_INT,
	KIND_UINT,
	KIND_LONG,
	KIND_SIZE,
	KIND_HEX,
	KIND_PTR,
	KIND_OCT,
	KIND_FD,
	KIND_DIRFD,
	/* numbers with names */
	KIND_OPEN_FLAGS,
	KIND_OPEN_MODE,
	KIND_O_FLAGS,
	KIND_AT_FLAGS,
	KIND_UNLINK_FLAGS,
	KIND_ACCESS,
	KIND_WHENCE,
	KIND_FLOCK,
	KIND_MEMFD,
	KIND_RENAME,
	KIND_FCNTL,
	KIND_FCNTL_ARG,
	KIND_IOCTL,
	KIND_PROT,
	KIND_MMAP_FLAGS,
	KIND_MREMAP_FLAGS,
	KIND_MADVICE,
	KIND_MSYNC,
	KIND_CLOCK,
	KIND_TIMER_FLAGS,
	KIND_TIMERFD_FLAGS,
	KIND_TIMERFD_SET,
	KIND_ITIMER,
	KIND_RUSAGE,
	KIND_SIGNO,
	KIND_SIGHOW,
	KIND_SIGEV,
	KIND_FUTEX_OP,
	KIND_RESOURCE,
	KIND_PRCTL,
	KIND_ARCH_PRCTL,
	KIND_GRND,
	KIND_CLONE,
	KIND_AF,
	KIND_SOCK_TYPE,
	KIND_MSG_FLAGS,
	KIND_SHUT,
	KIND_SOL,
	KIND_SOCKOPT,
	KIND_SO,
	KIND_TCP,
	KIND_EVENTFD_FLAGS,
	KIND_SIGNALFD_FLAGS,
	KIND_EPOLL_FLAGS,
	KIND_EPOLL_OP,
	KIND_INOTIFY,
	/* memory read before the call */
	KIND_STR,
	KIND_BYTES_IN,
	KIND_IOV_IN,
	KIND_TS_IN,
	KIND_TS2_IN,
	KIND_TV_IN,
	KIND_TV2_IN,
	KIND_ITIMERSPEC_IN,
	KIND_ITIMERVAL_IN,
	KIND_SIGEVENT_IN,
	KIND_SIGSET_IN,
	KIND_SIGACTION_IN,
	KIND_STACK_IN,
	KIND_RLIMIT_IN,
	KIND_LOFF_IN,
	KIND_EPOLL_EVENT_IN,
	KIND_SOCKADDR_IN,
	KIND_MSGHDR_IN,
	KIND_OPTVAL_IN,
	KIND_ARGV,
	KIND_ENVP,
	/* memory that the call writes: shown after it */
	KIND_FIRST_OUT,
	KIND_BYTES_OUT = KIND_FIRST_OUT,
	KIND_CSTR_OUT,
	KIND_IOV_OUT,
	KIND_TS_OUT,
	KIND_TV_OUT,
	KIND_ITIMERSPEC_OUT,
	KIND_ITIMERVAL_OUT,
	KIND_RUSAGE_OUT,
	KIND_INT_OUT,
	KIND_STAT_OUT,
	KIND_STATX_OUT,
	KIND_STATFS_OUT,
	KIND_SIGSET_OUT,
	KIND_SIGACTION_OUT,
	KIND_STACK_OUT,
	KIND_RLIMIT_OUT,
	KIND_FD2_OUT,
	KIND_UNAME_OUT,
	KIND_POLLFDS,
	KIND_EPOLL_EVENTS_OUT,
	KIND_SOCKADDR_OUT,
	KIND_SOCKLEN_OUT,
	KIND_MSGHDR_OUT,
	KIND_OPTVAL_OUT,
	KIND_FDSET,
};

/* How a result is shown; negative ones are always errors. */
enum strace_result {
	RESULT_INT,
	RESULT_FD,
	RESULT_SIZE,
	RESULT_PTR,
	RESULT_HEX,
	RESULT_OCT,
	RESULT_NONE
};

#define STRACE_RECORD_BYTES 112

/** On the stack of the thread that makes the call, from strace_begin() to strace_end(). */
struct strace_line {
	unsigned long nr;
	unsigned int len, record_len;
	bool is_begun;                    /* some of it is on the console */
	char record[STRACE_RECORD_BYTES]; /* its beginning, NUL-terminated */
	char text[224];                   /* not shown yet */
};

void strace_begin(struct strace_line *line, unsigned long nr);
void strace_put(struct strace_line *line, const char *fmt, ...) __uk_printf(2, 3);
void strace_put_char(struct strace_line *line, char c);
/** Shows what there is so far: before the call, which may block. */
void strace_flush(struct strace_line *line);
/** The end of the line; it is kept for crash reports. */
void strace_end(struct strace_line *line);
/** Breaks the line on the console, if one is open, for a message; it will be resumed. */
void strace_break(void);
/** The kept lines, oldest first, and one that is open. For crash reports: takes no locks. */
void strace_visit_records(void (*visit)(const char *text, void *ctx), void *ctx);

/** The calling thread's id if lines have to tell threads apart, else 0. */
int strace_shown_tid(void);

/** A call with its arguments; `result` is valid from the moment the call has returned. */
struct strace_call {
	unsigned long nr;
	unsigned int count; /* of arguments to show */
	unsigned char kinds[6];
	long args[6];
	long result;
	bool has_returned;
};

/** Shows argument `index`. */
void strace_put_arg(struct strace_line *line, const struct strace_call *call, unsigned int index);
/** Leaves out arguments that the call does not look at (the mode of open without O_CREAT, ...). */
void strace_trim_args(struct strace_call *call);
void strace_put_result(struct strace_line *line, const struct strace_call *call,
		       enum strace_result kind);

/* strace_memory.c: each shows what is at `addr` in user memory; false when it cannot be read. */
void strace_put_pointer(struct strace_line *line, unsigned long addr);
void strace_put_bytes(struct strace_line *line, unsigned long addr, size_t len);
void strace_put_string(struct strace_line *line, unsigned long addr);
void strace_put_strings(struct strace_line *line, unsigned long addr, bool count_only);
void strace_put_iovec(struct strace_line *line, unsigned long addr, unsigned long count,
		      size_t len);
void strace_put_fdset(struct strace_line *line, unsigned long addr, unsigned int count);

/* strace_structs.c */
bool strace_put_struct(struct strace_line *line, enum strace_kind kind, unsigned long addr,
		       unsigned long count);
void strace_put_epoll_events(struct strace_line *line, unsigned long addr, unsigned long count);

/* strace_socket.c; `next` is the next argument: a length, or where the call stored one. */
bool strace_put_socket(struct strace_line *line, enum strace_kind kind, unsigned long addr,
		       unsigned long next, long result);

/* strace_flags.c */
void strace_put_named(struct strace_line *line, enum strace_kind kind, unsigned long value);
void strace_put_poll_events(struct strace_line *line, unsigned int events);
void strace_put_epoll_mask(struct strace_line *line, unsigned int events);
void strace_put_sigaction_flags(struct strace_line *line, unsigned long flags);
/** "ENOENT" and "No such file or directory"; NULL for a number without a name. */
const char *strace_errno_name(int error);
const char *strace_errno_text(int error);

#endif /* UK_STRACE_H */
