/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call sites while they are patched: threads that meet on one, that sleep in it or change its page
 * meanwhile; live data in the red zone; a GS base of the program's own; single-stepping; a storm of
 * signals whose handlers make calls themselves. Nothing is patched on Linux, and the same holds.
 */
#include "t_threads.h"
#include "t_ways.h"

#include <sys/time.h>
#include <ucontext.h>

enum { RIP = 16 }; /* of gregs */

/* --- the red zone ------------------------------------------------------------------------------
 */

/*
 * A leaf function with its data below the stack pointer and a site inlined: fills 16 words there,
 * makes the call and gives the differences ored together. code(rdi: number, rsi: seed).
 */
static size_t put_leaf(uint8_t *at, enum way way)
{
	uint8_t *p = at;

	for (int i = 1; i <= 16; i++) { /* mov %rsi, -8*i(%rsp); inc %rsi */
		PUT_CODE(p, "\x48\x89\x74\x24.\x48\xff\xc6");
		p[4] = (uint8_t)(-8 * i);
		p += 8;
	}
	if (way == MOV_SITE) {
		put_mov_site(p, SYS_getpid);
		p += 7;
	} else {
		PUT_CODE(p, "\x89\xf8"); /* mov %edi, %eax */
		(way == CMP_SITE ? put_cmp_site : put_cmp32_site)(p + 2);
		p += way == CMP_SITE ? 10 : 9;
	}
	PUT_CODE(p, "\x31\xc0"); /* xor %eax, %eax */
	p += 2;
	for (int i = 16; i >= 1; i--) { /* dec %rsi; mov -8*i(%rsp), %rdx; xor %rsi, %rdx; or */
		PUT_CODE(p, "\x48\xff\xce\x48\x8b\x54\x24.\x48\x31\xf2\x48\x09\xd0");
		p[7] = (uint8_t)(-8 * i);
		p += 14;
	}
	*p++ = 0xc3;
	return (size_t)(p - at);
}

/* Where the site of such a function is. */
static uint8_t *site_of_leaf(uint8_t *leaf, enum way way)
{
	return leaf + 16 * 8 + (way == MOV_SITE ? 0 : 2);
}

static void red_zone(void)
{
	uint8_t *code = code_map(PAGE);

	for (enum way way = MOV_SITE; way < WAYS; way++)
		CHECK(put_leaf(code + way * 512, way) < 512);
	code_seal(code, PAGE);
	for (enum way way = MOV_SITE; way < WAYS; way++) {
		for (int i = 0; i < fewer(3000); i++)
			if (!CHECK_EQ(ENTER(code + way * 512, 0, SYS_getppid,
					    0x123456789abcL * (i + 1)),
				      0))
				break;
		CHECK_EQ(is_patched(site_of_leaf(code + way * 512, way)), is_patching());
	}
	munmap(code, PAGE);
}

/* --- a GS of its own ---------------------------------------------------------------------------
 */

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
	munmap(ways.code, PAGE + HIGHEST_NUMBER * SITE_BYTES);
	ways.code = NULL;
}

/* --- single-stepping ---------------------------------------------------------------------------
 */

static struct {
	volatile int count;
	volatile bool is_outside, is_inside_an_instruction;
	const uint8_t *code; /* the stub that is stepped over, and its */
	unsigned int starts; /* instructions: a bit for each byte that begins one */
} steps;

static void on_step(int signo, siginfo_t *info, void *context)
{
	uintptr_t rip = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[RIP];
	uintptr_t offset = rip - (uintptr_t)steps.code;

	(void)signo;
	(void)info;
	steps.count++;
	if (rip >> 47)
		steps.is_outside = true;
	if (offset < SITE_BYTES && !(steps.starts >> offset & 1))
		steps.is_inside_an_instruction = true;
}

static long step_over(const void *code, long nr, long a)
{
	asm volatile("lea -128(%%rsp), %%rsp\n\t"
		     "pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\t"
		     "call *%[to]\n\t"
		     "pushfq\n\tandl $0xfffffeff, (%%rsp)\n\tpopfq\n\t"
		     "lea 128(%%rsp), %%rsp"
		     : "+a"(nr), "+D"(a)
		     : [to] "r"(code)
		     : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "cc", "memory");
	return nr;
}

/* A debugger inside the program sees the instructions that were written there. */
static void single_steps(void)
{
	static const unsigned int starts[WAYS] = {
		[TRAP] = 0x1b, [MOV_SITE] = 0xa1, [CMP_SITE] = 0x105, [CMP32_SITE] = 0x85};
	struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};

	ways_make();
	sigaction(SIGTRAP, &action, NULL);
	for (int round = 0; round < fewer(20); round++) {
		for (enum way way = TRAP; way < WAYS; way++) {
			way_heat(way, SYS_getpid);
			steps.count = 0;
			steps.code = way_code(way, SYS_getpid);
			steps.starts = way == FUNCTION ? ~0U : starts[way];
			CHECK_EQ(step_over(way_code(way, SYS_getpid), SYS_getpid, 0), getpid());
			/* the call, the instructions of the stub, the end of step_over() */
			CHECK(steps.count >= 4);
			CHECK(!steps.is_outside);
			CHECK(!steps.is_inside_an_instruction);
			CHECK_EQ(WAY_CALL(way, SYS_getpid, 0), getpid());
		}
	}
	signal(SIGTRAP, SIG_DFL);
}

/* --- a storm of signals -------------------------------------------------------------------------
 */

static volatile int storm_count, storm_failures;

static void on_storm(int signo)
{
	enum way way = (enum way)(storm_count % WAYS);

	(void)signo;
	storm_count++;
	if (WAY_CALL(way, SYS_getpid, 0) != getpid() || WAY_CALL(way, SYS_close, -1) != -EBADF)
		storm_failures++;
}

static void storm(bool is_on)
{
	struct itimerval timer = {{0, is_on ? 100 : 0}, {0, is_on ? 100 : 0}};
	struct sigaction action = {.sa_handler = on_storm, .sa_flags = SA_RESTART};

	sigaction(SIGALRM, &action, NULL);
	CHECK_OK(setitimer(ITIMER_REAL, &timer, NULL));
}

static void signal_storm(void)
{
	int fds[2];
	char byte = 'x';

	ways_make(); /* the storm finds them fresh */
	CHECK_OK(pipe(fds));
	storm_count = storm_failures = 0;
	storm(true);
	for (int64_t end = now_ns() + 700000000; now_ns() < end;) {
		enum way way = (enum way)(now_ns() / 1000000 % WAYS);

		for (int i = 0; i < 50; i++) {
			char got = 0;

			if (!CHECK_EQ(WAY_CALL(way, SYS_write, fds[1], (long)&byte, 1), 1) ||
			    !CHECK_EQ(WAY_CALL(way, SYS_read, fds[0], (long)&got, 1), 1) ||
			    !CHECK_EQ(got, 'x') ||
			    !CHECK_EQ(WAY_CALL(way, SYS_getpid, 0), getpid()) ||
			    !CHECK_EQ(WAY_CALL(way, 500, 0), -ENOSYS))
				break;
		}
	}
	storm(false);
	CHECK(storm_count > 20);
	CHECK_EQ(storm_failures, 0);
	close(fds[0]);
	close(fds[1]);
}

/* --- threads that meet on a site ----------------------------------------------------------------
 */

enum { SITES = 512, THREADS = 3 };

static struct {
	uint8_t *code;
	volatile int failures;
	volatile bool is_over;
} meeting;

static const uint8_t *meeting_site(int i)
{
	return meeting.code + i * SITE_BYTES;
}

/* Each fresh site by all threads, in turns: sched_yield(2) gives the CPU away inside the site. */
static void *meets(void *argument)
{
	(void)argument;
	for (int i = 0; i < SITES; i++)
		for (int j = 0; j < 12; j++)
			if (ENTER(meeting_site(i), SYS_sched_yield, 0) != 0)
				meeting.failures++;
	return NULL;
}

static void make_meeting(void)
{
	meeting.code = code_map(SITES * SITE_BYTES);
	for (int i = 0; i < SITES; i++) {
		if (i % 3 == 0)
			put_mov_site(meeting.code + i * SITE_BYTES, SYS_sched_yield);
		else
			(i % 3 == 1 ? put_cmp_site : put_cmp32_site)(meeting.code + i * SITE_BYTES);
	}
	code_seal(meeting.code, SITES * SITE_BYTES);
}

/* With signals that take the CPU away in between. */
static void threads_meet(void)
{
	int patched = 0;

	ways_make();
	storm_failures = 0;
	storm(true);
	for (int round = 0; round < fewer(8); round++) {
		pthread_t threads[THREADS];

		make_meeting();
		for (int i = 0; i < THREADS; i++)
			threads[i] = start(meets, NULL);
		for (int i = 0; i < THREADS; i++)
			join(threads[i]);
		for (int i = 0; i < SITES; i++)
			patched += is_patched(meeting_site(i));
		munmap(meeting.code, SITES * SITE_BYTES);
	}
	storm(false);
	CHECK_EQ(meeting.failures, 0);
	CHECK_EQ(storm_failures, 0);
	CHECK(is_patching() ? patched > 1000 : patched == 0);
}

static void *runs_on(void *argument)
{
	(void)argument;
	while (!meeting.is_over)
		for (int i = 0; i < SITES && !meeting.is_over; i++)
			for (int j = 0; j < 4; j++)
				if (ENTER(meeting_site(i), SYS_sched_yield, 0) != 0)
					meeting.failures++;
	return NULL;
}

/* The page becomes writable and read-only again below threads that run there. */
static void page_changes_below(void)
{
	pthread_t threads[THREADS];
	size_t size = SITES * SITE_BYTES;

	make_meeting();
	meeting.is_over = false;
	for (int i = 0; i < THREADS; i++)
		threads[i] = start(runs_on, NULL);
	for (int i = 0; i < fewer(200); i++) {
		for (int j = 0; j < 60; j++)
			sched_yield();
		CHECK_OK(mprotect(meeting.code, size, PROT_READ | PROT_WRITE | PROT_EXEC));
		for (int j = 0; j < SITES; j++)
			if (!CHECK(!is_patched(meeting_site(j))))
				break;
		sched_yield();
		CHECK_OK(mprotect(meeting.code, size, PROT_READ | PROT_EXEC));
	}
	meeting.is_over = true;
	for (int i = 0; i < THREADS; i++)
		join(threads[i]);
	CHECK_EQ(meeting.failures, 0);
	munmap(meeting.code, size);
}

struct sleeper {
	const uint8_t *site;
	int fd;
	long result;
	char byte;
};

static void *sleeps(void *argument)
{
	struct sleeper *sleeper = argument;

	sleeper->result = ENTER(sleeper->site, SYS_read, sleeper->fd, (long)&sleeper->byte, 1);
	return NULL;
}

/* Threads that went to sleep by the instruction wake up in a site that was patched meanwhile. */
static void asleep_meanwhile(void)
{
	struct sleeper sleepers[THREADS];
	pthread_t threads[THREADS];
	int fds[2];

	CHECK_OK(pipe(fds));
	for (int round = 0; round < fewer(30); round++) {
		uint8_t *code = code_map(PAGE);
		enum way way = (enum way)(MOV_SITE + round % 3);

		if (way == MOV_SITE)
			put_mov_site(code, SYS_read);
		else
			(way == CMP_SITE ? put_cmp_site : put_cmp32_site)(code);
		code_seal(code, PAGE);
		for (int i = 0; i < THREADS; i++) {
			sleepers[i] = (struct sleeper){code, fds[0], 0, 0};
			threads[i] = start(sleeps, &sleepers[i]);
		}
		sleep_ms(2);
		CHECK_HEAT(code, way == MOV_SITE ? SYS_read : SYS_getpid);
		CHECK_EQ(write(fds[1], "abc", THREADS), THREADS);
		for (int i = 0; i < THREADS; i++) {
			join(threads[i]);
			CHECK_EQ(sleepers[i].result, 1);
			CHECK(sleepers[i].byte >= 'a' && sleepers[i].byte <= 'c');
		}
		munmap(code, PAGE);
	}
	close(fds[0]);
	close(fds[1]);
}

static const struct t_test tests[] = {
	T(red_zone),         T(own_gs),       T(single_steps),
	T(signal_storm),     T(threads_meet), T(page_changes_below),
	T(asleep_meanwhile),
};

T_MAIN(tests)
