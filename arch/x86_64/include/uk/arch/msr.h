/* SPDX-License-Identifier: BSD-3-Clause */
/* Model-specific registers (Intel SDM vol. 4). */
#ifndef UK_ARCH_MSR_H
#define UK_ARCH_MSR_H

#include <uk/essentials.h>

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}
static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

#endif /* UK_ARCH_MSR_H */
