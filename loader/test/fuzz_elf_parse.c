/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as an ELF file: no access out of bounds, and what is accepted keeps its promises. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uk/elf_parse.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct elf_limits limits = {EM_X86_64, 0x10000, 0x7ffffffff000};
	struct elf_header header;
	struct elf_image image;
	struct elf_error error;
	Elf64_Phdr *phdrs;

	if (elf_parse_header(data, size, size, &limits, &header, &error))
		return 0;
	phdrs = malloc(elf_phdrs_bytes(&header));
	if (!phdrs)
		return 0;
	memcpy(phdrs, data + header.phoff, elf_phdrs_bytes(&header));
	if (!elf_parse_phdrs(phdrs, &header, size, &limits, &image, &error)) {
		if (image.low >= image.high || image.high > limits.user_end || image.low % 4096 ||
		    image.high % 4096 || (image.align & (image.align - 1)))
			abort();
		if (image.interp.is_present)
			elf_parse_interp((const char *)data + image.interp.offset,
					 image.interp.filesz, &error);
	}
	free(phdrs);
	return 0;
}
