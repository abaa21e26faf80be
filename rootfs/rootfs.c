/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tree of files the program starts with: the initrd (or what vfs.fstab says) and the
 * filesystems every Linux program expects.
 */
#include <linux/errno.h>
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
	struct vfs_name at = {.dirfd = -1, .name = name};
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

/* Names are relative to a task's root: it moves along with what is mounted at "/". */
static int enter_root(void)
{
	struct path root;

	vfs_root(&root);
	if (current->fs)
		fsctx_put(current->fs);
	current->fs = fsctx_create(&root);
	return current->fs ? 0 : -ENOMEM;
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
	if (error) {
		uk_pr_err("vfs.fstab \"%s\": %s\n", text, why);
	} else {
		error = mount_at(entry.source, entry.mountpoint, entry.driver, entry.flags,
				 entry.options);
		if (!error && !strcmp(entry.mountpoint, "/"))
			error = enter_root();
		if (error)
			uk_pr_err("vfs.fstab \"%s\": cannot mount (error %d)\n", text, -error);
	}
	uk_free(copy);
	return error;
}

static int mount_volumes(void)
{
	int error = 0;

	if (!fstab.count) {
		/* Without a list: the initrd at the root, when there is one. */
		if (ukplat_bootinfo()->initrd_len_bytes)
			error = mount_at("initrd0", "/", "initrd", 0, NULL);
		return error ? error : enter_root();
	}
	for (unsigned int i = 0; i < fstab.count && !error; i++)
		error = mount_entry(fstab.items[i]);
	return error;
}

int upcall_mount_rootfs(void)
{
	int error;

	fs_register(&initrd_type);
	fs_register(&extract_type);
	error = enter_root();
	if (!error)
		error = mount_volumes();
	if (!error)
		error = mount_at("devfs", "/dev", "devfs", 0, NULL);
	if (!error)
		error = mount_at("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	if (!error)
		error = mount_at("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	if (!error)
		error = make_dir("/tmp", 01777);
	vfs_stamp_from_clock();
	return error;
}
