/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ELF64 headers, checked (System V gABI chapters 4 and 5, elf(5)). Pure: works on buffers that the
 * caller filled, trusts no byte of them, allocates nothing.
 *
 * What Linux' loader accepts is accepted; what it would refuse, or what could only crash, is
 * refused with -ENOEXEC and a sentence that names the field.
 */
#ifndef UK_ELF_PARSE_H
#define UK_ELF_PARSE_H

#include <elf.h>
#include <uk/essentials.h>

/** The table of program headers is at most this long, as in Linux. */
#define ELF_MAX_PHDR_BYTES 65536

/** Why a file was refused; reads on after the file's name: "e_phentsize is 55, want 56". */
struct elf_error {
	char text[128];
};

/** What this machine and its address space accept. */
struct elf_limits {
	uint16_t machine;   /* EM_* */
	uint64_t user_base; /* lowest address of an ET_EXEC segment */
	uint64_t user_end;  /* first address behind the program's half */
};

struct elf_header {
	uint16_t type; /* ET_EXEC or ET_DYN */
	uint16_t phnum;
	uint64_t entry, phoff;
};

/** A program header that is only remembered, not loaded; all zero when the file has none. */
struct elf_part {
	uint64_t offset, vaddr, filesz, memsz, align;
	bool is_present;
};

enum elf_stack { ELF_STACK_DEFAULT, ELF_STACK_NOEXEC, ELF_STACK_EXEC };

struct elf_image {
	struct elf_header header;
	uint64_t low, high;      /* page-aligned span of all PT_LOAD, before the load bias */
	uint64_t align;          /* largest p_align of a PT_LOAD, at least a page */
	unsigned int load_count; /* PT_LOAD with p_memsz > 0 */
	uint64_t phdr_vaddr;     /* where the program headers are in memory */
	bool has_phdr_vaddr;
	enum elf_stack stack;
	struct elf_part interp, tls, relro, property;
};

/**
 * Checks the ELF header at `buf`, of which `len` bytes are there, in a file of `file_size`.
 * 0, or -ENOEXEC with *error set.
 */
int elf_parse_header(const void *buf, size_t len, uint64_t file_size,
		     const struct elf_limits *limits, struct elf_header *header,
		     struct elf_error *error);

/** Bytes of the program header table. */
static inline size_t elf_phdrs_bytes(const struct elf_header *header)
{
	return (size_t)header->phnum * sizeof(Elf64_Phdr);
}

/** Checks all program headers (header->phnum of them) and sums them up. 0 or -ENOEXEC. */
int elf_parse_phdrs(const Elf64_Phdr *phdrs, const struct elf_header *header, uint64_t file_size,
		    const struct elf_limits *limits, struct elf_image *image,
		    struct elf_error *error);

/** Checks the bytes that PT_INTERP names: a path that ends with its last byte. 0 or -ENOEXEC. */
int elf_parse_interp(const char *text, size_t len, struct elf_error *error);

/** "x86-64", "AArch64"; NULL for one we have no name for. */
const char *elf_machine_name(uint16_t machine);

#endif /* UK_ELF_PARSE_H */
