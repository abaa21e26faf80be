/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading and writing the memory filesystem's files. Writers hold inode.lock; readers hold a
 * reference to the page they copy from. Initrd data nobody changed is one run of bytes.
 */
#include <linux/mount.h>
#include <uk/string.h>
#include "ramfs.h"
#include "vfs_internal.h"

#define RELATIME_SEC (24 * 60 * 60)

/* --- reading ------------------------------------------------------------------------------- */

static inline bool is_later(struct timestamp a, struct timestamp b)
{
	return a.sec > b.sec || (a.sec == b.sec && a.nsec > b.nsec);
}

/* mount(2), MS_RELATIME: once after each change, and once a day. */
static void touch_atime(struct file *file, struct inode *inode)
{
	struct timestamp now;

	if (file->flags & O_NOATIME || inode->sb->flags & (MS_NOATIME | MS_RDONLY))
		return;
	now = vfs_now();
	if (!is_later(inode->atime, inode->mtime) || !is_later(inode->atime, inode->ctime) ||
	    now.sec - inode->atime.sec >= RELATIME_SEC)
		if (is_later(now, inode->atime))
			inode->atime = now;
}

/* Up to the end of one page. */
static uk_ssize_t read_from_page(struct ramfs_file *file, struct uio *uio, uint64_t pos, size_t len)
{
	size_t offset = pos & (UK_PAGE_SIZE - 1);
	struct page *page = page_tree_find(&file->pages, pos >> UK_PAGE_SHIFT);
	uk_ssize_t moved;

	len = UK_MIN(len, UK_PAGE_SIZE - offset);
	if (page) {
		page_get(page);
		moved = uio_put(uio, (char *)page_address(page) + offset, len);
		page_put(page);
		return moved;
	}
	if (pos < file->backing_bytes)
		return uio_put(uio, file->backing + pos, UK_MIN(len, file->backing_bytes - pos));
	return uio_put_zeros(uio, len);
}

static uk_ssize_t read_pages(struct ramfs_file *file, struct uio *uio, uint64_t pos, size_t len)
{
	size_t done = 0;

	while (done < len) {
		uk_ssize_t moved = read_from_page(file, uio, pos + done, len - done);

		if (moved <= 0)
			return done ? (uk_ssize_t)done : moved;
		done += (size_t)moved;
	}
	return (uk_ssize_t)done;
}

static uk_ssize_t ramfs_read(struct file *file, struct uio *uio, loff_t *pos)
{
	struct inode *inode = file->inode;
	struct ramfs_file *data = ramfs_file_of(inode);
	uint64_t at = (uint64_t)*pos;
	uk_ssize_t moved;
	size_t len;

	if (at >= inode->size_bytes)
		return 0;
	len = UK_MIN(uio->resid_bytes, inode->size_bytes - at);
	if (!data->pages.root && at + len <= data->backing_bytes)
		moved = uio_put(uio, data->backing + at, len);
	else
		moved = read_pages(data, uio, at, len);
	if (moved > 0) {
		*pos += moved;
		touch_atime(file, inode);
	}
	return moved;
}

/* --- writing ------------------------------------------------------------------------------- */

/*
 * A whole page where there is none is not filled first, so nobody may see it before it is. A fault
 * on the program's side may bring in one at the same place meanwhile: that one stays.
 */
static uk_ssize_t write_new_page(struct ramfs_file *file, struct uio *uio, uint64_t index)
{
	struct page *page = ramfs_alloc_page(file), *there;
	uk_ssize_t moved;
	int ret;

	if (IS_ERR(page))
		return PTR_ERR(page);
	moved = uio_take(uio, page_address(page), UK_PAGE_SIZE);
	there = page_tree_find(&file->pages, index);
	if (uk_unlikely(moved <= 0 || there)) {
		if (moved > 0)
			memcpy(page_address(there), page_address(page), (size_t)moved);
		ramfs_free_page(file, page);
		return moved;
	}
	if (uk_unlikely((size_t)moved < UK_PAGE_SIZE))
		ramfs_fill_page(file, index, page, (size_t)moved);
	ret = ramfs_insert_page(file, index, page);
	return ret ? ret : moved;
}

/* Up to the end of one page. */
static uk_ssize_t write_to_page(struct ramfs_file *file, struct uio *uio, uint64_t pos, size_t len)
{
	size_t offset = pos & (UK_PAGE_SIZE - 1);
	uint64_t index = pos >> UK_PAGE_SHIFT;
	struct page *page = page_tree_find(&file->pages, index);
	uk_ssize_t moved;
	int ret;

	len = UK_MIN(len, UK_PAGE_SIZE - offset);
	if (!page) {
		if (len == UK_PAGE_SIZE)
			return write_new_page(file, uio, index);
		ret = ramfs_add_page(file, index, &page);
		if (ret)
			return ret;
	}
	page_get(page);
	moved = uio_take(uio, (char *)page_address(page) + offset, len);
	page_put(page);
	return moved;
}

static int check_write(struct ramfs_file *file, uint64_t pos, size_t *len)
{
	if (uk_unlikely(file->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return -EPERM;
	if (uk_unlikely(file->seals & F_SEAL_GROW && pos + *len > file->inode.size_bytes))
		return -EPERM;
	return file_write_limit((loff_t)pos, len);
}

static uk_ssize_t write_pages(struct ramfs_file *file, struct uio *uio, uint64_t pos, size_t len)
{
	size_t done = 0;

	while (done < len) {
		uk_ssize_t moved = write_to_page(file, uio, pos + done, len - done);

		if (moved <= 0)
			return done ? (uk_ssize_t)done : moved;
		done += (size_t)moved;
	}
	return (uk_ssize_t)done;
}

static uk_ssize_t ramfs_write(struct file *file, struct uio *uio, loff_t *pos)
{
	struct inode *inode = file->inode;
	struct ramfs_file *data = ramfs_file_of(inode);
	size_t len = uio->resid_bytes;
	uk_ssize_t moved = 0;
	uint64_t at;

	if (!len)
		return 0;
	mutex_lock(&inode->lock);
	at = file->flags & O_APPEND ? inode->size_bytes : (uint64_t)*pos;
	moved = check_write(data, at, &len);
	if (moved)
		goto out;
	if (at > inode->size_bytes)
		ramfs_clear_tail(data, inode->size_bytes);
	moved = write_pages(data, uio, at, len);
	if (moved <= 0)
		goto out;
	at += (uint64_t)moved;
	if (at > inode->size_bytes)
		inode->size_bytes = at;
	*pos = (loff_t)at;
	inode->mtime = inode->ctime = vfs_now();
out:
	mutex_unlock(&inode->lock);
	return moved;
}

/* --- the rest of file_ops ------------------------------------------------------------------- */

static struct vm_object *ramfs_mmap(struct file *file, unsigned int prot, bool is_shared)
{
	struct ramfs_file *data = ramfs_file_of(file->inode);

	vm_object_get(&data->object);
	return &data->object;
}

static int ramfs_fsync(struct file *file, bool data_only)
{
	return 0;
}

const struct file_ops ramfs_file_ops = {
	.read = ramfs_read,
	.write = ramfs_write,
	.lseek = ramfs_lseek,
	.mmap = ramfs_mmap,
	.fsync = ramfs_fsync,
	.fallocate = ramfs_fallocate,
};
