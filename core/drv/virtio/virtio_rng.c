/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entropy device (virtio 1.2, 5.4): one buffer is always with the device, so that bytes are there
 * when the random generator asks. No interrupts; a device that never answers costs nothing.
 *
 * Lock: the random generator's, which calls read().
 */
#include <linux/errno.h>
#include <uk/arch/cpu.h>
#include <uk/arch/paging.h>
#include <uk/heap.h>
#include <uk/random.h>
#include <uk/string.h>
#include <uk/virtio.h>

#define BUFFER_BYTES 64

struct rng {
	struct random_source source;
	struct virtio_queue *queue;
	uint8_t *buffer;
};

static void request(struct rng *rng)
{
	const struct virtq_seg seg = {ukarch_virt_to_phys(rng->buffer), BUFFER_BYTES};

	if (!virtq_add(&rng->queue->ring, &seg, 0, 1, rng))
		virtio_kick(rng->queue);
}

static size_t rng_read(struct random_source *source, void *buf, size_t size, unsigned int max_polls)
{
	struct rng *rng = uk_container_of(source, struct rng, source);
	uint32_t len = 0;

	while (!virtq_take(&rng->queue->ring, &len)) {
		if (!max_polls-- || rng->queue->ring.is_broken)
			return 0;
		ukarch_cpu_relax();
	}
	size = UK_MIN(size, (size_t)len);
	memcpy(buf, rng->buffer, size);
	memset(rng->buffer, 0, BUFFER_BYTES);
	request(rng);
	return size;
}

static int rng_probe(struct virtio_device *dev)
{
	struct rng *rng = uk_zalloc(sizeof(*rng));
	int error = -ENOMEM;

	if (!rng)
		return -ENOMEM;
	rng->buffer = uk_zalloc(BUFFER_BYTES);
	if (!rng->buffer)
		goto err_free;
	rng->queue = virtio_queue_create(dev, 0, 1, NULL);
	if (IS_ERR(rng->queue)) {
		error = (int)PTR_ERR(rng->queue);
		goto err_free;
	}
	rng->source.read = rng_read;
	virtio_ready(dev);
	request(rng);
	random_add_source(&rng->source);
	return 0;
err_free:
	uk_free(rng->buffer);
	uk_free(rng);
	return error;
}

static const struct virtio_driver rng_driver = {
	.name = "virtio-rng",
	.id = VIRTIO_ID_RNG,
	.probe = rng_probe,
};
VIRTIO_DRIVER(rng_driver);
