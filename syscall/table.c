/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dispatch table, generated from syscalls.def. arch/<a>/entry.S indexes it directly; one
 * entry past its end stands for all larger numbers (see <uk/arch/upcall.h>).
 *
 * The casts are sound because handlers take register-sized arguments: <uk/syscall.h>. A number
 * with two rows, or a row in a hole, is a compiler error (-Woverride-init).
 */
#include <asm/unistd.h>
#include <uk/arch/upcall.h>
#include <uk/syscall.h>

#pragma GCC diagnostic error "-Woverride-init"

/* Rows are in no particular order; the type with one char per number gives us the highest. */
#define SYSCALL(name, status, result, note, ...) char name[__NR_##name + 1];
#define SYSCALL_HOLE(first, last)                char hole_##first[(last) + 1];
union syscall_numbers {
#include "syscalls.def"
};
#undef SYSCALL
#undef SYSCALL_HOLE

#define SYSCALL_HANDLER(function)   (syscall_handler)(void (*)(void))(function)
#define SYSCALL_ENTRY_FULL(name)    SYSCALL_HANDLER(sys_##name)
#define SYSCALL_ENTRY_PARTIAL(name) SYSCALL_HANDLER(sys_##name)
#define SYSCALL_ENTRY_ENOSYS(name)  SYSCALL_HANDLER(sys_not_there)

#define SYSCALL(name, status, result, note, ...) [__NR_##name] = SYSCALL_ENTRY_##status(name),
#define SYSCALL_HOLE(first, last)                [(first)...(last)] = SYSCALL_ENTRY_ENOSYS(),
const syscall_handler syscall_table[sizeof(union syscall_numbers) + 1] = {
#include "syscalls.def"
	[sizeof(union syscall_numbers)] = SYSCALL_HANDLER(sys_not_there),
};
#undef SYSCALL
#undef SYSCALL_HOLE

const unsigned long syscall_table_entries = sizeof(union syscall_numbers);
