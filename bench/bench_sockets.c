/* SPDX-License-Identifier: BSD-3-Clause */
/* Local sockets: what a thread says to itself, and a ball between two threads. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench.h"

static void close_pair(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static void write_and_read(int type, unsigned long n)
{
	char byte = 'x';
	int ends[2];

	if (socketpair(AF_UNIX, type, 0, ends)) {
		bench_failed();
		return;
	}
	for (unsigned long i = 0; i < n; i++)
		if (call3(SYS_write, ends[0], (long)&byte, 1) != 1 ||
		    call3(SYS_read, ends[1], (long)&byte, 1) != 1)
			bench_failed();
	close_pair(ends);
}

void run_unix_pair(unsigned long n)
{
	write_and_read(SOCK_STREAM, n);
}

void run_unix_records(unsigned long n)
{
	write_and_read(SOCK_DGRAM, n);
}

/* --- a ball between two threads ------------------------------------------------------------- */

static int court[2];

static void *send_back(void *rounds)
{
	char byte;

	for (uintptr_t i = 0; i < (uintptr_t)rounds; i++)
		if (call3(SYS_read, court[1], (long)&byte, 1) != 1 ||
		    call3(SYS_write, court[1], (long)&byte, 1) != 1)
			bench_failed();
	return NULL;
}

void run_unix_ping_pong(unsigned long n)
{
	pthread_t partner;
	char byte = 'x';

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, court) ||
	    pthread_create(&partner, NULL, send_back, (void *)n)) {
		bench_failed();
		return;
	}
	for (unsigned long i = 0; i < n; i++)
		if (call3(SYS_write, court[0], (long)&byte, 1) != 1 ||
		    call3(SYS_read, court[0], (long)&byte, 1) != 1)
			bench_failed();
	pthread_join(partner, NULL);
	close_pair(court);
}
