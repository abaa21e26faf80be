/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files of core/time only. */
#ifndef CORE_TIME_CLOCK_INTERNAL_H
#define CORE_TIME_CLOCK_INTERNAL_H

#include "clock_math.h"

/** The vDSO's data page as the kernel writes it. */
extern struct vdso_data *const clock_page;

/** The clock with this id now; `id` is one that the page carries. */
uint128_t clock_read_fixed(unsigned int id);
/** CPU time so far. */
uint128_t clock_cpu_fixed(void);

#endif /* CORE_TIME_CLOCK_INTERNAL_H */
