/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening an ELF file: headers read into the kernel, checked by elf_parse.c. */
#include <uk/arch/elf.h>
#include <uk/file.h>
#include <uk/heap.h>
#include "loader.h"

static const struct elf_limits limits = {
	.machine = UKARCH_ELF_MACHINE,
	.user_base = UKARCH_USER_BASE,
	.user_end = UKARCH_USER_END,
};

static int read_phdrs(struct elf_file *elf, const struct elf_header *header)
{
	size_t bytes = elf_phdrs_bytes(header);
	uk_ssize_t got;

	elf->phdrs = uk_malloc(bytes);
	if (!elf->phdrs)
		return -ENOMEM;
	got = file_read_kernel(elf->file, elf->phdrs, bytes, (loff_t)header->phoff);
	if (got < 0)
		return (int)got;
	return (size_t)got == bytes ? 0 : -EIO;
}

int elf_file_init(struct elf_file *elf, struct file *file, const void *head, size_t len,
		  struct elf_error *error)
{
	uint64_t size = file->inode->size_bytes;
	struct elf_header header;
	int ret;

	elf->file = file;
	elf->phdrs = NULL;
	ret = elf_parse_header(head, len, size, &limits, &header, error);
	if (!ret)
		ret = read_phdrs(elf, &header);
	if (!ret)
		ret = elf_parse_phdrs(elf->phdrs, &header, size, &limits, &elf->image, error);
	if (ret)
		elf_file_fini(elf);
	return ret;
}

void elf_file_fini(struct elf_file *elf)
{
	uk_free(elf->phdrs);
	elf->phdrs = NULL;
	if (elf->file)
		file_put(elf->file);
	elf->file = NULL;
}
