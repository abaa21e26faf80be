/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtio over PCI (virtio 1.2, 4.1): devices of 1.0 and transitional ones, by the structures that
 * vendor capabilities place in their BARs. Each structure is used only if it lies inside its BAR
 * and is large enough. Devices from before 1.0 are virtio_pci_legacy.c's.
 *
 * Interrupts are MSI-X, one message per queue and one for the configuration, else INTx.
 */
#include <linux/errno.h>
#include <linux/virtio_pci.h>
#include <uk/arch/paging.h>
#include <uk/heap.h>
#include <uk/plat/mmio.h>
#include "virtio_internal.h"
#include "virtio_pci.h"
#define UK_LOG_NAME "virtio-pci: "
#include <uk/print.h>

#define RESET_POLLS        100000
#define COMMON_BYTES       56 /* of 1.0 */
#define CAP_BYTES          16
#define CONFIG_SPACE       256
#define MAX_CONFIG         4096
#define MAX_NOTIFY         0x10000
#define SUBSYSTEM_ID       0x2e
#define FIRST_TRANSITIONAL 0x1000
#define FIRST_MODERN       0x1040
#define LAST_MODERN        0x107f

static struct virtio_pci *pci_of(struct virtio_device *dev)
{
	return uk_container_of(dev, struct virtio_pci, dev);
}

/* Registers of the common structure, by field name. */
#define COMMON(vp, field) ((vp)->common + offsetof(struct virtio_pci_common_cfg, field))

/* --- interrupts ---------------------------------------------------------------------------------
 */

/* `arg` is the queue's place in its device: empty before the queue works and after it failed. */
static void msix_queue_interrupt(void *arg)
{
	struct virtio_queue *queue = *(struct virtio_queue **)arg;

	if (queue)
		queue->interrupt(queue);
}

static void msix_config_interrupt(void *arg)
{
	virtio_config_interrupt(arg);
}

static void intx_interrupt(void *arg)
{
	struct virtio_pci *vp = arg;
	uint8_t status = vp->read_isr(vp); /* reading lets the line fall */

	if (status & VIRTIO_PCI_ISR_QUEUE)
		virtio_queues_interrupt(&vp->dev);
	if (status & VIRTIO_PCI_ISR_CONFIG)
		virtio_config_interrupt(&vp->dev);
}

/* The next message, to `handler`. Returns its table entry or -errno. */
static int add_message(struct virtio_pci *vp, ukplat_irq_handler handler, void *arg)
{
	struct ukplat_irq_action *action = &vp->actions[vp->used_entries];
	struct ukplat_msi msi;
	int error;

	if (vp->used_entries == UK_MIN(vp->msix.entries, UK_ARRAY_SIZE(vp->actions)))
		return -ENOSPC;
	action->handler = handler;
	action->arg = arg;
	error = ukplat_msi_alloc(action, &msi);
	if (error)
		return error;
	ukplat_pci_msix_set(&vp->msix, vp->used_entries, &msi);
	return (int)vp->used_entries++;
}

static int use_intx(struct virtio_pci *vp)
{
	vp->actions[0] = (struct ukplat_irq_action){.handler = intx_interrupt, .arg = vp};
	if (vp->pci.irq_line == 0 || vp->pci.irq_line > 15)
		return -ENODEV;
	return ukplat_irq_register_gsi(vp->pci.irq_line, UKPLAT_IRQ_LEVEL, &vp->actions[0]);
}

int virtio_pci_setup_irq(struct virtio_pci *vp)
{
	if (vp->irq_mode != IRQ_NONE)
		return 0;
	if (!ukplat_pci_msix_open(&vp->pci, &vp->msix) && vp->msix.entries >= 2 &&
	    add_message(vp, msix_config_interrupt, &vp->dev) == 0) {
		ukplat_pci_msix_enable(&vp->pci, &vp->msix);
		vp->irq_mode = IRQ_MSIX;
		return 0;
	}
	if (use_intx(vp))
		return -ENODEV;
	vp->irq_mode = IRQ_INTX;
	return 0;
}

int virtio_pci_queue_entry(struct virtio_queue *queue)
{
	struct virtio_pci *vp = pci_of(queue->dev);
	int error;

	if (!queue->interrupt)
		return VIRTIO_MSI_NO_VECTOR;
	error = virtio_pci_setup_irq(vp);
	if (error)
		return error;
	return vp->irq_mode == IRQ_MSIX
		       ? add_message(vp, msix_queue_interrupt, &queue->dev->queues[queue->index])
		       : VIRTIO_MSI_NO_VECTOR;
}

/* --- operations ---------------------------------------------------------------------------------
 */

static uint8_t modern_read_isr(struct virtio_pci *vp)
{
	return ukplat_mmio_read8(vp->isr);
}

static uint8_t modern_get_status(struct virtio_device *dev)
{
	return ukplat_mmio_read8(COMMON(pci_of(dev), device_status));
}

static void modern_set_status(struct virtio_device *dev, uint8_t status)
{
	ukplat_mmio_write8(COMMON(pci_of(dev), device_status), status);
}

static int modern_reset(struct virtio_device *dev)
{
	modern_set_status(dev, 0);
	for (unsigned int i = 0; i < RESET_POLLS; i++)
		if (modern_get_status(dev) == 0)
			return 0;
	return -EIO;
}

static uint64_t modern_get_features(struct virtio_device *dev)
{
	struct virtio_pci *vp = pci_of(dev);
	uint64_t features;

	ukplat_mmio_write32(COMMON(vp, device_feature_select), 1);
	features = (uint64_t)ukplat_mmio_read32(COMMON(vp, device_feature)) << 32;
	ukplat_mmio_write32(COMMON(vp, device_feature_select), 0);
	return features | ukplat_mmio_read32(COMMON(vp, device_feature));
}

static void modern_set_features(struct virtio_device *dev, uint64_t features)
{
	struct virtio_pci *vp = pci_of(dev);

	ukplat_mmio_write32(COMMON(vp, guest_feature_select), 1);
	ukplat_mmio_write32(COMMON(vp, guest_feature), (uint32_t)(features >> 32));
	ukplat_mmio_write32(COMMON(vp, guest_feature_select), 0);
	ukplat_mmio_write32(COMMON(vp, guest_feature), (uint32_t)features);
}

static uint32_t modern_read_config(struct virtio_device *dev, unsigned int offset,
				   unsigned int width)
{
	struct virtio_pci *vp = pci_of(dev);

	if (!vp->config || offset + width > vp->config_bytes)
		return UINT32_MAX;
	if (width == 1)
		return ukplat_mmio_read8(vp->config + offset);
	return width == 2 ? ukplat_mmio_read16(vp->config + offset)
			  : ukplat_mmio_read32(vp->config + offset);
}

static uint32_t modern_config_generation(struct virtio_device *dev)
{
	return ukplat_mmio_read8(COMMON(pci_of(dev), config_generation));
}

static uint32_t modern_queue_max(struct virtio_device *dev, unsigned int index)
{
	struct virtio_pci *vp = pci_of(dev);

	if (index >= ukplat_mmio_read16(COMMON(vp, num_queues)))
		return 0;
	ukplat_mmio_write16(COMMON(vp, queue_select), (uint16_t)index);
	return ukplat_mmio_read16(COMMON(vp, queue_size));
}

static void write_address(volatile char *low, const void *at)
{
	paddr_t pa = ukarch_virt_to_phys(at);

	ukplat_mmio_write32(low, (uint32_t)pa);
	ukplat_mmio_write32(low + 4, (uint32_t)(pa >> 32));
}

static int set_vector(volatile char *reg, int entry)
{
	ukplat_mmio_write16(reg, (uint16_t)entry);
	/* A device that is out of resources says so here (4.1.5.1.2). */
	return ukplat_mmio_read16(reg) == entry ? 0 : -EBUSY;
}

static int modern_queue_enable(struct virtio_queue *queue)
{
	struct virtio_pci *vp = pci_of(queue->dev);
	int entry = virtio_pci_queue_entry(queue), error = 0;
	uint64_t notify_at;

	if (entry < 0)
		return entry;
	ukplat_mmio_write16(COMMON(vp, queue_select), (uint16_t)queue->index);
	notify_at =
		(uint64_t)ukplat_mmio_read16(COMMON(vp, queue_notify_off)) * vp->notify_multiplier;
	if (notify_at + sizeof(uint16_t) > vp->notify_bytes)
		return -EINVAL;
	queue->notify = vp->notify + notify_at;
	if (vp->irq_mode == IRQ_MSIX)
		error = set_vector(COMMON(vp, msix_config), 0);
	if (!error && vp->irq_mode == IRQ_MSIX)
		error = set_vector(COMMON(vp, queue_msix_vector), entry);
	if (error)
		return error;
	ukplat_mmio_write16(COMMON(vp, queue_size), queue->ring.size);
	write_address(COMMON(vp, queue_desc_lo), queue->ring.desc);
	write_address(COMMON(vp, queue_avail_lo), queue->ring.avail);
	write_address(COMMON(vp, queue_used_lo), queue->ring.used);
	ukplat_mmio_write16(COMMON(vp, queue_enable), 1);
	return 0;
}

static void modern_notify(struct virtio_queue *queue)
{
	ukplat_mmio_write16(queue->notify, (uint16_t)queue->index);
}

static const struct virtio_bus_ops modern_ops = {
	.name = "pci",
	.get_status = modern_get_status,
	.set_status = modern_set_status,
	.reset = modern_reset,
	.get_features = modern_get_features,
	.set_features = modern_set_features,
	.read_config = modern_read_config,
	.config_generation = modern_config_generation,
	.queue_max = modern_queue_max,
	.queue_enable = modern_queue_enable,
	.notify = modern_notify,
};

/* --- finding ------------------------------------------------------------------------------------
 */

/* One vendor capability (4.1.4). What does not fit is passed over: another may. */
static void take_structure(struct virtio_pci *vp, unsigned int cap)
{
	const struct ukplat_pci_device *pci = &vp->pci;
	uint8_t type = ukplat_pci_read8(pci, cap + VIRTIO_PCI_CAP_CFG_TYPE);
	uint8_t bar = ukplat_pci_read8(pci, cap + VIRTIO_PCI_CAP_BAR);
	uint32_t offset = ukplat_pci_read(pci, cap + VIRTIO_PCI_CAP_OFFSET);
	uint32_t len = ukplat_pci_read(pci, cap + VIRTIO_PCI_CAP_LENGTH);

	if (type == VIRTIO_PCI_CAP_COMMON_CFG && !vp->common && len >= COMMON_BYTES) {
		vp->common = ukplat_pci_map(pci, bar, offset, COMMON_BYTES);
	} else if (type == VIRTIO_PCI_CAP_ISR_CFG && !vp->isr && len >= 1) {
		vp->isr = ukplat_pci_map(pci, bar, offset, 1);
	} else if (type == VIRTIO_PCI_CAP_DEVICE_CFG && !vp->config && len) {
		vp->config_bytes = UK_MIN(len, (uint32_t)MAX_CONFIG);
		vp->config = ukplat_pci_map(pci, bar, offset, vp->config_bytes);
	} else if (type == VIRTIO_PCI_CAP_NOTIFY_CFG && !vp->notify && len >= 2 &&
		   cap + CAP_BYTES + 4 <= CONFIG_SPACE) {
		vp->notify_multiplier = ukplat_pci_read(pci, cap + CAP_BYTES);
		vp->notify_bytes = UK_MIN(len, (uint32_t)MAX_NOTIFY);
		vp->notify = ukplat_pci_map(pci, bar, offset, vp->notify_bytes);
	}
}

static bool find_structures(struct virtio_pci *vp)
{
	unsigned int cap = 0;

	/* Bounded: each step of the list is one of at most 48 places. */
	for (unsigned int i = 0; i < CONFIG_SPACE / 4; i++) {
		cap = ukplat_pci_capability(&vp->pci, PCI_CAP_ID_VNDR, cap);
		if (!cap)
			break;
		if (cap + CAP_BYTES <= CONFIG_SPACE)
			take_structure(vp, cap);
	}
	return vp->common && vp->notify && vp->isr;
}

static void visit(const struct ukplat_pci_device *pci, void *ctx)
{
	struct virtio_pci *vp;

	(void)ctx;
	if (pci->vendor_id != PCI_VENDOR_ID_VIRTIO || pci->device_id < FIRST_TRANSITIONAL ||
	    pci->device_id > LAST_MODERN)
		return;
	vp = uk_zalloc(sizeof(*vp));
	if (!vp)
		return;
	vp->pci = *pci;
	vp->dev.id = pci->device_id < FIRST_MODERN ? ukplat_pci_read16(pci, SUBSYSTEM_ID)
						   : (uint32_t)pci->device_id - FIRST_MODERN;
	ukplat_pci_enable(pci, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	if (find_structures(vp)) {
		vp->dev.bus = &modern_ops;
		vp->read_isr = modern_read_isr;
	} else if (pci->device_id >= FIRST_MODERN || virtio_pci_legacy_open(vp)) {
		uk_pr_err("%02x:%02x.%u: its registers cannot be found\n", pci->bus, pci->slot,
			  pci->function);
		uk_free(vp);
		return;
	}
	/* What was started once stays, with its interrupts. */
	if (virtio_device_add(&vp->dev) == -ENODEV)
		uk_free(vp);
}

void virtio_pci_probe(void)
{
	ukplat_pci_scan(visit, NULL);
}
