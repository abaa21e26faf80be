/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that steps over its own calls with the trap flag, as a debugger inside a process does:
 * it sees the instructions that were written there, whatever became of them.
 */
#include "t_ways.h"

#include <ucontext.h>

enum { RIP = 16 }; /* of gregs */

static struct {
	volatile int count;
	volatile bool is_outside, is_inside_an_instruction;
	const uint8_t *code; /* the stub that is stepped over, and its */
	unsigned int starts; /* instructions: a bit for each byte that begins one */
} steps;

static void on_step(int signo, siginfo_t *info, void *context)
{
	uintptr_t rip = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[RIP];
	uintptr_t offset = rip - (uintptr_t)steps.code;

	(void)signo;
	(void)info;
	steps.count++;
	if (rip >> 47)
		steps.is_outside = true;
	if (offset < SITE_BYTES && !(steps.starts >> offset & 1))
		steps.is_inside_an_instruction = true;
}

static long step_over(const void *code, long nr, long a)
{
	asm volatile("lea -128(%%rsp), %%rsp\n\t"
		     "pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\t"
		     "call *%[to]\n\t"
		     "pushfq\n\tandl $0xfffffeff, (%%rsp)\n\tpopfq\n\t"
		     "lea 128(%%rsp), %%rsp"
		     : "+a"(nr), "+D"(a)
		     : [to] "r"(code)
		     : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "cc", "memory");
	return nr;
}

/* A debugger inside the program sees the instructions that were written there. */
static void single_steps(void)
{
	static const unsigned int starts[WAYS] = {
		[TRAP] = 0x1b,      [MOV_SITE] = 0xa1,   [LONG_SITE] = 0x281,
		[CMP_SITE] = 0x105, [CMP32_SITE] = 0x85, [CALL_SITE] = 0x425};
	struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};

	ways_make();
	for (enum way way = TRAP; way < WAYS; way++)
		way_heat(way, SYS_getpid);
	sigaction(SIGTRAP, &action, NULL);
	for (int round = 0; round < fewer(20); round++) {
		for (enum way way = TRAP; way < WAYS; way++) {
			steps.count = 0;
			steps.code = way_code(way, SYS_getpid);
			steps.starts = way == FUNCTION ? ~0U : starts[way];
			CHECK_EQ(step_over(way_code(way, SYS_getpid), SYS_getpid, 0), getpid());
			/* the call, the instructions of the stub, the end of step_over() */
			CHECK(steps.count >= 4);
			CHECK(!steps.is_outside);
			CHECK(!steps.is_inside_an_instruction);
			CHECK_EQ(WAY_CALL(way, SYS_getpid, 0), getpid());
		}
	}
	signal(SIGTRAP, SIG_DFL);
}

static const struct t_test tests[] = {T(single_steps)};

T_MAIN(tests)
