/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptor tables. One block holds the slots and, behind them, the close-on-exec bits; it
 * doubles. `lowest_free` is a hint below which no slot is free, so the usual open/close costs
 * one step. Lookups take no lock: on one CPU nothing runs between the load and the get.
 *
 * A descriptor that is reserved has `reserved` in its slot. It is of FILE_PATH, so the fast ways of
 * looking one up pass it over without knowing it.
 */
#include <linux/errno.h>
#include <uk/heap.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/file.h>
#include <uk/filelock.h>

#define FDTABLE_FIRST_SIZE 64 /* a multiple of the bits in a long */
#define FDTABLE_MAX_SIZE   (1U << 20)
#define BITS_PER_LONG      (8 * sizeof(unsigned long))

static struct file reserved = {.refcount = 1, .mode = FILE_PATH};

static inline bool bit_get(const unsigned long *map, unsigned int bit)
{
	return map[bit / BITS_PER_LONG] >> bit % BITS_PER_LONG & 1;
}
static inline void bit_set(unsigned long *map, unsigned int bit, bool value)
{
	unsigned long mask = 1UL << bit % BITS_PER_LONG;

	if (value)
		map[bit / BITS_PER_LONG] |= mask;
	else
		map[bit / BITS_PER_LONG] &= ~mask;
}

/* Room for `size` slots (a power of two); what was there is kept. */
static int resize(struct fdtable *table, unsigned int size)
{
	size_t slots_bytes = size * sizeof(struct file *);
	struct file **files = uk_zalloc(slots_bytes + size / 8);
	unsigned long *cloexec;

	if (!files)
		return -ENOMEM;
	cloexec = (unsigned long *)((char *)files + slots_bytes);
	if (table->files) {
		memcpy(files, table->files, table->size * sizeof(struct file *));
		memcpy(cloexec, table->cloexec, table->size / 8);
		uk_free(table->files);
	}
	table->files = files;
	table->cloexec = cloexec;
	table->size = size;
	return 0;
}

/* Makes `fd` a valid index. */
static int make_room(struct fdtable *table, unsigned int fd)
{
	unsigned int size = table->size;

	if (uk_likely(fd < size))
		return 0;
	if (fd >= FDTABLE_MAX_SIZE)
		return -EMFILE;
	while (size <= fd)
		size *= 2;
	return resize(table, size);
}

struct fdtable *fdtable_create(void)
{
	struct fdtable *table = uk_zalloc(sizeof(*table));

	if (!table)
		return NULL;
	table->refcount = 1;
	mutex_init(&table->lock);
	if (resize(table, FDTABLE_FIRST_SIZE)) {
		uk_free(table);
		return NULL;
	}
	return table;
}

static struct file *take_out(struct fdtable *table, unsigned int fd)
{
	struct file *file = table->files[fd];

	table->files[fd] = NULL;
	bit_set(table->cloexec, fd, false);
	if (fd < table->lowest_free)
		table->lowest_free = fd;
	return file;
}

struct fdtable *fdtable_copy(struct fdtable *from)
{
	struct fdtable *table = fdtable_create();

	if (!table)
		return NULL;
	mutex_lock(&from->lock);
	if (from->size > table->size && resize(table, from->size)) {
		mutex_unlock(&from->lock);
		fdtable_put(table);
		return NULL;
	}
	memcpy(table->files, from->files, from->size * sizeof(struct file *));
	memcpy(table->cloexec, from->cloexec, from->size / 8);
	table->lowest_free = from->lowest_free;
	for (unsigned int fd = 0; fd < table->size; fd++)
		if (table->files[fd] == &reserved)
			take_out(table, fd); /* not of this table */
		else if (table->files[fd])
			file_get(table->files[fd]);
	mutex_unlock(&from->lock);
	return table;
}

struct file *fdtable_peek(const struct fdtable *table, int fd)
{
	struct file *file = (unsigned int)fd < table->size ? table->files[fd] : NULL;

	return file == &reserved ? NULL : file;
}

/* What close(2) does to the file behind a descriptor of `table`. */
static inline void close_file(struct fdtable *table, struct file *file)
{
	if (uk_unlikely(file->ops->flush != NULL))
		file->ops->flush(file);
	if (uk_unlikely(file->inode && file->inode->locks))
		filelock_release_owner(file->inode, table);
	file_put(file);
}

void fdtable_put(struct fdtable *table)
{
	if (__atomic_fetch_sub(&table->refcount, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	for (unsigned int fd = 0; fd < table->size; fd++)
		if (fdtable_peek(table, (int)fd))
			close_file(table, take_out(table, fd));
	uk_free(table->files);
	uk_free(table);
}

int fdtable_unshare(void)
{
	struct task *task = current;
	struct fdtable *shared = task->fdtable, *own;

	if (shared->refcount == 1)
		return 0;
	own = fdtable_copy(shared);
	if (!own)
		return -ENOMEM;
	task->fdtable = own;
	fdtable_put(shared);
	return 0;
}

void fdtable_close_on_exec(struct fdtable *table)
{
	for (unsigned int fd = 0; fd < table->size; fd++)
		if (fdtable_peek(table, (int)fd) && bit_get(table->cloexec, fd))
			close_file(table, take_out(table, fd));
}

struct file *file_get_fd(int fd)
{
	struct file *file = fdtable_peek(current->fdtable, fd);

	if (uk_unlikely(!file || file->mode & FILE_PATH))
		return NULL;
	file_get(file);
	return file;
}

struct file *file_get_fd_path(int fd)
{
	struct file *file = fdtable_peek(current->fdtable, fd);

	if (file)
		file_get(file);
	return file;
}

static unsigned int descriptor_limit(void)
{
	uint64_t limit = process_rlimit(RLIMIT_NOFILE);

	return limit < FDTABLE_MAX_SIZE ? (unsigned int)limit : FDTABLE_MAX_SIZE;
}

int fd_install(struct file *file, unsigned int min, bool cloexec)
{
	struct fdtable *table = current->fdtable;
	unsigned int fd;
	int ret;

	mutex_lock(&table->lock);
	fd = UK_MAX(min, table->lowest_free);
	while (fd < table->size && table->files[fd])
		fd++;
	ret = -EMFILE;
	if (fd >= descriptor_limit())
		goto out;
	ret = make_room(table, fd);
	if (ret)
		goto out;
	if (min <= table->lowest_free)
		table->lowest_free = fd + 1;
	bit_set(table->cloexec, fd, cloexec);
	table->files[fd] = file;
	ret = (int)fd;
out:
	mutex_unlock(&table->lock);
	return ret;
}

int fd_install_at(struct file *file, int fd, bool cloexec)
{
	struct fdtable *table = current->fdtable;
	struct file *old;
	int ret;

	if (fd < 0 || (unsigned int)fd >= descriptor_limit())
		return -EBADF;
	mutex_lock(&table->lock);
	ret = make_room(table, (unsigned int)fd);
	if (!ret && table->files[fd] == &reserved)
		ret = -EBUSY;
	if (ret) {
		mutex_unlock(&table->lock);
		return ret;
	}
	old = table->files[fd];
	table->files[fd] = file;
	bit_set(table->cloexec, (unsigned int)fd, cloexec);
	mutex_unlock(&table->lock);
	if (old)
		close_file(table, old);
	return fd;
}

int fd_reserve(bool cloexec)
{
	return fd_install(&reserved, 0, cloexec);
}

void fd_install_reserved(int fd, struct file *file)
{
	struct fdtable *table = current->fdtable;

	mutex_lock(&table->lock);
	table->files[fd] = file;
	mutex_unlock(&table->lock);
}

void fd_unreserve(int fd)
{
	struct fdtable *table = current->fdtable;

	mutex_lock(&table->lock);
	take_out(table, (unsigned int)fd);
	mutex_unlock(&table->lock);
}

int fd_close(int fd)
{
	struct fdtable *table = current->fdtable;
	struct file *file;

	mutex_lock(&table->lock);
	file = fdtable_peek(table, fd);
	if (file)
		take_out(table, (unsigned int)fd);
	mutex_unlock(&table->lock);
	if (!file)
		return -EBADF;
	close_file(table, file);
	return 0;
}

int fd_get_cloexec(int fd)
{
	struct fdtable *table = current->fdtable;

	return fdtable_peek(table, fd) ? bit_get(table->cloexec, (unsigned int)fd) : -EBADF;
}

int fd_set_cloexec(int fd, bool cloexec)
{
	struct fdtable *table = current->fdtable;

	if (!fdtable_peek(table, fd))
		return -EBADF;
	bit_set(table->cloexec, (unsigned int)fd, cloexec);
	return 0;
}

int fd_close_range(unsigned int first, unsigned int last, bool cloexec_only)
{
	struct fdtable *table = current->fdtable;

	if (first > last)
		return -EINVAL;
	for (unsigned int fd = first; fd < table->size && fd <= last; fd++) {
		if (!fdtable_peek(table, (int)fd))
			continue;
		if (cloexec_only)
			bit_set(table->cloexec, fd, true);
		else
			fd_close((int)fd);
	}
	return 0;
}

int fdtable_next_open(const struct fdtable *table, int fd)
{
	for (int i = fd < 0 ? 0 : fd; (unsigned int)i < table->size; i++)
		if (fdtable_peek(table, i))
			return i;
	return -1;
}
