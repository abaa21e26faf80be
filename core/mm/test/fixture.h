/* SPDX-License-Identifier: BSD-3-Clause */
/* A vmspace and a file for one test case, and short names for what the cases do with them. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <uk/vmspace.h>
#include "machine.h"

#define PAGE UK_PAGE_SIZE
#define BASE 0x800000UL /* 2 MiB-aligned */
#define RW   (PROT_READ | PROT_WRITE)

/* A file of 40 pages that all read 42, from a frame that is not its own (as the initrd's are). */
#define FILE_PAGES 40
extern struct file_object {
	struct vm_object object; /* first */
	struct page *foreign, *own[FILE_PAGES];
} file_object;
extern struct vmspace *vm;

/* cmocka's setup and teardown; the latter checks that nothing is held any more. */
int setup(void **state);
int teardown(void **state);
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/** mmap; `at` 0: anywhere, else MAP_FIXED. */
long map(vaddr_t at, size_t pages, unsigned int prot, unsigned int flags, struct vm_object *object);
bool leaf(vaddr_t va, struct ukarch_pte *pte);
bool is_large(vaddr_t va);
uint64_t *word(vaddr_t va);
/** What the program would do: fault if it must, then write / read. */
void store(vaddr_t va, uint64_t value);
uint64_t load(vaddr_t va);

#endif /* FIXTURE_H */
