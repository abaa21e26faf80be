/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one hand-over object: every boot protocol ends in a filled struct ukplat_bootinfo.
 * Physical addresses throughout; the strings are copied out of the loader's memory.
 */
#ifndef UK_PLAT_BOOTINFO_H
#define UK_PLAT_BOOTINFO_H

#include <uk/arch/types.h>

enum ukplat_memtype {
	UKPLAT_MEM_FREE,     /* RAM nobody uses */
	UKPLAT_MEM_KERNEL,   /* the kernel image and what it needs for ever */
	UKPLAT_MEM_INITRD,   /* the initrd; stays in place and serves as page cache */
	UKPLAT_MEM_RESERVED, /* firmware, ACPI tables */
};

struct ukplat_memregion {
	paddr_t base; /* page-aligned for FREE */
	uint64_t len_bytes;
	enum ukplat_memtype type;
};

#define UKPLAT_MAX_REGIONS 64
#define UKPLAT_MAX_CMDLINE 4096

struct ukplat_bootinfo {
	const char *protocol; /* "multiboot", "pvh", ... */
	char cmdline[UKPLAT_MAX_CMDLINE];
	paddr_t initrd_base; /* 0 and 0 when there is none */
	uint64_t initrd_len_bytes;
	paddr_t acpi_rsdp; /* 0 when unknown */
	paddr_t kernel_base, kernel_end;
	uint64_t entry_counter; /* ukarch_counter() at the first instruction */
	unsigned region_count;
	struct ukplat_memregion regions[UKPLAT_MAX_REGIONS]; /* sorted by base, no overlaps */
};

/** Valid from kmain() on. */
const struct ukplat_bootinfo *ukplat_bootinfo(void);

/** The physical address of something in the kernel image. */
static inline paddr_t ukplat_image_to_phys(const volatile void *object)
{
	extern char image_start[]; /* linker script */

	return ukplat_bootinfo()->kernel_base +
	       (paddr_t)((const volatile char *)object - image_start);
}

#endif /* UK_PLAT_BOOTINFO_H */
