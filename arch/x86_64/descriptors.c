/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments, task state and interrupt gates (Intel SDM vol. 3, chapters 3, 6 and 8). One CPU for
 * now: each table exists once per CPU and this file holds the boot CPU's.
 */
#include <uk/arch/cpu.h>
#include <uk/arch/layout.h>
#include <uk/arch/msr.h>
#include <uk/arch/segments.h>
#include <uk/arch/thread.h>
#include <uk/arch/x86.h>

#define IST_ORDINARY 1 /* left at once for the kernel stack */
#define IST_FATAL    2 /* double fault, NMI, machine check */

/* What starts a program is executed once: traps that pass before the first sample. */
#define FIRST_SAMPLE 64

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "SDM figure 6-8");

struct __uk_packed tss {
	uint32_t reserved0;
	uint64_t rsp[3], reserved1, ist[7], reserved2;
	uint16_t reserved3, iomap_base;
};
_Static_assert(sizeof(struct tss) == 104, "SDM figure 8-11");

struct __uk_packed table_pointer {
	uint16_t limit;
	uint64_t base;
};

extern const char x86_trap_stubs[], x86_syscall_entry[], x86_syscall_entry_swapgs[];
extern char boot_stack[];

static struct gate idt[256] __uk_aligned(16);
static struct tss tss;
/* Not static: paging.c takes their guard pages away. */
struct x86_ist x86_ist_ordinary, x86_ist_fatal;
/* Not static: entry.S loads its address when it can trust nothing. */
struct x86_percpu x86_boot_percpu;
#define percpu x86_boot_percpu
/* Until the first task exists, whoever asks for the current thread finds this one. */
static struct ukarch_thread boot_thread;

static uint64_t gdt[] = {
	[X86_KERNEL_CS / 8] = 0x00af9b000000ffff,
	[X86_KERNEL_DS / 8] = 0x00cf93000000ffff,
	[X86_USER_DS / 8] = 0x00cff3000000ffff,
	[X86_USER_CS / 8] = 0x00affb000000ffff,
	[X86_TSS / 8] = 0,
	[X86_TSS / 8 + 1] = 0,
};

static void load_gdt(void)
{
	struct table_pointer pointer = {sizeof(gdt) - 1, (uint64_t)gdt};
	uint64_t base = (uint64_t)&tss;

	tss.ist[IST_ORDINARY - 1] = (uint64_t)(&x86_ist_ordinary + 1);
	tss.ist[IST_FATAL - 1] = (uint64_t)(&x86_ist_fatal + 1);
	tss.iomap_base = sizeof(tss);
	gdt[X86_TSS / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ULL << 40 |
			   (base >> 24 & 0xff) << 56;
	gdt[X86_TSS / 8 + 1] = base >> 32;
	__asm__ volatile("lgdt %0\n\t"
			 "pushq %1\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %2, %%eax\n\t"
			 "movl %%eax, %%ds\n\t"
			 "movl %%eax, %%es\n\t"
			 "movl %%eax, %%ss\n\t"
			 "ltr %w3"
			 :
			 : "m"(pointer), "i"(X86_KERNEL_CS), "i"(X86_KERNEL_DS), "r"(X86_TSS)
			 : "rax", "memory");
}

static void load_idt(void)
{
	struct table_pointer pointer = {sizeof(idt) - 1, (uint64_t)idt};

	for (unsigned int v = 0; v < 256; v++) {
		uint64_t stub = (uint64_t)x86_trap_stubs + v * 16;

		idt[v] = (struct gate){
			.offset_low = (uint16_t)stub,
			.offset_mid = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32),
			.selector = X86_KERNEL_CS,
			.ist = IST_ORDINARY,
			.type = 0x8e, /* present, interrupt gate: enters with interrupts off */
		};
	}
	idt[2].ist = idt[8].ist = idt[18].ist = IST_FATAL;
	__asm__ volatile("lidt %0" ::"m"(pointer));
}

static void enable_syscall(void)
{
	wrmsr(X86_MSR_STAR, (uint64_t)X86_KERNEL_CS << 32);
	wrmsr(X86_MSR_LSTAR, (uint64_t)x86_syscall_entry);
	wrmsr(X86_MSR_FMASK,
	      X86_RFLAGS_IF | X86_RFLAGS_DF | X86_RFLAGS_TF | X86_RFLAGS_NT | X86_RFLAGS_AC);
}

void x86_use_gs(uint64_t program_base)
{
	const char *entry = program_base ? x86_syscall_entry_swapgs : x86_syscall_entry;

	wrmsr(X86_MSR_KERNEL_GS_BASE, program_base);
	wrmsr(X86_MSR_LSTAR, (uint64_t)entry);
	x86_ist_ordinary.swapped_from = program_base ? &percpu : NULL;
	x86_ist_fatal.swapped_from = x86_ist_ordinary.swapped_from; /* int $8 comes from there */
}

void x86_descriptors_init(void)
{
	percpu.self = &percpu;
	percpu.current = &boot_thread;
	percpu.until_sample = FIRST_SAMPLE;
	boot_thread.user_regs = (struct ukarch_regs *)(boot_stack + UKARCH_KSTACK_SIZE - 8) - 1;
	percpu.user_regs = boot_thread.user_regs;
	load_gdt();
	load_idt();
	wrmsr(X86_MSR_GS_BASE, (uint64_t)&percpu);
	enable_syscall();
}

void ukarch_thread_set_current(struct ukarch_thread *thread)
{
	percpu.user_regs = thread->user_regs;
	percpu.current = thread;
}
