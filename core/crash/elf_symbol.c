/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Symbol lookup in an ELF file (gABI chapter 4). Pure. The tables are read in small pieces;
 * every count is bounded, so that a damaged file costs time in proportion to its size at most.
 */
#include <elf.h>
#include <uk/elf_symbol.h>
#include <uk/string.h>

#define MAX_PHDRS    1024
#define MAX_SECTIONS 4096
#define MAX_SYMBOLS  (1UL << 20)
#define SYMS_AT_ONCE 16

/* The best candidate so far. */
struct search {
	struct elf_source *source;
	uint64_t addr; /* as the file numbers addresses */
	uint64_t best_value;
	uint64_t best_name; /* offset in the file */
	bool has_best;
};

static bool read_at(struct elf_source *source, void *buf, size_t len, uint64_t offset)
{
	uint64_t end;

	if (uk_add_overflow(offset, len, &end) || end > source->size_bytes)
		return false;
	return source->read(source, buf, len, offset);
}

static bool read_entry(struct elf_source *source, void *buf, size_t len, uint64_t table,
		       uint64_t index)
{
	uint64_t offset;

	return !uk_mul_overflow(index, (uint64_t)len, &offset) &&
	       !uk_add_overflow(table, offset, &offset) && read_at(source, buf, len, offset);
}

/* From an offset in the file to the address that the symbols speak of. */
static bool file_offset_to_addr(struct elf_source *source, const Elf64_Ehdr *ehdr,
				uint64_t file_offset, uint64_t *addr)
{
	Elf64_Phdr ph;

	for (unsigned int i = 0; i < ehdr->e_phnum && i < MAX_PHDRS; i++) {
		if (!read_entry(source, &ph, sizeof(ph), ehdr->e_phoff, i))
			return false;
		if (ph.p_type == PT_LOAD && file_offset >= ph.p_offset &&
		    file_offset - ph.p_offset < ph.p_filesz) {
			*addr = ph.p_vaddr + (file_offset - ph.p_offset);
			return true;
		}
	}
	return false;
}

static void consider(struct search *search, const Elf64_Sym *sym, const Elf64_Shdr *strings)
{
	unsigned int type = ELF64_ST_TYPE(sym->st_info);
	uint64_t distance = search->addr - sym->st_value;

	if ((type != STT_FUNC && type != STT_GNU_IFUNC) || sym->st_shndx == SHN_UNDEF ||
	    sym->st_value > search->addr || sym->st_name >= strings->sh_size)
		return;
	/* A function of unknown size (assembly) reaches to the next one. */
	if (sym->st_size && distance >= sym->st_size)
		return;
	if (search->has_best && sym->st_value <= search->best_value)
		return;
	if (uk_add_overflow(strings->sh_offset, (uint64_t)sym->st_name, &search->best_name))
		return;
	search->best_value = sym->st_value;
	search->has_best = true;
}

static void search_table(struct search *search, const Elf64_Shdr *table, const Elf64_Shdr *strings)
{
	Elf64_Sym syms[SYMS_AT_ONCE];
	uint64_t count = UK_MIN(table->sh_size / sizeof(Elf64_Sym), MAX_SYMBOLS);

	for (uint64_t i = 0; i < count; i += SYMS_AT_ONCE) {
		size_t part = (size_t)UK_MIN(count - i, (uint64_t)SYMS_AT_ONCE);
		uint64_t offset;

		if (uk_add_overflow(table->sh_offset, i * sizeof(Elf64_Sym), &offset) ||
		    !read_at(search->source, syms, part * sizeof(Elf64_Sym), offset))
			return;
		for (size_t k = 0; k < part; k++)
			consider(search, &syms[k], strings);
	}
}

/* A name may end right at the end of the file, so it is read byte by byte in the worst case. */
static bool read_name(struct elf_source *source, uint64_t offset, char *name)
{
	uint64_t left = offset < source->size_bytes ? source->size_bytes - offset : 0;
	size_t len = (size_t)UK_MIN(left, (uint64_t)ELF_SYMBOL_MAX_NAME - 1);

	if (!len || !read_at(source, name, len, offset))
		return false;
	name[len] = '\0';
	for (size_t i = 0; name[i]; i++)
		if (name[i] < ' ' || name[i] > '~')
			return false;
	return name[0] != '\0';
}

static void search_sections(struct search *search, const Elf64_Ehdr *ehdr, uint32_t type)
{
	Elf64_Shdr table, strings;

	for (unsigned int i = 0; i < ehdr->e_shnum && i < MAX_SECTIONS; i++) {
		if (!read_entry(search->source, &table, sizeof(table), ehdr->e_shoff, i))
			return;
		if (table.sh_type != type || table.sh_link >= ehdr->e_shnum ||
		    !read_entry(search->source, &strings, sizeof(strings), ehdr->e_shoff,
				table.sh_link))
			continue;
		search_table(search, &table, &strings);
		return; /* a file has one of each */
	}
}

bool elf_symbol_find(struct elf_source *source, uint64_t file_offset, struct elf_symbol *symbol)
{
	struct search search = {.source = source};
	Elf64_Ehdr ehdr;

	if (!read_at(source, &ehdr, sizeof(ehdr), 0) ||
	    memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 || ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr.e_phentsize != sizeof(Elf64_Phdr) || ehdr.e_shentsize != sizeof(Elf64_Shdr))
		return false;
	if (!file_offset_to_addr(source, &ehdr, file_offset, &search.addr))
		return false;
	search_sections(&search, &ehdr, SHT_SYMTAB);
	if (!search.has_best)
		search_sections(&search, &ehdr, SHT_DYNSYM);
	if (!search.has_best)
		return false;
	symbol->distance = search.addr - search.best_value;
	return read_name(source, search.best_name, symbol->name);
}
