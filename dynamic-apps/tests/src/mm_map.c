/* SPDX-License-Identifier: BSD-3-Clause */
/* Mappings: mmap in all its forms, munmap, mremap, madvise, brk, mincore, msync. */
#include "t.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define RW        (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static char *map(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, RW, ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

/* Whether an address is mapped at all. */
static bool is_mapped(void *p)
{
	return msync(p, PAGE, MS_ASYNC) == 0;
}

static bool is_all(const char *p, size_t len, char value)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != value)
			return false;
	return true;
}

static void mmap_errors(void)
{
	int fd = t_make_file("f", "abc", 3), ro;

	CHECK(mmap(NULL, 0, RW, ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
	CHECK(mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
	CHECK(mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF);
	CHECK((void *)syscall(SYS_mmap, NULL, PAGE, RW, MAP_PRIVATE, fd, 1L) == MAP_FAILED &&
	      errno == EINVAL);
	CHECK((void *)syscall(SYS_mmap, NULL, SIZE_MAX, RW, ANONYMOUS, -1, 0L) == MAP_FAILED &&
	      errno == ENOMEM);
	CHECK((void *)syscall(SYS_mmap, 1, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0L) == MAP_FAILED &&
	      errno == EINVAL);
	CHECK((void *)syscall(SYS_mmap, 1UL << 47, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0L) ==
		      MAP_FAILED &&
	      errno == ENOMEM);
	CHECK((void *)syscall(SYS_mmap, NULL, PAGE, RW, MAP_PRIVATE, fd, LONG_MAX & -PAGE) ==
		      MAP_FAILED &&
	      errno == EOVERFLOW);
	CHECK((void *)syscall(SYS_mmap, NULL, PAGE, RW, MAP_PRIVATE, fd, LONG_MIN) == MAP_FAILED &&
	      errno == EOVERFLOW);
	ro = CHECK_OK(open("f", O_RDONLY));
	CHECK(mmap(NULL, PAGE, RW, MAP_SHARED, ro, 0) == MAP_FAILED && errno == EACCES);
	CHECK(mmap(NULL, PAGE, RW, MAP_PRIVATE, ro, 0) != MAP_FAILED);
	close(ro);
	ro = CHECK_OK(open("f", O_WRONLY));
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_PRIVATE, ro, 0) == MAP_FAILED && errno == EACCES);
	close(ro);
	ro = CHECK_OK(open(".", O_RDONLY));
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0) == MAP_FAILED && errno == ENODEV);
	close(ro);
	close(fd);
}

static void mmap_anonymous(void)
{
	char *p = map(4), *q;

	CHECK(is_all(p, 4 * PAGE, 0));
	memset(p, 'a', 4 * PAGE);
	CHECK_OK(munmap(p + PAGE, PAGE));
	CHECK(!is_mapped(p + PAGE));
	CHECK(is_all(p, PAGE, 'a') && is_all(p + 2 * PAGE, 2 * PAGE, 'a'));
	q = mmap(p + PAGE, PAGE, RW, ANONYMOUS, -1, 0); /* a free hint is taken */
	CHECK(q == p + PAGE);
	CHECK(is_all(q, PAGE, 0));
	q = mmap(p, PAGE, RW, ANONYMOUS, -1, 0); /* a used one is not */
	CHECK(q != p && q != MAP_FAILED);
	CHECK_OK(munmap(q, PAGE));
	CHECK_OK(munmap(p, 4 * PAGE));
	CHECK_OK(munmap(p, 4 * PAGE)); /* nothing there: fine */
	CHECK_ERR(munmap(p + 1, PAGE), EINVAL);
	CHECK_ERR(munmap(p, 0), EINVAL);
}

static void mmap_fixed(void)
{
	char *p = map(5), *q;

	memset(p, 'a', 5 * PAGE);
	q = mmap(p + PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(q == p + PAGE);
	CHECK(is_all(p, PAGE, 'a') && is_all(q, 2 * PAGE, 0) && is_all(p + 3 * PAGE, PAGE, 'a'));
	q = mmap(p + PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	CHECK(q == MAP_FAILED && errno == EEXIST);
	CHECK_OK(munmap(p + PAGE, PAGE));
	q = mmap(p + PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	CHECK(q == p + PAGE);
	munmap(p, 5 * PAGE);
}

static void mmap_reserve_terabytes(void)
{
	const size_t tera = 4UL << 40;
	char *p = mmap(NULL, tera, PROT_NONE, ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (!CHECK(p != MAP_FAILED))
		return;
	CHECK_OK(mprotect(p + tera / 2, 4 * PAGE, RW));
	p[tera / 2] = 1;
	p[tera / 2 + 4 * PAGE - 1] = 2;
	CHECK_EQ(p[tera / 2], 1);
	CHECK_EQ(FAULT_OF(*(volatile char *)(p + tera / 2 + 4 * PAGE)), SIGSEGV);
	CHECK_OK(madvise(p + tera / 2, 4 * PAGE, MADV_DONTNEED));
	CHECK_EQ(p[tera / 2], 0);
	CHECK_OK(munmap(p, tera));
}

/* Work on a mapping takes time by its pages, not by its addresses. */
static void sparse_mappings(void)
{
	const size_t tera = 1UL << 40, size = 32 * tera;
	char *p = mmap(NULL, size, RW, ANONYMOUS | MAP_NORESERVE, -1, 0), *q;
	int fd = memfd_create("sparse", 0);

	if (!CHECK(p != MAP_FAILED && fd >= 0))
		return;
	p[PAGE] = 'f';
	p[size - PAGE] = 'l';
	q = mremap(p, size, size + PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && q[PAGE] == 'f' && q[size - PAGE] == 'l');
	munmap(q, size + PAGE);
	CHECK_OK(ftruncate(fd, (off_t)size));
	p = mmap(NULL, size, RW, MAP_SHARED, fd, 0);
	q = mmap(NULL, size, RW, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	p[size - PAGE] = 's';
	CHECK_EQ(q[size - PAGE], 's');
	q[size - PAGE] = 'p';
	CHECK_OK(ftruncate(fd, PAGE));
	CHECK_EQ(FAULT_OF(*(volatile char *)(p + size - PAGE)), SIGBUS);
	munmap(p, size);
	munmap(q, size);
	close(fd);
}

static void mmap_private_file(void)
{
	char buf[8] = "", *p;
	int fd = t_make_file("f", "hello", 5);

	p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	CHECK(!memcmp(p, "hello", 5));
	CHECK(is_all(p + 5, PAGE - 5, 0)); /* zeros follow the end of the file */
	CHECK_EQ(pwrite(fd, "H", 1, 0), 1);
	p[1] = 'E';
	CHECK_EQ(pread(fd, buf, 5, 0), 5);
	CHECK_STR(buf, "Hello"); /* a private write does not reach the file */
	CHECK_EQ(p[1], 'E');
	CHECK_EQ(pwrite(fd, "J", 1, 0), 1);
	CHECK_EQ(p[1], 'E');
	close(fd); /* the mapping lives on */
	CHECK_EQ(p[2], 'l');
	CHECK_OK(munmap(p, PAGE));
}

static void mmap_private_unwritten_follows(void)
{
	char *p;
	int fd = t_make_file("f", "hello", 5);

	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK_EQ(p[0], 'h');
	CHECK_EQ(pwrite(fd, "J", 1, 0), 1);
	CHECK_EQ(p[0], 'J'); /* as Linux has it: an unwritten page is the file's */
	munmap(p, PAGE);
	close(fd);
}

static void mmap_shared_file(void)
{
	char buf[8] = "", *p, *q;
	int fd = t_make_file("f", "", 0);

	CHECK_OK(ftruncate(fd, 3 * PAGE));
	p = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);
	q = mmap(NULL, PAGE, RW, MAP_SHARED, fd, (long)PAGE);
	memcpy(p + PAGE, "shared", 6);
	CHECK(!memcmp(q, "shared", 6));
	CHECK_EQ(pread(fd, buf, 6, (long)PAGE), 6);
	CHECK_STR(buf, "shared");
	CHECK_EQ(pwrite(fd, "SHARED", 6, (long)PAGE), 6);
	CHECK(!memcmp(p + PAGE, "SHARED", 6));
	CHECK_OK(msync(p, 3 * PAGE, MS_SYNC));
	CHECK_OK(munmap(q, PAGE));
	CHECK_OK(munmap(p, 3 * PAGE));
	CHECK_EQ(pread(fd, buf, 6, (long)PAGE), 6);
	CHECK_STR(buf, "SHARED");
	close(fd);
}

static void mmap_beyond_file(void)
{
	int fd = t_make_file("f", "abc", 3);
	char *p = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);

	CHECK_EQ(p[2], 'c');
	CHECK_EQ(p[PAGE - 1], 0);
	CHECK_EQ(FAULT_OF(*(volatile char *)(p + PAGE + 5)), SIGBUS);
	CHECK_EQ(t_fault_code, BUS_ADRERR);
	CHECK((char *)t_fault_addr == p + PAGE + 5);
	CHECK_OK(ftruncate(fd, 2 * PAGE)); /* now it is there */
	CHECK_EQ(FAULT_OF(*(volatile char *)(p + PAGE + 5)), 0);
	CHECK_OK(ftruncate(fd, 1));
	CHECK_EQ(FAULT_OF(*(volatile char *)(p + PAGE + 5)), SIGBUS);
	munmap(p, 3 * PAGE);
	close(fd);
}

/* The end of the file is the end of private mappings as well, written pages included. */
static void mmap_private_beyond_file(void)
{
	int fd = t_make_file("f", "abc", 3);
	char *p = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);

	CHECK_OK(ftruncate(fd, 3 * PAGE));
	p[PAGE] = 'x';
	p[2 * PAGE] = 'x';
	p[1] = 'B';
	CHECK_OK(ftruncate(fd, PAGE + 1));
	CHECK_EQ(FAULT_OF(*(volatile char *)(p + 2 * PAGE)), SIGBUS);
	CHECK_EQ(p[PAGE], 'x'); /* partly in the file */
	CHECK_OK(ftruncate(fd, 0));
	CHECK_EQ(FAULT_OF(*(volatile char *)(p + PAGE)), SIGBUS);
	CHECK_EQ(FAULT_OF(*(volatile char *)p), SIGBUS);
	munmap(p, 3 * PAGE);
	close(fd);
}

static void mmap_shared_anonymous(void)
{
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q;

	CHECK(is_all(p, 2 * PAGE, 0));
	p[0] = 'x';
	q = mremap(p, 0, PAGE, MREMAP_MAYMOVE); /* a second view of shared memory */
	CHECK(q != MAP_FAILED && q != p);
	CHECK_EQ(q[0], 'x');
	q[1] = 'y';
	CHECK_EQ(p[1], 'y');
	munmap(q, PAGE);
	munmap(p, 2 * PAGE);
}

static void mmap_dev_zero(void)
{
	int fd = CHECK_OK(open("/dev/zero", O_RDWR));
	char *p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);

	if (CHECK(p != MAP_FAILED)) {
		CHECK(is_all(p, PAGE, 0));
		p[0] = 1;
		munmap(p, PAGE);
	}
	close(fd);
}

static void mmap_populate_large(void)
{
	const size_t size = 32UL << 20;
	unsigned char *p = mmap(NULL, size, RW, ANONYMOUS | MAP_POPULATE, -1, 0);
	bool is_right = true;

	if (!CHECK(p != MAP_FAILED))
		return;
	for (size_t at = 0; at < size; at += PAGE)
		p[at + at / PAGE % PAGE] = (unsigned char)(at / PAGE);
	for (size_t at = 0; at < size; at += PAGE)
		is_right &= p[at + at / PAGE % PAGE] == (unsigned char)(at / PAGE);
	CHECK(is_right);
	CHECK_OK(munmap(p, size));
}

/* Memory comes back: eight times as much as there could be, one after another. */
static void munmap_gives_back(void)
{
	const size_t size = 16UL << 20;

	for (int i = 0; i < 40; i++) {
		char *p = mmap(NULL, size, RW, ANONYMOUS, -1, 0);

		if (!CHECK(p != MAP_FAILED))
			return;
		for (size_t at = 0; at < size; at += PAGE)
			p[at] = 1;
		munmap(p, size);
	}
}

static void mremap_forms(void)
{
	char *p = map(4), *q;

	memset(p, 'm', 4 * PAGE);
	q = mremap(p, 4 * PAGE, 2 * PAGE, 0);
	CHECK(q == p);
	CHECK(!is_mapped(p + 2 * PAGE));
	q = mremap(p, 2 * PAGE, 4 * PAGE, 0); /* grows into the room just left */
	CHECK(q == p);
	CHECK(is_all(p, 2 * PAGE, 'm') && is_all(p + 2 * PAGE, 2 * PAGE, 0));
	q = mmap(p + 3 * PAGE, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0); /* in the way */
	CHECK(mremap(p, 3 * PAGE, 4 * PAGE, 0) == MAP_FAILED && errno == ENOMEM);
	q = mremap(p, 3 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && q != p);
	CHECK(is_all(q, 2 * PAGE, 'm') && is_all(q + 2 * PAGE, 62 * PAGE, 0));
	CHECK(!is_mapped(p));
	p = map(64);
	CHECK(mremap(q, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
	CHECK_EQ(p[0], 'm');
	CHECK(!is_mapped(q));
	CHECK(mremap(p + 1, PAGE, PAGE, 0) == MAP_FAILED && errno == EINVAL);
	CHECK(mremap(p, PAGE, 0, 0) == MAP_FAILED && errno == EINVAL);
	CHECK(mremap(p, PAGE, PAGE, MREMAP_FIXED, p) == MAP_FAILED && errno == EINVAL);
	CHECK(mremap(p, PAGE, PAGE, 0x100) == MAP_FAILED && errno == EINVAL);
	CHECK(mremap(q, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	munmap(p, 64 * PAGE);
}

static void mremap_dontunmap(void)
{
	char *p = map(2), *q;

	memset(p, 'd', 2 * PAGE);
	q = mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	if (!CHECK(q != MAP_FAILED))
		return;
	CHECK(is_all(q, 2 * PAGE, 'd'));
	CHECK(is_all(p, 2 * PAGE, 0)); /* still mapped, empty */
	munmap(p, 2 * PAGE);
	munmap(q, 2 * PAGE);
}

static void madvise_advice(void)
{
	int fd = t_make_file("f", "file", 4);
	char *p = map(3), *q;

	memset(p, 'x', 3 * PAGE);
	CHECK_OK(madvise(p + PAGE, PAGE, MADV_DONTNEED));
	CHECK(is_all(p, PAGE, 'x') && is_all(p + PAGE, PAGE, 0) && is_all(p + 2 * PAGE, PAGE, 'x'));
	CHECK_OK(madvise(p, PAGE, MADV_WILLNEED));
	CHECK_OK(madvise(p, PAGE, MADV_NORMAL));
	CHECK_OK(madvise(p, PAGE, 8 /* MADV_FREE */));
	p[0] = 'y'; /* after a write the page is kept */
	CHECK_EQ(p[0], 'y');
	CHECK_ERR(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_ERR(madvise(p, PAGE, 9999), EINVAL);
	CHECK_OK(madvise(p, 0, MADV_DONTNEED));
	CHECK_ERR(madvise(p, 0, 9999), EINVAL);
	CHECK_ERR(madvise(p, SIZE_MAX, MADV_DONTNEED), EINVAL);
	CHECK_ERR(madvise((void *)0x7fffffffe000, 16 * PAGE, MADV_DONTNEED), ENOMEM);
	CHECK_ERR(madvise((void *)(1UL << 62), PAGE, MADV_NORMAL), ENOMEM);
	munmap(p + PAGE, PAGE);
	CHECK_ERR(madvise(p, 3 * PAGE, MADV_DONTNEED), ENOMEM); /* a hole; the rest is done */
	CHECK(is_all(p + 2 * PAGE, PAGE, 0));
	munmap(p, 3 * PAGE);
	q = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	q[0] = 'F';
	CHECK_OK(madvise(q, PAGE, MADV_DONTNEED));
	CHECK_EQ(q[0], 'f'); /* the file's again */
	munmap(q, PAGE);
	close(fd);
}

static void brk_moves(void)
{
	uintptr_t start = (uintptr_t)syscall(SYS_brk, 0), now;
	char *p = (char *)start;

	now = (uintptr_t)syscall(SYS_brk, start + 5 * PAGE + 3);
	CHECK_EQ(now, start + 5 * PAGE + 3);
	p[5 * PAGE] = 'b';
	p[PAGE] = 'b';
	CHECK_EQ(syscall(SYS_brk, start + 10), start + 10);
	CHECK_EQ(syscall(SYS_brk, start + 5 * PAGE), start + 5 * PAGE);
	CHECK_EQ(p[2 * PAGE], 0);
	CHECK_EQ(syscall(SYS_brk, 1), start + 5 * PAGE); /* below the start: refused */
	CHECK_EQ(syscall(SYS_brk, ~0UL), start + 5 * PAGE);
	CHECK_EQ(syscall(SYS_brk, start), start);
}

static void mincore_residency(void)
{
	unsigned char vec[4] = {9, 9, 9, 9};
	char *p = map(4);

	p[0] = 1;
	p[2 * PAGE] = 1;
	CHECK_OK(mincore(p, 4 * PAGE, vec));
	CHECK_EQ(vec[0] & 1, 1);
	CHECK_EQ(vec[1] & 1, 0);
	CHECK_EQ(vec[2] & 1, 1);
	CHECK_EQ(vec[3] & 1, 0);
	CHECK_ERR(mincore(p + 1, PAGE, vec), EINVAL);
	munmap(p + PAGE, PAGE);
	CHECK_ERR(mincore(p, 4 * PAGE, vec), ENOMEM);
	munmap(p, 4 * PAGE);
}

static void msync_errors(void)
{
	char *p = map(3);

	CHECK_ERR(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	CHECK_ERR(msync(p, PAGE, 0x100), EINVAL);
	CHECK_ERR(msync(p + 1, PAGE, MS_SYNC), EINVAL);
	munmap(p + PAGE, PAGE);
	CHECK_ERR(msync(p, 3 * PAGE, MS_SYNC), ENOMEM);
	munmap(p, 3 * PAGE);
}

static void address_space_limit(void)
{
	struct rlimit old, limit;
	void *p;

	CHECK_OK(getrlimit(RLIMIT_AS, &old));
	limit = old;
	limit.rlim_cur = 64UL << 20;
	CHECK_OK(setrlimit(RLIMIT_AS, &limit));
	p = mmap(NULL, 256UL << 20, RW, ANONYMOUS, -1, 0);
	CHECK(p == MAP_FAILED && errno == ENOMEM);
	p = mmap(NULL, PAGE, RW, ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	CHECK_OK(setrlimit(RLIMIT_AS, &old));
	munmap(p, PAGE);
}

/* Private memory that may be written counts, and only that; it may become so by mprotect(2). */
static void data_limit(void)
{
	char *p = map(4), *rest = mmap(NULL, 4 * PAGE, PROT_READ, ANONYMOUS, -1, 0);
	void *shared, *read_only, *stack, *more, *grown, *brk_before;
	struct rlimit old, limit;
	int turned, given;

	CHECK_OK(getrlimit(RLIMIT_DATA, &old));
	brk_before = (void *)syscall(SYS_brk, 0);
	limit = old;
	limit.rlim_cur = PAGE; /* there is more than that already */
	CHECK_OK(setrlimit(RLIMIT_DATA, &limit));
	more = mmap(NULL, PAGE, RW, ANONYMOUS, -1, 0);
	read_only = mmap(NULL, PAGE, PROT_READ, ANONYMOUS, -1, 0);
	shared = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	stack = mmap(NULL, PAGE, RW, ANONYMOUS | MAP_GROWSDOWN, -1, 0);
	turned = mprotect(rest, PAGE, RW);
	given = mprotect(p, PAGE, PROT_READ);
	grown = mremap(p + PAGE, 3 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
	syscall(SYS_brk, (char *)brk_before + 64 * PAGE);
	CHECK_OK(setrlimit(RLIMIT_DATA, &old));
	CHECK(more == MAP_FAILED && grown == MAP_FAILED);
	CHECK(read_only != MAP_FAILED && shared != MAP_FAILED && stack != MAP_FAILED);
	CHECK_EQ(turned, -1);
	CHECK_EQ(given, 0);
	CHECK_EQ(syscall(SYS_brk, 0), (long)brk_before);
	CHECK_OK(mprotect(rest, PAGE, RW));
	munmap(read_only, PAGE);
	munmap(shared, PAGE);
	munmap(stack, PAGE);
	munmap(rest, 4 * PAGE);
	munmap(p, 4 * PAGE);
}

/* Many small mappings with alternating protections: no merging, then all of it. */
static void many_mappings(void)
{
	enum { COUNT = 2000 };
	char *p = map(COUNT);

	for (size_t i = 0; i < COUNT; i += 2)
		if (!CHECK_EQ(mprotect(p + i * PAGE, PAGE, PROT_READ), 0))
			break;
	for (size_t i = 1; i < COUNT; i += 2)
		p[i * PAGE] = (char)i;
	CHECK_OK(mprotect(p, COUNT * PAGE, RW));
	for (size_t i = 1; i < COUNT; i += 2)
		if (p[i * PAGE] != (char)i) {
			CHECK(!"a page lost its content");
			break;
		}
	for (size_t i = 0; i < COUNT; i += 2)
		munmap(p + i * PAGE, PAGE);
	CHECK(!is_mapped(p + 2 * PAGE) && is_mapped(p + 3 * PAGE));
	CHECK_OK(munmap(p, COUNT * PAGE));
}

static const struct t_test tests[] = {
	T(mmap_errors),
	T(mmap_anonymous),
	T(mmap_fixed),
	T(mmap_reserve_terabytes),
	T(sparse_mappings),
	T(mmap_private_file),
	T(mmap_private_unwritten_follows),
	T(mmap_shared_file),
	T(mmap_beyond_file),
	T(mmap_private_beyond_file),
	T(mmap_shared_anonymous),
	T(mmap_dev_zero),
	T(mmap_populate_large),
	T(munmap_gives_back),
	T(mremap_forms),
	T(mremap_dontunmap),
	T(madvise_advice),
	T(brk_moves),
	T(mincore_residency),
	T(msync_errors),
	T(address_space_limit),
	T(data_limit),
	T(many_mappings),
};

T_MAIN(tests)
