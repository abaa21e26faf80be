/* SPDX-License-Identifier: BSD-3-Clause */
/* The first line of a `#!` script (execve(2), "Interpreter scripts"). Pure. */
#ifndef LOADER_SCRIPT_H
#define LOADER_SCRIPT_H

#include <uk/essentials.h>

/** How much of a file is looked at; a longer line is cut, as Linux does. */
#define SCRIPT_HEAD_BYTES 256

struct script_line {
	char *interp;   /* path of the interpreter */
	char *argument; /* all the rest as one argument, or NULL */
};

/**
 * Parses the first `len` bytes of a file that starts with `#!`. The strings point into `head`,
 * which is changed: NULs are put behind them. `head` has room for len + 1 bytes.
 * 0, or -ENOEXEC: no interpreter, or its name does not end within SCRIPT_HEAD_BYTES.
 */
int script_parse(char *head, size_t len, struct script_line *line);

#endif /* LOADER_SCRIPT_H */
