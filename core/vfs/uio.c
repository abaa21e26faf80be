/* SPDX-License-Identifier: BSD-3-Clause */
/* Moving bytes between the kernel and the buffers of a read or write; see <uk/uio.h>. */
#include <uk/uio.h>

static inline void advance(struct uio *uio, size_t len)
{
	uio->base = (char *)uio->base + len;
	uio->len_bytes -= len;
	uio->resid_bytes -= len;
}

enum uio_verb { UIO_PUT, UIO_TAKE, UIO_ZERO, UIO_SKIP };

/* One step inside the current segment; returns the bytes that were moved. */
static inline __attribute__((always_inline)) size_t step(struct uio *uio, enum uio_verb verb,
							 void *mem, size_t len)
{
	size_t left = 0;

	if (verb == UIO_PUT) {
		if (uk_likely(!uio->is_kernel))
			left = copy_to_user_partial(uio->base, mem, len);
		else
			memcpy(uio->base, mem, len);
	} else if (verb == UIO_TAKE) {
		if (uk_likely(!uio->is_kernel))
			left = copy_from_user_partial(mem, uio->base, len);
		else
			memcpy(mem, uio->base, len);
	} else if (verb == UIO_ZERO) {
		if (uk_likely(!uio->is_kernel))
			left = len - uio_cleared(clear_user_partial(uio->base, len));
		else
			memset(uio->base, 0, len);
	}
	advance(uio, len - left);
	return len - left;
}

static bool next_segment(struct uio *uio)
{
	while (!uio->len_bytes) {
		if (!uio->next_count)
			return false;
		uio->base = uio->next->iov_base;
		uio->len_bytes = UK_MIN(uio->next->iov_len, uio->resid_bytes);
		uio->next++;
		uio->next_count--;
	}
	return true;
}

static uk_ssize_t __uk_noinline move_segments(struct uio *uio, enum uio_verb verb, void *mem,
					      size_t len)
{
	size_t done = 0;

	while (done < len && next_segment(uio)) {
		size_t part = UK_MIN(len - done, uio->len_bytes);
		size_t moved = step(uio, verb, mem ? (char *)mem + done : NULL, part);

		done += moved;
		if (moved < part)
			break;
	}
	return done || !len ? (uk_ssize_t)done : -EFAULT;
}

static inline __attribute__((always_inline)) uk_ssize_t move(struct uio *uio, enum uio_verb verb,
							     void *mem, size_t len)
{
	size_t moved;

	if (len > uio->resid_bytes)
		len = uio->resid_bytes;
	if (uk_unlikely(len > uio->len_bytes))
		return move_segments(uio, verb, mem, len);
	moved = step(uio, verb, mem, len);
	return uk_likely(moved) || !len ? (uk_ssize_t)moved : -EFAULT;
}

uk_ssize_t uio_put_any(struct uio *uio, const void *src, size_t len)
{
	return move(uio, UIO_PUT, (void *)src, len);
}

uk_ssize_t uio_take_any(struct uio *uio, void *dst, size_t len)
{
	return move(uio, UIO_TAKE, dst, len);
}

uk_ssize_t uio_put_zeros_any(struct uio *uio, size_t len)
{
	return move(uio, UIO_ZERO, NULL, len);
}

uk_ssize_t uio_skip(struct uio *uio, size_t len)
{
	return move(uio, UIO_SKIP, NULL, len);
}
