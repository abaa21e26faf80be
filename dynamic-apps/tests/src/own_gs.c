/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that uses GS for itself (arch_prctl(2), ARCH_SET_GS): it is there after calls, faults,
 * signals and interrupts, each thread has its own, and threads without one are not disturbed.
 */
#include "t.h"

#include <asm/prctl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>

struct block {
	uint64_t word;
	uint64_t more[7];
};

static int set_gs(void *base)
{
	return (int)syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}

static uint64_t get_gs(void)
{
	uint64_t base = 1;

	CHECK_OK(syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
	return base;
}

static inline uint64_t gs_word(void)
{
	uint64_t word;

	asm volatile("movq %%gs:0, %0" : "=r"(word));
	return word;
}

static void set_and_get(void)
{
	static struct block a = {.word = 11}, b = {.word = 22};

	CHECK_EQ(get_gs(), 0);
	CHECK_OK(set_gs(&a));
	CHECK_EQ(gs_word(), 11);
	CHECK_EQ(get_gs(), (uintptr_t)&a);
	CHECK_OK(set_gs(&b));
	CHECK_EQ(gs_word(), 22);
	asm volatile("movq %0, %%gs:0" ::"r"(33UL));
	CHECK_EQ(b.word, 33);
	CHECK_ERR(set_gs((void *)0xffff800000000000), EPERM);
	CHECK_EQ(gs_word(), 33);
	CHECK_OK(set_gs(NULL));
	CHECK_EQ(get_gs(), 0);
}

static void after_faults(void)
{
	static struct block a = {.word = 44};
	char *pages =
		mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK_OK(set_gs(&a));
	for (int i = 0; i < 64; i++) {
		pages[i * PAGE] = 1;
		if (!CHECK_EQ(gs_word(), 44))
			break;
	}
	CHECK_ERR(syscall(SYS_read, open("/dev/zero", O_RDONLY), 8, 1), EFAULT);
	CHECK_EQ(gs_word(), 44);
	CHECK_OK(set_gs(NULL));
	munmap(pages, 64 * PAGE);
}

static volatile uint64_t seen_in_handler;

static void note(int signo)
{
	(void)signo;
	seen_in_handler = gs_word();
}

static void through_signals(void)
{
	static struct block a = {.word = 55};

	signal(SIGUSR1, note);
	CHECK_OK(set_gs(&a));
	for (int i = 0; i < 100; i++) {
		a.word = 55 + (uint64_t)i;
		raise(SIGUSR1);
		if (!CHECK_EQ(seen_in_handler, a.word) || !CHECK_EQ(gs_word(), a.word))
			break;
	}
	CHECK_OK(set_gs(NULL));
	signal(SIGUSR1, SIG_DFL);
}

static bool spin_for_ms(long ms, uint64_t word)
{
	struct timespec ts;
	long end;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	end = ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + ms;
	do {
		for (int i = 0; i < 1000; i++)
			if (word && gs_word() != word)
				return false;
		clock_gettime(CLOCK_MONOTONIC, &ts);
	} while (ts.tv_sec * 1000 + ts.tv_nsec / 1000000 < end);
	return true;
}

static void *spins(void *argument)
{
	struct block *block = argument;
	bool ok;

	if (block)
		CHECK_OK(set_gs(block));
	ok = spin_for_ms(60, block ? block->word : 0);
	if (block && get_gs() != (uintptr_t)block)
		ok = false;
	return (void *)(uintptr_t)ok;
}

static void each_thread_its_own(void)
{
	static struct block a = {.word = 66}, b = {.word = 77};
	struct block *blocks[] = {&a, NULL, &b};
	pthread_t threads[3];
	void *ok;

	for (int i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, spins, blocks[i]), 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &ok);
		CHECK(ok);
	}
	CHECK_EQ(get_gs(), 0);
}

static void *tells_gs(void *argument)
{
	(void)argument;
	return (void *)(get_gs() ? (uintptr_t)gs_word() : 0);
}

static void threads_inherit_it(void)
{
	static struct block a = {.word = 88};
	pthread_t thread;
	void *word;

	CHECK_OK(set_gs(&a));
	CHECK_EQ(pthread_create(&thread, NULL, tells_gs, NULL), 0);
	pthread_join(thread, &word);
	CHECK_EQ((uintptr_t)word, 88);
	CHECK_EQ(gs_word(), 88);
	CHECK_OK(set_gs(NULL));
}

static const struct t_test tests[] = {
	T(set_and_get),         T(after_faults),       T(through_signals),
	T(each_thread_its_own), T(threads_inherit_it),
};

T_MAIN(tests)
