/* SPDX-License-Identifier: BSD-3-Clause */
/* For efault.c and efault_sockets.c: what a row of their tables is, the bad addresses, and trying
 * them on one argument. */
#ifndef EFAULT_TRY_H
#define EFAULT_TRY_H

#include "t.h"

#include <sys/mman.h>

/* Kinds of a pointer argument. */
enum kind { NONE, STR, IN, OUT };

/* What else than EFAULT is right. */
#define ANY     1 /* whatever, as long as the call returns */
#define PARTIAL 2 /* the part before the bad page */
#define ALIGNED 4 /* nothing that is not aligned */

struct row {
	const char *name;
	long nr;
	enum kind kinds[6];
	unsigned int flags;
	long args[6];
};

#define P(object) ((long)(object))
#define K(...)                                                                                     \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define R(call, kinds_, flags_, ...)                                                               \
	{                                                                                          \
#call, SYS_##call, kinds_, flags_,                                                 \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

/* --- bad addresses -------------------------------------------------------------------------- */

struct bad {
	const char *name;
	uintptr_t address;
	bool is_readable; /* bad for OUT only */
	bool is_straddling;
};

static struct bad bads[16];
static size_t bad_count;

static void add_bad(const char *name, uintptr_t address, bool is_readable, bool is_straddling)
{
	bads[bad_count++] = (struct bad){name, address, is_readable, is_straddling};
}

/* Six pages: RW | hole | none | read-only zeros | hole | RW filled with non-zero. */
static void make_bads(void)
{
	char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p + 5 * PAGE, 'a', PAGE);
	mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
	mprotect(p + 3 * PAGE, PAGE, PROT_READ);
	munmap(p + PAGE, PAGE);
	munmap(p + 4 * PAGE, PAGE);
	munmap(p + 6 * PAGE, 2 * PAGE);
	add_bad("page zero", 8, false, false);
	add_bad("unmapped", (uintptr_t)p + PAGE + 64, false, false);
	add_bad("no access", (uintptr_t)p + 2 * PAGE + 64, false, false);
	add_bad("read-only", (uintptr_t)p + 3 * PAGE + 64, true, false);
	add_bad("straddling", (uintptr_t)p + 6 * PAGE - 1, false, true);
	add_bad("end of the low half", 0x7ffffffff000UL, false, false);
	add_bad("non-canonical", 0x8000000000000000UL, false, false);
	add_bad("first of the high half", 0xffff800000000000UL, false, false);
	add_bad("direct map", 0xffff800000101000UL, false, false);
	add_bad("kernel image", 0xffffffff80001000UL, false, false);
	add_bad("vsyscall page", 0xffffffffff600000UL, false, false);
	add_bad("last page", 0xfffffffffffff000UL, false, false);
	add_bad("wrapping", 0xfffffffffffffff8UL, false, false);
}

static long raw(long nr, const long *a)
{
	register long r10 asm("r10") = a[3];
	register long r8 asm("r8") = a[4];
	register long r9 asm("r9") = a[5];
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

static bool is_right(const struct row *row, const struct bad *bad, long result)
{
	if (result == -EFAULT || (row->flags & ANY))
		return true;
	return (row->flags & PARTIAL) && bad->is_straddling && result > 0;
}

static void try_argument(const struct row *row, int argument)
{
	for (size_t i = 0; i < bad_count; i++) {
		const struct bad *bad = &bads[i];
		long args[6], result;

		if (bad->is_readable && row->kinds[argument] != OUT)
			continue;
		if (bad->is_straddling && (row->flags & ALIGNED))
			continue;
		if (bad->is_straddling)
			*(char *)bad->address = 'a'; /* a call before may have written there */
		memcpy(args, row->args, sizeof(args));
		args[argument] = (long)bad->address;
		result = raw(row->nr, args);
		if (!is_right(row, bad, result))
			t_fail(__FILE__, __LINE__, "%s, argument %d %s: %ld", row->name,
			       argument + 1, bad->name, result);
	}
}

static void try_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (int argument = 0; argument < 6; argument++)
			if (rows[i].kinds[argument] != NONE)
				try_argument(&rows[i], argument);
}

#endif /* EFAULT_TRY_H */
