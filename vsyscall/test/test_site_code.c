/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call sites as code: what is recognized, and, by running them, what stubs do. The way into the
 * kernel is a few instructions here that tell what came in.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>
#include "site_code.h"

#define PAGE 4096
#define SLOT 0xffffffffff611316

static uint8_t page[PAGE];

/* `code` with its `syscall` at `offset` of the page, between other instructions. */
static enum site_reason recognize(size_t offset, const void *before, size_t before_len,
				  const void *behind, size_t behind_len, uint64_t nr,
				  struct site_code *code)
{
	memset(page, 0x90, sizeof(page));
	memcpy(page + offset - before_len, before, before_len);
	memcpy(page + offset, "\x0f\x05", 2);
	memcpy(page + offset + 2, behind, behind_len);
	return site_recognize(page, PAGE, offset, nr, code);
}
#define RECOGNIZE(offset, before, behind, nr, code)                                                \
	recognize(offset, before, sizeof(before) - 1, behind, sizeof(behind) - 1, nr, code)

#define MOV_39      "\xb8\x27\0\0\0"
#define CMP_RAX     "\x48\x3d\0\xf0\xff\xff"
#define LONG_MOV_39 "\x48\xc7\xc0\x27\0\0\0"
#define CALL        "\x48\x89\xc7\xe8\xf6\0\0\0" /* mov %rax,%rdi; call to 256 behind the site */
#define CMP_EAX     "\x3d\0\xf0\xff\xff"

static void test_shapes(void **state)
{
	struct site_code code;

	assert_int_equal(RECOGNIZE(100, MOV_39, "\xc3", 39, &code), SITE_OK);
	assert_int_equal(code.shape, SITE_MOV);
	assert_int_equal(code.start, 5);
	assert_int_equal(code.len, 7);
	assert_memory_equal(code.bytes, MOV_39 "\x0f\x05", 7);
	assert_int_equal(RECOGNIZE(100, "\x31\xc0", CMP_RAX, 0, &code), SITE_OK);
	assert_int_equal(code.shape, SITE_CMP);
	assert_int_equal(code.start, 0);
	assert_int_equal(code.len, 8);
	assert_int_equal(RECOGNIZE(100, "\x31\xc0", CMP_EAX, 0, &code), SITE_OK);
	assert_int_equal(code.len, 7);
	assert_int_equal(RECOGNIZE(100, LONG_MOV_39, "\xc3", 39, &code), SITE_OK);
	assert_int_equal(code.shape, SITE_MOV);
	assert_int_equal(code.start, 7);
	assert_int_equal(code.len, 9);
	assert_int_equal(RECOGNIZE(100, "\x31\xc0", CALL, 0, &code), SITE_OK);
	assert_int_equal(code.shape, SITE_CALL);
	assert_int_equal(code.len, 10);
	assert_int_equal(RECOGNIZE(100, "", "\x48\x63\xf8\xe9\0\1\0\0", 0, &code), SITE_OK);
	assert_int_equal(code.shape, SITE_CALL);
	/* Both at once: the shorter stub. */
	assert_int_equal(RECOGNIZE(100, MOV_39, CMP_RAX, 39, &code), SITE_OK);
	assert_int_equal(code.shape, SITE_MOV);
}

static void test_what_is_left(void **state)
{
	struct site_code code;

	assert_int_equal(RECOGNIZE(100, "\x89\xd0", "\xc3", 39, &code), SITE_SHAPE);
	/* Not the number that was called: the bytes are something else. */
	assert_int_equal(RECOGNIZE(100, MOV_39, "\xc3", 40, &code), SITE_SHAPE);
	/* mov $39,%r8d; lea 39(%rax),%edi; prefixes. */
	assert_int_equal(RECOGNIZE(100, "\x41" MOV_39, "\xc3", 39, &code), SITE_SHAPE);
	assert_int_equal(RECOGNIZE(100, "\x8d" MOV_39, "\xc3", 39, &code), SITE_SHAPE);
	assert_int_equal(RECOGNIZE(100, "\x64" MOV_39, "\xc3", 39, &code), SITE_SHAPE);
	assert_int_equal(RECOGNIZE(100, "\x66" MOV_39, "\xc3", 39, &code), SITE_SHAPE);
	assert_int_equal(RECOGNIZE(100, "", "\x48\x89\xc6\xe8\0\0\0\0", 39, &code), SITE_SHAPE);
	assert_int_equal(RECOGNIZE(100, "", "\x48\x89\xc7\xc3\0\0\0\0", 39, &code), SITE_SHAPE);
	/* movl $39,-72(%rsp); cmpl $39,-72(%rbx); movl $39,(%rax,%rdi,4) */
	assert_int_equal(RECOGNIZE(100, "\xc7\x44\x24" MOV_39, "\xc3", 39, &code), SITE_SHAPE);
	assert_int_equal(RECOGNIZE(100, "\x81\x7b" MOV_39, "\xc3", 39, &code), SITE_SHAPE);
	assert_int_equal(RECOGNIZE(100, "\xc7\x04" MOV_39, "\xc3", 39, &code), SITE_SHAPE);
	/* A zero in front, the end of an instruction that loads an argument. */
	assert_int_equal(RECOGNIZE(100, "\xbf\0\0\0\0" MOV_39, "\xc3", 39, &code), SITE_OK);
}

static void test_page_ends(void **state)
{
	struct site_code code;

	/* What is before the page cannot be seen. */
	assert_int_equal(RECOGNIZE(7, MOV_39, "\xc3", 39, &code), SITE_BOUNDARY);
	assert_int_equal(RECOGNIZE(8, MOV_39, "\xc3", 39, &code), SITE_OK);
	assert_int_equal(RECOGNIZE(0, "", CMP_RAX, 0, &code), SITE_OK);
	assert_int_equal(RECOGNIZE(PAGE - 8, "", CMP_RAX, 0, &code), SITE_OK);
	assert_int_equal(RECOGNIZE(PAGE - 7, "", "\x48\x3d\0\xf0\xff", 0, &code), SITE_BOUNDARY);
	assert_int_equal(RECOGNIZE(PAGE - 7, "", CMP_EAX, 0, &code), SITE_OK);
	assert_int_equal(RECOGNIZE(PAGE - 2, MOV_39, "", 39, &code), SITE_OK);
	assert_int_equal(site_recognize(page, PAGE, PAGE - 1, 39, &code), SITE_BOUNDARY);
}

static void test_jumps(void **state)
{
	struct site_code code;
	uint8_t jump[SITE_BYTES_MAX];

	assert_int_equal(RECOGNIZE(100, MOV_39, "\xc3", 39, &code), SITE_OK);
	site_encode_jump(&code, SLOT, jump);
	assert_memory_equal(jump, "\xff\x24\x25\x16\x13\x61\xff", 7);
	assert_int_equal(RECOGNIZE(100, "", CMP_RAX, 39, &code), SITE_OK);
	site_encode_jump(&code, SLOT, jump);
	assert_memory_equal(jump, "\xff\x24\x65\x16\x13\x61\xff\x90", 8);
	assert_int_equal(RECOGNIZE(100, LONG_MOV_39, "\xc3", 39, &code), SITE_OK);
	site_encode_jump(&code, SLOT, jump);
	assert_memory_equal(jump, "\xff\x24\x25\x16\x13\x61\xff\x0f\x0b", 9);
	assert_int_equal(RECOGNIZE(100, "", CALL, 39, &code), SITE_OK);
	site_encode_jump(&code, SLOT, jump);
	assert_memory_equal(jump, "\xff\x24\x65\x16\x13\x61\xff", 7);
}

/* --- stubs, run ------------------------------------------------------------------------------- */

/* Executable memory: the entry, a stub and a site that jumps to it. */
#define ENTRY  0x000
#define STUB   0x100
#define SITE   0x200
#define CALLED (SITE + 256)

static uint8_t *memory;

/* lea 1000(%rax),%rax; jmp *%rcx */
static const uint8_t entry[] = {0x48, 0x8d, 0x80, 0xe8, 0x03, 0, 0, 0xff, 0xe1};

/* lea 5(%rdi),%rax; ret */
static const uint8_t called[] = {0x48, 0x8d, 0x47, 0x05, 0xc3};

/* Runs a site: %rax in, %rax out, and whether the compare found it above or equal. */
static uint64_t run(const struct site_code *code, uint64_t rax, bool *is_above)
{
	struct site_stub_place place = {
		.stub = (uintptr_t)memory + STUB,
		.kernel_entry = (uintptr_t)memory + ENTRY,
		.site = (uintptr_t)memory + SITE,
		.entries = 400,
	};
	uint8_t *site = memory + SITE;

	memcpy(memory + ENTRY, entry, sizeof(entry));
	memcpy(memory + CALLED, called, sizeof(called));
	site_encode_stub(code, &place, memory + STUB);
	memcpy(site, "\xe9\xfb\xfe\xff\xff\xcc\xcc\xcc", 8); /* jmp stub */
	site[code->len] = 0xc3;                              /* ret */
	__asm__ volatile("subq $128, %%rsp\n\t"
			 "call *%[site]\n\t"
			 "setae %b[above]\n\t"
			 "leaq 128(%%rsp), %%rsp"
			 : "+a"(rax), [above] "=r"(*is_above)
			 : [site] "r"(site)
			 : "rcx", "r11", "rdi", "memory", "cc");
	return rax;
}

static void test_stubs_run(void **state)
{
	struct site_code code;
	bool is_above;

	/* Low, so that a sign-extended 32-bit address reaches it, as one of the high end. */
	memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(RECOGNIZE(100, MOV_39, "\xc3", 39, &code), SITE_OK);
	assert_int_equal(run(&code, 7, &is_above), 1039);
	assert_int_equal(RECOGNIZE(100, "", "\x48\x3d\xf3\x03\0\0", 11, &code), SITE_OK);
	assert_int_equal(run(&code, 11, &is_above), 1011); /* cmp $1011,%rax */
	assert_true(is_above);
	assert_int_equal(run(&code, 10, &is_above), 1010);
	assert_false(is_above);
	assert_int_equal(RECOGNIZE(100, "", "\x3d\xf3\x03\0\0", 11, &code), SITE_OK);
	assert_int_equal(run(&code, 12, &is_above), 1012);
	assert_true(is_above);
	assert_int_equal(RECOGNIZE(100, LONG_MOV_39, "\xc3", 39, &code), SITE_OK);
	assert_int_equal(run(&code, 7, &is_above), 1039);
	assert_int_equal(RECOGNIZE(100, "", CALL, 11, &code), SITE_OK);
	assert_int_equal(run(&code, 11, &is_above), 1016);
	assert_int_equal(RECOGNIZE(100, "", "\x48\x89\xc7\xe9\xf6\0\0\0", 11, &code), SITE_OK);
	assert_int_equal(run(&code, 11, &is_above), 1016);
	/* No such number: it traps, and the host's kernel says so. */
	assert_int_equal((int64_t)run(&code, 5000, &is_above), -38 + 5);
	assert_int_equal(munmap(memory, PAGE), 0);
}

static void test_settled_addresses(void **state)
{
	struct site_stub_place place = {
		.stub = SLOT + 34, .kernel_entry = 0xffffffff80100000, .site = 0x7f0000001000};
	uint8_t stub[SITE_STUB_BYTES];
	struct site_code code;

	assert_int_equal(RECOGNIZE(100, MOV_39, "\xc3", 39, &code), SITE_OK);
	site_encode_stub(&code, &place, stub);
	assert_int_equal(site_stub_settle(stub, 0), place.site);
	assert_int_equal(site_stub_settle(stub, 12), place.site);
	assert_int_equal(site_stub_settle(stub, site_stub_trap(&code)), place.site + 5);
	assert_memory_equal(stub + site_stub_trap(&code), "\x0f\x05", 2);
	assert_int_equal(site_stub_settle(stub, site_stub_post(&code)), place.site + 7);
	assert_int_equal(site_stub_settle(stub, SITE_STUB_BYTES - 1), 0);

	assert_int_equal(RECOGNIZE(100, "", CMP_RAX, 0, &code), SITE_OK);
	site_encode_stub(&code, &place, stub);
	assert_int_equal(site_stub_settle(stub, 15), place.site);
	assert_int_equal(site_stub_settle(stub, site_stub_trap(&code)), place.site);
	assert_memory_equal(stub + site_stub_trap(&code), "\x0f\x05", 2);
	assert_int_equal(site_stub_settle(stub, site_stub_post(&code)), place.site + 2);
	assert_int_equal(site_stub_settle(stub, site_stub_post(&code) + 6), place.site + 8);

	assert_int_equal(RECOGNIZE(100, "", CALL, 0, &code), SITE_OK);
	site_encode_stub(&code, &place, stub);
	assert_int_equal(site_stub_settle(stub, site_stub_post(&code)), place.site + 2);
	assert_int_equal(site_stub_settle(stub, site_stub_call(&code)), place.site + 5);
	assert_memory_equal(stub + site_stub_call(&code), "\xff\x35", 2);
	assert_int_equal(site_stub_settle(stub, site_stub_call(&code) + 6), place.site + 256);
	assert_int_equal(site_stub_settle(stub, site_stub_call(&code) + 1), 0);
}

static void test_reasons_have_texts(void **state)
{
	for (int reason = SITE_SHAPE; reason <= SITE_JUMPED_AT; reason++)
		assert_true(strlen(site_reason_text((enum site_reason)reason)) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_what_is_left),
		cmocka_unit_test(test_page_ends),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_stubs_run),
		cmocka_unit_test(test_settled_addresses),
		cmocka_unit_test(test_reasons_have_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
