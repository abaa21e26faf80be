/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel log as programs see it: /dev/kmsg and syslog(2). Few messages: Linux takes ten from
 * programs in five seconds. Each ends in a newline: without one Linux waits for the rest.
 */
#include "t.h"

#include <poll.h>
#include <sys/klog.h>

enum { READ_ALL = 3, CONSOLE_LEVEL = 8, SIZE_UNREAD, SIZE_BUFFER };

static int log_fd;

static void open_at_end(void)
{
	log_fd = CHECK_OK(open("/dev/kmsg", O_RDWR | O_NONBLOCK));
	CHECK_EQ(lseek(log_fd, 0, SEEK_END), 0);
}

/* The next message that is ours: others may log meanwhile. Its priority, or -1. */
static int next_message(char *text, unsigned long long *seq, unsigned long long *us)
{
	char buf[4096];
	ssize_t len;

	while ((len = read(log_fd, buf, sizeof(buf) - 1)) > 0) {
		int priority = -1;

		buf[len] = '\0';
		CHECK_EQ(buf[len - 1], '\n');
		if (sscanf(buf, "%d,%llu,%llu,%*[^;];%[^\n]", &priority, seq, us, text) == 4 &&
		    strstr(text, "narthex-test"))
			return priority;
	}
	return -1;
}

static void write_and_read(void)
{
	static const struct {
		const char *written, *read;
		int priority;
	} rows[] = {
		{"narthex-test none\n", "narthex-test none", 12},
		{"<14>narthex-test user\n", "narthex-test user", 14},
		{"<6>narthex-test kernel\n", "narthex-test kernel", 14}, /* nobody is the kernel */
		{"<30>narthex-test daemon\n", "narthex-test daemon", 30},
		{"narthex-test \\ \x01 tab\t.\n", "narthex-test \\x5c \\x01 tab\\x09.", 12},
	};
	unsigned long long seq = 0, us = 0, last_seq = 0, last_us = 0;
	char text[1024];

	open_at_end();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].written);

		CHECK_EQ(write(log_fd, rows[i].written, len), len);
		CHECK_EQ(next_message(text, &seq, &us), rows[i].priority);
		CHECK_STR(text, rows[i].read);
		CHECK(!i || (seq > last_seq && us >= last_us));
		last_seq = seq;
		last_us = us;
	}
	CHECK_ERR(read(log_fd, text, sizeof(text)), EAGAIN);
	close(log_fd);
}

static void reading_rules(void)
{
	unsigned long long seq, us;
	struct pollfd fds;
	char text[1024];

	open_at_end();
	CHECK_EQ(write(log_fd, "narthex-test short\n", 19), 19);
	CHECK_ERR(read(log_fd, text, 5), EINVAL); /* and that message is lost */
	CHECK_EQ(write(log_fd, "narthex-test ready\n", 19), 19);
	fds = (struct pollfd){.fd = log_fd, .events = POLLIN};
	CHECK_EQ(poll(&fds, 1, 0), 1);
	CHECK_EQ(next_message(text, &seq, &us), 12);
	CHECK_STR(text, "narthex-test ready");
	CHECK_ERR(lseek(log_fd, 1, SEEK_SET), ESPIPE);
	CHECK_ERR(lseek(log_fd, 0, SEEK_CUR), EINVAL);
	CHECK_EQ(lseek(log_fd, 0, SEEK_SET), 0);
	CHECK(next_message(text, &seq, &us) >= 0); /* from the beginning: of any test, long ago */
	memset(text, '.', sizeof(text));
	CHECK_EQ(write(log_fd, text, 900), 900);
	CHECK_ERR(write(log_fd, (char *)8, 10), EFAULT);
	close(log_fd);
}

static void by_call(void)
{
	static char text[1 << 20];
	int len;

	open_at_end();
	CHECK_EQ(write(log_fd, "<13>narthex-test call\n", 22), 22);
	close(log_fd);
	CHECK(klogctl(SIZE_BUFFER, NULL, 0) >= 4096);
	len = CHECK_OK(klogctl(READ_ALL, text, sizeof(text) - 1));
	text[len] = '\0';
	CHECK(len > 0 && text[0] == '<' && text[len - 1] == '\n');
	CHECK(strstr(text, "narthex-test call") != NULL);
	len = CHECK_OK(klogctl(READ_ALL, text, 60)); /* the newest that fit, whole */
	CHECK(len <= 60 && (len == 0 || text[0] == '<'));
	CHECK_EQ(klogctl(READ_ALL, text, 0), 0);
	CHECK_ERR(klogctl(READ_ALL, NULL, 10), EINVAL);
	CHECK_ERR(klogctl(READ_ALL, text, -1), EINVAL);
	CHECK_ERR(klogctl(CONSOLE_LEVEL, NULL, 9), EINVAL);
	CHECK_ERR(klogctl(99, NULL, 0), EINVAL);
	CHECK(klogctl(SIZE_UNREAD, NULL, 0) >= 0);
}

static const struct t_test tests[] = {
	T(write_and_read),
	T(reading_rules),
	T(by_call),
};

T_MAIN(tests)
