/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel command line, taken apart in place: `name=value name=[ "a" "b" ] -- program args`.
 *
 * Words are split at blanks; quotes and backslashes work as in a POSIX shell (XCU 2.2), but
 * nothing is expanded. The first word that is a bare `--` ends the parameters; a line without one
 * is all program arguments. A list starts with a bare `[` right after `name=` and ends with a
 * bare `]` before a blank or the end of the line. Pure: no state, no allocation.
 */
#ifndef UK_CMDLINE_H
#define UK_CMDLINE_H

#include <uk/essentials.h>

enum uk_cmdline_status {
	UK_CMDLINE_OK,
	UK_CMDLINE_END,        /* no more parameters: not an error */
	UK_CMDLINE_OPEN_QUOTE, /* a quote has no partner */
	UK_CMDLINE_TRAILING_BACKSLASH,
	UK_CMDLINE_OPEN_LIST,      /* no `]` before `--` */
	UK_CMDLINE_TOO_MANY_ITEMS, /* in a list, or program arguments */
	UK_CMDLINE_NO_NAME,        /* `=value` */
};

struct uk_cmdline {
	char *line;       /* the caller's buffer; rewritten */
	char *next;       /* not yet looked at */
	char *params_end; /* where `--` stood; = line when there is none */
	char *args;       /* program arguments, not yet split */
	bool has_separator;
	size_t error_offset; /* of the offending character in the line, bytes */
};

/** One parameter; the strings lie in the line. */
struct uk_cmdline_param {
	char *name;
	char *value; /* NULL: no `=`, or a list */
	bool is_list;
	unsigned int item_count;
	size_t offset; /* of the name in the line as it was given, for messages */
};

/**
 * Machines append words of their own to a line, behind the program's arguments. If the last word
 * begins with `prefix` (which no quote or backslash may be part of), cuts it off the line.
 * Returns it, or NULL.
 */
char *uk_cmdline_cut_last(char *line, const char *prefix);

/** Looks the whole line over (quotes, separator) without changing it. */
enum uk_cmdline_status uk_cmdline_open(struct uk_cmdline *cmdline, char *line);

/** The next parameter; its list items go to items[0 .. max_items). */
enum uk_cmdline_status uk_cmdline_next(struct uk_cmdline *cmdline, struct uk_cmdline_param *param,
				       char **items, unsigned int max_items);

/** Splits the program arguments into argv[0 .. max_args); no terminating NULL is stored. */
enum uk_cmdline_status uk_cmdline_args(struct uk_cmdline *cmdline, char **argv,
				       unsigned int max_args, unsigned int *argc);

/** "a quote is not closed" */
const char *uk_cmdline_status_text(enum uk_cmdline_status status);

#endif /* UK_CMDLINE_H */
