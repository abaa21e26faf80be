/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * $(uk-exit N) for GNU Make (manual, "Loading Dynamic Objects"): ends make with status N. A failed
 * recipe makes it 2 whatever the recipe returned; `make run` is to return what the program did.
 * The interface is declared here, as <gnumake.h> is not packaged everywhere.
 */
#include <stdio.h>
#include <stdlib.h>

typedef char *(*gmk_func_ptr)(const char *name, unsigned int argc, char **argv);
void gmk_add_function(const char *name, gmk_func_ptr func, unsigned int min_args,
		      unsigned int max_args, unsigned int flags);

int plugin_is_GPL_compatible;
int uk_exit_setup(void);

static char *uk_exit(const char *name, unsigned int argc, char **argv)
{
	(void)name;
	(void)argc;
	fflush(NULL);
	exit(atoi(argv[0]));
}

int uk_exit_setup(void)
{
	gmk_add_function("uk-exit", uk_exit, 1, 1, 0);
	return 1;
}
