/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One argument of a traced call by its kind, and the result: "= 3", "= -1 ENOENT (No such file
 * or directory)", "= ? ERESTARTSYS". Follows the look of strace(1).
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/in.h>
#include <asm/socket.h>
#include <asm/unistd.h>
#include <uk/arch/uaccess.h>
#include <uk/signal.h>
#include <uk/string.h>
#include "strace.h"

static unsigned int trimmed_fcntl(const struct strace_call *call)
{
	switch ((int)call->args[1]) {
	case F_GETFD:
	case F_GETFL:
	case F_GETOWN:
	case F_GETSIG:
	case F_GETLEASE:
	case F_GETPIPE_SZ:
	case F_GET_SEALS:
		return 2;
	default:
		return 3;
	}
}

static unsigned int trimmed_futex(const struct strace_call *call)
{
	switch (call->args[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAKE:
		return 3;
	case FUTEX_WAIT:
		return 4;
	default:
		return 6;
	}
}

void strace_trim_args(struct strace_call *call)
{
	for (unsigned int i = 0; i < call->count; i++) {
		if (call->kinds[i] == KIND_OPEN_MODE && i &&
		    !(call->args[i - 1] & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))))
			call->count = i;
		else if (call->kinds[i] == KIND_FCNTL_ARG)
			call->count = trimmed_fcntl(call);
		else if (call->kinds[i] == KIND_FUTEX_OP)
			call->count = trimmed_futex(call);
	}
}

static void put_fcntl_arg(struct strace_line *line, const struct strace_call *call, long arg)
{
	switch ((int)call->args[1]) {
	case F_SETFL:
		strace_put_named(line, KIND_OPEN_FLAGS, (unsigned long)arg);
		break;
	case F_SETFD:
		strace_put(line, arg == FD_CLOEXEC ? "FD_CLOEXEC" : "%#lx", (unsigned long)arg);
		break;
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
	case F_SETOWN:
	case F_SETPIPE_SZ:
		strace_put(line, "%d", (int)arg);
		break;
	case F_SETSIG:
		strace_put_named(line, KIND_SIGNO, (unsigned long)arg);
		break;
	default:
		strace_put(line, "%#lx", (unsigned long)arg);
	}
}

/* The name of an option, which depends on its level. */
static void put_socket_option(struct strace_line *line, int level, int name)
{
	if (level == SOL_SOCKET)
		strace_put_named(line, KIND_SO, (unsigned int)name);
	else if (level == IPPROTO_TCP)
		strace_put_named(line, KIND_TCP, (unsigned int)name);
	else
		strace_put(line, "%d", name);
}

/* Values; true when `kind` is one of them. */
static bool put_plain(struct strace_line *line, enum strace_kind kind, long arg)
{
	switch (kind) {
	case KIND_DIRFD:
		strace_put(line, (int)arg == AT_FDCWD ? "AT_FDCWD" : "%d", (int)arg);
		return true;
	case KIND_INT:
	case KIND_FD:
		strace_put(line, "%d", (int)arg);
		return true;
	case KIND_UINT:
		strace_put(line, "%u", (unsigned int)arg);
		return true;
	case KIND_LONG:
		strace_put(line, "%ld", arg);
		return true;
	case KIND_SIZE:
		strace_put(line, "%lu", (unsigned long)arg);
		return true;
	case KIND_HEX:
		strace_put(line, arg ? "%#lx" : "%lu", (unsigned long)arg);
		return true;
	case KIND_OCT:
	case KIND_OPEN_MODE:
		strace_put(line, (unsigned int)arg ? "0%03o" : "%u", (unsigned int)arg);
		return true;
	case KIND_PTR:
		strace_put_pointer(line, (unsigned long)arg);
		return true;
	default:
		return false;
	}
}

/* Strings, buffers, vectors; `count` is the next argument. True when `kind` is one of them. */
static bool put_memory(struct strace_line *line, enum strace_kind kind, unsigned long addr,
		       unsigned long count, long result)
{
	switch (kind) {
	case KIND_STR:
	case KIND_CSTR_OUT:
		strace_put_string(line, addr);
		return true;
	case KIND_BYTES_IN:
		strace_put_bytes(line, addr, count);
		return true;
	case KIND_BYTES_OUT:
		strace_put_bytes(line, addr, UK_MIN((unsigned long)result, count));
		return true;
	case KIND_IOV_IN:
		strace_put_iovec(line, addr, count, SIZE_MAX);
		return true;
	case KIND_IOV_OUT:
		strace_put_iovec(line, addr, count, (size_t)result);
		return true;
	case KIND_ARGV:
	case KIND_ENVP:
		strace_put_strings(line, addr, kind == KIND_ENVP);
		return true;
	default:
		return false;
	}
}

void strace_put_arg(struct strace_line *line, const struct strace_call *call, unsigned int index)
{
	enum strace_kind kind = call->kinds[index];
	long arg = call->args[index];
	unsigned long addr = (unsigned long)arg;
	unsigned long next = index < 5 ? (unsigned long)call->args[index + 1] : 0;

	if (put_plain(line, kind, arg))
		return;
	if (kind == KIND_FCNTL_ARG)
		put_fcntl_arg(line, call, arg);
	else if (kind == KIND_SOCKOPT)
		put_socket_option(line, (int)call->args[1], (int)arg);
	else if (kind < KIND_STR)
		strace_put_named(line, kind, addr);
	else if (!addr || (kind >= KIND_FIRST_OUT && call->result < 0))
		strace_put_pointer(line, addr);
	else if (kind == KIND_FDSET)
		strace_put_fdset(line, addr, (unsigned int)call->args[0]);
	else if (kind == KIND_EPOLL_EVENTS_OUT)
		strace_put_epoll_events(line, addr, (unsigned long)call->result);
	else if (!put_memory(line, kind, addr, next, call->result) &&
		 !strace_put_socket(line, kind, addr, next, call->result) &&
		 !strace_put_struct(line, kind, addr, next))
		strace_put_pointer(line, addr);
}

static void put_error(struct strace_line *line, int error)
{
	const char *name = strace_errno_name(error);

	switch (error) {
	case ERESTARTSYS:
		strace_put(line, "? ERESTARTSYS (To be restarted if SA_RESTART is set)");
		return;
	case ERESTARTNOINTR:
		strace_put(line, "? ERESTARTNOINTR (To be restarted)");
		return;
	case ERESTARTNOHAND:
		strace_put(line, "? ERESTARTNOHAND (To be restarted if no handler)");
		return;
	case ERESTART_RESTARTBLOCK:
		strace_put(line, "? ERESTART_RESTARTBLOCK (Interrupted by signal)");
		return;
	}
	if (name)
		strace_put(line, "-1 %s (%s)", name, strace_errno_text(error));
	else
		strace_put(line, "-1 (errno %d)", error);
}

void strace_put_result(struct strace_line *line, const struct strace_call *call,
		       enum strace_result kind)
{
	long result = call->result;

	strace_put(line, " = ");
	if (result < 0 && result >= -UK_MAX_ERRNO)
		put_error(line, (int)-result);
	else if (kind == RESULT_NONE)
		strace_put_char(line, '?');
	else if (kind == RESULT_PTR || kind == RESULT_HEX)
		strace_put(line, result ? "%#lx" : "%lu", (unsigned long)result);
	else if (kind == RESULT_OCT)
		strace_put(line, "%#lo", (unsigned long)result);
	else
		strace_put(line, "%ld", result);
}
