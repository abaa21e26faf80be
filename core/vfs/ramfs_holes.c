/* SPDX-License-Identifier: BSD-3-Clause */
/* Holes of memory files: fallocate(2), and SEEK_DATA and SEEK_HOLE of lseek(2). */
#include <linux/falloc.h>
#include <linux/fs.h>
#include <uk/string.h>
#include "ramfs.h"
#include "vfs_internal.h"

/* Is there data at this page, and how far does it or the hole go? */
static bool is_data(const struct ramfs_file *file, uint64_t index)
{
	return index < ramfs_page_count(file->backing_bytes) || page_tree_find(&file->pages, index);
}

static loff_t seek_hole_or_data(struct ramfs_file *file, uint64_t offset, bool wants_data)
{
	uint64_t size = file->inode.size_bytes, index = offset >> UK_PAGE_SHIFT, start = index;

	if (wants_data && !is_data(file, index)) {
		if (!page_tree_next(&file->pages, &index))
			return -ENXIO;
	} else if (!wants_data) {
		while (index < ramfs_page_count(size) && is_data(file, index))
			index++;
	}
	if (index != start)
		offset = index << UK_PAGE_SHIFT;
	if (offset >= size)
		return wants_data ? -ENXIO : (loff_t)size;
	return (loff_t)offset;
}

loff_t ramfs_lseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file->inode;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return file_lseek_sized(file, offset, whence, inode->size_bytes);
	if (offset < 0 || (uint64_t)offset >= inode->size_bytes)
		return -ENXIO;
	offset = seek_hole_or_data(ramfs_file_of(inode), (uint64_t)offset, whence == SEEK_DATA);
	if (offset >= 0)
		file->pos = offset;
	return offset;
}

static int zero_part(struct ramfs_file *file, uint64_t start, uint64_t end)
{
	uint64_t index = start >> UK_PAGE_SHIFT;
	struct page *page = page_tree_find(&file->pages, index);
	int ret;

	if (start == end || !is_data(file, index))
		return 0;
	if (!page) {
		ret = ramfs_add_page(file, index, &page);
		if (ret)
			return ret;
	}
	memset((char *)page_address(page) + (start & (UK_PAGE_SIZE - 1)), 0, end - start);
	return 0;
}

/* Whole pages [first, last): the tree's are dropped, initrd data is covered with zeros. */
static int punch_pages(struct ramfs_file *file, uint64_t first, uint64_t last)
{
	uint64_t backed = ramfs_page_count(file->backing_bytes);
	struct page *page;
	int ret;

	if (first >= last)
		return 0;
	if (ramfs_is_mapped(file))
		vm_object_unmap(&file->object, first, last - first);
	page_tree_remove(&file->pages, first, last - 1, ramfs_drop_page, file);
	if (last >= backed) {
		ramfs_cut_backing(file, first << UK_PAGE_SHIFT);
		return 0;
	}
	for (; first < last; first++) {
		page = ramfs_alloc_page(file);
		if (IS_ERR(page))
			return (int)PTR_ERR(page);
		memset(page_address(page), 0, UK_PAGE_SIZE);
		ret = ramfs_insert_page(file, first, page);
		if (ret)
			return ret;
	}
	return 0;
}

static int punch_hole(struct ramfs_file *file, uint64_t start, uint64_t end)
{
	uint64_t first, last;
	int ret;

	end = UK_MIN(end, ramfs_page_count(file->inode.size_bytes) << UK_PAGE_SHIFT);
	if (start >= end)
		return 0;
	first = ramfs_page_count(start);
	last = end >> UK_PAGE_SHIFT;
	if (first > last)
		return zero_part(file, start, end);
	ret = zero_part(file, start, first << UK_PAGE_SHIFT);
	if (!ret)
		ret = zero_part(file, last << UK_PAGE_SHIFT, end);
	return ret ? ret : punch_pages(file, first, last);
}

/* --- allocation -------------------------------------------------------------------------- */

static uint64_t count_holes(const struct ramfs_file *file, uint64_t first, uint64_t last)
{
	uint64_t holes;

	first = UK_MAX(first, ramfs_page_count(file->backing_bytes));
	if (first >= last)
		return 0;
	holes = last - first;
	for (; page_tree_next(&file->pages, &first) && first < last; first++)
		holes--;
	return holes;
}

static uint64_t available_pages(const struct ramfs_file *file)
{
	const struct ramfs_quota *quota = file->inode.sb->priv;
	uint64_t spare = page_spare_count();

	if (quota && quota->max_pages)
		spare = UK_MIN(spare, quota->max_pages - quota->used_pages);
	return spare;
}

static void take_back(void *ctx, uint64_t index, struct page *page)
{
	struct ramfs_file *file = ctx;

	if (ramfs_is_mapped(file))
		vm_object_unmap(&file->object, index, 1);
	page_tree_remove(&file->pages, index, index, ramfs_drop_page, file);
}

static void keep(void *ctx, uint64_t index, struct page *page)
{
}

/* Pages [first, last) where there are holes: all of them or, on failure, none. */
static int fill_holes(struct ramfs_file *file, uint64_t first, uint64_t last)
{
	struct page_tree added = {NULL, 0};
	struct page *page;
	int ret = 0;

	if (count_holes(file, first, last) > available_pages(file))
		return -ENOSPC;
	for (; first < last && !ret; first++) {
		if (is_data(file, first))
			continue;
		ret = ramfs_add_page(file, first, &page);
		if (!ret) {
			ret = page_tree_insert(&added, first, page);
			if (ret)
				take_back(file, first, page);
		}
	}
	page_tree_remove(&added, 0, UINT64_MAX, ret ? take_back : keep, file);
	return ret == -ENOMEM ? -ENOSPC : ret;
}

static int allocate(struct ramfs_file *file, uint64_t start, uint64_t end, bool keep_size)
{
	struct inode *inode = &file->inode;
	int ret = file_growth_limit(inode, end); /* also for space that is only kept */

	if (ret)
		return ret;
	if (end > inode->size_bytes && file->seals & F_SEAL_GROW)
		return -EPERM;
	if (!keep_size && end > inode->size_bytes)
		ramfs_clear_tail(file, inode->size_bytes);
	ret = fill_holes(file, start >> UK_PAGE_SHIFT, ramfs_page_count(end));
	if (!ret && !keep_size && end > inode->size_bytes)
		inode->size_bytes = end;
	return ret;
}

int ramfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file->inode;
	struct ramfs_file *data = ramfs_file_of(inode);
	uint64_t start = (uint64_t)offset, end = start + (uint64_t)len;
	int ret;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	mutex_lock(&inode->lock);
	if (!(mode & FALLOC_FL_PUNCH_HOLE))
		ret = allocate(data, start, end, mode & FALLOC_FL_KEEP_SIZE);
	else if (data->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		ret = -EPERM;
	else
		ret = punch_hole(data, start, end);
	if (!ret)
		inode->mtime = inode->ctime = vfs_now();
	mutex_unlock(&inode->lock);
	return ret;
}
