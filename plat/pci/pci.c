/* SPDX-License-Identifier: BSD-3-Clause */
/* PCI functions: finding them, base address registers, capability lists, MSI-X. See
 * <uk/plat/pci.h>; everything a function says is checked. */
#include <linux/errno.h>
#include <uk/plat/mmio.h>
#include <uk/plat/pci.h>

#define SLOTS        32
#define FUNCTIONS    8
#define BUSES        256
#define MULTI        0x80 /* of the header type */
#define CONFIG_BYTES 256
#define CAP_FIRST    0x40 /* capabilities lie behind the header */
#define CAP_MAX      ((CONFIG_BYTES - CAP_FIRST) / 4)
#define BARS         6
#define IO_END       0x10000

uint16_t ukplat_pci_read16(const struct ukplat_pci_device *dev, unsigned int offset)
{
	return (uint16_t)(ukplat_pci_read(dev, offset & ~3U) >> 8 * (offset & 2));
}

uint8_t ukplat_pci_read8(const struct ukplat_pci_device *dev, unsigned int offset)
{
	return (uint8_t)(ukplat_pci_read(dev, offset & ~3U) >> 8 * (offset & 3));
}

/* --- finding ------------------------------------------------------------------------------------
 */

struct scan {
	void (*visit)(const struct ukplat_pci_device *dev, void *ctx);
	void *ctx;
	uint8_t is_wanted[BUSES / 8];
};

/* Returns the header type, 0 for a function that is not there. */
static uint8_t scan_function(struct scan *scan, struct ukplat_pci_device *dev)
{
	uint32_t ids = ukplat_pci_read(dev, PCI_VENDOR_ID);
	uint8_t type, below;

	if (ids == UINT32_MAX || (ids & 0xffff) == 0)
		return 0;
	dev->vendor_id = (uint16_t)ids;
	dev->device_id = (uint16_t)(ids >> 16);
	type = ukplat_pci_read8(dev, PCI_HEADER_TYPE);
	if ((type & PCI_HEADER_TYPE_MASK) == PCI_HEADER_TYPE_NORMAL) {
		dev->irq_line = ukplat_pci_read8(dev, PCI_INTERRUPT_LINE);
		scan->visit(dev, scan->ctx);
	} else if ((type & PCI_HEADER_TYPE_MASK) == PCI_HEADER_TYPE_BRIDGE) {
		below = ukplat_pci_read8(dev, PCI_SECONDARY_BUS);
		/* Numbers rise away from the root, so a bridge cannot send us round in circles. */
		if (below > dev->bus)
			scan->is_wanted[below / 8] |= (uint8_t)(1 << below % 8);
	}
	return type;
}

static void scan_bus(struct scan *scan, unsigned int bus)
{
	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		struct ukplat_pci_device dev = {.bus = (uint8_t)bus, .slot = (uint8_t)slot};
		uint8_t type = scan_function(scan, &dev);

		for (dev.function = 1; (type & MULTI) && dev.function < FUNCTIONS; dev.function++)
			scan_function(scan, &dev);
	}
}

void ukplat_pci_scan(void (*visit)(const struct ukplat_pci_device *dev, void *ctx), void *ctx)
{
	struct scan scan = {.visit = visit, .ctx = ctx, .is_wanted = {1}};

	if (!ukplat_pci_is_present())
		return;
	for (unsigned int bus = 0; bus < BUSES; bus++)
		if (scan.is_wanted[bus / 8] & 1 << bus % 8)
			scan_bus(&scan, bus);
}

/* --- registers ----------------------------------------------------------------------------------
 */

/* The upper half of the word is the status register, whose bits a 1 clears. */
static void write_command(const struct ukplat_pci_device *dev, uint16_t command)
{
	ukplat_pci_write(dev, PCI_COMMAND, command);
}

void ukplat_pci_enable(const struct ukplat_pci_device *dev, uint16_t bits)
{
	write_command(dev, ukplat_pci_read16(dev, PCI_COMMAND) | bits);
}

/* What remains of all ones in a register tells its length (3.0, 6.2.5.1). */
static uint32_t bar_mask(const struct ukplat_pci_device *dev, unsigned int reg)
{
	uint32_t saved = ukplat_pci_read(dev, reg), mask;

	ukplat_pci_write(dev, reg, UINT32_MAX);
	mask = ukplat_pci_read(dev, reg);
	ukplat_pci_write(dev, reg, saved);
	return mask;
}

static void read_memory_bar(const struct ukplat_pci_device *dev, unsigned int reg, bool is_64,
			    struct ukplat_pci_bar *bar)
{
	uint64_t mask = bar_mask(dev, reg) & ~0xfU;

	bar->base = ukplat_pci_read(dev, reg) & ~0xfU;
	if (is_64) {
		mask |= (uint64_t)bar_mask(dev, reg + 4) << 32;
		bar->base |= (uint64_t)ukplat_pci_read(dev, reg + 4) << 32;
	} else if (mask) {
		mask |= 0xffffffffUL << 32;
	}
	bar->len_bytes = -mask;
}

static void read_io_bar(const struct ukplat_pci_device *dev, unsigned int reg,
			struct ukplat_pci_bar *bar)
{
	uint32_t mask = bar_mask(dev, reg) & ~3U;

	bar->is_io = true;
	bar->base = ukplat_pci_read(dev, reg) & ~3U;
	bar->len_bytes = mask ? -(mask | 0xffff0000U) : 0;
}

int ukplat_pci_bar(const struct ukplat_pci_device *dev, unsigned int index,
		   struct ukplat_pci_bar *bar)
{
	unsigned int reg = PCI_BASE_ADDRESS_0 + 4 * index;
	uint16_t command;
	uint32_t value;
	bool is_64;

	*bar = (struct ukplat_pci_bar){0};
	if (index >= BARS)
		return -EINVAL;
	value = ukplat_pci_read(dev, reg);
	is_64 = (value & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;
	if (!(value & PCI_BASE_ADDRESS_SPACE_IO) && is_64 && index == BARS - 1)
		return -EINVAL;
	/* While the register holds all ones the function must not answer there. */
	command = ukplat_pci_read16(dev, PCI_COMMAND);
	write_command(dev, command & (uint16_t) ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	if (value & PCI_BASE_ADDRESS_SPACE_IO)
		read_io_bar(dev, reg, bar);
	else
		read_memory_bar(dev, reg, is_64, bar);
	write_command(dev, command);
	if (!bar->len_bytes || !bar->base)
		return -ENXIO;
	if ((bar->len_bytes & (bar->len_bytes - 1)) || !UK_IS_ALIGNED(bar->base, bar->len_bytes) ||
	    (bar->is_io && bar->base + bar->len_bytes > IO_END))
		return -EINVAL;
	return 0;
}

volatile void *ukplat_pci_map(const struct ukplat_pci_device *dev, unsigned int index,
			      uint32_t offset, uint32_t len_bytes)
{
	struct ukplat_pci_bar bar;

	if (ukplat_pci_bar(dev, index, &bar) || bar.is_io || !len_bytes ||
	    len_bytes > bar.len_bytes || offset > bar.len_bytes - len_bytes)
		return NULL;
	return ukplat_mmio_map(bar.base + offset, len_bytes);
}

/* --- capabilities -------------------------------------------------------------------------------
 */

unsigned int ukplat_pci_capability(const struct ukplat_pci_device *dev, uint8_t id,
				   unsigned int after)
{
	unsigned int at;

	if (!(ukplat_pci_read16(dev, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	at = ukplat_pci_read8(dev, after ? after + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST);
	/* A list that leads back into itself ends after as many steps as there is room. */
	for (unsigned int i = 0; i < CAP_MAX; i++) {
		at &= ~3U;
		if (at < CAP_FIRST)
			return 0;
		if (ukplat_pci_read8(dev, at + PCI_CAP_LIST_ID) == id)
			return at;
		at = ukplat_pci_read8(dev, at + PCI_CAP_LIST_NEXT);
	}
	return 0;
}

/* --- MSI-X --------------------------------------------------------------------------------------
 */

static void msix_control(const struct ukplat_pci_device *dev, unsigned int capability, uint16_t set,
			 uint16_t clear)
{
	uint32_t word = ukplat_pci_read(dev, capability); /* id and next are read-only */
	uint16_t control = (uint16_t)(word >> 16);

	control = (uint16_t)((control & ~clear) | set);
	ukplat_pci_write(dev, capability, (word & 0xffff) | (uint32_t)control << 16);
}

int ukplat_pci_msix_open(const struct ukplat_pci_device *dev, struct ukplat_pci_msix *msix)
{
	uint32_t where;

	msix->capability = ukplat_pci_capability(dev, PCI_CAP_ID_MSIX, 0);
	if (!msix->capability || msix->capability + 12 > CONFIG_BYTES)
		return -ENODEV;
	msix->entries =
		(ukplat_pci_read16(dev, msix->capability + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) +
		1;
	where = ukplat_pci_read(dev, msix->capability + PCI_MSIX_TABLE);
	msix->table = ukplat_pci_map(dev, where & PCI_MSIX_TABLE_BIR, where & PCI_MSIX_TABLE_OFFSET,
				     msix->entries * PCI_MSIX_ENTRY_SIZE);
	if (!msix->table)
		return -EINVAL;
	for (unsigned int i = 0; i < msix->entries; i++)
		ukplat_mmio_write32((volatile char *)msix->table + i * PCI_MSIX_ENTRY_SIZE +
					    PCI_MSIX_ENTRY_VECTOR_CTRL,
				    PCI_MSIX_ENTRY_CTRL_MASKBIT);
	return 0;
}

void ukplat_pci_msix_set(const struct ukplat_pci_msix *msix, unsigned int entry,
			 const struct ukplat_msi *msi)
{
	volatile char *at = (volatile char *)msix->table + entry * PCI_MSIX_ENTRY_SIZE;

	ukplat_mmio_write32(at + PCI_MSIX_ENTRY_LOWER_ADDR, (uint32_t)msi->address);
	ukplat_mmio_write32(at + PCI_MSIX_ENTRY_UPPER_ADDR, (uint32_t)(msi->address >> 32));
	ukplat_mmio_write32(at + PCI_MSIX_ENTRY_DATA, msi->data);
	ukplat_mmio_write32(at + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
}

void ukplat_pci_msix_enable(const struct ukplat_pci_device *dev, const struct ukplat_pci_msix *msix)
{
	write_command(dev, ukplat_pci_read16(dev, PCI_COMMAND) | PCI_COMMAND_INTX_DISABLE);
	msix_control(dev, msix->capability, PCI_MSIX_FLAGS_ENABLE, PCI_MSIX_FLAGS_MASKALL);
}

void ukplat_pci_msix_disable(const struct ukplat_pci_device *dev,
			     const struct ukplat_pci_msix *msix)
{
	uint16_t command = ukplat_pci_read16(dev, PCI_COMMAND);

	msix_control(dev, msix->capability, 0, PCI_MSIX_FLAGS_ENABLE);
	write_command(dev, command & (uint16_t)~PCI_COMMAND_INTX_DISABLE);
}
