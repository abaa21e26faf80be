/* SPDX-License-Identifier: BSD-3-Clause */
/* What the vDSO's code needs from x86_64. Runs in the program: no kernel header is of use here. */
#ifndef VDSO_ARCH_H
#define VDSO_ARCH_H

#include <stdint.h>
#include <uk/vdso_data.h>

/*
 * <uk/vdso_data.h>'s formula and protocol, in the order written: the processor keeps loads in
 * order, LFENCE holds RDTSC back until the first load is done. By hand because compilers load
 * each operand into a register first; this saves a quarter of clock_gettime.
 */
static inline __attribute__((always_inline)) bool vdso_read_clock(const struct vdso_clock *clock,
								  uint64_t *sec, uint64_t *frac)
{
	uint32_t seq;
	bool is_valid;

	__asm__ volatile(
		"movl	%[after], %[seq]\n\t"
		"lfence\n\t"
		"rdtsc\n\t"
		"shlq	$32, %%rdx\n\t"
		"orq	%%rdx, %%rax\n\t"
		"mulq	%[rate]\n\t"
		"addq	%[base_frac], %%rax\n\t"
		"adcq	%[base_sec], %%rdx\n\t"
		"cmpl	%[before], %[seq]"
		: "=@ccz"(is_valid), "=&a"(*frac), "=&d"(*sec), [seq] "=&r"(seq)
		: [after] "m"(clock->seq_after), [before] "m"(clock->seq_before),
		  [rate] "m"(clock->rate), [base_frac] "m"(clock->frac), [base_sec] "m"(clock->sec)
		: "memory");
	return is_valid;
}

/* The high word of fraction * *units. */
static inline __attribute__((always_inline)) uint64_t vdso_scale_by(uint64_t fraction,
								    const uint64_t *units)
{
	uint64_t high;

	__asm__("mulq %[units]" : "=d"(high), "+a"(fraction) : [units] "m"(*units) : "cc");
	return high;
}

static inline long vdso_syscall3(long nr, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

#endif /* VDSO_ARCH_H */
