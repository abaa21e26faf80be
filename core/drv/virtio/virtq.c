/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Split virtqueues; see <uk/virtq.h>. Field names as in virtio 1.2, 2.7.
 *
 * Descriptors that are free, and those of one chain, are linked through slots[].next; the `next`
 * fields of the shared table are only ever written. Chains that would take many descriptors of
 * the ring go through a table of their own (indirect) where the device can read one.
 */
#include <linux/errno.h>
#include <linux/virtio_config.h>
#include <uk/arch/paging.h>
#include <uk/heap.h>
#include <uk/string.h>
#include <uk/virtq.h>
#define UK_LOG_NAME "virtio: "
#include <uk/print.h>

/* Below this a chain in the ring is cheaper: the device must map an indirect table first. */
#define INDIRECT_FROM 5

static size_t used_offset(uint16_t size, size_t align)
{
	size_t avail_end = size * sizeof(struct vring_desc) + (3 + (size_t)size) * sizeof(uint16_t);

	return UK_ALIGN_UP(avail_end, align);
}

size_t virtq_bytes(uint16_t size, size_t align)
{
	return used_offset(size, align) + 3 * sizeof(uint16_t) +
	       size * sizeof(struct vring_used_elem);
}

void virtq_init(struct virtq *vq, const struct virtq_config *config)
{
	char *memory = config->memory;
	uint16_t size = config->size;

	*vq = (struct virtq){
		.desc = config->memory,
		.avail = (struct vring_avail *)(memory + size * sizeof(struct vring_desc)),
		.used = (struct vring_used *)(memory + used_offset(size, config->align)),
		.slots = config->slots,
		.name = config->name,
		.size = size,
		.free_count = size,
		.has_event_idx = config->features & UK_BIT(VIRTIO_RING_F_EVENT_IDX),
		.has_indirect = config->features & UK_BIT(VIRTIO_RING_F_INDIRECT_DESC),
	};
	vq->used_event = &vq->avail->ring[size];
	vq->avail_event = (const uint16_t *)&vq->used->ring[size];
	for (uint16_t i = 0; i < size; i++)
		vq->slots[i].next = (uint16_t)(i + 1);
	virtq_irq_off(vq);
}

static void __uk_cold broken(struct virtq *vq, const char *why)
{
	if (!vq->is_broken)
		uk_pr_err("%s: the device breaks the rules (%s); it is no longer used\n", vq->name,
			  why);
	vq->is_broken = true;
}

/* --- towards the device -------------------------------------------------------------------------
 */

static void fill_desc(struct vring_desc *desc, const struct virtq_seg *seg, uint16_t flags,
		      uint16_t next)
{
	desc->addr = seg->addr;
	desc->len = seg->len_bytes;
	desc->flags = flags;
	desc->next = next;
}

/* The chain in descriptors of the ring; returns the first free one behind it. */
static uint16_t add_direct(struct virtq *vq, const struct virtq_seg *segs, unsigned int out,
			   unsigned int total)
{
	uint16_t at = vq->free_head;

	for (unsigned int i = 0; i < total; i++) {
		uint16_t flags = i < out ? 0 : VRING_DESC_F_WRITE, next = vq->slots[at].next;

		if (i + 1 < total)
			flags |= VRING_DESC_F_NEXT;
		fill_desc(&vq->desc[at], &segs[i], flags, next);
		at = next;
	}
	return at;
}

static uint16_t add_indirect(struct virtq *vq, const struct virtq_seg *segs, unsigned int out,
			     unsigned int total)
{
	struct virtq_slot *slot = &vq->slots[vq->free_head];
	struct virtq_seg table = {ukarch_virt_to_phys(slot->indirect),
				  total * (uint32_t)sizeof(struct vring_desc)};

	for (unsigned int i = 0; i < total; i++) {
		uint16_t flags = i < out ? 0 : VRING_DESC_F_WRITE;

		if (i + 1 < total)
			flags |= VRING_DESC_F_NEXT;
		fill_desc(&slot->indirect[i], &segs[i], flags, (uint16_t)(i + 1));
	}
	fill_desc(&vq->desc[vq->free_head], &table, VRING_DESC_F_INDIRECT, 0);
	return slot->next;
}

/* Chooses the form; without memory for a table the ring itself will do. */
static bool wants_indirect(struct virtq *vq, unsigned int total)
{
	struct virtq_slot *slot = &vq->slots[vq->free_head];

	if (!vq->has_indirect || (total < INDIRECT_FROM && total <= vq->free_count))
		return false;
	slot->indirect = uk_malloc(total * sizeof(struct vring_desc));
	return slot->indirect != NULL;
}

int virtq_add(struct virtq *vq, const struct virtq_seg *segs, unsigned int out, unsigned int in,
	      void *token)
{
	unsigned int total = out + in;
	struct virtq_slot *slot;
	uint16_t head = vq->free_head, next;

	if (vq->is_broken)
		return -EIO;
	if (!total || total > VIRTQ_MAX_SEGS || (total > vq->size && !vq->has_indirect))
		return -EMSGSIZE;
	if (!vq->free_count)
		return -ENOSPC;
	slot = &vq->slots[head];
	slot->count = 1;
	if (wants_indirect(vq, total)) {
		next = add_indirect(vq, segs, out, total);
	} else {
		if (total > vq->free_count)
			return -ENOSPC;
		next = add_direct(vq, segs, out, total);
		slot->count = (uint16_t)total;
	}
	slot->token = token;
	slot->writable_bytes = 0;
	for (unsigned int i = out; i < total; i++)
		slot->writable_bytes += segs[i].len_bytes;
	vq->free_head = next;
	vq->free_count = (uint16_t)(vq->free_count - slot->count);
	vq->avail->ring[vq->next_avail & (vq->size - 1)] = head;
	vq->next_avail++;
	vq->in_flight++;
	return 0;
}

bool virtq_publish(struct virtq *vq)
{
	uint16_t old = vq->published, now = vq->next_avail;

	if (old == now || vq->is_broken)
		return false;
	__atomic_store_n(&vq->avail->idx, now, __ATOMIC_RELEASE);
	vq->published = now;
	/* Either we see that the device wants to know, or it sees the new index (2.7.13.4.1). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vq->has_event_idx)
		return vring_need_event(__atomic_load_n(vq->avail_event, __ATOMIC_RELAXED), now,
					old);
	return !(__atomic_load_n(&vq->used->flags, __ATOMIC_RELAXED) & VRING_USED_F_NO_NOTIFY);
}

/* --- and back -----------------------------------------------------------------------------------
 */

/* Puts the chain's descriptors in front of the free list. */
static void release(struct virtq *vq, uint16_t head)
{
	struct virtq_slot *slot = &vq->slots[head];
	uint16_t last = head;

	for (uint16_t i = 1; i < slot->count; i++)
		last = vq->slots[last].next;
	vq->slots[last].next = vq->free_head;
	vq->free_head = head;
	vq->free_count = (uint16_t)(vq->free_count + slot->count);
	vq->in_flight--;
	slot->token = NULL;
	uk_free(slot->indirect);
	slot->indirect = NULL;
}

void *virtq_take(struct virtq *vq, uint32_t *written_bytes)
{
	uint16_t ready =
		(uint16_t)(__atomic_load_n(&vq->used->idx, __ATOMIC_ACQUIRE) - vq->next_used);
	const volatile struct vring_used_elem *elem;
	uint32_t id, len;
	void *token;

	if (!ready || vq->is_broken)
		return NULL;
	elem = &vq->used->ring[vq->next_used & (vq->size - 1)];
	id = elem->id; /* once: the device may still be writing */
	len = elem->len;
	if (uk_unlikely(ready > vq->in_flight)) {
		broken(vq, "more came back than was given");
		return NULL;
	}
	if (uk_unlikely(id >= vq->size || !vq->slots[id].token)) {
		broken(vq, "it returns what it does not have");
		return NULL;
	}
	/* Of what a device only reads, some report a length all the same. */
	if (!vq->slots[id].writable_bytes)
		len = 0;
	if (uk_unlikely(len > vq->slots[id].writable_bytes)) {
		broken(vq, "it wrote more than there was room for");
		return NULL;
	}
	token = vq->slots[id].token;
	*written_bytes = len;
	vq->next_used++;
	release(vq, (uint16_t)id);
	return token;
}

void *virtq_detach(struct virtq *vq)
{
	void *token;

	vq->is_broken = true;
	for (uint16_t i = 0; i < vq->size; i++) {
		token = vq->slots[i].token;
		if (!token)
			continue;
		release(vq, i);
		return token;
	}
	return NULL;
}

/* --- interrupts ---------------------------------------------------------------------------------
 */

void virtq_irq_off(struct virtq *vq)
{
	if (!vq->has_event_idx)
		vq->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	else /* as far away as the index reaches */
		__atomic_store_n(vq->used_event, (uint16_t)(vq->next_used - 1), __ATOMIC_RELAXED);
}

bool virtq_irq_on(struct virtq *vq)
{
	if (!vq->has_event_idx)
		vq->avail->flags = 0;
	else
		__atomic_store_n(vq->used_event, vq->next_used, __ATOMIC_RELAXED);
	/* Either the device sees this before it decides, or we see what it returned (2.7.7.2). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return virtq_has_used(vq);
}
