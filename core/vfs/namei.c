/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From names to places: path_resolution(7).
 *
 * A walk runs from walk_begin() to walk_end() under vfs_tree_lock, so nothing it passes can go
 * away and no reference is taken on the way; who wants to keep the place takes one at the end.
 * Only two things need holding: a dentry that is in no cache (`held`; it keeps its parents) and
 * the place a magic link leads to (`followed`).
 * Each component is hashed while its end is looked for.
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

int walk_child(struct walk *walk, const struct name_part *part, struct dentry **child)
{
	struct dentry *dentry = dentry_find(walk->at.dentry, part);

	if (uk_likely(dentry != NULL)) {
		*child = dentry;
		return 0;
	}
	if (!walk->at.dentry->inode->ops->lookup || walk->at.dentry->is_deleted)
		return -ENOENT;
	return child_from_filesystem(walk, part, child);
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

/* The end of the component at `name`; its hash on the way. Bytes above '/' need one test. */
static inline const char *scan_component(struct walk *walk, const char *name,
					 struct name_part *part)
{
	unsigned int hash = name_hash_start(walk->at.dentry);
	const char *p = name;
	unsigned char c;

	for (; (c = (unsigned char)*p) > '/' || (c && c != '/'); p++)
		hash = (hash ^ c) * NAME_HASH_PRIME;
	*part = (struct name_part){name, (unsigned int)(p - name), hash};
	return p;
}

/* One component that is a name. `rest` is what follows it. */
static int walk_name(struct walk *walk, const struct name_part *part, const char *rest,
		     bool is_final)
{
	struct dentry *child;
	int ret = walk_child(walk, part, &child);

	if (ret)
		return ret;
	if (!child->inode)
		return -ENOENT;
	if (uk_unlikely(S_ISLNK(child->inode->mode)) &&
	    (!is_final || walk->flags & UK_LOOKUP_FOLLOW))
		return walk_follow(walk, child, rest);
	walk_step(walk, child);
	walk->rest = rest;
	return 0;
}

int walk_run(struct walk *walk)
{
	bool must_be_dir = walk->flags & UK_LOOKUP_DIRECTORY;

	for (;;) {
		struct name_part part;
		const char *rest = walk->rest;
		enum walk_last kind;
		bool has_slash, is_last;
		int ret;

		while (*rest == '/')
			rest++;
		if (!*rest)
			break;
		if (uk_unlikely(!S_ISDIR(walk->at.dentry->inode->mode)))
			return -ENOTDIR;
		rest = scan_component(walk, rest, &part);
		if (uk_unlikely(part.len > NAME_MAX))
			return -ENAMETOOLONG;
		has_slash = *rest == '/';
		while (*rest == '/')
			rest++;
		is_last = !*rest;
		kind = component_kind(part.name, part.len);
		if (is_last && walk->flags & WALK_PARENT) {
			walk->last = part;
			walk->last_kind = kind;
			walk->has_trailing_slash = has_slash;
			walk->rest = rest;
			return 0;
		}
		if (uk_unlikely(kind != WALK_LAST_NORMAL)) {
			if (kind == WALK_LAST_DOTDOT)
				step_up(walk);
			walk->rest = rest;
			continue;
		}
		must_be_dir |= is_last && has_slash;
		ret = walk_name(walk, &part, rest, is_last && !has_slash);
		if (uk_unlikely(ret))
			return ret;
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
