/* SPDX-License-Identifier: BSD-3-Clause */
/* Working directory and root (fsctx), and the way back from a place to its name. */
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "vfs_internal.h"

struct fsctx *fsctx_create(const struct path *root)
{
	struct fsctx *fs = uk_malloc(sizeof(*fs));

	if (!fs)
		return NULL;
	fs->refcount = 1;
	fs->umask = 022;
	fs->root = fs->cwd = *root;
	path_get(&fs->root);
	path_get(&fs->cwd);
	return fs;
}

struct fsctx *fsctx_copy(struct fsctx *from)
{
	struct fsctx *fs = uk_malloc(sizeof(*fs));

	if (!fs)
		return NULL;
	mutex_lock(&vfs_tree_lock);
	*fs = *from;
	fs->refcount = 1;
	path_get(&fs->root);
	path_get(&fs->cwd);
	mutex_unlock(&vfs_tree_lock);
	return fs;
}

void fsctx_put(struct fsctx *fs)
{
	if (__atomic_fetch_sub(&fs->refcount, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	path_put(&fs->cwd);
	path_put(&fs->root);
	uk_free(fs);
}

/* Under the tree lock: a walk of another thread may stand there without a reference. */
static void replace(struct path *place, const struct path *path)
{
	struct path old;

	mutex_lock(&vfs_tree_lock);
	old = *place;
	path_get(path);
	*place = *path;
	mutex_unlock(&vfs_tree_lock);
	path_put(&old);
}

int vfs_chdir(const struct path *path)
{
	if (!S_ISDIR(path->dentry->inode->mode))
		return -ENOTDIR;
	replace(&current_fs()->cwd, path);
	return 0;
}

int vfs_chroot(const struct path *path)
{
	if (!S_ISDIR(path->dentry->inode->mode))
		return -ENOTDIR;
	replace(&current_fs()->root, path);
	return 0;
}

/* Texts grow from the end of a buffer towards its start. */
struct backwards {
	char *start, *at;
};

static bool put_before(struct backwards *out, const char *text, size_t len)
{
	if ((size_t)(out->at - out->start) < len)
		return false;
	out->at -= len;
	memcpy(out->at, text, len);
	return true;
}

static bool put_components(struct backwards *out, struct path at, const struct path *root)
{
	char *end = out->at;

	while (!(at.dentry == root->dentry && at.mount == root->mount)) {
		if (at.dentry == at.mount->sb.root) {
			if (!at.mount->parent)
				break;
			at.dentry = at.mount->mountpoint;
			at.mount = at.mount->parent;
			continue;
		}
		if (at.dentry->parent == at.dentry)
			break;
		if (!put_before(out, at.dentry->name, at.dentry->name_len) ||
		    !put_before(out, "/", 1))
			return false;
		at.dentry = at.dentry->parent;
	}
	return out->at != end || put_before(out, "/", 1);
}

char *vfs_path_name(const struct path *path, char *buf, size_t size)
{
	struct backwards out = {buf, buf + size};
	bool fits = put_before(&out, "", 1);

	if (path->mount == &vfs_anon_mount)
		fits = fits && put_before(&out, path->dentry->name, path->dentry->name_len);
	else
		fits = fits && (!path->dentry->is_deleted || put_before(&out, " (deleted)", 10)) &&
		       put_components(&out, *path, &current_fs()->root);
	return fits ? out.at : ERR_PTR(-ENAMETOOLONG);
}

char *vfs_file_name(const struct file *file, char *buf, size_t size)
{
	if (file->path.dentry)
		return vfs_path_name(&file->path, buf, size);
	if (uk_snprintf(buf, size, "anon_inode:[%s]", "file") >= (int)size)
		return ERR_PTR(-ENAMETOOLONG);
	return buf;
}
