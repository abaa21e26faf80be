/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPU as generic code sees it. The inline half (irq flags, counter, barriers) is in
 * <uk/arch/cpu_inline.h> of each architecture.
 */
#ifndef UK_ARCH_CPU_H
#define UK_ARCH_CPU_H

#include <uk/arch/types.h>
#include <uk/arch/cpu_inline.h>

/* Inline, per architecture:
 *   void ukarch_irq_enable(void); void ukarch_irq_disable(void);
 *   unsigned long ukarch_irq_save(void); void ukarch_irq_restore(unsigned long flags);
 *   bool ukarch_irq_enabled(void);
 *   void ukarch_irq_enable_and_halt(void);  -- atomically: no interrupt is lost in between
 *   void ukarch_cpu_relax(void);            -- in spin loops
 *   void ukarch_sync_code(void);            -- after code was written, on this CPU
 *   void ukarch_mb(void);                   -- full barrier, for devices too
 *   uint64_t ukarch_counter(void);          -- TSC / CNTVCT, ordered against earlier loads
 */

/** Values for the auxiliary vector: AT_HWCAP, AT_HWCAP2, AT_PLATFORM. */
struct ukarch_cpu_caps {
	uint64_t hwcap, hwcap2;
	const char *platform;
};
const struct ukarch_cpu_caps *ukarch_cpu_caps(void);

/** The text of /proc/cpuinfo for this CPU; returns the length (as uk_scnprintf). */
int ukarch_cpu_describe(char *buf, size_t size, uint64_t counter_khz);

/** One hardware random word; false when the CPU has none (RDRAND, RNDR). */
bool ukarch_random_word(uint64_t *word);

/** The registers as text, a few per line; returns the length (as uk_scnprintf). */
struct ukarch_regs;
int ukarch_regs_describe(const struct ukarch_regs *regs, char *buf, size_t size);

#endif /* UK_ARCH_CPU_H */
