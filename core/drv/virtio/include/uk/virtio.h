/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtio devices (virtio 1.2) over PCI and MMIO: what drivers see of a device, and what transports
 * provide. Devices are found once at boot, in one thread; they are never removed.
 */
#ifndef UK_VIRTIO_H
#define UK_VIRTIO_H

#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <uk/virtq.h>

#define VIRTIO_MAX_QUEUES 8

struct virtio_device;

/** A virtqueue of a device. */
struct virtio_queue {
	struct virtq ring;
	struct virtio_device *dev;
	unsigned int index;
	/** Something came back. Irq context, interrupts off; NULL: no interrupts wanted. */
	void (*interrupt)(struct virtio_queue *queue);
	void *priv;            /* the driver's */
	volatile void *notify; /* the transport's */
};

/** What a transport does. Nothing here is called in irq context but notify(). */
struct virtio_bus_ops {
	const char *name;
	uint8_t (*get_status)(struct virtio_device *dev);
	void (*set_status)(struct virtio_device *dev, uint8_t status);
	/** Status 0, and waits until the device is reset. -EIO when it never is. */
	int (*reset)(struct virtio_device *dev);
	uint64_t (*get_features)(struct virtio_device *dev);
	void (*set_features)(struct virtio_device *dev, uint64_t features);
	/** A field of the device's configuration, `width` (1, 2, 4) bytes; all ones beyond its end.
	 */
	uint32_t (*read_config)(struct virtio_device *dev, unsigned int offset, unsigned int width);
	uint32_t (*config_generation)(struct virtio_device *dev); /* NULL: there is none (legacy) */
	/** The largest size of queue `index`; 0 when there is none. */
	uint32_t (*queue_max)(struct virtio_device *dev, unsigned int index);
	/** Tells the device where the ring is, and, when the queue has a handler, makes it
	 * interrupt: for this queue and, from the first such queue on, for configuration changes. 0
	 * or -errno. */
	int (*queue_enable)(struct virtio_queue *queue);
	void (*notify)(struct virtio_queue *queue);
};

struct virtio_device {
	const struct virtio_bus_ops *bus;
	uint32_t id;        /* VIRTIO_ID_* */
	char name[24];      /* "virtio-net 0", for messages */
	uint64_t features;  /* negotiated */
	bool is_legacy;     /* older than 1.0: page-aligned rings, no FEATURES_OK */
	bool is_size_fixed; /* legacy PCI: a queue has the size the device says */
	struct virtio_queue *queues[VIRTIO_MAX_QUEUES];
	unsigned int queue_count; /* the highest index in use, plus one */
	/** The configuration changed. Irq context; NULL: of no interest. */
	void (*config_changed)(struct virtio_device *dev);
	void *priv; /* the driver's */
};

/** A driver; registered by VIRTIO_DRIVER(), in any order. */
struct virtio_driver {
	const char *name; /* "virtio-net" */
	uint32_t id;
	uint64_t features; /* that it understands; those of rings and transports are added */
	/** Which of the offered ones it can use together; NULL: all it understands. */
	uint64_t (*choose)(uint64_t offered);
	/** Makes queues, and calls virtio_ready() when it could take interrupts. 0, or -errno after
	 *  which the device is reset and its queues are freed. May sleep. */
	int (*probe)(struct virtio_device *dev);
};
#define VIRTIO_DRIVER(driver)                                                                      \
	static const struct virtio_driver *const driver##_entry __uk_used __uk_section(            \
		".uk_virtio_drivers") __uk_aligned(8) = &(driver)

/** Finds all devices and starts their drivers. A device that fails is logged and left alone, so
 *  this always returns 0. */
int virtio_probe(void);

/* --- for drivers --------------------------------------------------------------------------------
 */

static inline bool virtio_has(const struct virtio_device *dev, unsigned int feature)
{
	return dev->features >> feature & 1;
}

/** Queue `index` with at most `max_size` entries. ERR_PTR: -ENOENT (the device has none),
 *  -EINVAL (an impossible size), -ENOMEM, or the transport's. */
struct virtio_queue *virtio_queue_create(struct virtio_device *dev, unsigned int index,
					 uint16_t max_size,
					 void (*interrupt)(struct virtio_queue *queue));

/** The driver is ready: from here on the device works (DRIVER_OK). */
void virtio_ready(struct virtio_device *dev);

/** `count` bytes of the device's configuration that belong together. */
void virtio_read_config(struct virtio_device *dev, unsigned int offset, uint8_t *buf, size_t count);
static inline uint16_t virtio_read_config16(struct virtio_device *dev, unsigned int offset)
{
	return (uint16_t)dev->bus->read_config(dev, offset, sizeof(uint16_t));
}

/** Notifies the device of what was added if it wants to be. */
static inline void virtio_kick(struct virtio_queue *queue)
{
	if (virtq_wants_notify(&queue->ring))
		queue->dev->bus->notify(queue);
}

/* --- for transports -----------------------------------------------------------------------------
 */

/** A device was found: `dev` has bus, id and is_legacy set and was allocated with uk_zalloc().
 *  0 when a driver took it, -ENODEV when none wants it, else why it failed (logged). */
int virtio_device_add(struct virtio_device *dev);
/** The device says that queues have something (or that configuration changed). Irq context. */
void virtio_queues_interrupt(struct virtio_device *dev);
void virtio_config_interrupt(struct virtio_device *dev);

#endif /* UK_VIRTIO_H */
