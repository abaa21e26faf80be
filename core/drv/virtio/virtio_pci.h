/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two PCI transports, of 1.0 and from before it, share. */
#ifndef VIRTIO_PCI_H
#define VIRTIO_PCI_H

#include <uk/plat/irq.h>
#include <uk/plat/pci.h>
#include <uk/virtio.h>

#define PCI_VENDOR_ID_VIRTIO  0x1af4
#define VIRTIO_PCI_ISR_QUEUE  0x1
#define VIRTIO_PCI_ISR_CONFIG 0x2

enum irq_mode { IRQ_NONE, IRQ_MSIX, IRQ_INTX };

struct virtio_pci {
	struct virtio_device dev;
	struct ukplat_pci_device pci;
	uint8_t (*read_isr)(struct virtio_pci *vp);
	/* Interrupts: message 0 is the configuration's, or action 0 is INTx'. */
	enum irq_mode irq_mode;
	struct ukplat_pci_msix msix;
	unsigned int used_entries;
	struct ukplat_irq_action actions[VIRTIO_MAX_QUEUES + 1];
	/* 1.0: structures in BARs. */
	volatile char *common, *isr, *config, *notify;
	uint32_t config_bytes, notify_bytes, notify_multiplier;
	/* Before 1.0: ports. */
	uint16_t io_base;
	uint32_t io_bytes;
};

/** Decides between MSI-X and INTx; once per device. 0 or -ENODEV. */
int virtio_pci_setup_irq(struct virtio_pci *vp);
/** The MSI-X entry for this queue, VIRTIO_MSI_NO_VECTOR when it has none, or -errno. */
int virtio_pci_queue_entry(struct virtio_queue *queue);

/** Sets up a device whose registers are in I/O space. 0 or -ENODEV. */
int virtio_pci_legacy_open(struct virtio_pci *vp);

#endif /* VIRTIO_PCI_H */
