/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Split virtqueues (virtio 1.2, 2.7): buffers to the device and back.
 *
 *   virtq_add() ... virtq_wants_notify() -> the device works -> virtq_take()
 *
 * What was taken may go back as it is: virtq_take_chain(), virtq_again(); else virtq_release().
 *
 * The device is not trusted. What it can write (the used ring, and on a hostile host anything in
 * the shared block) is read once, checked against what is in flight, and never used to find our
 * own state again: tokens, chains and free lists live in private memory. A queue that breaks the
 * rules is marked broken; from then on it takes nothing and gives nothing.
 *
 * Locking: the caller's, one thread at a time per queue; virtq_irq_off() in irq context too.
 */
#ifndef UK_VIRTQ_H
#define UK_VIRTQ_H

#include <linux/virtio_ring.h>
#include <uk/arch/types.h>

/** One physically contiguous piece of a buffer. */
struct virtq_seg {
	paddr_t addr;
	uint32_t len_bytes;
};

/** What we know of the chain that starts at a descriptor. */
struct virtq_slot {
	void *token; /* NULL: not the head of anything in flight */
	struct vring_desc *indirect;
	uint32_t writable_bytes;
	uint16_t count; /* descriptors of the ring */
	uint16_t next;  /* in its chain, or in the free list */
};

struct virtq {
	/* Shared with the device. */
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t *used_event;        /* written by us: interrupt when you pass this */
	const uint16_t *avail_event; /* written by the device: notify me when you pass this */
	/* Private. */
	struct virtq_slot *slots;
	const char *name; /* for messages */
	uint16_t size;
	uint16_t free_head, free_count;
	uint16_t next_avail; /* of the next chain; what avail->idx shows */
	uint16_t looked_at;  /* next_avail when it was last decided whether to notify */
	uint16_t next_used;  /* of the next chain that comes back */
	uint16_t in_flight;  /* chains */
	bool has_event_idx, has_indirect, is_broken;
};

#define VIRTQ_MAX_SIZE 1024
#define VIRTQ_MAX_SEGS 24 /* in one chain */

/** Bytes of the shared block; the used ring starts at a multiple of `align` (legacy: 4096). */
size_t virtq_bytes(uint16_t size, size_t align);

/**
 * An empty queue. `memory` is zeroed, aligned to `align`, reached by the device at its physical
 * address; `slots` has `size` zeroed entries; `size` is a power of two. `features` are those
 * negotiated.
 */
struct virtq_config {
	const char *name;
	uint16_t size;
	size_t align;
	void *memory;
	struct virtq_slot *slots;
	uint64_t features;
};
void virtq_init(struct virtq *vq, const struct virtq_config *config);

/**
 * Queues one chain: `out` segments the device reads, then `in` segments it writes; `token` (not
 * NULL) comes back from virtq_take(). A device that is at work may take it at once. 0; -ENOSPC:
 * no room until something came back; -EMSGSIZE: could never fit; -EIO: broken.
 */
int virtq_add(struct virtq *vq, const struct virtq_seg *segs, unsigned int out, unsigned int in,
	      void *token);

/**
 * Does the device sleep though there is something for it? Asked after all that was added, the
 * later the better: where a hypervisor makes nothing of our barriers (QEMU's TCG before 8.1, with
 * one CPU) a device that goes to sleep at that very moment is overlooked. Asked again when nothing
 * was added since, it finds such a device; drivers do so now and then.
 */
bool virtq_wants_notify(struct virtq *vq);

/** Has something come back? Costs one load. */
static inline bool virtq_has_used(const struct virtq *vq)
{
	return __atomic_load_n(&vq->used->idx, __ATOMIC_ACQUIRE) != vq->next_used && !vq->is_broken;
}

/** The token of the next chain that came back and how many bytes the device wrote (never more
 *  than it was given), or NULL. */
void *virtq_take(struct virtq *vq, uint32_t *written_bytes);

/** The same, but the descriptors stay with the chain, which is known by its `head` then. */
void *virtq_take_chain(struct virtq *vq, uint16_t *head, uint32_t *written_bytes);
/** Queues a chain that was taken as it is: no room is needed. */
void virtq_again(struct virtq *vq, uint16_t head, void *token);
/** Frees the descriptors of a chain that was taken. */
void virtq_release(struct virtq *vq, uint16_t head);

/** A chain's tokens one by one, once the device has been reset; NULL: no more. */
void *virtq_detach(struct virtq *vq);

/** No interrupts from this queue, as far as the device listens. */
void virtq_irq_off(struct virtq *vq);
/** An interrupt when the next chain comes back. Returns true when one has already: then there may
 *  be no interrupt for it. As above, a second look later at virtq_has_used() does no harm. */
bool virtq_irq_on(struct virtq *vq);

/** How many chains of one descriptor can be added. */
static inline unsigned int virtq_room(const struct virtq *vq)
{
	return vq->is_broken ? 0 : vq->free_count;
}

#endif /* UK_VIRTQ_H */
