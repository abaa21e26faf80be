/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unwinding, as debuggers, profilers and exceptions do it, from a handler of a signal that met a
 * sleeping call: through the vDSO's function and through call sites that are patched.
 */
#include "t_ways.h"

#include <elf.h>
#include <execinfo.h>
#include <sys/time.h>
#include <unwind.h>

/* read(2) through the function, and by sites in the text: (function, fd, buffer, length). */
long read_function(const void *function, int fd, void *buf, size_t size);
long read_mov_site(const void *unused, int fd, void *buf, size_t size);
long read_cmp_site(const void *unused, int fd, void *buf, size_t size);

#define READER(name, instructions)                                                                                     \
	asm(".text\n.globl " #name "\n.type " #name ",@function\n" #name ":\n.cfi_startproc\n"                         \
	    "	push %rbx\n.cfi_adjust_cfa_offset 8\n.cfi_offset %rbx, -16\n"                                            \
	    "	mov %rdi, %rbx\n	mov %esi, %edi\n	mov %rdx, %rsi\n	mov %rcx, %rdx\n" instructions \
	    "\n	pop %rbx\n.cfi_adjust_cfa_offset -8\n	ret\n"                                                           \
	    ".cfi_endproc\n.size " #name ",.-" #name "\n")

READER(read_function, "	mov $0, %eax\n	call *%rbx");
READER(read_mov_site, "	mov $0, %eax\n	syscall");
READER(read_cmp_site, "	xor %eax, %eax\n	syscall\n	cmp $-4096, %rax");

static void *frames[64];
static volatile int frame_count;
static int fds[2];

static const void *wanted; /* the function that the signal is to meet */

static bool is_between(const void *at, const void *from, size_t size)
{
	return (uintptr_t)at - (uintptr_t)from < size;
}

static bool found(const void *function, size_t size)
{
	for (int i = 0; i < frame_count; i++)
		if (is_between(frames[i], function, size))
			return true;
	return false;
}

/* One that comes before or after the call does not count. */
static void on_alarm(int signo)
{
	(void)signo;
	if (!found(wanted, 64))
		frame_count = backtrace(frames, 64);
}

/* A call of each reader, of which the handler must find the reader and this. */
__attribute__((noinline)) static void unwind(long (*reader)(const void *, int, void *, size_t),
					     const void *function)
{
	struct itimerval timer = {{0, 20000}, {0, 5000}}, none = {{0, 0}, {0, 0}};
	char byte;

	for (int i = 0; i < 5000 && is_patching(); i++)
		if (!CHECK_EQ(reader(function, -1, &byte, 1), -EBADF))
			return;
	frame_count = 0;
	wanted = (const void *)reader;
	CHECK_OK(setitimer(ITIMER_REAL, &timer, NULL));
	CHECK_EQ(reader(function, fds[0], &byte, 1), -EINTR);
	CHECK_OK(setitimer(ITIMER_REAL, &none, NULL));
	CHECK(frame_count > 3);
	CHECK(found(wanted, 64));
	CHECK(found((const void *)unwind, 1024));
}

static void from_handlers(void)
{
	struct sigaction action = {.sa_handler = on_alarm};

	backtrace(frames, 64); /* loads what it needs */
	CHECK_OK(pipe(fds));
	sigaction(SIGALRM, &action, NULL);
	unwind(read_mov_site, NULL);
	unwind(read_cmp_site, NULL);
	if (vsyscall_function()) {
		unwind(read_function, vsyscall_function());
		CHECK(found((const char *)vsyscall_function() + VSYSCALL_RETURN, 1));
	}
}

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *count)
{
	(void)context;
	++*(int *)count;
	return _URC_NO_REASON;
}

/* Outside of a signal, as an exception would. */
static void from_here(void)
{
	int count = 0;

	_Unwind_Backtrace(count_frame, &count);
	CHECK(count >= 3);
}

/* AT_SYSINFO is where the vDSO's ELF header has its entry, too, and both are in its text. */
static void entry_of_the_vdso(void)
{
	const char *vdso = (const char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)vdso;

	CHECK_EQ(vsyscall_function() != NULL, t_is_guest());
	if (vsyscall_function()) {
		CHECK_EQ((const char *)vsyscall_function() - vdso, ehdr->e_entry);
		CHECK(ehdr->e_entry < 4 * PAGE);
	}
}

static const struct t_test tests[] = {T(from_handlers), T(from_here), T(entry_of_the_vdso)};

T_MAIN(tests)
