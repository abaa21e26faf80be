/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends itself in the way its argument names: the runner compares the machine's status with what a
 * shell shows on Linux, and looks for the line that reports the fault.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char constant[16] = "constant";
static char data_code[16] = {(char)0xc3};

/* Values the compiler knows nothing about. */
static uintptr_t opaque(uintptr_t value)
{
	__asm__("" : "+r"(value));
	return value;
}

static void call(uintptr_t address)
{
	((void (*)(void))opaque(address))();
}

static void write_to(uintptr_t address)
{
	*(volatile char *)opaque(address) = 1;
}

static int recurse(int level)
{
	volatile char frame[4096];

	frame[0] = (char)level;
	return opaque(1) ? recurse(level + 1) + frame[0] : 0;
}

static void run_stack(void)
{
	char code[16] = {(char)0xc3};

	call((uintptr_t)code);
}

static void jump_with_bad_stack(void)
{
	__asm__ volatile("xor %%esp, %%esp\n\tpush %%rax" : : : "memory");
	__builtin_unreachable();
}

/* Linux' half of the addresses, and nothing is there in ours either. */
static void jump_with_high_stack(void)
{
	__asm__ volatile("movabs $0xffffa0bad0000000, %%rsp\n\tpush %%rax" : : : "memory");
	__builtin_unreachable();
}

static void misuse(const char *way)
{
	if (!strcmp(way, "null-call"))
		call(0);
	else if (!strcmp(way, "null-read"))
		(void)*(volatile char *)opaque(0);
	else if (!strcmp(way, "null-write"))
		write_to(8);
	else if (!strcmp(way, "wild-read"))
		(void)*(volatile char *)opaque(0x123456789000);
	else if (!strcmp(way, "non-canonical"))
		(void)*(volatile char *)opaque(0x8000000000000000);
	else if (!strcmp(way, "kernel-call"))
		call(0xffff900000000000);
	else if (!strcmp(way, "stack-overflow"))
		recurse(0);
	else if (!strcmp(way, "bad-stack"))
		jump_with_bad_stack();
	else if (!strcmp(way, "high-stack"))
		jump_with_high_stack();
	else if (!strcmp(way, "execute-data"))
		call((uintptr_t)data_code);
	else if (!strcmp(way, "execute-stack"))
		run_stack();
	else if (!strcmp(way, "write-text"))
		write_to((uintptr_t)misuse);
	else if (!strcmp(way, "write-constant"))
		write_to((uintptr_t)constant);
	else if (!strcmp(way, "illegal"))
		__asm__ volatile("ud2");
	else if (!strcmp(way, "divide"))
		__asm__ volatile("div %0" : : "r"(0ul) : "rax", "rdx");
	else if (!strcmp(way, "breakpoint"))
		__asm__ volatile("int3");
	else if (!strcmp(way, "abort"))
		abort();
	else if (!strcmp(way, "terminate"))
		raise(SIGTERM);
	else if (!strcmp(way, "kill"))
		raise(SIGKILL);
	else if (!strcmp(way, "bad-syscall"))
		exit(syscall(999) == -1 ? 3 : 4);
}

/* All memory there is, touched: the program is killed, not the kernel. */
static void exhaust(void)
{
	for (;;) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (p == MAP_FAILED)
			exit(5);
		memset(p, 1, 1 << 20);
	}
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";

	printf("about to: %s\n", way);
	fflush(stdout);
	if (!strncmp(way, "exit-", 5))
		exit(atoi(way + 5));
	if (!strcmp(way, "exhaust"))
		exhaust();
	misuse(way);
	printf("still here\n");
	return 1;
}
