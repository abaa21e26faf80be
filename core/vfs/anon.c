/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is outside every tree: dentries that carry a name and nothing else, and the one inode that
 * all event descriptors share; sockets have one each. The shared one and a dentry for each kind
 * stay once they were needed.
 */
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "vfs_internal.h"

static const struct inode_ops anon_inode_ops = {0};
static struct inode *anon_inode;

struct dentry *anon_dentry(const char *name, struct inode *inode)
{
	struct dentry *dentry = dentry_alloc(NULL, name, strlen(name));

	if (dentry)
		dentry_instantiate(dentry, inode);
	else
		inode_put(inode);
	return dentry;
}

/* Of no type: it can be looked at, and not be opened (ENXIO). */
static struct inode *shared_inode(void)
{
	if (!anon_inode) {
		anon_inode = uk_malloc(sizeof(*anon_inode));
		if (!anon_inode)
			return NULL;
		inode_init(anon_inode, &vfs_anon_mount.sb, 0600);
		anon_inode->ops = &anon_inode_ops;
	}
	return anon_inode;
}

static struct dentry *dentry_of(struct anon_kind *kind)
{
	struct inode *inode;

	if (kind->dentry)
		return kind->dentry;
	inode = shared_inode();
	if (!inode)
		return NULL;
	inode_get(inode);
	kind->dentry = anon_dentry(kind->name, inode);
	return kind->dentry;
}

static struct file *file_at(struct dentry *dentry, const struct file_ops *ops, unsigned int flags,
			    void *priv)
{
	struct file *file = file_alloc(ops, O_RDWR | flags, FILE_READ | FILE_WRITE);

	if (IS_ERR(file))
		return file;
	file->path = (struct path){&vfs_anon_mount, dentry};
	path_get(&file->path);
	file->inode = dentry->inode;
	inode_get(file->inode);
	file->priv = priv;
	return file;
}

struct file *anon_file_alloc(struct anon_kind *kind, const struct file_ops *ops, unsigned int flags,
			     void *priv)
{
	struct dentry *dentry = dentry_of(kind);

	return dentry ? file_at(dentry, ops, flags, priv) : ERR_PTR(-ENOMEM);
}

/* --- with an inode of its own ----------------------------------------------------------------- */

static struct dentry *own_dentry(const char *kind, uint32_t mode)
{
	struct inode *inode = uk_malloc(sizeof(*inode));
	char name[32];

	if (!inode)
		return NULL;
	inode_init(inode, &vfs_anon_mount.sb, mode);
	inode->ops = &anon_inode_ops;
	uk_snprintf(name, sizeof(name), "%s:[%lu]", kind, (unsigned long)inode->ino);
	return anon_dentry(name, inode);
}

struct file *anon_file_alloc_own(const char *kind, uint32_t mode, const struct file_ops *ops,
				 unsigned int flags, void *priv)
{
	struct dentry *dentry = own_dentry(kind, mode);
	struct file *file;

	if (!dentry)
		return ERR_PTR(-ENOMEM);
	file = file_at(dentry, ops, flags, priv);
	dentry_put(dentry);
	return file;
}
