/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that talk to each other, and signals. A partner is started before the first of `n`
 * rounds and joined after the last: its own cost disappears in a batch of hundreds.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench.h"

static void *nothing(void *argument)
{
	return argument;
}

void run_pthread_create_join(unsigned long n)
{
	pthread_t thread;

	for (unsigned long i = 0; i < n; i++) {
		if (pthread_create(&thread, NULL, nothing, NULL)) {
			bench_failed();
			continue;
		}
		pthread_join(thread, NULL);
	}
}

/* --- a ball between two futexes ------------------------------------------------------------- */

static _Atomic uint32_t turns[2];

static void hit(unsigned int to)
{
	atomic_store(&turns[to], 1);
	call6(SYS_futex, (long)&turns[to], FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

static void await(unsigned int at)
{
	while (!atomic_exchange(&turns[at], 0))
		call6(SYS_futex, (long)&turns[at], FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
}

static void *hit_back(void *rounds)
{
	for (uintptr_t i = 0; i < (uintptr_t)rounds; i++) {
		await(1);
		hit(0);
	}
	return NULL;
}

void run_futex_ping_pong(unsigned long n)
{
	pthread_t partner;

	if (pthread_create(&partner, NULL, hit_back, (void *)n)) {
		bench_failed();
		return;
	}
	for (unsigned long i = 0; i < n; i++) {
		hit(1);
		await(0);
	}
	pthread_join(partner, NULL);
}

/* --- the same through two pipes ------------------------------------------------------------- */

static int there[2], back[2];

static void *send_back(void *rounds)
{
	char byte;

	for (uintptr_t i = 0; i < (uintptr_t)rounds; i++)
		if (call3(SYS_read, there[0], (long)&byte, 1) != 1 ||
		    call3(SYS_write, back[1], (long)&byte, 1) != 1)
			bench_failed();
	return NULL;
}

void run_pipe_ping_pong(unsigned long n)
{
	pthread_t partner;
	char byte = 'x';

	if (pipe(there) || pipe(back) || pthread_create(&partner, NULL, send_back, (void *)n)) {
		bench_failed();
		return;
	}
	for (unsigned long i = 0; i < n; i++)
		if (call3(SYS_write, there[1], (long)&byte, 1) != 1 ||
		    call3(SYS_read, back[0], (long)&byte, 1) != 1)
			bench_failed();
	pthread_join(partner, NULL);
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
}

/* --- signals -------------------------------------------------------------------------------- */

static volatile unsigned long caught;

static void catch_signal(int signo __attribute__((unused)))
{
	caught++;
}

void run_signal_self(unsigned long n)
{
	struct sigaction action = {.sa_handler = catch_signal};
	pid_t pid = getpid(), tid = gettid();

	sigaction(SIGUSR1, &action, NULL);
	caught = 0;
	for (unsigned long i = 0; i < n; i++)
		call3(SYS_tgkill, pid, tid, SIGUSR1);
	if (caught != n)
		bench_failed();
}
