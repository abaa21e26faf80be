/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An interpreter whose first segment is not linked at 0 (FIRST_ADDRESS; the runner links it so),
 * and the program that asks for it: both from this file. Status 0 when AT_BASE is what a dynamic
 * loader takes it for: the difference between the addresses it runs at and those it was linked at.
 */
#include <elf.h>

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

asm(".globl start\nstart:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall run\n\tud2");

__attribute__((noreturn, used, visibility("hidden"))) void run(const unsigned long *stack)
{
	const unsigned long *at = stack + 1 + stack[0] + 1; /* argc, argv, NULL */
	unsigned long bias = (unsigned long)__ehdr_start - FIRST_ADDRESS;
	long status = 2;

	while (*at++) /* envp, NULL */
		;
	for (; *at != AT_NULL; at += 2)
		if (*at == AT_BASE)
			status = at[1] != bias;
	for (;;)
		asm volatile("syscall" ::"a"(60L), "D"(status) : "rcx", "r11", "memory");
}
