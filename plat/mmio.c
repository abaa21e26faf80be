/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device window: registers are mapped one behind the other and never unmapped. Pages that
 * several devices share (virtio-mmio transports lie 512 bytes apart) are mapped once.
 *
 * Lock: none; devices are found by one thread at boot, controllers with interrupts off.
 */
#include <uk/arch/cpu.h>
#include <uk/arch/paging.h>
#include <uk/plat/mmio.h>

#define WINDOW_BYTES (1UL << 32)
#define PADDR_END    (1UL << 52) /* of any machine */

static size_t used_bytes;
static struct {
	paddr_t pa;
	vaddr_t va;
} last_page; /* the last one mapped */

static volatile void *map_pages(paddr_t pa, size_t len)
{
	vaddr_t va = UKARCH_DEVICE_BASE + used_bytes;
	const unsigned int prot = UKARCH_PT_READ | UKARCH_PT_WRITE | UKARCH_PT_DEVICE;

	if (len > WINDOW_BYTES - used_bytes || ukarch_kernel_map(va, pa, len, prot))
		return NULL;
	used_bytes += len;
	last_page.pa = pa + len - UK_PAGE_SIZE;
	last_page.va = va + len - UK_PAGE_SIZE;
	return (volatile void *)va;
}

volatile void *ukplat_mmio_map(paddr_t pa, size_t len_bytes)
{
	paddr_t start = UK_ALIGN_DOWN(pa, UK_PAGE_SIZE), end;
	volatile char *base;
	unsigned long flags;

	if (!len_bytes || uk_add_overflow(pa, len_bytes, &end) || end > PADDR_END)
		return NULL;
	end = UK_ALIGN_UP(end, UK_PAGE_SIZE);
	flags = ukarch_irq_save();
	if (last_page.va && last_page.pa == start && end - start == UK_PAGE_SIZE)
		base = (volatile char *)last_page.va;
	else
		base = map_pages(start, end - start);
	ukarch_irq_restore(flags);
	return base ? base + (pa - start) : NULL;
}
