/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of strace share: the kernel around it, and showing one thing. The tests play the
 * program: its memory is that of the test process. */
#ifndef STRACE_SHOW_H
#define STRACE_SHOW_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include <uk/arch/uaccess.h>
#include <uk/print.h>
#include <uk/signal.h>
#include <uk/string.h>
#include "../strace.h"

#define BAD_ADDRESS 16UL

/* --- what the kernel would provide ------------------------------------------------------------ */

size_t ukarch_copy_user(void *dst, const void *src, size_t len)
{
	if ((uintptr_t)src < 65536)
		return len;
	memcpy(dst, src, len);
	return 0;
}

long strncpy_from_user(char *dst, const char __user *src, size_t size)
{
	if ((uintptr_t)src < 65536)
		return -EFAULT;
	for (size_t i = 0; i < size; i++) {
		dst[i] = src[i];
		if (!dst[i])
			return (long)i;
	}
	return -ENAMETOOLONG;
}

const char *signal_name(int signo)
{
	return signo == SIGINT ? "SIGINT" : signo == SIGCHLD ? "SIGCHLD" : "SIGOTHER";
}

static char output[4096];
static int shown_tid;

int strace_shown_tid(void)
{
	return shown_tid;
}

void uk_print_raw(const char *text, size_t len)
{
	size_t used = strlen(output);

	assert_true(used + len < sizeof(output));
	memcpy(output + used, text, len);
	output[used + len] = '\0';
}

/* --- helpers ---------------------------------------------------------------------------------- */

static struct strace_line line;

static void begin(void)
{
	strace_break();
	strace_begin(&line, __NR_read);
	output[0] = '\0';
}

static const char *shown(void)
{
	strace_flush(&line);
	return output;
}

__uk_unused static const char *show_named(enum strace_kind kind, unsigned long value)
{
	begin();
	strace_put_named(&line, kind, value);
	return shown();
}

/* One argument of a call that has returned `result`. */
static const char *show_arg(enum strace_kind kind, unsigned long arg, unsigned long next,
			    long result)
{
	struct strace_call call = {.count = 2, .result = result, .has_returned = true};

	call.kinds[0] = kind;
	call.args[0] = (long)arg;
	call.args[1] = (long)next;
	begin();
	strace_put_arg(&line, &call, 0);
	return shown();
}

__uk_unused static const char *show_result(long result, enum strace_result kind)
{
	struct strace_call call = {.result = result};

	begin();
	strace_put_result(&line, &call, kind);
	return shown();
}

#define STR(text) (unsigned long)(text)

#endif /* STRACE_SHOW_H */
