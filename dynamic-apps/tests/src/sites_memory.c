/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call sites that the kernel patches, in memory that changes: sites in pages that are written,
 * unmapped, moved and mapped again, in files, across pages; programs that read their own text, jump
 * into the middle of a site or change one. What is run always does what its bytes were written to
 * do, and files never change. On Linux nothing is patched, and the same must hold.
 */
#include "t_regs.h"
#include "t_ways.h"

#include <elf.h>

const void *site_target;
RUNNER(run_site, "	call *site_target(%rip)");

#define CALL(site) ENTER(site, -1, 0)
#define AT         16 /* where in its page a site is */

/* Calls whose results differ and are known, with -1 as their first argument. */
static long result_of(int nr)
{
	return nr == SYS_getpid ? getpid() : nr == SYS_close ? -EBADF : -EINVAL;
}

static const int numbers[] = {SYS_getpid, SYS_close, SYS_munmap};

static long call_site(const void *site)
{
	return ENTER(site, SYS_getpid, -1, -1, -1);
}

/* --- the program's own text ------------------------------------------------------------------- */

extern const uint8_t __executable_start[];

/* The segment of the program that holds its text. */
static const uint8_t *find_text(size_t *size, off_t *offset)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)__executable_start;
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)(__executable_start + ehdr->e_phoff);
	uintptr_t first = UINTPTR_MAX;

	for (int i = 0; i < ehdr->e_phnum; i++)
		if (phdr[i].p_type == PT_LOAD && phdr[i].p_vaddr < first)
			first = phdr[i].p_vaddr;
	while (phdr->p_type != PT_LOAD || !(phdr->p_flags & PF_X))
		phdr++;
	*size = phdr->p_filesz;
	*offset = (off_t)phdr->p_offset;
	return __executable_start + phdr->p_vaddr - first;
}

static bool is_in_patched_site(const uint8_t *at)
{
	for (int back = 0; back < 8; back++)
		if (is_patched(at - back))
			return true;
	return false;
}

/* How many bytes of the text are not those of the file. */
static size_t check_text(void)
{
	static uint8_t file[2 << 20];
	size_t size, different = 0;
	off_t offset;
	const uint8_t *text = find_text(&size, &offset);
	int fd = (int)CHECK_OK(open("/proc/self/exe", O_RDONLY));

	CHECK_EQ(pread(fd, file, size, offset), size);
	close(fd);
	for (size_t i = 0; i < size; i++) {
		different += text[i] != file[i];
		if (text[i] != file[i] && !CHECK(is_in_patched_site(text + i)))
			break;
	}
	return different;
}

/* A site of our own in the text of the program; its libc has others. */
__attribute__((noinline)) static long own_site(void)
{
	long result;

	asm volatile("mov %1, %%eax\n\tsyscall" : "=a"(result) : "i"(SYS_getpid) : "rcx", "r11");
	return result;
}

/*
 * A program that sums up its own text: in memory it sees the sites that are patched, as documented,
 * and nothing else; the file it came from never changes.
 */
static void own_text(void)
{
	CHECK_EQ(own_site(), getpid());
	for (int i = 0; i < 1000; i++)
		if (!CHECK_EQ(own_site(), getpid()) || !CHECK_EQ(close(-1), -1))
			break;
	if (is_patching())
		CHECK(check_text() >= 7);
	else
		CHECK_EQ(check_text(), 0);
}

/* --- into the middle -------------------------------------------------------------------------- */

static void into_the_syscall(void)
{
	for (enum way way = MOV_SITE; way <= LONG_SITE; way++) {
		uint8_t *page = code_map(PAGE), *site = page + AT;
		const uint8_t *instruction = site + site_syscall(way);

		put_site(site, way, SYS_getpid);
		code_seal(page, PAGE);
		CHECK_HEAT(site, SYS_getpid);
		for (int i = 0; i < fewer(300); i++) {
			/* another number, by the instruction alone */
			if (!CHECK_EQ(ENTER(instruction, SYS_close, -1), -EBADF) ||
			    !CHECK_EQ(CALL(site), getpid()) ||
			    !CHECK_EQ(ENTER(instruction, 500, 0), -ENOSYS))
				break;
			heat(site, SYS_getpid);
		}
		CHECK_EQ(CALL(site), getpid());
		munmap(page, PAGE);
	}
}

/* What is behind the instruction: the move, and the call. */
static void into_the_call(void)
{
	uint8_t *page = code_map(PAGE), *site = page + AT;

	put_site(site, CALL_SITE, 0);
	code_seal(page, PAGE);
	CHECK_HEAT(site, SYS_getpid);
	for (int i = 0; i < fewer(200); i++) {
		if (!CHECK_EQ(ENTER(site + 2, 4711 + i, 12), 4711 + i) ||
		    !CHECK_EQ(ENTER(site + 5, 12, 815 + i), 815 + i) ||
		    !CHECK_EQ(call_site(site), getpid()))
			break;
		heat(site, SYS_getpid);
	}
	munmap(page, PAGE);
}

/* The compare alone, at the address that it had, and nothing else happens. */
static bool into_one_cmp(const uint8_t *site, uint64_t rax, bool is_32_bit)
{
	struct registers in, out;
	uint64_t flags;

	fill(&in, (unsigned int)rax);
	in.rax = rax;
	in.flags = 0x202;
	site_target = site + 2;
	run_site(&in, &out, has_avx());
	if (is_32_bit)
		asm("cmp $-4096, %k1; pushfq; pop %0" : "=r"(flags) : "a"(rax) : "cc");
	else
		asm("cmp $-4096, %1; pushfq; pop %0" : "=r"(flags) : "a"(rax) : "cc");
	return CHECK_EQ(out.rax, in.rax) && CHECK_EQ(out.rcx, in.rcx) &&
	       CHECK_EQ(out.r11, in.r11) && CHECK_EQ(out.rdi, in.rdi) &&
	       CHECK_EQ(out.flags & FLAGS_KEPT, flags & FLAGS_KEPT);
}

static void into_the_cmp(void)
{
	static const long values[] = {0, 1, -1, -4095, -4096, -4097, 1L << 40, -(1L << 40)};

	for (int shape = 0; shape < 2; shape++) {
		uint8_t *page = code_map(PAGE), *site = page + AT;

		(shape ? put_cmp32_site : put_cmp_site)(site);
		code_seal(page, PAGE);
		CHECK_HEAT(site, SYS_getpid);
		for (int i = 0; i < fewer(160); i++) {
			if (!into_one_cmp(site, (uint64_t)values[i % 8], shape == 1) ||
			    !CHECK_EQ(call_site(site), getpid()))
				break;
			heat(site, SYS_getpid);
		}
		munmap(page, PAGE);
	}
}

/* --- code that is changed ----------------------------------------------------------------------
 */

/* A program that patches itself, in the ways the manual of mprotect(2) allows. */
static void changes_itself(void)
{
	uint8_t *page = code_map(PAGE), *site = page + AT;

	put_mov_site(site, SYS_getpid);
	code_seal(page, PAGE);
	for (int i = 0; i < fewer(60); i++) {
		int before = numbers[i % 3], after = numbers[(i + 1) % 3];

		if (i % 4 != 3)
			CHECK_HEAT(site, before);
		CHECK_OK(mprotect(page, PAGE, PROT_READ | PROT_WRITE));
		if (!CHECK(is_mov_site(site, before)))
			break;
		memcpy(site + 1, &after, sizeof(after));
		code_seal(page, PAGE);
		if (!CHECK_EQ(ENTER(site, -1, -1), result_of(after)))
			break;
	}
	munmap(page, PAGE);
}

/* Memory that can be written and run at once is never patched: no store to it is seen. */
static void writable_code(void)
{
	uint8_t *page = code_map(PAGE), *site = page + AT;

	put_mov_site(site, SYS_getpid);
	put_cmp_site(site + 32);
	CHECK_OK(mprotect(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
	for (int i = 0; i < (is_patching() ? 4000 : fewer(1000)); i++) {
		int nr = numbers[i % 3];

		memcpy(site + 1, &nr, sizeof(nr));
		if (!CHECK_EQ(ENTER(site, -1, -1), result_of(nr)) ||
		    !CHECK_EQ(call_site(site + 32), getpid()) ||
		    !CHECK(is_mov_site(site, nr) && site[32] == 0x0f))
			break;
	}
	check_said(site + 5, "left writable");
	/* later it is code like any other */
	code_seal(page, PAGE);
	CHECK_HEAT(site, SYS_getpid);
	munmap(page, PAGE);
}

/* A compiler that writes into the same pages again and again, and runs what it wrote. */
static void just_in_time(void)
{
	enum { FUNCTIONS = 64 };
	uint8_t *code = code_map(2 * PAGE);

	for (int round = 0; round < fewer(30); round++) {
		for (int i = 0; i < FUNCTIONS; i++) {
			uint8_t *at = code + i * 40;

			if (round)
				CHECK(is_mov_site(at + (round - 1) % 16,
						  numbers[(i + round - 1) % 3]));
			put_mov_site(at + round % 16, numbers[(i + round) % 3]);
		}
		code_seal(code, 2 * PAGE);
		for (int i = 0; i < FUNCTIONS * 20; i++) {
			int function = i % 7 < 5 ? i % 5 : i % FUNCTIONS;
			int nr = numbers[(function + round) % 3];

			if (!CHECK_EQ(ENTER(code + function * 40 + round % 16, -1, -1),
				      result_of(nr)))
				return;
		}
		CHECK_OK(mprotect(code, 2 * PAGE, PROT_READ | PROT_WRITE));
	}
	munmap(code, 2 * PAGE);
}

static void written_and_back(void)
{
	uint8_t *page = code_map(2 * PAGE), *site = page + AT;

	put_mov_site(site, SYS_getpid);
	put_cmp_site(site + 32);
	code_seal(page, 2 * PAGE);
	for (int i = 0; i < fewer(40); i++) {
		CHECK_HEAT(site, SYS_getpid);
		CHECK_HEAT(site + 32, SYS_getpid);
		CHECK_OK(mprotect(page, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
		if (!CHECK(is_mov_site(site, SYS_getpid)) || !CHECK_EQ(site[32], 0x0f))
			break;
		CHECK_EQ(CALL(site), getpid());
		code_seal(page, 2 * PAGE);
		CHECK_EQ(CALL(site), getpid());
		/* without the right to run it, and with it again */
		CHECK_HEAT(site, SYS_getpid);
		CHECK_OK(mprotect(page, PAGE, PROT_NONE));
		CHECK_EQ(FAULT_OF(CALL(site)), SIGSEGV);
		CHECK_OK(mprotect(page, PAGE, PROT_READ | PROT_EXEC));
		if (!CHECK_EQ(CALL(site), getpid()))
			break;
	}
	munmap(page, 2 * PAGE);
}

/* --- other memory at the same place ------------------------------------------------------------
 */

static void put_at(uint8_t *address, int nr)
{
	CHECK(mmap(address, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0) == address);
	put_mov_site(address + 64, nr);
	code_seal(address, PAGE);
}

static void other_code_there(void)
{
	uint8_t *page = code_map(PAGE);

	for (int i = 0; i < fewer(100); i++) {
		int nr = numbers[i % 3];

		if (i & 1)
			munmap(page, PAGE);
		put_at(page, nr);
		if (!CHECK(is_mov_site(page + 64, nr)) ||
		    !CHECK_EQ(ENTER(page + 64, -1, -1), result_of(nr)) ||
		    !CHECK_HEAT(page + 64, nr))
			break;
		/* data where a site was */
		if (i % 5 == 0) {
			mmap(page, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			for (int j = 0; j < 128; j++)
				CHECK_EQ(page[j], 0);
		}
	}
	munmap(page, PAGE);
}

/* madvise(2): anonymous code is zeros then. */
static void dropped(void)
{
	uint8_t *page = code_map(PAGE), *site = page + AT;

	put_mov_site(site, SYS_getpid);
	code_seal(page, PAGE);
	CHECK_HEAT(site, SYS_getpid);
	CHECK_OK(madvise(page, PAGE, MADV_DONTNEED));
	CHECK_EQ(site[0], 0);
	CHECK_OK(mprotect(page, PAGE, PROT_READ | PROT_WRITE));
	CHECK_EQ(site[0], 0);
	put_mov_site(site, SYS_close);
	code_seal(page, PAGE);
	CHECK_EQ(ENTER(site, -1, -1), -EBADF);
	CHECK_HEAT(site, SYS_close);
	munmap(page, PAGE);
}

static void moved(void)
{
	uint8_t *page = code_map(2 * PAGE), *other = code_map(4 * PAGE);

	put_mov_site(page + AT, SYS_getpid);
	put_cmp_site(page + PAGE + AT);
	code_seal(page, 2 * PAGE);
	for (int i = 0; i < fewer(40); i++) {
		uint8_t *to = i & 1 ? other : other + 2 * PAGE;

		CHECK_HEAT(page + AT, SYS_getpid);
		CHECK_HEAT(page + PAGE + AT, SYS_getpid);
		CHECK(mremap(page, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
		page = to;
		if (!CHECK_EQ(CALL(page + AT), getpid()) ||
		    !CHECK_EQ(call_site(page + PAGE + AT), getpid()))
			break;
		CHECK_OK(mprotect(page, 2 * PAGE, PROT_READ | PROT_WRITE));
		CHECK(is_mov_site(page + AT, SYS_getpid));
		CHECK_EQ(page[PAGE + AT], 0x0f);
		code_seal(page, 2 * PAGE);
	}
	munmap(other, 4 * PAGE);
}

/* --- places that are left alone, and files ------------------------------------------------------
 */

static void across_pages(void)
{
	static const int bytes[WAYS] = {[MOV_SITE] = 7,
					[LONG_SITE] = 9,
					[CMP_SITE] = 8,
					[CMP32_SITE] = 7,
					[CALL_SITE] = 10};

	for (enum way way = MOV_SITE; way < WAYS; way++)
		for (int before = 1; before < bytes[way]; before++) {
			uint8_t *code = code_map(2 * PAGE), *site = code + PAGE - before;
			uint8_t copy[SITE_BYTES];

			put_site(site, way, SYS_getpid);
			memcpy(copy, site, sizeof(copy));
			code_seal(code, 2 * PAGE);
			heat(site, SYS_getpid);
			CHECK(memcmp(copy, site, sizeof(copy)) == 0);
			CHECK_EQ(call_site(site), getpid());
			munmap(code, 2 * PAGE);
		}
}

/* Exactly at the ends of a page there is room. */
static void at_ends(void)
{
	uint8_t *code = code_map(PAGE);

	PUT_CODE(code + PAGE - 8, "\xb8\x27\0\0\0\x0f\x05\xc3");
	put_cmp_site(code);
	code_seal(code, PAGE);
	CHECK_HEAT(code + PAGE - 8, SYS_getpid);
	CHECK_HEAT(code, SYS_getpid);
	CHECK_EQ(CALL(code + PAGE - 8), getpid());
	CHECK_EQ(call_site(code), getpid());
	munmap(code, PAGE);
}

static int code_file(uint8_t *page)
{
	memset(page, 0xcc, PAGE);
	put_mov_site(page + AT, SYS_getpid);
	put_cmp_site(page + AT + 32);
	return t_make_file("code", page, PAGE);
}

static void check_file(int fd, const uint8_t *page)
{
	uint8_t now[PAGE];

	CHECK_EQ(pread(fd, now, PAGE, 0), (long)PAGE);
	CHECK(memcmp(now, page, PAGE) == 0);
}

static void shared_file(void)
{
	uint8_t page[PAGE];
	int fd = code_file(page);
	uint8_t *code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);

	heat(code + AT, SYS_getpid);
	heat(code + AT + 32, SYS_getpid);
	CHECK(memcmp(code, page, PAGE) == 0);
	check_file(fd, page);
	check_said(code + AT + 5, "left shared mapping");
	munmap(code, PAGE);
	close(fd);
}

static void private_file(void)
{
	uint8_t page[PAGE];
	int fd = code_file(page);
	uint8_t *code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), *again;

	CHECK_HEAT(code + AT, SYS_getpid);
	CHECK_HEAT(code + AT + 32, SYS_getpid);
	check_file(fd, page);
	again = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	CHECK(memcmp(again, page, PAGE) == 0);
	CHECK_EQ(CALL(again + AT), getpid());
	CHECK_HEAT(again + AT, SYS_getpid);
	/* dropped pages are the file's again */
	CHECK_OK(madvise(code, PAGE, MADV_DONTNEED));
	CHECK(memcmp(code, page, PAGE) == 0);
	CHECK_EQ(CALL(code + AT), getpid());
	CHECK_EQ(call_site(code + AT + 32), getpid());
	CHECK_HEAT(code + AT, SYS_getpid);
	CHECK_EQ(CALL(again + AT), getpid());
	check_file(fd, page);
	munmap(code, PAGE);
	munmap(again, PAGE);
	close(fd);
}

/* More sites than anybody has room for: those that are not patched work all the same. */
static void very_many(void)
{
	size_t size = (size_t)fewer(4096) * SITE_BYTES, patched = 0;
	uint8_t *code;

	size = (size + PAGE - 1) & ~(PAGE - 1);
	code = code_map(size);
	for (size_t at = 0; at < size; at += SITE_BYTES)
		put_mov_site(code + at, numbers[at / SITE_BYTES % 3]);
	code_seal(code, size);
	for (size_t at = 0; at < size; at += SITE_BYTES)
		for (int i = 0; i < 40; i++)
			if (!CHECK_EQ(ENTER(code + at, -1, -1),
				      result_of(numbers[at / SITE_BYTES % 3])))
				return;
	for (size_t at = 0; at < size; at += SITE_BYTES)
		patched += is_patched(code + at);
	CHECK(is_patching() ? patched > 100 : patched == 0);
	munmap(code, size);
}

/* The last two use up the room for patched sites. */
static const struct t_test tests[] = {
	T(own_text),         T(into_the_syscall),
	T(into_the_call),    T(into_the_cmp),
	T(changes_itself),   T(writable_code),
	T(written_and_back), T(other_code_there),
	T(dropped),          T(moved),
	T(across_pages),     T(at_ends),
	T(shared_file),      T(private_file),
	T(just_in_time),     T(very_many),
};

T_MAIN(tests)
