/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Symbolic links of procfs. Some are texts (self, mounts); the magic ones (exe, cwd, root, fd/N)
 * lead to the place itself, whatever its name is now or whether it has one. A descriptor without
 * a place shows what it is, as "anon_inode:[...]".
 */
#include <linux/limits.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "procfs_internal.h"

static int proc_follow(struct inode *inode, struct path *target)
{
	struct proc_ctx ctx;
	int error = proc_ctx_get(proc_inode(inode), &ctx);

	if (error)
		return error;
	error = ctx.entry->place ? ctx.entry->place(&ctx, target) : -ENOENT;
	proc_ctx_put(&ctx);
	return error;
}

static const char *readlink_text(const struct proc_ctx *ctx, char *buf)
{
	struct seq seq = {.buf = NULL};

	if (!ctx->entry->show)
		return proc_entry_text(ctx->entry);
	ctx->entry->show(&seq, ctx);
	if (seq.is_out_of_memory)
		return ERR_PTR(-ENOMEM);
	seq.len = UK_MIN(seq.len, (size_t)PATH_MAX - 1);
	memcpy(buf, seq.buf, seq.len);
	buf[seq.len] = '\0';
	uk_free(seq.buf);
	return buf;
}

static const char *readlink_fd(const struct proc_ctx *ctx, char *buf)
{
	struct file *file = proc_ctx_file(ctx);
	const char *name;

	if (!file)
		return ERR_PTR(-ENOENT);
	name = vfs_file_name(file, buf, PATH_MAX);
	file_put(file);
	return name;
}

static const char *readlink_place(const struct proc_ctx *ctx, char *buf)
{
	struct path place;
	const char *name;
	int error = ctx->entry->place(ctx, &place);

	if (error)
		return ERR_PTR(error);
	name = vfs_path_name(&place, buf, PATH_MAX);
	path_put(&place);
	return name;
}

static const char *proc_readlink(struct inode *inode, char *buf)
{
	struct proc_ctx ctx;
	const char *name;
	int error = proc_ctx_get(proc_inode(inode), &ctx);

	if (error)
		return ERR_PTR(error);
	if (ctx.fd >= 0)
		name = readlink_fd(&ctx, buf);
	else
		name = ctx.entry->place ? readlink_place(&ctx, buf) : readlink_text(&ctx, buf);
	proc_ctx_put(&ctx);
	return name;
}

const struct inode_ops proc_link_inode_ops = {
	.readlink = proc_readlink,
	.follow = proc_follow,
	.setattr = proc_setattr,
	.release = proc_inode_release,
};
