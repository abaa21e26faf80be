/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers across a system call and across a signal: all but rax, rcx and r11 keep their values,
 * rcx and r11 get the return address and the flags, vector registers stay as they are. Every test
 * fills the registers in assembly, enters the kernel and stores them again.
 */
#include "t_regs.h"

#include <ucontext.h>

RUNNER(run_syscall, "	syscall\n.globl after_syscall\nafter_syscall:");
RUNNER(run_ud2, "	ud2");

extern const char after_syscall[];

/* What a call must keep; which result and whether its arguments were changed is checked too. */
static void check_kept(const char *what, const struct registers *in, const struct registers *out)
{
	static const char *const names[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
					    "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
	const uint64_t *a = (const uint64_t *)in, *b = (const uint64_t *)out;

	for (size_t i = 0; i < 15; i++)
		if (i != 0 && i != 2 && i != 10 && a[i] != b[i])
			t_fail(__FILE__, __LINE__, "%s: %s is %#llx, not %#llx", what, names[i],
			       (unsigned long long)b[i], (unsigned long long)a[i]);
	for (size_t i = 0; i < 16; i++)
		if (memcmp(in->ymm[i], out->ymm[i], has_avx() ? 32 : 16) != 0)
			t_fail(__FILE__, __LINE__, "%s: vector register %zu", what, i);
	if ((in->flags ^ out->flags) & FLAGS_KEPT)
		t_fail(__FILE__, __LINE__, "%s: flags %#llx, not %#llx", what,
		       (unsigned long long)out->flags, (unsigned long long)in->flags);
}

static void one_call(const char *what, long nr, long a, long b, long c)
{
	struct registers in, out;

	fill(&in, (unsigned int)nr + 1);
	memset(&out, 0, sizeof(out));
	in.rax = (uint64_t)nr;
	in.rdi = (uint64_t)a;
	in.rsi = (uint64_t)b;
	in.rdx = (uint64_t)c;
	run_syscall(&in, &out, has_avx());
	check_kept(what, &in, &out);
	if (out.rcx != (uint64_t)(uintptr_t)after_syscall)
		t_fail(__FILE__, __LINE__, "%s: rcx is not the return address", what);
	if ((out.r11 ^ in.flags) & FLAGS_KEPT)
		t_fail(__FILE__, __LINE__, "%s: r11 is not the flags: %#llx", what,
		       (unsigned long long)out.r11);
}

static void simple_calls(void)
{
	one_call("getppid", SYS_getppid, 0, 0, 0);
	one_call("getpid", SYS_getpid, 1, 2, 3);
	one_call("sched_yield", SYS_sched_yield, 0, 0, 0);
	one_call("no such call", 999, 5, 6, 7);
	one_call("bad descriptor", SYS_close, -1, 0, 0);
}

static void calls_that_copy(void)
{
	char buf[4096];
	struct stat st;
	int fd = CHECK_OK(open("/dev/zero", O_RDONLY)), file = t_make_file("f", "abc", 3), fds[2];

	CHECK_OK(pipe(fds));
	one_call("read", SYS_read, fd, (long)buf, sizeof(buf));
	one_call("read of a file", SYS_pread64, file, (long)buf, 3);
	one_call("write", SYS_write, file, (long)buf, sizeof(buf));
	one_call("pipe write", SYS_write, fds[1], (long)buf, 100);
	one_call("pipe read", SYS_read, fds[0], (long)buf, 100);
	one_call("stat", SYS_stat, (long)"f", (long)&st, 0);
	one_call("open of nothing", SYS_open, (long)"missing", O_RDONLY, 0);
	one_call("a bad pointer", SYS_stat, 1, (long)&st, 0);
	one_call("uname", SYS_uname, (long)buf, 0, 0);
	close(fd);
	close(file);
	close(fds[0]);
	close(fds[1]);
}

static void calls_on_memory(void)
{
	char *p = (char *)syscall(SYS_mmap, 0, 8 * PAGE, 3, 0x22, -1, 0L);

	one_call("mprotect", SYS_mprotect, (long)p, PAGE, 1);
	one_call("mprotect back", SYS_mprotect, (long)p, PAGE, 3);
	p[0] = 1;
	one_call("madvise", SYS_madvise, (long)p, PAGE, 4);
	one_call("munmap", SYS_munmap, (long)p, 8 * PAGE, 0);
	one_call("brk", SYS_brk, 0, 0, 0);
}

static void calls_that_sleep(void)
{
	const struct {
		int64_t sec, nsec;
	} pause = {0, 30000000};

	one_call("nanosleep", SYS_nanosleep, (long)&pause, 0, 0);
}

static void on_clobber(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)info;
	asm volatile("pcmpeqd %%xmm0, %%xmm0; movdqa %%xmm0, %%xmm7; movdqa %%xmm0, %%xmm15"
		     :
		     :
		     : "xmm0", "xmm7", "xmm15");
	if (has_avx())
		asm volatile("vzeroall"
			     :
			     :
			     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
			       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
			       "xmm15");
	if (signo == SIGILL)
		uc->uc_mcontext.gregs[16] += 2;
}

/* A handler that uses every vector register between two calls of the program. */
static void signal_after_call(void)
{
	struct sigaction action = {.sa_sigaction = on_clobber, .sa_flags = SA_SIGINFO};

	sigaction(SIGUSR1, &action, NULL);
	one_call("kill with a handler", SYS_kill, getpid(), SIGUSR1, 0);
	signal(SIGUSR1, SIG_DFL);
}

/* At a fault even rax, rcx and r11 are the program's. */
static void signal_at_fault(void)
{
	struct sigaction action = {.sa_sigaction = on_clobber, .sa_flags = SA_SIGINFO};
	struct registers in, out;

	sigaction(SIGILL, &action, NULL);
	fill(&in, 5);
	run_ud2(&in, &out, has_avx());
	check_kept("ud2", &in, &out);
	CHECK_EQ(out.rax, in.rax);
	CHECK_EQ(out.rcx, in.rcx);
	CHECK_EQ(out.r11, in.r11);
	signal(SIGILL, SIG_DFL);
}

static void on_look(int signo, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	unsigned long flags;

	(void)info;
	(void)signo;
	asm volatile("pushfq; pop %0" : "=r"(flags));
	CHECK((flags & 0x400) == 0); /* the direction flag is clear in a handler */
	CHECK((uc->uc_mcontext.gregs[17] & 0x400) != 0);
	CHECK(((uintptr_t)__builtin_frame_address(0) & 15) == 0); /* the ABI's stack alignment */
	((ucontext_t *)context)->uc_mcontext.gregs[16] += 2;
}

static void direction_flag(void)
{
	struct sigaction action = {.sa_sigaction = on_look, .sa_flags = SA_SIGINFO};

	sigaction(SIGILL, &action, NULL);
	asm volatile("std; ud2; cld" : : : "cc", "memory");
	one_call("with the direction flag clear", SYS_getppid, 0, 0, 0);
	signal(SIGILL, SIG_DFL);
}

/* The 128 bytes below the stack pointer are the program's: no kernel entry may touch them. */
static void red_zone(void)
{
	uint64_t below[16], sum = 0;

	for (int i = 0; i < 16; i++)
		below[i] = 0x5a5a000000000000UL + (uint64_t)i;
	asm volatile("mov %[nr], %%eax\n"
		     "mov $16, %%ecx\n"
		     "1: mov -8(%[from],%%rcx,8), %%rdx\n"
		     "mov %%rcx, %%rbx\n neg %%rbx\n"
		     "mov %%rdx, (%%rsp,%%rbx,8)\n"
		     "dec %%ecx\n jnz 1b\n"
		     "syscall\n"
		     "xor %%eax, %%eax\n mov $16, %%ecx\n"
		     "2: mov %%rcx, %%rbx\n neg %%rbx\n"
		     "mov (%%rsp,%%rbx,8), %%rdx\n"
		     "sub -8(%[from],%%rcx,8), %%rdx\n or %%rdx, %%rax\n"
		     "dec %%ecx\n jnz 2b\n"
		     : "=&a"(sum)
		     : [nr] "i"(SYS_getppid), [from] "r"(below)
		     : "rbx", "rcx", "rdx", "r11", "cc", "memory");
	CHECK_EQ(sum, 0);
}

/* An interrupt may come anywhere: keep values in registers over many timer ticks. */
static void interrupts_keep_registers(void)
{
	struct registers in, out;

	fill(&in, 9);
	in.rax = SYS_getppid;
	for (int i = 0; i < 20000; i++) {
		run_syscall(&in, &out, has_avx());
		if (memcmp(in.ymm, out.ymm, 16) != 0 || in.r15 != out.r15 || in.rbx != out.rbx) {
			CHECK(!"a register changed");
			break;
		}
	}
}

static const struct t_test tests[] = {
	T(simple_calls),     T(calls_that_copy),   T(calls_on_memory),
	T(calls_that_sleep), T(signal_after_call), T(signal_at_fault),
	T(direction_flag),   T(red_zone),          T(interrupts_keep_registers),
};

T_MAIN(tests)
