/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ELF64 header checks. Pure (see uk/elf_parse.h). Every sum of two foreign numbers is
 * overflow-checked before anything else looks at it. Fields that Linux does not look at (versions,
 * ABI, section headers, p_paddr) are not looked at here either: hand-made files rely on that.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <uk/elf_parse.h>
#include <uk/fmt.h>
#include <uk/string.h>

#define fail(error, ...) (uk_snprintf((error)->text, sizeof((error)->text), __VA_ARGS__), -ENOEXEC)

static const struct {
	uint16_t machine;
	char name[14];
} machines[] = {
	{EM_386, "i386"},     {EM_X86_64, "x86-64"}, {EM_AARCH64, "AArch64"},  {EM_ARM, "ARM"},
	{EM_RISCV, "RISC-V"}, {EM_PPC, "PowerPC"},   {EM_PPC64, "PowerPC64"},  {EM_S390, "S/390"},
	{EM_MIPS, "MIPS"},    {EM_SPARC, "SPARC"},   {EM_SPARCV9, "SPARC V9"}, {EM_68K, "m68k"},
	{EM_SH, "SuperH"},    {EM_IA_64, "Itanium"}, {EM_PARISC, "PA-RISC"},   {EM_ALPHA, "Alpha"},
	{258, "LoongArch"},   {EM_BPF, "BPF"},
};

const char *elf_machine_name(uint16_t machine)
{
	for (size_t i = 0; i < UK_ARRAY_SIZE(machines); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return NULL;
}

static const char *type_name(uint16_t type)
{
	switch (type) {
	case ET_NONE:
		return "no type";
	case ET_REL:
		return "a relocatable object";
	case ET_CORE:
		return "a core dump";
	default:
		return "unknown";
	}
}

/* An ELF for another machine, word size or byte order: says for which. */
static int check_machine(const Elf64_Ehdr *ehdr, const struct elf_limits *limits,
			 struct elf_error *error)
{
	bool is_big = ehdr->e_ident[EI_DATA] == ELFDATA2MSB;
	bool is_32 = ehdr->e_ident[EI_CLASS] == ELFCLASS32;
	uint16_t machine = is_big ? __builtin_bswap16(ehdr->e_machine) : ehdr->e_machine;
	const char *name = elf_machine_name(machine);

	if (ehdr->e_ident[EI_CLASS] != ELFCLASS64 && !is_32)
		return fail(error, "EI_CLASS is %u, want %u (64-bit)", ehdr->e_ident[EI_CLASS],
			    ELFCLASS64);
	if (ehdr->e_ident[EI_DATA] != ELFDATA2LSB && !is_big)
		return fail(error, "EI_DATA is %u, want %u (little-endian)", ehdr->e_ident[EI_DATA],
			    ELFDATA2LSB);
	if (!is_32 && !is_big && machine == limits->machine)
		return 0;
	if (!name)
		return fail(error, "e_machine is %u, want %u (%s)", machine, limits->machine,
			    elf_machine_name(limits->machine));
	return fail(error, "is %s%s ELF for %s, this machine runs 64-bit ELF for %s",
		    is_32    ? "a 32-bit"
		    : is_big ? "a"
			     : "an",
		    is_big ? " big-endian" : "", name, elf_machine_name(limits->machine));
}

int elf_parse_header(const void *buf, size_t len, uint64_t file_size,
		     const struct elf_limits *limits, struct elf_header *header,
		     struct elf_error *error)
{
	Elf64_Ehdr ehdr;
	uint64_t bytes, end;
	int ret;

	if (len < SELFMAG || memcmp(buf, ELFMAG, SELFMAG) != 0)
		return fail(error, "is neither an ELF file nor a #! script");
	if (len < sizeof(ehdr) || file_size < sizeof(ehdr))
		return fail(error, "is cut off: %llu bytes, the ELF header alone has %zu",
			    (unsigned long long)UK_MIN(file_size, (uint64_t)len), sizeof(ehdr));
	memcpy(&ehdr, buf, sizeof(ehdr));
	ret = check_machine(&ehdr, limits, error);
	if (ret)
		return ret;
	if (ehdr.e_type != ET_EXEC && ehdr.e_type != ET_DYN)
		return fail(error, "e_type is %u (%s), want %u (EXEC) or %u (DYN)", ehdr.e_type,
			    type_name(ehdr.e_type), ET_EXEC, ET_DYN);
	if (ehdr.e_phentsize != sizeof(Elf64_Phdr))
		return fail(error, "e_phentsize is %u, want %zu", ehdr.e_phentsize,
			    sizeof(Elf64_Phdr));
	bytes = (uint64_t)ehdr.e_phnum * sizeof(Elf64_Phdr);
	if (!bytes)
		return fail(error, "e_phnum is 0: there is nothing to load");
	if (bytes > ELF_MAX_PHDR_BYTES)
		return fail(error, "e_phnum is %u, at most %zu are supported", ehdr.e_phnum,
			    ELF_MAX_PHDR_BYTES / sizeof(Elf64_Phdr));
	if (uk_add_overflow(ehdr.e_phoff, bytes, &end) || end > file_size)
		return fail(error, "e_phoff 0x%llx puts the program headers behind the end of file",
			    (unsigned long long)ehdr.e_phoff);
	header->type = ehdr.e_type;
	header->phnum = ehdr.e_phnum;
	header->entry = ehdr.e_entry;
	header->phoff = ehdr.e_phoff;
	return 0;
}

/* The bytes in the file that a program header names. */
static int check_file_range(const Elf64_Phdr *ph, unsigned int index, uint64_t file_size,
			    struct elf_error *error)
{
	uint64_t end;

	if (uk_add_overflow(ph->p_offset, ph->p_filesz, &end))
		return fail(error, "program header %u: p_offset + p_filesz overflows", index);
	if (ph->p_filesz && end > file_size)
		return fail(error,
			    "program header %u: p_offset + p_filesz is 0x%llx, "
			    "the file ends at 0x%llx",
			    index, (unsigned long long)end, (unsigned long long)file_size);
	return 0;
}

static int check_load(const Elf64_Phdr *ph, unsigned int index, const struct elf_limits *limits,
		      const struct elf_header *header, struct elf_error *error)
{
	uint64_t end;

	if (ph->p_filesz > ph->p_memsz)
		return fail(error, "program header %u: p_filesz 0x%llx exceeds p_memsz 0x%llx",
			    index, (unsigned long long)ph->p_filesz,
			    (unsigned long long)ph->p_memsz);
	if (uk_add_overflow(ph->p_vaddr, ph->p_memsz, &end))
		return fail(error, "program header %u: p_vaddr + p_memsz overflows", index);
	if (end > limits->user_end)
		return fail(error,
			    "program header %u: p_vaddr 0x%llx + p_memsz 0x%llx "
			    "leaves the address space",
			    index, (unsigned long long)ph->p_vaddr,
			    (unsigned long long)ph->p_memsz);
	if (header->type == ET_EXEC && ph->p_memsz &&
	    UK_ALIGN_DOWN(ph->p_vaddr, UK_PAGE_SIZE) < limits->user_base)
		return fail(error, "program header %u: p_vaddr 0x%llx is below 0x%llx", index,
			    (unsigned long long)ph->p_vaddr, (unsigned long long)limits->user_base);
	return 0;
}

static void add_load(const Elf64_Phdr *ph, struct elf_image *image)
{
	const struct elf_header *header = &image->header;
	uint64_t low = UK_ALIGN_DOWN(ph->p_vaddr, UK_PAGE_SIZE);
	uint64_t high = UK_ALIGN_UP(ph->p_vaddr + ph->p_memsz, UK_PAGE_SIZE);

	if (!ph->p_memsz)
		return;
	if (!image->load_count || low < image->low)
		image->low = low;
	if (high > image->high)
		image->high = high;
	/* An alignment that is no power of two is ignored, as Linux does. */
	if (ph->p_align > image->align && !(ph->p_align & (ph->p_align - 1)))
		image->align = ph->p_align;
	if (header->phoff >= ph->p_offset && !image->has_phdr_vaddr &&
	    header->phoff - ph->p_offset < ph->p_filesz) {
		image->phdr_vaddr = ph->p_vaddr + (header->phoff - ph->p_offset);
		image->has_phdr_vaddr = true;
	}
	image->load_count++;
}

static void set_part(struct elf_part *part, const Elf64_Phdr *ph)
{
	if (part->is_present)
		return; /* the first one counts */
	*part = (struct elf_part){
		.offset = ph->p_offset,
		.vaddr = ph->p_vaddr,
		.filesz = ph->p_filesz,
		.memsz = ph->p_memsz,
		.align = ph->p_align,
		.is_present = true,
	};
}

static int check_tls(const Elf64_Phdr *ph, unsigned int index, struct elf_error *error)
{
	if (ph->p_filesz > ph->p_memsz)
		return fail(error, "PT_TLS (program header %u): p_filesz exceeds p_memsz", index);
	if (ph->p_align & (ph->p_align - 1))
		return fail(error, "PT_TLS (program header %u): p_align 0x%llx is no power of two",
			    index, (unsigned long long)ph->p_align);
	return 0;
}

static int check_interp(const Elf64_Phdr *ph, unsigned int index, struct elf_error *error)
{
	if (ph->p_filesz < 2 || ph->p_filesz > PATH_MAX)
		return fail(error, "PT_INTERP (program header %u): p_filesz is %llu, want 2 to %u",
			    index, (unsigned long long)ph->p_filesz, PATH_MAX);
	return 0;
}

/* One program header of a kind that matters. */
static int parse_phdr(const Elf64_Phdr *ph, unsigned int index, const struct elf_limits *limits,
		      struct elf_image *image, struct elf_error *error)
{
	uint64_t end;
	int ret = 0;

	switch (ph->p_type) {
	case PT_LOAD:
		ret = check_load(ph, index, limits, &image->header, error);
		if (!ret)
			add_load(ph, image);
		break;
	case PT_INTERP:
		ret = check_interp(ph, index, error);
		set_part(&image->interp, ph);
		break;
	case PT_TLS:
		ret = check_tls(ph, index, error);
		set_part(&image->tls, ph);
		break;
	case PT_GNU_RELRO:
		if (uk_add_overflow(ph->p_vaddr, ph->p_memsz, &end))
			ret = fail(error,
				   "PT_GNU_RELRO (program header %u): p_vaddr + p_memsz "
				   "overflows",
				   index);
		set_part(&image->relro, ph);
		break;
	case PT_GNU_PROPERTY:
		set_part(&image->property, ph);
		break;
	case PT_GNU_STACK:
		image->stack = ph->p_flags & PF_X ? ELF_STACK_EXEC : ELF_STACK_NOEXEC;
		break;
	default:
		break;
	}
	return ret;
}

static bool needs_file_range(uint32_t type)
{
	return type == PT_LOAD || type == PT_INTERP || type == PT_TLS || type == PT_GNU_PROPERTY;
}

/* Without an interpreter, control goes straight to e_entry. */
static int check_entry(const Elf64_Phdr *phdrs, const struct elf_image *image,
		       struct elf_error *error)
{
	uint64_t entry = image->header.entry;

	if (image->interp.is_present)
		return 0;
	for (unsigned int i = 0; i < image->header.phnum; i++)
		if (phdrs[i].p_type == PT_LOAD && entry >= phdrs[i].p_vaddr &&
		    entry - phdrs[i].p_vaddr < phdrs[i].p_memsz)
			return 0;
	return fail(error, "e_entry 0x%llx lies in no PT_LOAD segment", (unsigned long long)entry);
}

int elf_parse_phdrs(const Elf64_Phdr *phdrs, const struct elf_header *header, uint64_t file_size,
		    const struct elf_limits *limits, struct elf_image *image,
		    struct elf_error *error)
{
	const Elf64_Phdr *self = NULL;

	*image = (struct elf_image){.header = *header, .align = UK_PAGE_SIZE};
	for (unsigned int i = 0; i < header->phnum; i++) {
		const Elf64_Phdr *ph = &phdrs[i];
		int ret = 0;

		if (ph->p_type == PT_PHDR && !self)
			self = ph;
		if (needs_file_range(ph->p_type))
			ret = check_file_range(ph, i, file_size, error);
		if (!ret)
			ret = parse_phdr(ph, i, limits, image, error);
		if (ret)
			return ret;
	}
	if (!image->load_count)
		return fail(error, "e_phnum is %u, but none of them is a PT_LOAD with memory",
			    header->phnum);
	if (!image->has_phdr_vaddr && self) {
		image->phdr_vaddr = self->p_vaddr;
		image->has_phdr_vaddr = true;
	}
	return check_entry(phdrs, image, error);
}

int elf_parse_interp(const char *text, size_t len, struct elf_error *error)
{
	if (!len || text[len - 1] != '\0')
		return fail(error, "PT_INTERP: the path does not end with a NUL byte");
	if (!text[0])
		return fail(error, "PT_INTERP: the path is empty");
	return 0;
}
