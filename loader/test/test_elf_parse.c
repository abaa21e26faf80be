/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ELF checks against one good file and every corruption we could think of: each must be
 * refused with a text that names the field, or accepted where Linux accepts it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <uk/elf_parse.h>

#define PHNUM 8

/* A small PIE: text, data with bss, interpreter, TLS, stack, relro, property, its own headers. */
struct sample {
	Elf64_Ehdr ehdr;
	Elf64_Phdr ph[PHNUM];
	uint64_t file_size;
};
enum { PHDR, INTERP, TEXT, DATA, TLS, STACK, RELRO, PROPERTY };

static const struct elf_limits limits = {
	.machine = EM_X86_64,
	.user_base = 0x10000,
	.user_end = 0x7ffffffff000,
};

static void make_sample(struct sample *s)
{
	*s = (struct sample){
		.ehdr =
			{
				.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
					    EV_CURRENT},
				.e_type = ET_DYN,
				.e_machine = EM_X86_64,
				.e_version = EV_CURRENT,
				.e_entry = 0x1000,
				.e_phoff = 64,
				.e_ehsize = 64,
				.e_phentsize = 56,
				.e_phnum = PHNUM,
			},
		.ph =
			{
				[PHDR] = {PT_PHDR, PF_R, 64, 64, 64, 448, 448, 8},
				[INTERP] = {PT_INTERP, PF_R, 0x200, 0x200, 0x200, 28, 28, 1},
				[TEXT] = {PT_LOAD, PF_R | PF_X, 0, 0, 0, 0x2000, 0x2000, 0x1000},
				[DATA] = {PT_LOAD, PF_R | PF_W, 0x2100, 0x3100, 0x3100, 0x400,
					  0x3000, 0x1000},
				[TLS] = {PT_TLS, PF_R, 0x2100, 0x3100, 0x3100, 0x10, 0x40, 16},
				[STACK] = {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16},
				[RELRO] = {PT_GNU_RELRO, PF_R, 0x2100, 0x3100, 0x3100, 0x100, 0x100,
					   1},
				[PROPERTY] = {PT_GNU_PROPERTY, PF_R, 0x300, 0x300, 0x300, 0x20,
					      0x20, 8},
			},
		.file_size = 0x3000,
	};
}

static int parse(const struct sample *s, struct elf_image *image, struct elf_error *error)
{
	struct elf_header header;
	int ret =
		elf_parse_header(&s->ehdr, sizeof(s->ehdr), s->file_size, &limits, &header, error);
	static Elf64_Phdr many[ELF_MAX_PHDR_BYTES / sizeof(Elf64_Phdr)];

	if (ret)
		return ret;
	memset(many, 0, sizeof(many));
	memcpy(many, s->ph, sizeof(s->ph));
	return elf_parse_phdrs(many, &header, s->file_size, &limits, image, error);
}

static void test_good(void **state)
{
	struct elf_image image;
	struct elf_error error;
	struct sample s;

	make_sample(&s);
	assert_int_equal(parse(&s, &image, &error), 0);
	assert_int_equal(image.header.type, ET_DYN);
	assert_int_equal(image.low, 0);
	assert_int_equal(image.high, 0x7000);
	assert_int_equal(image.align, 0x1000);
	assert_int_equal(image.load_count, 2);
	assert_true(image.has_phdr_vaddr);
	assert_int_equal(image.phdr_vaddr, 64);
	assert_int_equal(image.stack, ELF_STACK_NOEXEC);
	assert_true(image.interp.is_present && image.tls.is_present && image.relro.is_present &&
		    image.property.is_present);
	assert_int_equal(image.interp.filesz, 28);
}

/* Each sets one field of a good file; `want` is part of the refusal, NULL: it is accepted. */
struct change {
	const char *name, *want;
	size_t offset;
	unsigned int bytes;
	uint64_t value;
};
#define HEADER(field, value, want)                                                                 \
	{                                                                                          \
		"e: " #field "=" #value, want, offsetof(struct sample, ehdr.field),                \
			sizeof(((struct sample *)0)->ehdr.field), value                            \
	}
#define PH(i, field, value, want)                                                                  \
	{                                                                                          \
		"p: " #i "." #field "=" #value, want, offsetof(struct sample, ph[i].field),        \
			sizeof(((struct sample *)0)->ph[0].field), value                           \
	}

static const struct change changes[] = {
	HEADER(e_ident[0], 0, "neither an ELF"),
	HEADER(e_ident[3], 'G', "neither an ELF"),
	HEADER(e_ident[EI_CLASS], 0, "EI_CLASS is 0"),
	HEADER(e_ident[EI_CLASS], ELFCLASS32, "a 32-bit ELF for x86-64"),
	HEADER(e_ident[EI_DATA], 0, "EI_DATA is 0"),
	HEADER(e_ident[EI_DATA], ELFDATA2MSB, "e_machine is 15872"),
	HEADER(e_machine, EM_AARCH64, "is an ELF for AArch64"),
	HEADER(e_machine, EM_RISCV, "is an ELF for RISC-V"),
	HEADER(e_machine, 0x4242, "e_machine is 16962"),
	HEADER(e_type, ET_NONE, "e_type is 0"),
	HEADER(e_type, ET_REL, "e_type is 1 (a relocatable object)"),
	HEADER(e_type, ET_CORE, "e_type is 4 (a core dump)"),
	HEADER(e_type, 0xffff, "e_type is 65535"),
	HEADER(e_phentsize, 55, "e_phentsize is 55, want 56"),
	HEADER(e_phentsize, 0, "e_phentsize is 0"),
	HEADER(e_phnum, 0, "e_phnum is 0"),
	HEADER(e_phnum, 0xffff, "e_phnum is 65535"),
	HEADER(e_phoff, 0x2fff, "e_phoff 0x2fff"),
	HEADER(e_phoff, UINT64_MAX, "e_phoff"),
	HEADER(e_phoff, UINT64_MAX - 100, "e_phoff"),
	HEADER(e_version, 7, NULL),
	HEADER(e_ehsize, 0, NULL),
	HEADER(e_shoff, UINT64_MAX, NULL),
	HEADER(e_ident[EI_OSABI], 200, NULL),
	HEADER(e_entry, UINT64_MAX, NULL), /* the interpreter decides */
	PH(TEXT, p_filesz, 0x2001, "p_filesz 0x2001 exceeds p_memsz 0x2000"),
	PH(TEXT, p_offset, 0x2000, "the file ends at 0x3000"),
	PH(TEXT, p_offset, UINT64_MAX, "p_offset + p_filesz overflows"),
	PH(TEXT, p_vaddr, UINT64_MAX - 10, "p_vaddr + p_memsz overflows"),
	PH(TEXT, p_vaddr, 0x7fffffffe001, "leaves the address space"),
	PH(TEXT, p_vaddr, 0xffff800000000000, "leaves the address space"),
	PH(DATA, p_memsz, UINT64_MAX, "p_vaddr + p_memsz overflows"),
	PH(DATA, p_memsz, 0x3ff, "p_filesz 0x400 exceeds p_memsz 0x3ff"),
	PH(DATA, p_memsz, 1UL << 47, "leaves the address space"),
	PH(DATA, p_filesz, UINT64_MAX, "overflows"),
	PH(DATA, p_offset, 0x2101, NULL), /* misaligned: read in */
	PH(DATA, p_vaddr, 0, NULL),       /* overlaps, not sorted: Linux does not mind */
	PH(DATA, p_align, 3, NULL),
	PH(DATA, p_align, 0, NULL),
	PH(DATA, p_align, 1UL << 30, NULL),
	PH(DATA, p_paddr, UINT64_MAX, NULL),
	PH(DATA, p_flags, 0, NULL),
	PH(INTERP, p_filesz, 0, "PT_INTERP (program header 1): p_filesz is 0"),
	PH(INTERP, p_filesz, 1, "PT_INTERP (program header 1): p_filesz is 1"),
	PH(INTERP, p_filesz, 4097, "want 2 to 4096"),
	PH(INTERP, p_filesz, UINT64_MAX, "overflows"),
	PH(INTERP, p_offset, 0x2fff, "the file ends at"),
	PH(TLS, p_filesz, 0x41, "PT_TLS (program header 4): p_filesz exceeds p_memsz"),
	PH(TLS, p_align, 24, "PT_TLS (program header 4): p_align 0x18"),
	PH(TLS, p_offset, UINT64_MAX - 4, "overflows"),
	PH(RELRO, p_vaddr, UINT64_MAX, "PT_GNU_RELRO (program header 6)"),
	PH(PROPERTY, p_offset, 0x3000, "the file ends at"),
	PH(STACK, p_memsz, UINT64_MAX, NULL),
	PH(PHDR, p_vaddr, UINT64_MAX, NULL),
	PH(PHDR, p_type, 0x12345678, NULL),
};

static void test_corruptions(void **state)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *change = &changes[i];
		struct elf_error error = {""};
		struct elf_image image;
		struct sample s;
		int ret;

		make_sample(&s);
		memcpy((char *)&s + change->offset, &change->value, change->bytes);
		ret = parse(&s, &image, &error);
		if (!change->want && ret)
			fail_msg("%s: refused: %s", change->name, error.text);
		if (change->want && (ret != -ENOEXEC || !strstr(error.text, change->want)))
			fail_msg("%s: %d \"%s\", want \"%s\"", change->name, ret, error.text,
				 change->want);
	}
}

static void test_foreign(void **state)
{
	struct elf_image image;
	struct elf_error error;
	struct sample s;

	make_sample(&s);
	s.ehdr.e_ident[EI_CLASS] = ELFCLASS32;
	s.ehdr.e_machine = EM_386;
	assert_int_equal(parse(&s, &image, &error), -ENOEXEC);
	assert_string_equal(error.text, "is a 32-bit ELF for i386, this machine runs 64-bit ELF "
					"for x86-64");
	make_sample(&s);
	s.ehdr.e_ident[EI_DATA] = ELFDATA2MSB;
	s.ehdr.e_machine = EM_PPC64 << 8;
	assert_int_equal(parse(&s, &image, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "is a big-endian ELF for PowerPC64"));
}

static void test_short(void **state)
{
	struct elf_header header;
	struct elf_error error;
	struct sample s;

	make_sample(&s);
	for (size_t len = 0; len < sizeof(s.ehdr); len++) {
		assert_int_equal(elf_parse_header(&s.ehdr, len, len, &limits, &header, &error),
				 -ENOEXEC);
		assert_non_null(strstr(error.text, len < 4 ? "neither" : "is cut off"));
	}
}

static void test_exec_and_entry(void **state)
{
	struct elf_image image;
	struct elf_error error;
	struct sample s;

	make_sample(&s);
	s.ehdr.e_type = ET_EXEC;
	assert_int_equal(parse(&s, &image, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "p_vaddr 0x0 is below 0x10000"));
	s.ph[TEXT].p_vaddr = 0x400000;
	s.ph[DATA].p_vaddr = 0x10000;
	assert_int_equal(parse(&s, &image, &error), 0);
	assert_int_equal(image.low, 0x10000);
	assert_int_equal(image.high, 0x402000);
	assert_int_equal(image.phdr_vaddr, 0x400040);

	make_sample(&s);
	s.ph[INTERP].p_type = PT_NULL;
	assert_int_equal(parse(&s, &image, &error), 0);
	s.ehdr.e_entry = 0x2000; /* between the segments */
	assert_int_equal(parse(&s, &image, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "e_entry 0x2000 lies in no PT_LOAD"));
	make_sample(&s);
	s.ph[TEXT].p_type = s.ph[DATA].p_type = PT_NULL;
	assert_int_equal(parse(&s, &image, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "none of them is a PT_LOAD"));
}

static void test_stack_flags(void **state)
{
	struct elf_image image;
	struct elf_error error;
	struct sample s;

	make_sample(&s);
	s.ph[STACK].p_flags |= PF_X;
	assert_int_equal(parse(&s, &image, &error), 0);
	assert_int_equal(image.stack, ELF_STACK_EXEC);
	s.ph[STACK].p_type = PT_NULL;
	assert_int_equal(parse(&s, &image, &error), 0);
	assert_int_equal(image.stack, ELF_STACK_DEFAULT);
}

static void test_zero_length(void **state)
{
	struct elf_image image;
	struct elf_error error;
	struct sample s;

	make_sample(&s);
	s.ph[DATA].p_filesz = s.ph[DATA].p_memsz = 0;
	s.ph[DATA].p_offset = 0x9000; /* behind the end, but nothing is read there */
	assert_int_equal(parse(&s, &image, &error), 0);
	assert_int_equal(image.load_count, 1);
	assert_int_equal(image.high, 0x2000);
}

static void test_interp_path(void **state)
{
	struct elf_error error;

	assert_int_equal(elf_parse_interp("/lib/ld.so", 11, &error), 0);
	assert_int_equal(elf_parse_interp("/lib/ld.so", 10, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "PT_INTERP: the path does not end"));
	assert_int_equal(elf_parse_interp("\0", 2, &error), -ENOEXEC);
	assert_int_equal(elf_parse_interp("", 0, &error), -ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),           cmocka_unit_test(test_corruptions),
		cmocka_unit_test(test_foreign),        cmocka_unit_test(test_short),
		cmocka_unit_test(test_exec_and_entry), cmocka_unit_test(test_stack_flags),
		cmocka_unit_test(test_zero_length),    cmocka_unit_test(test_interp_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
