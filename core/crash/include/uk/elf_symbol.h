/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The function at a place in an ELF64 file, from its .symtab or .dynsym. Pure: bytes come through a
 * callback, none of them is trusted.
 */
#ifndef UK_ELF_SYMBOL_H
#define UK_ELF_SYMBOL_H

#include <uk/essentials.h>

struct elf_source {
	/** Exactly `len` bytes at `offset` into buf; false when they cannot be had. */
	bool (*read)(struct elf_source *source, void *buf, size_t len, uint64_t offset);
	uint64_t size_bytes;
};

#define ELF_SYMBOL_MAX_NAME 96 /* with the NUL; longer names are cut */

struct elf_symbol {
	uint64_t distance; /* bytes behind the start of the function */
	char name[ELF_SYMBOL_MAX_NAME];
};

/** The function that holds the byte at `file_offset` of the file. False: none is known. */
bool elf_symbol_find(struct elf_source *source, uint64_t file_offset, struct elf_symbol *symbol);

#endif /* UK_ELF_SYMBOL_H */
