/* SPDX-License-Identifier: BSD-3-Clause */
/* What test_vm_oracle.c knows about every page, and the comparison with the vmspace under test. */
#ifndef ORACLE_H
#define ORACLE_H

#include <uk/vmspace.h>
#include "machine.h"

#define PAGES        (UKARCH_USER_END >> UK_PAGE_SHIFT)
#define LOWEST       (UKARCH_USER_BASE >> UK_PAGE_SHIFT)
#define OBJECT_PAGES 64UL
#define OBJECTS      2

extern struct test_object {
	struct vm_object object; /* first */
	struct page *pages[OBJECT_PAGES];
} objects[OBJECTS];

extern struct oracle_page {
	bool is_mapped, is_own; /* own: a private copy was made */
	unsigned int prot, flags;
	struct vm_object *object;
	uint64_t index, word;
} oracle[PAGES];
extern struct vmspace *vm;

void objects_create(void);
void objects_destroy(void); /* checks that nobody holds them any more */

static inline vaddr_t va_of(size_t i)
{
	return i << UK_PAGE_SHIFT;
}
uint64_t *word_at(vaddr_t va);

void set_range(size_t first, size_t count, const struct oracle_page *model);
void clear_range(size_t first, size_t count);
bool is_free(size_t first, size_t count);
bool is_mapped(size_t first, size_t count);
bool has_gap(size_t count);
/** Does one VMA cover the range? Yes if it could, since VMAs are merged as far as possible. */
bool is_uniform(size_t first, size_t count);

/** Compares every page and every VMA / every frame's reference count. */
void check_tree(void);
void check_references(void);

#endif /* ORACLE_H */
