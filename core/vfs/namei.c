/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From names to places: path_resolution(7).
 *
 * A walk runs from walk_path() to walk_end() under vfs_tree_lock, so nothing it passes can go
 * away and no reference is taken on the way; who wants to keep the place takes one at the end.
 * Only two things need holding: a dentry that is in no cache (`held`; it keeps its parents) and
 * the place a magic link leads to (`followed`).
 *
 * Nearly every step is "look into the dentry cache, stand on what was found": walk_run(). Its
 * loop hashes a component while looking for its end, eight bytes at a time. All else is left to
 * walk_with_care(): what is not in the cache, links, mount points, and "." and "..", which are in
 * no cache.
 */
#include <uk/heap.h>
#include <uk/string.h>
#include <uk/task.h>
#include "vfs_internal.h"

struct mutex vfs_tree_lock = MUTEX_INIT(vfs_tree_lock);

static inline void cross_mounts(struct path *at)
{
	while (uk_unlikely(at->dentry->mounted != NULL)) {
		at->mount = at->dentry->mounted;
		at->dentry = at->mount->sb.root;
	}
}

static struct walk_keeps *walk_keeps(struct walk *walk)
{
	if (!walk->has_keeps) {
		memset(&walk->keeps, 0, sizeof(walk->keeps));
		walk->has_keeps = true;
	}
	return &walk->keeps;
}

void walk_drop(struct walk *walk)
{
	struct walk_keeps *keeps = &walk->keeps;

	uk_free(keeps->text);
	uk_free(keeps->link_buf);
	if (keeps->held)
		dentry_put(keeps->held);
	if (keeps->followed.dentry)
		path_put(&keeps->followed);
	if (keeps->base)
		file_put(keeps->base);
}

/* Start at a descriptor. */
static int __uk_noinline begin_at(struct walk *walk, const struct vfs_name *name)
{
	struct file *file = file_get_fd_path(name->dirfd);

	if (!file)
		return -EBADF;
	walk_keeps(walk)->base = file;
	walk->at = file->path;
	if (!walk->at.dentry)
		return *name->name ? -ENOTDIR : -EBADF;
	return 0;
}

static inline int walk_begin(struct walk *walk, const struct vfs_name *name)
{
	const struct fsctx *fs = current->fs;

	if (uk_likely(*name->name == '/')) {
		walk->at = fs->root;
		cross_mounts(&walk->at);
		return 0;
	}
	if (uk_unlikely(!*name->name && !(walk->flags & UK_LOOKUP_EMPTY_PATH)))
		return -ENOENT;
	if (name->dirfd != AT_FDCWD)
		return begin_at(walk, name);
	walk->at = fs->cwd;
	return 0;
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
		struct walk_keeps *keeps = walk_keeps(walk);

		if (keeps->held)
			dentry_put(keeps->held);
		keeps->held = dentry;
	} else {
		dentry_put(dentry);
		return -ENOENT;
	}
	*child = dentry;
	return 0;
}

/* What cannot be in the cache is refused here, where the time does not matter. */
static int child_not_cached(struct walk *walk, const struct name_part *part, struct dentry **child)
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

int walk_child(struct walk *walk, const struct name_part *part, struct dentry **child)
{
	*child = dentry_find(walk->at.dentry, part);
	return *child ? 0 : child_not_cached(walk, part, child);
}

void walk_step(struct walk *walk, struct dentry *child)
{
	walk->at.dentry = child;
	cross_mounts(&walk->at);
}

static void step_up(struct walk *walk)
{
	const struct path *root = &current->fs->root;
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
	struct walk_keeps *keeps;

	if (!inode->ops->readlink)
		return ERR_PTR(-EINVAL);
	if (inode->ops->readlink == ramfs_readlink)
		return ramfs_readlink(inode, NULL);
	keeps = walk_keeps(walk);
	if (!keeps->link_buf)
		keeps->link_buf = uk_malloc(PATH_MAX);
	return keeps->link_buf ? inode->ops->readlink(inode, keeps->link_buf) : ERR_PTR(-ENOMEM);
}

/* walk->rest = target + "/" + rest. */
static int put_in_front(struct walk *walk, const char *target, const char *rest)
{
	struct walk_keeps *keeps = walk_keeps(walk);
	size_t target_len = strlen(target), rest_len = strlen(rest);
	char *text = uk_malloc(target_len + rest_len + 2);

	if (!text)
		return -ENOMEM;
	memcpy(text, target, target_len);
	if (rest_len)
		text[target_len++] = '/';
	memcpy(text + target_len, rest, rest_len + 1);
	uk_free(keeps->text); /* `rest` pointed into it until now */
	keeps->text = text;
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
			struct walk_keeps *keeps = walk_keeps(walk);

			if (keeps->followed.dentry)
				path_put(&keeps->followed);
			keeps->followed = walk->at = place;
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
		walk->at = current->fs->root;
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

#define ONES    0x0101010101010101UL
#define HIGHS   0x8080808080808080UL
#define SLASHES (ONES * '/')

/*
 * The lowest bit set is the highest one of the first byte that is 0 or '/'; bits above it may be
 * wrong. x - 1 sets the highest bit of a byte x that is 0 or above 0x80; ~word excludes the latter.
 */
static inline uint64_t component_ends(uint64_t word)
{
	return ((word - ONES) | ((word ^ SLASHES) - ONES)) & ~word & HIGHS;
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

	if (uk_likely(may_load_word(p)))
		return name_word(p);
	for (unsigned int bit = 0; bit < 64; bit += 8, p++) {
		word |= (uint64_t)(unsigned char)*p << bit;
		if (!*p)
			break;
	}
	return word;
}

/* Fills all of *part from the component that starts at `name`, and returns its end. */
static inline const char *scan_component(const struct dentry *dir, const char *name,
					 struct name_part *part)
{
	uint64_t hash = name_hash_start(dir), word, ends;
	const char *p = name;

	for (;; p += 8) {
		word = load_name_word(p);
		ends = component_ends(word);
		if (ends)
			break;
		hash = name_hash_add(hash, word);
	}
	part->name = name;
	part->last_word = word & (ends ^ (ends - 1)) >> 8; /* the bytes below the end */
	part->hash = (unsigned int)name_hash_add(hash, part->last_word);
	p += (unsigned int)__builtin_ctzl(ends) / 8;
	part->len = (unsigned int)(p - name);
	return p;
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

/* Any component. `child` is what the cache has, or NULL; walk->rest what follows. */
static int __uk_noinline walk_with_care(struct walk *walk, struct name_part part,
					struct dentry *child)
{
	enum walk_last kind = component_kind(part.name, part.len);
	bool is_final = !part.name[part.len];
	int ret;

	if (kind != WALK_LAST_NORMAL)
		return walk_dots(walk, kind);
	if (!child) {
		ret = child_not_cached(walk, &part, &child);
		if (ret)
			return ret;
	}
	if (!child->inode)
		return -ENOENT;
	if (!S_ISLNK(child->inode->mode) || (is_final && !(walk->flags & UK_LOOKUP_FOLLOW))) {
		walk_step(walk, child);
		return 0;
	}
	ret = walk_follow(walk, child, walk->rest);
	walk->rest = skip_slashes(walk->rest);
	return ret;
}

/* WALK_PARENT: the walk ends before the last component. */
static int walk_stop(struct walk *walk, const struct name_part *part)
{
	walk->last = *part;
	walk->last_kind = component_kind(part->name, part->len);
	walk->has_trailing_slash = part->name[part->len] == '/';
	return S_ISDIR(walk->at.dentry->inode->mode) ? 0 : -ENOTDIR;
}

int walk_run(struct walk *walk)
{
	const char *rest = skip_slashes(walk->rest);

	while (*rest) {
		struct name_part part;
		const char *end = scan_component(walk->at.dentry, rest, &part);
		struct dentry *child;
		int ret;

		rest = skip_slashes(end);
		if (!*rest) {
			if (walk->flags & WALK_PARENT)
				return walk_stop(walk, &part);
			/* Through all links, also those that a link leads to. */
			if (uk_unlikely(rest != end))
				walk->flags |= UK_LOOKUP_DIRECTORY | UK_LOOKUP_FOLLOW;
		}
		child = dentry_find(walk->at.dentry, &part);
		if (uk_likely(child && child->is_plain)) {
			walk->at.dentry = child;
			continue;
		}
		walk->rest = rest;
		ret = walk_with_care(walk, part, child);
		if (ret)
			return ret;
		rest = walk->rest;
	}
	walk->last_kind = WALK_LAST_ROOT;
	if (uk_unlikely(walk->flags & UK_LOOKUP_DIRECTORY) &&
	    !S_ISDIR(walk->at.dentry->inode->mode))
		return -ENOTDIR;
	return 0;
}

int walk_path(struct walk *walk, const struct vfs_name *name, unsigned int flags)
{
	int ret;

	walk->rest = name->name;
	walk->flags = name->flags | flags;
	walk->link_count = 0;
	walk->has_keeps = false;
	mutex_lock(&vfs_tree_lock);
	ret = walk_begin(walk, name);
	return ret ? ret : walk_run(walk);
}

int vfs_lookup(const struct vfs_name *name, struct path *path)
{
	struct walk walk;
	int ret = walk_path(&walk, name, 0);

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
