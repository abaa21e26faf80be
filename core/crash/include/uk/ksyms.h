/* SPDX-License-Identifier: BSD-3-Clause */
/* The table that support/scripts/gen-ksyms makes: kernel functions by offset. Pure. */
#ifndef UK_KSYMS_H
#define UK_KSYMS_H

#include <uk/essentials.h>

#define KSYMS_MAX_NAME 128 /* with the NUL */

/** A function: where it starts, from the start of the image, and its name. */
struct ksym {
	uint32_t offset;
	char name[KSYMS_MAX_NAME];
};

/**
 * The function that contains `offset` in the table of `bytes` bytes. False when there is none or
 * when the table is damaged.
 */
bool ksyms_find(const void *table, size_t bytes, uint32_t offset, struct ksym *sym);

#endif /* UK_KSYMS_H */
