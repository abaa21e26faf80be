/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The filesystem "initrd" (alias "extract"): a memory filesystem whose files start out as bytes of
 * the cpio archive that the boot loader left in memory. Nothing is unpacked; only names are made.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <uk/arch/paging.h>
#include <uk/cpio.h>
#include <uk/heap.h>
#include <uk/plat/bootinfo.h>
#include <uk/string.h>
#include <uk/vfs.h>
#include "rootfs.h"

#define UK_LOG_NAME "initrd: "
#include <uk/print.h>

/* Regular files with several names: the data may come with any of them. */
struct hard_link {
	SLIST_ENTRY(hard_link) link;
	uint32_t ino, dev_major, dev_minor;
	unsigned int archive;
	struct inode *inode;
};

struct populate {
	struct superblock *sb;
	SLIST_HEAD(, hard_link) links;
	/* The folder of the last entry: the next one is usually in it too. */
	const char *last_dir;
	size_t last_dir_len;
	struct dentry *last_parent;
	uint32_t newest; /* of all modification times */
};

/* A folder that the archive forgot. */
static struct dentry *add_dir(struct superblock *sb, struct dentry *parent, const char *name,
			      size_t len)
{
	return dentry_add_n(parent, name, len, ramfs_inode(sb, S_IFDIR | 0755, 0));
}

/* The folder that holds the entry; the missing ones on the way to it are made. */
static int find_parent(struct populate *p, const struct cpio_entry *e, struct dentry **parent)
{
	const char *part = e->name, *end = e->name + e->dir_len;
	struct dentry *dir = p->sb->root;

	if (p->last_parent && e->dir_len == p->last_dir_len &&
	    !memcmp(p->last_dir, e->name, e->dir_len)) {
		*parent = p->last_parent;
		return 0;
	}
	while (part < end) {
		size_t len = (size_t)((const char *)memchr(part, '/', (size_t)(end - part)) - part);
		struct dentry *child = dir;

		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		if (len && !(len == 1 && *part == '.')) {
			child = dentry_lookup_cached(dir, part, len);
			if (!child)
				child = add_dir(p->sb, dir, part, len);
		}
		if (!child)
			return -ENOMEM;
		if (!S_ISDIR(child->inode->mode))
			return -ENOTDIR;
		dir = child;
		part += len + 1;
	}
	p->last_dir = e->name;
	p->last_dir_len = e->dir_len;
	p->last_parent = *parent = dir;
	return 0;
}

static struct hard_link *find_link(struct populate *p, const struct cpio_entry *e)
{
	struct hard_link *link;

	SLIST_FOREACH (link, &p->links, link)
		if (link->ino == e->ino && link->dev_major == e->dev_major &&
		    link->dev_minor == e->dev_minor && link->archive == e->archive)
			return link;
	return NULL;
}

static struct inode *file_inode(struct populate *p, const struct cpio_entry *e)
{
	struct hard_link *link = e->nlink > 1 ? find_link(p, e) : NULL;
	struct inode *inode;

	if (link) {
		inode_get(link->inode);
		link->inode->nlink++;
		if (e->data_len)
			(void)ramfs_set_data(link->inode, e->data, e->data_len);
		return link->inode;
	}
	inode = ramfs_inode_over(p->sb, e->mode, e->data, e->data_len);
	if (!inode || e->nlink <= 1)
		return inode;
	link = uk_malloc(sizeof(*link));
	if (!link) {
		inode_put(inode);
		return NULL;
	}
	*link = (struct hard_link){.ino = e->ino,
				   .dev_major = e->dev_major,
				   .dev_minor = e->dev_minor,
				   .archive = e->archive,
				   .inode = inode};
	inode_get(inode); /* a later entry may take its name away */
	SLIST_INSERT_HEAD(&p->links, link, link);
	return inode;
}

static struct inode *make_inode(struct populate *p, const struct cpio_entry *e)
{
	if (S_ISREG(e->mode))
		return file_inode(p, e);
	if (S_ISLNK(e->mode))
		return ramfs_symlink_inode(p->sb, e->data, e->data_len);
	return ramfs_inode(p->sb, e->mode, uk_makedev(e->rdev_major, e->rdev_minor));
}

static void set_attributes(struct populate *p, struct inode *inode, const struct cpio_entry *e)
{
	inode->uid = e->uid;
	inode->gid = e->gid;
	inode->mtime = (struct timestamp){.sec = e->mtime};
	inode->atime = inode->ctime = inode->btime = inode->mtime;
	if (e->mtime > p->newest)
		p->newest = e->mtime;
}

static int check_entry(const struct cpio_entry *e)
{
	size_t base_len = e->name_len - e->dir_len;

	switch (e->mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFLNK:
		if (!e->data_len || e->data_len >= PATH_MAX || memchr(e->data, '\0', e->data_len))
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	return base_len > NAME_MAX ? -ENAMETOOLONG : 0;
}

/* The name is there: folders are merged, anything else gives way to what comes later. */
static int replace_old(struct populate *p, struct dentry *old, const struct cpio_entry *e)
{
	bool was_dir = S_ISDIR(old->inode->mode);

	if (was_dir && S_ISDIR(e->mode)) {
		old->inode->mode = e->mode;
		set_attributes(p, old->inode, e);
		return 1;
	}
	if (was_dir || S_ISDIR(e->mode))
		return -EEXIST;
	dentry_remove(old);
	return 0;
}

static int add_entry(struct populate *p, const struct cpio_entry *e)
{
	const char *base = e->name + e->dir_len;
	size_t len = e->name_len - e->dir_len;
	struct dentry *parent, *old;
	struct inode *inode;
	int ret = check_entry(e);

	if (ret)
		return ret;
	if (!len || (len == 1 && *base == '.')) /* "." : the root itself */
		return e->dir_len || !S_ISDIR(e->mode) ? -EINVAL
						       : replace_old(p, p->sb->root, e) < 0;
	ret = find_parent(p, e, &parent);
	if (ret)
		return ret;
	old = dentry_lookup_cached(parent, base, len);
	if (old) {
		ret = replace_old(p, old, e);
		if (ret)
			return UK_MIN(ret, 0);
	}
	inode = make_inode(p, e);
	if (!inode || !dentry_add_n(parent, base, len, inode))
		return -ENOMEM;
	set_attributes(p, inode, e);
	return 0;
}

static const char *entry_problem(int error)
{
	switch (error) {
	case -ENOMEM:
		return "out of memory";
	case -EEXIST:
		return "a folder cannot replace a file, nor a file a folder";
	case -ENOTDIR:
		return "its folder is a file";
	case -ENAMETOOLONG:
		return "a component has more than 255 bytes";
	default:
		return "not a type of file, or an impossible link";
	}
}

static int add_entries(struct populate *p, struct cpio_reader *reader)
{
	struct cpio_entry entry;
	const char *why;
	int ret;

	for (;;) {
		size_t start = reader->pos;

		ret = cpio_next(reader, &entry, &why);
		if (ret < 0)
			uk_pr_err("the archive is broken near byte %lu: %s\n", (unsigned long)start,
				  why);
		if (ret <= 0)
			return ret;
		ret = add_entry(p, &entry);
		if (ret) {
			uk_pr_err("entry '%.*s': %s\n", (int)UK_MIN(entry.name_len, 200UL),
				  entry.name, entry_problem(ret));
			return ret;
		}
	}
}

static int populate(struct superblock *sb, const void *archive, size_t len)
{
	struct populate p = {.sb = sb, .links = SLIST_HEAD_INITIALIZER(p.links)};
	struct cpio_reader reader;
	struct hard_link *link;
	struct timestamp newest;
	int ret;

	cpio_open(&reader, archive, len);
	ret = add_entries(&p, &reader);
	while ((link = SLIST_FIRST(&p.links))) {
		SLIST_REMOVE_HEAD(&p.links, link);
		inode_put(link->inode);
		uk_free(link);
	}
	/* What is made during the rest of boot is as old as the newest file. */
	newest = (struct timestamp){.sec = p.newest};
	vfs_stamp_at_boot(newest);
	if (!sb->root->inode->mtime.sec)
		sb->root->inode->mtime = sb->root->inode->ctime = newest;
	return ret;
}

static int initrd_mount(const char *source, unsigned int flags, const char *options,
			struct superblock *sb)
{
	const struct ukplat_bootinfo *boot = ukplat_bootinfo();
	int error;

	if (strcmp(source, "initrd0")) {
		uk_pr_err("no such initrd: '%s' (there is initrd0)\n", source);
		return -ENODEV;
	}
	if (!boot->initrd_len_bytes) {
		uk_pr_err("the machine was started without one\n");
		return -ENODEV;
	}
	error = ukarch_directmap_ensure(boot->initrd_base, boot->initrd_len_bytes);
	if (!error)
		error = ramfs_mount_empty(sb, options);
	if (error)
		return error;
	error = populate(sb, ukarch_phys_to_virt(boot->initrd_base), boot->initrd_len_bytes);
	if (error)
		ramfs_unmount(sb);
	return error;
}

const struct fs_type initrd_type = {
	.name = "initrd",
	.mount = initrd_mount,
	.unmount = ramfs_unmount,
	.statfs = ramfs_statfs,
};
