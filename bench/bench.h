/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the benchmark program share: raw calls, and what they measure. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>

struct item {
	const char *name;
	void (*run)(unsigned long n);
	unsigned int batch; /* calls per batch with -u insn; ten times as many with -u ns */
};

/* Three instructions: add, compare, branch. */
#define LOOP(n)                                                                                    \
	for (unsigned long i_ = 0; ({                                                              \
		     asm volatile("" : "+r"(i_));                                                  \
		     i_ < (n);                                                                     \
	     });                                                                                   \
	     i_++)

/*
 * Timed loops make their calls with these, so that no libc is measured. The number is loaded right
 * before the instruction, as compilers and libcs do it: Narthex makes such sites jumps.
 */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE long call3(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("mov %1, %%eax\n\tsyscall"
		     : "=a"(ret)
		     : "i"(nr), "D"(a), "S"(b), "d"(c)
		     : "rcx", "r11", "memory");
	return ret;
}

ALWAYS_INLINE long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long ret;

	asm volatile("mov %1, %%eax\n\tsyscall"
		     : "=a"(ret)
		     : "i"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

/* One call of each of these is measured `n` times. They count what did not go as it should. */
void run_pthread_create_join(unsigned long n);
void run_futex_ping_pong(unsigned long n);
void run_pipe_ping_pong(unsigned long n);
void run_signal_self(unsigned long n);
void run_unix_pair(unsigned long n);
void run_unix_records(unsigned long n);
void run_unix_ping_pong(unsigned long n);

void bench_failed(void);

/* The ways into the kernel: see bench_ways.c. */
extern const struct item way_items[];
extern const size_t way_count;
extern const void *way_function; /* NULL: there is none */
int ways_set_up(void);

#endif /* BENCH_H */
