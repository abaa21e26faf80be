/* SPDX-License-Identifier: BSD-3-Clause */
/* Names: mkdir, rmdir, link, symlink, readlink, rename, unlink, getdents, chdir, getcwd, mknod. */
#include "t.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#define RENAME_NOREPLACE_ 1
#define RENAME_EXCHANGE_  2

static ino_t inode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_ino : 0;
}

static unsigned int links_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? (unsigned int)st.st_nlink : 0;
}

static void mkdir_rmdir(void)
{
	unsigned int before = links_of(".");

	CHECK_OK(mkdir("d", 0755));
	CHECK_EQ(links_of("d"), 2);
	CHECK_EQ(links_of("."), before + 1);
	CHECK_ERR(mkdir("d", 0755), EEXIST);
	CHECK_ERR(mkdir("d/", 0755), EEXIST);
	CHECK_ERR(mkdir("missing/x", 0755), ENOENT);
	CHECK_ERR(mkdir("", 0755), ENOENT);
	CHECK_ERR(mkdir("/", 0755), EEXIST);
	CHECK_OK(mkdir("d/e/", 0755));
	CHECK_ERR(rmdir("d"), ENOTEMPTY);
	CHECK_ERR(rmdir("d/e/."), EINVAL);
	CHECK_ERR(rmdir("d/e/.."), ENOTEMPTY);
	CHECK_OK(rmdir("d/e"));
	CHECK_OK(rmdir("d"));
	CHECK_ERR(rmdir("d"), ENOENT);
	CHECK_EQ(links_of("."), before);
	t_put_file("f", "");
	CHECK_ERR(rmdir("f"), ENOTDIR);
	CHECK_ERR(rmdir("f/x"), ENOTDIR);
	CHECK_ERR(mkdir("f", 0755), EEXIST);
	CHECK_ERR(mkdir("f/x", 0755), ENOTDIR);
}

static void unlink_errors(void)
{
	CHECK_ERR(unlink("missing"), ENOENT);
	CHECK_ERR(unlink(""), ENOENT);
	CHECK_OK(mkdir("d", 0755));
	CHECK_ERR(unlink("d"), EISDIR);
	t_put_file("f", "");
	CHECK_ERR(unlink("f/"), ENOTDIR);
	CHECK_ERR(unlink("f/x"), ENOTDIR);
	CHECK_ERR(unlinkat(AT_FDCWD, "f", AT_REMOVEDIR), ENOTDIR);
	CHECK_ERR(unlinkat(AT_FDCWD, "f", 0x1), EINVAL);
	CHECK_OK(unlink("f"));
	CHECK_ERR(access("f", F_OK), ENOENT);
	CHECK_OK(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
}

static void unlink_while_open(void)
{
	char buf[4] = "";
	struct stat st;
	int fd = t_make_file("f", "abc", 3);

	CHECK_OK(unlink("f"));
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(pread(fd, buf, 3, 0), 3);
	CHECK_STR(buf, "abc");
	CHECK_EQ(write(fd, "d", 1), 1);
	close(fd);
}

static void link_counts(void)
{
	t_put_file("f", "abc");
	CHECK_OK(link("f", "g"));
	CHECK_EQ(links_of("f"), 2);
	CHECK_EQ(inode_of("f"), inode_of("g"));
	CHECK_ERR(link("f", "g"), EEXIST);
	CHECK_ERR(link("missing", "h"), ENOENT);
	CHECK_ERR(link("f", "missing/h"), ENOENT);
	CHECK_OK(mkdir("d", 0755));
	CHECK_ERR(link("d", "e"), EPERM);
	CHECK_OK(unlink("f"));
	CHECK_EQ(links_of("g"), 1);
	CHECK_OK(symlink("g", "s"));
	CHECK_OK(link("s", "t")); /* the link itself */
	CHECK_EQ(inode_of("s"), inode_of("t"));
	CHECK_OK(linkat(AT_FDCWD, "s", AT_FDCWD, "u", AT_SYMLINK_FOLLOW));
	CHECK_EQ(inode_of("u"), inode_of("g"));
}

static void symlink_readlink(void)
{
	char buf[64];

	CHECK_OK(symlink("some/where", "s"));
	memset(buf, '#', sizeof(buf));
	CHECK_EQ(readlink("s", buf, sizeof(buf)), 10);
	CHECK(!memcmp(buf, "some/where#", 11));
	CHECK_EQ(readlink("s", buf, 4), 4); /* cut, without error */
	CHECK_ERR(syscall(SYS_readlink, "s", buf, 0), EINVAL);
	CHECK_ERR(symlink("x", "s"), EEXIST);
	CHECK_ERR(symlink("", "t"), ENOENT);
	CHECK_ERR(symlink("x", ""), ENOENT);
	CHECK_ERR(symlink("x", "missing/t"), ENOENT);
	t_put_file("f", "");
	CHECK_ERR(readlink("f", buf, sizeof(buf)), EINVAL);
	CHECK_ERR(readlink("missing", buf, sizeof(buf)), ENOENT);
	CHECK_OK(unlink("s"));
}

/* A slash behind a link asks for the directory at the end of all of them. */
static void slash_behind_links(void)
{
	static const struct timespec times[2] = {{1, 0}, {2, 0}};
	struct stat st, dir;
	char buf[16];
	int fd;

	CHECK_OK(mkdir("dir", 0755));
	CHECK_OK(symlink("dir", "l1"));
	CHECK_OK(symlink("l1", "l2"));
	CHECK_OK(symlink("c", "c"));
	t_put_file("file", "");
	CHECK_OK(symlink("file", "f1"));
	CHECK_OK(symlink("f1", "f2"));
	CHECK_OK(symlink("gone", "g1"));
	CHECK_OK(lchown("l2/", 5, 6));
	CHECK_OK(utimensat(AT_FDCWD, "l2//", times, AT_SYMLINK_NOFOLLOW));
	CHECK_OK(stat("dir", &dir));
	CHECK_EQ(dir.st_uid, 5);
	CHECK_EQ(dir.st_mtime, 2);
	CHECK_OK(lstat("l2/", &st));
	CHECK_EQ(st.st_ino, dir.st_ino);
	fd = CHECK_OK(open("l2/", O_RDONLY | O_NOFOLLOW));
	close(fd);
	CHECK_ERR(readlink("l2/", buf, sizeof(buf)), EINVAL);
	CHECK_EQ(readlink("l2", buf, sizeof(buf)), 2);
	CHECK_ERR(lstat("c/", &st), ELOOP);
	CHECK_ERR(open("c/", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_ERR(lstat("f2/", &st), ENOTDIR);
	CHECK_ERR(lstat("g1/", &st), ENOENT);
	CHECK_ERR(unlink("l2/"), ENOTDIR);
}

static void rename_files(void)
{
	ino_t f;

	t_put_file("f", "f");
	t_put_file("g", "g");
	f = inode_of("f");
	CHECK_OK(rename("f", "h"));
	CHECK_EQ(inode_of("h"), f);
	CHECK_ERR(access("f", F_OK), ENOENT);
	CHECK_OK(rename("h", "g")); /* replaces */
	CHECK_EQ(inode_of("g"), f);
	CHECK_ERR(rename("missing", "x"), ENOENT);
	CHECK_ERR(rename("g", "missing/x"), ENOENT);
	CHECK_ERR(rename("g", ""), ENOENT);
	CHECK_OK(rename("g", "g"));
	CHECK_OK(link("g", "h"));
	CHECK_OK(rename("g", "h")); /* two names of one file: nothing happens */
	CHECK_OK(access("g", F_OK));
	CHECK_OK(access("h", F_OK));
}

static void rename_directories(void)
{
	CHECK_OK(mkdir("a", 0755));
	CHECK_OK(mkdir("a/b", 0755));
	CHECK_OK(mkdir("full", 0755));
	t_put_file("full/f", "");
	t_put_file("file", "");
	CHECK_ERR(rename("a", "a/b/c"), EINVAL);
	CHECK_ERR(rename("a", "full"), ENOTEMPTY);
	CHECK_ERR(rename("a", "file"), ENOTDIR);
	CHECK_ERR(rename("file", "a"), EISDIR);
	CHECK_ERR(rename("file", "a/b/"), ENOTDIR);
	CHECK_ERR(rename("a/.", "x"), EBUSY);
	CHECK_ERR(rename("a", "a/b/.."), EBUSY);
	CHECK_OK(mkdir("empty", 0755));
	CHECK_OK(rename("full", "empty"));
	CHECK_OK(access("empty/f", F_OK));
	CHECK_EQ(links_of("a"), 3);
	CHECK_OK(rename("a/b", "b"));
	CHECK_EQ(links_of("a"), 2);
	CHECK_OK(chdir("b"));
	CHECK_OK(mkdir("../a/x", 0755));
	CHECK_OK(chdir(".."));
}

static void rename_flags(void)
{
	ino_t f, g;

	t_put_file("f", "f");
	t_put_file("g", "g");
	f = inode_of("f");
	g = inode_of("g");
	CHECK_ERR(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "g", RENAME_NOREPLACE_), EEXIST);
	CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "g", RENAME_EXCHANGE_));
	CHECK_EQ(inode_of("f"), g);
	CHECK_EQ(inode_of("g"), f);
	CHECK_ERR(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "x", RENAME_EXCHANGE_), ENOENT);
	CHECK_ERR(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "x",
			  RENAME_EXCHANGE_ | RENAME_NOREPLACE_),
		  EINVAL);
	CHECK_ERR(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "x", 0x100), EINVAL);
	CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "x", RENAME_NOREPLACE_));
}

struct dirent64_raw {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

/* Lists a directory with a buffer of this size; returns the number of entries. */
static int list_raw(int fd, size_t size, unsigned int *seen)
{
	char buf[4096] __attribute__((aligned(8)));
	int count = 0;
	long got;

	while ((got = syscall(SYS_getdents64, fd, buf, size)) > 0) {
		for (long at = 0; at < got;) {
			struct dirent64_raw *entry = (void *)(buf + at);

			CHECK(entry->reclen % 8 == 0);
			CHECK(entry->ino != 0);
			count++;
			if (!strncmp(entry->name, "file", 4)) {
				CHECK_EQ(entry->type, DT_REG);
				*seen |= 1u << atoi(entry->name + 4);
			} else {
				CHECK(entry->type == DT_DIR || entry->type == DT_LNK);
			}
			at += entry->reclen;
		}
	}
	CHECK_EQ(got, 0);
	return count;
}

static void getdents_lists_all(void)
{
	static const size_t sizes[] = {4096, 64, 100};
	unsigned int seen = 0;
	char name[16];
	int fd;

	CHECK_OK(mkdir("d", 0755));
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "d/file%d", i);
		t_put_file(name, "");
	}
	CHECK_OK(mkdir("d/sub", 0755));
	CHECK_OK(symlink("x", "d/sym"));
	fd = CHECK_OK(open("d", O_RDONLY | O_DIRECTORY));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
		seen = 0;
		CHECK_EQ(list_raw(fd, sizes[i], &seen), 24); /* with . and .. */
		CHECK_EQ(seen, (1u << 20) - 1);
	}
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_ERR(syscall(SYS_getdents64, fd, name, 8), EINVAL);
	close(fd);
	fd = CHECK_OK(open("d/file1", O_RDONLY));
	CHECK_ERR(syscall(SYS_getdents64, fd, name, 8), ENOTDIR);
	close(fd);
}

static void getdents_while_changing(void)
{
	struct dirent *entry;
	char name[16];
	int removed = 0;
	DIR *dir;

	CHECK_OK(mkdir("d", 0755));
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		t_put_file(name, "");
	}
	dir = opendir("d");
	if (!CHECK(dir != NULL))
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		CHECK_OK(unlinkat(dirfd(dir), entry->d_name, 0));
		removed++;
	}
	closedir(dir);
	CHECK_EQ(removed, 50);
	CHECK_OK(rmdir("d"));
}

static void removed_directory(void)
{
	int fd;

	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(chdir("d"));
	fd = CHECK_OK(open(".", O_RDONLY));
	CHECK_OK(rmdir("../d"));
	CHECK_ERR(open("x", O_RDWR | O_CREAT, 0600), ENOENT);
	CHECK_ERR(mkdir("x", 0700), ENOENT);
	CHECK_ERR(openat(fd, "x", O_RDWR | O_CREAT, 0600), ENOENT);
	{
		char buf[256];

		CHECK_ERR(syscall(SYS_getcwd, buf, sizeof(buf)), ENOENT);
	}
	CHECK_OK(chdir("/"));
	close(fd);
}

static void chdir_getcwd(void)
{
	char start[256], buf[256];
	int fd;

	CHECK(getcwd(start, sizeof(start)) != NULL);
	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(symlink("d", "l"));
	CHECK_OK(chdir("l"));
	CHECK(getcwd(buf, sizeof(buf)) != NULL);
	CHECK_EQ(strlen(buf), strlen(start) + 2);
	CHECK_STR(buf + strlen(start), "/d"); /* the real name, not the link's */
	CHECK_EQ(syscall(SYS_getcwd, buf, sizeof(buf)), (long)strlen(start) + 3);
	CHECK_ERR(syscall(SYS_getcwd, buf, 3), ERANGE);
	t_put_file("f", "");
	CHECK_ERR(chdir("f"), ENOTDIR);
	CHECK_ERR(chdir("missing"), ENOENT);
	fd = CHECK_OK(open("f", O_RDONLY));
	CHECK_ERR(fchdir(fd), ENOTDIR);
	close(fd);
	CHECK_OK(rename("../d", "../e")); /* renaming what we are in */
	CHECK(getcwd(buf, sizeof(buf)) != NULL);
	CHECK_STR(buf + strlen(start), "/e");
	fd = CHECK_OK(open("/", O_RDONLY | O_PATH));
	CHECK_OK(fchdir(fd));
	CHECK_STR(getcwd(buf, sizeof(buf)), "/");
	close(fd);
}

static void mknod_kinds(void)
{
	struct stat st;
	char c = 5;
	int fd;

	CHECK_OK(mknod("fifo", S_IFIFO | 0600, 0));
	CHECK_OK(stat("fifo", &st));
	CHECK_EQ(st.st_mode, S_IFIFO | 0600);
	fd = CHECK_OK(open("fifo", O_RDWR));
	CHECK_EQ(write(fd, &c, 1), 1);
	CHECK_EQ(read(fd, &c, 1), 1);
	close(fd);
	CHECK_ERR(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	fd = CHECK_OK(open("fifo", O_RDONLY | O_NONBLOCK));
	CHECK_EQ(read(fd, &c, 1), 0);
	close(fd);
	CHECK_OK(mknod("regular", S_IFREG | 0640, 0));
	CHECK_OK(stat("regular", &st));
	CHECK_EQ(st.st_mode, S_IFREG | 0640);
	CHECK_OK(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
	CHECK_OK(stat("null", &st));
	CHECK_EQ(st.st_rdev, makedev(1, 3));
	CHECK_ERR(mknod("null", S_IFREG, 0), EEXIST);
	CHECK_ERR(mknod("dir", S_IFDIR | 0700, 0), EPERM);
}

/* A name may end with the last byte before a page that is not there; so may what stat fills. */
static void names_at_page_end(void)
{
	char *end =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct stat st, *at_end;
	char text[40];

	CHECK(end != MAP_FAILED);
	end += PAGE;
	CHECK_OK(munmap(end, PAGE));
	at_end = (struct stat *)end - 1;
	for (size_t len = 1; len < sizeof(text); len++) {
		char *name = end - len - 1;

		memset(name, 'n', len);
		name[len] = '\0';
		CHECK_ERR(stat(name, &st), ENOENT);
		t_put_file(name, "");
		CHECK_OK(stat(name, &st));
		memcpy(text, name, len + 1);
		memset(at_end, 0x5a, sizeof(*at_end));
		CHECK_OK(stat(text, at_end));
		CHECK_EQ(memcmp(&st, at_end, sizeof(st)), 0);
		CHECK_EQ(syscall(SYS_newfstatat, AT_FDCWD, text, (char *)at_end + 8, 0), -1);
		CHECK_EQ(errno, EFAULT);
		memset(name, 'n', len + 1); /* no NUL */
		CHECK_EQ(syscall(SYS_newfstatat, AT_FDCWD, name, &st, 0), -1);
		CHECK_EQ(errno, EFAULT);
	}
	munmap(end - PAGE, PAGE);
}

static const struct t_test tests[] = {
	T(mkdir_rmdir),
	T(unlink_errors),
	T(unlink_while_open),
	T(link_counts),
	T(symlink_readlink),
	T(slash_behind_links),
	T(rename_files),
	T(rename_directories),
	T(rename_flags),
	T(getdents_lists_all),
	T(getdents_while_changing),
	T(removed_directory),
	T(chdir_getcwd),
	T(mknod_kinds),
	T(names_at_page_end),
};

T_MAIN(tests)
