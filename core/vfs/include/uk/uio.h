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
	void *base;              /* rest of the current segment */
	size_t len_bytes;        /* of the current segment */
	size_t resid_bytes;      /* of all segments together */
	const struct iovec *next; /* following segments, in kernel memory; already validated */
	unsigned int next_count;
	bool is_kernel;          /* base pointers are kernel memory */
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
uk_ssize_t uio_put(struct uio *uio, const void *src, size_t len);  /* into the buffers: read(2) */
uk_ssize_t uio_take(struct uio *uio, void *dst, size_t len);       /* out of them: write(2) */
uk_ssize_t uio_put_zeros(struct uio *uio, size_t len);
uk_ssize_t uio_skip(struct uio *uio, size_t len);                  /* consumed without looking */

#endif /* UK_UIO_H */
