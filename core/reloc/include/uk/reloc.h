/* SPDX-License-Identifier: BSD-3-Clause */
/* Self-relocation of the kernel image, a static PIE (ELF gABI; R_*_RELATIVE of the psABIs). */
#ifndef UK_RELOC_H
#define UK_RELOC_H

#include <elf.h>
#include <uk/essentials.h>

/**
 * Applies `count` RELATIVE relocations: the word at bias + r_offset becomes bias + r_addend.
 * `bias` is the run address minus the link address. Returns how many entries were of another type
 * (and left alone): 0 when the image was linked right.
 */
size_t uk_reloc_apply(const Elf64_Rela *rela, size_t count, uintptr_t bias, uint32_t relative_type);

/**
 * The packed form (ELF gABI, SHT_RELR): each word that is listed has its link-time value in it, to
 * which `bias` is added. An even entry is the address of a word, an odd one a bitmap of the 63
 * words after the last.
 */
void uk_relr_apply(const Elf64_Xword *relr, size_t count, uintptr_t bias);

/** The image itself. Called before anything else, so it uses nothing that needs relocating. */
void uk_reloc_self(uintptr_t bias);

#endif /* UK_RELOC_H */
