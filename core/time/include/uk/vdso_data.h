/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page that the kernel writes and every program's vDSO reads: how each clock follows from the
 * CPU counter. Also compiled into the vDSO and on the build host: only plain types.
 *
 *   seconds = (sec + frac / 2^64) + counter * rate / 2^64        (all modulo 2^128 / 2^64)
 *
 * Nothing is relative to a last update, so the page stays right for as long as the rate does and
 * needs no tick. The sum's upper word is the second, its lower word the fraction.
 *
 * Consistency: a writer counts seq_before up, writes, then makes seq_after equal to it. A reader
 * loads seq_after, then the rest, and compares with seq_before: equal means that no writer was
 * at work in between. A clock that the vDSO cannot compute has the two differ for ever.
 */
#ifndef UK_VDSO_DATA_H
#define UK_VDSO_DATA_H

#define VDSO_DATA_SYSCALL_ENTRY 408 /* of struct vdso_data, for assembly */

/* In __kernel_vsyscall, from its beginning: the instruction that traps, and what follows it. */
#define VDSO_VSYSCALL_TRAP   6
#define VDSO_VSYSCALL_RETURN 8

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VDSO_CLOCKS 12 /* CLOCK_REALTIME (0) to CLOCK_TAI (11) */

struct vdso_clock {
	uint64_t rate;
	uint64_t frac;
	uint64_t sec;
	uint32_t seq_after, seq_before;
};

struct vdso_data {
	struct vdso_clock clocks[VDSO_CLOCKS];
	uint64_t nsec_per_sec; /* constants, here because `mul` takes memory operands */
	uint64_t usec_per_sec;
	uint32_t resolution_ns; /* of every clock the vDSO computes */
	uint32_t cpu_count;     /* the vDSO answers getcpu(2) itself only when it is 1 */
	uint64_t syscall_entry; /* where __kernel_vsyscall jumps */
};
_Static_assert(offsetof(struct vdso_data, syscall_entry) == VDSO_DATA_SYSCALL_ENTRY, "assembly");

/** The high word of a * b: scales a fraction of 2^64 to units. */
static inline uint64_t vdso_scale(uint64_t fraction, uint64_t units)
{
	return (uint64_t)((unsigned __int128)fraction * units >> 64);
}

/** The clock at `counter`; call between loading seq_after and comparing seq_before. */
static inline unsigned __int128 vdso_clock_at(const struct vdso_clock *clock, uint64_t counter)
{
	return (unsigned __int128)counter * clock->rate +
	       ((unsigned __int128)clock->sec << 64 | clock->frac);
}

#endif /* !__ASSEMBLER__ */

#endif /* UK_VDSO_DATA_H */
