/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regular files of procfs: the text is generated into a buffer of the open file at the first
 * read, and anew whenever it is read from the start. inode.lock serialises readers of one open
 * file (each open has its own inode reference, lookups are not cached).
 */
#include <linux/fcntl.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "procfs_internal.h"

#define STORE_MAX 256 /* longest text that can be written */

int proc_file_open(struct inode *inode, struct file *file)
{
	const struct proc_entry *entry = proc_inode(inode)->entry;
	struct seq *seq;

	file->mode |= FILE_SEEKABLE;
	if (entry->dir == PROC_FILE_MEMORY)
		return 0;
	if ((file->mode & FILE_WRITE) && !entry->store)
		return -EACCES;
	seq = uk_zalloc(sizeof(*seq));
	if (!seq)
		return -ENOMEM;
	file->priv = seq;
	return 0;
}

static int generate(struct inode *inode, struct seq *seq)
{
	struct proc_ctx ctx;
	int error = proc_ctx_get(proc_inode(inode), &ctx);

	if (error)
		return error;
	seq->len = 0;
	seq->is_out_of_memory = false;
	if (ctx.entry->show)
		ctx.entry->show(seq, &ctx);
	else
		seq_puts(seq, proc_entry_text(ctx.entry));
	proc_ctx_put(&ctx);
	seq->is_filled = !seq->is_out_of_memory;
	return seq->is_filled ? 0 : -ENOMEM;
}

static uk_ssize_t proc_read(struct file *file, struct uio *uio, loff_t *pos)
{
	struct seq *seq = file->priv;
	uk_ssize_t result = 0;

	mutex_lock(&file->inode->lock);
	if (*pos == 0 || !seq->is_filled)
		result = generate(file->inode, seq);
	if (!result)
		result = file_read_from(uio, pos, seq->buf, seq->len);
	mutex_unlock(&file->inode->lock);
	return result;
}

static uk_ssize_t proc_write(struct file *file, struct uio *uio, loff_t *pos)
{
	size_t len = uio->resid_bytes;
	char text[STORE_MAX];
	struct proc_ctx ctx;
	uk_ssize_t taken;
	int error;

	if (len >= sizeof(text))
		return -EINVAL;
	taken = uio_take(uio, text, len);
	if (taken < 0 || (size_t)taken < len)
		return -EFAULT;
	text[len] = '\0';
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	error = proc_ctx_get(proc_inode(file->inode), &ctx);
	if (error)
		return error;
	error = ctx.entry->store(&ctx, text, strlen(text));
	proc_ctx_put(&ctx);
	if (error)
		return error;
	*pos += taken;
	return taken;
}

static loff_t proc_lseek(struct file *file, loff_t offset, int whence)
{
	return file_lseek_sized(file, offset, whence, 0);
}

static void proc_release(struct file *file)
{
	struct seq *seq = file->priv;

	uk_free(seq->buf);
	uk_free(seq);
}

const struct file_ops proc_file_ops = {
	.read = proc_read,
	.write = proc_write,
	.lseek = proc_lseek,
	.release = proc_release,
};
