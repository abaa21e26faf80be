/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The harness of the in-guest programs. A program is a list of tests; the same binary must pass on
 * Linux (as root) and in Narthex and print the same lines: `ok NAME` or `not ok NAME: where: what`.
 * There is one process and no fork: a test that expects a fault catches its signal and jumps back.
 * Header only, so that one file compiles to one program with any libc.
 */
#ifndef T_H
#define T_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define PAGE     4096UL
#define NS_PER_S 1000000000LL

struct t_test {
	const char *name;
	void (*run)(void);
};

#define T(function)                                                                                \
	{                                                                                          \
#function, function                                                                \
	}

static int t_failures;        /* of the running test */
static const char *t_running; /* its name */

__attribute__((format(printf, 3, 4))) static inline void t_fail(const char *file, int line,
								const char *format, ...)
{
	va_list args;
	const char *base = strrchr(file, '/');

	t_failures++;
	printf("not ok %s: %s:%d: ", t_running, base ? base + 1 : file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* The condition holds. */
#define CHECK(condition)                                                                           \
	({                                                                                         \
		bool t_ok_ = !!(condition);                                                        \
		if (!t_ok_)                                                                        \
			t_fail(__FILE__, __LINE__, "%s", #condition);                              \
		t_ok_;                                                                             \
	})

/* Two integers are equal; both are shown when not. */
#define CHECK_EQ(actual, expected)                                                                 \
	({                                                                                         \
		long long t_a_ = (long long)(actual), t_e_ = (long long)(expected);                \
		if (t_a_ != t_e_)                                                                  \
			t_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #actual, t_a_, t_e_);   \
		t_a_ == t_e_;                                                                      \
	})

/* A call succeeds (is not -1); gives its value. */
#define CHECK_OK(call)                                                                             \
	({                                                                                         \
		long long t_r_;                                                                    \
		errno = 0;                                                                         \
		t_r_ = (long long)(call);                                                          \
		if (t_r_ == -1)                                                                    \
			t_fail(__FILE__, __LINE__, "%s: %s", #call, strerror(errno));              \
		t_r_;                                                                              \
	})

/* A call fails with -1 and this errno. */
#define CHECK_ERR(call, error)                                                                     \
	({                                                                                         \
		long long t_r_;                                                                    \
		errno = 0;                                                                         \
		t_r_ = (long long)(call);                                                          \
		if (t_r_ != -1 || errno != (error))                                                \
			t_fail(__FILE__, __LINE__, "%s is %lld, errno %d, not %s (%d)", #call,     \
			       t_r_, errno, #error, error);                                        \
		t_r_ == -1 && errno == (error);                                                    \
	})

#define CHECK_STR(actual, expected)                                                                \
	({                                                                                         \
		const char *t_a_ = (actual), *t_e_ = (expected);                                   \
		if (strcmp(t_a_, t_e_) != 0)                                                       \
			t_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #actual, t_a_,      \
			       t_e_);                                                              \
	})

/* --- expected faults ------------------------------------------------------------------------ */

static sigjmp_buf t_fault_back;
static volatile sig_atomic_t t_fault_signal;
static volatile int t_fault_code;
static void *volatile t_fault_addr;

__attribute__((unused)) static void t_on_fault(int signo, siginfo_t *info, void *context)
{
	(void)context;
	t_fault_signal = signo;
	t_fault_code = info->si_code;
	t_fault_addr = info->si_addr;
	siglongjmp(t_fault_back, 1);
}

__attribute__((unused)) static void t_catch(int signo)
{
	struct sigaction action = {.sa_sigaction = t_on_fault, .sa_flags = SA_SIGINFO};

	sigaction(signo, &action, NULL);
}

/*
 * Runs the statement and gives the signal it raised, 0 when none; t_fault_code and t_fault_addr
 * tell the rest. The four signals of faults go back to their default afterwards.
 */
#define FAULT_OF(statement)                                                                        \
	({                                                                                         \
		t_fault_signal = 0;                                                                \
		t_catch(SIGSEGV);                                                                  \
		t_catch(SIGBUS);                                                                   \
		t_catch(SIGILL);                                                                   \
		t_catch(SIGFPE);                                                                   \
		if (!sigsetjmp(t_fault_back, 1)) {                                                 \
			statement;                                                                 \
		}                                                                                  \
		signal(SIGSEGV, SIG_DFL);                                                          \
		signal(SIGBUS, SIG_DFL);                                                           \
		signal(SIGILL, SIG_DFL);                                                           \
		signal(SIGFPE, SIG_DFL);                                                           \
		(int)t_fault_signal;                                                               \
	})

/* --- files ---------------------------------------------------------------------------------- */

#define T_DIR "/tmp/narthex-test"

__attribute__((unused)) static int t_make_file(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		t_fail(__FILE__, __LINE__, "cannot make %s: %s", path, strerror(errno));
	return fd;
}

/* As above, closed again. */
__attribute__((unused)) static void t_put_file(const char *path, const char *text)
{
	close(t_make_file(path, text, strlen(text)));
}

/* The content of a file that does not tell its size, NUL-terminated; its length or -1. */
__attribute__((unused)) static ssize_t t_get_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t have = 0;
	ssize_t got;

	if (fd < 0)
		return -1;
	while ((got = read(fd, buf + have, size - 1 - have)) > 0)
		have += (size_t)got;
	close(fd);
	buf[have] = '\0';
	return got < 0 ? -1 : (ssize_t)have;
}

/* A fresh directory for the running test, which becomes the working directory. */
static void t_enter(const char *test)
{
	char path[256];

	umask(022);
	mkdir("/tmp", 01777);
	mkdir(T_DIR, 0755);
	snprintf(path, sizeof(path), T_DIR "/%s.%d", test, (int)getpid());
	mkdir(path, 0755);
	if (chdir(path) < 0) {
		printf("not ok %s: no directory %s: %s\n", test, path, strerror(errno));
		exit(1);
	}
}

/* Where Linux may leave something out, the guest must have it: the runner says where this runs. */
__attribute__((unused)) static bool t_is_guest(void)
{
	return getenv("T_GUEST") != NULL;
}

/* Runs all tests, or those whose name contains argv[1]. Does not return. */
__attribute__((noreturn, unused)) static void t_main(const struct t_test *tests, size_t count,
						     int argc, char **argv)
{
	int passed = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < count; i++) {
		if (argc > 1 && !strstr(tests[i].name, argv[1]))
			continue;
		t_running = tests[i].name;
		t_failures = 0;
		t_enter(tests[i].name);
		tests[i].run();
		if (t_failures)
			failed++;
		else
			passed++;
		if (!t_failures)
			printf("ok %s\n", tests[i].name);
	}
	printf("%d passed, %d failed\n", passed, failed);
	exit(failed != 0);
}

#define T_MAIN(tests)                                                                              \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		t_main(tests, sizeof(tests) / sizeof((tests)[0]), argc, argv);                     \
	}

#endif /* T_H */
