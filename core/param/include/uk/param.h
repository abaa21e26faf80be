/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel parameters: `name=value ... -- program arguments`. A parameter is declared beside the
 * code that reads it; an unknown one ends the boot with a message (docs/parameters.md lists all).
 */
#ifndef UK_PARAM_H
#define UK_PARAM_H

#include <uk/essentials.h>

#define UK_PARAM_MAX_LIST 64

enum uk_param_type { UK_PARAM_BOOL, UK_PARAM_U64, UK_PARAM_STRING, UK_PARAM_LIST };

struct uk_param_list {
	unsigned int count;
	const char *items[UK_PARAM_MAX_LIST];
};

struct uk_param {
	const char *name; /* "vfs.fstab" */
	const char *help; /* one line */
	enum uk_param_type type;
	void *value; /* bool *, uint64_t *, const char **, struct uk_param_list * */
};

/* Leaves whose order does not matter: a linker section collects them. */
#define UK_PARAM(ident, name_, type_, variable, help_)                                             \
	static const struct uk_param uk_param_##ident __uk_used __uk_section(".uk_params")         \
		__uk_aligned(8) = {                                                                \
			.name = name_, .help = help_, .type = type_, .value = &(variable)}

/** Parses the kernel command line and sets the variables. 0, or -EINVAL with the reason logged. */
int param_init(const char *cmdline);

/** The program and its arguments: what follows `--`. */
unsigned int param_program_argc(void);
char *const *param_program_argv(void);

#endif /* UK_PARAM_H */
