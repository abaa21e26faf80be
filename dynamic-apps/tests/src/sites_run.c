/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call sites while they are patched: threads that meet on one, that sleep in it or change its page
 * meanwhile; live data in the red zone; a storm of signals whose handlers make calls themselves.
 * Nothing is patched on Linux, and the same holds.
 */
#include "t_threads.h"
#include "t_ways.h"

#include <sys/time.h>

/* --- the red zone ------------------------------------------------------------------------------
 */

static const int site_bytes[WAYS] = {
	[MOV_SITE] = 7, [LONG_SITE] = 9, [CMP_SITE] = 8, [CMP32_SITE] = 7};

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
	PUT_CODE(p, "\x89\xf8"); /* mov %edi, %eax */
	put_site(p + 2, way, SYS_getpid);
	p += 2 + site_bytes[way];
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
static uint8_t *site_of_leaf(uint8_t *leaf)
{
	return leaf + 16 * 8 + 2;
}

static void red_zone(void)
{
	uint8_t *code = code_map(PAGE);

	for (enum way way = MOV_SITE; way < CALL_SITE; way++)
		CHECK(put_leaf(code + way * 512, way) < 512);
	code_seal(code, PAGE);
	for (enum way way = MOV_SITE; way < CALL_SITE; way++) {
		for (int i = 0; i < fewer(3000); i++)
			if (!CHECK_EQ(ENTER(code + way * 512, 0, SYS_getppid,
					    0x123456789abcL * (i + 1)),
				      0))
				break;
		CHECK_EQ(is_patched(site_of_leaf(code + way * 512)), is_patching());
	}
	munmap(code, PAGE);
}

/* --- sites that are peculiar --------------------------------------------------------------------
 */

/* The end of another instruction that looks like the load of the number, which was loaded before.
 */
static void lookalikes(void)
{
	uint8_t *code = code_map(PAGE), *with_r8 = code + 16, *with_lea = code + 64;

	/* mov $39, %eax; mov $39, %r8d; syscall; mov %r8, %rax; ret */
	PUT_CODE(with_r8, "\xb8\x27\0\0\0\x41\xb8\x27\0\0\0\x0f\x05\x4c\x89\xc0\xc3");
	/* mov $39, %eax; lea 39(%rax), %edi; syscall; mov %edi, %eax; ret */
	PUT_CODE(with_lea, "\xb8\x27\0\0\0\x8d\xb8\x27\0\0\0\x0f\x05\x89\xf8\xc3");
	code_seal(code, PAGE);
	for (int i = 0; i < fewer(5000); i++)
		if (!CHECK_EQ(ENTER(with_r8, 0, 0), 39) || !CHECK_EQ(ENTER(with_lea, 0, 0), 78))
			break;
	CHECK_EQ(with_r8[6], 0xb8);
	CHECK_EQ(with_lea[6], 0xb8);
	munmap(code, PAGE);
}

/* The stack pointer is none of the kernel's business: here it is 8. */
static void any_stack(void)
{
	uint8_t *code = code_map(PAGE);

	for (enum way way = MOV_SITE; way < CALL_SITE; way++) {
		uint8_t *p = code + way * 64, *site;

		PUT_CODE(p, "\x48\x89\xe3\xbc\x08\0\0\0"); /* mov %rsp, %rbx; mov $8, %esp */
		PUT_CODE(p + 8, "\xb8\x27\0\0\0\x90");     /* mov $39, %eax; nop */
		site = p + 14;
		put_site(site, way, SYS_getpid);
		PUT_CODE(site + site_bytes[way], "\x48\x89\xdc\xc3"); /* mov %rbx, %rsp; ret */
	}
	code_seal(code, PAGE);
	for (enum way way = MOV_SITE; way < CALL_SITE; way++)
		for (int i = 0; i < fewer(3000); i++) {
			long result;

			asm volatile(
				"lea -128(%%rsp), %%rsp\n\tcall *%[to]\n\tlea 128(%%rsp), %%rsp"
				: "=a"(result)
				: [to] "r"(code + way * 64)
				: "rbx", "rcx", "r11", "cc", "memory");
			if (!CHECK_EQ(result, getpid()))
				break;
		}
	for (enum way way = MOV_SITE; way < CALL_SITE; way++)
		CHECK_EQ(is_patched(code + way * 64 + 14), is_patching());
	munmap(code, PAGE);
}

static volatile int usr1_count;

static void on_usr1(int signo)
{
	(void)signo;
	usr1_count++;
}

/* rt_sigreturn(2) by a site: a libc's own has another shape, but who brings one may choose. */
static void own_restorer(void)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		const void *restorer;
		unsigned long mask;
	} action = {on_usr1, 0x04000000 /* SA_RESTORER */, NULL, 0};
	uint8_t *code = code_map(PAGE);

	put_mov_site(code + 16, SYS_rt_sigreturn);
	code_seal(code, PAGE);
	action.restorer = code + 16;
	CHECK_OK(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 8));
	for (int i = 0; i < fewer(2000); i++)
		if (!CHECK_EQ(kill(getpid(), SIGUSR1), 0) || !CHECK_EQ(usr1_count, i + 1))
			break;
	CHECK_EQ(is_patched(code + 16), is_patching());
	signal(SIGUSR1, SIG_DFL);
	munmap(code, PAGE);
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
	for (int i = 0; i < SITES; i += is_traced() ? 16 : 1)
		for (int j = 0; j < 12; j++)
			if (ENTER(meeting_site(i), SYS_sched_yield, 0) != 0)
				meeting.failures++;
	return NULL;
}

static void make_meeting(void)
{
	meeting.code = code_map(SITES * SITE_BYTES);
	for (int i = 0; i < SITES; i++) {
		put_site(meeting.code + i * SITE_BYTES, (enum way)(MOV_SITE + i % 4),
			 SYS_sched_yield);
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
	CHECK(is_patching() ? patched > 500 : patched == 0);
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
		uint8_t *page = code_map(PAGE), *code = page + 16;
		enum way way = (enum way)(MOV_SITE + round % (WAYS - MOV_SITE));

		put_site(code, way, SYS_read);
		code_seal(page, PAGE);
		for (int i = 0; i < THREADS; i++) {
			sleepers[i] = (struct sleeper){code, fds[0], 0, 0};
			threads[i] = start(sleeps, &sleepers[i]);
		}
		sleep_ms(2);
		CHECK_HEAT(code, loads_number(way) ? SYS_read : SYS_getpid);
		CHECK_EQ(write(fds[1], "abc", THREADS), THREADS);
		for (int i = 0; i < THREADS; i++) {
			join(threads[i]);
			CHECK_EQ(sleepers[i].result, 1);
			CHECK(sleepers[i].byte >= 'a' && sleepers[i].byte <= 'c');
		}
		munmap(page, PAGE);
	}
	close(fds[0]);
	close(fds[1]);
}

static void *reads_all(void *argument)
{
	const struct sched_param first = {.sched_priority = 1};
	char bytes[16];

	(void)!sched_setscheduler(0, SCHED_FIFO, &first);
	while (read(*(int *)argument, bytes, sizeof(bytes)) > 0)
		;
	return NULL;
}

/* Each call wakes a thread that comes first: the way out of the site leads through it, but the site
 * is not given up for that. */
static void preempted(void)
{
	ways_make();
	for (enum way way = MOV_SITE; way < WAYS; way++) {
		pthread_t thread;
		int fds[2];

		CHECK_OK(pipe(fds));
		thread = start(reads_all, &fds[0]);
		way_heat(way, SYS_write);
		sleep_ms(2); /* until it sleeps */
		for (int i = 0; i < fewer(600); i++)
			CHECK_EQ(WAY_CALL(way, SYS_write, fds[1], (long)"x", 1), 1);
		CHECK_EQ(is_patched(way_code(way, SYS_write)), is_patching());
		close(fds[1]);
		join(thread);
		close(fds[0]);
	}
}

/* Nor for a signal now and then, whose handler returns to its middle. */
static void signals_now_and_then(void)
{
	ways_make();
	way_heat(CMP_SITE, 0);
	usr1_count = 0;
	signal(SIGUSR1, on_usr1);
	for (int i = 0; i < 2; i++) {
		sleep_ms(i * 1100);
		for (int j = 0; j < 150; j++)
			CHECK_EQ(WAY_CALL(CMP_SITE, SYS_kill, getpid(), SIGUSR1), 0);
	}
	CHECK_EQ(usr1_count, 300);
	CHECK_EQ(is_patched(way_code(CMP_SITE, 0)), is_patching());
	signal(SIGUSR1, SIG_DFL);
}

/* The last uses up the room for patched sites. */
static const struct t_test tests[] = {
	T(red_zone),           T(lookalikes),       T(any_stack), T(own_restorer),
	T(signal_storm),       T(asleep_meanwhile), T(preempted), T(signals_now_and_then),
	T(page_changes_below), T(threads_meet),
};

T_MAIN(tests)
