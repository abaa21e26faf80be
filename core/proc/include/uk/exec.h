/* SPDX-License-Identifier: BSD-3-Clause */
/* Arguments of upcall_exec(): everything already copied into the kernel. */
#ifndef UK_EXEC_H
#define UK_EXEC_H

#include <uk/essentials.h>

struct path;

struct exec_args {
	const char *filename;  /* as given: AT_EXECFN, and the script argument of #! */
	const struct path *at; /* base directory for a relative name; NULL: cwd */
	int lookup_flags;      /* UK_LOOKUP_* */
	unsigned int argc, envc;
	char *const *argv; /* argc strings */
	char *const *envp; /* envc strings */
};

#endif /* UK_EXEC_H */
