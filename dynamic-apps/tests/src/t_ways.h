/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ways into the kernel, as code that can be called:
 *
 *   TRAP       nop; syscall; nop        the instruction, in a shape that is never patched
 *   FUNCTION   *AT_SYSINFO              __kernel_vsyscall; Linux has none on x86-64, so there it is
 *                                       syscall; ret, which is what the function behaves like
 *   MOV_SITE   mov $nr,%eax; syscall    call sites that are patched when they run often
 *   LONG_SITE  mov $nr,%rax; syscall
 *   CMP_SITE   syscall; cmp $-4096,%rax
 *   CMP32_SITE syscall; cmp $-4096,%eax
 *   CALL_SITE  syscall; mov %rax,%rdi; call f     where f puts it back, and %rdi is lost
 *
 * All end with ret; all but MOV_SITE and LONG_SITE take the number in %rax. The code is generated,
 * so that every test has sites that nobody ran before. The runner says in T_PATCHING that sites are
 * patched.
 */
#ifndef T_WAYS_H
#define T_WAYS_H

#include "t.h"

#include <sys/auxv.h>
#include <sys/mman.h>

#define W_UNUSED __attribute__((unused))

enum way { TRAP, FUNCTION, MOV_SITE, LONG_SITE, CMP_SITE, CMP32_SITE, CALL_SITE, WAYS };

W_UNUSED static const char *const way_names[] = {"trap",     "function",   "mov site", "long site",
						 "cmp site", "cmp32 site", "call site"};

#define VSYSCALL_TRAP   6 /* offset of the instruction that the function seems to have */
#define VSYSCALL_RETURN 8

#define SITE_BYTES     16 /* room for any of the stubs */
#define HIGHEST_NUMBER 512

/* A page of code, or more, that is written at first and run then. What is before a site is looked
 * at, too, so no site that is to be patched is at the start of a page. */
W_UNUSED static uint8_t *code_map(size_t size)
{
	uint8_t *code =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (code == MAP_FAILED) {
		printf("not ok %s: no memory\n", t_running);
		exit(1);
	}
	return code;
}

W_UNUSED static void code_seal(uint8_t *code, size_t size)
{
	CHECK_OK(mprotect(code, size, PROT_READ | PROT_EXEC));
}

W_UNUSED static void put_code(uint8_t *at, const char *bytes, size_t size)
{
	memcpy(at, bytes, size);
}

#define PUT_CODE(at, bytes) put_code(at, bytes, sizeof(bytes) - 1)

W_UNUSED static void put_mov_site(uint8_t *at, int nr)
{
	PUT_CODE(at, "\xb8....\x0f\x05\xc3");
	memcpy(at + 1, &nr, sizeof(nr));
}

W_UNUSED static void put_cmp_site(uint8_t *at)
{
	PUT_CODE(at, "\x0f\x05\x48\x3d\x00\xf0\xff\xff\xc3");
}

W_UNUSED static void put_cmp32_site(uint8_t *at)
{
	PUT_CODE(at, "\x0f\x05\x3d\x00\xf0\xff\xff\xc3");
}

W_UNUSED static void put_long_site(uint8_t *at, int nr)
{
	PUT_CODE(at, "\x48\xc7\xc0....\x0f\x05\xc3");
	memcpy(at + 3, &nr, sizeof(nr));
}

/* The function that it calls, at `behind`: mov %rdi,%rax; ret. */
W_UNUSED static void put_call_site(uint8_t *at, uint8_t *behind)
{
	int32_t distance = (int32_t)(behind - (at + 10));

	PUT_CODE(at, "\x0f\x05\x48\x89\xc7\xe8....\xc3");
	memcpy(at + 6, &distance, sizeof(distance));
	PUT_CODE(behind, "\x48\x89\xf8\xc3");
}

/* Any of the sites; nr for those that load it. Takes up to 32 bytes. */
W_UNUSED static void put_site(uint8_t *at, enum way way, int nr)
{
	if (way == MOV_SITE)
		put_mov_site(at, nr);
	else if (way == LONG_SITE)
		put_long_site(at, nr);
	else if (way == CALL_SITE)
		put_call_site(at, at + SITE_BYTES);
	else
		(way == CMP_SITE ? put_cmp_site : put_cmp32_site)(at);
}

/* The offset of the instruction in a site. */
W_UNUSED static int site_syscall(enum way way)
{
	return way == MOV_SITE ? 5 : way == LONG_SITE ? 7 : 0;
}

W_UNUSED static bool loads_number(enum way way)
{
	return way == MOV_SITE || way == LONG_SITE;
}

W_UNUSED static void put_trap(uint8_t *at)
{
	PUT_CODE(at, "\x90\x0f\x05\x90\xc3");
}

W_UNUSED static bool is_mov_site(const uint8_t *at, int nr)
{
	return at[0] == 0xb8 && memcmp(at + 1, &nr, sizeof(nr)) == 0 && at[5] == 0x0f &&
	       at[6] == 0x05;
}

/* Patched sites are jumps through a slot: jmp *abs32, or the same with a harmless scale. */
W_UNUSED static bool is_patched(const void *site)
{
	const volatile uint8_t *bytes = site;

	return bytes[0] == 0xff && bytes[1] == 0x24 && (bytes[2] == 0x25 || bytes[2] == 0x65);
}

W_UNUSED static bool is_patching(void)
{
	return getenv("T_PATCHING") != NULL;
}

/* With strace=1 every call is a line on a slow console. */
W_UNUSED static bool is_traced(void)
{
	return getenv("T_TRACED") != NULL;
}

W_UNUSED static int fewer(int count)
{
	return is_traced() ? count / 20 + 1 : count;
}

/* The functions below are called where the red zone may be in use: hence the 128 bytes. */
W_UNUSED static long enter(const void *code, long nr, const long *args)
{
	register const void *to asm("r12") = code;
	register long r10 asm("r10") = args[3];
	register long r8 asm("r8") = args[4];
	register long r9 asm("r9") = args[5];
	long rdi = args[0], rsi = args[1], rdx = args[2];

	asm volatile("lea -128(%%rsp), %%rsp\n\tcall *%[to]\n\tlea 128(%%rsp), %%rsp"
		     : "+a"(nr), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9)
		     : [to] "r"(to)
		     : "rcx", "r11", "cc", "memory");
	return nr;
}

#define ENTER(code, nr, ...) enter(code, nr, (const long[6]){__VA_ARGS__})

/* Runs a site until it is patched; gives whether it is. */
W_UNUSED static bool heat_with(const void *site, long nr, const long *args)
{
	for (int i = 0; i < 64; i++)
		enter(site, nr, args);
	for (int i = 0; i < 4000 && is_patching() && !is_patched(site); i++)
		enter(site, nr, args);
	return is_patched(site);
}

W_UNUSED static bool heat(const void *site, long nr)
{
	return heat_with(site, nr, (const long[6]){-1, -1, -1, -1, -1, -1});
}

/* As above; fails where sites should be patched and this one is not, or the other way round. */
#define CHECK_HEAT(site, nr) CHECK_EQ(heat(site, nr), is_patching())

/* --- the ways -------------------------------------------------------------------------------- */

static struct {
	uint8_t *code; /* a page for what takes any number, two each for MOV_SITE and LONG_SITE */
	const void *function;
} ways;

W_UNUSED static uint8_t *stub_of(enum way way)
{
	return ways.code + (way + 1) * 2 * SITE_BYTES;
}

W_UNUSED static uint8_t *numbered_stub_of(enum way way, long nr)
{
	return ways.code + PAGE + ((way - MOV_SITE) * HIGHEST_NUMBER + nr) * SITE_BYTES + 4;
}

W_UNUSED static const void *vsyscall_function(void)
{
	return (const void *)getauxval(32); /* AT_SYSINFO */
}

/* Fresh code for all ways; what was there goes. */
W_UNUSED static void ways_make(void)
{
	size_t size = PAGE + 2 * HIGHEST_NUMBER * SITE_BYTES;

	if (ways.code)
		munmap(ways.code, size);
	ways.code = code_map(size);
	put_trap(stub_of(TRAP));
	for (enum way way = CMP_SITE; way < WAYS; way++)
		put_site(stub_of(way), way, 0);
	PUT_CODE(stub_of(FUNCTION) + VSYSCALL_TRAP, "\x0f\x05\xc3");
	for (int nr = 0; nr < HIGHEST_NUMBER; nr++) {
		put_mov_site(numbered_stub_of(MOV_SITE, nr), nr);
		put_long_site(numbered_stub_of(LONG_SITE, nr), nr);
	}
	code_seal(ways.code, size);
	ways.function = vsyscall_function();
	if (!ways.function)
		ways.function = stub_of(FUNCTION) + VSYSCALL_TRAP;
}

W_UNUSED static const uint8_t *way_code(enum way way, long nr)
{
	if (way == FUNCTION)
		return ways.function;
	return loads_number(way) ? numbered_stub_of(way, nr) : stub_of(way);
}

/* Where a call is made, as a signal handler sees it: the address of the instruction. */
W_UNUSED static const uint8_t *way_instruction(enum way way, long nr)
{
	if (way == FUNCTION)
		return vsyscall_function() ? way_code(way, nr) + VSYSCALL_TRAP : way_code(way, nr);
	return way_code(way, nr) + (way == TRAP ? 1 : site_syscall(way));
}

W_UNUSED static bool is_site(enum way way)
{
	return way >= MOV_SITE;
}

/* Makes the way as fast as it gets; harmless calls of the number, with arguments of -1. */
W_UNUSED static bool way_heat(enum way way, long nr)
{
	if (!is_site(way))
		return true;
	return CHECK_EQ(heat(way_code(way, nr), loads_number(way) ? nr : SYS_getppid),
			is_patching());
}

#define WAY_CALL(way, nr, ...) enter(way_code(way, nr), nr, (const long[6]){__VA_ARGS__})

/* --- what the kernel tells -------------------------------------------------------------------- */

#define SITES_FILE "/proc/narthex/syscall_sites"

/* "patched mov" and the like for this address, "" when it is not there. */
W_UNUSED static void sites_say(const void *address, char *text, size_t size)
{
	FILE *file = fopen(SITES_FILE, "r");
	char line[128], state[32], reason[32];
	unsigned long at;

	text[0] = '\0';
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx %31s %31[^0-9\n]", &at, state, reason) == 3 &&
		    at == (uintptr_t)address)
			snprintf(text, size, "%s %s", state, reason);
	if (file)
		fclose(file);
	if (text[0] && text[strlen(text) - 1] == ' ')
		text[strlen(text) - 1] = '\0';
}

/* Where sites are patched, the kernel says so of this address. */
W_UNUSED static void check_said(const void *address, const char *wanted)
{
	char text[80];

	if (!is_patching())
		return;
	sites_say(address, text, sizeof(text));
	CHECK_STR(text, wanted);
}

#endif /* T_WAYS_H */
