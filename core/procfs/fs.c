/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The filesystems `proc` and `sysfs`: names out of the table, processes, threads and
 * descriptors out of the live objects. Mounting makes the root only; every other inode is made
 * by a lookup and dies with its last user (superblock.keeps_lookups is off).
 *
 * A readdir cookie counts: 0 ".", 1 "..", from 2 on the rows of the table, from COOKIE_LIVE on
 * the live entries by their number.
 */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/magic.h>
#include <uk/assert.h>
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/string.h>
#include <uk/task.h>
#include "procfs_internal.h"

#define COOKIE_FIRST_ROW 2
#define COOKIE_LIVE      0x10000
#define MAX_ADDED        16
#define DT_OF(mode)      (((mode)&S_IFMT) >> 12)

static struct {
	const char *name;
	void (*show)(struct seq *seq);
} added[MAX_ADDED];
static unsigned int added_count;

int procfs_add(const char *name, void (*show)(struct seq *seq))
{
	if (added_count == MAX_ADDED)
		return -ENOSPC;
	added[added_count].name = name;
	added[added_count++].show = show;
	return 0;
}

void proc_show_added(struct seq *seq, const struct proc_ctx *ctx)
{
	added[ctx->fd].show(seq);
}

/* --- inodes ------------------------------------------------------------------------------ */

static const struct inode_ops dir_inode_ops, file_inode_ops;
static const struct file_ops dir_file_ops;
static const struct fs_type proc_type;

/* What a name in a directory leads to. */
struct target {
	const struct proc_entry *entry;
	enum proc_dir dir;
	uint16_t mode;
	int pid, tid, fd;
	bool is_thread;
};

#define ROWS_MAX 1024 /* more than there are rows */

/* The same name has the same number at every lookup. */
static uint64_t inode_number(const struct target *target)
{
	uint64_t row =
		((uintptr_t)target->entry - (uintptr_t)proc_entries) / sizeof(*target->entry);

	if (row >= proc_entry_count)
		row = ROWS_MAX - 1; /* a root, a process, a descriptor: told apart below */
	return 1 + row + (uint64_t)(unsigned int)(target->fd + 1) * ROWS_MAX +
	       ((uint64_t)target->dir << 56) + ((uint64_t)(unsigned int)target->tid << 34);
}

static struct inode *make_inode(struct superblock *sb, const struct target *target)
{
	struct proc_inode *pi = uk_malloc(sizeof(*pi));
	struct inode *inode = &pi->inode;
	struct process *process;

	if (!pi)
		return NULL;
	inode_init(inode, sb, target->mode);
	inode->ino = inode_number(target);
	pi->entry = target->entry;
	pi->dir = target->dir;
	pi->pid = target->pid;
	pi->tid = target->tid;
	pi->fd = target->fd;
	pi->is_thread = target->is_thread;
	if (S_ISDIR(target->mode)) {
		inode->ops = &dir_inode_ops;
		inode->file_ops = &dir_file_ops;
	} else if (S_ISLNK(target->mode)) {
		inode->ops = &proc_link_inode_ops;
	} else {
		inode->ops = &file_inode_ops;
		inode->file_ops = &proc_file_ops;
		if (target->entry->dir == PROC_FILE_MEMORY)
			inode->file_ops = &proc_mem_ops;
	}
	process = pi->pid ? process_find(pi->pid) : NULL;
	if (process) {
		inode->uid = process->creds.euid;
		inode->gid = process->creds.egid;
	}
	proc_apply_changes(inode);
	return inode;
}

void proc_inode_release(struct inode *inode)
{
	uk_free(proc_inode(inode));
}

/* --- lookup ------------------------------------------------------------------------------ */

/* A decimal number without leading zeros that fits an int; -1 otherwise. */
static int parse_number(const char *name)
{
	uint64_t number;

	if ((name[0] == '0' && name[1]) || uk_parse_u64(name, 10, &number) || number > INT32_MAX)
		return -1;
	return (int)number;
}

static int find_row(const struct proc_inode *dir, const char *name, struct target *target)
{
	for (unsigned int i = 0; i < proc_entry_count; i++) {
		const struct proc_entry *entry = &proc_entries[i];

		if (!(entry->in & PROC_IN(dir->dir)) || strcmp(entry->name, name))
			continue;
		target->entry = entry;
		target->dir = (enum proc_dir)entry->dir;
		target->mode = entry->mode;
		return 0;
	}
	return -ENOENT;
}

static int find_added(const char *name, struct target *target)
{
	for (unsigned int i = 0; i < added_count; i++) {
		if (strcmp(added[i].name, name))
			continue;
		target->entry = &proc_added_entry;
		target->mode = proc_added_entry.mode;
		target->fd = (int)i;
		return 0;
	}
	return -ENOENT;
}

/* As on Linux the number of any thread is good, though only those of processes are listed. */
static int find_process(int id, struct target *target)
{
	int pid = proc_pid_of(id);

	if (pid < 0)
		return -ENOENT;
	target->dir = DIR_PID;
	target->mode = S_IFDIR | 0555;
	target->pid = pid;
	target->tid = id;
	return 0;
}

static int find_thread(const struct proc_inode *dir, int tid, struct target *target)
{
	if (!proc_has_thread(dir->pid, tid))
		return -ENOENT;
	target->dir = DIR_TID;
	target->mode = S_IFDIR | 0555;
	target->tid = tid;
	target->is_thread = true;
	return 0;
}

static int find_descriptor(const struct proc_inode *dir, int fd, struct target *target)
{
	struct file *file = fd < 0 ? NULL : proc_file_get(dir->pid, dir->tid, fd);

	if (!file)
		return -ENOENT;
	target->entry = dir->dir == DIR_FD ? &proc_fd_entry : &proc_fdinfo_entry;
	target->mode = target->entry->mode;
	if (dir->dir == DIR_FD)
		target->mode |=
			(file->mode & FILE_READ ? 0500 : 0) | (file->mode & FILE_WRITE ? 0300 : 0);
	target->fd = fd;
	file_put(file);
	return 0;
}

static int find_interface(const char *name, struct target *target)
{
	int index = proc_net_index(name);

	if (!index)
		return -ENOENT;
	target->dir = DIR_NET_IF;
	target->mode = S_IFDIR | 0555;
	target->fd = index;
	return 0;
}

/* Below an interface everything is about that one. */
static int index_below(const struct proc_inode *dir)
{
	return dir->dir == DIR_NET_IF || dir->dir == DIR_NET_IF_STATISTICS ? dir->fd : -1;
}

static int find(const struct proc_inode *dir, const char *name, struct target *target)
{
	*target = (struct target){
		.pid = dir->pid,
		.tid = dir->tid,
		.fd = index_below(dir),
		.is_thread = dir->is_thread,
	};
	if (!find_row(dir, name, target))
		return 0;
	switch (dir->dir) {
	case DIR_ROOT:
		return find_process(parse_number(name), target);
	case DIR_TASK:
		return find_thread(dir, parse_number(name), target);
	case DIR_FD:
	case DIR_FDINFO:
		return find_descriptor(dir, parse_number(name), target);
	case DIR_NARTHEX:
		return find_added(name, target);
	case DIR_CLASS_NET:
		return find_interface(name, target);
	default:
		return -ENOENT;
	}
}

static int proc_lookup(struct inode *dir, struct dentry *dentry)
{
	struct target target;
	struct inode *inode;
	int error = find(proc_inode(dir), dentry->name, &target);

	if (error)
		return error;
	inode = make_inode(dir->sb, &target);
	if (!inode)
		return -ENOMEM;
	dentry_instantiate(dentry, inode);
	return 0;
}

/* --- readdir ----------------------------------------------------------------------------- */

struct listing {
	struct file *file;
	struct dirent_sink *sink;
	const struct proc_inode *dir;
};

static bool emit(struct listing *list, const char *name, const struct target *target,
		 uint64_t next_cookie)
{
	if (!list->sink->emit(list->sink, name, strlen(name), inode_number(target), next_cookie,
			      DT_OF(target->mode)))
		return false;
	list->file->readdir_cookie = next_cookie;
	return true;
}

static bool emit_dots(struct listing *list)
{
	struct target self = {.dir = list->dir->dir,
			      .mode = S_IFDIR,
			      .pid = list->dir->pid,
			      .tid = list->dir->tid,
			      .fd = index_below(list->dir),
			      .entry = list->dir->entry};

	if (list->file->readdir_cookie == 0 && !emit(list, ".", &self, 1))
		return false;
	return list->file->readdir_cookie != 1 || emit(list, "..", &self, COOKIE_FIRST_ROW);
}

static bool emit_rows(struct listing *list)
{
	uint64_t cookie = list->file->readdir_cookie;

	for (; cookie - COOKIE_FIRST_ROW < proc_entry_count; cookie++) {
		const struct proc_entry *entry = &proc_entries[cookie - COOKIE_FIRST_ROW];
		struct target target = {.entry = entry,
					.dir = (enum proc_dir)entry->dir,
					.mode = entry->mode,
					.pid = list->dir->pid,
					.tid = list->dir->tid,
					.fd = index_below(list->dir)};

		if ((entry->in & PROC_IN(list->dir->dir)) &&
		    !emit(list, entry->name, &target, cookie + 1))
			return false;
	}
	if (list->file->readdir_cookie < COOKIE_LIVE)
		list->file->readdir_cookie = COOKIE_LIVE;
	return true;
}

/* The lowest live number >= `from` in this directory, or -1. */
static int next_live(const struct proc_inode *dir, int from)
{
	switch (dir->dir) {
	case DIR_ROOT:
		return process_next_pid(from);
	case DIR_NARTHEX:
		return from < (int)added_count ? from : -1;
	case DIR_CLASS_NET:
		return proc_net_next(from);
	case DIR_TASK:
		return proc_next_tid(dir->pid, from);
	case DIR_FD:
	case DIR_FDINFO:
		return proc_next_fd(dir->pid, dir->tid, from);
	default:
		return -1;
	}
}

static void emit_live(struct listing *list)
{
	for (;;) {
		int from = (int)(list->file->readdir_cookie - COOKIE_LIVE);
		int number = next_live(list->dir, from);
		char text[PROC_NET_NAME_MAX];
		const char *name = text;
		struct target target;

		if (number < 0)
			return;
		if (list->dir->dir == DIR_NARTHEX)
			name = added[number].name;
		else if (list->dir->dir == DIR_CLASS_NET)
			proc_net_name(number, text);
		else
			uk_snprintf(text, sizeof(text), "%d", number);
		/* Gone meanwhile: the next one. */
		if (find(list->dir, name, &target))
			list->file->readdir_cookie = COOKIE_LIVE + (uint64_t)number + 1;
		else if (!emit(list, name, &target, COOKIE_LIVE + (uint64_t)number + 1))
			return;
	}
}

static int proc_readdir(struct file *file, struct dirent_sink *sink)
{
	struct listing list = {file, sink, proc_inode(file->inode)};

	if (emit_dots(&list) && emit_rows(&list))
		emit_live(&list);
	return 0;
}

static loff_t proc_dir_lseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += (loff_t)file->readdir_cookie;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0 || offset > COOKIE_LIVE + (loff_t)INT32_MAX)
		return -EINVAL;
	file->readdir_cookie = (uint64_t)offset;
	file->pos = offset;
	return offset;
}

/* --- operations -------------------------------------------------------------------------- */

/* A name that is not there cannot come into being. In /proc that shows as for a name that is only
 * looked for, in /sys as a lack of permission. */
static int refuse(const struct inode *dir)
{
	return dir->sb->type == &proc_type ? -ENOENT : -EPERM;
}

static int proc_create(struct inode *dir, struct dentry *dentry, uint32_t mode, uint64_t rdev)
{
	int error = refuse(dir);

	return error == -EPERM && S_ISREG(mode) ? -EACCES : error; /* open(2) */
}

static int proc_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	return refuse(dir);
}

static int proc_link(struct inode *inode, struct inode *dir, struct dentry *dentry)
{
	return refuse(dir);
}

static int proc_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		       struct dentry *new_dentry, unsigned int flags)
{
	return new_dentry->inode ? -EPERM : refuse(new_dir);
}

static const struct inode_ops dir_inode_ops = {
	.lookup = proc_lookup,
	.create = proc_create,
	.symlink = proc_symlink,
	.link = proc_link,
	.rename = proc_rename,
	.setattr = proc_setattr,
	.release = proc_inode_release,
};
static const struct inode_ops file_inode_ops = {
	.open = proc_file_open,
	.setattr = proc_setattr,
	.release = proc_inode_release,
};
static const struct file_ops dir_file_ops = {
	.readdir = proc_readdir,
	.lseek = proc_dir_lseek,
};

struct process *procfs_process(const struct file *file)
{
	const struct proc_inode *pi;

	if (file->ops != &dir_file_ops)
		return NULL;
	pi = proc_inode(file->inode);
	return pi->dir == DIR_PID ? process_find(pi->pid) : NULL;
}

/* --- filesystem types -------------------------------------------------------------------- */

static int mount_root(struct superblock *sb, enum proc_dir dir)
{
	const struct target target = {.dir = dir, .mode = S_IFDIR | 0555, .fd = -1};
	struct inode *inode = make_inode(sb, &target);

	if (!inode)
		return -ENOMEM;
	sb->root = dentry_alloc(NULL, "/", 1);
	if (!sb->root) {
		inode_put(inode);
		return -ENOMEM;
	}
	dentry_instantiate(sb->root, inode);
	return 0;
}

static int proc_mount(const char *source, unsigned int flags, const char *options,
		      struct superblock *sb)
{
	return mount_root(sb, DIR_ROOT);
}

static int sysfs_mount(const char *source, unsigned int flags, const char *options,
		       struct superblock *sb)
{
	return mount_root(sb, DIR_SYSFS);
}

static void proc_unmount(struct superblock *sb)
{
	dentry_put(sb->root);
}

static void fill_statfs(struct statfs *out, long magic)
{
	*out = (struct statfs){.f_type = magic,
			       .f_bsize = UK_PAGE_SIZE,
			       .f_frsize = UK_PAGE_SIZE,
			       .f_namelen = NAME_MAX};
}

static int proc_statfs(struct superblock *sb, struct statfs *out)
{
	fill_statfs(out, PROC_SUPER_MAGIC);
	return 0;
}

static int sysfs_statfs(struct superblock *sb, struct statfs *out)
{
	fill_statfs(out, SYSFS_MAGIC);
	return 0;
}

static const struct fs_type proc_type = {
	.name = "proc",
	.mount = proc_mount,
	.unmount = proc_unmount,
	.statfs = proc_statfs,
};
static const struct fs_type sysfs_type = {
	.name = "sysfs",
	.mount = sysfs_mount,
	.unmount = proc_unmount,
	.statfs = sysfs_statfs,
};

int procfs_init(void)
{
	fs_register(&proc_type);
	fs_register(&sysfs_type);
	return 0;
}
