/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The terminal as a program sees it: settings are kept, modes and errors are Linux's. The runner
 * types at it separately; here nobody does. Needs a terminal on descriptor 0.
 */
#include "t.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static void settings_are_kept(void)
{
	struct termios old, new, back;

	CHECK_OK(tcgetattr(0, &old));
	CHECK(old.c_lflag & ICANON);
	CHECK(old.c_lflag & ECHO);
	CHECK(old.c_lflag & ISIG);
	CHECK(old.c_oflag & OPOST);
	CHECK_EQ(old.c_cc[VINTR], 3);
	CHECK_EQ(old.c_cc[VEOF], 4);
	new = old;
	cfmakeraw(&new);
	new.c_cc[VMIN] = 0;
	new.c_cc[VTIME] = 1;
	CHECK_OK(tcsetattr(0, TCSANOW, &new));
	CHECK_OK(tcgetattr(0, &back));
	CHECK_EQ(back.c_lflag, new.c_lflag);
	CHECK_EQ(back.c_iflag, new.c_iflag);
	CHECK_EQ(back.c_cc[VTIME], 1);
	CHECK_OK(tcsetattr(0, TCSADRAIN, &old));
	CHECK_OK(tcgetattr(0, &back));
	CHECK_EQ(back.c_lflag, old.c_lflag);
}

static void raw_read_times_out(void)
{
	struct termios old, raw;
	char c;

	CHECK_OK(tcgetattr(0, &old));
	raw = old;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 1;
	CHECK_OK(tcsetattr(0, TCSAFLUSH, &raw));
	CHECK_EQ(read(0, &c, 1), 0); /* a tenth of a second, nobody types */
	raw.c_cc[VTIME] = 0;
	CHECK_OK(tcsetattr(0, TCSANOW, &raw));
	CHECK_EQ(read(0, &c, 1), 0);
	CHECK_OK(tcsetattr(0, TCSAFLUSH, &old));
}

static void window_size(void)
{
	struct winsize size;

	CHECK_OK(ioctl(0, TIOCGWINSZ, &size));
	size.ws_row = 33;
	size.ws_col = 99;
	CHECK_OK(ioctl(0, TIOCSWINSZ, &size));
	size.ws_row = 0;
	CHECK_OK(ioctl(0, TIOCGWINSZ, &size));
	CHECK_EQ(size.ws_row, 33);
	CHECK_EQ(size.ws_col, 99);
}

static void file_kind(void)
{
	struct pollfd pfd = {.fd = 0, .events = POLLIN | POLLOUT};
	struct stat st;
	int count = -1, fd;

	CHECK_OK(fstat(0, &st));
	CHECK(S_ISCHR(st.st_mode));
	CHECK_ERR(lseek(0, 0, SEEK_CUR), ESPIPE);
	CHECK_OK(ioctl(0, FIONREAD, &count));
	CHECK_EQ(count, 0);
	CHECK_EQ(poll(&pfd, 1, 0), 1);
	CHECK_EQ(pfd.revents, POLLOUT);
	CHECK_ERR(ioctl(0, 0x54ff, &count), ENOTTY);
	fd = open("/dev/tty", O_RDWR);
	CHECK(fd >= 0 || errno == ENXIO);
	if (fd >= 0)
		close(fd);
	fd = CHECK_OK(open("/dev/stdin", O_RDONLY | O_NONBLOCK));
	CHECK(isatty(fd));
	close(fd);
}

static void non_blocking(void)
{
	int flags = fcntl(0, F_GETFL);
	char c;

	CHECK_OK(fcntl(0, F_SETFL, flags | O_NONBLOCK));
	CHECK_ERR(read(0, &c, 1), EAGAIN);
	CHECK_OK(fcntl(0, F_SETFL, flags));
}

static const struct t_test tests[] = {
	T(settings_are_kept), T(raw_read_times_out), T(window_size), T(file_kind), T(non_blocking),
};

T_MAIN(tests)
