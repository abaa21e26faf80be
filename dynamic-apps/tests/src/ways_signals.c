/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals that meet calls which sleep, through every way into the kernel (t_ways.h): EINTR and
 * restarts, what the handler sees of the program's registers and what becomes of its changes,
 * jumps out of handlers, alternate stacks, threads, and stacks without any room.
 */
#include "t_threads.h"
#include "t_ways.h"

#include <poll.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <ucontext.h>

enum { RBX = 11, RAX = 13, RSP = 15, RIP = 16 }; /* of gregs */

static int fds[2];
static uint32_t word;
static sigjmp_buf jump_back;

/* What the handler found. */
static struct {
	volatile sig_atomic_t count;
	uintptr_t rip, rsp, top;
	long rax;
	bool is_on_other_stack;
} seen;

/* What it does. */
static struct {
	bool wants_write, wants_wake, wants_jump;
	long rax, rbx;
	const void *rip;
} plan;

/* The instruction of the call that is to be met: a signal that comes before it does nothing, the
 * timer sends another one. */
static uintptr_t expected;

static char other_stack[65536];

static void on_alarm(int signo, siginfo_t *info, void *context)
{
	long long *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;
	char *here = __builtin_frame_address(0);

	(void)signo;
	(void)info;
	if ((uintptr_t)gregs[RIP] != expected && (uintptr_t)gregs[RIP] != expected + 2)
		return;
	seen.count++;
	seen.rip = (uintptr_t)gregs[RIP];
	seen.rsp = (uintptr_t)gregs[RSP];
	seen.top = *(const uintptr_t *)seen.rsp;
	seen.rax = (long)gregs[RAX];
	seen.is_on_other_stack = here > other_stack && here < other_stack + sizeof(other_stack);
	if (plan.wants_write)
		CHECK_EQ(write(fds[1], "x", 1), 1);
	if (plan.wants_wake)
		word = 1;
	if (plan.rax)
		gregs[RAX] = plan.rax;
	if (plan.rbx)
		gregs[RBX] = plan.rbx;
	if (plan.rip)
		gregs[RIP] = (long long)(uintptr_t)plan.rip;
	if (plan.wants_jump)
		siglongjmp(jump_back, 1);
}

static void handle(int flags)
{
	struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | flags};

	sigaction(SIGALRM, &action, NULL);
	memset(&seen, 0, sizeof(seen));
	memset(&plan, 0, sizeof(plan));
}

/* SIGALRM comes when the call that follows sleeps; 0: no more. */
static void alarm_ms(long ms)
{
	struct itimerval timer = {{0, ms * 5000}, {0, ms * 1000}};

	CHECK_OK(setitimer(ITIMER_REAL, &timer, NULL));
}

static void make_pipe(void)
{
	if (fds[1]) {
		close(fds[0]);
		close(fds[1]);
	}
	CHECK_OK(pipe(fds));
}

/* Fresh code and a fresh pipe for one call that sleeps. */
static void begin(enum way way, long nr, int flags)
{
	alarm_ms(0);
	ways_make();
	expected = (uintptr_t)way_instruction(way, nr);
	make_pipe();
	word = 0;
	handle(flags);
}

/* Registers as after the instruction, with the error in rax, or on it, to make the call again. */
static void check_seen(enum way way, long nr, bool is_restart, long rax)
{
	uintptr_t instruction = (uintptr_t)way_instruction(way, nr);

	CHECK(seen.count >= 1);
	if (!CHECK_EQ(seen.rip - instruction, is_restart ? 0 : 2) || !CHECK_EQ(seen.rax, rax))
		t_fail(__FILE__, __LINE__, "call %ld by %s", nr, way_names[way]);
	CHECK(seen.top != 0);
}

/* --- EINTR and restarts ----------------------------------------------------------------------- */

struct sleeper {
	long nr, args[6];
	bool is_restarted; /* with SA_RESTART */
	long after;        /* the result of the call that is made again */
};

static const struct timespec second = {1, 0}, quarter = {0, 250000000};
static struct pollfd poll_pipe;
static char byte;
static long usr2 = 1L << (SIGUSR2 - 1), empty_mask;

static void sleepers(struct sleeper *s)
{
	poll_pipe = (struct pollfd){.fd = fds[0], .events = POLLIN};
	s[0] = (struct sleeper){SYS_read, {fds[0], (long)&byte, 1}, true, 1};
	s[1] = (struct sleeper){SYS_nanosleep, {(long)&second}, false, 0};
	s[2] = (struct sleeper){SYS_futex, {(long)&word, 0 /* FUTEX_WAIT */, 0, 0}, true, -EAGAIN};
	s[3] = (struct sleeper){SYS_poll, {(long)&poll_pipe, 1, 1000}, false, 0};
	s[4] = (struct sleeper){SYS_rt_sigtimedwait, {(long)&usr2, 0, (long)&second, 8}, false, 0};
	s[5] = (struct sleeper){SYS_clock_nanosleep, {1, 0, (long)&second, 0}, false, 0};
	s[6] = (struct sleeper){SYS_rt_sigsuspend, {(long)&empty_mask, 8}, false, 0};
	s[7] = (struct sleeper){SYS_pause, {0}, false, 0};
}

#define SLEEPERS 8

/* Through sites that are patched and through those that are not yet. */
static void try_sleeper(enum way way, int which, int flags, bool is_hot)
{
	struct sleeper all[SLEEPERS], *s = &all[which];
	bool is_restart;
	long result;

	make_pipe();
	sleepers(all);
	begin(way, s->nr, flags);
	sleepers(all);
	is_restart = flags && s->is_restarted;
	if (is_hot && (!loads_number(way) || s->nr != SYS_pause))
		way_heat(way, s->nr);
	plan.wants_write = plan.wants_wake = is_restart;
	alarm_ms(5);
	result = enter(way_code(way, s->nr), s->nr, s->args);
	alarm_ms(0);
	if (result != (is_restart ? s->after : -EINTR))
		t_fail(__FILE__, __LINE__, "call %ld by %s: %ld", s->nr, way_names[way], result);
	check_seen(way, s->nr, is_restart, is_restart ? s->nr : -EINTR);
}

static void try_sleepers(int flags)
{
	for (enum way way = TRAP; way < WAYS; way++)
		for (int which = 0; which < SLEEPERS; which++) {
			try_sleeper(way, which, flags, false);
			if (is_patching())
				try_sleeper(way, which, flags, true);
		}
}

static void interrupted(void)
{
	try_sleepers(0);
}

static void restarted(void)
{
	try_sleepers(SA_RESTART);
}

/*
 * restart_syscall(2): a signal of the process wakes the sleeper, and another thread takes it away.
 * Who is first is not defined: then the handler runs and it is EINTR.
 */
static void *takes_signal(void *argument)
{
	const struct timespec now = {0, 0};
	sigset_t set;

	(void)argument;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sleep_ms(5);
	kill(getpid(), SIGALRM);
	return (void *)(uintptr_t)(sigtimedwait(&set, NULL, &now) == SIGALRM);
}

static void restart_block(void)
{
	cpu_set_t before;

	use_one_cpu(&before);
	for (enum way way = TRAP; way < WAYS; way++) {
		int64_t start_ns;
		pthread_t thread;
		long result;

		begin(way, SYS_nanosleep, 0);
		way_heat(way, SYS_nanosleep);
		thread = start(takes_signal, NULL);
		start_ns = now_ns();
		result = WAY_CALL(way, SYS_nanosleep, (long)&quarter);
		if (join(thread) && !seen.count) {
			CHECK_EQ(result, 0);
			CHECK(now_ns() - start_ns >= 250000000);
		} else {
			CHECK_EQ(result, -EINTR);
		}
	}
	sched_setaffinity(0, sizeof(before), &before);
}

/* --- what handlers change --------------------------------------------------------------------- */

/* rbx goes in and comes out again. */
static long enter_with_rbx(const void *code, long nr, const long *a, long *rbx)
{
	long value = *rbx, rdi = a[0], rsi = a[1], rdx = a[2];

	asm volatile("lea -128(%%rsp), %%rsp\n\tcall *%[to]\n\tlea 128(%%rsp), %%rsp"
		     : "+a"(nr), "+b"(value), "+D"(rdi), "+S"(rsi), "+d"(rdx)
		     : [to] "r"(code)
		     : "rcx", "r8", "r9", "r10", "r11", "cc", "memory");
	*rbx = value;
	return nr;
}

static void changed_registers(void)
{
	for (enum way way = TRAP; way < WAYS; way++) {
		long rbx = 1;

		begin(way, SYS_read, 0);
		way_heat(way, SYS_read);
		plan.rax = 4242;
		plan.rbx = 4343;
		alarm_ms(5);
		CHECK_EQ(enter_with_rbx(way_code(way, SYS_read), SYS_read,
					(const long[3]){fds[0], (long)&byte, 1}, &rbx),
			 4242);
		CHECK_EQ(rbx, 4343);
		CHECK(seen.count >= 1);
	}
}

/* The handler sends the thread elsewhere: the way leaves nothing behind on the stack. */
static void changed_rip(void)
{
	uint8_t *elsewhere = code_map(PAGE);

	PUT_CODE(elsewhere, "\xb8\x4d\0\0\0\xc3"); /* mov $77, %eax; ret */
	code_seal(elsewhere, PAGE);
	for (enum way way = TRAP; way < WAYS; way++)
		for (int i = 0; i < 3; i++) {
			begin(way, SYS_read, i == 1 ? SA_RESTART : 0);
			way_heat(way, SYS_read);
			plan.rip = elsewhere;
			alarm_ms(2);
			CHECK_EQ(WAY_CALL(way, SYS_read, fds[0], (long)&byte, 1), 77);
			CHECK_EQ(WAY_CALL(way, SYS_getpid, 0), getpid());
		}
	munmap(elsewhere, PAGE);
}

/* The handler undoes the call: it is made again, with the registers as they were. */
static void made_again(void)
{
	static const struct iovec iov = {&byte, 1};

	for (enum way way = TRAP; way < WAYS; way++) {
		begin(way, SYS_readv, 0);
		way_heat(way, SYS_readv);
		plan.rip = way_instruction(way, SYS_readv);
		plan.rax = SYS_readv;
		plan.wants_write = true;
		alarm_ms(2);
		CHECK_EQ(WAY_CALL(way, SYS_readv, fds[0], (long)&iov, 1), 1);
		CHECK_EQ(byte, 'x');
	}
}

static void jump_out(void)
{
	for (enum way way = TRAP; way < WAYS; way++) {
		begin(way, SYS_read, 0);
		way_heat(way, SYS_read);
		for (volatile int i = 0; i < fewer(40); i++) {
			plan.wants_jump = true;
			if (!sigsetjmp(jump_back, 1)) {
				alarm_ms(1);
				WAY_CALL(way, SYS_read, fds[0], (long)&byte, 1);
				CHECK(!"the read ended");
			}
			plan.wants_jump = false;
			alarm_ms(0);
			if (!CHECK_EQ(WAY_CALL(way, SYS_getpid, 0), getpid()))
				break;
		}
		CHECK_EQ(seen.count, fewer(40));
	}
}

static void other_stacks(void)
{
	stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof(other_stack)}, old;

	CHECK_OK(sigaltstack(&stack, &old));
	for (enum way way = TRAP; way < WAYS; way++) {
		begin(way, SYS_read, SA_ONSTACK | SA_RESTART);
		way_heat(way, SYS_read);
		plan.wants_write = true;
		alarm_ms(2);
		CHECK_EQ(WAY_CALL(way, SYS_read, fds[0], (long)&byte, 1), 1);
		CHECK(seen.is_on_other_stack);
		CHECK(seen.rsp < (uintptr_t)other_stack ||
		      seen.rsp >= (uintptr_t)other_stack + sizeof(other_stack));
	}
	stack.ss_flags = SS_DISABLE;
	CHECK_OK(sigaltstack(&stack, NULL));
}

/* A signal that the call itself sends arrives before it returns, and its result is kept. */
static void sent_to_self(void)
{
	for (enum way way = TRAP; way < WAYS; way++) {
		begin(way, SYS_kill, 0);
		way_heat(way, SYS_kill);
		for (int i = 0; i < fewer(200); i++) {
			if (!CHECK_EQ(WAY_CALL(way, SYS_kill, getpid(), SIGALRM), 0) ||
			    !CHECK_EQ(seen.count, i + 1) || !CHECK_EQ(seen.rax, 0))
				break;
		}
		CHECK_EQ(seen.rip - (uintptr_t)way_instruction(way, SYS_kill), 2);
	}
}

static void set_nested_task(bool is_set)
{
	asm volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\t"
		     "andl $0xffffbfff, (%%rsp)\n\torl %[flag], (%%rsp)\n\t"
		     "popfq\n\tlea 128(%%rsp), %%rsp"
		     :
		     : [flag] "r"(is_set ? 0x4000 : 0)
		     : "cc", "memory");
}

/* The flag that no program needs, and that the kernel's own way back does not like. */
static void nested_task_flag(void)
{
	const struct timespec pause = {0, 1000000};

	for (enum way way = TRAP; way < WAYS; way++) {
		begin(way, SYS_kill, 0);
		way_heat(way, SYS_kill);
		way_heat(way, SYS_nanosleep);
		set_nested_task(true);
		WAY_CALL(way, SYS_kill, getpid(), SIGALRM);
		WAY_CALL(way, SYS_nanosleep, (long)&pause);
		set_nested_task(false);
		CHECK_EQ(seen.count, 1);
	}
}

/* --- stacks and threads ----------------------------------------------------------------------- */

static long enter_on(void *stack, const void *code, long nr, long a)
{
	asm volatile("mov %%rsp, %%rbx\n\tmov %[stack], %%rsp\n\tcall *%[to]\n\tmov %%rbx, %%rsp"
		     : "+a"(nr), "+D"(a)
		     : [stack] "r"(stack), [to] "r"(code)
		     : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "cc", "memory");
	return nr;
}

/* Eight bytes for the return address, and a page that is not there below. */
static void no_stack(void)
{
	const struct timespec pause = {0, 1000000};
	char *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(pages, PAGE);
	alarm_ms(0);
	ways_make();
	for (enum way way = TRAP; way < CALL_SITE; way++) {
		char *stack = pages + PAGE + 8;

		way_heat(way, SYS_getpid);
		CHECK_EQ(enter_on(stack, way_code(way, SYS_getpid), SYS_getpid, 0), getpid());
		CHECK_EQ(enter_on(stack, way_code(way, SYS_close), SYS_close, -1), -EBADF);
		way_heat(way, SYS_nanosleep);
		CHECK_EQ(enter_on(stack, way_code(way, SYS_nanosleep), SYS_nanosleep, (long)&pause),
			 0);
	}
	munmap(pages + PAGE, PAGE);
}

struct pair {
	enum way way;
	int in, out;
	long sum;
};

/* Passes numbers on, sleeping for each. */
static void *passes(void *argument)
{
	struct pair *pair = argument;

	for (unsigned char i = 1;; i++) {
		unsigned char got = 0;

		if (WAY_CALL(pair->way, SYS_read, pair->in, (long)&got, 1) != 1)
			return NULL;
		pair->sum += got;
		if (WAY_CALL(pair->way, SYS_write, pair->out, (long)&got, 1) != 1 ||
		    WAY_CALL(pair->way, SYS_gettid) != tid() || got == 0)
			return NULL;
	}
}

/* A ring of threads, each with its own way. */
static void in_threads(void)
{
	struct pair pairs[2 * WAYS];
	pthread_t threads[2 * WAYS];
	int ring[2 * WAYS + 1][2], rounds = fewer(1000);
	unsigned char got;

	alarm_ms(0);
	ways_make();
	for (int i = 0; i <= 2 * WAYS; i++)
		CHECK_OK(pipe(ring[i]));
	for (int i = 0; i < 2 * WAYS; i++) {
		pairs[i] = (struct pair){(enum way)(i % WAYS), ring[i][0], ring[i + 1][1], 0};
		threads[i] = start(passes, &pairs[i]);
	}
	for (int i = rounds; i >= 0; i--) {
		unsigned char sent = i ? (unsigned char)(i % 255 + 1) : 0;

		CHECK_EQ(write(ring[0][1], &sent, 1), 1);
		if (!CHECK_EQ(read(ring[2 * WAYS][0], &got, 1), 1) || !CHECK_EQ(got, sent))
			break;
	}
	for (int i = 0; i < 2 * WAYS; i++) {
		join(threads[i]);
		CHECK_EQ(pairs[i].sum, pairs[0].sum);
	}
	/* however often threads slept there, and others had the CPU meanwhile */
	CHECK_EQ(is_patched(way_code(CMP_SITE, 0)), is_patching());
	CHECK_EQ(is_patched(way_code(MOV_SITE, SYS_read)), is_patching());
	for (int i = 0; i <= 2 * WAYS; i++) {
		close(ring[i][0]);
		close(ring[i][1]);
	}
}

static const struct t_test tests[] = {
	T(interrupted), T(restarted),    T(restart_block),    T(changed_registers),
	T(changed_rip), T(made_again),   T(jump_out),         T(other_stacks),
	T(no_stack),    T(sent_to_self), T(nested_task_flag), T(in_threads),
};

T_MAIN(tests)
