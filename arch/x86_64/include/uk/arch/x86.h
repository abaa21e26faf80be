/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of arch/x86_64 share. Bit names as in the Intel SDM, vol. 3 and 4. */
#ifndef UK_ARCH_X86_H
#define UK_ARCH_X86_H

#include <uk/arch/types.h>
#include <uk/arch/regs.h>
#include <uk/arch/segments.h>

#define X86_CR0_MP (1UL << 1)
#define X86_CR0_EM (1UL << 2)
#define X86_CR0_TS (1UL << 3)
#define X86_CR0_NE (1UL << 5)
#define X86_CR0_WP (1UL << 16)

#define X86_CR4_OSFXSR     (1UL << 9)
#define X86_CR4_OSXMMEXCPT (1UL << 10)
#define X86_CR4_UMIP       (1UL << 11)
#define X86_CR4_OSXSAVE    (1UL << 18)

#define X86_MSR_STAR           0xC0000081
#define X86_MSR_LSTAR          0xC0000082
#define X86_MSR_FMASK          0xC0000084
#define X86_MSR_FS_BASE        0xC0000100
#define X86_MSR_GS_BASE        0xC0000101
#define X86_MSR_KERNEL_GS_BASE 0xC0000102

#define X86_RFLAGS_TF (1UL << 8)
#define X86_RFLAGS_DF (1UL << 10)
#define X86_RFLAGS_NT (1UL << 14)
#define X86_RFLAGS_AC (1UL << 18)
#define X86_RFLAGS_ID (1UL << 21)

struct x86_cpuid {
	uint32_t eax, ebx, ecx, edx;
};
static inline struct x86_cpuid x86_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct x86_cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

#define X86_READ_CR(n)                                                                             \
	({                                                                                         \
		uint64_t value_;                                                                   \
		__asm__ volatile("movq %%cr" #n ", %0" : "=r"(value_)::"memory");                  \
		value_;                                                                            \
	})
#define X86_WRITE_CR(n, value)                                                                     \
	__asm__ volatile("movq %0, %%cr" #n ::"r"((uint64_t)(value)) : "memory")

/** Forgets the translation of one page, and all that is cached of tables. */
static inline void x86_invlpg(vaddr_t va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

/** A stack that exceptions enter on (segments.h). */
struct x86_ist {
	uint8_t guard[X86_IST_GUARD]; /* unmapped */
	struct x86_percpu *swapped_from;
	uint8_t stack[X86_IST_BYTES - X86_IST_GUARD - sizeof(struct x86_percpu *)];
} __uk_aligned(X86_IST_BYTES);
extern struct x86_ist x86_ist_ordinary, x86_ist_fatal;

/* entry.S: the ways in and out of system calls. Between <way>_entry and <way>_on_program_stack, and
 * at <way>_left, RSP is the program's; from <way>_leave up to <way>_left an interrupt makes
 * the thread begin again there. */
extern const char x86_syscall_leave[], x86_syscall_left[];
extern const char x86_site_entry[], x86_site_on_program_stack[], x86_site_leave[], x86_site_left[];
extern const char x86_vsyscall_entry[], x86_vsyscall_on_program_stack[];
extern const char x86_vsyscall_leave[], x86_vsyscall_left[];
extern const char x86_vsyscall_trap[], x86_vsyscall_trapped[], x86_vsyscall_keep_all[];

/** GDT, TSS with the IST stacks, IDT, the syscall MSRs, GS. */
void x86_descriptors_init(void);
/** GS belongs to the kernel, or is the program's own: which of the ways in and out are taken from
 *  now on (entry.S). Interrupts off. */
void x86_use_gs(uint64_t program_base);
/** Turns vector state on; remembers its size. */
void x86_fpu_init(void);
/** W^X for the image; drops the identity map. */
void x86_paging_init(paddr_t image_base);
/** Boot, first C function: all of the above. */
void x86_start(paddr_t image_base);
/** All exceptions and interrupts (entry.S). */
void x86_trap(struct ukarch_regs *regs, unsigned vector, uint64_t error, bool from_kernel);

/** Bytes of the vector state as XSAVE stores it, and which components (XCR0); 0: FXSAVE only. */
extern size_t x86_fpu_area_bytes;
extern uint64_t x86_fpu_components;
/** Saves / loads the live vector state; `area` is 64-byte aligned, x86_fpu_area_bytes long. */
static inline void x86_fpu_save(void *area)
{
	if (x86_fpu_components)
		__asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}
static inline void x86_fpu_restore(const void *area)
{
	if (x86_fpu_components)
		__asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}
/** Loads what a new program finds. */
void x86_fpu_reset(void);
/** The same in the program's memory, checked with user_range_ok() by the caller, 64-byte aligned.
 *  `wanted`: components to load, 0 the legacy region only; the rest becomes the initial state.
 *  0 or -EFAULT (bad memory, or contents that the CPU refuses: then all is initial state). */
int x86_fpu_save_user(vaddr_t area);
int x86_fpu_restore_user(vaddr_t area, uint64_t wanted);

#endif /* UK_ARCH_X86_H */
