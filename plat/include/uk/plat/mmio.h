/* SPDX-License-Identifier: BSD-3-Clause */
/* Windows onto device registers, and access to them in the width the device asks for. */
#ifndef UK_PLAT_MMIO_H
#define UK_PLAT_MMIO_H

#include <uk/arch/types.h>

/**
 * Maps `len_bytes` of device registers at `pa`, uncached, for ever; `pa` needs no alignment. The
 * address of the first register, or NULL: no memory, or a range that is none.
 */
volatile void *ukplat_mmio_map(paddr_t pa, size_t len_bytes);

static inline uint8_t ukplat_mmio_read8(const volatile void *at)
{
	return *(const volatile uint8_t *)at;
}
static inline uint16_t ukplat_mmio_read16(const volatile void *at)
{
	return *(const volatile uint16_t *)at;
}
static inline uint32_t ukplat_mmio_read32(const volatile void *at)
{
	return *(const volatile uint32_t *)at;
}
static inline void ukplat_mmio_write8(volatile void *at, uint8_t value)
{
	*(volatile uint8_t *)at = value;
}
static inline void ukplat_mmio_write16(volatile void *at, uint16_t value)
{
	*(volatile uint16_t *)at = value;
}
static inline void ukplat_mmio_write32(volatile void *at, uint32_t value)
{
	*(volatile uint32_t *)at = value;
}

#endif /* UK_PLAT_MMIO_H */
