/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The few definitions every file needs: types, sizes, arithmetic that cannot wrap unnoticed.
 * Pure: no state, no architecture; compiles on the build host too.
 */
#ifndef UK_ESSENTIALS_H
#define UK_ESSENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A signed size: a byte count, or a negative errno. */
typedef intptr_t uk_ssize_t;
/** A file offset, bytes; never negative where it names a place. */
typedef int64_t loff_t;

/** Marks a pointer into the program's half of the address space; see <uk/arch/uaccess.h>. */
#define __user

#define UK_CONCAT_(a, b) a##b
#define UK_CONCAT(a, b)  UK_CONCAT_(a, b)
#define UK_STRINGIFY_(x) #x
#define UK_STRINGIFY(x)  UK_STRINGIFY_(x)

/** 1 when a Kconfig bool symbol is set, 0 when it is not defined at all. */
#define IS_ENABLED(config)         UK_IS_ENABLED_(config)
#define UK_IS_ENABLED_(value)      UK_IS_ENABLED__(UK_PLACEHOLDER_##value)
#define UK_PLACEHOLDER_1           0,
#define UK_IS_ENABLED__(junk_or_0) UK_SECOND(junk_or_0 1, 0, 0)
#define UK_SECOND(a, b, ...)       b

#define UK_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define UK_MIN(a, b)         ((a) < (b) ? (a) : (b))
#define UK_MAX(a, b)         ((a) > (b) ? (a) : (b))
/** `align` is a power of two. */
#define UK_ALIGN_DOWN(x, align) ((x) & ~((__typeof__(x))(align)-1))
#define UK_ALIGN_UP(x, align)   UK_ALIGN_DOWN((x) + ((__typeof__(x))(align)-1), align)
#define UK_IS_ALIGNED(x, align) (((x) & ((__typeof__(x))(align)-1)) == 0)
#define UK_DIV_ROUND_UP(n, d)   (((n) + (d)-1) / (d))
#define UK_BIT(n)               (1UL << (n))

#define uk_container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define uk_likely(x)   __builtin_expect(!!(x), 1)
#define uk_unlikely(x) __builtin_expect(!!(x), 0)

#define __uk_packed        __attribute__((packed))
#define __uk_aligned(n)    __attribute__((aligned(n)))
#define __uk_section(s)    __attribute__((section(s)))
#define __uk_used          __attribute__((used))
#define __uk_unused        __attribute__((unused))
#define __uk_noreturn      __attribute__((noreturn))
#define __uk_noinline      __attribute__((noinline))
#define __uk_always_inline inline __attribute__((always_inline))
#define __uk_cold          __attribute__((cold))
#define __uk_must_check    __attribute__((warn_unused_result))
#define __uk_printf(f, a)  __attribute__((format(printf, f, a)))

#define UK_PAGE_SHIFT 12
#define UK_PAGE_SIZE  (1UL << UK_PAGE_SHIFT)
#define UK_PAGE_MASK  (~(UK_PAGE_SIZE - 1))

#define UK_NSEC_PER_SEC  1000000000L
#define UK_NSEC_PER_USEC 1000L
#define UK_NSEC_PER_MSEC 1000000L

/* The kernel-internal errno carrier: functions that return a pointer return ERR_PTR(-errno). */
#define UK_MAX_ERRNO 4095
static inline void *ERR_PTR(long error)
{
	return (void *)error;
}
static inline long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}
static inline bool IS_ERR(const void *ptr)
{
	return (uintptr_t)ptr >= (uintptr_t)-UK_MAX_ERRNO;
}

/** a + b into *sum; true when it wrapped. The same for differences and products. */
#define uk_add_overflow(a, b, sum)  __builtin_add_overflow(a, b, sum)
#define uk_sub_overflow(a, b, diff) __builtin_sub_overflow(a, b, diff)
#define uk_mul_overflow(a, b, prod) __builtin_mul_overflow(a, b, prod)

#endif /* UK_ESSENTIALS_H */
