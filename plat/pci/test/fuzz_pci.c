/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions whose configuration space is the input: whatever it says, what is mapped lies inside
 * a base address register, and everything ends. */
#include <assert.h>
#include <string.h>
#include "machine.h"

static void look_at(const struct ukplat_pci_device *dev, void *ctx)
{
	struct ukplat_pci_msix msix;
	struct ukplat_pci_bar bar;
	unsigned int cap = 0, steps = 0;

	for (unsigned int i = 0; i < 8; i++) {
		if (ukplat_pci_bar(dev, i, &bar))
			continue;
		assert(bar.len_bytes && bar.base && bar.base % bar.len_bytes == 0);
	}
	while ((cap = ukplat_pci_capability(dev, PCI_CAP_ID_VNDR, cap)) && steps++ < 64) {
		uint32_t offset = ukplat_pci_read(dev, cap), len = ukplat_pci_read8(dev, cap + 2);
		uint8_t index = ukplat_pci_read8(dev, cap + 3);

		assert(cap >= 0x40 && cap <= 0xfc);
		machine_mapped_len = 0;
		if (!ukplat_pci_map(dev, index, offset, len))
			continue;
		assert(!ukplat_pci_bar(dev, index, &bar));
		assert(machine_mapped_at >= bar.base &&
		       machine_mapped_at + machine_mapped_len <= bar.base + bar.len_bytes);
	}
	if (!ukplat_pci_msix_open(dev, &msix)) {
		const struct ukplat_msi msi = {1, 2};

		ukplat_pci_msix_set(&msix, msix.entries - 1, &msi);
		ukplat_pci_msix_enable(dev, &msix);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct function *f;

	machine_reset();
	for (unsigned int i = 0; i < 3 && size >= 28; i++) {
		size_t part = size - 24 < 256 ? size - 24 : 256;

		f = machine_add((uint8_t)(i ? data[0] : 0), (uint8_t)(i & 1), 0, 0);
		memcpy(f->bar_mask, data, 24);
		memcpy(f->config, data + 24, part);
		data += part + 24;
		size -= part + 24;
	}
	ukplat_pci_scan(look_at, NULL);
	machine_reset();
	return 0;
}
