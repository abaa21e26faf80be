/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The initial stack of a program (System V ABI x86-64 3.4.1, arm64 alike), in Linux' order. Pure:
 * first every address is computed, then the bytes go, ascending, to a sink.
 *
 *   top      8 zero bytes
 *            execfn string                  AT_EXECFN
 *            environment strings            [env_start, env_end)
 *            argument strings               [arg_start, arg_end)
 *            -- gap of 0-8 KiB, random --
 *            platform string                AT_PLATFORM
 *            16 random bytes                AT_RANDOM
 *            -- alignment --
 *            auxiliary vector, AT_NULL last
 *            envp[0..envc) NULL
 *            argv[0..argc) NULL
 *   sp       argc                           16-byte aligned
 */
#ifndef LOADER_EXEC_STACK_H
#define LOADER_EXEC_STACK_H

#include <uk/essentials.h>

/* As Linux: one string (with its NUL), and everything together at most / at least. */
#define EXEC_MAX_STRING_BYTES 131072UL
#define EXEC_MAX_TOTAL_BYTES  (6UL << 20)
#define EXEC_MIN_TOTAL_BYTES  131072UL

struct exec_auxv {
	uint64_t type, value;
};
#define EXEC_AUXV_MAX 28

struct exec_stack_args {
	uint64_t top;               /* first address behind the stack, 16-byte aligned */
	uint64_t stack_limit_bytes; /* RLIMIT_STACK: a quarter of it may be arguments */
	uint64_t gap_bytes;         /* random */
	const char *execfn, *platform;
	unsigned int argc, envc;
	const char *const *argv, *const *envp;
	unsigned char random[16];
	unsigned int auxv_count; /* with the AT_NULL entry */
	struct exec_auxv auxv[EXEC_AUXV_MAX];
};

struct exec_stack_layout {
	uint64_t sp;
	uint64_t auxv_start, auxv_end;
	uint64_t random, platform;
	uint64_t arg_start, arg_end, env_start, env_end;
	uint64_t execfn;
};

/** Takes the bytes of [addr, addr + len). 0 or -errno, which ends the writing. */
struct exec_stack_sink {
	int (*write)(struct exec_stack_sink *sink, uint64_t addr, const void *bytes, size_t len);
};

/**
 * Computes all addresses. Needs everything in *args but the values of auxv. 0, or -E2BIG: a string
 * or all of it is too long.
 */
int exec_stack_measure(const struct exec_stack_args *args, struct exec_stack_layout *layout);

/** Writes what exec_stack_measure() laid out. 0 or the sink's error. */
int exec_stack_write(const struct exec_stack_args *args, const struct exec_stack_layout *layout,
		     struct exec_stack_sink *sink);

#endif /* LOADER_EXEC_STACK_H */
