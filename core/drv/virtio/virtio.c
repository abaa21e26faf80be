/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bringing a virtio device up (virtio 1.2, 3.1.1; 3.1.2 for legacy devices), and the queues of a
 * driver. No wait here is unbounded.
 */
#include <linux/errno.h>
#include <uk/arch/paging.h>
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/page.h>
#include <uk/string.h>
#include "virtio_internal.h"
#define UK_LOG_NAME "virtio: "
#include <uk/print.h>

#define RING_FEATURES                                                                              \
	(UK_BIT(VIRTIO_RING_F_INDIRECT_DESC) | UK_BIT(VIRTIO_RING_F_EVENT_IDX) |                   \
	 UK_BIT(VIRTIO_F_VERSION_1))
#define GENERATION_TRIES 16

/* The linker script's bounds of section .uk_virtio_drivers. */
extern const struct virtio_driver *const uk_virtio_drivers_start[];
extern const struct virtio_driver *const uk_virtio_drivers_end[];

static const struct virtio_driver *find_driver(uint32_t id)
{
	for (const struct virtio_driver *const *d = uk_virtio_drivers_start;
	     d < uk_virtio_drivers_end; d++)
		if ((*d)->id == id)
			return *d;
	return NULL;
}

static void add_status(struct virtio_device *dev, uint8_t bits)
{
	dev->bus->set_status(dev, dev->bus->get_status(dev) | bits);
}

static int negotiate(struct virtio_device *dev, const struct virtio_driver *driver)
{
	uint64_t offered = dev->bus->get_features(dev);

	dev->features = offered & (driver->features | RING_FEATURES);
	if (driver->choose)
		dev->features = driver->choose(dev->features);
	if (dev->is_legacy)
		dev->features &= UINT32_MAX;
	else if (!virtio_has(dev, VIRTIO_F_VERSION_1))
		return -EPROTO;
	dev->bus->set_features(dev, dev->features);
	if (dev->is_legacy)
		return 0;
	add_status(dev, VIRTIO_CONFIG_S_FEATURES_OK);
	return dev->bus->get_status(dev) & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -EPROTO;
}

/* --- queues -------------------------------------------------------------------------------------
 */

static unsigned int block_order(size_t bytes)
{
	unsigned int order = 0;

	while (UK_PAGE_SIZE << order < bytes)
		order++;
	return order;
}

static uint16_t choose_size(const struct virtio_device *dev, uint32_t max, uint16_t wanted)
{
	uint16_t size = 1;

	if (dev->is_size_fixed)
		return max <= VIRTQ_MAX_SIZE && !(max & (max - 1)) ? (uint16_t)max : 0;
	while (size * 2U <= max && size * 2 <= wanted)
		size = (uint16_t)(size * 2);
	return size;
}

static void queue_free(struct virtio_queue *queue)
{
	if (queue->ring.desc)
		page_put(phys_to_page(ukarch_virt_to_phys(queue->ring.desc)));
	uk_free(queue->ring.slots);
	uk_free(queue);
}

static int queue_alloc_ring(struct virtio_queue *queue, uint16_t size)
{
	struct virtq_config config = {
		.name = queue->dev->name,
		.size = size,
		.align = queue->dev->is_legacy ? UK_PAGE_SIZE : sizeof(uint32_t),
		.features = queue->dev->features,
	};
	unsigned int order = block_order(virtq_bytes(size, config.align));
	struct page *block = page_alloc(order);

	config.slots = uk_calloc(size, sizeof(*config.slots));
	if (!block || !config.slots) {
		uk_free(config.slots);
		if (block)
			page_put(block);
		return -ENOMEM;
	}
	config.memory = memset(page_address(block), 0, UK_PAGE_SIZE << order);
	virtq_init(&queue->ring, &config);
	return 0;
}

struct virtio_queue *virtio_queue_create(struct virtio_device *dev, unsigned int index,
					 uint16_t max_size,
					 void (*interrupt)(struct virtio_queue *queue))
{
	uint32_t max = index < VIRTIO_MAX_QUEUES ? dev->bus->queue_max(dev, index) : 0;
	struct virtio_queue *queue;
	uint16_t size;
	int error;

	if (!max)
		return ERR_PTR(-ENOENT);
	size = choose_size(dev, max, max_size);
	if (!size)
		return ERR_PTR(-EINVAL);
	queue = uk_zalloc(sizeof(*queue));
	if (!queue)
		return ERR_PTR(-ENOMEM);
	queue->dev = dev;
	queue->index = index;
	queue->interrupt = interrupt;
	error = queue_alloc_ring(queue, size);
	if (!error)
		error = dev->bus->queue_enable(queue);
	if (error) {
		queue_free(queue);
		return ERR_PTR(error);
	}
	dev->queues[index] = queue;
	dev->queue_count = UK_MAX(dev->queue_count, index + 1);
	return queue;
}

/* --- a device -----------------------------------------------------------------------------------
 */

static int start(struct virtio_device *dev, const struct virtio_driver *driver)
{
	int error = dev->bus->reset(dev);

	if (error)
		return error;
	add_status(dev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	add_status(dev, VIRTIO_CONFIG_S_DRIVER);
	error = negotiate(dev, driver);
	return error ? error : driver->probe(dev);
}

/* A queue's memory is freed only when the device has let go of it. */
static void stop(struct virtio_device *dev)
{
	add_status(dev, VIRTIO_CONFIG_S_FAILED);
	if (dev->bus->reset(dev))
		return;
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++) {
		struct virtio_queue *queue = dev->queues[i];

		dev->queues[i] = NULL;
		if (queue)
			queue_free(queue);
	}
}

int virtio_device_add(struct virtio_device *dev)
{
	static uint8_t counts[64]; /* of each kind, for names */
	const struct virtio_driver *driver = find_driver(dev->id);
	int error;

	if (!driver)
		return -ENODEV;
	uk_scnprintf(dev->name, sizeof(dev->name), "%s %u", driver->name,
		     counts[dev->id % UK_ARRAY_SIZE(counts)]++);
	error = start(dev, driver);
	if (error) {
		uk_pr_err("%s (%s): cannot be used (error %d)\n", dev->name, dev->bus->name,
			  -error);
		stop(dev);
		return error;
	}
	uk_pr_debug("%s (%s%s), features 0x%lx\n", dev->name, dev->bus->name,
		    dev->is_legacy ? ", legacy" : "", dev->features);
	return 0;
}

void virtio_ready(struct virtio_device *dev)
{
	add_status(dev, VIRTIO_CONFIG_S_DRIVER_OK);
}

void virtio_read_config(struct virtio_device *dev, unsigned int offset, uint8_t *buf, size_t count)
{
	uint32_t before, after;
	unsigned int tries = 0;

	do {
		before = dev->bus->config_generation ? dev->bus->config_generation(dev) : 0;
		for (unsigned int i = 0; i < count; i++)
			buf[i] = (uint8_t)dev->bus->read_config(dev, offset + i, 1);
		after = dev->bus->config_generation ? dev->bus->config_generation(dev) : 0;
	} while (before != after && ++tries < GENERATION_TRIES);
}

void virtio_queues_interrupt(struct virtio_device *dev)
{
	for (unsigned int i = 0; i < dev->queue_count; i++) {
		struct virtio_queue *queue = dev->queues[i];

		if (queue && queue->interrupt)
			queue->interrupt(queue);
	}
}

void virtio_config_interrupt(struct virtio_device *dev)
{
	if (dev->config_changed)
		dev->config_changed(dev);
}

int virtio_probe(void)
{
	virtio_pci_probe();
	virtio_mmio_probe();
	return 0;
}
