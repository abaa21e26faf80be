/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the loader made of the file: segments where their headers say and with their protections,
 * bss zero to the page's end, TLS initialised, RELRO read-only, constructors run in order.
 * Built in five ways: static, static-PIE and dynamic, glibc and musl.
 */
#include "t.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>

static int data_word = 0x1234;
static int bss_word;
static char bss_large[300000];
static const char constant[] = "constant";
static __thread int tls_data = 77;
static __thread int tls_bss;
static __thread char tls_aligned[128] __attribute__((aligned(64)));
static char data_aligned[PAGE] __attribute__((aligned(4096))) = {1};
static int (*const relro_pointer)(const char *, ...) = printf;
static int constructor_order;

__attribute__((constructor(101))) static void first_constructor(void)
{
	constructor_order = constructor_order * 10 + 1;
}

__attribute__((constructor(102))) static void second_constructor(void)
{
	constructor_order = constructor_order * 10 + 2;
}

static void initial_data(void)
{
	bool is_zero = true;

	CHECK_EQ(data_word, 0x1234);
	CHECK_EQ(bss_word, 0);
	for (size_t i = 0; i < sizeof(bss_large); i++)
		is_zero &= bss_large[i] == 0;
	CHECK(is_zero);
	CHECK_STR(constant, "constant");
	CHECK(relro_pointer == printf);
	CHECK_EQ(constructor_order, 12);
	CHECK_EQ((uintptr_t)data_aligned % PAGE, 0);
	CHECK_EQ(data_aligned[0], 1);
	CHECK_EQ(data_aligned[PAGE - 1], 0);
}

static void thread_local_storage(void)
{
	CHECK_EQ(tls_data, 77);
	CHECK_EQ(tls_bss, 0);
	CHECK_EQ((uintptr_t)tls_aligned % 64, 0);
	for (size_t i = 0; i < sizeof(tls_aligned); i++)
		CHECK_EQ(tls_aligned[i], 0);
	tls_data = 78;
	CHECK_EQ(tls_data, 78);
}

/* AT_PHDR less the offset of the headers in memory is the load bias. */
static uintptr_t load_bias(const Elf64_Phdr *phdr, size_t count)
{
	uintptr_t bias = 0;

	for (size_t i = 0; i < count; i++)
		if (phdr[i].p_type == PT_PHDR)
			return (uintptr_t)phdr - phdr[i].p_vaddr;
	for (size_t i = 0; i < count; i++) /* no PT_PHDR: the one that holds the headers */
		if (phdr[i].p_type == PT_LOAD && phdr[i].p_offset == 0)
			bias = (uintptr_t)phdr - phdr[i].p_vaddr - sizeof(Elf64_Ehdr);
	return bias;
}

static void check_segment(const Elf64_Phdr *ph, uintptr_t bias, int fd)
{
	const unsigned char *memory = (const unsigned char *)(bias + ph->p_vaddr);
	unsigned char file[64];
	int expected = ph->p_flags & PF_W ? 0 : SIGSEGV;

	CHECK_OK(msync((void *)((uintptr_t)memory & ~(PAGE - 1)), PAGE, MS_ASYNC));
	if (!(ph->p_flags & PF_W) && ph->p_filesz >= sizeof(file)) {
		CHECK_EQ(pread(fd, file, sizeof(file), (off_t)ph->p_offset), (long)sizeof(file));
		CHECK(!memcmp(file, memory, sizeof(file)));
		CHECK_EQ(pread(fd, file, sizeof(file),
			       (off_t)(ph->p_offset + ph->p_filesz - sizeof(file))),
			 (long)sizeof(file));
		CHECK(!memcmp(file, memory + ph->p_filesz - sizeof(file), sizeof(file)));
	}
	if (!(ph->p_flags & PF_W) && ph->p_memsz > 0) {
		volatile unsigned char *at = (volatile unsigned char *)(uintptr_t)memory;

		CHECK_EQ(FAULT_OF(at[0] = at[0]), expected);
	}
}

static void segments(void)
{
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)getauxval(AT_PHDR);
	size_t count = getauxval(AT_PHNUM);
	uintptr_t bias = load_bias(phdr, count), entry = getauxval(AT_ENTRY);
	int fd = CHECK_OK(open("/proc/self/exe", O_RDONLY));
	bool has_entry = false;
	Elf64_Ehdr ehdr;

	CHECK_EQ(pread(fd, &ehdr, sizeof(ehdr), 0), (long)sizeof(ehdr));
	CHECK_EQ(ehdr.e_phnum, count);
	CHECK_EQ(entry, bias + ehdr.e_entry);
	if (ehdr.e_type == ET_EXEC)
		CHECK_EQ(bias, 0);
	else
		CHECK(bias != 0 && bias % PAGE == 0);
	for (size_t i = 0; i < count; i++) {
		if (phdr[i].p_type == PT_LOAD)
			check_segment(&phdr[i], bias, fd);
		if (phdr[i].p_type == PT_LOAD && (phdr[i].p_flags & PF_X))
			has_entry |= entry - bias - phdr[i].p_vaddr < phdr[i].p_memsz;
		if (phdr[i].p_type == PT_GNU_STACK)
			CHECK(!(phdr[i].p_flags & PF_X));
	}
	CHECK(has_entry);
	close(fd);
}

/* musl's dynamic linker gives the rest of that page to malloc before we run. */
static bool is_dynamic_musl(const Elf64_Phdr *phdr, size_t count, uintptr_t bias)
{
	for (size_t i = 0; i < count; i++)
		if (phdr[i].p_type == PT_INTERP)
			return strstr((const char *)(bias + phdr[i].p_vaddr), "musl") != NULL;
	return false;
}

/* bss ends somewhere in a page; its rest must be zero as well, libcs count on it for brk. */
static void end_of_bss(void)
{
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)getauxval(AT_PHDR);
	size_t count = getauxval(AT_PHNUM);
	uintptr_t bias = load_bias(phdr, count);

	if (is_dynamic_musl(phdr, count, bias))
		return;
	for (size_t i = 0; i < count; i++) {
		uintptr_t at = bias + phdr[i].p_vaddr + phdr[i].p_memsz;

		if (phdr[i].p_type != PT_LOAD || phdr[i].p_memsz == phdr[i].p_filesz)
			continue;
		for (; at % PAGE != 0; at++)
			if (*(volatile char *)at != 0) {
				CHECK(!"the page behind bss is zero");
				break;
			}
	}
}

static void relro(void)
{
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)getauxval(AT_PHDR);
	size_t count = getauxval(AT_PHNUM);
	uintptr_t bias = load_bias(phdr, count);

	for (size_t i = 0; i < count; i++) {
		volatile char *start = (volatile char *)(bias + phdr[i].p_vaddr);

		if (phdr[i].p_type != PT_GNU_RELRO || phdr[i].p_memsz < PAGE)
			continue;
		start = (volatile char *)(((uintptr_t)start + PAGE - 1) & ~(PAGE - 1));
		if ((uintptr_t)start + PAGE > bias + phdr[i].p_vaddr + phdr[i].p_memsz)
			continue;
		CHECK_EQ(FAULT_OF(*start = *start), SIGSEGV);
	}
}

static void program_break(void)
{
	uintptr_t end = (uintptr_t)&bss_large + sizeof(bss_large);
	uintptr_t now = (uintptr_t)syscall(SYS_brk, 0);

	CHECK(now >= end || now < (uintptr_t)&initial_data); /* behind, or far off with ASLR */
	CHECK_EQ(now % PAGE == 0 || now > end, 1);
}

static void stack_alignment(void)
{
	/* the compiler counts on 16 bytes at every call: a vector spill would fault */
	volatile char aligned[16] __attribute__((aligned(16)));

	CHECK_EQ((uintptr_t)aligned % 16, 0);
}

static const struct t_test tests[] = {
	T(initial_data), T(thread_local_storage), T(segments),        T(end_of_bss),
	T(relro),        T(program_break),        T(stack_alignment),
};

T_MAIN(tests)
