/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/<pid>/mem: the memory of a program as a file; the offset is the address. Only the running
 * address space can be reached, and only with the rights its mappings give (Linux lets a debugger
 * write to read-only ones, too). What is not mapped is -EIO. proc(5).
 */
#include <uk/arch/uaccess.h>
#include <uk/task.h>
#include <uk/vmspace.h>
#include "procfs_internal.h"

#define CHUNK_BYTES 256

static bool is_running(const struct file *file)
{
	struct proc_ctx ctx;
	bool is_ours;

	if (proc_ctx_get(proc_inode(file->inode), &ctx))
		return false;
	is_ours = ctx.task->tid && ctx.task->vm == current_vm();
	proc_ctx_put(&ctx);
	return is_ours;
}

/* Bytes taken or given by one chunk; 0 at an address that is not mapped. */
static uk_ssize_t read_chunk(struct uio *uio, loff_t address)
{
	size_t len = UK_MIN(uio->resid_bytes, (size_t)CHUNK_BYTES);
	char chunk[CHUNK_BYTES];

	len -= copy_from_user_partial(chunk, (const void __user *)address, len);
	return len ? uio_put(uio, chunk, len) : 0;
}

static uk_ssize_t write_chunk(struct uio *uio, loff_t address)
{
	char chunk[CHUNK_BYTES];
	uk_ssize_t len = uio_take(uio, chunk, sizeof(chunk));

	if (len <= 0)
		return len;
	return len - (uk_ssize_t)copy_to_user_partial((void __user *)address, chunk, (size_t)len);
}

static uk_ssize_t transfer(struct file *file, struct uio *uio, loff_t *pos,
			   uk_ssize_t (*move)(struct uio *uio, loff_t address))
{
	uk_ssize_t done = 0, moved = 0;

	if (!is_running(file))
		return -EIO;
	while (uio->resid_bytes) {
		moved = move(uio, *pos);
		if (moved <= 0)
			break;
		*pos += moved;
		done += moved;
	}
	if (done || !uio->resid_bytes)
		return done;
	return moved ? moved : -EIO;
}

static uk_ssize_t mem_read(struct file *file, struct uio *uio, loff_t *pos)
{
	return transfer(file, uio, pos, read_chunk);
}

static uk_ssize_t mem_write(struct file *file, struct uio *uio, loff_t *pos)
{
	return transfer(file, uio, pos, write_chunk);
}

static loff_t mem_lseek(struct file *file, loff_t offset, int whence)
{
	return file_lseek_sized(file, offset, whence, 0);
}

const struct file_ops proc_mem_ops = {
	.read = mem_read,
	.write = mem_write,
	.lseek = mem_lseek,
};
