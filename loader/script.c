/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `#!` lines as Linux' binfmt_script splits them: blanks are spaces and tabs, the interpreter ends
 * at the first blank, everything behind up to the line's last non-blank is one argument. A NUL
 * ends a string. Pure.
 */
#include <linux/errno.h>
#include <uk/string.h>
#include "script.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *skip_blanks(char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

static char *find_terminator(char *p, const char *end)
{
	while (p < end && !is_blank(*p) && *p)
		p++;
	return p;
}

int script_parse(char *head, size_t len, struct script_line *line)
{
	char *text = head + 2, *limit = head + len, *end, *p;

	if (len < 3)
		return -ENOEXEC;
	end = memchr(text, '\n', len - 2);
	if (!end) {
		end = limit;
		p = skip_blanks(text, end);
		/* In a full buffer the name must be seen to end, or it is cut off. */
		if (len >= SCRIPT_HEAD_BYTES && find_terminator(p, end) == end)
			return -ENOEXEC;
	}
	while (end > text && is_blank(end[-1]))
		end--;
	line->interp = skip_blanks(text, end);
	line->argument = NULL;
	if (line->interp == end || !*line->interp)
		return -ENOEXEC;
	*end = '\0';
	p = find_terminator(line->interp, end);
	if (p < end && *p) {
		*p = '\0';
		line->argument = skip_blanks(p + 1, end);
	}
	return 0;
}
