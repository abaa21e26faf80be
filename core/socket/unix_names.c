/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of local sockets (unix(7), "Address format"): a path, whose inode is the key; or bytes of
 * any kind, abstract, per type of socket. Only the bound socket is in the table; those it accepts
 * share its name.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/random.h>
#include <uk/string.h>
#include <uk/vfs.h>
#include "unix_internal.h"

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)
#define BUCKETS     64

static struct unix_socket_list table[BUCKETS]; /* unix_lock */

static uint32_t hash_place(const struct inode *inode)
{
	return (uint32_t)((uintptr_t)inode / sizeof(*inode));
}

/* FNV-1a */
static uint32_t hash_abstract(const struct unix_name *name, unsigned int type)
{
	const uint8_t *bytes = (const uint8_t *)&name->addr;
	uint32_t hash = 2166136261u + type;

	for (size_t i = PATH_OFFSET; i < name->len; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}

static struct unix_socket_list *bucket_of(uint32_t hash)
{
	return &table[hash % BUCKETS];
}

/* --- the table: unix_lock held -------------------------------------------------------------- */

static struct unix_socket *find_place(const struct inode *inode)
{
	struct unix_socket *sock;

	LIST_FOREACH (sock, bucket_of(hash_place(inode)), name_link)
		if (sock->name->path.dentry && sock->name->path.dentry->inode == inode)
			return sock;
	return NULL;
}

static struct unix_socket *find_abstract(const struct unix_name *name, unsigned int type)
{
	uint32_t hash = hash_abstract(name, type);
	struct unix_socket *sock;

	LIST_FOREACH (sock, bucket_of(hash), name_link)
		if (!sock->name->path.dentry && sock->name->hash == hash &&
		    sock->base.type == type && sock->name->len == name->len &&
		    !memcmp(&sock->name->addr, &name->addr, name->len))
			return sock;
	return NULL;
}

static void give_name(struct unix_socket *sock, struct unix_name *name)
{
	LIST_INSERT_HEAD(bucket_of(name->hash), sock, name_link);
	__atomic_store_n(&sock->name, name, __ATOMIC_RELEASE);
}

struct path unix_unhash(struct unix_socket *sock)
{
	struct path place = {NULL, NULL};

	if (!sock->name_link.le_prev)
		return place;
	LIST_REMOVE(sock, name_link);
	sock->name_link.le_prev = NULL;
	place = sock->name->path;
	sock->name->path.dentry = NULL;
	return place;
}

/* --- names ---------------------------------------------------------------------------------- */

int unix_check_name(const struct socket_name *name)
{
	return name->len > PATH_OFFSET && name->len <= sizeof(struct sockaddr_un) &&
			       name->family == UK_AF_UNIX
		       ? 0
		       : -EINVAL;
}

static bool is_path(const struct socket_name *name)
{
	return name->bytes[PATH_OFFSET] != '\0';
}

/* A checked address. A path ends with its first NUL, which counts. */
static void set_name(struct unix_name *name, const struct socket_name *from)
{
	memset(name, 0, sizeof(*name));
	name->refcount = 1;
	memcpy(&name->addr, from->bytes, from->len);
	name->len = is_path(from) ? PATH_OFFSET + strnlen(name->addr.sun_path, UNIX_PATH_MAX) + 1
				  : from->len;
}

void unix_name_put(struct unix_name *name)
{
	if (__atomic_fetch_sub(&name->refcount, 1, __ATOMIC_ACQ_REL) == 1)
		uk_free(name);
}

void unix_tell_name(const struct unix_socket *sock, struct socket_name *name)
{
	const struct unix_name *own = __atomic_load_n(&sock->name, __ATOMIC_ACQUIRE);

	name->family = UK_AF_UNIX;
	name->len = own ? own->len : PATH_OFFSET;
	if (own)
		memcpy(name->bytes, &own->addr, own->len);
}

/* --- finding -------------------------------------------------------------------------------- */

static struct unix_socket *find_bound_to(const struct unix_name *name, unsigned int type)
{
	struct vfs_name where = {AT_FDCWD, name->addr.sun_path, UK_LOOKUP_FOLLOW};
	struct unix_socket *sock;
	struct path path;
	int error = vfs_lookup(&where, &path);

	if (error)
		return ERR_PTR(error);
	mutex_lock(&unix_lock);
	sock = find_place(path.dentry->inode);
	if (!sock)
		sock = ERR_PTR(-ECONNREFUSED);
	else if (sock->base.type != type)
		sock = ERR_PTR(-EPROTOTYPE);
	else
		unix_get(sock);
	mutex_unlock(&unix_lock);
	path_put(&path);
	return sock;
}

struct unix_socket *unix_find(const struct socket_name *wanted, unsigned int type)
{
	struct unix_socket *sock;
	struct unix_name name;

	set_name(&name, wanted);
	if (is_path(wanted))
		return find_bound_to(&name, type);
	mutex_lock(&unix_lock);
	sock = find_abstract(&name, type);
	if (sock)
		unix_get(sock);
	mutex_unlock(&unix_lock);
	return sock ? sock : ERR_PTR(-ECONNREFUSED);
}

/* --- bind ----------------------------------------------------------------------------------- */

/* The mode is the socket file's own (fchmod(2) before bind(2)), less the umask. The file is made
 * first: an error of its place comes before that of a socket that has a name already. */
static int bind_path(struct unix_socket *sock, struct unix_name *name)
{
	struct vfs_name where = {AT_FDCWD, name->addr.sun_path, 0};
	uint32_t mode = S_IFSOCK | (sock->base.file->inode->mode & 07777);
	int error = vfs_mknod_path(&where, mode, 0, &name->path);

	if (error)
		return error == -EEXIST ? -EADDRINUSE : error;
	name->hash = hash_place(name->path.dentry->inode);
	mutex_lock(&unix_lock);
	if (sock->name)
		error = -EINVAL;
	else
		give_name(sock, name);
	mutex_unlock(&unix_lock);
	if (error) {
		path_put(&name->path);
		vfs_unlink(&where);
	}
	return error;
}

static int bind_abstract(struct unix_socket *sock, struct unix_name *name)
{
	int error = 0;

	name->hash = hash_abstract(name, sock->base.type);
	mutex_lock(&unix_lock);
	if (sock->name)
		error = -EINVAL;
	else if (find_abstract(name, sock->base.type))
		error = -EADDRINUSE;
	else
		give_name(sock, name);
	mutex_unlock(&unix_lock);
	return error;
}

int unix_bind(struct socket *socket, const struct socket_name *wanted)
{
	struct unix_name *name;
	int error;

	if (wanted->len == PATH_OFFSET && wanted->family == UK_AF_UNIX)
		return unix_autobind(unix_of(socket));
	error = unix_check_name(wanted);
	if (error)
		return error;
	name = uk_malloc(sizeof(*name));
	if (!name)
		return -ENOMEM;
	set_name(name, wanted);
	error = is_path(wanted) ? bind_path(unix_of(socket), name)
				: bind_abstract(unix_of(socket), name);
	if (error)
		unix_name_put(name);
	return error;
}

/* --- autobind ------------------------------------------------------------------------------- */

#define NUMBERS 0x100000 /* five hexadecimal digits */

/* unix_lock held. */
static int take_free_number(struct unix_socket *sock, struct unix_name *name)
{
	uint32_t first = (uint32_t)random_u64();

	for (uint32_t i = 0; i < NUMBERS; i++) {
		uk_snprintf(name->addr.sun_path + 1, sizeof(name->addr.sun_path) - 1, "%05x",
			    (first + i) % NUMBERS);
		if (find_abstract(name, sock->base.type))
			continue;
		name->hash = hash_abstract(name, sock->base.type);
		give_name(sock, name);
		return 0;
	}
	return -ENOSPC;
}

int unix_autobind(struct unix_socket *sock)
{
	struct unix_name *name = uk_zalloc(sizeof(*name));
	int error = 0;

	if (!name)
		return -ENOMEM;
	name->refcount = 1;
	name->addr.sun_family = UK_AF_UNIX;
	name->len = PATH_OFFSET + 6; /* a NUL and the digits */
	mutex_lock(&unix_lock);
	if (!sock->name)
		error = take_free_number(sock, name);
	mutex_unlock(&unix_lock);
	if (sock->name != name)
		unix_name_put(name);
	return error;
}
