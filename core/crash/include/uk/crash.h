/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Crash reports: what died and why, registers, a backtrace with symbols, mappings, and what other
 * parts add (last system calls). Also defines what <uk/assert.h> declares.
 *
 * Statuses of the machine: a program killed by a signal ends with 128 + signal (the process layer
 * does that); a crash of the kernel itself with CRASH_EXIT_KERNEL.
 */
#ifndef UK_CRASH_H
#define UK_CRASH_H

#include <uk/arch/upcall.h>

#define CRASH_EXIT_KERNEL 255

/**
 * Reports the death of the current process by `signo`. `fault` is NULL when no exception but a
 * signal kills it. Thread context, no locks held; may sleep. Returns; the caller ends the process.
 */
void crash_report_program(const struct ukarch_regs *regs, const struct ukarch_fault *fault,
			  int signo);

/** Reports a fault of kernel code and ends the machine. Any context. */
void __uk_noreturn crash_kernel(const struct ukarch_regs *regs, const struct ukarch_fault *fault);

/** Adds a part to every report: `reporter` prints lines with uk_pr_crit(). Boot only; at most 4. */
void crash_register_reporter(void (*reporter)(void));

/**
 * Names a kernel or program address: "vfs_open+0x12", "memcpy+0x7 in libc.so.6",
 * "lua5.4+0x1234", "[vdso]+0x10" or just the number. Reads files and takes locks when it is the
 * program's: thread context. Returns the length (as uk_scnprintf).
 */
int crash_describe_address(vaddr_t addr, char *buf, size_t size);

#endif /* UK_CRASH_H */
