/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of the memory filesystem's files: the page cache that is the only copy, over initrd
 * bytes used in place (ramfs.h has the rules), and changes of size.
 *
 * Locks: inode.lock for the size. get_page comes from page faults, under vmspace.lock and
 * possibly out of a write() that holds inode.lock: it takes no lock; nothing in it sleeps, so
 * on one CPU the tree is always whole.
 */
#include <uk/heap.h>
#include <uk/string.h>
#include "ramfs.h"
#include "vfs_internal.h"

/* --- pages --------------------------------------------------------------------------------- */

static uint64_t pages_in_use;

uint64_t ramfs_pages_in_use(void)
{
	return __atomic_load_n(&pages_in_use, __ATOMIC_RELAXED);
}

static int charge_page(struct ramfs_file *file)
{
	struct ramfs_quota *quota = file->inode.sb->priv;

	if (quota) {
		if (quota->max_pages && quota->used_pages >= quota->max_pages)
			return -ENOSPC;
		quota->used_pages++;
	}
	__atomic_fetch_add(&pages_in_use, 1, __ATOMIC_RELAXED);
	return 0;
}

static void uncharge_page(struct ramfs_file *file)
{
	struct ramfs_quota *quota = file->inode.sb->priv;

	if (quota)
		quota->used_pages--;
	__atomic_fetch_sub(&pages_in_use, 1, __ATOMIC_RELAXED);
}

void ramfs_drop_page(void *ctx, uint64_t index, struct page *page)
{
	struct ramfs_file *file = ctx;

	if (index >= ramfs_page_count(file->backing_bytes))
		file->inode.alloc_bytes -= UK_PAGE_SIZE;
	uncharge_page(file);
	page_put(page);
}

void ramfs_fill_page(const struct ramfs_file *file, uint64_t index, struct page *page, size_t from)
{
	char *to = page_address(page);
	uint64_t start = (index << UK_PAGE_SHIFT) + from;
	size_t part = 0;

	if (start < file->backing_bytes) {
		part = UK_MIN(file->backing_bytes - start, UK_PAGE_SIZE - from);
		memcpy(to + from, file->backing + start, part);
	}
	if (from + part < UK_PAGE_SIZE)
		memset(to + from + part, 0, UK_PAGE_SIZE - from - part);
}

struct page *ramfs_alloc_page(struct ramfs_file *file)
{
	int ret = charge_page(file);
	struct page *page;

	if (ret)
		return ERR_PTR(ret);
	page = page_alloc(0);
	if (page)
		return page;
	uncharge_page(file);
	return ERR_PTR(-ENOMEM);
}

void ramfs_free_page(struct ramfs_file *file, struct page *page)
{
	uncharge_page(file);
	page_put(page);
}

int ramfs_insert_page(struct ramfs_file *file, uint64_t index, struct page *page)
{
	if (page_tree_insert(&file->pages, index, page)) {
		ramfs_free_page(file, page);
		return -ENOMEM;
	}
	if (index >= ramfs_page_count(file->backing_bytes))
		file->inode.alloc_bytes += UK_PAGE_SIZE;
	else if (ramfs_is_mapped(file))
		vm_object_unmap(&file->object, index, 1);
	return 0;
}

int ramfs_add_page(struct ramfs_file *file, uint64_t index, struct page **out)
{
	struct page *page = ramfs_alloc_page(file);

	if (IS_ERR(page))
		return (int)PTR_ERR(page);
	ramfs_fill_page(file, index, page, 0);
	*out = page;
	return ramfs_insert_page(file, index, page);
}

/* A whole page of initrd data, as it lies there; NULL when it cannot be used in place. */
static struct page *page_in_place(const struct ramfs_file *file, uint64_t index)
{
	uint64_t start = index << UK_PAGE_SHIFT;
	const char *data = file->backing + start;

	if (start + UK_PAGE_SIZE > file->backing_bytes ||
	    !UK_IS_ALIGNED((uintptr_t)data, UK_PAGE_SIZE))
		return NULL;
	return page_of_foreign(ukarch_virt_to_phys(data));
}

static int get_page(struct vm_object *object, uint64_t index, bool for_write, struct page **out)
{
	struct ramfs_file *file = uk_container_of(object, struct ramfs_file, object);
	struct page *page;
	int ret;

	if (index >= ramfs_page_count(file->inode.size_bytes))
		return -ERANGE;
	page = page_tree_find(&file->pages, index);
	if (!page && !for_write)
		page = page_in_place(file, index);
	if (!page) {
		ret = ramfs_add_page(file, index, &page);
		if (ret)
			return ret == -ENOSPC ? -EIO : ret;
	}
	page_get(page);
	*out = page;
	return 0;
}

static void object_release(struct vm_object *object)
{
	struct ramfs_file *file = uk_container_of(object, struct ramfs_file, object);

	page_tree_remove(&file->pages, 0, UINT64_MAX, ramfs_drop_page, file);
	uk_free(file);
}

static const struct vm_object_ops ramfs_object_ops = {
	.get_page = get_page,
	.release = object_release,
};

/* --- inodes -------------------------------------------------------------------------------- */

struct inode *ramfs_file_inode(struct superblock *sb, uint32_t mode)
{
	struct ramfs_file *file = uk_malloc(sizeof(*file));

	if (!file)
		return NULL;
	inode_init(&file->inode, sb, mode);
	file->inode.ops = &ramfs_file_inode_ops;
	file->inode.file_ops = &ramfs_file_ops;
	vm_object_init(&file->object, &ramfs_object_ops);
	file->pages = (struct page_tree){NULL, 0};
	file->backing = NULL;
	file->backing_bytes = 0;
	file->seals = F_SEAL_SEAL;
	return &file->inode;
}

int ramfs_set_data(struct inode *inode, const void *data, size_t len_bytes)
{
	struct ramfs_file *file = ramfs_file_of(inode);

	if (inode->ops != &ramfs_file_inode_ops || file->pages.root)
		return -EINVAL;
	file->backing = data;
	file->backing_bytes = inode->size_bytes = len_bytes;
	inode->alloc_bytes = ramfs_page_count(len_bytes) << UK_PAGE_SHIFT;
	return 0;
}

static void release_inode(struct inode *inode)
{
	struct ramfs_quota *quota = inode->sb->priv;

	if (quota)
		quota->used_inodes--;
	vm_object_put(&ramfs_file_of(inode)->object);
}

/* --- size ---------------------------------------------------------------------------------- */

/* Zeros behind the end: a program may have written there through a mapping. */
void ramfs_clear_tail(struct ramfs_file *file, uint64_t size)
{
	size_t offset = size & (UK_PAGE_SIZE - 1);
	struct page *page = offset ? page_tree_find(&file->pages, size >> UK_PAGE_SHIFT) : NULL;

	if (page)
		memset((char *)page_address(page) + offset, 0, UK_PAGE_SIZE - offset);
}

void ramfs_cut_backing(struct ramfs_file *file, uint64_t size)
{
	if (file->backing_bytes <= size)
		return;
	file->inode.alloc_bytes -= (ramfs_page_count(file->backing_bytes) - ramfs_page_count(size))
				   << UK_PAGE_SHIFT;
	file->backing_bytes = size;
}

static int resize(struct ramfs_file *file, uint64_t size)
{
	struct inode *inode = &file->inode;
	uint64_t old = inode->size_bytes, first = size >> UK_PAGE_SHIFT;

	if (size > old) {
		if (file->seals & F_SEAL_GROW)
			return -EPERM;
		ramfs_clear_tail(file, old);
		inode->size_bytes = size;
	} else if (size < old) {
		if (file->seals & F_SEAL_SHRINK)
			return -EPERM;
		inode->size_bytes = size;
		if (ramfs_is_mapped(file)) {
			vm_object_unmap(&file->object, first, 1);
			vm_object_cut(&file->object, ramfs_page_count(size));
		}
		page_tree_remove(&file->pages, ramfs_page_count(size), UINT64_MAX, ramfs_drop_page,
				 file);
		ramfs_cut_backing(file, size);
		ramfs_clear_tail(file, size);
	}
	inode->mtime = inode->ctime = vfs_now();
	return 0;
}

int ramfs_file_setattr(struct inode *inode, const struct inode_attr *attr)
{
	int ret = attr->valid & ATTR_SIZE ? resize(ramfs_file_of(inode), attr->size_bytes) : 0;

	if (!ret && attr->valid & ~ATTR_SIZE)
		inode_apply_attr(inode, attr);
	return ret;
}

const struct inode_ops ramfs_file_inode_ops = {
	.setattr = ramfs_file_setattr,
	.release = release_inode,
};
