/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The least a program does: print its arguments and leave. Built in every way a program can be
 * linked (app.mk).
 */
#include <stdio.h>

int main(int argc, char **argv)
{
	printf("Hello, world!\n");
	for (int i = 1; i < argc; i++)
		printf("argument %d: %s\n", i, argv[i]);
	return 0;
}
