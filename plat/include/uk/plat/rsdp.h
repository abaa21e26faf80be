/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a machine keeps the root of its ACPI tables: between plat/acpi and the platform. */
#ifndef UK_PLAT_RSDP_H
#define UK_PLAT_RSDP_H

#include <uk/arch/types.h>

/** The root pointer begins at a multiple of 16 bytes in [*start, *end); no area when both are 0. */
void ukplat_acpi_rsdp_area(paddr_t *start, paddr_t *end);

#endif /* UK_PLAT_RSDP_H */
