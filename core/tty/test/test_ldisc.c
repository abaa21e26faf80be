/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The line discipline. Each row: settings, what is typed, what a program reads (reads separated
 * by |, an end-of-file shows as $), what appears on the screen, which signals are sent. Expected
 * values are what a Linux pseudo terminal gives.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <asm/signal.h>
#include <uk/string.h>
#include "../ldisc.h"

static struct ldisc ld;
static char screen[16384];
static size_t screen_len;
static char signals[16];

static void on_echo(void *ctx, const char *bytes, size_t len)
{
	assert_true(screen_len + len < sizeof(screen));
	memcpy(screen + screen_len, bytes, len);
	screen_len += len;
	screen[screen_len] = '\0';
}

static void on_signal(void *ctx, int signo)
{
	size_t len = strlen(signals);

	signals[len] = signo == SIGINT ? 'i' : signo == SIGQUIT ? 'q' : 'z';
	signals[len + 1] = '\0';
}

static const struct ldisc_ops ops = {on_echo, on_signal};

static int setup(void **state)
{
	ldisc_init(&ld, &ops, NULL);
	ldisc_flush_input(&ld);
	screen_len = 0;
	screen[0] = signals[0] = '\0';
	return 0;
}

static void type(const char *text)
{
	ldisc_receive(&ld, text, strlen(text));
}

/* All reads of 64 bytes that do not block. */
static void read_all(char *out)
{
	char *start = out;

	while (ldisc_is_readable(&ld, 1)) {
		bool is_line_done;
		size_t len = ldisc_read(&ld, out + (out != start), 64, &is_line_done);

		if (out != start)
			*out++ = '|';
		out += len;
		if (len == 0)
			*out++ = '$';
	}
	*out = '\0';
}

static void set_flags(unsigned int clear_l, unsigned int set_l)
{
	struct termios2 termios = ld.termios;

	termios.c_lflag = (termios.c_lflag & ~clear_l) | set_l;
	ldisc_set_termios(&ld, &termios);
}

static void set_iflags(unsigned int clear_i, unsigned int set_i)
{
	struct termios2 termios = ld.termios;

	termios.c_iflag = (termios.c_iflag & ~clear_i) | set_i;
	ldisc_set_termios(&ld, &termios);
}

struct row {
	unsigned int clear_l, set_l, clear_i, set_i;
	const char *typed, *read, *shown, *signals;
};

static void test_cooked(void **state)
{
	static const struct row rows[] = {
		{0, 0, 0, 0, "abc\r", "abc\n", "abc\r\n", ""},
		{0, 0, 0, 0, "abc", "", "abc", ""},
		{0, 0, 0, 0, "a\nb\r", "a\n|b\n", "a\r\nb\r\n", ""},
		{ECHO, 0, 0, 0, "abc\r", "abc\n", "", ""},
		{ECHO, ECHONL, 0, 0, "abc\r", "abc\n", "\r\n", ""},
		/* erase */
		{0, 0, 0, 0, "ab\177c\r", "ac\n", "ab\b \bc\r\n", ""},
		{0, 0, 0, 0, "\177\177a\r", "a\n", "a\r\n", ""},
		{0, 0, 0, 0, "a\n\177b\r", "a\n|b\n", "a\r\nb\r\n", ""},
		{ECHOE, 0, 0, 0, "ab\177\r", "a\n", "ab^?\r\n", ""},
		{0, 0, 0, 0, "\001\177\r", "\n", "^A\b \b\b \b\r\n", ""},
		{0, 0, 0, 0, "ab\t\177\r", "ab\n", "ab\t\b\b\b\b\b\b\r\n", ""},
		{0, 0, 0, 0, "x\303\244\177\r", "x\n", "x\303\244\b \b\r\n", ""},
		{0, 0, IUTF8, 0, "\303\244\177\r", "\303\n", "\303\244\b \b\r\n", ""},
		/* kill, word erase, reprint, literal */
		{0, 0, 0, 0, "ab\025c\r", "c\n", "ab\b \b\b \bc\r\n", ""},
		{ECHOKE, 0, 0, 0, "ab\025c\r", "c\n", "ab^U\r\nc\r\n", ""},
		{ECHOKE | ECHOK, 0, 0, 0, "ab\025c\r", "c\n", "ab^Uc\r\n", ""},
		{0, 0, 0, 0, "a bc  \027d\r", "a d\n", "a bc  \b \b\b \b\b \b\b \bd\r\n", ""},
		{0, 0, 0, 0, "a.b\027\r", "a.\n", "a.b\b \b\r\n", ""},
		{0, 0, 0, 0, "ab\022c\r", "abc\n", "ab^R\r\nabc\r\n", ""},
		{0, 0, 0, 0, "a\026\003b\r", "a\003b\n", "a^\b^Cb\r\n", ""},
		{IEXTEN, 0, 0, 0, "a\027\r", "a\027\n", "a^W\r\n", ""},
		/* end of file */
		{0, 0, 0, 0, "\004", "$", "", ""},
		{0, 0, 0, 0, "ab\004c\r", "ab|c\n", "abc\r\n", ""},
		{0, 0, 0, 0, "a\r\004b\r", "a\n|$|b\n", "a\r\nb\r\n", ""},
		/* signals */
		{0, 0, 0, 0, "ab\003c\r", "c\n", "ab^Cc\r\n", "i"},
		{0, 0, 0, 0, "\034\032", "", "^\\^Z", "qz"},
		{0, NOFLSH, 0, 0, "ab\003c\r", "abc\n", "ab^Cc\r\n", "i"},
		{ISIG, 0, 0, 0, "a\003\r", "a\003\n", "a^C\r\n", ""},
		{ECHO, 0, 0, 0, "\003", "", "", "i"},
		/* input mapping */
		{0, 0, ICRNL, 0, "a\rb\n", "a\rb\n", "a^Mb\r\n", ""},
		{0, 0, 0, IGNCR, "a\rb\n", "ab\n", "ab\r\n", ""},
		{0, 0, ICRNL, INLCR, "a\nb\004", "a\rb", "a^Mb", ""},
		{0, 0, 0, ISTRIP, "\341\r", "a\n", "a\r\n", ""},
		{0, 0, 0, IUCLC, "Ab\r", "ab\n", "ab\r\n", ""},
		/* flow control characters are not input */
		{0, 0, 0, 0, "a\023b\021c\r", "abc\n", "abc\r\n", ""},
		{0, 0, IXON, 0, "a\023\r", "a\023\n", "a^S\r\n", ""},
		{ECHOCTL, 0, 0, 0, "\001\r", "\001\n", "\001\r\n", ""},
	};
	char got[256];

	for (size_t i = 0; i < UK_ARRAY_SIZE(rows); i++) {
		setup(state);
		set_flags(rows[i].clear_l, rows[i].set_l);
		set_iflags(rows[i].clear_i, rows[i].set_i);
		type(rows[i].typed);
		read_all(got);
		if (strcmp(got, rows[i].read) || strcmp(screen, rows[i].shown))
			print_error("row %zu\n", i);
		assert_string_equal(got, rows[i].read);
		assert_string_equal(screen, rows[i].shown);
		assert_string_equal(signals, rows[i].signals);
	}
}

static void test_prompt_and_tab_erase(void **state)
{
	char out[64];
	size_t consumed, len;

	/* The cursor is behind "> ": the tab is 6 columns wide. */
	len = ldisc_output(&ld, "> ", 2, out, sizeof(out), &consumed);
	assert_int_equal(len, 2);
	type("\t\177");
	assert_string_equal(screen, "\t\b\b\b\b\b\b");
}

static void test_small_reads_and_eof(void **state)
{
	bool done;
	char buf[8];

	type("abcdef\rxyz\004");
	assert_int_equal(ldisc_readable_bytes(&ld), 10);
	assert_int_equal(ldisc_read(&ld, buf, 4, &done), 4);
	assert_false(done);
	assert_int_equal(ldisc_read(&ld, buf, 4, &done), 3);
	assert_true(done);
	assert_memory_equal(buf, "ef\n", 3);
	/* The end-of-file that only ended "xyz" is not a second, empty read. */
	assert_int_equal(ldisc_read(&ld, buf, 3, &done), 3);
	assert_true(done);
	assert_false(ldisc_is_readable(&ld, 1));
}

static void set_raw(unsigned char min, unsigned char time)
{
	struct termios2 termios = ld.termios;

	termios.c_lflag &= ~(unsigned int)(ICANON | ECHO | ISIG | IEXTEN);
	termios.c_iflag &= ~(unsigned int)(ICRNL | IXON);
	termios.c_cc[VMIN] = min;
	termios.c_cc[VTIME] = time;
	ldisc_set_termios(&ld, &termios);
}

static void test_raw(void **state)
{
	bool done;
	char buf[16];

	set_raw(3, 0);
	type("\003\r");
	assert_false(ldisc_poll_in(&ld));
	assert_int_equal(ldisc_readable_bytes(&ld), 2);
	type("\177");
	assert_true(ldisc_poll_in(&ld));
	assert_int_equal(ldisc_read(&ld, buf, sizeof(buf), &done), 3);
	assert_false(done);
	assert_memory_equal(buf, "\003\r\177", 3);
	assert_string_equal(screen, "");
	assert_string_equal(signals, "");
}

static void test_wait_policy(void **state)
{
	static const struct {
		unsigned char min, time;
		size_t done, wanted;
		int action;
	} rows[] = {
		{0, 0, 0, 10, LDISC_RETURN},     {0, 0, 5, 10, LDISC_RETURN},
		{1, 0, 0, 10, LDISC_WAIT},       {1, 0, 1, 10, LDISC_RETURN},
		{5, 0, 4, 10, LDISC_WAIT},       {5, 0, 5, 10, LDISC_RETURN},
		{5, 0, 2, 2, LDISC_RETURN},      {0, 3, 0, 10, LDISC_WAIT_TIMED},
		{0, 3, 1, 10, LDISC_RETURN},     {5, 3, 0, 10, LDISC_WAIT},
		{5, 3, 1, 10, LDISC_WAIT_TIMED},
	};

	for (size_t i = 0; i < UK_ARRAY_SIZE(rows); i++) {
		struct ldisc_wait wait;

		set_raw(rows[i].min, rows[i].time);
		wait = ldisc_wait_policy(&ld, rows[i].done, rows[i].wanted);
		assert_int_equal(wait.action, rows[i].action);
		if (wait.action == LDISC_WAIT_TIMED)
			assert_int_equal(wait.timeout_ns, 300000000);
	}
	setup(state);
	assert_int_equal(ldisc_wait_policy(&ld, 0, 10).action, LDISC_WAIT);
	assert_int_equal(ldisc_wait_policy(&ld, 1, 10).action, LDISC_RETURN);
}

static void test_mode_change(void **state)
{
	char got[64];
	bool done;

	type("abc");
	set_raw(1, 0);
	assert_int_equal(ldisc_read(&ld, got, sizeof(got), &done), 3);
	type("xy");
	set_flags(0, ICANON);
	read_all(got);
	assert_string_equal(got, "xy");
}

static void test_overflow_keeps_line_ends(void **state)
{
	static char buf[LDISC_BYTES + 1];
	bool done;

	set_flags(ECHO, 0);
	for (int i = 0; i < LDISC_BYTES + 100; i++)
		type("a");
	type("\r");
	assert_int_equal(ldisc_read(&ld, buf, sizeof(buf), &done), LDISC_BYTES);
	assert_true(done);
	assert_int_equal(buf[LDISC_BYTES - 1], '\n');
	type("b\r");
	assert_int_equal(ldisc_read(&ld, buf, sizeof(buf), &done), 2);
}

/* As much as ldisc_room() allows, like the console's driver does; returns what was taken. */
static size_t receive_with_room(const char *bytes, size_t len)
{
	size_t done = 0, room;

	while (done < len && (room = ldisc_room(&ld)) > 0) {
		size_t part = UK_MIN(UK_MIN(room, (size_t)32), len - done);

		ldisc_receive(&ld, bytes + done, part);
		done += part;
	}
	return done;
}

static void check_nothing_lost(void)
{
	static char typed[3 * LDISC_BYTES], got[3 * LDISC_BYTES];
	size_t done = 0, len = 0;

	for (size_t i = 0; i < sizeof(typed); i++)
		typed[i] = i % 97 == 96 ? '\n' : 'a' + (char)(i % 26);
	typed[sizeof(typed) - 1] = '\n';
	while (len < sizeof(typed)) {
		bool is_line_done;

		done += receive_with_room(typed + done, sizeof(typed) - done);
		assert_true(ldisc_is_readable(&ld, 1));
		len += ldisc_read(&ld, got + len, 57, &is_line_done);
	}
	assert_memory_equal(got, typed, sizeof(typed));
}

static void test_room(void **state)
{
	static char line[2 * LDISC_BYTES], buf[LDISC_BYTES + 1];
	bool done;

	set_flags(ECHO, 0);
	check_nothing_lost();
	/* A line longer than the ring still ends, and can be interrupted. */
	memset(line, 'a', sizeof(line));
	assert_int_equal(receive_with_room(line, sizeof(line)), sizeof(line));
	assert_int_equal(receive_with_room("\nb\n", 3), 1);
	assert_int_equal(ldisc_room(&ld), 0);
	assert_int_equal(ldisc_read(&ld, buf, sizeof(buf), &done), LDISC_BYTES);
	assert_int_equal(ldisc_room(&ld), LDISC_BYTES - 1);
	assert_int_equal(receive_with_room(line, sizeof(line)), sizeof(line));
	assert_int_equal(receive_with_room("\003", 1), 1);
	assert_string_equal(signals, "i");
	set_raw(1, 0);
	check_nothing_lost();
	/* From raw to canonical mode with a full ring. */
	receive_with_room(line, sizeof(line));
	set_flags(0, ICANON);
	assert_int_equal(ldisc_room(&ld), 0);
	assert_int_equal(ldisc_read(&ld, buf, sizeof(buf), &done), LDISC_BYTES);
	assert_int_equal(ldisc_room(&ld), LDISC_BYTES - 1);
}

static void test_output(void **state)
{
	char out[64];
	size_t consumed, len;

	len = ldisc_output(&ld, "a\nb\tc", 5, out, sizeof(out), &consumed);
	assert_int_equal(consumed, 5);
	assert_int_equal(len, 6);
	assert_memory_equal(out, "a\r\nb\tc", 6);
	ld.termios.c_oflag |= XTABS;
	ld.column = 0;
	len = ldisc_output(&ld, "ab\tc", 4, out, sizeof(out), &consumed);
	assert_memory_equal(out, "ab      c", len);
	ld.termios.c_oflag = 0;
	len = ldisc_output(&ld, "a\n", 2, out, sizeof(out), &consumed);
	assert_int_equal(len, 2);
	ld.termios.c_oflag = OPOST | ONLCR;
	len = ldisc_output(&ld, "0123456789", 10, out, 10, &consumed);
	assert_int_equal(len, consumed);
	assert_true(consumed > 0 && consumed < 10);
}

static void test_stop_and_restart(void **state)
{
	type("\023");
	assert_true(ld.is_stopped);
	type("x");
	assert_true(ld.is_stopped);
	type("\021");
	assert_false(ld.is_stopped);
	set_iflags(0, IXANY);
	type("\023y");
	assert_false(ld.is_stopped);
	type("\023");
	set_iflags(IXON, 0);
	assert_false(ld.is_stopped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cooked, setup),
		cmocka_unit_test_setup(test_prompt_and_tab_erase, setup),
		cmocka_unit_test_setup(test_small_reads_and_eof, setup),
		cmocka_unit_test_setup(test_raw, setup),
		cmocka_unit_test_setup(test_wait_policy, setup),
		cmocka_unit_test_setup(test_mode_change, setup),
		cmocka_unit_test_setup(test_overflow_keeps_line_ends, setup),
		cmocka_unit_test_setup(test_room, setup),
		cmocka_unit_test_setup(test_output, setup),
		cmocka_unit_test_setup(test_stop_and_restart, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
