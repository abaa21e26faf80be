/* SPDX-License-Identifier: BSD-3-Clause */
/* Host tests: what timers ask of the scheduler. */
#ifndef UK_SCHED_H
#define UK_SCHED_H

void sched_follow_switches(void);

#endif /* UK_SCHED_H */
