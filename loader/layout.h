/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the parts of a program go, as Linux places them on a 64-bit machine. Pure.
 *
 *   user_end
 *     stack_top    up to 16 GiB below user_end, random
 *     ...          the stack, growing down to its limit, and a guard gap
 *     mmap_top     mappings from here down; up to 1 TiB random
 *     ...
 *     pie_base     2/3 of the address space, plus up to 1 TiB random: position-independent programs
 *     ...
 *     ET_EXEC      where the file says
 *   The heap (brk) starts up to 32 MiB behind the program.
 */
#ifndef LOADER_LAYOUT_H
#define LOADER_LAYOUT_H

#include <uk/essentials.h>

/** Random numbers, all zero for a fixed layout. */
struct exec_layout_random {
	uint64_t stack, mmap, program, brk, stack_gap;
};

struct exec_layout {
	uint64_t stack_top, mmap_top;
	uint64_t pie_base;  /* aligned to what the program asks for */
	uint64_t brk_gap;   /* bytes between the end of the program and the heap */
	uint64_t stack_gap; /* bytes left free inside the initial stack */
};

void exec_layout_compute(uint64_t user_end, uint64_t stack_limit_bytes,
			 const struct exec_layout_random *random, struct exec_layout *layout);

/** The load bias of a position-independent image that spans [low, ...): page-aligned, at most
 *  pie_base; `align` is a power of two. */
uint64_t exec_layout_bias(uint64_t pie_base, uint64_t low, uint64_t align);

#endif /* LOADER_LAYOUT_H */
