/* SPDX-License-Identifier: BSD-3-Clause */
/* /dev/null, zero, full, random, urandom: mem(4), full(4), random(4); numbers of Linux. */
#include <linux/errno.h>
#include <linux/random.h>
#include <uk/devfs.h>
#include <uk/random.h>
#include <uk/sched.h>
#include <uk/vfs.h>

#define MEM_MAJOR    1
#define ENTROPY_BITS 256 /* random(4): what a full pool reports */

static uk_ssize_t null_read(struct file *file, struct uio *uio, loff_t *pos)
{
	return 0;
}

static uk_ssize_t null_write(struct file *file, struct uio *uio, loff_t *pos)
{
	return uio_skip(uio, uio->resid_bytes);
}

static uk_ssize_t __uk_noinline read_zero_pieces(struct uio *uio)
{
	uk_ssize_t done = 0;

	while (uio->resid_bytes) {
		size_t len = UK_MIN(SCHED_PIECE_BYTES, uio->resid_bytes);
		uk_ssize_t part = uio_put_zeros(uio, len);

		if (part <= 0)
			return done ? done : part;
		done += part;
		if ((size_t)part < len || sched_pause())
			break;
	}
	return done;
}

static uk_ssize_t zero_read(struct file *file, struct uio *uio, loff_t *pos)
{
	size_t len = uio->resid_bytes;

	if (len > SCHED_PIECE_BYTES || !uio_is_single(uio) ||
	    (uintptr_t)uio->base > UKARCH_USER_END - SCHED_PIECE_BYTES)
		return read_zero_pieces(uio);
	/* One buffer, wholly used up: nobody looks at the uio again. */
	return ukarch_clear_user(uio->base, len);
}

static uk_ssize_t full_write(struct file *file, struct uio *uio, loff_t *pos)
{
	return -ENOSPC;
}

static uk_ssize_t random_read(struct file *file, struct uio *uio, loff_t *pos)
{
	uk_ssize_t done = 0;

	while (uio->resid_bytes) {
		unsigned char chunk[256];
		size_t len = UK_MIN(sizeof(chunk), uio->resid_bytes);
		uk_ssize_t part;

		random_bytes(chunk, len);
		part = uio_put(uio, chunk, len);
		if (part <= 0)
			return done ? done : part;
		done += part;
		if ((size_t)part < len)
			break;
		if (done % SCHED_PIECE_BYTES == 0 && sched_pause())
			break;
	}
	return done;
}

/* Whatever is written makes the pool no worse. */
static uk_ssize_t random_write(struct file *file, struct uio *uio, loff_t *pos)
{
	uk_ssize_t done = 0;

	while (uio->resid_bytes) {
		unsigned char chunk[256];
		uk_ssize_t part = uio_take(uio, chunk, sizeof(chunk));

		if (part <= 0)
			return done ? done : part;
		random_mix(chunk, (size_t)part);
		done += part;
		if (done % SCHED_PIECE_BYTES == 0 && sched_pause())
			break;
	}
	return done;
}

static long random_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != RNDGETENTCNT)
		return -ENOTTY;
	return put_user(ENTROPY_BITS, (int __user *)arg);
}

/* Private mappings of /dev/zero are plain anonymous memory (NULL), shared ones share. */
static struct vm_object *zero_mmap(struct file *file, unsigned int prot, bool is_shared)
{
	return is_shared ? shared_anon_object(INT64_MAX & UK_PAGE_MASK) : NULL;
}

static const struct file_ops null_ops = {
	.read = null_read,
	.write = null_write,
	.lseek = file_lseek_zero,
	.is_no_source = true, /* as on Linux since 5.10 */
};
static const struct file_ops zero_ops = {
	.read = zero_read,
	.write = null_write,
	.lseek = file_lseek_zero,
	.mmap = zero_mmap,
};
static const struct file_ops full_ops = {
	.read = zero_read,
	.write = full_write,
	.lseek = file_lseek_zero,
};
static const struct file_ops random_ops = {
	.read = random_read,
	.write = random_write,
	.ioctl = random_ioctl,
	.lseek = file_lseek_zero,
};

int devfs_register_mem(void)
{
	static const struct {
		const char *name;
		unsigned int minor;
		const struct file_ops *ops;
	} devices[] = {
		{"null", 3, &null_ops},     {"zero", 5, &zero_ops},      {"full", 7, &full_ops},
		{"random", 8, &random_ops}, {"urandom", 9, &random_ops},
	};

	for (size_t i = 0; i < UK_ARRAY_SIZE(devices); i++) {
		int error = chrdev_register(devices[i].name, 0666, MEM_MAJOR, devices[i].minor,
					    devices[i].ops);

		if (error)
			return error;
	}
	return 0;
}
