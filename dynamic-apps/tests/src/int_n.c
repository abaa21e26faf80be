/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `int $n`, for every n. Two are a program's to use; any other is refused where it stands, whatever
 * the CPU does with that vector: no exception, interrupt or crash can be had that way. Not tested
 * is 0x80: it is the 32-bit call gate on a Linux that has one.
 */
#include "t.h"

#include <asm/prctl.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { INT_BYTES = 2, VECTOR_GP = 13, BREAKPOINT = 3, OVERFLOW = 4, CALL_GATE = 0x80 };

static char *pages;               /* the second of three is there: code */
static volatile int caught;       /* signals */
static volatile uint64_t gs_word; /* what a handler finds at %gs:0, if gs_is_used */
static bool gs_is_used;
static struct {
	int signo, code;
	void *addr;
	greg_t vector, error, pc;
} seen;

/* Goes on behind the instruction, wherever the exception left RIP. */
static void on_signal(int signo, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	uint64_t word = 0;

	if (gs_is_used)
		asm volatile("movq %%gs:0, %0" : "=r"(word));
	gs_word = word;
	seen.signo = signo;
	seen.code = info->si_code;
	seen.addr = info->si_addr;
	seen.vector = regs[REG_TRAPNO];
	seen.error = regs[REG_ERR];
	seen.pc = regs[REG_RIP];
	regs[REG_RIP] = regs[REG_RSI];
	caught++;
}

static void set_up(void)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

	CHECK_OK(sigaction(SIGSEGV, &action, NULL));
	CHECK_OK(sigaction(SIGTRAP, &action, NULL));
	CHECK_OK(sigaction(SIGILL, &action, NULL));
	CHECK_OK(sigaction(SIGFPE, &action, NULL));
	if (pages)
		return;
	pages = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(pages != MAP_FAILED);
	CHECK_OK(mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
}

/* Runs the code; RSI: where to go on. */
static void run(const char *code)
{
	caught = 0;
	asm volatile("lea 1f(%%rip), %%rsi\n\tjmp *%0\n1:" ::"r"(code), "a"(0), "d"(0), "c"(0)
		     : "rsi", "memory", "cc");
}

/* `int $n` at the end of the page: what follows is not there, and is not looked at. */
static void check_int(int n)
{
	char *code = pages + 2 * PAGE - INT_BYTES;
	bool is_allowed = n == BREAKPOINT || n == OVERFLOW;

	code[0] = (char)0xcd;
	code[1] = (char)n;
	run(code);
	CHECK_EQ(caught, 1);
	CHECK_EQ(seen.signo, n == BREAKPOINT ? SIGTRAP : SIGSEGV);
	CHECK_EQ(seen.code, SI_KERNEL);
	CHECK(seen.addr == NULL);
	CHECK_EQ(seen.vector, is_allowed ? n : VECTOR_GP);
	CHECK_EQ(seen.error, is_allowed ? 0 : n * 8 + 2);
	CHECK_EQ(seen.pc - (greg_t)code, is_allowed ? INT_BYTES : 0);
}

static void every_vector(void)
{
	set_up();
	for (int n = 0; n < 256; n++)
		if (n != CALL_GATE)
			check_int(n);
}

/* One behind the other: each is refused for itself. */
static void twice(void)
{
	static const int vectors[] = {0, 2, 6, 8, 13, 14, 18, 32, 255};

	set_up();
	for (unsigned int i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		char *code = pages + 2 * PAGE - 2 * INT_BYTES;

		code[0] = (char)0xcd;
		code[1] = (char)vectors[i];
		check_int(vectors[i]);
	}
}

static void with_own_gs(void)
{
	static uint64_t block[8] = {77};

	set_up();
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_SET_GS, block));
	gs_is_used = true;
	for (int n = 0; n < 256; n++)
		if (n != CALL_GATE) {
			check_int(n);
			CHECK_EQ(gs_word, 77);
		}
	gs_is_used = false;
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_SET_GS, 0UL));
}

static void check_exception(const char *bytes, size_t len, int signo, int vector)
{
	char *code = pages + PAGE;

	memcpy(code, bytes, len);
	run(code);
	CHECK_EQ(caught, 1);
	CHECK_EQ(seen.signo, signo);
	CHECK(seen.addr == code);
	CHECK_EQ(seen.vector, vector);
	CHECK_EQ(seen.error, 0);
	CHECK_EQ(seen.pc - (greg_t)code, 0);
}

/* True exceptions, at the beginning of the page: what comes before cannot be read. */
static void true_exceptions(void)
{
	set_up();
	check_exception("\x0f\x0b", 2, SIGILL, 6);     /* ud2 */
	check_exception("\x48\xf7\xf1", 3, SIGFPE, 0); /* div %rcx, which is 0 */
}

static const struct t_test tests[] = {
	T(every_vector),
	T(twice),
	T(with_own_gs),
	T(true_exceptions),
};

T_MAIN(tests)
