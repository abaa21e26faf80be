/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files of core/time only. */
#ifndef CORE_TIME_CLOCK_INTERNAL_H
#define CORE_TIME_CLOCK_INTERNAL_H

#include "clock_math.h"

/** The vDSO's data page as the kernel writes it. */
extern struct vdso_data *const clock_page;

/** The clock with this id now; `id` is one that the page carries. */
uint128_t clock_read_fixed(unsigned int id);

/** The queues on the CPU time of the thread and process that have this CPU; NULL: nobody has it.
 *  Interrupts off. */
#define CPU_TIME_QUEUES 2
struct ktimer_queue;
void cpu_time_running(struct ktimer_queue *queues[CPU_TIME_QUEUES]);

#endif /* CORE_TIME_CLOCK_INTERNAL_H */
