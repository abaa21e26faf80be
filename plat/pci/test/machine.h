/* SPDX-License-Identifier: BSD-3-Clause */
/* A bus of PCI functions on the build host. */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include <uk/plat/pci.h>

struct function {
	struct ukplat_pci_device at;
	uint8_t config[256];
	uint32_t bar_mask[6]; /* bits that can be written */
};

extern struct function machine_functions[8];
extern unsigned int machine_count;

void machine_reset(void);
/** A function of a type 0 header with these ids; its config can be edited. */
struct function *machine_add(uint8_t bus, uint8_t slot, uint8_t function, uint32_t ids);
void machine_set32(struct function *f, unsigned int offset, uint32_t value);

/** The last range that ukplat_mmio_map() was asked for; its memory lives until machine_reset(). */
extern paddr_t machine_mapped_at;
extern size_t machine_mapped_len;

#endif /* TEST_MACHINE_H */
