/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clone(2) and clone3 by the bare call, with the flags that make threads. A thread made here has
 * no C library state of its own (with CLONE_SETTLS: an empty block): it only works on its struct
 * raw, by bare calls.
 */
#include "t_threads.h"

#include <limits.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <stddef.h>
#include <sys/mman.h>

#define THREAD_FLAGS                                                                               \
	((uint64_t)CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
#define ARCH_GET_FS 0x1003 /* <asm/prctl.h> */
#define ID_UNSET    0x7777

struct raw {
	/* given */
	uint64_t flags;
	bool is_clone3;
	/* results */
	long returned;
	pid_t parent_tid, child_tid;
	volatile pid_t seen_tid;
	volatile uintptr_t seen_fs, seen_stack;
	volatile int is_over;
	_Atomic uint32_t may_end;
	char tls[256] __attribute__((aligned(64)));
	char stack[16384] __attribute__((aligned(4096)));
};

static inline long bare(long number, long a, long b, long c, long d)
{
	register long r10 asm("r10") = d;
	long result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
		     : "rcx", "r11", "memory");
	return result;
}

/* What a thread does: looks around, waits until it may end, ends. */
__attribute__((noreturn, used, optimize("no-stack-protector"))) static void raw_runs(
	struct raw *raw)
{
	uintptr_t fs = 0;
	char here;

	bare(SYS_arch_prctl, ARCH_GET_FS, (long)&fs, 0, 0);
	raw->seen_fs = fs;
	raw->seen_stack = (uintptr_t)&here;
	raw->seen_tid = (pid_t)bare(SYS_gettid, 0, 0, 0, 0);
	while (!raw->may_end)
		bare(SYS_futex, (long)&raw->may_end, FUTEX_WAIT_PRIVATE, 0, 0);
	raw->is_over = 1;
	for (;;)
		bare(SYS_exit, 0, 0, 0, 0);
}

/* The call itself: the child finds its struct in %r12 and never returns here. */
static long call_clone(struct raw *raw)
{
	register long r10 asm("r10") = (long)&raw->child_tid;
	register long r8 asm("r8") = (long)raw->tls;
	register struct raw *r12 asm("r12") = raw;
	long result;

	asm volatile("syscall\n\t"
		     "test %%eax, %%eax\n\t"
		     "jnz 1f\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "mov %%r12, %%rdi\n\t"
		     "call raw_runs\n"
		     "1:"
		     : "=a"(result)
		     : "a"((long)SYS_clone), "D"(raw->flags), "S"(raw->stack + sizeof(raw->stack)),
		       "d"(&raw->parent_tid), "r"(r10), "r"(r8), "r"(r12)
		     : "rcx", "r11", "memory");
	return result;
}

static long call_clone3(struct raw *raw, const void *args, size_t size)
{
	register struct raw *r12 asm("r12") = raw;
	long result;

	asm volatile("syscall\n\t"
		     "test %%eax, %%eax\n\t"
		     "jnz 1f\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "mov %%r12, %%rdi\n\t"
		     "call raw_runs\n"
		     "1:"
		     : "=a"(result)
		     : "a"((long)SYS_clone3), "D"(args), "S"(size), "r"(r12)
		     : "rcx", "r11", "memory");
	return result;
}

static struct clone_args args_of(struct raw *raw)
{
	return (struct clone_args){
		.flags = raw->flags,
		.parent_tid = (uintptr_t)&raw->parent_tid,
		.child_tid = (uintptr_t)&raw->child_tid,
		.tls = (uintptr_t)raw->tls,
		.stack = (uintptr_t)raw->stack,
		.stack_size = sizeof(raw->stack),
	};
}

static struct raw *raw_new(uint64_t flags, bool is_clone3)
{
	struct raw *raw = aligned_alloc(4096, sizeof(*raw));

	memset(raw, 0, sizeof(*raw));
	raw->flags = flags;
	raw->is_clone3 = is_clone3;
	raw->parent_tid = raw->child_tid = ID_UNSET;
	return raw;
}

static void raw_start(struct raw *raw)
{
	struct clone_args args = args_of(raw);

	raw->returned = raw->is_clone3 ? call_clone3(raw, &args, sizeof(args)) : call_clone(raw);
	if (!CHECK(raw->returned > 0))
		exit(1);
	while (!raw->seen_tid)
		sched_yield();
}

/* Only a thread that is gone lets go of its stack: without CHILD_CLEARTID we ask for its id. */
static void raw_end(struct raw *raw)
{
	raw->may_end = 1;
	syscall(SYS_futex, &raw->may_end, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	while (syscall(SYS_tgkill, getpid(), raw->returned, 0) == 0)
		sched_yield();
	CHECK(raw->is_over);
	free(raw);
}

static void look_at(struct raw *raw)
{
	uintptr_t fs = 0;

	syscall(SYS_arch_prctl, ARCH_GET_FS, &fs);
	CHECK_EQ(raw->seen_tid, raw->returned);
	CHECK(raw->returned != getpid());
	CHECK_EQ(raw->seen_fs, raw->flags & CLONE_SETTLS ? (uintptr_t)raw->tls : fs);
	CHECK(raw->seen_stack > (uintptr_t)raw->stack &&
	      raw->seen_stack < (uintptr_t)raw->stack + sizeof(raw->stack));
	CHECK_EQ(raw->parent_tid, raw->flags & CLONE_PARENT_SETTID ? raw->returned : ID_UNSET);
	CHECK_EQ(raw->child_tid, raw->flags & CLONE_CHILD_SETTID ? raw->returned : ID_UNSET);
}

/* Every combination of the flags that a thread may have or not, by both calls. */
static void every_combination(void)
{
	static const uint64_t optional[] = {CLONE_SETTLS, CLONE_PARENT_SETTID, CLONE_CHILD_SETTID,
					    CLONE_CHILD_CLEARTID};

	for (unsigned int set = 0; set < 32; set++) {
		uint64_t flags = THREAD_FLAGS;
		struct raw *raw;

		for (int i = 0; i < 4; i++)
			flags |= set & 1u << i ? optional[i] : 0;
		raw = raw_new(flags, set & 16);
		raw_start(raw);
		look_at(raw);
		raw_end(raw);
	}
}

/* VM, SIGHAND and THREAD are what makes a thread; the others may be left out, or are of old. */
static void fewer_and_old_flags(void)
{
	static const uint64_t flags[] = {
		CLONE_VM | CLONE_SIGHAND | CLONE_THREAD,
		CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FS,
		CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FILES,
		THREAD_FLAGS | CLONE_DETACHED, /* accepted and without effect */
		THREAD_FLAGS | CLONE_IO,
		THREAD_FLAGS | CLONE_PTRACE,
		THREAD_FLAGS | CLONE_UNTRACED,
		THREAD_FLAGS | SIGCHLD, /* a thread sends no signal at its end */
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct raw *raw = raw_new(flags[i], false);

		raw_start(raw);
		look_at(raw);
		raw_end(raw);
	}
}

/* A thread that does not share them has a copy of its own. */
struct copies {
	volatile int is_ready, may_end;
	int fd;
	bool has_fd;
	char cwd[256];
};

static void *unshares(void *argument)
{
	struct copies *copies = argument;

	CHECK_OK(unshare(CLONE_FILES | CLONE_FS));
	copies->is_ready = 1;
	while (!copies->may_end)
		sched_yield();
	copies->has_fd = fcntl(copies->fd, F_GETFD) == 0;
	CHECK_OK(chdir("/"));
	return NULL;
}

static void unshared_files_and_cwd(void)
{
	struct copies copies = {.fd = t_make_file("file", "", 0)};
	pthread_t thread = start(unshares, &copies);
	char cwd[256];

	while (!copies.is_ready)
		sched_yield();
	close(copies.fd);
	copies.may_end = 1;
	join(thread);
	CHECK(copies.has_fd);
	CHECK(getcwd(cwd, sizeof(cwd)) != NULL && strcmp(cwd, "/") != 0);
}

static void *changes_shared(void *argument)
{
	CHECK_OK(chdir("/"));
	umask(0123);
	return argument;
}

static void shared_files_and_cwd(void)
{
	char cwd[256];

	join(start(changes_shared, NULL));
	CHECK(getcwd(cwd, sizeof(cwd)) != NULL);
	CHECK_STR(cwd, "/");
	CHECK_EQ(umask(022), 0123);
}

/* The word is cleared and a waiter woken, by the shared key, when the thread can do no more. */
static void clear_tid_wakes(void)
{
	struct raw *raw = raw_new(THREAD_FLAGS | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, true);
	volatile pid_t *word = &raw->child_tid;

	raw_start(raw);
	CHECK_EQ(*word, raw->returned);
	raw->may_end = 1;
	syscall(SYS_futex, &raw->may_end, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	while (*word)
		syscall(SYS_futex, word, FUTEX_WAIT, raw->returned, NULL, NULL, 0);
	CHECK(raw->is_over);
	raw_end(raw);
}

static void set_tid_address_replaces(void)
{
	CHECK_EQ(syscall(SYS_set_tid_address, NULL), tid());
}

/* A CLEARTID word that cannot be written is passed over. */
static void clear_tid_nowhere(void)
{
	struct raw *raw = raw_new(THREAD_FLAGS | CLONE_CHILD_CLEARTID, true);
	struct clone_args args = args_of(raw);

	args.child_tid = 0x123456789000;
	raw->returned = call_clone3(raw, &args, sizeof(args));
	CHECK(raw->returned > 0);
	while (!raw->seen_tid)
		sched_yield();
	raw_end(raw);
}

/* --- errors --------------------------------------------------------------------------------- */

static void bad_flags(void)
{
	static const uint64_t flags[] = {
		CLONE_THREAD,
		CLONE_THREAD | CLONE_VM,
		CLONE_THREAD | CLONE_SIGHAND,
		CLONE_SIGHAND,
		THREAD_FLAGS | CLONE_NEWNS,
		CLONE_FS | CLONE_NEWNS,
		CLONE_NEWUSER | THREAD_FLAGS,
		CLONE_NEWPID | THREAD_FLAGS,
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct raw *raw = raw_new(flags[i], false);
		struct clone_args args = args_of(raw);

		if (!CHECK_EQ(call_clone(raw), -EINVAL) ||
		    !CHECK_EQ(call_clone3(raw, &args, sizeof(args)), -EINVAL))
			t_fail(__FILE__, __LINE__, "flags %#llx", (unsigned long long)flags[i]);
		free(raw);
	}
}

/* clone3 of a thread with one thing wrong. */
static long clone3_with(void (*spoil)(struct clone_args *))
{
	struct raw *raw = raw_new(THREAD_FLAGS, true);
	struct clone_args args = args_of(raw);
	long result;

	spoil(&args);
	result = call_clone3(raw, &args, sizeof(args));
	free(raw);
	return result;
}

static void with_exit_signal(struct clone_args *args)
{
	args->exit_signal = SIGCHLD; /* not with CLONE_THREAD */
}

static void with_absurd_signal(struct clone_args *args)
{
	args->flags = 0;
	args->exit_signal = 65;
}

static void with_huge_signal(struct clone_args *args)
{
	args->flags = 0;
	args->exit_signal = 1ull << 32;
}

static void with_stack_without_size(struct clone_args *args)
{
	args->stack_size = 0;
}

static void with_size_without_stack(struct clone_args *args)
{
	args->stack = 0;
}

static void with_wrapping_stack(struct clone_args *args)
{
	args->stack_size = UINT64_MAX;
}

static void with_kernel_stack(struct clone_args *args)
{
	args->stack = 0xffff800000000000;
}

static void with_detached(struct clone_args *args)
{
	args->flags |= CLONE_DETACHED; /* clone3 has no such flag, nor a signal in the flags */
}

static void with_signal_in_flags(struct clone_args *args)
{
	args->flags |= SIGCHLD;
}

static void with_unknown_flag(struct clone_args *args)
{
	args->flags |= 1ull << 63;
}

static void with_set_tid_without_size(struct clone_args *args)
{
	args->set_tid = 1;
}

static void with_size_without_set_tid(struct clone_args *args)
{
	args->set_tid_size = 1;
}

static void with_many_set_tid(struct clone_args *args)
{
	args->set_tid = 1;
	args->set_tid_size = 33;
}

static void clone3_contents(void)
{
	static void (*const spoilers[])(struct clone_args *) = {
		with_exit_signal,          with_absurd_signal,
		with_huge_signal,          with_stack_without_size,
		with_size_without_stack,   with_wrapping_stack,
		with_kernel_stack,         with_detached,
		with_signal_in_flags,      with_unknown_flag,
		with_set_tid_without_size, with_size_without_set_tid,
		with_many_set_tid,
	};

	for (size_t i = 0; i < sizeof(spoilers) / sizeof(spoilers[0]); i++)
		if (!CHECK_EQ(clone3_with(spoilers[i]), -EINVAL))
			t_fail(__FILE__, __LINE__, "number %zu", i);
}

static void clone3_sizes(void)
{
	struct raw *raw = raw_new(THREAD_FLAGS, true);
	char *pages =
		mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct clone_args *args = (void *)pages;

	*args = args_of(raw);
	CHECK_EQ(call_clone3(raw, args, 0), -EINVAL);
	CHECK_EQ(call_clone3(raw, args, CLONE_ARGS_SIZE_VER0 - 1), -EINVAL);
	CHECK_EQ(call_clone3(raw, args, PAGE + 1), -E2BIG);
	CHECK_EQ(call_clone3(raw, args, SIZE_MAX), -E2BIG);
	CHECK_EQ(call_clone3(raw, NULL, sizeof(*args)), -EFAULT);
	CHECK_EQ(call_clone3(raw, (void *)0xffff800000000000, sizeof(*args)), -EFAULT);
	pages[sizeof(*args)] = 1; /* beyond what is known: must be zero */
	CHECK_EQ(call_clone3(raw, args, sizeof(*args) + 8), -E2BIG);
	CHECK_OK(mprotect(pages + PAGE, PAGE, PROT_NONE));
	args = (void *)(pages + PAGE - CLONE_ARGS_SIZE_VER0);
	*(struct clone_args *)pages = args_of(raw);
	memcpy(args, pages, CLONE_ARGS_SIZE_VER0);
	CHECK_EQ(call_clone3(raw, args, CLONE_ARGS_SIZE_VER1), -EFAULT);
	raw->returned = call_clone3(raw, args, CLONE_ARGS_SIZE_VER0);
	if (CHECK(raw->returned > 0)) {
		while (!raw->seen_tid)
			sched_yield();
		raw_end(raw);
	}
	munmap(pages, 3 * PAGE);
}

static void clone3_larger_but_zero(void)
{
	static char space[PAGE] __attribute__((aligned(64)));
	struct raw *raw = raw_new(THREAD_FLAGS, true);

	*(struct clone_args *)space = args_of(raw);
	raw->returned = call_clone3(raw, space, sizeof(space));
	if (CHECK(raw->returned > 0)) {
		while (!raw->seen_tid)
			sched_yield();
		raw_end(raw);
	}
}

/* The new id cannot be written: the thread runs all the same. */
static void parent_tid_nowhere(void)
{
	struct raw *raw = raw_new(THREAD_FLAGS | CLONE_PARENT_SETTID, true);
	struct clone_args args = args_of(raw);
	long result;

	args.parent_tid = 8;
	result = call_clone3(raw, &args, sizeof(args));
	if (!CHECK(result > 0))
		return;
	raw->returned = result;
	while (!raw->seen_tid)
		sched_yield();
	raw_end(raw);
}

static const struct t_test tests[] = {
	T(every_combination),      T(fewer_and_old_flags),
	T(unshared_files_and_cwd), T(shared_files_and_cwd),
	T(clear_tid_wakes),        T(set_tid_address_replaces),
	T(clear_tid_nowhere),      T(bad_flags),
	T(clone3_contents),        T(clone3_sizes),
	T(clone3_larger_but_zero), T(parent_tid_nowhere),
};

T_MAIN(tests)
