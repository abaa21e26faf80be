/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * uio: the buffers of one read or write, in program or kernel memory, consumed front to back.
 * The single-buffer case costs no allocation and no loop.
 */
#ifndef UK_UIO_H
#define UK_UIO_H

#include <linux/uio.h>
#include <uk/arch/uaccess.h>
#include <uk/string.h>

struct uio {
	void *base;               /* rest of the current segment */
	size_t len_bytes;         /* of the current segment */
	size_t resid_bytes;       /* of all segments together */
	const struct iovec *next; /* following segments, in kernel memory; already validated */
	uint32_t next_count;
	uint32_t is_kernel; /* base pointers are kernel memory */
};

static inline struct uio uio_user(void __user *base, size_t len)
{
	return (struct uio){.base = base, .len_bytes = len, .resid_bytes = len};
}
static inline struct uio uio_kernel(void *base, size_t len)
{
	return (struct uio){.base = base, .len_bytes = len, .resid_bytes = len, .is_kernel = true};
}

/**
 * Moves up to `len` bytes (bounded by resid) and advances. Returns the bytes moved; less than
 * min(len, resid) only when the program's memory faulted; -EFAULT when nothing could be moved.
 */
uk_ssize_t uio_put_any(struct uio *uio, const void *src, size_t len);
uk_ssize_t uio_take_any(struct uio *uio, void *dst, size_t len);
uk_ssize_t uio_put_zeros_any(struct uio *uio, size_t len);
uk_ssize_t uio_skip(struct uio *uio, size_t len); /* consumed without looking */

/* One buffer of the program's, and nothing behind it: both words are zero, in one comparison. */
static inline bool uio_is_single(const struct uio *uio)
{
	uint64_t others;

	_Static_assert(offsetof(struct uio, is_kernel) == offsetof(struct uio, next_count) + 4, "");
	__builtin_memcpy(&others, &uio->next_count, sizeof(others));
	return uk_likely(!others);
}
/* One buffer of the program's that is large enough: the case worth being inline. */
static inline bool uio_is_simple(const struct uio *uio, size_t len)
{
	return uk_likely(!uio->is_kernel && len <= uio->len_bytes);
}
static inline uk_ssize_t uio_advance(struct uio *uio, size_t len, size_t left)
{
	size_t moved = len - left;

	uio->base = (char *)uio->base + moved;
	uio->len_bytes -= moved;
	uio->resid_bytes -= moved;
	return uk_likely(moved) || !len ? (uk_ssize_t)moved : -EFAULT;
}
/* Into the buffers: read(2). */
static inline uk_ssize_t uio_put(struct uio *uio, const void *src, size_t len)
{
	if (!uio_is_simple(uio, len))
		return uio_put_any(uio, src, len);
	return uio_advance(uio, len, copy_to_user_partial(uio->base, src, len));
}
/* Out of them: write(2). */
static inline uk_ssize_t uio_take(struct uio *uio, void *dst, size_t len)
{
	if (!uio_is_simple(uio, len))
		return uio_take_any(uio, dst, len);
	return uio_advance(uio, len, copy_from_user_partial(dst, uio->base, len));
}
static inline size_t uio_cleared(long result)
{
	return uk_likely(result >= 0) ? (size_t)result : 0;
}
static inline uk_ssize_t uio_put_zeros(struct uio *uio, size_t len)
{
	if (!uio_is_simple(uio, len))
		return uio_put_zeros_any(uio, len);
	return uio_advance(uio, len, len - uio_cleared(clear_user_partial(uio->base, len)));
}

/* One number that is the whole transfer (eventfd, timerfd): 0 or -EFAULT; the uio is used up. */
static inline int uio_put_number(struct uio *uio, uint64_t value)
{
	if (!uio_is_simple(uio, sizeof(value)))
		return uio_put_any(uio, &value, sizeof(value)) == sizeof(value) ? 0 : -EFAULT;
	return put_user(value, (uint64_t __user *)uio->base);
}
static inline int uio_take_number(struct uio *uio, uint64_t *value)
{
	if (!uio_is_simple(uio, sizeof(*value)))
		return uio_take_any(uio, value, sizeof(*value)) == sizeof(*value) ? 0 : -EFAULT;
	return get_user(*value, (const uint64_t __user *)uio->base);
}

#endif /* UK_UIO_H */
