/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCI devices from before virtio 1.0 (virtio 1.2, 4.1.4.10): registers in I/O space, rings of the
 * device's size at a page frame below 16 TiB.
 */
#include <linux/errno.h>
#include <linux/virtio_pci.h>
#include <uk/arch/paging.h>
#include "virtio_pci.h"

#define MIN_BYTES 32 /* header with MSI-X registers, and some of the device's own */

static uint16_t io_base(struct virtio_device *dev)
{
	return uk_container_of(dev, struct virtio_pci, dev)->io_base;
}
static uint32_t read_reg(struct virtio_device *dev, unsigned int reg, unsigned int width)
{
	return ukplat_pci_io_read((uint16_t)(io_base(dev) + reg), width);
}
static void write_reg(struct virtio_device *dev, unsigned int reg, unsigned int width,
		      uint32_t value)
{
	ukplat_pci_io_write((uint16_t)(io_base(dev) + reg), width, value);
}

static uint8_t legacy_read_isr(struct virtio_pci *vp)
{
	return (uint8_t)read_reg(&vp->dev, VIRTIO_PCI_ISR, 1);
}

static uint8_t legacy_get_status(struct virtio_device *dev)
{
	return (uint8_t)read_reg(dev, VIRTIO_PCI_STATUS, 1);
}

static void legacy_set_status(struct virtio_device *dev, uint8_t status)
{
	write_reg(dev, VIRTIO_PCI_STATUS, 1, status);
}

/* Reading the status back waits for the reset (3.1.2). */
static int legacy_reset(struct virtio_device *dev)
{
	legacy_set_status(dev, 0);
	return legacy_get_status(dev) ? -EIO : 0;
}

static uint64_t legacy_get_features(struct virtio_device *dev)
{
	return read_reg(dev, VIRTIO_PCI_HOST_FEATURES, 4);
}

static void legacy_set_features(struct virtio_device *dev, uint64_t features)
{
	write_reg(dev, VIRTIO_PCI_GUEST_FEATURES, 4, (uint32_t)features);
}

/* The device's own registers move when MSI-X is on, which is decided at the first queue. */
static uint32_t legacy_read_config(struct virtio_device *dev, unsigned int offset,
				   unsigned int width)
{
	struct virtio_pci *vp = uk_container_of(dev, struct virtio_pci, dev);
	unsigned int reg = VIRTIO_PCI_CONFIG_OFF(vp->irq_mode == IRQ_MSIX) + offset;

	return reg + width > vp->io_bytes ? UINT32_MAX : read_reg(dev, reg, width);
}

static uint32_t legacy_queue_max(struct virtio_device *dev, unsigned int index)
{
	write_reg(dev, VIRTIO_PCI_QUEUE_SEL, 2, index);
	return read_reg(dev, VIRTIO_PCI_QUEUE_NUM, 2);
}

static int set_vector(struct virtio_device *dev, unsigned int reg, int entry)
{
	write_reg(dev, reg, 2, (uint32_t)entry);
	return read_reg(dev, reg, 2) == (uint32_t)entry ? 0 : -EBUSY;
}

static int legacy_queue_enable(struct virtio_queue *queue)
{
	struct virtio_pci *vp = uk_container_of(queue->dev, struct virtio_pci, dev);
	paddr_t frame = ukarch_virt_to_phys(queue->ring.desc) >> VIRTIO_PCI_QUEUE_ADDR_SHIFT;
	int entry = virtio_pci_queue_entry(queue), error = 0;

	if (entry < 0)
		return entry;
	if (frame > UINT32_MAX)
		return -ERANGE;
	write_reg(queue->dev, VIRTIO_PCI_QUEUE_SEL, 2, queue->index);
	write_reg(queue->dev, VIRTIO_PCI_QUEUE_PFN, 4, (uint32_t)frame);
	if (vp->irq_mode == IRQ_MSIX)
		error = set_vector(queue->dev, VIRTIO_MSI_CONFIG_VECTOR, 0);
	if (!error && vp->irq_mode == IRQ_MSIX)
		error = set_vector(queue->dev, VIRTIO_MSI_QUEUE_VECTOR, entry);
	return error;
}

static void legacy_notify(struct virtio_queue *queue)
{
	write_reg(queue->dev, VIRTIO_PCI_QUEUE_NOTIFY, 2, queue->index);
}

static const struct virtio_bus_ops legacy_ops = {
	.name = "pci",
	.get_status = legacy_get_status,
	.set_status = legacy_set_status,
	.reset = legacy_reset,
	.get_features = legacy_get_features,
	.set_features = legacy_set_features,
	.read_config = legacy_read_config,
	.queue_max = legacy_queue_max,
	.queue_enable = legacy_queue_enable,
	.notify = legacy_notify,
};

int virtio_pci_legacy_open(struct virtio_pci *vp)
{
	struct ukplat_pci_bar bar;

	if (ukplat_pci_bar(&vp->pci, 0, &bar) || !bar.is_io || bar.len_bytes < MIN_BYTES)
		return -ENODEV;
	vp->io_base = (uint16_t)bar.base;
	vp->io_bytes = (uint32_t)bar.len_bytes;
	vp->dev.bus = &legacy_ops;
	vp->dev.is_legacy = true;
	vp->dev.is_size_fixed = true;
	vp->read_isr = legacy_read_isr;
	return 0;
}
