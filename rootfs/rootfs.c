/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tree of files the program starts with: the initrd (or what vfs.fstab says) and the
 * filesystems every Linux program expects.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <uk/arch/upcall.h>
#include <uk/heap.h>
#include <uk/param.h>
#include <uk/plat/bootinfo.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/vfs.h>
#include "rootfs.h"

#define UK_LOG_NAME "rootfs: "
#include <uk/print.h>

static struct uk_param_list fstab;
UK_PARAM(vfs_fstab, "vfs.fstab", UK_PARAM_LIST, fstab,
	 "volumes: [ \"source:mountpoint:driver[:flags:options]\" ... ]");

static int make_dir(const char *name, uint32_t mode)
{
	const struct vfs_name at = {AT_FDCWD, name, 0};
	int error = vfs_mkdir(&at, mode);

	return error == -EEXIST ? 0 : error;
}

static int make_parents(const char *name)
{
	char part[256];
	int error = 0;

	for (const char *slash = strchr(name + 1, '/'); slash && !error;
	     slash = strchr(slash + 1, '/')) {
		size_t len = (size_t)(slash - name);

		if (len >= sizeof(part))
			return -ENAMETOOLONG;
		memcpy(part, name, len);
		part[len] = '\0';
		error = make_dir(part, 0755);
	}
	return error;
}

static int mount_at(const char *source, const char *mountpoint, const char *driver,
		    unsigned int flags, const char *options)
{
	struct path at;
	int error = 0;

	if (strcmp(mountpoint, "/")) {
		error = make_parents(mountpoint);
		if (!error)
			error = make_dir(mountpoint, 0755);
		if (!error)
			error = vfs_lookup_kernel(mountpoint, &at);
		if (error)
			return error;
	} else {
		vfs_root(&at);
		path_get(&at);
	}
	error = vfs_mount(source, &at, driver, flags, options);
	path_put(&at);
	return error;
}

/* Gives the first task its root; vfs_mount() moves it up to what is mounted at "/". */
static int enter_root(void)
{
	struct path root;

	vfs_root(&root);
	current->fs = fsctx_create(&root);
	return current->fs ? 0 : -ENOMEM;
}

static const char *mount_problem(int error)
{
	switch (error) {
	case -ENODEV:
		return "no such filesystem type, or nothing to mount";
	case -ENOTDIR:
		return "the mount point is not a folder";
	case -EINVAL:
		return "bad options, or a broken volume";
	case -ENOMEM:
		return "out of memory";
	case -EROFS:
		return "cannot make the mount point: read-only";
	default:
		return "cannot mount";
	}
}

static int mount_and_tell(const char *source, const char *mountpoint, const char *driver,
			  unsigned int flags, const char *options)
{
	int error = mount_at(source, mountpoint, driver, flags, options);

	if (error)
		uk_pr_err("%s at %s (%s): %s (error %d)\n", source, mountpoint, driver,
			  mount_problem(error), -error);
	return error;
}

static int mount_entry(const char *text)
{
	struct fstab_entry entry;
	char *copy = uk_strdup(text);
	const char *why;
	int error;

	if (!copy)
		return -ENOMEM;
	error = fstab_parse(copy, &entry, &why);
	if (error)
		uk_pr_err("vfs.fstab \"%s\": %s\n", text, why);
	else
		error = mount_and_tell(entry.source, entry.mountpoint, entry.driver, entry.flags,
				       entry.options);
	uk_free(copy);
	return error;
}

static int mount_volumes(void)
{
	int error = 0;

	if (!fstab.count && ukplat_bootinfo()->initrd_len_bytes)
		return mount_and_tell("initrd0", "/", "initrd", 0, NULL);
	for (unsigned int i = 0; i < fstab.count && !error; i++)
		error = mount_entry(fstab.items[i]);
	return error;
}

/* Unless the list above put something there, or the image is without it. */
static int mount_default(const char *source, const char *mountpoint, const char *driver,
			 unsigned int flags)
{
	struct path at;
	bool is_taken = false;

	if (!fs_find(driver))
		return 0;
	if (!vfs_lookup_kernel(mountpoint, &at)) {
		is_taken = at.dentry == at.mount->sb.root;
		path_put(&at);
	}
	return is_taken ? 0 : mount_and_tell(source, mountpoint, driver, flags, NULL);
}

/* passwd(5), group(5): so that programs find the user they run as. What is there stays as it is,
 * and a tree that takes no file is no reason to complain.
 */
static void make_users(void)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
				     "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
	static const char group[] = "root:x:0:\nnogroup:x:65534:\n";

	if (make_dir("/etc", 0755))
		return;
	vfs_provide_file("/etc", "passwd", passwd, sizeof(passwd) - 1);
	vfs_provide_file("/etc", "group", group, sizeof(group) - 1);
}

int upcall_mount_rootfs(void)
{
	const unsigned int quiet = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	int error;

	fs_register(&initrd_type);
	fs_register_alias("extract", &initrd_type);
	error = enter_root();
	if (error)
		return error;
	current->fs->umask = 0;
	error = mount_volumes();
	if (!error)
		error = mount_default("devfs", "/dev", "devfs", MS_NOSUID);
	if (!error && IS_ENABLED(CONFIG_LIBUKTTY_PTY))
		error = mount_default("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC);
	if (!error) /* shm_open(3) */
		error = mount_default("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV);
	if (!error)
		error = mount_default("proc", "/proc", "proc", quiet);
	if (!error)
		error = mount_default("sysfs", "/sys", "sysfs", quiet);
	if (!error)
		error = make_dir("/tmp", 01777);
	if (!error)
		error = make_dir("/run", 0755); /* where servers leave their pid */
	if (!error)
		make_users();
	current->fs->umask = 022;
	return error;
}
