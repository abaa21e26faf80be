/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A C library that makes its system calls by calling a function: the kernel's, where the auxiliary
 * vector has AT_SYSINFO, else one of its own (vsyscall/glibc). Other libraries pass as well: what
 * is looked at is how calls behave, except in entry_of_threads.
 */
#include "t_threads.h"

#include <execinfo.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>

#ifdef T_PATCHED
static uintptr_t entry(void)
{
	uintptr_t value;

	__asm__("mov %%fs:0x20, %0" : "=r"(value));
	return value;
}

static void *entry_of_thread(void *argument)
{
	(void)argument;
	return (void *)entry();
}

static void entry_of_threads(void)
{
	uintptr_t kernels = getauxval(AT_SYSINFO);

	CHECK_EQ(kernels != 0, t_is_guest());
	CHECK(entry() != 0);
	CHECK(join(start(entry_of_thread, NULL)) == (void *)entry());
	if (kernels)
		CHECK(entry() == kernels);
	else
		CHECK_EQ(memcmp((void *)entry(), "\x0f\x05\xc3", 3), 0);
}
#else
static void entry_of_threads(void)
{
}
#endif

/* --- six arguments, and results ------------------------------------------------------------- */

static void arguments(void)
{
	static const char text[2 * PAGE] = "first";
	int fd = t_make_file("file", text, sizeof(text));
	char *page;

	CHECK_EQ(pwrite(fd, "second", 6, PAGE), 6);
	page = (char *)syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	CHECK_STR(page, "second");
	CHECK_OK(munmap(page, PAGE));
	CHECK_ERR(syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1L), EINVAL);
	CHECK_ERR(syscall(100000L), ENOSYS);
	CHECK_ERR(close(-1), EBADF);
	close(fd);
}

/* --- unwinding ------------------------------------------------------------------------------ */

static int pipe_ends[2];
static void *frames[32];
static volatile int frame_count;

static void on_alarm(int signo)
{
	(void)signo;
	frame_count = backtrace(frames, 32);
	CHECK_EQ(write(pipe_ends[1], "x", 1), 1);
}

__attribute__((noinline)) static ssize_t reads(void)
{
	char c;

	return read(pipe_ends[0], &c, 1) + 1;
}

static bool is_in(const void *address, const void *function)
{
	return (uintptr_t)address - (uintptr_t)function < 256;
}

/* From a handler, out of a call that sleeps, to its callers. */
static void unwinding(void)
{
	bool has_caller = false;

	CHECK_OK(pipe(pipe_ends));
	backtrace(frames, 1); /* loads what it needs */
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm, .sa_flags = SA_RESTART},
		  NULL);
	alarm(1);
	CHECK_EQ(reads(), 2);
	for (int i = 0; i < frame_count; i++)
		has_caller |= is_in(frames[i], reads);
	CHECK(has_caller);
}

/* --- contexts ------------------------------------------------------------------------------- */

static ucontext_t here, there;
static int turns;

static void other_side(void)
{
	sigset_t mask;

	for (;;) {
		pthread_sigmask(SIG_BLOCK, NULL, &mask);
		turns += sigismember(&mask, SIGUSR1);
		swapcontext(&there, &here);
	}
}

/* Both sides keep their registers and signal masks. */
static void contexts(void)
{
	static char stack[64 * 1024];
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	CHECK_OK(getcontext(&there));
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	there.uc_stack = (stack_t){.ss_sp = stack, .ss_size = sizeof(stack)};
	makecontext(&there, other_side, 0);
	for (volatile int i = 0; i < 100; i++)
		CHECK_OK(swapcontext(&here, &there));
	CHECK_EQ(turns, 100);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	CHECK_EQ(sigismember(&mask, SIGUSR1), 0);
}

static const struct t_test tests[] = {T(entry_of_threads), T(arguments), T(unwinding), T(contexts)};

T_MAIN(tests)
