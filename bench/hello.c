/* SPDX-License-Identifier: BSD-3-Clause */
/* The program whose boot, memory and start time run-bench measures. */
#include <stdio.h>

int main(void)
{
	puts("Hello, world!");
	return 0;
}
