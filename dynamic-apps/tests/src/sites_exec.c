/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * execve(2) of a program whose call sites are patched, through one of them, while other threads run
 * in others: the next program has sites of its own, and finds its text as the file has it.
 */
#include "t_threads.h"
#include "t_ways.h"

enum { GENERATIONS = 12, THREADS = 3 };

extern char **environ;

static void *hammers(void *argument)
{
	const enum way way = (enum way)(MOV_SITE + (uintptr_t)argument);

	for (;;) {
		if (WAY_CALL(way, SYS_sched_yield) != 0)
			t_fail(__FILE__, __LINE__, "by %s", way_names[way]);
	}
	return NULL;
}

/* A site in the text, which every generation finds at the same place or somewhere else. */
__attribute__((noinline)) static long own_site(void)
{
	long result;

	asm volatile(".globl site_in_text\nsite_in_text:\n\tmov %1, %%eax\n\tsyscall"
		     : "=a"(result)
		     : "i"(SYS_getpid)
		     : "rcx", "r11");
	return result;
}
extern const uint8_t site_in_text[];

static void next_generation(int generation)
{
	static char path[] = "/proc/self/exe";
	char *argv[] = {path, NULL}, number[16];
	enum way way = (enum way)(TRAP + generation % WAYS);

	snprintf(number, sizeof(number), "%d", generation + 1);
	setenv("T_GENERATION", number, 1);
	way_heat(way, SYS_execve);
	CHECK_EQ(WAY_CALL(way, SYS_execve, (long)path, (long)argv, (long)environ), 0);
}

static void generations(void)
{
	const char *number = getenv("T_GENERATION");
	int generation = number ? atoi(number) : 0;

	CHECK(is_mov_site(site_in_text, SYS_getpid)); /* nobody has run it yet */
	for (int i = 0; i < 5000 && !is_patched(site_in_text); i++)
		if (!CHECK_EQ(own_site(), getpid()) || (!is_patching() && i > 100))
			break;
	CHECK_EQ(is_patched(site_in_text), is_patching());
	if (generation == GENERATIONS)
		return;
	ways_make();
	for (uintptr_t i = 0; i < THREADS; i++)
		start(hammers, (void *)i);
	sleep_ms(5);
	next_generation(generation);
}

static const struct t_test tests[] = {T(generations)};

T_MAIN(tests)
