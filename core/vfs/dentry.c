/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dentry cache: one hash over (parent, name), chained, doubling as it fills.
 *
 * Three kinds live in it: pinned ones (memory filesystems: the only record of a name), ones in
 * use, and unused ones (refcount 0) on the LRU list, of which DENTRY_LRU_MAX are kept.
 * Locks: vfs_tree_lock for hash, siblings and eviction. dentry_revive() and dentry_retire() may
 * come without it; they only move a dentry onto or off the LRU list and never sleep before
 * that is done.
 */
#include <uk/assert.h>
#include <uk/fsnotify.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "vfs_internal.h"

#define DENTRY_TABLE_FIRST 64 /* buckets, before the first growth */
#define DENTRY_LRU_MAX     512

static struct dentry_bucket first_table[DENTRY_TABLE_FIRST];
struct dentry_bucket *dentry_table = first_table;
unsigned int dentry_table_mask = DENTRY_TABLE_FIRST - 1;
static unsigned int attached_count;
static uint64_t last_cookie = 2; /* 0 and 1 are "." and ".." */
static TAILQ_HEAD(dentry_lru, dentry) lru = TAILQ_HEAD_INITIALIZER(lru);
static unsigned int lru_count;

struct name_part name_part_of(const struct dentry *parent, const char *name, size_t len)
{
	struct name_part part = {.name = name, .len = (unsigned int)len};
	size_t end = name_last_word_at(len);
	uint64_t hash = name_hash_start(parent);

	for (size_t i = 0; i < end; i += 8)
		hash = name_hash_add(hash, name_word(name + i));
	memcpy(&part.last_word, name + end, len - end);
	part.hash = (unsigned int)name_hash_add(hash, part.last_word);
	return part;
}

/* Into name_stored_bytes(len), the last word filled up with zeros. */
static void store_name(struct dentry *dentry, const char *name, unsigned int len)
{
	memset(dentry->name + name_last_word_at(len), 0, 8);
	memcpy(dentry->name, name, len);
	dentry->name_len = (uint16_t)len;
}

struct dentry *dentry_lookup_cached(struct dentry *parent, const char *name, size_t len)
{
	struct name_part part = name_part_of(parent, name, len);

	return dentry_find(parent, &part);
}

/* Fails quietly: longer chains are slower, not wrong. */
static void table_grow(void)
{
	unsigned int size = (dentry_table_mask + 1) * 2;
	struct dentry_bucket *old = dentry_table, *table = uk_calloc(size, sizeof(*table));
	unsigned int old_mask = dentry_table_mask;

	if (!table)
		return;
	dentry_table = table;
	dentry_table_mask = size - 1;
	for (unsigned int i = 0; i <= old_mask; i++) {
		struct dentry *dentry;

		while ((dentry = LIST_FIRST(&old[i]))) {
			LIST_REMOVE(dentry, hash_link);
			LIST_INSERT_HEAD(dentry_bucket_of(dentry->hash), dentry, hash_link);
		}
	}
	if (old != first_table)
		uk_free(old);
}

static void hash_insert(struct dentry *dentry)
{
	LIST_INSERT_HEAD(dentry_bucket_of(dentry->hash), dentry, hash_link);
	if (++attached_count > 2 * dentry_table_mask)
		table_grow();
}

static void hash_remove(struct dentry *dentry)
{
	LIST_REMOVE(dentry, hash_link);
	dentry->hash_link.le_prev = NULL;
	attached_count--;
}

static void siblings_insert(struct dentry *dentry)
{
	dentry->cookie = ++last_cookie;
	TAILQ_INSERT_TAIL(&dentry->parent->children, dentry, sibling_link);
}

static void siblings_remove(struct dentry *dentry)
{
	TAILQ_REMOVE(&dentry->parent->children, dentry, sibling_link);
}

struct dentry *dentry_alloc_detached(struct dentry *parent, const struct name_part *part)
{
	struct dentry *dentry;

	if (parent)
		dentry_get(parent); /* a walk stands on it without a reference */
	if (uk_unlikely(lru_count > DENTRY_LRU_MAX))
		dentry_shrink(DENTRY_LRU_MAX * 3 / 4);
	dentry = uk_malloc(sizeof(*dentry) + name_stored_bytes(part->len));
	if (!dentry) {
		if (parent)
			dentry_put(parent);
		return NULL;
	}
	dentry->refcount = 1;
	dentry->hash = part->hash;
	dentry->inode = NULL;
	dentry->parent = parent ? parent : dentry;
	dentry->mounted = NULL;
	dentry->hash_link.le_prev = NULL;
	TAILQ_INIT(&dentry->children);
	dentry->cookie = 0;
	dentry->is_pinned = dentry->is_deleted = dentry->is_plain = false;
	dentry->name = dentry->inline_name;
	store_name(dentry, part->name, part->len);
	return dentry;
}

void dentry_attach(struct dentry *dentry)
{
	siblings_insert(dentry);
	hash_insert(dentry);
	if (dentry->inode)
		fsnotify_named_in(dentry->parent->inode, dentry->inode);
}

struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t len)
{
	struct name_part part = name_part_of(parent, name, len);
	struct dentry *dentry = dentry_alloc_detached(parent, &part);

	if (dentry && parent)
		dentry_attach(dentry);
	return dentry;
}

struct dentry *dentry_add_n(struct dentry *parent, const char *name, size_t len,
			    struct inode *inode)
{
	struct dentry *dentry;

	if (!inode)
		return NULL;
	dentry = dentry_alloc(parent, name, len);
	if (!dentry) {
		inode_put(inode);
		return NULL;
	}
	dentry_instantiate(dentry, inode);
	dentry->is_pinned = true;
	if (S_ISDIR(inode->mode))
		parent->inode->nlink++;
	return dentry;
}

void dentry_instantiate(struct dentry *dentry, struct inode *inode)
{
	UK_ASSERT(!dentry->inode);
	dentry->inode = inode;
	dentry->is_plain = !S_ISLNK(inode->mode) && !dentry->mounted;
	fsnotify_named_in(dentry->parent->inode, inode);
}

void dentry_set_mounted(struct dentry *dentry, struct mount *mount)
{
	dentry->mounted = mount;
	dentry->is_plain = !mount; /* a mount point is a directory */
}

void dentry_pin(struct dentry *dentry)
{
	UK_ASSERT(!dentry->is_pinned);
	dentry_get(dentry);
	dentry->is_pinned = true;
}

void dentry_revive(struct dentry *dentry)
{
	TAILQ_REMOVE(&lru, dentry, lru_link);
	TAILQ_INIT(&dentry->children);
	lru_count--;
}

static void lru_insert(struct dentry *dentry)
{
	UK_ASSERT(!dentry->is_pinned && TAILQ_EMPTY(&dentry->children));
	TAILQ_INSERT_TAIL(&lru, dentry, lru_link);
	lru_count++;
}

/* Frees a dentry, and the removed parents that it alone held: a loop, the tree may be deep. */
static void dentry_free(struct dentry *dentry)
{
	for (;;) {
		struct dentry *parent = dentry->parent;
		bool is_root = parent == dentry;

		if (dentry->inode) {
			if (!dentry->inode->nlink)
				fsnotify_inode_gone(dentry->inode);
			inode_put(dentry->inode);
		}
		if (dentry->name != dentry->inline_name)
			uk_free(dentry->name);
		uk_free(dentry);
		if (is_root || __atomic_fetch_sub(&parent->refcount, 1, __ATOMIC_ACQ_REL) != 1)
			return;
		if (dentry_is_attached(parent)) {
			lru_insert(parent);
			return;
		}
		dentry = parent;
	}
}

void dentry_retire(struct dentry *dentry)
{
	if (dentry_is_attached(dentry))
		lru_insert(dentry);
	else
		dentry_free(dentry);
}

static void evict(struct dentry *dentry)
{
	TAILQ_REMOVE(&lru, dentry, lru_link);
	lru_count--;
	hash_remove(dentry);
	siblings_remove(dentry);
	dentry_free(dentry);
}

void dentry_shrink(unsigned int keep)
{
	while (lru_count > keep)
		evict(TAILQ_FIRST(&lru));
}

void dentry_delete(struct dentry *dentry)
{
	if (!dentry_is_attached(dentry))
		return;
	dentry_get(dentry);
	hash_remove(dentry);
	siblings_remove(dentry);
	dentry->is_deleted = true;
	if (dentry->is_pinned) {
		dentry->is_pinned = false;
		dentry_put(dentry);
	}
	dentry_put(dentry);
}

void dentry_remove(struct dentry *dentry)
{
	dentry->inode->nlink--;
	dentry_delete(dentry);
}

int dentry_reserve_name(struct dentry *dentry, unsigned int len)
{
	char *name = uk_malloc(name_stored_bytes(UK_MAX(len, dentry->name_len))), *old;
	unsigned long flags;

	if (!name)
		return -ENOMEM;
	memcpy(name, dentry->name, name_stored_bytes(dentry->name_len));
	flags = spin_lock_irqsave(&inotify_lock);
	old = dentry->name;
	dentry->name = name;
	spin_unlock_irqrestore(&inotify_lock, flags);
	if (old != dentry->inline_name)
		uk_free(old);
	return 0;
}

void dentry_move(struct dentry *dentry, struct dentry *parent, const struct name_part *part)
{
	struct dentry *old_parent = dentry->parent;
	unsigned long flags;

	hash_remove(dentry);
	siblings_remove(dentry);
	flags = spin_lock_irqsave(&inotify_lock);
	store_name(dentry, part->name, part->len);
	dentry->hash = part->hash;
	dentry_get(parent);
	dentry->parent = parent;
	spin_unlock_irqrestore(&inotify_lock, flags);
	dentry_attach(dentry);
	dentry_put(old_parent);
}

void dentry_swap(struct dentry *a, struct dentry *b)
{
	struct dentry *parent = a->parent;
	uint16_t len = a->name_len;
	unsigned int hash = a->hash;
	char *name = a->name;
	unsigned long flags;

	hash_remove(a);
	siblings_remove(a);
	hash_remove(b);
	siblings_remove(b);
	flags = spin_lock_irqsave(&inotify_lock);
	a->name = b->name;
	a->name_len = b->name_len;
	a->hash = b->hash;
	a->parent = b->parent;
	b->name = name;
	b->name_len = len;
	b->hash = hash;
	b->parent = parent;
	spin_unlock_irqrestore(&inotify_lock, flags);
	dentry_attach(a);
	dentry_attach(b);
}

bool dentry_is_below(const struct dentry *dentry, const struct dentry *ancestor)
{
	for (;; dentry = dentry->parent) {
		if (dentry == ancestor)
			return true;
		if (dentry->parent == dentry)
			return false;
	}
}

/* On the LRU list it has none, and no list of them. */
static struct dentry *first_child(const struct dentry *dentry)
{
	return dentry->refcount ? TAILQ_FIRST(&dentry->children) : NULL;
}

bool dentry_has_children(const struct dentry *dentry)
{
	const struct dentry *child = first_child(dentry);

	for (; child; child = TAILQ_NEXT(child, sibling_link))
		if (child->inode)
			return true;
	return false;
}

void dentry_delete_tree(struct dentry *root)
{
	struct dentry *dentry = root;

	while (dentry) {
		struct dentry *child = first_child(dentry), *parent = dentry->parent;

		if (child) {
			dentry = child;
			continue;
		}
		if (dentry == root)
			break;
		dentry_delete(dentry);
		dentry = parent;
	}
}
