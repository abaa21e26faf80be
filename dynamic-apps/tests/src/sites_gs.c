/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thread that takes GS for itself (arch_prctl(2)) when call sites are patched already and the
 * function was used: from then on all of them go the long way, with the same results.
 */
#include "t_threads.h"
#include "t_ways.h"

#include <sys/time.h>
#include <ucontext.h>

static uint64_t gs_block[8];

static uint64_t gs_word(void)
{
	uint64_t value;

	asm volatile("movq %%gs:0, %0" : "=r"(value));
	return value;
}

static int set_gs(void *base)
{
	return (int)syscall(SYS_arch_prctl, 0x1001 /* ARCH_SET_GS */, base);
}

static void call_all_ways(int count)
{
	char byte;
	int zero = open("/dev/zero", O_RDONLY);

	for (enum way way = TRAP; way < WAYS; way++)
		for (int i = 0; i < count; i++)
			if (!CHECK_EQ(WAY_CALL(way, SYS_getpid, 0), getpid()) ||
			    !CHECK_EQ(WAY_CALL(way, SYS_close, -1), -EBADF) ||
			    !CHECK_EQ(WAY_CALL(way, SYS_read, zero, (long)&byte, 1), 1))
				break;
	close(zero);
}

static void heat_all_ways(void)
{
	for (enum way way = TRAP; way < WAYS; way++) {
		way_heat(way, SYS_getpid);
		way_heat(way, SYS_close);
		way_heat(way, SYS_read);
	}
}

static void *calls_beside(void *argument)
{
	for (volatile bool *stop = argument; !*stop;) {
		call_all_ways(1);
		sched_yield();
	}
	return NULL;
}

/* One thread's own GS; other threads, which have none, go through the same sites. */
static void own_gs(void)
{
	volatile bool stop = false;
	pthread_t other;

	ways_make();
	heat_all_ways();
	other = start(calls_beside, (void *)&stop);
	sleep_ms(5);
	for (int i = 0; i < fewer(20); i++) {
		gs_block[0] = 0x600d600d + (uint64_t)i;
		CHECK_OK(set_gs(gs_block));
		for (int j = 0; j < 5; j++) {
			call_all_ways(4);
			sched_yield();
			if (!CHECK_EQ(gs_word(), gs_block[0]))
				break;
		}
		CHECK_OK(set_gs(NULL));
		call_all_ways(4);
	}
	stop = true;
	join(other);
}

/* The original bytes are back. */
static void unpatched(void)
{
	for (enum way way = MOV_SITE; way < WAYS; way++) {
		CHECK(!is_patched(way_code(way, SYS_getpid)));
		for (int i = 0; i < 100; i++)
			CHECK_EQ(WAY_CALL(way, SYS_getpid, 0), getpid());
	}
}

static volatile int alarms, alarms_outside;

static void on_alarm(int signo, siginfo_t *info, void *context)
{
	uintptr_t rip = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	(void)signo;
	(void)info;
	alarms++;
	alarms_outside += rip >> 47 != 0;
}

/* Wherever a signal comes, its handler finds an address of the program's. */
static void signals_meanwhile(void)
{
	struct itimerval timer = {{0, 50}, {0, 50}}, none = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO};

	sigaction(SIGALRM, &action, NULL);
	CHECK_OK(setitimer(ITIMER_REAL, &timer, NULL));
	for (int64_t end = now_ns() + 1000000000; now_ns() < end;)
		for (enum way way = TRAP; way < WAYS; way++)
			for (int i = 0; i < (way == FUNCTION ? 200 : 20); i++)
				CHECK_EQ(WAY_CALL(way, SYS_close, -1), -EBADF);
	CHECK_OK(setitimer(ITIMER_REAL, &none, NULL));
	CHECK(alarms > 20);
	CHECK_EQ(alarms_outside, 0);
}

static const struct t_test tests[] = {T(own_gs), T(unpatched), T(signals_meanwhile)};

T_MAIN(tests)
