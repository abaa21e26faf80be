/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Data of the memory filesystem: a page cache that is the only copy, over initrd bytes used in
 * place (ramfs.h has the rules).
 *
 * Locks: inode.lock for size, writes and truncation. get_page comes from page faults, under
 * vmspace.lock and possibly out of a write() that holds inode.lock: it takes no lock; nothing
 * in it sleeps, so on one CPU the tree is always whole.
 */
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "ramfs.h"
#include "vfs_internal.h"

#define RELATIME_SEC (24 * 60 * 60)

static inline bool is_mapped(const struct ramfs_file *file)
{
	return __atomic_load_n(&file->object.refcount, __ATOMIC_ACQUIRE) > 1;
}

static inline uint64_t page_count(uint64_t bytes)
{
	return (bytes >> UK_PAGE_SHIFT) + !!(bytes & (UK_PAGE_SIZE - 1));
}

/* --- pages --------------------------------------------------------------------------------- */

static int charge_page(struct ramfs_file *file)
{
	struct ramfs_quota *quota = file->inode.sb->priv;

	if (quota) {
		if (quota->max_pages && quota->used_pages >= quota->max_pages)
			return -ENOSPC;
		quota->used_pages++;
	}
	return 0;
}

static void uncharge_page(struct ramfs_file *file)
{
	struct ramfs_quota *quota = file->inode.sb->priv;

	if (quota)
		quota->used_pages--;
}

static void drop_page(void *ctx, uint64_t index, struct page *page)
{
	struct ramfs_file *file = ctx;

	if (index >= page_count(file->backing_bytes))
		file->inode.alloc_bytes -= UK_PAGE_SIZE;
	uncharge_page(file);
	page_put(page);
}

/* What the file holds at `index` without the tree, from byte `from` of the page on. */
static void fill_page(const struct ramfs_file *file, uint64_t index, struct page *page, size_t from)
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

/* A page of the file's own where there was none. Unless `fill`, its content is undefined. */
static int add_page(struct ramfs_file *file, uint64_t index, bool fill, struct page **out)
{
	bool is_hole = index >= page_count(file->backing_bytes);
	struct page *page;
	int ret = charge_page(file);

	if (ret)
		return ret;
	ret = -ENOMEM;
	page = page_alloc(0);
	if (!page)
		goto err_uncharge;
	if (fill)
		fill_page(file, index, page, 0);
	if (page_tree_insert(&file->pages, index, page))
		goto err_page;
	if (is_hole)
		file->inode.alloc_bytes += UK_PAGE_SIZE;
	else if (is_mapped(file))
		vm_object_unmap(&file->object, index, 1);
	*out = page;
	return 0;

err_page:
	page_put(page);
err_uncharge:
	uncharge_page(file);
	return ret;
}

/* A whole page of initrd data, as it lies there; NULL when it cannot be used in place. */
static struct page *page_in_place(const struct ramfs_file *file, uint64_t index)
{
	uint64_t start = index << UK_PAGE_SHIFT;
	const char *data = file->backing + start;

	if (start + UK_PAGE_SIZE > file->backing_bytes || !UK_IS_ALIGNED((uintptr_t)data, UK_PAGE_SIZE))
		return NULL;
	return page_of_foreign(ukarch_virt_to_phys(data));
}

static int get_page(struct vm_object *object, uint64_t index, bool for_write, struct page **out)
{
	struct ramfs_file *file = uk_container_of(object, struct ramfs_file, object);
	struct page *page;
	int ret;

	if (index >= page_count(file->inode.size_bytes))
		return -ERANGE;
	page = page_tree_find(&file->pages, index);
	if (!page && !for_write)
		page = page_in_place(file, index);
	if (!page) {
		ret = add_page(file, index, true, &page);
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

	page_tree_remove(&file->pages, 0, UINT64_MAX, drop_page, file);
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
	file->object = (struct vm_object){.ops = &ramfs_object_ops, .refcount = 1};
	file->pages = (struct page_tree){NULL, 0};
	file->backing = NULL;
	file->backing_bytes = 0;
	file->seals = F_SEAL_SEAL;
	file->has_writable_map = false;
	return &file->inode;
}

int ramfs_set_data(struct inode *inode, const void *data, size_t len_bytes)
{
	struct ramfs_file *file = ramfs_file_of(inode);

	if (inode->ops != &ramfs_file_inode_ops || file->pages.root)
		return -EINVAL;
	file->backing = data;
	file->backing_bytes = inode->size_bytes = len_bytes;
	inode->alloc_bytes = page_count(len_bytes) << UK_PAGE_SHIFT;
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
static void clear_tail(struct ramfs_file *file, uint64_t size)
{
	size_t offset = size & (UK_PAGE_SIZE - 1);
	struct page *page = offset ? page_tree_find(&file->pages, size >> UK_PAGE_SHIFT) : NULL;

	if (page)
		memset((char *)page_address(page) + offset, 0, UK_PAGE_SIZE - offset);
}

static void cut_backing(struct ramfs_file *file, uint64_t size)
{
	if (file->backing_bytes <= size)
		return;
	file->inode.alloc_bytes -= (page_count(file->backing_bytes) - page_count(size))
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
		clear_tail(file, old);
		inode->size_bytes = size;
	} else if (size < old) {
		if (file->seals & F_SEAL_SHRINK)
			return -EPERM;
		inode->size_bytes = size;
		if (is_mapped(file))
			vm_object_unmap(&file->object, first, page_count(old) - first);
		page_tree_remove(&file->pages, page_count(size), UINT64_MAX, drop_page, file);
		cut_backing(file, size);
		clear_tail(file, size);
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

/* Up to the end of one page. A page that will be overwritten as a whole is not filled first. */
static uk_ssize_t write_to_page(struct ramfs_file *file, struct uio *uio, uint64_t pos, size_t len)
{
	size_t offset = pos & (UK_PAGE_SIZE - 1);
	uint64_t index = pos >> UK_PAGE_SHIFT;
	struct page *page = page_tree_find(&file->pages, index);
	bool is_unfilled = false;
	uk_ssize_t moved;

	len = UK_MIN(len, UK_PAGE_SIZE - offset);
	if (!page) {
		int ret;

		is_unfilled = len == UK_PAGE_SIZE && !is_mapped(file);
		ret = add_page(file, index, !is_unfilled, &page);
		if (ret)
			return ret;
	}
	page_get(page);
	moved = uio_take(uio, (char *)page_address(page) + offset, len);
	if (uk_unlikely(is_unfilled && moved < (uk_ssize_t)len))
		fill_page(file, index, page, moved > 0 ? (size_t)moved : 0);
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
		clear_tail(data, inode->size_bytes);
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

/* --- holes --------------------------------------------------------------------------------- */

/* Is there data at this page, and how far does it or the hole go? */
static bool is_data(const struct ramfs_file *file, uint64_t index)
{
	return index < page_count(file->backing_bytes) || page_tree_find(&file->pages, index);
}

static loff_t seek_hole_or_data(struct ramfs_file *file, uint64_t offset, bool wants_data)
{
	uint64_t size = file->inode.size_bytes, index = offset >> UK_PAGE_SHIFT, start = index;

	if (wants_data && !is_data(file, index)) {
		if (!page_tree_next(&file->pages, &index))
			return -ENXIO;
	} else if (!wants_data) {
		while (index < page_count(size) && is_data(file, index))
			index++;
	}
	if (index != start)
		offset = index << UK_PAGE_SHIFT;
	if (offset >= size)
		return wants_data ? -ENXIO : (loff_t)size;
	return (loff_t)offset;
}

static loff_t ramfs_lseek(struct file *file, loff_t offset, int whence)
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
		ret = add_page(file, index, true, &page);
		if (ret)
			return ret;
	}
	memset((char *)page_address(page) + (start & (UK_PAGE_SIZE - 1)), 0, end - start);
	return 0;
}

/* Whole pages [first, last): the tree's are dropped, initrd data is covered with zeros. */
static int punch_pages(struct ramfs_file *file, uint64_t first, uint64_t last)
{
	uint64_t backed = page_count(file->backing_bytes);
	struct page *page;
	int ret;

	if (first >= last)
		return 0;
	if (is_mapped(file))
		vm_object_unmap(&file->object, first, last - first);
	page_tree_remove(&file->pages, first, last - 1, drop_page, file);
	if (last >= backed) {
		cut_backing(file, first << UK_PAGE_SHIFT);
		return 0;
	}
	for (; first < last; first++) {
		ret = add_page(file, first, false, &page);
		if (ret)
			return ret;
		memset(page_address(page), 0, UK_PAGE_SIZE);
	}
	return 0;
}

static int punch_hole(struct ramfs_file *file, uint64_t start, uint64_t end)
{
	uint64_t first, last;
	int ret;

	end = UK_MIN(end, page_count(file->inode.size_bytes) << UK_PAGE_SHIFT);
	if (start >= end)
		return 0;
	first = page_count(start);
	last = end >> UK_PAGE_SHIFT;
	if (first > last)
		return zero_part(file, start, end);
	ret = zero_part(file, start, first << UK_PAGE_SHIFT);
	if (!ret)
		ret = zero_part(file, last << UK_PAGE_SHIFT, end);
	return ret ? ret : punch_pages(file, first, last);
}

static int allocate(struct ramfs_file *file, uint64_t start, uint64_t end, bool keep_size)
{
	struct inode *inode = &file->inode;
	struct page *page;
	int ret;

	if (!keep_size && end > inode->size_bytes) {
		size_t growth = end - inode->size_bytes, allowed = growth;

		if (file->seals & F_SEAL_GROW)
			return -EPERM;
		ret = file_write_limit((loff_t)inode->size_bytes, &allowed);
		if (ret || allowed < growth)
			return -EFBIG;
		clear_tail(file, inode->size_bytes);
	}
	for (uint64_t i = start >> UK_PAGE_SHIFT; i < page_count(end); i++) {
		ret = is_data(file, i) ? 0 : add_page(file, i, true, &page);
		if (ret)
			return ret == -ENOMEM ? -ENOSPC : ret;
	}
	if (!keep_size && end > inode->size_bytes)
		inode->size_bytes = end;
	return 0;
}

static int ramfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
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

/* --- the rest of file_ops ------------------------------------------------------------------- */

static struct vm_object *ramfs_mmap(struct file *file, unsigned int prot, bool is_shared)
{
	struct ramfs_file *data = ramfs_file_of(file->inode);
	bool is_writable = is_shared && prot & 0x2; /* PROT_WRITE */

	if (is_writable && data->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return ERR_PTR(-EPERM);
	if (!is_mapped(data))
		data->has_writable_map = false;
	data->has_writable_map |= is_writable;
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
