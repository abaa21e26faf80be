/* SPDX-License-Identifier: BSD-3-Clause */
/* mlock(2), mlock2(2), mlockall(2): what is locked is there; and stacks, which grow page by page.
 */
#include "t.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define ONFAULT      1 /* MLOCK_ONFAULT and MCL_ONFAULT, which not every libc names */
#define MCL_ONFAULT_ 4
#define MIB          (1UL << 20)

static char *map(size_t pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!CHECK(p != MAP_FAILED))
		exit(1);
	return p;
}

/* How many of the pages are in memory. */
static size_t resident(char *p, size_t pages)
{
	static unsigned char vec[4096];
	size_t count = 0;

	CHECK_OK(mincore(p, pages * PAGE, vec));
	for (size_t i = 0; i < pages; i++)
		count += vec[i] & 1;
	return count;
}

static long locked_kib(void)
{
	static char text[8192];
	const char *at;

	CHECK(t_get_file("/proc/self/status", text, sizeof(text)) > 0);
	at = strstr(text, "\nVmLck:");
	return at ? strtol(at + 7, NULL, 10) : -1;
}

static void ranges(void)
{
	char *p = map(8, PROT_READ | PROT_WRITE);
	long before = locked_kib();

	CHECK_EQ(resident(p, 8), 0);
	CHECK_OK(mlock(p + PAGE + 100, 2 * PAGE)); /* three pages hold it */
	CHECK_EQ(resident(p, 8), 3);
	CHECK_EQ(locked_kib(), before + 12);
	CHECK_ERR(madvise(p, 8 * PAGE, MADV_DONTNEED), EINVAL);
	CHECK_OK(munlock(p, 8 * PAGE));
	CHECK_EQ(locked_kib(), before);
	CHECK_OK(madvise(p, 8 * PAGE, MADV_DONTNEED));
	CHECK_EQ(resident(p, 8), 0);
	CHECK_OK(mprotect(p + PAGE, PAGE, PROT_NONE)); /* cannot be brought in */
	CHECK_ERR(mlock(p, 2 * PAGE), ENOMEM);
	munmap(p + 4 * PAGE, PAGE);
	CHECK_ERR(mlock(p, 8 * PAGE), ENOMEM);
	munlock(p, 4 * PAGE);
	munmap(p, 8 * PAGE);
}

static void on_fault(void)
{
	char *p = map(8, PROT_READ | PROT_WRITE);

	CHECK_ERR(syscall(SYS_mlock2, p, PAGE, 2), EINVAL);
	CHECK_OK(syscall(SYS_mlock2, p, 4 * PAGE, ONFAULT));
	CHECK_EQ(resident(p, 8), 0);
	p[0] = 1;
	CHECK_EQ(resident(p, 8), 1);
	CHECK_ERR(madvise(p, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_OK(syscall(SYS_mlock2, p, 4 * PAGE, 0));
	CHECK_EQ(resident(p, 8), 4);
	munmap(p, 8 * PAGE);
}

static void everything(void)
{
	char *p = map(8, PROT_READ | PROT_WRITE), *none = map(8, PROT_NONE);

	CHECK_OK(mlockall(MCL_CURRENT));
	CHECK_EQ(resident(p, 8), 8);
	CHECK(locked_kib() > 100);
	munmap(none, 8 * PAGE);
	none = map(8, PROT_READ | PROT_WRITE); /* the future was not meant */
	CHECK_EQ(resident(none, 8), 0);
	CHECK_OK(munlockall());
	CHECK_EQ(locked_kib(), 0);
	munmap(none, 8 * PAGE);
	munmap(p, 8 * PAGE);
}

static void the_future(void)
{
	char *p, *top;
	long old_brk;

	CHECK_OK(mlockall(MCL_FUTURE));
	p = map(8, PROT_READ | PROT_WRITE);
	CHECK_EQ(resident(p, 8), 8);
	p = mremap(p, 8 * PAGE, 16 * PAGE, MREMAP_MAYMOVE);
	CHECK_EQ(resident(p, 16), 16);
	munmap(p, 16 * PAGE);
	p = map(8, PROT_NONE); /* as a thread's stack starts */
	CHECK_EQ(resident(p, 8), 0);
	CHECK_OK(mprotect(p + PAGE, 7 * PAGE, PROT_READ | PROT_WRITE));
	CHECK_EQ(resident(p, 8), 7);
	munmap(p, 8 * PAGE);
	old_brk = syscall(SYS_brk, 0);
	top = (char *)(((uintptr_t)old_brk + PAGE - 1) & ~(PAGE - 1));
	CHECK_EQ(syscall(SYS_brk, top + 4 * PAGE), (long)(top + 4 * PAGE));
	CHECK_EQ(resident(top, 4), 4);
	syscall(SYS_brk, old_brk);
	CHECK_OK(mlockall(MCL_FUTURE | MCL_ONFAULT_));
	p = map(8, PROT_READ | PROT_WRITE);
	CHECK_EQ(resident(p, 8), 0);
	munmap(p, 8 * PAGE);
	CHECK_OK(munlockall());
	p = map(8, PROT_READ | PROT_WRITE);
	CHECK_EQ(resident(p, 8), 0);
	munmap(p, 8 * PAGE);
}

static void wrong_flags(void)
{
	CHECK_ERR(mlockall(0), EINVAL);
	CHECK_ERR(mlockall(MCL_ONFAULT_), EINVAL);
	CHECK_ERR(mlockall(0x100 | MCL_CURRENT), EINVAL);
	CHECK_OK(mlock(NULL, 0));
}

static void stacks_are_small(void)
{
	char *p = mmap(NULL, 8 * MIB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	p[5 * MIB] = 1;
	CHECK_EQ(resident(p, 8 * MIB / PAGE), 1);
	munmap(p, 8 * MIB);
}

static const struct t_test tests[] = {
	T(ranges), T(on_fault), T(everything), T(the_future), T(wrong_flags), T(stacks_are_small),
};

T_MAIN(tests)
