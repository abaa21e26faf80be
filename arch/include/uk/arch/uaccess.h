/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only way to the program's memory. Every access is range-checked and covered by the
 * exception table: a page that cannot be had is -EFAULT, never a kernel crash.
 *
 * All functions may sleep (the access may fault a page in) and must not be called with a spinlock
 * held or with the vmspace lock of the current task held.
 */
#ifndef UK_ARCH_UACCESS_H
#define UK_ARCH_UACCESS_H

#include <uk/arch/types.h>
#include <uk/arch/layout.h>
#include <linux/errno.h>

/** Does [addr, addr + len) lie wholly in the program's half? */
static inline bool user_range_ok(uintptr_t addr, size_t len)
{
	return len <= UKARCH_USER_END && addr <= UKARCH_USER_END - len;
}

/* Unchecked primitives (arch): bytes NOT moved, 0 when all were. */
size_t ukarch_copy_user(void *dst, const void *src, size_t len);
/* Bytes cleared; -EFAULT when there were some to clear, and none was. */
long ukarch_clear_user(void *dst, size_t len);

/** Copies and returns how many bytes were NOT copied: for calls that report partial progress. */
static inline size_t copy_from_user_partial(void *dst, const void __user *src, size_t len)
{
	return user_range_ok((uintptr_t)src, len) ? ukarch_copy_user(dst, src, len) : len;
}
static inline size_t copy_to_user_partial(void __user *dst, const void *src, size_t len)
{
	return user_range_ok((uintptr_t)dst, len) ? ukarch_copy_user(dst, src, len) : len;
}
/** Returns how many bytes were cleared, or -EFAULT for none of some. */
static inline long clear_user_partial(void __user *dst, size_t len)
{
	return user_range_ok((uintptr_t)dst, len) ? ukarch_clear_user(dst, len) : -EFAULT;
}

/** All or -EFAULT. */
static inline int __uk_must_check copy_from_user(void *dst, const void __user *src, size_t len)
{
	return copy_from_user_partial(dst, src, len) ? -EFAULT : 0;
}
static inline int __uk_must_check copy_to_user(void __user *dst, const void *src, size_t len)
{
	return copy_to_user_partial(dst, src, len) ? -EFAULT : 0;
}
static inline int __uk_must_check clear_user(void __user *dst, size_t len)
{
	return clear_user_partial(dst, len) == (long)len ? 0 : -EFAULT;
}

/**
 * Copies a NUL-terminated string of at most size - 1 characters.
 * Returns its length, -EFAULT, or -ENAMETOOLONG when no NUL came within `size` bytes.
 */
long strncpy_from_user(char *dst, const char __user *src, size_t size);

/* One scalar of 1, 2, 4 or 8 bytes; 0 or -EFAULT. */
#include <uk/arch/uaccess_scalar.h>

#endif /* UK_ARCH_UACCESS_H */
