/* SPDX-License-Identifier: BSD-3-Clause */
/* What the runner has traced: a thread waits in a call while another one makes some. */
#include "t_threads.h"

#define NO_SUCH_CALL 9999

static int ends[2];

static void *reads(void *argument)
{
	char byte;

	if (read(ends[0], &byte, 1) != 1)
		abort();
	return argument;
}

int main(void)
{
	void *result;
	pthread_t thread;

	if (pipe(ends))
		return 1;
	thread = start(reads, ends);
	sleep_ms(20);
	syscall(NO_SUCH_CALL);
	if (write(ends[1], "x", 1) != 1 || pthread_join(thread, &result) || result != ends)
		return 1;
	return 3;
}
