/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filesystem types and mounts. vfs_tree_lock guards the list of mounts and dentry.mounted. A
 * mount hangs on the dentry it covers, so the same directory shows it wherever it is reached
 * from; bind mounts do not exist.
 */
#include <linux/mount.h>
#include <uk/assert.h>
#include <uk/fsnotify.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "vfs_internal.h"

#define FS_TYPES_MAX 24

static struct {
	const char *name;
	const struct fs_type *type;
} fs_types[FS_TYPES_MAX];
static unsigned int fs_type_count;

static TAILQ_HEAD(, mount) mounts = TAILQ_HEAD_INITIALIZER(mounts);
static struct mount *root_mount;
static unsigned int last_dev_minor = 1;

void fs_register_alias(const char *name, const struct fs_type *type)
{
	UK_ASSERT(!fs_find(name) && fs_type_count < FS_TYPES_MAX);
	fs_types[fs_type_count].name = name;
	fs_types[fs_type_count++].type = type;
}

void fs_register(const struct fs_type *type)
{
	fs_register_alias(type->name, type);
}

const struct fs_type *fs_find(const char *name)
{
	for (unsigned int i = 0; i < fs_type_count; i++)
		if (!strcmp(fs_types[i].name, name))
			return fs_types[i].type;
	return NULL;
}

void fs_for_each(void (*visit)(const char *name, const struct fs_type *type, void *ctx), void *ctx)
{
	for (unsigned int i = 0; i < fs_type_count; i++)
		visit(fs_types[i].name, fs_types[i].type, ctx);
}

static int mount_create(const struct fs_type *type, const char *source, unsigned int flags,
			const char *options, struct mount **out)
{
	struct mount *mount = uk_zalloc(sizeof(*mount));
	int ret = -ENOMEM;

	if (!mount)
		return -ENOMEM;
	mount->refcount = 1;
	mount->flags = flags;
	mount->sb.type = type;
	mount->sb.flags = flags;
	mount->sb.dev = uk_makedev(0, ++last_dev_minor);
	mount->source = uk_strdup(source && *source ? source : "none");
	if (!mount->source)
		goto err_free;
	ret = type->mount(source, flags, options, &mount->sb);
	if (ret)
		goto err_free_source;
	*out = mount;
	return 0;

err_free_source:
	uk_free(mount->source);
err_free:
	uk_free(mount);
	return ret;
}

/* The last reference to one that was detached while in use. A walk may be what drops it. */
void mount_release(struct mount *mount)
{
	bool is_locked = mutex_is_mine(&vfs_tree_lock);

	if (!is_locked)
		mutex_lock(&vfs_tree_lock);
	fsnotify_unmount(&mount->sb);
	if (mount->sb.type->unmount)
		mount->sb.type->unmount(&mount->sb);
	if (!is_locked)
		mutex_unlock(&vfs_tree_lock);
	uk_free(mount->source);
	uk_free(mount);
}

static inline bool path_is(const struct path *a, const struct path *b)
{
	return a->dentry == b->dentry && a->mount == b->mount;
}

/* Who stood on the covered root of everything now stands on what covers it. */
static void move_fsctx_up(const struct path *covered, struct mount *mount)
{
	const struct path top = {mount, mount->sb.root};
	struct fsctx *fs = current_fs();

	if (!fs)
		return;
	if (path_is(&fs->cwd, covered) && path_is(&fs->root, covered))
		vfs_chdir(&top);
	if (path_is(&fs->root, covered))
		vfs_chroot(&top);
}

int vfs_mount(const char *source, const struct path *at, const char *type_name, unsigned int flags,
	      const char *options)
{
	const struct fs_type *type;
	struct path where = *at;
	struct mount *mount;
	int ret;

	if (flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE))
		return 0; /* propagation between namespaces: there is one */
	if (flags & (MS_BIND | MS_MOVE | MS_REMOUNT))
		return -EINVAL;
	type = fs_find(type_name);
	if (!type)
		return -ENODEV;
	if (!S_ISDIR(at->dentry->inode->mode))
		return -ENOTDIR;
	ret = mount_create(type, source, flags, options, &mount);
	if (ret)
		return ret;
	mutex_lock(&vfs_tree_lock);
	while (where.dentry->mounted) {
		where.mount = where.dentry->mounted;
		where.dentry = where.mount->sb.root;
	}
	path_get(&where);
	mount->parent = where.mount;
	mount->mountpoint = where.dentry;
	dentry_set_mounted(where.dentry, mount);
	TAILQ_INSERT_TAIL(&mounts, mount, link);
	mutex_unlock(&vfs_tree_lock);
	move_fsctx_up(&where, mount);
	return 0;
}

/* *covered gets the references to where it was mounted. */
static int detach_locked(struct mount *mount, int flags, struct path *covered)
{
	if (!mount->parent)
		return -EINVAL;
	/* The list's reference and the caller's are allowed; children hold theirs. */
	if (!(flags & UK_MNT_DETACH) && __atomic_load_n(&mount->refcount, __ATOMIC_ACQUIRE) > 2)
		return -EBUSY;
	*covered = (struct path){mount->parent, mount->mountpoint};
	dentry_set_mounted(covered->dentry, NULL);
	mount->parent = NULL;
	mount->mountpoint = NULL;
	TAILQ_REMOVE(&mounts, mount, link);
	return 0;
}

int vfs_unmount(const struct path *at, int flags)
{
	struct mount *mount = at->mount;
	struct path covered;
	int ret;

	if (at->dentry != mount->sb.root)
		return -EINVAL;
	mutex_lock(&vfs_tree_lock);
	ret = detach_locked(mount, flags, &covered);
	mutex_unlock(&vfs_tree_lock);
	if (ret)
		return ret;
	path_put(&covered);
	__atomic_fetch_sub(&mount->refcount, 1, __ATOMIC_RELAXED); /* *at still holds it */
	return 0;
}

void vfs_for_each_mount(void (*visit)(struct mount *mount, void *ctx), void *ctx)
{
	struct mount *mount;

	mutex_lock(&vfs_tree_lock);
	TAILQ_FOREACH (mount, &mounts, link)
		visit(mount, ctx);
	mutex_unlock(&vfs_tree_lock);
}

int mount_check_writable(const struct path *path)
{
	return path->mount->flags & MS_RDONLY ? -EROFS : 0;
}

void vfs_root(struct path *root)
{
	root->mount = root_mount;
	root->dentry = root_mount->sb.root;
	while (root->dentry->mounted) {
		root->mount = root->dentry->mounted;
		root->dentry = root->mount->sb.root;
	}
}

/* Inodes outside every tree: their superblock counts nothing and lists nothing. */
static const struct fs_type anon_type = {.name = "anon", .statfs = ramfs_statfs};
struct mount vfs_anon_mount = {
	.refcount = 1,
	.sb = {.type = &anon_type, .dev = 1 /* 0:1 */},
};

int vfs_init(void)
{
	int ret;

	fs_register(&ramfs_type);
	fs_register(&tmpfs_type);
	ret = mount_create(&ramfs_type, "rootfs", 0, NULL, &root_mount);
	if (ret)
		return ret;
	TAILQ_INSERT_TAIL(&mounts, root_mount, link);
	return 0;
}
