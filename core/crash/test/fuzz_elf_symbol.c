/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as an ELF file whose symbols are looked up: no read outside, always an end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uk/elf_symbol.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	struct elf_source source;
	const uint8_t *bytes;
};

static bool memory_read(struct elf_source *source, void *buf, size_t len, uint64_t offset)
{
	if (offset > source->size_bytes || len > source->size_bytes - offset)
		abort();
	memcpy(buf, ((const struct memory *)source)->bytes + offset, len);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory memory = {{memory_read, size}, data};
	struct elf_symbol symbol;

	for (uint64_t offset = 0; offset < size; offset += 1 + size / 4)
		if (elf_symbol_find(&memory.source, offset, &symbol) &&
		    strlen(symbol.name) >= ELF_SYMBOL_MAX_NAME)
			abort();
	return 0;
}
