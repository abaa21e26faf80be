/* SPDX-License-Identifier: BSD-3-Clause */
/* inotify(7): watches, their flags and their ends; what reading the events is like. */
#include "inotify_text.h"

#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

/* --- watches -------------------------------------------------------------------------------- */

static void masks(void)
{
	int fd;

	t_put_file("f", "1");
	start();
	CHECK_EQ(watch("f", IN_OPEN), 1);
	CHECK_EQ(watch("f", IN_CLOSE_NOWRITE), 1); /* replaces */
	close(open("f", O_RDONLY));
	CHECK_STR(events(), "1:CLOSE_NOWRITE");
	CHECK_EQ(watch("f", IN_OPEN | IN_MASK_ADD), 1);
	close(open("f", O_RDONLY));
	CHECK_STR(events(), "1:OPEN 1:CLOSE_NOWRITE");
	CHECK_ERR(inotify_add_watch(in, "f", IN_OPEN | IN_MASK_CREATE), EEXIST);
	CHECK_ERR(inotify_add_watch(in, "f", IN_OPEN | IN_MASK_CREATE | IN_MASK_ADD), EINVAL);
	t_put_file("g", "1");
	CHECK_EQ(watch("g", IN_OPEN | IN_MASK_CREATE), 2);
	CHECK_OK(inotify_rm_watch(in, 1));
	CHECK_STR(events(), "1:IGNORED");
	CHECK_ERR(inotify_rm_watch(in, 1), EINVAL);
	close(open("f", O_RDONLY));
	CHECK_STR(events(), "");
	CHECK_EQ(watch("f", IN_OPEN), 3); /* numbers are not used again */
	fd = CHECK_OK(open("f", O_RDONLY));
	CHECK_STR(events(), "3:OPEN");
	close(fd);
	close(in);
}

static void oneshot(void)
{
	t_put_file("f", "1");
	start();
	CHECK_EQ(watch("f", IN_OPEN | IN_CLOSE | IN_ONESHOT), 1);
	close(open("f", O_RDONLY));
	CHECK_STR(events(), "1:OPEN 1:IGNORED");
	CHECK_ERR(inotify_rm_watch(in, 1), EINVAL);
	CHECK_OK(mkdir("d", 0755));
	CHECK_EQ(watch("d", IN_CREATE | IN_ONESHOT), 2);
	t_put_file("d/f", "1");
	t_put_file("d/g", "1");
	CHECK_STR(events(), "2:CREATE(f) 2:IGNORED");
	close(in);
}

static void two_instances(void)
{
	int first, second;

	t_put_file("f", "1");
	first = start();
	watch("f", IN_OPEN);
	second = start();
	watch("f", IN_OPEN);
	close(open("f", O_RDONLY));
	CHECK_STR(events(), "1:OPEN");
	in = first;
	CHECK_STR(events(), "1:OPEN");
	close(first);
	in = second;
	close(open("f", O_RDONLY));
	CHECK_STR(events(), "1:OPEN");
	close(second);
}

static void by_link(void)
{
	t_put_file("f", "1");
	CHECK_OK(symlink("f", "s"));
	start();
	CHECK_EQ(watch("s", IN_ATTRIB | IN_DELETE_SELF), 1);
	CHECK_EQ(watch("f", IN_ATTRIB | IN_DELETE_SELF), 1); /* the same inode */
	CHECK_EQ(watch("s", IN_ATTRIB | IN_DELETE_SELF | IN_DONT_FOLLOW), 2);
	CHECK_OK(unlink("s"));
	CHECK_STR(events(), "2:ATTRIB 2:DELETE_SELF 2:IGNORED");
	CHECK_ERR(inotify_add_watch(in, "f", IN_OPEN | IN_ONLYDIR), ENOTDIR);
	CHECK_OK(inotify_add_watch(in, ".", IN_OPEN | IN_ONLYDIR));
	close(in);
}

static void wrong_arguments(void)
{
	int fd = t_make_file("f", "1", 1);

	start();
	CHECK_ERR(inotify_init1(1), EINVAL);
	CHECK_ERR(inotify_add_watch(in, "f", 0), EINVAL);
	CHECK_ERR(inotify_add_watch(in, "f", 0x00800000), EINVAL);
	CHECK_ERR(inotify_add_watch(in, "missing", IN_OPEN), ENOENT);
	CHECK_ERR(inotify_add_watch(in, "", IN_OPEN), ENOENT);
	CHECK_ERR(inotify_add_watch(-1, "f", IN_OPEN), EBADF);
	CHECK_ERR(inotify_add_watch(fd, "f", IN_OPEN), EINVAL);
	CHECK_ERR(inotify_add_watch(in, (char *)8, IN_OPEN), EFAULT);
	CHECK_ERR(inotify_rm_watch(-1, 1), EBADF);
	CHECK_ERR(inotify_rm_watch(fd, 1), EINVAL);
	CHECK_ERR(inotify_rm_watch(in, 1), EINVAL);
	CHECK_ERR(write(in, "x", 1), EBADF);
	CHECK_EQ(lseek(in, 0, SEEK_SET), 0);
	CHECK_OK(fcntl(in, F_GETFD) == FD_CLOEXEC ? 0 : -1);
	close(in);
	CHECK_OK(syscall(SYS_inotify_init1, 0));
	close(fd);
}

static void unmounted(void)
{
	CHECK_OK(mkdir("m", 0755));
	CHECK_OK(mount("none", "m", "tmpfs", 0, NULL));
	t_put_file("m/f", "1");
	start();
	watch("m/f", IN_OPEN);
	CHECK_OK(umount("m"));
	CHECK_STR(events(), "1:UNMOUNT 1:IGNORED");
	close(in);
}

static void closed_with_watches(void)
{
	t_put_file("f", "1");
	start();
	watch("f", IN_ALL_EVENTS);
	watch(".", IN_ALL_EVENTS);
	CHECK_OK(chmod("f", 0600));
	close(in);
	CHECK_OK(chmod("f", 0600));
	CHECK_OK(unlink("f"));
}

/* --- reading -------------------------------------------------------------------------------- */

static void names_are_padded(void)
{
	char buf[512] __attribute__((aligned(8)));
	const struct inotify_event *event = (const struct inotify_event *)buf;
	const char *const created[] = {"a", "123456789012345", "1234567890123456"};
	const unsigned int lengths[] = {16, 16, 32};
	int pending;

	start();
	watch(".", IN_CREATE);
	for (size_t i = 0; i < 3; i++) {
		memset(buf, 'x', sizeof(buf));
		CHECK_OK(mkdir(created[i], 0755));
		CHECK_OK(ioctl(in, FIONREAD, &pending));
		CHECK_EQ(pending, SIZE + lengths[i]);
		CHECK_ERR(read(in, buf, SIZE),
			  EINVAL); /* too short for the name: nothing is lost */
		CHECK_EQ(read(in, buf, sizeof(buf)), SIZE + lengths[i]);
		CHECK_EQ(event->len, lengths[i]);
		CHECK_STR(event->name, created[i]);
		for (size_t at = strlen(created[i]); at < lengths[i]; at++)
			CHECK_EQ(event->name[at], 0);
	}
	CHECK_OK(ioctl(in, FIONREAD, &pending));
	CHECK_EQ(pending, 0);
	CHECK_ERR(ioctl(in, TIOCOUTQ, &pending), ENOTTY);
	close(in);
}

static void reading_in_parts(void)
{
	char buf[512] __attribute__((aligned(8)));
	struct pollfd fds;

	start();
	fds = (struct pollfd){.fd = in, .events = POLLIN | POLLOUT};
	watch(".", IN_CREATE);
	CHECK_ERR(read(in, buf, sizeof(buf)), EAGAIN);
	CHECK_EQ(poll(&fds, 1, 0), 0);
	CHECK_OK(mkdir("a", 0755));
	CHECK_OK(mkdir("b", 0755));
	CHECK_EQ(poll(&fds, 1, 0), 1);
	CHECK_EQ(fds.revents, POLLIN);
	CHECK_ERR(read(in, buf, 0), EINVAL);
	CHECK_EQ(read(in, buf, SIZE + 16 + 15), SIZE + 16); /* only whole events */
	CHECK_EQ(read(in, buf, sizeof(buf)), SIZE + 16);
	CHECK_EQ(poll(&fds, 1, 0), 0);
	CHECK_OK(mkdir("c", 0755));
	CHECK_ERR(read(in, (void *)8, sizeof(buf)), EFAULT);
	close(in);
}

static void same_events_are_one(void)
{
	int fd = t_make_file("f", "1", 1);

	start();
	watch("f", IN_MODIFY | IN_ACCESS);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_OK(ftruncate(fd, 1));
	CHECK_STR(events(), "1:MODIFY");
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(pread(fd, &(char){0}, 1, 0), 1);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_STR(events(), "1:MODIFY 1:ACCESS 1:MODIFY"); /* only next to each other */
	close(fd);
	close(in);
}

static void overflow(void)
{
	char buf[64 * (SIZE + 16)] __attribute__((aligned(8)));
	char limit[16] = "";
	size_t count = 0, overflows = 0, most;
	ssize_t got;

	CHECK(t_get_file("/proc/sys/fs/inotify/max_queued_events", limit, sizeof(limit)) > 0);
	most = (size_t)atoi(limit);
	CHECK(most > 100);
	start();
	watch(".", IN_CREATE | IN_DELETE);
	for (size_t i = 0; i < most / 2 + 10; i++) {
		mkdir("x", 0755);
		rmdir("x");
	}
	while ((got = read(in, buf, sizeof(buf))) > 0) {
		for (char *at = buf; at < buf + got; count++) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			if (event->mask & IN_Q_OVERFLOW) {
				CHECK_EQ(event->wd, -1);
				CHECK_EQ(event->len, 0);
				overflows++;
			}
			at += SIZE + event->len;
		}
	}
	CHECK_EQ(overflows, 1);
	CHECK_EQ(count, most + 1);
	close(in);
}

/* --- waiting --------------------------------------------------------------------------------- */

static void *make_directory(void *name)
{
	usleep(20000);
	CHECK_OK(mkdir(name, 0755));
	return NULL;
}

static void *interrupt(void *thread)
{
	usleep(20000);
	CHECK_EQ(pthread_kill(*(pthread_t *)thread, SIGUSR1), 0);
	return NULL;
}

static void on_signal(int signo)
{
	(void)signo;
}

static void waiting(void)
{
	const struct sigaction action = {.sa_handler = on_signal};
	pthread_t self = pthread_self(), other;
	struct pollfd fds;
	char buf[512];

	in = CHECK_OK(inotify_init1(0));
	watch(".", IN_CREATE);
	CHECK_EQ(pthread_create(&other, NULL, make_directory, "a"), 0);
	CHECK_EQ(read(in, buf, sizeof(buf)), SIZE + 16);
	pthread_join(other, NULL);
	fds = (struct pollfd){.fd = in, .events = POLLIN};
	CHECK_EQ(pthread_create(&other, NULL, make_directory, "b"), 0);
	CHECK_EQ(poll(&fds, 1, 10000), 1);
	pthread_join(other, NULL);
	CHECK_EQ(read(in, buf, sizeof(buf)), SIZE + 16);
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	CHECK_EQ(pthread_create(&other, NULL, interrupt, &self), 0);
	CHECK_ERR(read(in, buf, sizeof(buf)), EINTR);
	pthread_join(other, NULL);
	close(in);
}

static void limits(void)
{
	char limit[32] = "";

	CHECK(t_get_file("/proc/sys/fs/inotify/max_user_watches", limit, sizeof(limit)) > 0);
	CHECK(atol(limit) >= 8192);
	CHECK(t_get_file("/proc/sys/fs/inotify/max_user_instances", limit, sizeof(limit)) > 0);
	CHECK(atol(limit) >= 128);
}

static void shown_in_proc(void)
{
	char path[64], text[1024] = "", wanted[64];
	struct stat st;

	start();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", in);
	CHECK(readlink(path, text, sizeof(text) - 1) > 0);
	CHECK_STR(text, "anon_inode:inotify");
	watch(".", IN_CREATE | IN_DELETE);
	CHECK_OK(stat(".", &st));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", in);
	CHECK(t_get_file(path, text, sizeof(text)) > 0);
	snprintf(wanted, sizeof(wanted), "\ninotify wd:1 ino:%lx sdev:", (unsigned long)st.st_ino);
	CHECK(strstr(text, wanted) != NULL);
	CHECK(strstr(text, " mask:300 ignored_mask:0") != NULL);
	close(in);
}

static const struct t_test tests[] = {
	T(masks),
	T(oneshot),
	T(two_instances),
	T(by_link),
	T(wrong_arguments),
	T(unmounted),
	T(closed_with_watches),
	T(names_are_padded),
	T(reading_in_parts),
	T(same_events_are_one),
	T(overflow),
	T(waiting),
	T(limits),
	T(shown_in_proc),
};

T_MAIN(tests)
