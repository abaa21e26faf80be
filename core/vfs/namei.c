/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From names to places: path_resolution(7).
 *
 * A walk runs from walk_begin() to walk_end() under vfs_tree_lock, so nothing it passes can go
 * away and no reference is taken on the way; who wants to keep the place takes one at the end.
 * Only two things need holding: a dentry that is in no cache (`held`; it keeps its parents) and
 * the place a magic link leads to (`followed`).
 * Each component is hashed while its end is looked for, eight bytes at a time.
 */
#include <uk/heap.h>
#include <uk/string.h>
#include "vfs_internal.h"

struct mutex vfs_tree_lock = MUTEX_INIT(vfs_tree_lock);

static inline void cross_mounts(struct path *at)
{
	while (uk_unlikely(at->dentry->mounted != NULL)) {
		at->mount = at->dentry->mounted;
		at->dentry = at->mount->sb.root;
	}
}

/* Start at a descriptor. */
static int begin_at(struct walk *walk, const struct vfs_name *name)
{
	struct file *file = file_get_fd_path(name->dirfd);

	if (!file)
		return -EBADF;
	walk->base = file;
	walk->at = file->path;
	if (!walk->at.dentry)
		return *name->name ? -ENOTDIR : -EBADF;
	return 0;
}

int walk_begin(struct walk *walk, const struct vfs_name *name, unsigned int flags)
{
	const struct fsctx *fs = current_fs();

	walk->rest = name->name;
	walk->flags = name->flags | flags;
	walk->link_count = 0;
	walk->last_kind = WALK_LAST_ROOT;
	walk->has_trailing_slash = false;
	walk->text = walk->link_buf = NULL;
	walk->held = NULL;
	walk->followed.dentry = NULL;
	walk->base = NULL;
	mutex_lock(&vfs_tree_lock);
	if (*walk->rest == '/') {
		walk->at = fs->root;
		cross_mounts(&walk->at);
		return 0;
	}
	if (uk_unlikely(!*walk->rest && !(walk->flags & UK_LOOKUP_EMPTY_PATH)))
		return -ENOENT;
	if (name->dirfd != AT_FDCWD)
		return begin_at(walk, name);
	walk->at = fs->cwd;
	return 0;
}

static void __uk_noinline walk_drop(struct walk *walk)
{
	uk_free(walk->text);
	uk_free(walk->link_buf);
	if (walk->held)
		dentry_put(walk->held);
	if (walk->followed.dentry)
		path_put(&walk->followed);
	if (walk->base)
		file_put(walk->base);
}

void walk_end(struct walk *walk)
{
	mutex_unlock(&vfs_tree_lock);
	if (uk_unlikely((uintptr_t)walk->text | (uintptr_t)walk->held | (uintptr_t)walk->base |
			(uintptr_t)walk->followed.dentry))
		walk_drop(walk);
}

/* Asks the filesystem. The dentry stays findable if the filesystem allows, or if it pinned it. */
static int child_from_filesystem(struct walk *walk, const struct name_part *part,
				 struct dentry **child)
{
	struct inode *dir = walk->at.dentry->inode;
	struct dentry *dentry = dentry_alloc_detached(walk->at.dentry, part);
	int ret;

	if (!dentry)
		return -ENOMEM;
	ret = dir->ops->lookup(dir, dentry);
	if (ret && ret != -ENOENT) {
		dentry_put(dentry);
		return ret;
	}
	if (dentry_is_attached(dentry)) {
		dentry_put(dentry);
	} else if (dir->sb->keeps_lookups || dentry->is_pinned) {
		dentry_attach(dentry);
		dentry_put(dentry);
	} else if (dentry->inode) {
		if (walk->held)
			dentry_put(walk->held);
		walk->held = dentry;
	} else {
		dentry_put(dentry);
		return -ENOENT;
	}
	*child = dentry;
	return 0;
}

/* What cannot be in the cache is refused here, where the time does not matter. */
static int __uk_noinline child_not_cached(struct walk *walk, const struct name_part *part,
					  struct dentry **child)
{
	const struct dentry *dir = walk->at.dentry;

	if (!S_ISDIR(dir->inode->mode))
		return -ENOTDIR;
	if (part->len > NAME_MAX)
		return -ENAMETOOLONG;
	if (!dir->inode->ops->lookup || dir->is_deleted)
		return -ENOENT;
	return child_from_filesystem(walk, part, child);
}

static inline int child_of(struct walk *walk, const struct name_part *part, struct dentry **child)
{
	struct dentry *dentry = dentry_find(walk->at.dentry, part);

	if (uk_likely(dentry != NULL)) {
		*child = dentry;
		return 0;
	}
	return child_not_cached(walk, part, child);
}

int walk_child(struct walk *walk, const struct name_part *part, struct dentry **child)
{
	return child_of(walk, part, child);
}

void walk_step(struct walk *walk, struct dentry *child)
{
	walk->at.dentry = child;
	cross_mounts(&walk->at);
}

static void step_up(struct walk *walk)
{
	const struct path *root = &current_fs()->root;
	struct path *at = &walk->at;

	while (at->dentry == at->mount->sb.root && at->mount->parent &&
	       !(at->dentry == root->dentry && at->mount == root->mount)) {
		at->dentry = at->mount->mountpoint;
		at->mount = at->mount->parent;
	}
	if (!(at->dentry == root->dentry && at->mount == root->mount))
		at->dentry = at->dentry->parent;
	cross_mounts(at);
}

/* The text of a link. Memory filesystems have it at hand, others write it into link_buf. */
static const char *link_target(struct walk *walk, struct inode *inode)
{
	if (!inode->ops->readlink)
		return ERR_PTR(-EINVAL);
	if (inode->ops->readlink != ramfs_readlink && !walk->link_buf) {
		walk->link_buf = uk_malloc(PATH_MAX);
		if (!walk->link_buf)
			return ERR_PTR(-ENOMEM);
	}
	return inode->ops->readlink(inode, walk->link_buf);
}

/* walk->rest = target + "/" + rest. */
static int put_in_front(struct walk *walk, const char *target, const char *rest)
{
	size_t target_len = strlen(target), rest_len = strlen(rest);
	char *text = uk_malloc(target_len + rest_len + 2);

	if (!text)
		return -ENOMEM;
	memcpy(text, target, target_len);
	if (rest_len)
		text[target_len++] = '/';
	memcpy(text + target_len, rest, rest_len + 1);
	uk_free(walk->text); /* `rest` pointed into it until now */
	walk->text = text;
	walk->rest = text;
	return 0;
}

int walk_follow(struct walk *walk, struct dentry *link, const char *rest)
{
	struct inode *inode = link->inode;
	const char *target;
	int ret;

	if (walk->link_count++ >= WALK_MAX_LINKS)
		return -ELOOP;
	if (inode->ops->follow) {
		struct path place;

		ret = inode->ops->follow(inode, &place);
		if (!ret) {
			if (walk->followed.dentry)
				path_put(&walk->followed);
			walk->followed = walk->at = place;
			walk->rest = rest;
			return 0;
		}
		if (ret != -ENOENT || !inode->ops->readlink)
			return ret;
	}
	target = link_target(walk, inode);
	if (IS_ERR(target))
		return (int)PTR_ERR(target);
	if (!*target)
		return -ENOENT;
	ret = put_in_front(walk, target, rest);
	if (!ret && *target == '/') {
		walk->at = current_fs()->root;
		cross_mounts(&walk->at);
	}
	return ret;
}

/* "." and ".." as the component [name, end). */
static inline enum walk_last component_kind(const char *name, unsigned int len)
{
	if (uk_likely(name[0] != '.') || len > 2)
		return WALK_LAST_NORMAL;
	if (len == 1)
		return WALK_LAST_DOT;
	return name[1] == '.' ? WALK_LAST_DOTDOT : WALK_LAST_NORMAL;
}

#define ONES  0x0101010101010101UL
#define HIGHS 0x8080808080808080UL

/* The lowest bit set marks the first zero byte; higher ones may be wrong. */
static inline uint64_t zero_bytes(uint64_t word)
{
	return (word - ONES) & ~word & HIGHS;
}

/* May eight bytes be loaded though the name may end among them? Within a page, yes; host tests
 * load exactly the bytes there are. */
static inline bool may_load_word(const char *p)
{
#if defined(__SANITIZE_ADDRESS__)
	return false;
#else
	return ((uintptr_t)p & (UK_PAGE_SIZE - 1)) <= UK_PAGE_SIZE - 8;
#endif
}

static inline uint64_t load_name_word(const char *p)
{
	uint64_t word = 0;

	if (uk_likely(may_load_word(p))) {
		__builtin_memcpy(&word, p, 8);
		return word;
	}
	for (unsigned int bit = 0; bit < 64; bit += 8, p++) {
		word |= (uint64_t)(unsigned char)*p << bit;
		if (!*p)
			break;
	}
	return word;
}

/* Finds the end of the component at `name` and its hash. */
static inline const char *scan_component(const struct dentry *dir, const char *name,
					 struct name_part *part)
{
	uint64_t hash = name_hash_start(dir), word, ends;
	const char *p = name;
	unsigned int bits;

	for (;; p += 8) {
		word = load_name_word(p);
		ends = zero_bytes(word) | zero_bytes(word ^ ONES * '/');
		if (ends)
			break;
		hash = name_hash_add(hash, word);
	}
	bits = (unsigned int)__builtin_ctzl(ends) & ~7u;
	hash = name_hash_add(hash, word & ((1UL << bits) - 1));
	p += bits / 8;
	*part = (struct name_part){name, (unsigned int)(p - name), (unsigned int)hash};
	return p;
}

static int __uk_noinline follow_name(struct walk *walk, struct dentry *link, const char *rest)
{
	int ret = walk_follow(walk, link, rest);

	while (!ret && *walk->rest == '/')
		walk->rest++;
	return ret;
}

/* One component that is a name. `rest` is what follows it. */
static inline int walk_name(struct walk *walk, const struct name_part *part, const char *rest,
			    bool is_final)
{
	struct dentry *child;
	int ret = child_of(walk, part, &child);

	if (uk_unlikely(ret))
		return ret;
	if (uk_unlikely(!child->inode))
		return -ENOENT;
	if (uk_unlikely(S_ISLNK(child->inode->mode)) &&
	    (!is_final || walk->flags & UK_LOOKUP_FOLLOW))
		return follow_name(walk, child, rest);
	walk->at.dentry = child;
	cross_mounts(&walk->at);
	walk->rest = rest;
	return 0;
}

static inline const char *skip_slashes(const char *p)
{
	while (*p == '/')
		p++;
	return p;
}

/* "." or "..". */
static int walk_dots(struct walk *walk, enum walk_last kind)
{
	if (!S_ISDIR(walk->at.dentry->inode->mode))
		return -ENOTDIR;
	if (kind == WALK_LAST_DOTDOT)
		step_up(walk);
	return 0;
}

int walk_run(struct walk *walk)
{
	bool must_be_dir = walk->flags & UK_LOOKUP_DIRECTORY;
	const char *name = skip_slashes(walk->rest);

	while (*name) {
		struct name_part part;
		const char *end = scan_component(walk->at.dentry, name, &part);
		const char *rest = skip_slashes(end);
		enum walk_last kind = component_kind(name, part.len);
		bool is_last = !*rest;
		int ret;

		if (is_last) {
			if (walk->flags & WALK_PARENT) {
				walk->last = part;
				walk->last_kind = kind;
				walk->has_trailing_slash = rest != end;
				return S_ISDIR(walk->at.dentry->inode->mode) ? 0 : -ENOTDIR;
			}
			must_be_dir |= rest != end;
		}
		if (uk_likely(kind == WALK_LAST_NORMAL)) {
			ret = walk_name(walk, &part, rest, rest == end);
			rest = walk->rest;
		} else {
			ret = walk_dots(walk, kind);
		}
		if (uk_unlikely(ret))
			return ret;
		name = rest;
	}
	if (must_be_dir && !S_ISDIR(walk->at.dentry->inode->mode))
		return -ENOTDIR;
	return 0;
}

int vfs_lookup(const struct vfs_name *name, struct path *path)
{
	struct walk walk;
	int ret = walk_begin(&walk, name, 0);

	if (!ret)
		ret = walk_run(&walk);
	if (!ret) {
		*path = walk.at;
		path_get(path);
	}
	walk_end(&walk);
	return ret;
}

int vfs_lookup_kernel(const char *name, struct path *path)
{
	const struct vfs_name from_root = {AT_FDCWD, name, UK_LOOKUP_FOLLOW};

	return vfs_lookup(&from_root, path);
}
