/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every system call that is there, through every way into the kernel (t_ways.h), with the same
 * arguments and the same state of the process before: results, what was written, what else changed
 * and which registers were kept must be the same. The calls come from the kernel's own table: each
 * is made with arguments that are all -1, with ones that suit the kinds in the table and yet name
 * nothing, and with good ones where three_ways_rows.h has them.
 *
 * Left out: what does not come back (exit, exit_group, rt_sigreturn) or comes back elsewhere
 * (clone, clone3, execve with good arguments), and pause; ways_signals.c has calls that sleep.
 */
#include "t_regs.h"
#include "t_ways.h"
#include "three_ways_rows.h"

#include <asm/unistd.h>

const void *way_target;
RUNNER(run_code, "	call *way_target(%rip)");

static const struct call {
	const char *name, *status;
	long nr;
	const char *kinds[6];
} calls[] = {
#define SYSCALL(name, status, result, note, ...) {#name, #status, __NR_##name, {__VA_ARGS__}},
#define SYSCALL_HOLE(first, last)
#define A(type, name, kind) #kind
#define NOARGS              NULL
#include "../../../syscall/syscalls.def"
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static const long left_out[] = {SYS_exit,  SYS_exit_group, SYS_rt_sigreturn,
				SYS_pause, SYS_clone,      SYS_clone3};

static bool is_there(const struct call *call)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (left_out[i] == call->nr)
			return false;
	return strcmp(call->status, "ENOSYS") != 0;
}

/* --- registers -------------------------------------------------------------------------------- */

static uint64_t flags_of_cmp(long result, bool is_32_bit)
{
	uint64_t flags;

	if (is_32_bit)
		asm("cmp $-4096, %k1; pushfq; pop %0" : "=r"(flags) : "a"(result) : "cc");
	else
		asm("cmp $-4096, %1; pushfq; pop %0" : "=r"(flags) : "a"(result) : "cc");
	return flags;
}

/* What the instruction leaves; sites may leave anything there. */
static void check_leavings(const char *what, long nr, const struct registers *out, uint64_t flags)
{
	uint64_t next = (uint64_t)(uintptr_t)way_instruction(TRAP, nr) + 2;

	if (out->rcx != next)
		t_fail(__FILE__, __LINE__, "%s: rcx is %#lx, not %#lx", what, out->rcx, next);
	if ((out->r11 ^ flags) & FLAGS_KEPT)
		t_fail(__FILE__, __LINE__, "%s: r11 is %#lx, not %#lx", what, out->r11, flags);
}

static void check_flags(const char *what, enum way way, const struct registers *in,
			const struct registers *out)
{
	uint64_t mask = FLAGS_KEPT, wanted = in->flags;

	if (way == FUNCTION) { /* only the direction is promised */
		mask = 0x400;
		wanted = 0;
	} else if (way == CALL_SITE) { /* a function that is called expects nothing else */
		mask = 0x400;
	} else if (way == CMP_SITE || way == CMP32_SITE) {
		wanted = flags_of_cmp((long)out->rax, way == CMP32_SITE) | (in->flags & 0x400);
	}
	if ((wanted ^ out->flags) & mask)
		t_fail(__FILE__, __LINE__, "%s: flags are %#lx, not %#lx", what, out->flags,
		       wanted);
}

static void check_kept(const char *what, enum way way, const struct registers *in,
		       const struct registers *out)
{
	/* of struct registers: rbx, rbp, r12-r15; and what sites and the trap keep beyond that */
	static const unsigned char always[] = {1, 6, 11, 12, 13, 14}, sites[] = {3, 4, 5, 7, 8, 9};
	static const char *const names[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
					    "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
	const uint64_t *before = (const uint64_t *)in, *after = (const uint64_t *)out;

	for (size_t i = 0; i < 12; i++) {
		size_t at = i < 6 ? always[i] : sites[i - 6];

		if (at == 5 && way == CALL_SITE)
			continue; /* rdi is the result, on purpose */
		if ((i < 6 || way != FUNCTION) && before[at] != after[at])
			t_fail(__FILE__, __LINE__, "%s: %s is %#lx, not %#lx", what, names[at],
			       after[at], before[at]);
	}
	for (size_t i = 0; i < 16; i++)
		if (memcmp(in->ymm[i], out->ymm[i], has_avx() ? 32 : 16) != 0)
			t_fail(__FILE__, __LINE__, "%s: vector register %zu", what, i);
}

/* One call with all registers filled and checked; its result. */
static long run_way(enum way way, const char *name, long nr, const long *args, uint64_t more_flags)
{
	struct registers in, out;
	char what[80];

	snprintf(what, sizeof(what), "%s, %s", name, way_names[way]);
	fill(&in, (unsigned int)nr + 1);
	memset(&out, 0, sizeof(out));
	in.flags |= way == FUNCTION ? 0 : more_flags;
	in.rax = (uint64_t)nr;
	in.rdi = (uint64_t)args[0];
	in.rsi = (uint64_t)args[1];
	in.rdx = (uint64_t)args[2];
	in.r10 = (uint64_t)args[3];
	in.r8 = (uint64_t)args[4];
	in.r9 = (uint64_t)args[5];
	way_target = way_code(way, (uint32_t)nr);
	run_code(&in, &out, has_avx());
	check_kept(what, way, &in, &out);
	if (way == TRAP)
		check_leavings(what, (uint32_t)nr, &out, in.flags);
	check_flags(what, way, &in, &out);
	return (long)out.rax;
}

/* --- comparing -------------------------------------------------------------------------------- */

struct outcome {
	long result;
	struct state state;
	char arena[sizeof(arena)];
};

static void run_once(enum way way, const char *name, long nr, const long *args,
		     struct outcome *outcome)
{
	reset();
	outcome->result = run_way(way, name, nr, args, 0);
	memcpy(outcome->arena, arena, sizeof(arena));
	get_state(&outcome->state);
}

static void compare(const char *name, const char *kind, enum way way, unsigned int flags,
		    const struct outcome *trap, const struct outcome *other)
{
	long wanted = trap->result, result = other->result;

	if (flags & VARIES) {
		wanted = wanted >= 0 ? 0 : wanted;
		result = result >= 0 ? 0 : result;
	}
	if (result != wanted)
		t_fail(__FILE__, __LINE__, "%s, %s arguments, %s: %ld, trap %ld", name, kind,
		       way_names[way], result, wanted);
	if (memcmp(&trap->state, &other->state, sizeof(trap->state)) != 0)
		t_fail(__FILE__, __LINE__, "%s, %s arguments, %s: the state differs", name, kind,
		       way_names[way]);
	for (size_t i = 0; i < sizeof(arena) && !(flags & VARIES); i++)
		if (trap->arena[i] != other->arena[i]) {
			t_fail(__FILE__, __LINE__, "%s, %s arguments, %s: byte %zu differs", name,
			       kind, way_names[way], i);
			break;
		}
}

static void try_ways(const char *name, const char *kind, long nr, const long *args,
		     unsigned int flags)
{
	static struct outcome trap, other;

	run_once(TRAP, name, nr, args, &trap);
	for (enum way way = FUNCTION; way < (is_traced() ? MOV_SITE : WAYS); way++) {
		run_once(way, name, nr, args, &other);
		compare(name, kind, way, flags, &trap, &other);
	}
}

/* Nothing there by that name, no memory at that address, nothing to do. */
static long nothing(const char *kind)
{
	if (!kind)
		return 0;
	if (!strcmp(kind, "FD") || !strcmp(kind, "DIRFD"))
		return 999;
	return strcmp(kind, "STR") == 0 ? P("missing") : 0;
}

/* With all zeros these would sleep for ever, change the machine, or answer differently each time.
 */
static bool is_bad_with_nothing(long nr)
{
	static const long bad[] = {SYS_select,      SYS_pselect6,      SYS_ppoll,
				   SYS_sethostname, SYS_setdomainname, SYS_pkey_alloc,
				   SYS_close_range, SYS_timer_delete,  SYS_time,
				   SYS_times};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (bad[i] == nr)
			return true;
	return false;
}

static void every_call(void)
{
	static const long minus[6] = {-1, -1, -1, -1, -1, -1};

	ways_make();
	set_up();
	for (enum way way = CMP_SITE; way < WAYS; way++)
		way_heat(way, 0);
	for (size_t i = 0; i < CALLS; i++) {
		long args[6];

		if (!is_there(&calls[i]))
			continue;
		for (enum way way = MOV_SITE; is_patching() && way <= LONG_SITE; way++)
			way_heat(way, calls[i].nr);
		try_ways(calls[i].name, "wild", calls[i].nr, minus,
			 calls[i].nr == SYS_times ? VARIES : 0);
		for (int j = 0; j < 6; j++)
			args[j] = nothing(calls[i].kinds[j]);
		if (!is_bad_with_nothing(calls[i].nr))
			try_ways(calls[i].name, "no", calls[i].nr, args, 0);
	}
}

static const char *name_of(long nr)
{
	for (size_t i = 0; i < CALLS; i++)
		if (calls[i].nr == nr)
			return calls[i].name;
	return "?";
}

static void good_arguments(void)
{
	set_up();
	fill_arena();
	const struct row rows[] = {GOOD_ROWS};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		try_ways(name_of(rows[i].nr), "good", rows[i].nr, rows[i].args, rows[i].flags);
}

/* The number is an int: what is above it in the register does not count, and it may be negative. */
static void numbers(void)
{
	static const long none[6], numbers[] = {510, 999, 0x7fffffff, 0x80000000, -1, -4096};

	for (enum way way = TRAP; way < WAYS; way++) {
		for (size_t i = 0; i < (loads_number(way) ? 1 : 6); i++)
			CHECK_EQ(run_way(way, "number", numbers[i], none, 0), -ENOSYS);
		CHECK_EQ(run_way(way, "high", SYS_getpid | 0x123456L << 32, none, 0), getpid());
	}
}

/* With the direction flag set, and with SSE's control word other than usual. */
static void other_flags(void)
{
	static const long none[6];
	uint32_t before, unusual = 0x7fa0, after;

	asm("stmxcsr %0" : "=m"(before));
	for (enum way way = TRAP; way < WAYS; way++) {
		CHECK_EQ(run_way(way, "direction", SYS_getpid, none, 0x400), getpid());
		fill_arena();
		CHECK_EQ(run_way(way, "direction", SYS_read, (const long[6]){FD_ZERO, OUT, 1000},
				 0x400),
			 1000);
		CHECK(arena[0] == 0 && arena[999] == 0 && arena[1000] == 0x5a);
		asm volatile("ldmxcsr %0" : : "m"(unusual));
		WAY_CALL(way, SYS_sched_yield, 0);
		asm volatile("stmxcsr %0" : "=m"(after));
		asm volatile("ldmxcsr %0" : : "m"(before));
		CHECK_EQ(after, unusual);
	}
}

/* A call that sleeps, and so leaves the CPU to nobody or another, keeps registers all the same. */
static void after_sleep(void)
{
	static const struct timespec pause = {0, 3000000};

	for (enum way way = TRAP; way < WAYS; way++) {
		way_heat(way, SYS_nanosleep);
		CHECK_EQ(run_way(way, "nanosleep", SYS_nanosleep, (const long[6]){P(&pause)}, 0),
			 0);
	}
}

static void listed(void)
{
	check_said(way_code(MOV_SITE, SYS_getpid), "patched mov");
	check_said(way_code(LONG_SITE, SYS_getpid), "patched mov");
	check_said(way_code(CMP_SITE, 0), "patched cmp");
	check_said(way_code(CALL_SITE, 0), "patched call");
	check_said(way_code(TRAP, 0) + 1, "left shape");
	CHECK(!vsyscall_function() || t_is_guest());
	if (t_is_guest())
		CHECK(vsyscall_function() != NULL);
}

static const struct t_test tests[] = {
	T(every_call), T(good_arguments), T(numbers), T(other_flags), T(after_sleep), T(listed),
};

T_MAIN(tests)
