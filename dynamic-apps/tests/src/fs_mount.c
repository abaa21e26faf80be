/* SPDX-License-Identifier: BSD-3-Clause */
/* Mounting and unmounting: mount(2), umount2(2). */
#include "t.h"

#include <sys/mount.h>

static void mount_tmpfs(const char *where)
{
	if (mkdir(where, 0755) < 0)
		CHECK_EQ(errno, EEXIST);
	CHECK_OK(mount("none", where, "tmpfs", 0, ""));
}

static void unmounting(void)
{
	int fd;

	mount_tmpfs("m");
	t_put_file("m/f", "x");
	CHECK_ERR(umount2("m", 0x10), EINVAL);
	CHECK_ERR(umount2("m/f", 0), EINVAL);
	CHECK_ERR(umount2("nothing", 0), ENOENT);
	fd = CHECK_OK(open("m/f", O_RDONLY));
	CHECK_ERR(umount2("m", 0), EBUSY);
	close(fd);
	CHECK_OK(symlink("m", "link"));
	CHECK_ERR(umount2("link", 8 /* UMOUNT_NOFOLLOW */), EINVAL);
	CHECK_OK(umount2("link", 0));
	CHECK_ERR(umount2("m", 0), EINVAL);
	CHECK_ERR(access("m/f", F_OK), ENOENT);
}

/* A lazily unmounted filesystem lives as long as it is used. */
static void detaching(void)
{
	char c = 0;
	int fd;

	mount_tmpfs("m");
	t_put_file("m/f", "x");
	fd = CHECK_OK(open("m/f", O_RDONLY));
	CHECK_OK(umount2("m", MNT_DETACH));
	CHECK_ERR(access("m/f", F_OK), ENOENT);
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, 'x');
	close(fd);
}

/* There is nothing to abort in memory. */
static void forcing(void)
{
	int fd;

	mount_tmpfs("m");
	t_put_file("m/f", "x");
	fd = CHECK_OK(open("m/f", O_RDONLY));
	CHECK_ERR(umount2("m", MNT_FORCE), EBUSY);
	close(fd);
	CHECK_OK(umount2("m", MNT_FORCE));
}

/* Never at the first call; the guest does not know it. */
static void expiring(void)
{
	mount_tmpfs("m");
	CHECK_ERR(umount2("m", MNT_EXPIRE), t_is_guest() ? EINVAL : EAGAIN);
	CHECK_ERR(umount2("m", MNT_EXPIRE | MNT_DETACH), EINVAL);
	CHECK_ERR(umount2("m", MNT_EXPIRE | MNT_FORCE), EINVAL);
	CHECK_OK(umount("m"));
}

static int count_lines(const char *path, const char *part)
{
	static char text[1 << 16];
	int count = 0;

	CHECK(t_get_file(path, text, sizeof(text)) > 0);
	for (char *at = text; (at = strstr(at, part)) != NULL; at++)
		count++;
	return count;
}

#define MANY 50

static void many(void)
{
	char name[16];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "crowd%d", i);
		mount_tmpfs(name);
	}
	CHECK_EQ(count_lines("/proc/mounts", "/crowd"), MANY);
	CHECK_EQ(count_lines("/proc/self/mountinfo", "/crowd"), MANY);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "crowd%d", i);
		CHECK_OK(umount(name));
	}
	CHECK_EQ(count_lines("/proc/mounts", "/crowd"), 0);
}

/* The name of the place is shown whole, with what would end it written as a number. */
static void long_place(void)
{
	char name[256];

	memset(name, 'n', 250);
	strcpy(name + 250, " x");
	CHECK_OK(mkdir(name, 0755));
	CHECK_OK(chdir(name));
	mount_tmpfs(name);
	strcpy(name + 250, "\\040x");
	CHECK_EQ(count_lines("/proc/mounts", name), 2);
	strcpy(name + 250, " x");
	CHECK_OK(umount(name));
}

static const struct t_test tests[] = {
	T(unmounting), T(detaching), T(forcing), T(expiring), T(many), T(long_place),
};

T_MAIN(tests)
