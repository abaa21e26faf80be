/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The filesystem "initrd" (alias "extract"): a memory filesystem whose files start out as bytes of
 * the cpio archive that the boot loader left in memory. Nothing is unpacked; only names are made.
 */
#include <linux/errno.h>
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
	struct inode *inode;
};

struct populate {
	struct superblock *sb;
	SLIST_HEAD(, hard_link) links;
	/* The folder of the last entry: the next one is usually in it too. */
	const char *last_dir;
	size_t last_dir_len;
	struct dentry *last_parent;
};

static struct dentry *add_dir(struct superblock *sb, struct dentry *parent, const char *name,
			      size_t len, uint32_t mode)
{
	char text[256];

	if (len >= sizeof(text))
		return NULL;
	memcpy(text, name, len);
	text[len] = '\0';
	parent->inode->nlink++;
	return dentry_add(parent, text, ramfs_inode(sb, S_IFDIR | (mode & 07777), 0));
}

/* The folder that holds `name`; folders that the archive forgot appear with mode 755. */
static int find_parent(struct populate *p, const char *name, size_t len, struct dentry **parent,
		       const char **base)
{
	struct dentry *dir = p->sb->root;
	const char *end = name + len, *part = name, *slash;
	size_t dir_len = 0;

	for (const char *c = end; c > name; c--)
		if (c[-1] == '/') {
			dir_len = (size_t)(c - name);
			break;
		}
	*base = name + dir_len;
	if (p->last_parent && dir_len == p->last_dir_len && !memcmp(p->last_dir, name, dir_len)) {
		*parent = p->last_parent;
		return 0;
	}
	while ((slash = memchr(part, '/', (size_t)(end - part)))) {
		size_t part_len = (size_t)(slash - part);
		struct dentry *child = part_len ? dentry_lookup_cached(dir, part, part_len) : dir;

		if (!child)
			child = add_dir(p->sb, dir, part, part_len, 0755);
		if (!child)
			return -ENOMEM;
		if (!child->inode || !S_ISDIR(child->inode->mode))
			return -ENOTDIR;
		dir = child;
		part = slash + 1;
	}
	p->last_dir = name;
	p->last_dir_len = dir_len;
	p->last_parent = *parent = dir;
	return 0;
}

static struct hard_link *find_link(struct populate *p, const struct cpio_entry *e)
{
	struct hard_link *link;

	SLIST_FOREACH (link, &p->links, link)
		if (link->ino == e->ino && link->dev_major == e->dev_major &&
		    link->dev_minor == e->dev_minor)
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
	if (link) {
		*link = (struct hard_link){.ino = e->ino,
					   .dev_major = e->dev_major,
					   .dev_minor = e->dev_minor,
					   .inode = inode};
		SLIST_INSERT_HEAD(&p->links, link, link);
	}
	return inode;
}

static struct inode *make_inode(struct populate *p, const struct cpio_entry *e)
{
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		return file_inode(p, e);
	case S_IFLNK:
		return ramfs_symlink_inode(p->sb, e->data, e->data_len);
	case S_IFDIR:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return ramfs_inode(p->sb, e->mode, uk_makedev(e->rdev_major, e->rdev_minor));
	default:
		return ERR_PTR(-EINVAL);
	}
}

static void set_attributes(struct inode *inode, const struct cpio_entry *e)
{
	inode->uid = e->uid;
	inode->gid = e->gid;
	inode->mtime = (struct timestamp){.sec = e->mtime};
	inode->atime = inode->ctime = inode->mtime;
}

/* A later entry for a name wins; folders are shared. */
static int add_entry(struct populate *p, const struct cpio_entry *e)
{
	struct dentry *parent, *dentry;
	struct inode *inode;
	const char *base;
	char name[256];
	size_t len;
	int error;

	if (!e->name_len) { /* "." : the root itself */
		p->sb->root->inode->mode = S_IFDIR | (e->mode & 07777);
		return 0;
	}
	error = find_parent(p, e->name, e->name_len, &parent, &base);
	if (error)
		return error;
	len = (size_t)(e->name + e->name_len - base);
	if (!len || len >= sizeof(name))
		return -ENAMETOOLONG;
	dentry = dentry_lookup_cached(parent, base, len);
	if (dentry && dentry->inode) {
		if (S_ISDIR(dentry->inode->mode) && S_ISDIR(e->mode)) {
			dentry->inode->mode = e->mode;
			set_attributes(dentry->inode, e);
			return 0;
		}
		return -EEXIST;
	}
	memcpy(name, base, len);
	name[len] = '\0';
	inode = make_inode(p, e);
	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	if (!dentry_add(parent, name, inode))
		return -ENOMEM;
	set_attributes(inode, e);
	if (S_ISDIR(e->mode))
		parent->inode->nlink++;
	return 0;
}

static int populate(struct superblock *sb, const void *archive, size_t len)
{
	struct populate p = {.sb = sb, .links = SLIST_HEAD_INITIALIZER(p.links)};
	struct cpio_reader reader;
	struct cpio_entry entry;
	struct hard_link *link;
	const char *why;
	int ret;

	cpio_open(&reader, archive, len);
	while ((ret = cpio_next(&reader, &entry, &why)) > 0) {
		ret = add_entry(&p, &entry);
		if (ret) {
			uk_pr_err("entry '%.*s': %s\n", (int)UK_MIN(entry.name_len, 200UL), entry.name,
				  ret == -ENOMEM   ? "out of memory"
				  : ret == -EEXIST ? "the name is there already"
						   : "bad name or type");
			break;
		}
	}
	if (ret == -EINVAL && reader.pos < len)
		uk_pr_err("the archive is broken at byte %lu: %s\n", reader.pos, why);
	while ((link = SLIST_FIRST(&p.links))) {
		SLIST_REMOVE_HEAD(&p.links, link);
		uk_free(link);
	}
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
	if (!error)
		error = populate(sb, ukarch_phys_to_virt(boot->initrd_base), boot->initrd_len_bytes);
	return error;
}

const struct fs_type initrd_type = {
	.name = "initrd",
	.mount = initrd_mount,
	.unmount = ramfs_unmount,
	.statfs = ramfs_statfs,
};
const struct fs_type extract_type = {
	.name = "extract",
	.mount = initrd_mount,
	.unmount = ramfs_unmount,
	.statfs = ramfs_statfs,
};
