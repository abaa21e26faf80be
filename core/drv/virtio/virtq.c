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
#include <uk/arch/cpu.h>
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

/* NULL, for virtq_take_chain(). */
static void *__uk_cold broken(struct virtq *vq, const char *why)
{
	if (!vq->is_broken)
		uk_pr_err("%s: the device breaks the rules (%s); it is no longer used\n", vq->name,
			  why);
	vq->is_broken = true;
	return NULL;
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

/* The device may see the chain from here on. */
static inline void show(struct virtq *vq, uint16_t head, void *token)
{
	vq->slots[head].token = token;
	vq->avail->ring[vq->next_avail & (vq->size - 1)] = head;
	vq->next_avail++;
	vq->in_flight++;
	__atomic_store_n(&vq->avail->idx, vq->next_avail, __ATOMIC_RELEASE);
}

/* The usual chain: one descriptor, and there is a free one. */
static inline void add_one(struct virtq *vq, const struct virtq_seg *seg, bool is_out, void *token)
{
	uint16_t head = vq->free_head;
	struct virtq_slot *slot = &vq->slots[head];

	fill_desc(&vq->desc[head], seg, is_out ? 0 : VRING_DESC_F_WRITE, 0);
	slot->count = 1;
	slot->writable_bytes = is_out ? 0 : seg->len_bytes;
	vq->free_head = slot->next;
	vq->free_count--;
	show(vq, head, token);
}

static int __uk_noinline add_any(struct virtq *vq, const struct virtq_seg *segs, unsigned int out,
				 unsigned int total, void *token)
{
	uint16_t head = vq->free_head, next;
	struct virtq_slot *slot;

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
	slot->writable_bytes = 0;
	for (unsigned int i = out; i < total; i++)
		slot->writable_bytes += segs[i].len_bytes;
	vq->free_head = next;
	vq->free_count = (uint16_t)(vq->free_count - slot->count);
	show(vq, head, token);
	return 0;
}

int virtq_add(struct virtq *vq, const struct virtq_seg *segs, unsigned int out, unsigned int in,
	      void *token)
{
	if (uk_unlikely(vq->is_broken))
		return -EIO;
	if (out + in != 1 || !vq->free_count)
		return add_any(vq, segs, out, out + in, token);
	add_one(vq, segs, out, token);
	return 0;
}

bool virtq_wants_notify(struct virtq *vq)
{
	uint16_t old = vq->looked_at, now = vq->next_avail, event;

	if (vq->is_broken)
		return false;
	vq->looked_at = now;
	/* Either we see that the device wants to know, or it sees the new index (2.7.13.4.1). */
	ukarch_mb();
	if (!vq->has_event_idx)
		return vq->in_flight && !(__atomic_load_n(&vq->used->flags, __ATOMIC_RELAXED) &
					  VRING_USED_F_NO_NOTIFY);
	event = __atomic_load_n(vq->avail_event, __ATOMIC_RELAXED);
	if (old != now)
		return vring_need_event(event, now, old);
	/* It waits for a chain that is there, and has touched nothing since. */
	return event != now && event == __atomic_load_n(&vq->used->idx, __ATOMIC_RELAXED);
}

/* --- and back -----------------------------------------------------------------------------------
 */

void virtq_release(struct virtq *vq, uint16_t head)
{
	struct virtq_slot *slot = &vq->slots[head];
	uint16_t last = head;

	for (uint16_t i = 1; i < slot->count; i++)
		last = vq->slots[last].next;
	vq->slots[last].next = vq->free_head;
	vq->free_head = head;
	vq->free_count = (uint16_t)(vq->free_count + slot->count);
	if (uk_unlikely(slot->indirect)) {
		uk_free(slot->indirect);
		slot->indirect = NULL;
	}
}

void *virtq_take_chain(struct virtq *vq, uint16_t *head, uint32_t *written_bytes)
{
	uint16_t ready =
		(uint16_t)(__atomic_load_n(&vq->used->idx, __ATOMIC_ACQUIRE) - vq->next_used);
	const volatile struct vring_used_elem *elem;
	struct virtq_slot *slot;
	uint32_t id, len;
	void *token;

	if (!ready || vq->is_broken)
		return NULL;
	elem = &vq->used->ring[vq->next_used & (vq->size - 1)];
	id = elem->id; /* once: the device may still be writing */
	len = elem->len;
	if (uk_unlikely(ready > vq->in_flight))
		return broken(vq, "more came back than was given");
	if (uk_unlikely(id >= vq->size || !vq->slots[id].token))
		return broken(vq, "it returns what it does not have");
	slot = &vq->slots[id];
	/* Of what a device only reads, some report a length all the same. */
	if (!slot->writable_bytes)
		len = 0;
	if (uk_unlikely(len > slot->writable_bytes))
		return broken(vq, "it wrote more than there was room for");
	token = slot->token;
	slot->token = NULL;
	vq->next_used++;
	vq->in_flight--;
	*written_bytes = len;
	*head = (uint16_t)id;
	return token;
}

void virtq_again(struct virtq *vq, uint16_t head, void *token)
{
	show(vq, head, token);
}

void *virtq_take(struct virtq *vq, uint32_t *written_bytes)
{
	uint16_t head;
	void *token = virtq_take_chain(vq, &head, written_bytes);

	if (token)
		virtq_release(vq, head);
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
		vq->slots[i].token = NULL;
		vq->in_flight--;
		virtq_release(vq, i);
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
	ukarch_mb();
	return virtq_has_used(vq);
}
