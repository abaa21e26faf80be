/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The oracle: one record per page, changed by the test as Linux' manual pages say, and compared
 * with tree, page table and reference counts after each step.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/errno.h>
#include "../vm_internal.h"
#include "oracle.h"

#define FRAMES (MACHINE_RAM_BYTES >> UK_PAGE_SHIFT)

struct test_object objects[OBJECTS];
struct oracle_page oracle[PAGES];
struct vmspace *vm;

static int object_get_page(struct vm_object *object, uint64_t index, bool for_write,
			   struct page **page)
{
	if (index >= OBJECT_PAGES)
		return -ERANGE;
	*page = ((struct test_object *)object)->pages[index];
	page_get(*page);
	return 0;
}
static void object_release(struct vm_object *object)
{
	abort();
}
static const struct vm_object_ops object_ops = {object_get_page, object_release};

void objects_create(void)
{
	for (int o = 0; o < OBJECTS; o++) {
		vm_object_init(&objects[o].object, &object_ops);
		for (size_t i = 0; i < OBJECT_PAGES; i++) {
			objects[o].pages[i] = page_alloc_zeroed();
			*(uint64_t *)page_address(objects[o].pages[i]) = 1000 * (o + 1) + i;
		}
	}
}

void objects_destroy(void)
{
	for (int o = 0; o < OBJECTS; o++) {
		assert_int_equal(objects[o].object.refcount, 1);
		for (size_t i = 0; i < OBJECT_PAGES; i++) {
			assert_int_equal(objects[o].pages[i]->refcount, 1);
			page_put(objects[o].pages[i]);
		}
	}
}

uint64_t *word_at(vaddr_t va)
{
	struct ukarch_pte pte;

	assert_true(ukarch_pt_lookup(&vm->pt, va, &pte));
	return (uint64_t *)((char *)ukarch_phys_to_virt(pte.paddr) + (va & (pte.size_bytes - 1)));
}

static struct page *object_page(const struct oracle_page *p)
{
	return ((struct test_object *)p->object)->pages[p->index];
}

/* --- checks ----------------------------------------------------------------------------------- */

static void check_page(size_t i, const struct vma *vma)
{
	const struct oracle_page *p = &oracle[i];
	struct ukarch_pte pte;
	bool is_present = ukarch_pt_lookup(&vm->pt, va_of(i), &pte);

	assert_int_equal(vma != NULL, p->is_mapped);
	if (!vma) {
		assert_false(is_present);
		return;
	}
	assert_int_equal(vma->prot, p->prot);
	assert_int_equal(vma->flags, p->flags);
	assert_ptr_equal(vma->object, p->object);
	if (p->object)
		assert_int_equal((vma->offset_bytes + va_of(i) - vma->start) >> UK_PAGE_SHIFT,
				 p->index);
	if (!is_present) {
		assert_false(p->is_own);
		return;
	}
	assert_int_equal(pte.prot & ~vma_pt_prot(vma) & 7, 0);
	assert_int_equal(pte.prot & UKARCH_PT_READ, vma->prot ? UKARCH_PT_READ : 0);
	assert_false((pte.prot & UKARCH_PT_SHARED) && (pte.prot & UKARCH_PT_WRITE));
	if (p->is_own)
		assert_int_equal(*word_at(va_of(i)), p->word);
	else if (p->object)
		assert_int_equal(pte.paddr, page_to_phys(object_page(p)));
	else
		assert_int_equal(*word_at(va_of(i)), 0);
}

static bool could_be_one(const struct vma *a, const struct vma *b)
{
	return b && a->end == b->start && a->prot == b->prot && a->flags == b->flags &&
	       a->object == b->object &&
	       (!a->object || a->offset_bytes + (a->end - a->start) == b->offset_bytes);
}

/* The search for free space starts at search_from: above it no hole may be that is worth it. */
static void check_hole(vaddr_t start, vaddr_t end)
{
	if (end > vm->search_from && vm->search_from < vm->mmap_top)
		assert_true(end - start <= vm->search_hole);
}

void check_tree(void)
{
	struct vma *vma = vma_find_next_locked(vm, 0), *next;
	size_t mapped = 0, data = 0, count = 0, i = 0;

	for (; vma; vma = next) {
		next = vma_next(vma);
		assert_true(vma->start < vma->end);
		assert_true(!next || vma->end <= next->start);
		assert_false(could_be_one(vma, next));
		check_hole(vma->end, next ? next->start : UKARCH_USER_END);
		for (; i < vma->start >> UK_PAGE_SHIFT; i++)
			check_page(i, NULL);
		for (; i < vma->end >> UK_PAGE_SHIFT; i++)
			check_page(i, vma);
		mapped += vma->end - vma->start;
		if ((vma->prot & PROT_WRITE) && !(vma->flags & (VMA_SHARED | VMA_STACK)))
			data += vma->end - vma->start;
		count++;
	}
	for (; i < PAGES; i++)
		check_page(i, NULL);
	assert_int_equal(mapped, vm->mapped_bytes);
	assert_int_equal(data, vm->data_bytes);
	assert_int_equal(count, vm->vma_count);
	assert_int_equal(machine_leaf_pages(), vm->resident_pages);
}

static uint16_t references[FRAMES];

static void count_leaf(void *ctx, vaddr_t va, const struct ukarch_pte *pte)
{
	references[pte->paddr >> UK_PAGE_SHIFT]++;
}

/* Every frame is held exactly by the leaves and the objects that show it. */
void check_references(void)
{
	memset(references, 0, sizeof(references));
	for (int o = 0; o < OBJECTS; o++)
		for (size_t i = 0; i < OBJECT_PAGES; i++)
			references[page_to_pfn(objects[o].pages[i])]++;
	ukarch_pt_walk(&vm->pt, 0, UKARCH_USER_END, count_leaf, NULL);
	for (size_t i = 1; i < FRAMES; i++) {
		const struct page *page = pfn_to_page(i);

		if ((page->flags & PAGE_MANAGED) && !(page->flags & (PAGE_SLAB | PAGE_LARGE)))
			assert_int_equal(page->refcount, references[i]);
		else if (page != page_zero())
			assert_int_equal(references[i], 0);
	}
}

/* --- the record ------------------------------------------------------------------------------- */

void set_range(size_t first, size_t count, const struct oracle_page *model)
{
	for (size_t i = 0; i < count; i++) {
		oracle[first + i] = *model;
		if (model->object)
			oracle[first + i].index = model->index + i;
	}
}
void clear_range(size_t first, size_t count)
{
	memset(&oracle[first], 0, count * sizeof(oracle[0]));
}

bool is_free(size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		if (oracle[i].is_mapped)
			return false;
	return true;
}
bool is_mapped(size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		if (!oracle[i].is_mapped)
			return false;
	return true;
}
bool has_gap(size_t count)
{
	size_t run = 0;

	for (size_t i = LOWEST; i < PAGES; i++) {
		run = oracle[i].is_mapped ? 0 : run + 1;
		if (run >= count)
			return true;
	}
	return false;
}
bool is_uniform(size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++) {
		const struct oracle_page *p = &oracle[i];

		if (!p->is_mapped || p->prot != oracle[first].prot ||
		    p->flags != oracle[first].flags || p->object != oracle[first].object ||
		    (p->object && p->index != oracle[first].index + i - first))
			return false;
	}
	return true;
}
