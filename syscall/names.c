/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of system calls by number. All names lie in one structure of char arrays; the table holds
 * their offsets in it, so it needs no relocation. Offset 0 is the empty name of a hole.
 */
#include <asm/unistd.h>
#include <uk/syscall.h>

static const struct syscall_names {
	char none[1];
#define SYSCALL(name, status, result, note, ...) char name_##name[sizeof(#name)];
#include "syscalls.def"
#undef SYSCALL
} names = {
	.none = "",
#define SYSCALL(name, status, result, note, ...) .name_##name = #name,
#include "syscalls.def"
#undef SYSCALL
};

static const uint16_t name_offsets[] = {
#define SYSCALL(name, status, result, note, ...)                                                   \
	[__NR_##name] = offsetof(struct syscall_names, name_##name),
#include "syscalls.def"
#undef SYSCALL
};

const char *syscall_name(unsigned long nr)
{
	if (nr >= UK_ARRAY_SIZE(name_offsets) || !name_offsets[nr])
		return NULL;
	return (const char *)&names + name_offsets[nr];
}
