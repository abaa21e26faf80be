/* SPDX-License-Identifier: BSD-3-Clause */
/* One task, no signals. */
#ifndef UK_SCHED_H
#define UK_SCHED_H

#include <uk/task.h>

static inline bool sched_pause(void)
{
	return false;
}

#endif /* UK_SCHED_H */
