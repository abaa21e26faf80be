/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/<pid>/: what a process has open and where it stands: fd, fdinfo, exe, cwd, root, mounts. */
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <uk/heap.h>
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

/* The mounts, taken with references, so that the tree lock is not held while they are shown. */
struct mount_list {
	struct seq *seq; /* told when memory runs out */
	char *name_buf;  /* PATH_MAX bytes */
	struct mount **mounts;
	unsigned int count, size;
};

static bool make_room(struct mount_list *list)
{
	unsigned int size = list->size ? 2 * list->size : 16;
	struct mount **mounts;

	if (list->count < list->size)
		return true;
	mounts = uk_realloc(list->mounts, size * sizeof(*mounts));
	if (!mounts)
		return false;
	list->mounts = mounts;
	list->size = size;
	return true;
}

static void collect_mount(struct mount *mount, void *ctx)
{
	struct mount_list *list = ctx;

	if (!make_room(list)) {
		list->seq->is_out_of_memory = true;
		return;
	}
	__atomic_fetch_add(&mount->refcount, 1, __ATOMIC_RELAXED);
	list->mounts[list->count++] = mount;
}

static void drop_mounts(struct mount_list *list)
{
	for (unsigned int i = 0; i < list->count; i++)
		if (__atomic_fetch_sub(&list->mounts[i]->refcount, 1, __ATOMIC_ACQ_REL) == 1)
			mount_release(list->mounts[i]);
	uk_free(list->mounts);
	uk_free(list->name_buf);
}

typedef void (*show_mount)(struct mount_list *list, const struct mount *mount);

static void show_each_mount(struct seq *seq, show_mount show)
{
	struct mount_list list = {.seq = seq, .name_buf = uk_malloc(PATH_MAX)};

	if (list.name_buf)
		vfs_for_each_mount(collect_mount, &list);
	else
		seq->is_out_of_memory = true;
	for (unsigned int i = 0; i < list.count; i++)
		show(&list, list.mounts[i]);
	drop_mounts(&list);
}

static void show_mountpoint(struct mount_list *list, const struct mount *mount)
{
	const struct path at = {mount->parent, mount->mountpoint};
	char *name;

	if (!at.mount) {
		seq_puts(list->seq, "/");
		return;
	}
	name = vfs_path_name(&at, list->name_buf, PATH_MAX);
	seq_puts_escaped(list->seq, IS_ERR(name) ? "?" : name, " \t\n\\#");
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

static void show_mounts_line(struct mount_list *list, const struct mount *mount)
{
	seq_puts_escaped(list->seq, mount->source, " \t\n\\#");
	seq_puts(list->seq, " ");
	show_mountpoint(list, mount);
	seq_printf(list->seq, " %s ", mount->sb.type->name);
	show_mount_flags(list->seq, mount->flags);
	seq_puts(list->seq, " 0 0\n");
}

static void show_mountinfo_line(struct mount_list *list, const struct mount *mount)
{
	seq_printf(list->seq, "%u %u %u:%u / ", proc_mount_id(mount),
		   mount->parent ? proc_mount_id(mount->parent) : 1, uk_dev_major(mount->sb.dev),
		   uk_dev_minor(mount->sb.dev));
	show_mountpoint(list, mount);
	seq_puts(list->seq, " ");
	show_mount_flags(list->seq, mount->flags);
	seq_printf(list->seq, " - %s ", mount->sb.type->name);
	seq_puts_escaped(list->seq, mount->source, " \t\n\\#");
	seq_puts(list->seq, mount->flags & MS_RDONLY ? " ro\n" : " rw\n");
}

void show_mounts(struct seq *seq, const struct proc_ctx *ctx)
{
	show_each_mount(seq, show_mounts_line);
}

void show_mountinfo(struct seq *seq, const struct proc_ctx *ctx)
{
	show_each_mount(seq, show_mountinfo_line);
}
