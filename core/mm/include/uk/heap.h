/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel heap: size classes up to 2 KiB from slabs, whole pages above. Thread context or irq
 * context; never sleeps. NULL when memory ends: every caller handles it.
 */
#ifndef UK_HEAP_H
#define UK_HEAP_H

#include <uk/essentials.h>

void *uk_malloc(size_t size);
void *uk_zalloc(size_t size);               /* zeroed */
void *uk_calloc(size_t count, size_t size); /* zeroed, overflow-checked */
void *uk_realloc(void *ptr, size_t size);
void uk_free(void *ptr); /* NULL is fine */
char *uk_strdup(const char *s);
char *uk_strndup(const char *s, size_t max);

#endif /* UK_HEAP_H */
