/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/<pid>/: what a process has open and where it stands: fd, fdinfo, exe, cwd, root, mounts. */
#include <linux/fcntl.h>
#include <uk/lock.h>
#include <uk/task.h>
#include "pid.h"

static int place_of_file(const struct file *file, struct path *place)
{
	if (!file || !file->path.dentry)
		return -ENOENT;
	*place = file->path;
	path_get(place);
	return 0;
}

int place_fd(const struct proc_ctx *ctx, struct path *place)
{
	struct file *file = proc_ctx_file(ctx);
	int error = place_of_file(file, place);

	if (file)
		file_put(file);
	return error;
}

int place_exe(const struct proc_ctx *ctx, struct path *place)
{
	return place_of_file(ctx->process->exe, place);
}

/* A thread that ends has given its directories up. */
static const struct fsctx *fs_of(const struct proc_ctx *ctx)
{
	return ctx->task->tid ? ctx->task->fs : NULL;
}

static int place_of(const struct path *from, struct path *place)
{
	if (!from)
		return -ENOENT;
	*place = *from;
	path_get(place);
	return 0;
}

int place_cwd(const struct proc_ctx *ctx, struct path *place)
{
	const struct fsctx *fs = fs_of(ctx);

	return place_of(fs ? &fs->cwd : NULL, place);
}

int place_root(const struct proc_ctx *ctx, struct path *place)
{
	const struct fsctx *fs = fs_of(ctx);

	return place_of(fs ? &fs->root : NULL, place);
}

void show_fdinfo(struct seq *seq, const struct proc_ctx *ctx)
{
	struct file *file = proc_ctx_file(ctx);

	if (!file)
		return;
	seq_printf(seq, "pos:\t%ld\nflags:\t0%o\nmnt_id:\t%u\nino:\t%lu\n", file->pos,
		   file->flags | (proc_ctx_is_cloexec(ctx) ? O_CLOEXEC : 0),
		   proc_mount_id(file->path.mount), file->inode ? file->inode->ino : 0);
	if (file->ops->show_fdinfo)
		file->ops->show_fdinfo(file, seq);
	file_put(file);
}

/* --- mounts ------------------------------------------------------------------------------ */

#define FIRST_MOUNT_ID 20

struct id_search {
	const struct mount *mount;
	unsigned int next, found;
};

static void match_mount(struct mount *mount, void *ctx)
{
	struct id_search *search = ctx;

	if (mount == search->mount)
		search->found = search->next;
	search->next++;
}

unsigned int proc_mount_id(const struct mount *mount)
{
	struct id_search search = {.mount = mount, .next = FIRST_MOUNT_ID};

	vfs_for_each_mount(match_mount, &search);
	return search.found;
}

#define LISTED_MOUNTS_MAX 32

/* The mounts, taken with references, so that the tree lock is not held while they are shown. */
struct mount_list {
	unsigned int count;
	struct mount *mounts[LISTED_MOUNTS_MAX];
};

static void collect_mount(struct mount *mount, void *ctx)
{
	struct mount_list *list = ctx;

	if (list->count == LISTED_MOUNTS_MAX)
		return;
	__atomic_fetch_add(&mount->refcount, 1, __ATOMIC_RELAXED);
	list->mounts[list->count++] = mount;
}

static void drop_mounts(struct mount_list *list)
{
	for (unsigned int i = 0; i < list->count; i++)
		if (__atomic_fetch_sub(&list->mounts[i]->refcount, 1, __ATOMIC_ACQ_REL) == 1)
			mount_release(list->mounts[i]);
}

static void show_mountpoint(struct seq *seq, const struct mount *mount)
{
	const struct path at = {mount->parent, mount->mountpoint};
	char buf[256];
	char *name;

	if (!mount->parent) {
		seq_puts(seq, "/");
		return;
	}
	name = vfs_path_name(&at, buf, sizeof(buf));
	seq_puts_escaped(seq, IS_ERR(name) ? "?" : name, " \t\n\\#");
}

static void show_mount_flags(struct seq *seq, unsigned int flags)
{
	static const struct {
		unsigned int flag;
		char text[12];
	} names[] = {{MS_NOSUID, ",nosuid"},
		     {MS_NODEV, ",nodev"},
		     {MS_NOEXEC, ",noexec"},
		     {MS_NOATIME, ",noatime"},
		     {MS_RELATIME, ",relatime"}};

	seq_puts(seq, flags & MS_RDONLY ? "ro" : "rw");
	for (size_t i = 0; i < UK_ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			seq_puts(seq, names[i].text);
}

void show_mounts(struct seq *seq, const struct proc_ctx *ctx)
{
	struct mount_list list = {.count = 0};

	vfs_for_each_mount(collect_mount, &list);
	for (unsigned int i = 0; i < list.count; i++) {
		const struct mount *mount = list.mounts[i];

		seq_puts_escaped(seq, mount->source, " \t\n\\#");
		seq_puts(seq, " ");
		show_mountpoint(seq, mount);
		seq_printf(seq, " %s ", mount->sb.type->name);
		show_mount_flags(seq, mount->flags);
		seq_puts(seq, " 0 0\n");
	}
	drop_mounts(&list);
}

void show_mountinfo(struct seq *seq, const struct proc_ctx *ctx)
{
	struct mount_list list = {.count = 0};

	vfs_for_each_mount(collect_mount, &list);
	for (unsigned int i = 0; i < list.count; i++) {
		const struct mount *mount = list.mounts[i];

		seq_printf(seq, "%u %u %u:%u / ", proc_mount_id(mount),
			   mount->parent ? proc_mount_id(mount->parent) : 1,
			   uk_dev_major(mount->sb.dev), uk_dev_minor(mount->sb.dev));
		show_mountpoint(seq, mount);
		seq_puts(seq, " ");
		show_mount_flags(seq, mount->flags);
		seq_printf(seq, " - %s ", mount->sb.type->name);
		seq_puts_escaped(seq, mount->source, " \t\n\\#");
		seq_puts(seq, mount->flags & MS_RDONLY ? " ro\n" : " rw\n");
	}
	drop_mounts(&list);
}
