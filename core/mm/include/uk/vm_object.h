/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vm_object is memory with an identity: the page cache of a file, or shared anonymous memory.
 * Private anonymous pages have no object; the page table alone holds them (docs/architecture.md).
 */
#ifndef UK_VM_OBJECT_H
#define UK_VM_OBJECT_H

#include <sys/queue.h>
#include <uk/page.h>

struct vm_object;

struct vm_object_ops {
	/**
	 * The page at byte offset `index << UK_PAGE_SHIFT`, with a reference for the caller.
	 * With `for_write` the object makes it its own first (initrd data is copied) and a hole
	 * is filled. Called with a vmspace locked: it takes no inode lock, which comes before
	 * that, and copies nothing from or to the program. Errors: -ENOMEM, -EIO; -ERANGE past the
	 * end of the file (SIGBUS).
	 */
	int (*get_page)(struct vm_object *object, uint64_t index, bool for_write,
			struct page **page);
	void (*release)(struct vm_object *object); /* last reference gone */
};

struct vm_object {
	const struct vm_object_ops *ops;
	unsigned int refcount;
	LIST_HEAD(, vma) mappings; /* every VMA of every vmspace that shows this object */
	bool is_write_sealed;      /* new shared mappings can never be written (memfd seals):
				      vm_map() sees to that */
};

/** Refcount 1, no mappings. */
static inline void vm_object_init(struct vm_object *object, const struct vm_object_ops *ops)
{
	object->ops = ops;
	object->refcount = 1;
	LIST_INIT(&object->mappings);
	object->is_write_sealed = false;
}

/**
 * Takes the object's own pages [first, first + count) out of every page table: they were replaced,
 * and the next access must fault. Private copies stay. Callable with or without a vmspace lock
 * held: on one CPU nothing sleeps while page tables change.
 */
void vm_object_unmap(struct vm_object *object, uint64_t first, uint64_t count);
/** The same for all pages from `first` on, which is where the object ends now; private copies go
 *  as well. */
void vm_object_cut(struct vm_object *object, uint64_t first);

static inline void vm_object_get(struct vm_object *object)
{
	__atomic_fetch_add(&object->refcount, 1, __ATOMIC_RELAXED);
}
static inline void vm_object_put(struct vm_object *object)
{
	if (__atomic_fetch_sub(&object->refcount, 1, __ATOMIC_ACQ_REL) == 1)
		object->ops->release(object);
}

#endif /* UK_VM_OBJECT_H */
