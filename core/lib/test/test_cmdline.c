/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line tokenizer: a table of lines and what they must come apart into. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <uk/cmdline.h>
#include <uk/string.h>

/* Shows the parse as text: name{value} name[item|item] -- arg|arg, or "error <status> <offset>". */
static void show(const char *text, char *out, size_t size)
{
	char line[256], *items[4], *argv[4];
	enum uk_cmdline_status status;
	struct uk_cmdline_param param;
	struct uk_cmdline cmdline;
	unsigned int argc = 0;
	size_t len = 0;

	snprintf(line, sizeof(line), "%s", text);
	out[0] = '\0';
	status = uk_cmdline_open(&cmdline, line);
	while (status == UK_CMDLINE_OK) {
		status = uk_cmdline_next(&cmdline, &param, items, UK_ARRAY_SIZE(items));
		if (status != UK_CMDLINE_OK)
			break;
		len += (size_t)snprintf(out + len, size - len, "%s", param.name);
		if (param.value)
			len += (size_t)snprintf(out + len, size - len, "{%s}", param.value);
		for (unsigned int i = 0; i < param.item_count; i++)
			len += (size_t)snprintf(out + len, size - len, "%c%s", i ? '|' : '[',
						items[i]);
		if (param.is_list)
			len += (size_t)snprintf(out + len, size - len,
						param.item_count ? "]" : "[]");
		len += (size_t)snprintf(out + len, size - len, " ");
	}
	if (status == UK_CMDLINE_END)
		status = uk_cmdline_args(&cmdline, argv, UK_ARRAY_SIZE(argv), &argc);
	if (status != UK_CMDLINE_OK) {
		snprintf(out, size, "error %d %zu", status, cmdline.error_offset);
		return;
	}
	len += (size_t)snprintf(out + len, size - len, "--");
	for (unsigned int i = 0; i < argc; i++)
		len += (size_t)snprintf(out + len, size - len, "%c%s", i ? '|' : ' ', argv[i]);
}

static void test_lines(void **state)
{
	static const char *const rows[][2] = {
		{"", "--"},
		{"   ", "--"},
		{"--", "--"},
		{"prog a b", "-- prog|a|b"},
		{"a=1 b=2", "-- a=1|b=2"},
		{"a=1 b -- prog x", "a{1} b -- prog|x"},
		{"a= --", "a{} --"},
		{"a=b=c --", "a{b=c} --"},
		{" a=1\t\n-- p", "a{1} -- p"},
		{"a=\"x y\" b='x \"y' --", "a{x y} b{x \"y} --"},
		{"a=x\\ y --", "a{x y} --"},
		{"a=\"q\\\"\\\\\\n\" --", "a{q\"\\\\n} --"},
		{"'a=1 2' -- ", "a{1 2} --"},
		{"a=1 '--' b --", "a{1} -- b --"},
		{"l=[ \"a b\" c ] x=1 -- p", "l[a b|c] x{1} -- p"},
		{"l=[ ] --", "l[] --"},
		{"l=[] --", "l[] --"},
		{"l=[a b] --", "l[a|b] --"},
		{"l=[\"a\" 'b'] --", "l[a|b] --"},
		{"l=[ \"a[0]\" b]c ] --", "l[a[0]|b]c] --"},
		{"l=[ a] --", "l[a] --"},
		{"l=[ \"]\" ] --", "l[]] --"},
		{"l=[ '' \"\" ] --", "l[|] --"},
		{"l='[' --", "l{[} --"},
		{"n=1.2.3.4/24:1.2.3.1 -- p --opt -- x", "n{1.2.3.4/24:1.2.3.1} -- p|--opt|--|x"},
		{"-- p '' \"a b\"c 'd'", "-- p||a bc|d"},
		{"-- [ a ]", "-- [|a|]"},
		{"\"\"", "-- "},
		{"a=\"x --", "error 2 2"},
		{"'", "error 2 0"},
		{"-- p \"", "error 2 5"},
		{"a\\", "error 3 1"},
		{"l=[ a -- p", "error 4 2"},
		{"l=[ --", "error 4 2"},
		{"l=[a --", "error 4 2"},
		{"l=[ 1 2 3 4 5 ] --", "error 5 12"},
		{"1 2 3 4 5", "error 5 8"},
		{"=x --", "error 6 0"},
		{"l=[ 1 2 3 4 ] -- 1 2 3 4", "l[1|2|3|4] -- 1|2|3|4"},
	};
	char out[512];

	(void)state;
	for (size_t i = 0; i < UK_ARRAY_SIZE(rows); i++) {
		show(rows[i][0], out, sizeof(out));
		if (strcmp(out, rows[i][1]))
			print_error("line: <%s>\n", rows[i][0]);
		assert_string_equal(out, rows[i][1]);
	}
}

static void test_separator_and_offsets(void **state)
{
	char line[] = "abc=1 de=2 -- p", *items[1];
	struct uk_cmdline_param param;
	struct uk_cmdline cmdline;

	(void)state;
	assert_int_equal(uk_cmdline_open(&cmdline, line), UK_CMDLINE_OK);
	assert_true(cmdline.has_separator);
	assert_int_equal(uk_cmdline_next(&cmdline, &param, items, 1), UK_CMDLINE_OK);
	assert_int_equal(param.offset, 0);
	assert_int_equal(uk_cmdline_next(&cmdline, &param, items, 1), UK_CMDLINE_OK);
	assert_int_equal(param.offset, 6);
	assert_int_equal(uk_cmdline_next(&cmdline, &param, items, 1), UK_CMDLINE_END);
	assert_int_equal(uk_cmdline_next(&cmdline, &param, items, 1), UK_CMDLINE_END);
}

static void test_cut_last(void **state)
{
	static const char *const rows[][3] = {
		{"a=1 -- prog x v.d=5", "a=1 -- prog x", "v.d=5"},
		{"a=1 -- prog  v.d=5 \n", "a=1 -- prog ", "v.d=5"},
		{"v.d=5", "v.d=5", "v.d=5"}, /* all of the line: the caller's to clear */
		{"prog v.d", "prog v.d", NULL},
		{"prog v.d=5 x", "prog v.d=5 x", NULL},
		{"", "", NULL},
		{"   ", "   ", NULL},
	};

	for (size_t i = 0; i < UK_ARRAY_SIZE(rows); i++) {
		char line[64];
		char *word;

		snprintf(line, sizeof(line), "%s", rows[i][0]);
		word = uk_cmdline_cut_last(line, "v.d=");
		if (rows[i][2])
			assert_string_equal(word, rows[i][2]);
		else
			assert_null(word);
		assert_string_equal(line, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_cut_last),
		cmocka_unit_test(test_separator_and_offsets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
