/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of core/crash share. */
#ifndef CRASH_PRIV_H
#define CRASH_PRIV_H

#include <uk/crash.h>
#include <uk/print.h>

/** One more line of the report, without the log's prefix: it belongs to the message before. */
#define crash_line(fmt, ...) uk_printk(UK_LOG_CRIT, "\n" fmt, ##__VA_ARGS__)

/** From linker script: the kernel's code is [image_start, rodata_start). */
extern const char image_start[], rodata_start[];

static inline bool crash_is_kernel_code(vaddr_t addr)
{
	return addr >= (vaddr_t)image_start && addr < (vaddr_t)rodata_start;
}

/** One numbered line for `pc`. `is_return` says that it is the address behind a call. */
struct crash_frame {
	unsigned int number;
	vaddr_t pc;
	bool is_return;
	bool is_guess; /* found by scanning */
};
void crash_print_frame(const struct crash_frame *frame);

void crash_kernel_backtrace(vaddr_t pc, vaddr_t sp, vaddr_t fp);
void crash_program_backtrace(const struct ukarch_regs *regs);

/** Why a page fault was fatal: "no mapping at 0x0, writing". */
int crash_explain_fault(const struct ukarch_fault *fault, char *buf, size_t size);
void crash_print_mappings(char *scratch, size_t size);

#endif /* CRASH_PRIV_H */
