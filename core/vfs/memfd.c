/* SPDX-License-Identifier: BSD-3-Clause */
/* Files without a name: memfd_create(2) with its seals, and memory shared by mapping only. */
#include <linux/memfd.h>
#include <uk/string.h>
#include <uk/vmspace.h>
#include "ramfs.h"
#include "vfs_internal.h"

#define PREFIX    "/memfd:"
#define SUFFIX    " (deleted)"
#define NAME_ROOM (NAME_MAX - (sizeof("memfd:") - 1)) /* memfd_create(2): 249 */

static struct inode *anon_file_inode(void)
{
	struct inode *inode = ramfs_file_inode(&vfs_anon_mount.sb, S_IFREG | 0777);

	if (inode)
		inode->nlink = 0;
	return inode;
}

struct file *memfd_create_file(const char *name, unsigned int flags)
{
	char text[sizeof(PREFIX) + NAME_MAX + sizeof(SUFFIX)];
	struct inode *inode;
	struct file *file;
	struct path path;

	if (flags & ~(unsigned int)(MFD_CLOEXEC | MFD_ALLOW_SEALING) || strlen(name) > NAME_ROOM)
		return ERR_PTR(-EINVAL); /* MFD_HUGETLB is missing */
	strlcpy(text, PREFIX, sizeof(text));
	strlcat(text, name, sizeof(text));
	strlcat(text, SUFFIX, sizeof(text));
	inode = anon_file_inode();
	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (flags & MFD_ALLOW_SEALING)
		ramfs_file_of(inode)->seals = 0;
	path = (struct path){&vfs_anon_mount, anon_dentry(text, inode)};
	if (!path.dentry)
		return ERR_PTR(-ENOMEM);
	path_get(&path);
	dentry_put(path.dentry);
	file = file_open_path(&path, O_RDWR | O_LARGEFILE);
	if (IS_ERR(file))
		path_put(&path);
	return file;
}

#define SEALS_ALL (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

static struct ramfs_file *sealable(const struct file *file)
{
	return file->inode && file->ops == &ramfs_file_ops ? ramfs_file_of(file->inode) : NULL;
}

static bool has_writable_mapping(const struct ramfs_file *data)
{
	const struct vma *vma;

	LIST_FOREACH (vma, &data->object.mappings, object_link)
		if (vma->flags & VMA_SHARED && vma->flags & VMA_MAYWRITE)
			return true;
	return false;
}

static void set_seals(struct ramfs_file *data, unsigned int seals)
{
	data->seals = seals;
	data->object.is_write_sealed = seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
}

int memfd_add_seals(struct file *file, unsigned int seals)
{
	struct ramfs_file *data = sealable(file);
	int ret = 0;

	if (!data || seals & ~(unsigned int)SEALS_ALL)
		return -EINVAL;
	if (!(file->mode & FILE_WRITE))
		return -EPERM;
	mutex_lock(&file->inode->lock);
	if (data->seals & F_SEAL_SEAL)
		ret = -EPERM;
	else if (seals & F_SEAL_WRITE && has_writable_mapping(data))
		ret = -EBUSY;
	else
		set_seals(data, data->seals | seals);
	mutex_unlock(&file->inode->lock);
	return ret;
}

int memfd_get_seals(struct file *file)
{
	struct ramfs_file *data = sealable(file);

	return data ? (int)data->seals : -EINVAL;
}

struct vm_object *shared_anon_object(uint64_t size_bytes)
{
	struct inode *inode = anon_file_inode();
	struct vm_object *object;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->size_bytes = size_bytes;
	object = &ramfs_file_of(inode)->object;
	vm_object_get(object);
	inode_put(inode);
	return object;
}
