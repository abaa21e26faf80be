/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums in one's complement: what is carried out of the top is added at the bottom. */
#ifndef UK_ARCH_SUM_H
#define UK_ARCH_SUM_H

#include <uk/essentials.h>

#define UKARCH_SUM_BYTES 64

/** `sum` and the eight 64-bit words at `data`, which needs no alignment. */
static inline uint64_t ukarch_sum_block(uint64_t sum, const void *data)
{
	__asm__("addq 0(%1), %0\n\t"
		"adcq 8(%1), %0\n\t"
		"adcq 16(%1), %0\n\t"
		"adcq 24(%1), %0\n\t"
		"adcq 32(%1), %0\n\t"
		"adcq 40(%1), %0\n\t"
		"adcq 48(%1), %0\n\t"
		"adcq 56(%1), %0\n\t"
		"adcq $0, %0"
		: "+r"(sum)
		: "r"(data), "m"(*(const char(*)[UKARCH_SUM_BYTES])data)
		: "cc");
	return sum;
}

/** `sum` and one more word. */
static inline uint64_t ukarch_sum_word(uint64_t sum, uint64_t word)
{
	__asm__("addq %1, %0\n\tadcq $0, %0" : "+r"(sum) : "rm"(word) : "cc");
	return sum;
}

#endif /* UK_ARCH_SUM_H */
