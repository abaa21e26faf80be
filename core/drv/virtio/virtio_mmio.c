/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtio over MMIO (virtio 1.2, 4.2; version 1 registers: 4.2.4). Devices are announced by the
 * kernel parameter virtio_mmio.device=, which Firecracker and QEMU's microvm without ACPI append
 * to the command line, or by ACPI. A machine with PCI is not asked for ACPI's list: none has both.
 */
#include <linux/errno.h>
#include <linux/virtio_mmio.h>
#include <uk/arch/paging.h>
#include <uk/heap.h>
#include <uk/param.h>
#include <uk/plat/acpi.h>
#include <uk/plat/irq.h>
#include <uk/plat/mmio.h>
#include <uk/plat/pci.h>
#include "virtio_internal.h"
#include "virtio_mmio_param.h"
#define UK_LOG_NAME "virtio-mmio: "
#include <uk/print.h>

#define MAGIC       0x74726976 /* "virt" */
#define RESET_POLLS 100000
#define EDGE_ROUNDS                                                                                \
	16 /* of one interrupt: a device that never falls silent is left to the next               \
	    */
#define MAX_ANNOUNCED 32

static struct uk_param_list announced;
UK_PARAM(virtio_mmio_device, "virtio_mmio.device", UK_PARAM_LIST, announced,
	 "a virtio device: SIZE@ADDRESS:IRQ (machines append it themselves)");

struct mmio_device {
	struct virtio_device dev;
	volatile char *registers;
	uint32_t len_bytes;
	unsigned int gsi;
	bool is_level, has_irq;
	struct ukplat_irq_action irq;
};

static struct mmio_device *mmio_of(struct virtio_device *dev)
{
	return uk_container_of(dev, struct mmio_device, dev);
}
static uint32_t read_reg(const struct mmio_device *mmio, unsigned int reg)
{
	return ukplat_mmio_read32(mmio->registers + reg);
}
static void write_reg(const struct mmio_device *mmio, unsigned int reg, uint32_t value)
{
	ukplat_mmio_write32(mmio->registers + reg, value);
}

/* --- operations ---------------------------------------------------------------------------------
 */

static uint8_t mmio_get_status(struct virtio_device *dev)
{
	return (uint8_t)read_reg(mmio_of(dev), VIRTIO_MMIO_STATUS);
}

static void mmio_set_status(struct virtio_device *dev, uint8_t status)
{
	write_reg(mmio_of(dev), VIRTIO_MMIO_STATUS, status);
}

static int mmio_reset(struct virtio_device *dev)
{
	struct mmio_device *mmio = mmio_of(dev);

	write_reg(mmio, VIRTIO_MMIO_STATUS, 0);
	for (unsigned int i = 0; i < RESET_POLLS; i++)
		if (read_reg(mmio, VIRTIO_MMIO_STATUS) == 0)
			return 0;
	return -EIO;
}

static uint64_t mmio_get_features(struct virtio_device *dev)
{
	struct mmio_device *mmio = mmio_of(dev);
	uint64_t features;

	write_reg(mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)read_reg(mmio, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
	write_reg(mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	return features | read_reg(mmio, VIRTIO_MMIO_DEVICE_FEATURES);
}

static void mmio_set_features(struct virtio_device *dev, uint64_t features)
{
	struct mmio_device *mmio = mmio_of(dev);

	write_reg(mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	write_reg(mmio, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
	write_reg(mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	write_reg(mmio, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	if (dev->is_legacy)
		write_reg(mmio, VIRTIO_MMIO_GUEST_PAGE_SIZE, UK_PAGE_SIZE);
}

static uint32_t mmio_read_config(struct virtio_device *dev, unsigned int offset, unsigned int width)
{
	struct mmio_device *mmio = mmio_of(dev);
	volatile char *at = mmio->registers + VIRTIO_MMIO_CONFIG + offset;

	if (VIRTIO_MMIO_CONFIG + offset + width > mmio->len_bytes)
		return UINT32_MAX;
	if (width == 1)
		return ukplat_mmio_read8(at);
	return width == 2 ? ukplat_mmio_read16(at) : ukplat_mmio_read32(at);
}

static uint32_t mmio_config_generation(struct virtio_device *dev)
{
	return dev->is_legacy ? 0 : read_reg(mmio_of(dev), VIRTIO_MMIO_CONFIG_GENERATION);
}

static uint32_t mmio_queue_max(struct virtio_device *dev, unsigned int index)
{
	struct mmio_device *mmio = mmio_of(dev);

	write_reg(mmio, VIRTIO_MMIO_QUEUE_SEL, index);
	return read_reg(mmio, VIRTIO_MMIO_QUEUE_NUM_MAX);
}

static void mmio_interrupt(void *arg)
{
	struct mmio_device *mmio = arg;
	unsigned int rounds = mmio->is_level ? 1 : EDGE_ROUNDS;
	uint32_t status = read_reg(mmio, VIRTIO_MMIO_INTERRUPT_STATUS);

	/* An edge comes again only after the line fell: go on until it has. */
	while (status && rounds--) {
		write_reg(mmio, VIRTIO_MMIO_INTERRUPT_ACK, status);
		if (status & VIRTIO_MMIO_INT_VRING)
			virtio_queues_interrupt(&mmio->dev);
		if (status & VIRTIO_MMIO_INT_CONFIG)
			virtio_config_interrupt(&mmio->dev);
		status = rounds ? read_reg(mmio, VIRTIO_MMIO_INTERRUPT_STATUS) : 0;
	}
}

static int enable_irq(struct mmio_device *mmio)
{
	int error;

	if (mmio->has_irq)
		return 0;
	mmio->irq = (struct ukplat_irq_action){.handler = mmio_interrupt, .arg = mmio};
	error = ukplat_irq_register_gsi(
		mmio->gsi, mmio->is_level ? UKPLAT_IRQ_LEVEL : UKPLAT_IRQ_EDGE, &mmio->irq);
	mmio->has_irq = !error;
	return error;
}

static void write_address(struct mmio_device *mmio, unsigned int low_reg, const void *at)
{
	paddr_t pa = ukarch_virt_to_phys(at);

	write_reg(mmio, low_reg, (uint32_t)pa);
	write_reg(mmio, low_reg + 4, (uint32_t)(pa >> 32));
}

static int mmio_queue_enable(struct virtio_queue *queue)
{
	struct mmio_device *mmio = mmio_of(queue->dev);
	int error = queue->interrupt ? enable_irq(mmio) : 0;
	paddr_t pa = ukarch_virt_to_phys(queue->ring.desc);

	if (error)
		return error;
	queue->notify = mmio->registers + VIRTIO_MMIO_QUEUE_NOTIFY;
	write_reg(mmio, VIRTIO_MMIO_QUEUE_SEL, queue->index);
	write_reg(mmio, VIRTIO_MMIO_QUEUE_NUM, queue->ring.size);
	if (queue->dev->is_legacy) {
		if (pa >> UK_PAGE_SHIFT > UINT32_MAX)
			return -ERANGE;
		write_reg(mmio, VIRTIO_MMIO_QUEUE_ALIGN, UK_PAGE_SIZE);
		write_reg(mmio, VIRTIO_MMIO_QUEUE_PFN, (uint32_t)(pa >> UK_PAGE_SHIFT));
		return 0;
	}
	write_address(mmio, VIRTIO_MMIO_QUEUE_DESC_LOW, queue->ring.desc);
	write_address(mmio, VIRTIO_MMIO_QUEUE_AVAIL_LOW, queue->ring.avail);
	write_address(mmio, VIRTIO_MMIO_QUEUE_USED_LOW, queue->ring.used);
	write_reg(mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	return 0;
}

static void mmio_notify(struct virtio_queue *queue)
{
	ukplat_mmio_write32(queue->notify, queue->index);
}

static const struct virtio_bus_ops mmio_ops = {
	.name = "mmio",
	.get_status = mmio_get_status,
	.set_status = mmio_set_status,
	.reset = mmio_reset,
	.get_features = mmio_get_features,
	.set_features = mmio_set_features,
	.read_config = mmio_read_config,
	.config_generation = mmio_config_generation,
	.queue_max = mmio_queue_max,
	.queue_enable = mmio_queue_enable,
	.notify = mmio_notify,
};

/* --- finding ------------------------------------------------------------------------------------
 */

static void add_device(const struct acpi_mmio_device *where)
{
	volatile char *registers = ukplat_mmio_map(where->address, where->len_bytes);
	struct mmio_device *mmio;
	uint32_t version;

	if (!registers || ukplat_mmio_read32(registers + VIRTIO_MMIO_MAGIC_VALUE) != MAGIC) {
		uk_pr_err("no device at 0x%lx\n", where->address);
		return;
	}
	version = ukplat_mmio_read32(registers + VIRTIO_MMIO_VERSION);
	if (version != 1 && version != 2) {
		uk_pr_err("0x%lx: version %u is not known\n", where->address, version);
		return;
	}
	mmio = uk_zalloc(sizeof(*mmio));
	if (!mmio)
		return;
	mmio->dev.bus = &mmio_ops;
	mmio->dev.id = ukplat_mmio_read32(registers + VIRTIO_MMIO_DEVICE_ID);
	mmio->dev.is_legacy = version == 1;
	mmio->registers = registers;
	mmio->len_bytes = where->len_bytes;
	mmio->gsi = where->gsi;
	mmio->is_level = where->is_level;
	/* Id 0 is a slot without a device. What was started once stays, with its interrupt. */
	if (!mmio->dev.id || virtio_device_add(&mmio->dev) == -ENODEV)
		uk_free(mmio);
}

void virtio_mmio_probe(void)
{
	struct acpi_mmio_device where;

	for (unsigned int i = 0; i < announced.count; i++) {
		if (virtio_mmio_parse(announced.items[i], &where))
			uk_pr_err("virtio_mmio.device=%s: want SIZE@ADDRESS:IRQ\n",
				  announced.items[i]);
		else
			add_device(&where);
	}
	if (announced.count || ukplat_pci_is_present())
		return;
	for (unsigned int i = 0; i < MAX_ANNOUNCED && ukplat_acpi_virtio_mmio(i, &where); i++)
		if (where.len_bytes > VIRTIO_MMIO_CONFIG)
			add_device(&where);
}
