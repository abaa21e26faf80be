/* SPDX-License-Identifier: BSD-3-Clause */
/* The page that core/time writes and vdso/ maps into every program; it lies in the image. */
#include <uk/clock.h>
#include <uk/page.h>
#include <uk/plat/bootinfo.h>
#include "clock_internal.h"

static union {
	struct vdso_data data;
	uint8_t bytes[UK_PAGE_SIZE]; /* nothing else of the kernel is seen by the program */
} data_page __uk_aligned(4096) __uk_section(".bss.page_aligned");

struct vdso_data *const clock_page = &data_page.data;

void clock_vdso_set_syscall_entry(const void *entry)
{
	__atomic_store_n(&clock_page->syscall_entry, (uintptr_t)entry, __ATOMIC_RELAXED);
}

struct page *clock_vdso_data_page(void)
{
	return page_of_foreign(ukplat_image_to_phys(&data_page));
}
