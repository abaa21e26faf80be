/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the benchmark program share: raw calls, and what they measure. */
#ifndef BENCH_H
#define BENCH_H

/* Timed loops make their calls with these, so that no libc is measured. */
static inline long call3(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c)
		     : "rcx", "r11", "memory");
	return ret;
}

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
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

#endif /* BENCH_H */
