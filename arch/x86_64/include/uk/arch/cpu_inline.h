/* SPDX-License-Identifier: BSD-3-Clause */
/* The inline half of <uk/arch/cpu.h> for x86_64. Intel SDM vol. 2 and 3 name the instructions. */
#ifndef UK_ARCH_CPU_INLINE_H
#define UK_ARCH_CPU_INLINE_H

#include <uk/essentials.h>

#define X86_RFLAGS_IF 0x200UL

static inline void ukarch_irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}
static inline void ukarch_irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}
static inline unsigned long ukarch_irq_flags(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags)::"memory");
	return flags;
}
static inline unsigned long ukarch_irq_save(void)
{
	unsigned long flags = ukarch_irq_flags();

	ukarch_irq_disable();
	return flags;
}
static inline void ukarch_irq_restore(unsigned long flags)
{
	if (flags & X86_RFLAGS_IF)
		ukarch_irq_enable();
}
/* Serializes: what was written into code through other addresses is executed from here on. SDM
 * vol. 3, 9.1.3. */
static inline void ukarch_sync_code(void)
{
	uint32_t eax = 0, ecx = 0;

	__asm__ volatile("cpuid" : "+a"(eax), "+c"(ecx)::"ebx", "edx", "memory");
}
static inline bool ukarch_irq_enabled(void)
{
	return ukarch_irq_flags() & X86_RFLAGS_IF;
}
/* STI takes effect after the next instruction: an interrupt that is due wakes the HLT. */
static inline void ukarch_irq_enable_and_halt(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}
static inline void ukarch_cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}
/* Not a locked instruction: emulated for one CPU that is no barrier towards a device's thread. */
static inline void ukarch_mb(void)
{
	__asm__ volatile("mfence" ::: "memory");
}
static inline uint64_t ukarch_counter(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (uint64_t)hi << 32 | lo;
}

#endif /* UK_ARCH_CPU_INLINE_H */
