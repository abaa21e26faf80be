/* SPDX-License-Identifier: BSD-3-Clause */
/* Symbols of a small ELF file made here: found, not found, damaged; and what a call looks like. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <uk/arch/backtrace.h>
#include <uk/elf_symbol.h>

#define TEXT_OFFSET 0x1000
#define TEXT_VADDR  0x5000
#define FILE_BYTES  0x2000

struct memory {
	struct elf_source source;
	const unsigned char *bytes;
};

static bool memory_read(struct elf_source *source, void *buf, size_t len, uint64_t offset)
{
	const struct memory *memory = (const struct memory *)source;

	if (offset > source->size_bytes || len > source->size_bytes - offset)
		abort(); /* the reader must have checked */
	memcpy(buf, memory->bytes + offset, len);
	return true;
}

static bool find(const unsigned char *bytes, size_t len, uint64_t offset, struct elf_symbol *symbol)
{
	struct memory memory = {{memory_read, len}, bytes};

	return elf_symbol_find(&memory.source, offset, symbol);
}

static void make_file(unsigned char *file)
{
	static const char names[] = "\0alpha\0beta\0data\0outside";
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)file;
	Elf64_Phdr *ph = (Elf64_Phdr *)(file + 64);
	Elf64_Shdr *sh = (Elf64_Shdr *)(file + 0x100);
	Elf64_Sym *sym = (Elf64_Sym *)(file + 0x300);

	memset(file, 0, FILE_BYTES);
	memcpy(ehdr->e_ident, "\177ELF\2\1\1", 7);
	ehdr->e_phoff = 64;
	ehdr->e_phnum = 1;
	ehdr->e_phentsize = sizeof(*ph);
	ehdr->e_shoff = 0x100;
	ehdr->e_shnum = 3;
	ehdr->e_shentsize = sizeof(*sh);
	*ph = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, TEXT_OFFSET, TEXT_VADDR, 0, 0x800, 0x800, 0x1000};
	sh[1] = (Elf64_Shdr){.sh_type = SHT_DYNSYM,
			     .sh_offset = 0x300,
			     .sh_link = 2,
			     .sh_size = 5 * sizeof(*sym)};
	sh[2] = (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = 0x400, .sh_size = sizeof(names)};
	memcpy(file + 0x400, names, sizeof(names));
	sym[1] =
		(Elf64_Sym){1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, TEXT_VADDR + 0x100, 0x40};
	sym[2] = (Elf64_Sym){7, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, TEXT_VADDR + 0x200, 0};
	sym[3] =
		(Elf64_Sym){12, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), 0, 1, TEXT_VADDR + 0x210, 8};
	sym[4] = (Elf64_Sym){17, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 0, TEXT_VADDR + 0x220, 8};
}

static void test_find(void **state)
{
	static unsigned char file[FILE_BYTES] __attribute__((aligned(8)));
	struct elf_symbol symbol;

	make_file(file);
	assert_true(find(file, FILE_BYTES, TEXT_OFFSET + 0x112, &symbol));
	assert_string_equal(symbol.name, "alpha");
	assert_int_equal(symbol.distance, 0x12);
	assert_false(find(file, FILE_BYTES, TEXT_OFFSET + 0x140, &symbol)); /* behind alpha */
	assert_false(find(file, FILE_BYTES, TEXT_OFFSET + 0x0ff, &symbol));
	assert_true(find(file, FILE_BYTES, TEXT_OFFSET + 0x225, &symbol));
	assert_string_equal(symbol.name, "beta"); /* neither the object nor the undefined one */
	assert_false(find(file, FILE_BYTES, 0x10, &symbol)); /* in no segment */
	assert_false(find(file, 63, TEXT_OFFSET + 0x112, &symbol));
}

static void test_damage(void **state)
{
	static unsigned char file[FILE_BYTES] __attribute__((aligned(8)));
	static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
	struct elf_symbol symbol;

	make_file(file);
	for (size_t i = 0; i < 0x420; i++) {
		unsigned char good = file[i];

		for (size_t v = 0; v < sizeof(values); v++) {
			file[i] = values[v];
			if (find(file, FILE_BYTES, TEXT_OFFSET + 0x112, &symbol))
				assert_true(strlen(symbol.name) < ELF_SYMBOL_MAX_NAME);
		}
		file[i] = good;
	}
	for (size_t len = 0; len < 0x500; len++)
		find(file, len, TEXT_OFFSET + 0x112, &symbol);
}

static void test_calls(void **state)
{
	static const unsigned char calls[][UKARCH_CALL_BYTES] = {
		{0x90, 0x90, 0xe8, 1, 2, 3, 4},             /* call rel32 */
		{0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xd0}, /* call *%rax */
		{0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0x10}, /* call *(%rax) */
		{0x90, 0x90, 0x90, 0x90, 0xff, 0x50, 8},    /* call *8(%rax) */
		{0x90, 0xff, 0x15, 1, 2, 3, 4},             /* call *x(%rip) */
		{0xff, 0x94, 0xc3, 1, 2, 3, 4},             /* call *x(%rbx,%rax,8) */
	};
	static const unsigned char nops[UKARCH_CALL_BYTES] = {0x90, 0x90, 0x90, 0x90,
							      0x90, 0x90, 0x90};

	for (size_t i = 0; i < UK_ARRAY_SIZE(calls); i++)
		assert_true(ukarch_ends_in_call(calls[i]));
	assert_false(ukarch_ends_in_call(nops));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
