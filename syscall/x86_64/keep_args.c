/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many arguments each call has, as the place in entry.S where the way in through
 * __kernel_vsyscall goes on: it stores no more than the call needs to be issued again.
 */
#include <asm/unistd.h>
#include <uk/arch/segments.h>
#include <uk/arch/upcall.h>
#include <uk/arch/x86.h>

#define A(type, name, kind)        1
#define NOARGS                     0
#define SUM(a, b, c, d, e, f, ...) ((a) + (b) + (c) + (d) + (e) + (f))
#define COUNT(...)                 SUM(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define KEEP(args)                                                                                 \
	x86_vsyscall_keep_all + X86_VSYSCALL_KEEP_BYTES(6) - X86_VSYSCALL_KEEP_BYTES(args)

#define SYSCALL(name, status, result, note, ...) [__NR_##name] = KEEP(COUNT(__VA_ARGS__)),
#define SYSCALL_HOLE(first, last)                [(first)...(last)] = KEEP(0),
const char *const upcall_keep_args[] = {
#include "../syscalls.def"
};
