/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <uk/plat/mmio.h>
#include "machine.h"

struct function machine_functions[8];
unsigned int machine_count;
paddr_t machine_mapped_at;
size_t machine_mapped_len;

static void *mappings[256];
static unsigned int mapping_count;

void machine_reset(void)
{
	memset(machine_functions, 0, sizeof(machine_functions));
	machine_count = 0;
	machine_mapped_at = machine_mapped_len = 0;
	while (mapping_count)
		free(mappings[--mapping_count]);
}

void machine_set32(struct function *f, unsigned int offset, uint32_t value)
{
	memcpy(f->config + offset, &value, sizeof(value));
}

struct function *machine_add(uint8_t bus, uint8_t slot, uint8_t function, uint32_t ids)
{
	struct function *f = &machine_functions[machine_count++];

	f->at = (struct ukplat_pci_device){.bus = bus, .slot = slot, .function = function};
	machine_set32(f, 0, ids);
	return f;
}

static struct function *find(const struct ukplat_pci_device *dev)
{
	for (unsigned int i = 0; i < machine_count; i++) {
		struct function *f = &machine_functions[i];

		if (f->at.bus == dev->bus && f->at.slot == dev->slot &&
		    f->at.function == dev->function)
			return f;
	}
	return NULL;
}

bool ukplat_pci_is_present(void)
{
	return true;
}

uint32_t ukplat_pci_read(const struct ukplat_pci_device *dev, unsigned int offset)
{
	const struct function *f = find(dev);
	uint32_t value = UINT32_MAX;

	if (offset % 4 || offset > 252)
		abort();
	if (f)
		memcpy(&value, f->config + offset, sizeof(value));
	return value;
}

void ukplat_pci_write(const struct ukplat_pci_device *dev, unsigned int offset, uint32_t value)
{
	struct function *f = find(dev);
	unsigned int bar = (offset - PCI_BASE_ADDRESS_0) / 4;
	uint32_t old = ukplat_pci_read(dev, offset);

	if (!f)
		return;
	if (offset >= PCI_BASE_ADDRESS_0 && bar < 6)
		value = (value & f->bar_mask[bar]) | (old & ~f->bar_mask[bar]);
	else if (offset == PCI_COMMAND)
		value = (value & 0xffff) | (old & 0xffff0000);
	machine_set32(f, offset, value);
}

volatile void *ukplat_mmio_map(paddr_t pa, size_t len_bytes)
{
	machine_mapped_at = pa;
	machine_mapped_len = len_bytes;
	if (mapping_count == UK_ARRAY_SIZE(mappings))
		return NULL;
	return mappings[mapping_count++] = calloc(1, len_bytes);
}
