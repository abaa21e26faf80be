/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vector state. The kernel never touches it (it is built for general registers only), so a
 * system call keeps every vector register for free; state is stored only for signal frames and
 * context switches. XSAVE where the CPU has it, FXSAVE otherwise (Intel SDM vol. 1, chapter 13).
 */
#include <linux/errno.h>
#include <uk/arch/uaccess.h>
#include <uk/arch/x86.h>

#define XCR0_X87     (1UL << 0)
#define XCR0_SSE     (1UL << 1)
#define XCR0_AVX     (1UL << 2)
#define XCR0_AVX512  (7UL << 5)
#define FXSAVE_BYTES 512
#define MXCSR_RESET  0x1f80
#define FCW_RESET    0x37f

uint64_t x86_fpu_components;
size_t x86_fpu_area_bytes = FXSAVE_BYTES;

/* Legacy region and header of the initial state: XRSTOR needs no more when XSTATE_BV is 0. */
static struct {
	uint16_t fcw, fsw, ftw, fop;
	uint64_t fip, fdp;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t rest[FXSAVE_BYTES - 32 + 64];
} initial_state __uk_aligned(64);

void x86_fpu_init(void)
{
	uint64_t cr0 = X86_READ_CR(0);
	uint64_t cr4 = X86_READ_CR(4) | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;

	X86_WRITE_CR(0, (cr0 & ~(X86_CR0_EM | X86_CR0_TS)) | X86_CR0_MP | X86_CR0_NE | X86_CR0_WP);
	if (x86_cpuid(1, 0).ecx & (1U << 26)) {
		struct x86_cpuid leaf = x86_cpuid(0xd, 0);

		X86_WRITE_CR(4, cr4 | X86_CR4_OSXSAVE);
		x86_fpu_components = leaf.eax & (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512);
		if ((x86_fpu_components & XCR0_AVX512) != XCR0_AVX512)
			x86_fpu_components &= ~XCR0_AVX512;
		__asm__ volatile("xsetbv" ::"c"(0), "a"((uint32_t)x86_fpu_components),
				 "d"((uint32_t)(x86_fpu_components >> 32)));
		/* With XCR0 set, EBX is the size of what is enabled. */
		x86_fpu_area_bytes = x86_cpuid(0xd, 0).ebx;
	} else {
		X86_WRITE_CR(4, cr4);
	}
	initial_state.fcw = FCW_RESET;
	initial_state.mxcsr = MXCSR_RESET;
	x86_fpu_reset();
}

void x86_fpu_reset(void)
{
	x86_fpu_restore(&initial_state);
}

/* In the program's memory, which may not be there or hold what the CPU refuses: -EFAULT. */
#define USER_STATE(instruction, mask, area)                                                        \
	({                                                                                         \
		int error = 0;                                                                     \
		__asm__ volatile(X86_UACCESS_ASM(instruction " (%[area])")                         \
				 : [error] "+r"(error)                                             \
				 : [area] "r"(area), "a"((uint32_t)(mask)),                        \
				   "d"((uint32_t)((mask) >> 32)), [efault] "i"(-EFAULT)            \
				 : "memory");                                                      \
		error;                                                                             \
	})

int x86_fpu_save_user(vaddr_t area)
{
	return x86_fpu_components ? USER_STATE("xsave64", x86_fpu_components, area)
				  : USER_STATE("fxsave64", 0UL, area);
}

int x86_fpu_restore_user(vaddr_t area, uint64_t wanted)
{
	int error;

	if (wanted != x86_fpu_components || !wanted)
		x86_fpu_reset();
	error = wanted ? USER_STATE("xrstor64", wanted, area) : USER_STATE("fxrstor64", 0UL, area);
	if (error)
		x86_fpu_reset(); /* it may have been loaded in part */
	return error;
}
