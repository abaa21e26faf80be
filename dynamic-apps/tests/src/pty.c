/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pseudo terminals, pty(7): a master opened through /dev/ptmx, a slave by its name, by openpty(3)
 * and by TIOCGPTPEER; line discipline and window size; what each side sees when the other is gone.
 */
#include "t_threads.h"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static void open_pair(int *master, int *slave)
{
	CHECK_OK(openpty(master, slave, NULL, NULL, NULL));
}

static void close_pair(int master, int slave)
{
	close(slave);
	close(master);
}

static void make_raw(int fd)
{
	struct termios raw;

	CHECK_OK(tcgetattr(fd, &raw));
	cfmakeraw(&raw);
	CHECK_OK(tcsetattr(fd, TCSANOW, &raw));
}

static void expect(int fd, const char *text)
{
	char have[256] = "";
	size_t len = strlen(text), done = 0;

	while (done < len) {
		ssize_t got = read(fd, have + done, len - done);

		if (!CHECK(got > 0))
			return;
		done += (size_t)got;
	}
	CHECK(!memcmp(have, text, len));
}

static short events_of(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN | POLLOUT};

	CHECK_OK(poll(&pfd, 1, 0));
	return pfd.revents;
}

static void names_and_lock(void)
{
	int master = CHECK_OK(posix_openpt(O_RDWR | O_NOCTTY)), slave, number = -1, locked = -1;
	char name[64], expected[64];
	struct stat st;

	CHECK_OK(grantpt(master));
	CHECK_EQ(ptsname_r(master, name, sizeof(name)), 0);
	CHECK_OK(ioctl(master, TIOCGPTN, &number));
	snprintf(expected, sizeof(expected), "/dev/pts/%d", number);
	CHECK(!strcmp(name, expected));
	CHECK_OK(ioctl(master, TIOCGPTLCK, &locked));
	CHECK_EQ(locked, 1);
	CHECK_ERR(open(name, O_RDWR | O_NOCTTY), EIO);
	CHECK_OK(unlockpt(master));
	CHECK_OK(ioctl(master, TIOCGPTLCK, &locked));
	CHECK_EQ(locked, 0);
	slave = CHECK_OK(open(name, O_RDWR | O_NOCTTY));
	CHECK_EQ(isatty(master), 1);
	CHECK_EQ(isatty(slave), 1);
	CHECK(ttyname(slave) && !strcmp(ttyname(slave), name));
	CHECK_OK(fstat(slave, &st));
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(major(st.st_rdev), 136);
	CHECK_EQ(minor(st.st_rdev), number);
	CHECK_ERR(ioctl(slave, TIOCGPTN, &number), ENOTTY);
	CHECK_ERR(lseek(master, 0, SEEK_SET), ESPIPE);
	close_pair(master, slave);
	CHECK_ERR(stat(name, &st), ENOENT);
}

static void peer(void)
{
	int master = CHECK_OK(posix_openpt(O_RDWR | O_NOCTTY)), slave;

	CHECK_OK(unlockpt(master));
	slave = CHECK_OK(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
	CHECK_EQ(fcntl(slave, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(write(slave, "peer", 4), 4);
	expect(master, "peer");
	close_pair(master, slave);
}

static void lines_and_echo(void)
{
	int master, slave;
	char line[64];

	open_pair(&master, &slave);
	CHECK_EQ(write(master, "helo\x7flo\n", 8), 8);
	CHECK_EQ(read(slave, line, sizeof(line)), 6);
	CHECK(!memcmp(line, "hello\n", 6));
	expect(master, "helo\b \blo\r\n");
	CHECK_EQ(write(slave, "a\nb", 3), 3);
	expect(master, "a\r\nb");
	CHECK_EQ(write(master, "\x04", 1), 1); /* end of file */
	CHECK_EQ(read(slave, line, sizeof(line)), 0);
	make_raw(slave);
	CHECK_EQ(write(master, "\x04\r", 2), 2);
	CHECK_EQ(read(slave, line, sizeof(line)), 2);
	CHECK(!memcmp(line, "\x04\r", 2));
	CHECK_EQ(write(slave, "\n", 1), 1);
	expect(master, "\n");
	close_pair(master, slave);
}

static void settings_through_master(void)
{
	struct termios there, here;
	struct winsize size = {.ws_row = 12, .ws_col = 34}, seen;
	int master, slave;

	open_pair(&master, &slave);
	CHECK_OK(tcgetattr(master, &there));
	there.c_lflag &= ~(tcflag_t)ECHO;
	CHECK_OK(tcsetattr(master, TCSANOW, &there));
	CHECK_OK(tcgetattr(slave, &here));
	CHECK(!(here.c_lflag & ECHO));
	CHECK(here.c_lflag & ICANON);
	CHECK_OK(ioctl(slave, TIOCGWINSZ, &seen));
	CHECK_EQ(seen.ws_row, 0);
	CHECK_OK(ioctl(master, TIOCSWINSZ, &size));
	CHECK_OK(ioctl(slave, TIOCGWINSZ, &seen));
	CHECK_EQ(seen.ws_row, 12);
	CHECK_EQ(seen.ws_col, 34);
	close_pair(master, slave);
}

static void not_blocking(void)
{
	int master, slave, count = 0;
	char c;

	open_pair(&master, &slave);
	CHECK_OK(fcntl(master, F_SETFL, O_NONBLOCK));
	CHECK_OK(fcntl(slave, F_SETFL, O_NONBLOCK));
	CHECK_ERR(read(master, &c, 1), EAGAIN);
	CHECK_ERR(read(slave, &c, 1), EAGAIN);
	CHECK_EQ(events_of(master), POLLOUT);
	CHECK_EQ(events_of(slave), POLLOUT);
	CHECK_EQ(write(slave, "xyz", 3), 3);
	CHECK_EQ(events_of(master), POLLIN | POLLOUT);
	CHECK_OK(ioctl(master, FIONREAD, &count));
	CHECK_EQ(count, 3);
	CHECK_EQ(write(master, "line", 4), 4);
	CHECK_EQ(events_of(slave), POLLOUT); /* no line yet */
	CHECK_EQ(write(master, "\n", 1), 1);
	CHECK_EQ(events_of(slave), POLLIN | POLLOUT);
	CHECK_OK(ioctl(slave, FIONREAD, &count));
	CHECK_EQ(count, 5);
	close_pair(master, slave);
}

/* What the slave writes waits in the kernel, as far as there is room, and nothing is lost. */
static void full(void)
{
	static char block[1000], back[4096];
	long written = 0, got = 0;
	int master, slave;
	ssize_t size;

	open_pair(&master, &slave);
	make_raw(slave);
	CHECK_OK(fcntl(slave, F_SETFL, O_NONBLOCK));
	CHECK_OK(fcntl(master, F_SETFL, O_NONBLOCK));
	while ((size = write(slave, block, sizeof(block))) > 0 && written < 1 << 24)
		written += size;
	CHECK_EQ(errno, EAGAIN);
	CHECK(written >= 4096);
	CHECK(!(events_of(slave) & POLLOUT));
	for (int i = 0; i < 100 && got < written; i++) {
		while ((size = read(master, back, sizeof(back))) > 0)
			got += size;
		sleep_ms(1);
	}
	CHECK_EQ(got, written);
	CHECK(events_of(slave) & POLLOUT);
	close_pair(master, slave);
}

static void slave_goes(void)
{
	int master, slave, other;
	char c, name[64];

	open_pair(&master, &slave);
	CHECK_EQ(ptsname_r(master, name, sizeof(name)), 0);
	other = CHECK_OK(open(name, O_RDWR | O_NOCTTY));
	CHECK_EQ(write(slave, "z", 1), 1);
	close(slave);
	CHECK(!(events_of(master) & POLLHUP));
	close(other);
	expect(master, "z"); /* what it wrote is still there */
	CHECK_ERR(read(master, &c, 1), EIO);
	CHECK(events_of(master) & POLLHUP);
	slave = CHECK_OK(open(name, O_RDWR | O_NOCTTY));
	CHECK(!(events_of(master) & POLLHUP));
	CHECK_EQ(write(slave, "y", 1), 1);
	expect(master, "y");
	close_pair(master, slave);
}

static void master_goes(void)
{
	int master, slave;
	char c, name[64], again[64];

	open_pair(&master, &slave);
	CHECK_EQ(ptsname_r(master, name, sizeof(name)), 0);
	close(master);
	CHECK_EQ(read(slave, &c, 1), 0);
	CHECK_ERR(write(slave, "x", 1), EIO);
	CHECK_EQ(events_of(slave) & (POLLHUP | POLLERR | POLLIN), POLLHUP | POLLERR | POLLIN);
	CHECK_ERR(open(name, O_RDWR | O_NOCTTY), ENOENT);
	snprintf(again, sizeof(again), "/proc/self/fd/%d", slave);
	CHECK_ERR(open(again, O_RDWR | O_NOCTTY), EIO);
	close(slave);
}

/* Numbers are given back: the second round needs no more of them. */
static void many(void)
{
	enum { PAIRS = 100 };
	int masters[PAIRS], slaves[PAIRS], number, highest[2] = {0, 0};

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < PAIRS; i++) {
			open_pair(&masters[i], &slaves[i]);
			CHECK_OK(ioctl(masters[i], TIOCGPTN, &number));
			highest[round] = number > highest[round] ? number : highest[round];
		}
		for (int i = 0; i < PAIRS; i++) {
			CHECK_EQ(write(slaves[i], "many", 4), 4);
			expect(masters[i], "many");
			close(i % 2 ? masters[i] : slaves[i]);
		}
		for (int i = 0; i < PAIRS; i++)
			close(i % 2 ? slaves[i] : masters[i]);
	}
	CHECK(highest[0] >= PAIRS - 1);
	CHECK(highest[1] < highest[0] + PAIRS);
}

static void *read_one(void *fd)
{
	char c = 0;
	ssize_t got = read(*(int *)fd, &c, 1);

	return (void *)(intptr_t)(got == 1 ? c : -errno);
}

static void sleepers_wake(void)
{
	int master, slave;
	pthread_t reader;

	open_pair(&master, &slave);
	reader = start(read_one, &slave);
	sleep_ms(20);
	CHECK_EQ(write(master, "m\n", 2), 2);
	CHECK_EQ((intptr_t)join(reader), 'm');
	expect(master, "m\r\n");
	reader = start(read_one, &master);
	sleep_ms(20);
	CHECK_EQ(write(slave, "s", 1), 1);
	CHECK_EQ((intptr_t)join(reader), 's');
	reader = start(read_one, &master);
	sleep_ms(20);
	close(slave);
	CHECK_EQ((intptr_t)join(reader), -EIO);
	close(master);
}

/* --- as controlling terminal ----------------------------------------------------------------- */

static volatile sig_atomic_t signals[65];

static void count_signal(int signo)
{
	signals[signo]++;
}

static void give_up_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR);

	if (fd < 0)
		return;
	CHECK_OK(ioctl(fd, TIOCNOTTY, 0));
	close(fd);
}

static void controls(void)
{
	struct winsize size = {.ws_row = 5, .ws_col = 6};
	int master, slave, tty, group = 0;

	signal(SIGHUP, count_signal);
	signal(SIGINT, count_signal);
	signal(SIGWINCH, count_signal);
	setsid(); /* refused to who leads a group already, which then leads its session here */
	give_up_terminal();
	CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
	open_pair(&master, &slave);
	CHECK_ERR(ioctl(slave, TIOCGPGRP, &group), ENOTTY);
	CHECK_OK(ioctl(slave, TIOCSCTTY, 0));
	CHECK_OK(ioctl(slave, TIOCGPGRP, &group));
	CHECK_EQ(group, getpgrp());
	CHECK_OK(ioctl(master, TIOCGPGRP, &group));
	CHECK_EQ(group, getpgrp());
	tty = CHECK_OK(open("/dev/tty", O_RDWR));
	CHECK_EQ(write(tty, "tty", 3), 3);
	expect(master, "tty");
	close(tty);
	CHECK_EQ(write(master, "\x03", 1), 1);
	CHECK_OK(ioctl(master, TIOCSWINSZ, &size));
	sleep_ms(20);
	CHECK_EQ(signals[SIGINT], 1);
	CHECK_EQ(signals[SIGWINCH], 1);
	signals[SIGHUP] = 0;
	close(master);
	sleep_ms(20);
	CHECK(signals[SIGHUP] >= 1);
	close(slave);
	CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
}

static const struct t_test tests[] = {
	T(names_and_lock), T(peer),          T(lines_and_echo), T(settings_through_master),
	T(not_blocking),   T(full),          T(slave_goes),     T(master_goes),
	T(many),           T(sleepers_wake), T(controls),
};

T_MAIN(tests)
