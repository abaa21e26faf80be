/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vDSO: code of the kernel's that runs in the program (vdso(7)). It computes the time from
 * the page below it and the CPU counter; what it cannot compute goes to the system call.
 *
 * CLOCK_MONOTONIC and CLOCK_REALTIME are written out apart from the others: with a constant
 * place each load is one instruction.
 */
#include <asm/unistd.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <stddef.h>
#include <uk/vdso_data.h>
#include "vdso_arch.h"

#define EXPORT        __attribute__((visibility("default"), used))
#define ALWAYS_INLINE __attribute__((always_inline))
#define COLD          __attribute__((noinline, cold))

#define COMPUTED_CLOCKS                                                                            \
	(1u << CLOCK_REALTIME | 1u << CLOCK_MONOTONIC | 1u << CLOCK_MONOTONIC_RAW |                \
	 1u << CLOCK_REALTIME_COARSE | 1u << CLOCK_MONOTONIC_COARSE | 1u << CLOCK_BOOTTIME |       \
	 1u << CLOCK_REALTIME_ALARM | 1u << CLOCK_BOOTTIME_ALARM | 1u << CLOCK_TAI)

/* The page below the vDSO (vdso.lds.S). */
extern const struct vdso_data vdso_data __attribute__((visibility("hidden")));

/* Linux' struct getcpu_cache: unused since 2.6.24. */
struct getcpu_cache;

int __vdso_clock_gettime(int id, struct __kernel_timespec *ts);
int __vdso_clock_getres(int id, struct __kernel_timespec *res);
int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz);
__kernel_old_time_t __vdso_time(__kernel_old_time_t *out);
long __vdso_getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused);

static COLD int gettime_syscall(int id, struct __kernel_timespec *ts)
{
	return (int)vdso_syscall3(__NR_clock_gettime, id, (long)ts, 0);
}

static inline ALWAYS_INLINE int gettime(int id, const struct vdso_clock *clock,
					struct __kernel_timespec *ts)
{
	uint64_t sec, frac;

	/* Not calibrated, just being changed, or not a clock of the page. */
	if (__builtin_expect(!vdso_read_clock(clock, &sec, &frac), 0))
		return gettime_syscall(id, ts);
	ts->tv_sec = (__kernel_time64_t)sec;
	ts->tv_nsec = (long long)vdso_scale_by(frac, &vdso_data.nsec_per_sec);
	return 0;
}

EXPORT int __vdso_clock_gettime(int id, struct __kernel_timespec *ts)
{
	if (id == CLOCK_MONOTONIC)
		return gettime(id, &vdso_data.clocks[CLOCK_MONOTONIC], ts);
	if (id == CLOCK_REALTIME)
		return gettime(id, &vdso_data.clocks[CLOCK_REALTIME], ts);
	if ((unsigned int)id >= VDSO_CLOCKS)
		return gettime_syscall(id, ts);
	return gettime(id, &vdso_data.clocks[id], ts);
}

EXPORT int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz)
{
	uint64_t sec, frac;

	if (tz || !tv || !vdso_read_clock(&vdso_data.clocks[CLOCK_REALTIME], &sec, &frac))
		return (int)vdso_syscall3(__NR_gettimeofday, (long)tv, (long)tz, 0);
	tv->tv_sec = (__kernel_old_time_t)sec;
	tv->tv_usec = (__kernel_suseconds_t)vdso_scale_by(frac, &vdso_data.usec_per_sec);
	return 0;
}

EXPORT __kernel_old_time_t __vdso_time(__kernel_old_time_t *out)
{
	uint64_t sec, frac;

	if (!vdso_read_clock(&vdso_data.clocks[CLOCK_REALTIME], &sec, &frac))
		return vdso_syscall3(__NR_time, (long)out, 0, 0);
	if (out)
		*out = (__kernel_old_time_t)sec;
	return (__kernel_old_time_t)sec;
}

EXPORT int __vdso_clock_getres(int id, struct __kernel_timespec *res)
{
	if ((unsigned int)id >= VDSO_CLOCKS || !(COMPUTED_CLOCKS & 1u << id))
		return (int)vdso_syscall3(__NR_clock_getres, id, (long)res, 0);
	if (res) {
		res->tv_sec = 0;
		res->tv_nsec = vdso_data.resolution_ns;
	}
	return 0;
}

EXPORT long __vdso_getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused)
{
	(void)unused;
	if (vdso_data.cpu_count != 1)
		return vdso_syscall3(__NR_getcpu, (long)cpu, (long)node, 0);
	if (cpu)
		*cpu = 0;
	if (node)
		*node = 0;
	return 0;
}

/* The names without prefix, weak as on Linux. */
#define ALIAS(name)                                                                                \
	EXPORT __attribute__((weak, alias("__vdso_" #name))) __typeof__(__vdso_##name)             \
		vdso_alias_##name __asm__(#name)

ALIAS(clock_gettime);
ALIAS(clock_getres);
ALIAS(gettimeofday);
ALIAS(time);
ALIAS(getcpu);
