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

static const struct t_test tests[] = {
	T(unmounting),
	T(detaching),
	T(forcing),
	T(expiring),
};

T_MAIN(tests)
