/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CONFIG_LIBUKRELOC: the image carries no absolute address that is not listed in its .relr.dyn or
 * .rela section, so it can run wherever boot code maps it. Where it was linked to run there is
 * nothing to do for .relr.dyn, and a linker that knows it puts nothing into .rela.
 */
#include <uk/arch/elf.h>
#include <uk/reloc.h>

/* Defined by the linker script. */
extern const Elf64_Rela rela_start[], rela_end[];
extern const Elf64_Xword relr_start[], relr_end[];

size_t uk_reloc_apply(const Elf64_Rela *rela, size_t count, uintptr_t bias, uint32_t relative_type)
{
	size_t foreign = 0;

	for (; count; count--, rela++) {
		if (uk_unlikely(ELF64_R_TYPE(rela->r_info) != relative_type)) {
			foreign++;
			continue;
		}
		*(uintptr_t *)(bias + rela->r_offset) = bias + (uintptr_t)rela->r_addend;
	}
	return foreign;
}

void uk_relr_apply(const Elf64_Xword *relr, size_t count, uintptr_t bias)
{
	uintptr_t *next = NULL;

	for (; count; count--, relr++) {
		Elf64_Xword bits = *relr;

		if (!(bits & 1)) {
			next = (uintptr_t *)(bias + bits);
			*next++ += bias;
			continue;
		}
		for (uintptr_t *word = next; bits >>= 1; word++)
			if (bits & 1)
				*word += bias;
		next += 8 * sizeof(bits) - 1;
	}
}

void uk_reloc_self(uintptr_t bias)
{
	if (bias)
		uk_relr_apply(relr_start, (size_t)(relr_end - relr_start), bias);
	if (uk_reloc_apply(rela_start, (size_t)(rela_end - rela_start), bias, UKARCH_R_RELATIVE))
		__builtin_trap(); /* no console yet; the build checks for this too */
}
