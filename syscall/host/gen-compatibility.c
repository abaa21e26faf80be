/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes docs/compatibility.md to standard output: every system call with its number, what
 * becomes of it and what is missing, from the same table that the kernel is built from.
 * A program of the build host; see compatibility.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <asm/unistd.h>

enum status { FULL, PARTIAL, ENOSYS };

struct row {
	int nr;
	const char *name;
	enum status status;
	const char *note;
};

#define SYSCALL(name, status, result, note, ...) {__NR_##name, #name, status, note},
#define SYSCALL_HOLE(first, last)
static struct row rows[] = {
#include "../syscalls.def"
};
#undef SYSCALL
#undef SYSCALL_HOLE

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static size_t count(enum status status)
{
	size_t found = 0;

	for (size_t i = 0; i < ROWS; i++)
		found += rows[i].status == status;
	return found;
}

static void print_partial(void)
{
	puts("| call | number | what is missing |\n|---|---|---|");
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].status == PARTIAL)
			printf("| %s | %d | %s |\n", rows[i].name, rows[i].nr, rows[i].note);
	putchar('\n');
}

/* The others need no lines of their own: a paragraph will do. */
static void print_names(enum status status)
{
	size_t column = 0;

	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].status != status)
			continue;
		if (column && column + strlen(rows[i].name) + 1 > 98) {
			putchar('\n');
			column = 0;
		}
		column += (size_t)printf(column ? " %s" : "%s", rows[i].name);
	}
	puts("\n");
}

int main(void)
{
	qsort(rows, ROWS, sizeof(rows[0]), by_name);
	puts("<!-- Made by `make compatibility` from syscall/syscalls.def: do not edit. -->\n"
	     "# Linux system calls\n\n"
	     "Every call that Linux 6.1 has on x86-64. A call that is absent returns `ENOSYS` and says so\n"
	     "once in the log, with its name and the library that made it.\n");
	printf("| | calls |\n|---|---|\n| complete | %zu |\n| partial | %zu |\n| absent | %zu |\n\n",
	       count(FULL), count(PARTIAL), count(ENOSYS));
	puts("## Partial\n");
	print_partial();
	puts("## Complete\n");
	print_names(FULL);
	puts("## Absent\n");
	print_names(ENOSYS);
	return ferror(stdout) || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
