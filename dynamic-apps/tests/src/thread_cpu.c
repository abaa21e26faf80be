/* SPDX-License-Identifier: BSD-3-Clause */
/* How threads share a CPU: preemption, fairness, vector registers and control words, clocks,
 * signals that break in. */
#include "t_threads.h"

static atomic_bool is_over;

static void *counts(void *argument)
{
	volatile unsigned long *counter = argument;

	while (!is_over)
		++*counter;
	return NULL;
}

/* Two that never call the kernel share the CPU, and a sleeper gets it back in time. */
static void spinners_share(void)
{
	static volatile unsigned long counters[2];
	pthread_t threads[2];
	cpu_set_t cpus;
	int64_t begin;

	use_one_cpu(&cpus);
	is_over = false;
	for (int i = 0; i < 2; i++)
		threads[i] = start(counts, (void *)&counters[i]);
	begin = now_ns();
	sleep_ms(400);
	CHECK(now_ns() - begin < 2 * NS_PER_S);
	is_over = true;
	join(threads[0]);
	join(threads[1]);
	CHECK_OK(sched_setaffinity(0, sizeof(cpus), &cpus));
	/* A guest's time passes also while the host gives its CPU to others: roughly, then. */
	if (counters[0] / 100 > counters[1] || counters[1] / 100 > counters[0])
		t_fail(__FILE__, __LINE__, "unfair: %lu against %lu", counters[0], counters[1]);
}

struct vectors {
	char bytes[16][32] __attribute__((aligned(32)));
};

#define EACH_OF_16(M)                                                                              \
	M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15)
#define LOAD_YMM(n)  "vmovdqa " #n "*32(%1), %%ymm" #n "\n\t"
#define STORE_YMM(n) "vmovdqa %%ymm" #n ", " #n "*32(%2)\n\t"
#define LOAD_XMM(n)  "movdqa " #n "*32(%1), %%xmm" #n "\n\t"
#define STORE_XMM(n) "movdqa %%xmm" #n ", " #n "*32(%2)\n\t"
#define VECTOR_CLOBBERS                                                                            \
	"memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",  \
		"xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

/* Holds all vector registers over a stretch without a call, long enough to lose the CPU. */
static void hold_vectors(const struct vectors *in, struct vectors *out, bool has_avx)
{
	unsigned long spins = 300000;

	if (has_avx)
		asm volatile(EACH_OF_16(LOAD_YMM) "1: dec %0\n\tjnz 1b\n\t" EACH_OF_16(STORE_YMM)
			     : "+r"(spins)
			     : "r"(in), "r"(out)
			     : VECTOR_CLOBBERS);
	else
		asm volatile(EACH_OF_16(LOAD_XMM) "1: dec %0\n\tjnz 1b\n\t" EACH_OF_16(STORE_XMM)
			     : "+r"(spins)
			     : "r"(in), "r"(out)
			     : VECTOR_CLOBBERS);
}

/* Rounding, 0 to 3, as the control words of the x87 and of SSE both have it; -1 if they differ. */
static int get_rounding(void)
{
	unsigned short x87;
	unsigned int sse;

	asm volatile("fnstcw %0\n\tstmxcsr %1" : "=m"(x87), "=m"(sse));
	return (x87 >> 10 & 3) == (sse >> 13 & 3) ? (int)(sse >> 13 & 3) : -1;
}

static void set_rounding(unsigned int rounding)
{
	unsigned short x87 = (unsigned short)(0x37f | rounding << 10);
	unsigned int sse = 0x1f80 | rounding << 13;

	asm volatile("fldcw %0\n\tldmxcsr %1" : : "m"(x87), "m"(sse));
}

static void *keeps_vectors(void *argument)
{
	int number = (int)(uintptr_t)argument;
	bool has_avx = __builtin_cpu_supports("avx");
	volatile long double deep = number + 0.5L, tenth = 0.1L;
	struct vectors in, out;

	set_rounding((unsigned int)number % 4);
	for (int round = 0; round < 40; round++) {
		for (size_t i = 0; i < sizeof(in); i++)
			((char *)&in)[i] = (char)(i * 7 + (size_t)(number * 31 + round));
		memset(&out, 0, sizeof(out));
		hold_vectors(&in, &out, has_avx);
		for (int i = 0; i < 16; i++)
			if (memcmp(in.bytes[i], out.bytes[i], has_avx ? 32 : 16) != 0)
				return (void *)1;
		if (get_rounding() != number % 4)
			return (void *)2;
		deep = deep * tenth + number;
	}
	return (void *)(uintptr_t)(deep > number && deep < number * 2 + 1 ? 0 : 3);
}

static void vector_state_is_kept(void)
{
	pthread_t threads[4];
	cpu_set_t cpus;

	use_one_cpu(&cpus);
	for (uintptr_t i = 0; i < 4; i++)
		threads[i] = start(keeps_vectors, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		CHECK_EQ((uintptr_t)join(threads[i]), 0);
	CHECK_EQ(get_rounding(), 0);
	CHECK_OK(sched_setaffinity(0, sizeof(cpus), &cpus));
}

static void *tells_rounding(void *argument)
{
	(void)argument;
	return (void *)(uintptr_t)get_rounding();
}

/* As clone says: the child starts with its creator's control words. */
static void control_words_are_inherited(void)
{
	set_rounding(2);
	CHECK_EQ((uintptr_t)join(start(tells_rounding, NULL)), 2);
	set_rounding(0);
}

/* --- each thread has a clock of its work ---------------------------------------------------- */

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts = {0, 0};

	CHECK_OK(clock_gettime(clock, &ts));
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *waits_at_gate(void *argument)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return argument;
}

static void cpu_clocks(void)
{
	static volatile unsigned long counter;
	const clockid_t missing = -(0x3ffffff << 3) + 6; /* of a thread with an id that is free */
	clockid_t busy_clock, idle_clock;
	pthread_t busy, idle;
	int64_t mine;

	is_over = false;
	pthread_mutex_lock(&gate);
	busy = start(counts, (void *)&counter);
	idle = start(waits_at_gate, NULL);
	CHECK_EQ(pthread_getcpuclockid(busy, &busy_clock), 0);
	CHECK_EQ(pthread_getcpuclockid(idle, &idle_clock), 0);
	mine = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	sleep_ms(200);
	CHECK(clock_ns(busy_clock) > 2000000); /* the machine may be busy with others */
	CHECK(clock_ns(idle_clock) < 50000000);
	CHECK(clock_ns(CLOCK_THREAD_CPUTIME_ID) - mine < 50000000);
	CHECK(clock_ns(CLOCK_PROCESS_CPUTIME_ID) >= clock_ns(busy_clock) - 1000000);
	is_over = true;
	pthread_mutex_unlock(&gate);
	join(busy);
	join(idle);
	CHECK_ERR(clock_gettime(missing, &(struct timespec){0, 0}), EINVAL);
}

/* --- a storm: signals break in everywhere, and the computation does not notice -------------- */

static void *computes(void *argument)
{
	double sum = 0;
	unsigned long hash = 5381;

	for (unsigned long i = 0; i < 300000; i++) {
		sum += 1.0 / (double)(1 + i % 7);
		hash = hash * 33 + i;
	}
	while (argument && !is_over)
		sched_yield();
	return (void *)(hash % 100003 + (unsigned long)sum);
}

static atomic_int handled;

static void on_storm(int signo)
{
	volatile double x = signo * 1.5; /* uses vector registers itself */

	handled += x > 0;
}

static void signal_storm(void)
{
	struct sigaction action = {.sa_handler = on_storm, .sa_flags = SA_RESTART};
	void *expected = computes(NULL);
	pthread_t threads[2];

	is_over = false;
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	for (int i = 0; i < 2; i++)
		threads[i] = start(computes, &action);
	for (int i = 0; i < 500; i++) {
		CHECK_EQ(pthread_kill(threads[i % 2], SIGUSR1), 0);
		if (i % 10 == 0)
			sched_yield();
	}
	is_over = true;
	CHECK(join(threads[0]) == expected);
	CHECK(join(threads[1]) == expected);
	CHECK(handled > 0);
	signal(SIGUSR1, SIG_DFL);
}

static const struct t_test tests[] = {
	T(spinners_share), T(vector_state_is_kept), T(control_words_are_inherited),
	T(cpu_clocks),     T(signal_storm),
};

T_MAIN(tests)
