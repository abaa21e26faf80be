/* SPDX-License-Identifier: BSD-3-Clause */
/* Address-space layout; see layout.h. Bits and clamps are those of Linux' x86_64 and arm64 ports.
 */
#include "layout.h"

#define STACK_RANDOM_BITS 22 /* pages */
#define MMAP_RANDOM_BITS  28 /* pages */
#define BRK_RANDOM_BYTES  (32UL << 20)
#define STACK_GAP_BYTES   8192UL
#define GUARD_GAP_BYTES   (256 * UK_PAGE_SIZE)
#define MIN_GAP_BYTES     (128UL << 20)

static uint64_t random_pages(uint64_t random, unsigned int bits)
{
	return (random & ((1UL << bits) - 1)) << UK_PAGE_SHIFT;
}

void exec_layout_compute(uint64_t user_end, uint64_t stack_limit_bytes,
			 const struct exec_layout_random *random, struct exec_layout *layout)
{
	uint64_t pad = random_pages(UINT64_MAX, STACK_RANDOM_BITS) + GUARD_GAP_BYTES;
	uint64_t gap = stack_limit_bytes;

	if (gap + pad > gap) /* else the limit is "unlimited" */
		gap += pad;
	gap = UK_MAX(gap, MIN_GAP_BYTES);
	gap = UK_MIN(gap, user_end / 6 * 5);

	layout->stack_top = user_end - random_pages(random->stack, STACK_RANDOM_BITS);
	layout->mmap_top = UK_ALIGN_DOWN(
		user_end - gap - random_pages(random->mmap, MMAP_RANDOM_BITS), UK_PAGE_SIZE);
	layout->pie_base = UK_ALIGN_DOWN(user_end / 3 * 2, UK_PAGE_SIZE) +
			   random_pages(random->program, MMAP_RANDOM_BITS);
	layout->brk_gap = UK_ALIGN_DOWN(random->brk % BRK_RANDOM_BYTES, UK_PAGE_SIZE);
	layout->stack_gap = UK_ALIGN_DOWN(random->stack_gap % STACK_GAP_BYTES, 16);
}

uint64_t exec_layout_bias(uint64_t pie_base, uint64_t low, uint64_t align)
{
	/* Aligned so that an address that the file says is aligned stays it: the bias is a
	 * multiple of the alignment. */
	return UK_ALIGN_DOWN(pie_base - low, UK_MAX(align, UK_PAGE_SIZE));
}
