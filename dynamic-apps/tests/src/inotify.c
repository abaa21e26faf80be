/* SPDX-License-Identifier: BSD-3-Clause */
/* inotify(7) on the memory filesystem: which call makes which events, for a watched file and for a
 * watched directory around it. */
#include "inotify_text.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/time.h>

#define EXCHANGE 2 /* RENAME_EXCHANGE, which musl does not name */

/* --- what happens to files ------------------------------------------------------------------ */

static void file_life(void)
{
	char c = 'x';
	int fd;

	start();
	CHECK_EQ(watch(".", IN_ALL_EVENTS), 1);
	fd = CHECK_OK(open("f", O_CREAT | O_RDWR, 0644));
	CHECK_STR(events(), "1:CREATE(f) 1:OPEN(f)");
	CHECK_EQ(watch("f", IN_ALL_EVENTS), 2);
	CHECK_EQ(write(fd, "abc", 3), 3);
	CHECK_STR(events(), "1:MODIFY(f) 2:MODIFY");
	CHECK_EQ(write(fd, "", 0), 0);
	CHECK_EQ(pread(fd, &c, 1, 0), 1);
	CHECK_STR(events(), "1:ACCESS(f) 2:ACCESS");
	CHECK_EQ(pread(fd, &c, 1, 100), 0);
	CHECK_EQ(pwrite(fd, "z", 1, 1), 1);
	CHECK_STR(events(), "1:MODIFY(f) 2:MODIFY");
	CHECK_OK(close(fd));
	CHECK_STR(events(), "1:CLOSE_WRITE(f) 2:CLOSE_WRITE");
	fd = CHECK_OK(open("f", O_RDONLY));
	CHECK_OK(close(fd));
	CHECK_STR(events(), "1:OPEN(f) 2:OPEN 1:CLOSE_NOWRITE(f) 2:CLOSE_NOWRITE");
	CHECK_OK(unlink("f"));
	CHECK_STR(events(), "2:ATTRIB 2:DELETE_SELF 2:IGNORED 1:DELETE(f)");
	CHECK_ERR(inotify_rm_watch(in, 2), EINVAL);
	close(in);
}

static void descriptors(void)
{
	int fd, again;

	t_put_file("f", "abc");
	start();
	watch("f", IN_ALL_EVENTS);
	fd = CHECK_OK(open("f", O_PATH));
	CHECK_STR(events(), "");
	close(fd);
	CHECK_STR(events(), "");
	fd = CHECK_OK(open("f", O_RDONLY));
	again = CHECK_OK(dup(fd));
	close(fd);
	CHECK_STR(events(), "1:OPEN");
	close(again);
	CHECK_STR(events(), "1:CLOSE_NOWRITE");
	fd = CHECK_OK(open("f", O_RDWR));
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
	close(fd);
	CHECK_STR(events(), "1:OPEN"); /* the mapping holds the file */
	close(in);
}

static void attributes(void)
{
	const struct timeval both[2] = {{1, 0}, {2, 0}};
	const struct timespec access_only[2] = {{3, 0}, {0, UTIME_OMIT}};
	const struct timespec change_only[2] = {{0, UTIME_OMIT}, {3, 0}};
	int fd = t_make_file("f", "abc", 3);

	start();
	watch(".", IN_ALL_EVENTS);
	watch("f", IN_ALL_EVENTS);
	CHECK_OK(chmod("f", 0600));
	CHECK_STR(events(), "1:ATTRIB(f) 2:ATTRIB");
	CHECK_OK(fchmod(fd, 0644));
	CHECK_STR(events(), "1:ATTRIB(f) 2:ATTRIB");
	CHECK_OK(chown("f", 0, 0));
	CHECK_STR(events(), "1:ATTRIB(f) 2:ATTRIB");
	CHECK_OK(utimes("f", both));
	CHECK_STR(events(), "1:ATTRIB(f) 2:ATTRIB");
	CHECK_OK(futimens(fd, access_only));
	CHECK_STR(events(), "1:ACCESS(f) 2:ACCESS");
	CHECK_OK(futimens(fd, change_only));
	CHECK_STR(events(), "1:MODIFY(f) 2:MODIFY");
	CHECK_OK(truncate("f", 10));
	CHECK_STR(events(), "1:MODIFY(f) 2:MODIFY");
	CHECK_OK(ftruncate(fd, 0));
	CHECK_STR(events(), "1:MODIFY(f) 2:MODIFY");
	CHECK_OK(posix_fallocate(fd, 0, 100) ? -1 : 0);
	CHECK_STR(events(), "1:MODIFY(f) 2:MODIFY");
	CHECK_OK(chmod(".", 0755));
	CHECK_STR(events(), "1:ATTRIB|ISDIR");
	close(fd);
	close(in);
}

static void truncating_open(void)
{
	int fd;

	t_put_file("f", "abc");
	start();
	watch("f", IN_MODIFY | IN_OPEN);
	fd = CHECK_OK(open("f", O_WRONLY | O_TRUNC));
	CHECK(strstr(events(), "1:MODIFY") != NULL);
	close(fd);
	close(in);
}

static void links(void)
{
	t_put_file("f", "abc");
	start();
	watch(".", IN_ALL_EVENTS);
	watch("f", IN_ALL_EVENTS);
	CHECK_OK(link("f", "g"));
	CHECK_STR(events(), "2:ATTRIB 1:CREATE(g)");
	CHECK_OK(unlink("f"));
	CHECK_STR(events(), "2:ATTRIB 1:DELETE(f)");
	CHECK_OK(chmod("g", 0600)); /* found by its other name */
	CHECK_STR(events(), "1:ATTRIB(g) 2:ATTRIB");
	CHECK_OK(symlink("g", "s"));
	CHECK_STR(events(), "1:CREATE(s)");
	CHECK_OK(unlink("s"));
	CHECK_STR(events(), "1:DELETE(s)");
	CHECK_OK(unlink("g"));
	CHECK_STR(events(), "2:ATTRIB 2:DELETE_SELF 2:IGNORED 1:DELETE(g)");
	close(in);
}

static void unlinked_while_open(void)
{
	int fd = t_make_file("f", "abc", 3);

	start();
	watch(".", IN_ALL_EVENTS);
	watch("f", IN_ALL_EVENTS);
	CHECK_OK(unlink("f"));
	CHECK_STR(events(), "2:ATTRIB 1:DELETE(f)");
	CHECK_EQ(write(fd, "x", 1), 1); /* still known by the name it had */
	CHECK_STR(events(), "1:MODIFY(f) 2:MODIFY");
	close(fd);
	CHECK_STR(events(), "1:CLOSE_WRITE(f) 2:CLOSE_WRITE 2:DELETE_SELF 2:IGNORED");
	close(in);
}

static void excluding_unlinked(void)
{
	int fd = t_make_file("f", "abc", 3);

	start();
	watch(".", IN_ALL_EVENTS | IN_EXCL_UNLINK);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_STR(events(), "1:MODIFY(f)");
	CHECK_OK(unlink("f"));
	CHECK_STR(events(), "1:DELETE(f)");
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_STR(events(), "");
	CHECK_OK(fchmod(fd, 0600)); /* excluded are only the uses of the open file */
	CHECK_STR(events(), "1:ATTRIB(f)");
	close(fd);
	CHECK_STR(events(), "");
	close(in);
}

static void copying(void)
{
	int from = t_make_file("from", "abcdef", 6), to = t_make_file("to", NULL, 0);
	off_t at = 0;

	start();
	watch("from", IN_ACCESS | IN_MODIFY);
	watch("to", IN_ACCESS | IN_MODIFY);
	CHECK_EQ(sendfile(to, from, &at, 6), 6);
	CHECK_STR(events(), "1:ACCESS 2:MODIFY");
	at = 0;
	CHECK_EQ(copy_file_range(from, &at, to, NULL, 6, 0), 6);
	CHECK_STR(events(), "1:ACCESS 2:MODIFY");
	close(from);
	close(to);
	close(in);
}

/* --- what happens to directories ------------------------------------------------------------ */

static void directories(void)
{
	DIR *dir;

	start();
	watch(".", IN_ALL_EVENTS);
	CHECK_OK(mkdir("d", 0755));
	CHECK_STR(events(), "1:CREATE|ISDIR(d)");
	CHECK_EQ(watch("d", IN_ALL_EVENTS), 2);
	dir = opendir("d");
	CHECK_STR(events(), "1:OPEN|ISDIR(d) 2:OPEN|ISDIR");
	CHECK(dir && readdir(dir));
	CHECK_STR(events(), "1:ACCESS|ISDIR(d) 2:ACCESS|ISDIR");
	if (dir)
		closedir(dir);
	CHECK_STR(events(), "1:CLOSE_NOWRITE|ISDIR(d) 2:CLOSE_NOWRITE|ISDIR");
	CHECK_OK(mknod("d/p", S_IFIFO | 0600, 0));
	CHECK_STR(events(), "2:CREATE(p)"); /* not the grandparent */
	CHECK_OK(unlink("d/p"));
	CHECK_STR(events(), "2:DELETE(p)");
	CHECK_OK(rmdir("d"));
	CHECK_STR(events(), "2:DELETE_SELF 2:IGNORED 1:DELETE|ISDIR(d)");
	close(in);
}

static void fifo(void)
{
	char c;
	int fd;

	CHECK_OK(mkfifo("p", 0600));
	start();
	watch("p", IN_ALL_EVENTS);
	fd = CHECK_OK(open("p", O_RDWR));
	CHECK_STR(events(), "1:OPEN");
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_STR(events(), "1:MODIFY");
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_STR(events(), "1:ACCESS");
	close(fd);
	CHECK_STR(events(), "1:CLOSE_WRITE");
	close(in);
}

/* --- moves ---------------------------------------------------------------------------------- */

/* Reads two moves whose cookies must be one and not 0; gives it. */
static uint32_t read_move(const char *from, const char *to)
{
	char buf[1024] __attribute__((aligned(8)));
	const struct inotify_event *first = (const struct inotify_event *)buf, *second;

	CHECK(read(in, buf, sizeof(buf)) > 0);
	second = (const struct inotify_event *)(buf + SIZE + first->len);
	CHECK_EQ(first->mask & ~IN_ISDIR, IN_MOVED_FROM);
	CHECK_EQ(second->mask & ~IN_ISDIR, IN_MOVED_TO);
	CHECK_STR(first->name, from);
	CHECK_STR(second->name, to);
	CHECK(first->cookie != 0);
	CHECK_EQ(first->cookie, second->cookie);
	return first->cookie;
}

static void moves(void)
{
	uint32_t cookie;

	CHECK_OK(mkdir("a", 0755));
	CHECK_OK(mkdir("b", 0755));
	t_put_file("a/f", "1");
	t_put_file("b/victim", "2");
	start();
	watch("a", IN_ALL_EVENTS);
	watch("b", IN_ALL_EVENTS);
	watch("a/f", IN_ALL_EVENTS);
	CHECK_OK(rename("a/f", "a/g"));
	CHECK_STR(events(), "1:FROM(f) 1:TO(g) 3:MOVE_SELF");
	CHECK_OK(rename("a/g", "b/h"));
	CHECK_STR(events(), "1:FROM(g) 2:TO(h) 3:MOVE_SELF");
	watch("b/victim", IN_ALL_EVENTS);
	CHECK_OK(rename("b/h", "b/victim"));
	CHECK_STR(events(), "2:FROM(h) 2:TO(victim) 4:ATTRIB 3:MOVE_SELF 4:DELETE_SELF 4:IGNORED");
	CHECK_OK(chmod("b/victim", 0600)); /* the new directory is the parent now */
	CHECK_STR(events(), "2:ATTRIB(victim) 3:ATTRIB");
	CHECK_OK(mkdir("a/d", 0755));
	events();
	watch("a/d", IN_ALL_EVENTS);
	CHECK_OK(rename("a/d", "b/d"));
	CHECK_STR(events(), "1:FROM|ISDIR(d) 2:TO|ISDIR(d) 5:MOVE_SELF");
	close(in);

	start();
	watch("a", IN_MOVE);
	watch("b", IN_MOVE);
	CHECK_OK(rename("b/victim", "a/x"));
	cookie = read_move("victim", "x");
	CHECK_OK(rename("a/x", "a/y"));
	CHECK(read_move("x", "y") != cookie);
	close(in);
}

static void exchange(void)
{
	CHECK_OK(mkdir("d", 0755));
	t_put_file("f", "1");
	t_put_file("d/g", "2");
	start();
	watch(".", IN_ALL_EVENTS);
	watch("d", IN_ALL_EVENTS);
	watch("f", IN_ALL_EVENTS);
	watch("d/g", IN_ALL_EVENTS);
	CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "d/g", EXCHANGE));
	CHECK_STR(events(), "1:FROM(f) 2:TO(g) 3:MOVE_SELF 2:FROM(g) 1:TO(f) 4:MOVE_SELF");
	CHECK_OK(chmod("f", 0600));
	CHECK_STR(events(), "1:ATTRIB(f) 4:ATTRIB");
	close(in);
}

/* Moved into, and out of, a watched directory without a watch of its own. */
static void children_come_and_go(void)
{
	CHECK_OK(mkdir("d", 0755));
	t_put_file("f", "1");
	t_put_file("d/old", "1");
	start();
	watch("d", IN_ATTRIB);
	CHECK_OK(chmod("f", 0600));
	CHECK_STR(events(), "");
	CHECK_OK(rename("f", "d/f"));
	CHECK_OK(chmod("d/f", 0600));
	CHECK_OK(chmod("d/old", 0600));
	t_put_file("d/new", "1");
	CHECK_OK(chmod("d/new", 0600));
	CHECK_STR(events(), "1:ATTRIB(f) 1:ATTRIB(old) 1:ATTRIB(new)");
	CHECK_OK(rename("d/f", "f"));
	CHECK_OK(chmod("f", 0644));
	CHECK_STR(events(), "");
	close(in);
}

static const struct t_test tests[] = {
	T(file_life),
	T(descriptors),
	T(attributes),
	T(truncating_open),
	T(links),
	T(unlinked_while_open),
	T(excluding_unlinked),
	T(copying),
	T(directories),
	T(fifo),
	T(moves),
	T(exchange),
	T(children_come_and_go),
};

T_MAIN(tests)
