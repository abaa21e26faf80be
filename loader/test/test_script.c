/* SPDX-License-Identifier: BSD-3-Clause */
/* #! lines: the cases of execve(2) and of Linux' binfmt_script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "../script.h"

struct expectation {
	const char *text;
	const char *interp, *argument; /* interp NULL: refused */
};

static const struct expectation lines[] = {
	{"#!/bin/sh\necho", "/bin/sh", NULL},
	{"#! /bin/sh\n", "/bin/sh", NULL},
	{"#!/bin/sh -e\n", "/bin/sh", "-e"},
	{"#!\t /usr/bin/env  perl -w \t\nx", "/usr/bin/env", "perl -w"},
	{"#!/bin/sh", "/bin/sh", NULL},
	{"#!/bin/sh  ", "/bin/sh", NULL},
	{"#!/bin/sh -x", "/bin/sh", "-x"},
	{"#!\n", NULL, NULL},
	{"#!", NULL, NULL},
	{"#!   \t\n/bin/sh", NULL, NULL},
	{"#!x", "x", NULL},
};

static void test_lines(void **state)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char head[SCRIPT_HEAD_BYTES + 1] = {0};
		struct script_line line;
		int ret;

		strcpy(head, lines[i].text);
		ret = script_parse(head, strlen(lines[i].text), &line);
		assert_int_equal(ret, lines[i].interp ? 0 : -ENOEXEC);
		if (ret)
			continue;
		assert_string_equal(line.interp, lines[i].interp);
		if (lines[i].argument)
			assert_string_equal(line.argument, lines[i].argument);
		else
			assert_null(line.argument);
	}
}

/* A full buffer without a newline: the argument may be cut, the interpreter may not. */
static void test_long(void **state)
{
	char head[SCRIPT_HEAD_BYTES + 1];
	struct script_line line;

	memset(head, 'a', sizeof(head));
	memcpy(head, "#!/", 3);
	assert_int_equal(script_parse(head, SCRIPT_HEAD_BYTES, &line), -ENOEXEC);
	head[10] = ' ';
	assert_int_equal(script_parse(head, SCRIPT_HEAD_BYTES, &line), 0);
	assert_int_equal(strlen(line.interp), 8);
	assert_int_equal(strlen(line.argument), SCRIPT_HEAD_BYTES - 11);
}

static void test_nul(void **state)
{
	char head[] = "#!/bin/a\0b c\n";
	struct script_line line;

	assert_int_equal(script_parse(head, sizeof(head) - 1, &line), 0);
	assert_string_equal(line.interp, "/bin/a");
	assert_null(line.argument);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
