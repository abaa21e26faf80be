/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one call costs by each way into the kernel: the instruction in a shape that no kernel
 * replaces, the function that AT_SYSINFO names (Narthex has it), two shapes of call sites that
 * Narthex makes jumps, and the functions of the C library. The same
 * program is built static and dynamic, and run with a patched libc, too.
 *
 * The items are called WAY:CALL. Compiled without a red zone, as the function asks for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

#define AT_KERNEL_VSYSCALL 32 /* AT_SYSINFO */

const void *way_function;

/* Descriptors that ways_set_up() puts in place. */
enum { FD_ZERO = 60, FD_NULL, FD_FILE };

/*
 * What stands between the number and the instruction makes the shape of the trap an unknown one:
 * the last argument, or `gap` where there is none. The site with a compare takes the number from a
 * register, as read(2) and others do in glibc.
 */
#define TRAP(last, gap)     "mov %[nr], %%eax\n\t" last gap "syscall"
#define FUNCTION(last, gap) last "mov %[nr], %%eax\n\tcall *way_function(%%rip)"
#define MOV(last, gap)      last "mov %[nr], %%eax\n\tsyscall"
#define CMP(last, gap)      last "mov %k[number], %%eax\n\tsyscall\n\tcmp $-4096, %%rax"

#define CALL0(way, nr_)                                                                            \
	({                                                                                         \
		long ret_;                                                                         \
		asm volatile(way("", "nop\n\t")                                                    \
			     : "=&a"(ret_)                                                         \
			     : [nr] "i"(nr_), [number] "r"((long)(nr_))                            \
			     : "rdi", "rsi", "rdx", "rcx", "r8", "r9", "r10", "r11", "memory",     \
			       "cc");                                                              \
		ret_;                                                                              \
	})

#define CALL3(way, nr_, a_, b, c)                                                                  \
	({                                                                                         \
		long ret_, b_ = (long)(b), c_ = (long)(c);                                         \
		asm volatile(way("mov %[a], %%rdi\n\t", "")                                        \
			     : "=&a"(ret_), "+S"(b_), "+d"(c_)                                     \
			     : [nr] "i"(nr_), [number] "r"((long)(nr_)), [a] "r"((long)(a_))       \
			     : "rdi", "rcx", "r8", "r9", "r10", "r11", "memory", "cc");            \
		ret_;                                                                              \
	})

/* As an item: the expression says that the call failed. */
#define RUN(name, failed)                                                                          \
	static void name(unsigned long n)                                                          \
	{                                                                                          \
		LOOP(n)                                                                            \
		if (failed)                                                                        \
			bench_failed();                                                            \
	}

#define RUN_WAYS(call, failed)                                                                     \
	RUN(trap_##call, failed(TRAP))                                                             \
	RUN(function_##call, failed(FUNCTION))                                                     \
	RUN(mov_##call, failed(MOV))                                                               \
	RUN(cmp_##call, failed(CMP))

static char byte;
static struct timespec now;

#define GETPPID(way)       (CALL0(way, SYS_getppid), 0)
#define SCHED_YIELD(way)   (CALL0(way, SYS_sched_yield), 0)
#define CLOCK_GETTIME(way) CALL3(way, SYS_clock_gettime, CLOCK_MONOTONIC, &now, 0)
#define READ(way)          CALL3(way, SYS_read, FD_ZERO, &byte, 1) != 1
#define WRITE(way)         CALL3(way, SYS_write, FD_NULL, &byte, 1) != 1
#define LSEEK(way)         CALL3(way, SYS_lseek, FD_FILE, 10, SEEK_SET) != 10

RUN_WAYS(getppid, GETPPID)
RUN_WAYS(sched_yield, SCHED_YIELD)
RUN_WAYS(clock_gettime, CLOCK_GETTIME)
RUN_WAYS(read, READ)
RUN_WAYS(write, WRITE)
RUN_WAYS(lseek, LSEEK)

RUN(libc_getppid, (getppid(), 0))
RUN(libc_sched_yield, (sched_yield(), 0))
RUN(libc_clock_gettime, clock_gettime(CLOCK_MONOTONIC, &now))
RUN(libc_read, read(FD_ZERO, &byte, 1) != 1)
RUN(libc_write, write(FD_NULL, &byte, 1) != 1)
RUN(libc_lseek, lseek(FD_FILE, 10, SEEK_SET) != 10)

#define ITEMS(call)                                                                                \
	{"trap:" #call, trap_##call, 1000}, {"function:" #call, function_##call, 1000},            \
		{"mov:" #call, mov_##call, 1000}, {"cmp:" #call, cmp_##call, 1000},                \
	{                                                                                          \
		"libc:" #call, libc_##call, 1000                                                   \
	}

const struct item way_items[] = {
	ITEMS(getppid), ITEMS(sched_yield), ITEMS(clock_gettime),
	ITEMS(read),    ITEMS(write),       ITEMS(lseek),
};
const size_t way_count = sizeof(way_items) / sizeof(way_items[0]);

int ways_set_up(void)
{
	way_function = (const void *)getauxval(AT_KERNEL_VSYSCALL);
	if (dup2(open("/dev/zero", O_RDONLY), FD_ZERO) != FD_ZERO ||
	    dup2(open("/dev/null", O_WRONLY), FD_NULL) != FD_NULL ||
	    dup2(open("/tmp/bench-file", O_RDONLY), FD_FILE) != FD_FILE)
		return -1;
	return 0;
}
